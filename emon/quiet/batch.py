"""The quiet fixes of one batch: found by the kernels, and put into the rows after the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from emon.geofence.geometry import Geometry
from emon.geofence.relation import signed_known
from emon.limits import OUTAGE_MISSED_S, QUIET_RUN_MAX
from emon.model.columns import ACCURACY, CELL, FIXED, LAT, LON, MESSAGE, SOURCE, FixColumns, QuietFixes
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark, Source
from emon.quiet.columns import Columns, Quiet
from emon.quiet.layout import NEVER_US, SLOTS, Bytes, Floats, Ints
from emon.quiet.thinning import Entry

_UNCOVERED_US = OUTAGE_MISSED_S * SECOND_US
"""A device heard no longer ago is in no outage (``devices/outage.py``)."""


class Arrays(NamedTuple):
    """What came, a column each; the place of the device's fix before (-1: none came), and where a fix's first
    distance stands (-1: none was asked for)."""

    rows: Ints
    fixed: Ints
    lon: Floats
    lat: Floats
    accuracy: Floats
    before: Ints
    asked: Ints
    distances: Floats


class Found(NamedTuple):
    """``chosen``: places of the quiet fixes among those given, objects first, then columns. ``quiet``: 1 for
    each of them. ``objects``: how many of those given were objects."""

    arrays: Arrays
    chosen: Ints
    quiet: bytes
    objects: int


def found_quiet(
    quiet: Quiet,
    geometry: Geometry,
    raws: Sequence[RawFix],
    came: FixColumns | None,
    touched: Sequence[str],
    at_us: int,
    *,
    wary: bool,
) -> Found | None:
    """Which of the fixes are quiet when received at ``at_us``; None: not one is.

    ``raws``: one of a message. ``came``: those in columns. Of a device all are quiet, or none.
    ``touched``: devices of which something else came. ``wary``: an outage may be found before the fixes are
    taken, so a device that it may cover is looked at.
    """
    if not quiet.live or not (raws or came is not None):
        return None
    columns = quiet.own()
    find = columns.index.get
    others: Ints = np.array([row for device in touched if (row := find(device)) is not None], dtype=np.int64)
    fixes = _fixes(columns, raws, came)
    heard_within_us = _UNCOVERED_US if wary else NEVER_US
    arrays = _asked(columns, geometry, fixes, len(raws), others, at_us, heard_within_us)
    if arrays is None:
        return None
    marks: Bytes = np.empty(len(arrays.rows), dtype=np.uint8)
    if not _judged(columns, arrays, marks):
        return None
    return Found(arrays, marks.nonzero()[0], marks.tobytes(), len(raws))


_Fixes = tuple[Ints, Ints, Floats, Floats, Floats]
"""rows, fixed_at, lon, lat, accuracy"""


def _fixes(columns: Columns, raws: Sequence[RawFix], came: FixColumns | None) -> _Fixes:
    """What came, objects first. Row -1: a device without a row. A position by a mast: -2 - row, that all of
    its device be looked at."""
    find = columns.index.get
    by_columns: _Fixes | None = None
    if came is not None:
        rows = columns.places.of(came.devices)[came.ints[MESSAGE]]
        masts = came.ints[SOURCE] == CELL
        rows[masts] = -2 - rows[masts]
        reals = came.reals
        by_columns = (rows, came.ints[FIXED], reals[LON], reals[LAT], reals[ACCURACY])
        if not raws:
            return by_columns
    cell = Source.CELL
    by_objects: _Fixes = (
        np.array(
            [-2 - find(raw.device, -1) if raw.source is cell else find(raw.device, -1) for raw in raws],
            dtype=np.int64,
        ),
        np.array([raw.fixed_at_us for raw in raws], dtype=np.int64),
        np.array([raw.lon for raw in raws], dtype=np.float64),
        np.array([raw.lat for raw in raws], dtype=np.float64),
        np.array([raw.accuracy_m for raw in raws], dtype=np.float64),
    )
    if by_columns is None:
        return by_objects
    rows, fixed, lon, lat, accuracy = (
        np.concatenate(both) for both in zip(by_objects, by_columns, strict=True)
    )
    return rows, fixed, lon, lat, accuracy


def _asked(
    columns: Columns,
    geometry: Geometry,
    fixes: _Fixes,
    objects: int,
    touched: Ints,
    at_us: int,
    heard_within_us: int,
) -> Arrays | None:
    """The columns of the fixes with the distances that they are judged by; None: none may be quiet."""
    from emon.quiet.kernels import ask_each

    count = len(fixes[0])
    before: Ints = np.empty(count, dtype=np.int64)
    asked: Ints = np.empty(count, dtype=np.int64)
    zones: Ints = np.empty(count * SLOTS, dtype=np.int64)
    places: Floats = np.empty((2, count * SLOTS))
    turn = columns.new_turn(count)
    wanted = ask_each(
        columns.words, columns.reals, columns.stamps, touched, *fixes, objects, at_us, heard_within_us,
        turn, QUIET_RUN_MAX, columns.bounds, before, asked, zones, places,
    )  # fmt: skip
    if not wanted:
        return None
    distances = signed_known(geometry.table, zones[:wanted], places[0, :wanted], places[1, :wanted])
    return Arrays(*fixes, before, asked, distances)


def _judged(columns: Columns, arrays: Arrays, marks: Bytes) -> int:
    """How many of those that were last asked about are quiet, and in ``marks`` which."""
    from emon.quiet.kernels import judge_each

    found: int = judge_each(
        columns.words, columns.reals, columns.stamps, *arrays, columns.turn, columns.bounds, marks
    )
    return found


def advanced(quiet: Quiet, found: Found, fixes: Sequence[Entry], at_us: int) -> Quiet:
    """The rows after the quiet fixes, which are ``fixes``."""
    from emon.quiet.kernels import advance_each

    arrays = found.arrays
    rows = arrays.rows[found.chosen]
    after = quiet.advanced(rows, fixes)
    columns = after.columns
    advance_each(columns.words, columns.reals, found.chosen, *_moving(arrays), at_us)
    return after


def admitted(
    raws: Sequence[RawFix], came: FixColumns | None, found: Found, at_us: int
) -> tuple[list[Fix], QuietFixes | None]:
    """The quiet fixes as they are kept: those that came as objects, and those in columns."""
    ok = Mark.OK
    make: Callable[[RawFix, int, Mark], Fix] = Fix
    chosen = found.chosen
    first = int(np.searchsorted(chosen, found.objects))
    fixes = [make(raws[k], at_us, ok) for k in chosen[:first].tolist()]
    if came is None or first == len(chosen):
        return fixes, None
    return fixes, QuietFixes(came, chosen[first:] - found.objects, at_us)


def load_quiet_kernels() -> None:
    """Load the kernels, and compile those that the cache does not have: no step is to wait for a compiler."""
    from emon.quiet.kernels import advance_each, join_each

    columns, none = Columns(), np.empty(0, dtype=np.int64)
    _asked(columns, Geometry(), _fixes(columns, (), None), 0, none, 0, NEVER_US)
    arrays = Arrays(none, none, np.empty(0), np.empty(0), np.empty(0), none, none, np.empty(0))
    _judged(columns, arrays, np.empty(0, dtype=np.uint8))
    advance_each(columns.words, columns.reals, none, *_moving(arrays), 0)
    octets = np.empty(0, dtype=np.uint8)
    join_each(np.empty((0, 8), dtype=np.uint8), octets, none, none, octets)


def _moving(arrays: Arrays) -> tuple[Ints, Ints, Floats, Floats, Floats, Ints, Floats]:
    """What rows are moved on with: in their order the fixes need not know of those before them."""
    return (*arrays[:5], arrays.asked, arrays.distances)
