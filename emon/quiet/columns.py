"""A row for each device whose next fix may be quiet, as a value that never changes for who holds it.

The rows lie in one array, which the newest :class:`Quiet` owns; an older one holds what differs from the
one after it, and takes the array back when it is asked (Baker's trick of persistent arrays). So a step
whose transaction failed leaves no trace: the state before it still answers as it did. Nobody else pays for
that, since nobody asks an older one.

One caller at a time: two threads must not ask two of one family at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from emon.devices.heard import place_of, seen_since
from emon.limits import (
    ACCURACY_FLOOR_M,
    APPROACH_MOTION_SIGMAS,
    APPROACH_SPEED_MIN_M_S,
    APPROACH_WARNING_S,
    CLOCK_AHEAD_MAX_S,
    COMMON_ERROR_SIGMA_M,
    CROSSING_GAP_MAX_S,
    EDGE_TOLERANCE_M,
    LATE_AFTER_S,
    PLAUSIBLE_SPEED_MAX_M_S,
    QUIET_FIXES_MAX,
    R95_PER_SIGMA,
    REACH_SPEED_MAX_M_S,
    SPAN_ERROR,
    TRACK_FIXES_MAX,
    WAY_CLAIM_MAX_M,
)
from emon.model.fix import Fix
from emon.model.named import Places
from emon.model.watch import Watch
from emon.quiet.layout import ALLOWED, FULL, HEARD, KEPT, LIVE, NEVER_US, WIDTH, Floats, Ints
from emon.quiet.records import fix_of_record
from emon.quiet.thinning import Entry, without_forgotten

_FIRST_ROOM = 64
_LOOK_THROUGH, _EVERY = TRACK_FIXES_MAX + 16, 8
"""So many kept fixes are looked through for those that are forgotten, and so often."""

BOUNDS = (
    CLOCK_AHEAD_MAX_S,
    LATE_AFTER_S,
    WAY_CLAIM_MAX_M,
    PLAUSIBLE_SPEED_MAX_M_S,
    EDGE_TOLERANCE_M,
    CROSSING_GAP_MAX_S,
    REACH_SPEED_MAX_M_S * (1.0 + SPAN_ERROR),
    PLAUSIBLE_SPEED_MAX_M_S * APPROACH_WARNING_S,
    APPROACH_SPEED_MIN_M_S,
    APPROACH_MOTION_SIGMAS,
    ACCURACY_FLOOR_M,
    R95_PER_SIGMA,
    COMMON_ERROR_SIGMA_M,
)
"""What the kernels judge by, in their order."""

Kept = tuple[Fix, ...]
"""Quiet fixes of one device since its objects were last made up to date, rising."""


def _fix(device: str, entry: Entry) -> Fix:
    return fix_of_record(device, entry) if isinstance(entry, bytes) else entry


class _Difference(NamedTuple):
    """What the rows hold in a version, and of those whose list is another in the one beside it the list."""

    rows: Ints
    words: Ints
    lists: dict[int, list[Entry]]


class Columns:
    """The array and what lies beside it. Of a row's list the first ``KEPT`` fixes count: a version adds to
    the list of the one before it. ``turn`` and ``stamps`` are scratch, and belong to no version."""

    __slots__ = ("_reach", "bounds", "index", "lists", "names", "places", "reals", "stamps", "turn", "words")

    def __init__(self) -> None:
        index = self.index = dict[str, int]()
        self.places = Places(lambda device: index.get(device, -1))
        self.names: list[str] = []
        self.lists: list[list[Entry]] = []
        self.bounds: Floats = np.array(BOUNDS, dtype=np.float64)
        self.turn = self._reach = 0
        self.words: Ints = np.empty((0, WIDTH), dtype=np.int64)
        self._make_room(_FIRST_ROOM)

    def _make_room(self, room: int) -> None:
        words: Ints = np.zeros((room, WIDTH), dtype=np.int64)
        words[:, LIVE] = -1
        words[: len(self.words)] = self.words
        self.words = words
        self.reals: Floats = words.view(np.float64)
        self.stamps: Ints = np.zeros(room, dtype=np.int64)

    def new_turn(self, count: int) -> int:
        """A number that no stamp has reached, nor will for ``count`` fixes after it."""
        self.turn = int(self.turn) + self._reach + 2
        self._reach = count
        return self.turn

    def row_of(self, device: str) -> int:
        """The device's row; a new one where it has none."""
        row = self.index.get(device)
        if row is None:
            row = len(self.names)
            if row == len(self.words):
                self._make_room(2 * row)
            self.index[device] = row
            self.names.append(device)
            self.lists.append([])
        return row

    def difference(self, rows: Ints, changed: Iterable[int] = ()) -> _Difference:
        """What the rows hold, ``changed`` being those whose list is to be another."""
        return _Difference(rows, self.words[rows], {row: self.lists[row] for row in changed})

    def restore(self, difference: _Difference) -> None:
        self.words[difference.rows] = difference.words
        for row, kept in difference.lists.items():
            self.lists[row] = kept


