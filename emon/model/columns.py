"""Fixes as columns: what nearly all of them are, from the decoder to the database, without an object each.

``ints`` and ``reals`` hold one column a row, so that each lies together. A fix may be made an object at any
time, and is then the very object that the object decoder makes of the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.model.fix import Fix, RawFix
from emon.model.named import Ints as Ints
from emon.model.named import Named
from emon.model.vocabulary import Mark, Source

Floats = npt.NDArray[np.float64]
Octets = npt.NDArray[np.uint8]

MESSAGE, SEQ, FIXED, RAW, RAW_END, SOURCE, SATELLITES = range(7)
"""Rows of ``ints``: which message, seq, fixed_at in µs, where its own bytes lie, place in ``SOURCES``,
satellites or -1."""
LON, LAT, ACCURACY, SPEED, HEADING, HDOP, BATTERY = range(7)
"""Rows of ``reals``; from SPEED on NaN where a fix has none."""
INTS, REALS = 7, 7

SOURCES = (Source.GNSS, Source.WIFI, Source.CELL, Source.RF)
CELL = SOURCES.index(Source.CELL)


class FixColumns(NamedTuple):
    """Fixes of one batch, each in range and not yet admitted.

    ``topics``, ``devices`` and ``before`` are of their messages, the last so that all are in order again: how
    many messages that are no columns stand before each. ``raw`` holds all bytes. All arrays are contiguous,
    since for another layout a kernel would be compiled again.
    """

    topics: Named
    devices: Named
    before: list[int]
    ints: Ints
    reals: Floats
    raw: Octets

    @property
    def size(self) -> int:
        """How many fixes."""
        found: int = self.ints.shape[1]
        return found

    @property
    def message_count(self) -> int:
        """How many messages brought them."""
        return len(self.topics)

    def of(self, messages: Sequence[int], before: list[int]) -> FixColumns:
        """The columns of some of the messages, rising, with their own ``before``; the bytes are the same."""
        if len(messages) == self.message_count:
            return self._replace(before=before)
        lowest, highest = messages[0], messages[-1]
        first, last = np.searchsorted(self.ints[MESSAGE], (lowest, highest + 1)).tolist()
        ints, reals = self.ints[:, first:last].copy(), self.reals[:, first:last]
        if len(messages) == highest - lowest + 1:
            ints[MESSAGE] -= lowest
        else:
            number: Ints = np.full(highest + 1, -1, dtype=np.int64)
            number[list(messages)] = np.arange(len(messages))
            numbers = number[ints[MESSAGE]]
            ints, reals = ints[:, numbers >= 0], reals[:, numbers >= 0]
            ints[MESSAGE] = numbers[numbers >= 0]
        return FixColumns(
            self.topics.of(messages),
            self.devices.of(messages),
            before,
            np.ascontiguousarray(ints),
            np.ascontiguousarray(reals),
            self.raw,
        )

    def fixes_at(self, places: Iterable[int]) -> list[RawFix]:
        """Some of the fixes as objects."""
        chosen = np.fromiter(places, dtype=np.int64)
        ints, reals = self.ints[:, chosen].T.tolist(), self.reals[:, chosen].T.tolist()
        return [
            raw_fix(
                self.devices[whole[MESSAGE]], whole, parts, self.raw[whole[RAW] : whole[RAW_END]].tobytes()
            )
            for whole, parts in zip(ints, reals, strict=True)
        ]

    def fixes_of(self, messages: Ints) -> dict[int, list[RawFix]]:
        """The fixes of some messages as objects, in their order."""
        found: dict[int, list[RawFix]] = {message: [] for message in messages.tolist()}
        of = self.ints[MESSAGE]
        places = np.flatnonzero(np.isin(of, messages))
        for message, raw in zip(of[places].tolist(), self.fixes_at(places.tolist()), strict=True):
            found[message].append(raw)
        return found


def raw_fix(device: str, ints: Sequence[int], reals: Sequence[float], raw: bytes) -> RawFix:
    """One fix of its columns."""
    lon, lat, accuracy_m, speed, heading, hdop, battery = reals
    satellites = ints[SATELLITES]
    return RawFix(
        device,
        ints[SEQ],
        ints[FIXED],
        lon,
        lat,
        accuracy_m,
        raw,
        SOURCES[ints[SOURCE]],
        _or_none(speed),
        _or_none(heading),
        None if satellites < 0 else satellites,
        _or_none(hdop),
        _or_none(battery),
    )


class QuietFixes(NamedTuple):
    """Those of the columns that changed nothing but what is remembered of their devices: all usable, all
    marked ``ok``, each the newest of its device when it is taken. ``chosen``: their places, rising; those of
    one device rise by their time."""

    columns: FixColumns
    chosen: Ints
    received_at_us: int

    @property
    def size(self) -> int:
        """How many fixes."""
        return len(self.chosen)

    def fixes(self) -> list[Fix]:
        """As objects."""
        raws = self.columns.fixes_at(self.chosen.tolist())
        return [Fix(raw, self.received_at_us, Mark.OK) for raw in raws]


def _or_none(value: float) -> float | None:
    return None if value != value else value