class Quiet:
    """One version of the rows. ``live``: how many hold a device. ``due_us``: until then no silence of any
    of them is due; after it one may be. ``on``: whether there are to be any."""

    __slots__ = ("_after", "_difference", "columns", "due_us", "live", "memo", "on")

    def __init__(self, columns: Columns | None = None, live: int = 0, due_us: int = NEVER_US) -> None:
        self.columns = Columns() if columns is None else columns
        self.live = live
        self.due_us = due_us
        self.on = True
        self.memo: object = None  # what the engine found for its next step; see ``emon.turn``
        self._after: Quiet | None = None
        self._difference: _Difference | None = None

    def own(self) -> Columns:
        """The array as this version knows it."""
        path: list[Quiet] = []
        version = self
        while version._after is not None:
            path.append(version)
            version = version._after
        for older in reversed(path):
            newer = older._after
            assert newer is not None
            assert older._difference is not None
            back = self.columns.difference(older._difference.rows, older._difference.lists)
            self.columns.restore(older._difference)
            newer._after, newer._difference = older, back
            older._after, older._difference = None, None
        return self.columns

    def next(self, rows: Ints, live: int, due_us: int) -> Quiet:
        """The version after this one, in which the caller changes these rows, and no others, at once."""
        columns = self.own()
        after = Quiet(columns, live, due_us)
        self._difference = columns.difference(rows)
        self._after = after
        return after

    def _change(self, row: int, kept: list[Entry]) -> None:
        """Give a row of the version after this one another list."""
        assert self._difference is not None
        lists = self.columns.lists
        self._difference.lists.setdefault(row, lists[row])
        lists[row] = kept

    def row(self, device: str) -> int | None:
        """The row of a device that has one now."""
        row = self.columns.index.get(device)
        return None if row is None or self.own().words[row, LIVE] < 0 else row

    def devices(self) -> list[str]:
        """Those that have a row now."""
        columns = self.own()
        live = np.flatnonzero(columns.words[: len(columns.names), LIVE] >= 0)
        return [columns.names[row] for row in live.tolist()]

    def kept(self, device: str) -> Kept:
        """Its fixes that its objects do not know yet."""
        row = self.columns.index.get(device)
        if row is None:
            return ()
        columns = self.own()
        return tuple(_fix(device, entry) for entry in columns.lists[row][: int(columns.words[row, KEPT])])

    def watch(self, device: str, stored: Watch | None) -> Watch | None:
        """A device's watch as it is now, from the one that its last fix of the object path left."""
        if stored is None or not self.live:
            return stored
        row = self.columns.index.get(device)
        columns = self.own()
        count = 0 if row is None else int(columns.words[row, KEPT])
        return (
            stored
            if row is None or not count
            else seen_since(stored, place_of(_fix(device, columns.lists[row][count - 1])))
        )

    def without(self, devices: Sequence[str]) -> Quiet:
        """No rows for some devices."""
        rows = [row for device in devices if (row := self.row(device)) is not None]
        if not rows:
            return self
        after = self.next(np.array(rows, dtype=np.int64), self.live - len(rows), self.due_us)
        columns = after.columns
        for row in rows:
            columns.words[row, LIVE] = -1
            columns.words[row, KEPT] = 0
            self._change(row, [])
        return after

    def with_rows(self, images: Mapping[str, Ints]) -> Quiet:
        """Rows for devices that have none, as they are given."""
        if not images:
            return self
        columns = self.own()
        rows = np.array([columns.row_of(device) for device in images], dtype=np.int64)
        due_us = min(int(image[HEARD] + image[ALLOWED]) for image in images.values())
        after = self.next(rows, self.live + len(images), min(self.due_us, due_us))
        columns.words[rows] = np.array(list(images.values()))
        return after

    def advanced(self, rows: Ints, fixes: Sequence[Entry]) -> Quiet:
        """A fix more for each of the rows, as often as it stands there; the caller sets what else they hold,
        at once."""
        after = self.next(rows, self.live, self.due_us)
        places = rows.tolist()
        if len({*places}) == len(places):  # as nearly always: one of a device
            counts = after.columns.words[rows, KEPT].tolist()
            for row, fix, count in zip(places, fixes, counts, strict=True):
                self._keep(row, (fix,), count)
            return after
        runs: dict[int, list[Entry]] = {}
        for row, fix in zip(places, fixes, strict=True):
            runs.setdefault(row, []).append(fix)
        counts = after.columns.words[list(runs), KEPT].tolist()
        for (row, run), count in zip(runs.items(), counts, strict=True):
            self._keep(row, run, count)
        return after

    def _keep(self, row: int, run: Sequence[Entry], count: int) -> None:
        """Behind the ``count`` fixes that are kept beside a row these."""
        kept = self.columns.lists[row]
        if len(kept) != count:  # a version that was given up has added to it
            kept = kept[:count]
            self._change(row, kept)
        kept.extend(run)
        if len(kept) >= _LOOK_THROUGH and len(kept) // _EVERY > count // _EVERY:
            self._shorten(row, kept, len(run))

    def _shorten(self, row: int, kept: list[Entry], new: int) -> None:
        """Without those that nobody will ask for any more; where that leaves too many, the device's next fix
        is looked at. ``new``: how many of them are counted with the row."""
        words = self.columns.words
        thinned = without_forgotten(kept)
        if len(thinned) < len(kept):
            self._change(row, thinned)
            words[row, KEPT] = len(thinned) - new
        if len(thinned) >= QUIET_FIXES_MAX:
            words[row, FULL] = 1

    def due_before(self, at_us: int) -> tuple[list[str], int]:
        """Devices whose silence may be due before an instant, and until when none of the others' is."""
        if at_us <= self.due_us:
            return [], self.due_us
        columns = self.own()
        words = columns.words[: len(columns.names)]
        due_us = np.where(words[:, LIVE] < 0, NEVER_US, words[:, HEARD] + words[:, ALLOWED])
        found = np.flatnonzero(due_us < at_us)
        later = due_us[due_us >= at_us]
        return [columns.names[row] for row in found.tolist()], int(later.min(initial=NEVER_US))


def no_rows(*, on: bool = True) -> Quiet:
    """The beginning; ``on`` False: every fix goes the way of objects."""
    quiet = Quiet()
    quiet.on = on
    return quiet
