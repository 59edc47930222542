"""Each wearer's own zones: flags of a fix, most of them by one load and one comparison.

A ``Watch`` answers, for fixes in any order, which of a wearer's zones hold the position and which have
it within their buffer. ``certificates.py`` says how most questions are spared, ``watch_kernels.py`` what
answers the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from emon.geofence.columns import (
    columns_of,
    numbers_of,
    unlooked_columns,
    unlooked_numbers,
    whole_number,
    whole_numbers,
)
from emon.geofence.fields import BOX_COLUMNS
from emon.geofence.layout import LANES, Boxes, Shorts, Steps
from emon.geofence.wgs84 import Floats, Ints
from emon.geofence.zones import ZoneTable
from emon.limits import (
    BUFFER_MAX_M,
    OWN_ZONES_MAX,
    WATCH_THREAD_FIXES_MIN,
    WATCH_THREADS_MAX,
    WEARERS_MAX,
)

Flags = npt.NDArray[np.uint64]
Run = Callable[[Callable[[int], int], Iterable[int]], Iterable[int]]
"""As ``map``: what a function gives for each number."""

_KNOWN = "the watch has {} wearers"
_WORD = 0xFFFFFFFFFFFFFFFF
_COLUMNS, _CLEAR2, _LIST = 8, 2, 7  # of certificates.py, which compiles when imported
_LEFT = 1  # of watch_kernels.py
_OF_LIST = 64  # a word of ``_LIST`` is so many times the first row, and how many rows


class Watch:
    """Wearers 0 to ``wearers`` - 1 and their own zones. 64 bytes a wearer, 32 a zone of his.

    One caller at a time, whose threads may answer ``flags`` together. Positions: degrees, WGS84.
    """

    def __init__(self, table: ZoneTable, wearers: int) -> None:
        wearers = whole_number("wearers", wearers, WEARERS_MAX + 1, "0 to {} fit")
        self._table = table
        room = np.zeros(wearers * _COLUMNS + _COLUMNS)
        start = (-room.ctypes.data % 64) // 8  # a row is then one cache line
        self._rows: Floats = room[start : start + wearers * _COLUMNS].reshape(wearers, _COLUMNS)
        self._words: Flags = self._rows.view(np.uint64)
        self._rows[:, _CLEAR2] = -1.0
        self._count = wearers
        self._boxes = _aligned(64)
        self._whole: Shorts = self._boxes.view(np.int32)
        self._used = 0
        self._one: tuple[Any, Any, Any] | None = None  # kernels of one fix, once they are loaded
        self.asked = 0
        """Fixes whose flags no certificate gave, so far."""

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Memory of certificates and lists, room to grow included, without the table's."""
        return self._rows.nbytes + self._boxes.nbytes

    def set(self, wearer: int, zones: Sequence[int], buffers_m: Sequence[float] | None = None) -> None:
        """Give a wearer his zones, instead of those he had; his certificate is void.

        ``buffers_m``: of each zone the width of its warning ring, 0 for none (all, by default).
        Raises ``IndexError`` for an unknown wearer or zone, ``ValueError`` for more than 32 zones or a
        buffer that is none.
        """
        wearer = whole_number("wearer", wearer, len(self), _KNOWN)
        known = "the table has {} zones"
        zones = [whole_number(f"zones[{k}]", zone, len(self._table), known) for k, zone in enumerate(zones)]
        buffers = [0.0] * len(zones) if buffers_m is None else numbers_of("buffers_m", buffers_m).tolist()
        if len(zones) > OWN_ZONES_MAX or len(zones) != len(buffers):
            raise ValueError(f"{len(zones)} zones and {len(buffers)} buffers; at most {OWN_ZONES_MAX} each")
        for k, buffer_m in enumerate(buffers):
            if not 0.0 <= buffer_m <= BUFFER_MAX_M:
                raise ValueError(f"buffers_m[{k}] is {buffer_m:g}; must be 0 to {BUFFER_MAX_M:g}")
        arrays, fields = self._table.arrays, self._table.fields
        laid = [fields.box(arrays, *pair) for pair in zip(zones, buffers, strict=True)]
        start = self._room_for(wearer, len(zones))
        if laid:
            self._boxes[start : start + len(zones)] = laid
        self._words[wearer, _LIST] = _OF_LIST * start + len(zones)
        self._rows[wearer, _CLEAR2] = -1.0

    def _room_for(self, wearer: int, count: int) -> int:
        """Where a wearer's zones go: his old place where they fit, else the end of the lists."""
        start, had = divmod(int(self._words[wearer, _LIST]), _OF_LIST)
        if count <= had:
            return start
        if self._used + count > len(self._boxes):
            grown = _aligned(max(2 * len(self._boxes), self._used + count))
            grown[: self._used] = self._boxes[: self._used]
            self._boxes, self._whole = grown, grown.view(np.int32)
        start = self._used
        self._used += count + count % 2  # lists begin at the beginning of a cache line
        return start

    def flags(
        self,
        wearer: npt.ArrayLike,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        *,
        certificates: bool = True,
        threads: int = 1,
        run: Run = map,
    ) -> Flags:
        """``u64[n]``: bit 2k says that the wearer's zone k holds the fix, bit 2k+1 its buffer or it.

        Zones are closed: within half a millimetre of the edge is in. ``certificates`` False finds each
        anew. ``threads``: into how many pieces of work a batch is cut that has some thousand fixes for each;
        ``run`` does them, as the ``map`` of a ``ThreadPoolExecutor`` does at once. Raises ``IndexError`` for
        an unknown wearer, ``ValueError`` by column and row for a position that is none, and either for a
        number of threads that is not 1 to 64.
        """
        x, y = unlooked_columns(lon=lon, lat=lat)
        who = unlooked_numbers("wearer", wearer, len(x))
        out = np.empty(len(x), dtype=np.uint64)
        threads = _threads_for(len(x), threads)
        ends = [k * len(x) // threads for k in range(threads + 1)]

        def fill(k: int) -> int:
            if certificates:  # nobody writes what another reads
                return self._fill(k, threads, who, x, y, out, True)
            rows = slice(ends[k], ends[k + 1])
            return self._fill(0, 1, who[rows], x[rows], y[rows], out[rows], False)

        afresh = list(run(fill, range(threads)))
        if min(afresh) < 0:
            self._refuse(wearer, lon, lat)
        self.asked += sum(afresh)
        return out

    def _refuse(self, wearer: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike) -> NoReturn:
        """Raise for the first row in which the kernel found no wearer or no position."""
        x, _ = columns_of(lon=lon, lat=lat)
        whole_numbers("wearer", wearer, len(x), len(self), _KNOWN)
        raise RuntimeError("the columns changed while they were looked at")

    def _fill(
        self, share: int, shares: int, wearer: Ints, lon: Floats, lat: Floats, out: Flags, certificates: bool
    ) -> int:
        """Flags of the wearers of one share (index modulo ``shares``): how many no certificate covered.

        No two shares write the same wearer's certificate, so threads may fill them at once. -1 for columns
        of which a row, of whatever share, is out of range.
        """
        from emon.geofence.watch_kernels import TURN, flag_each

        asked = self._table.arrays, *self._arrays, wearer, lon, lat, share, shares, bool(certificates)
        afresh, left = flag_each(*asked, *_room(TURN), out)
        if left:
            from emon.geofence.watch_left import flag_left

            flag_left(*asked, out)
        return int(afresh)

    @property
    def _arrays(self) -> tuple[Floats, Flags, Boxes, Shorts, Floats, Steps]:
        """What every kernel of a watch takes after the zones."""
        fields = self._table.fields
        return self._rows, self._words, self._boxes, self._whole, fields.heads, fields.cells

    def flags_at(self, wearer: int, lon: float, lat: float) -> int:
        """The flags of one fix; as ``flags``, without the way through arrays where a certificate holds."""
        if not (type(wearer) is int and 0 <= wearer < self._count and type(lon) is type(lat) is float):
            wearer, lon, lat = self._one_of(wearer, lon, lat)
        if self._one is None:  # an import at each call would cost as much as the answer
            from emon.geofence.watch_kernels import answered, fielded, hit

            self._one = hit, fielded, answered
        kept, near, afresh = self._one
        found = int(kept(self._rows, wearer, lon, lat))
        return found if found >= 0 else self._afresh_at(near, afresh, wearer, lon, lat)

    def _one_of(self, wearer: int, lon: float, lat: float) -> tuple[int, float, float]:
        """One fix in the types of the kernels' one signature; raises for what is none."""
        wearer = whole_number("wearer", wearer, self._count, _KNOWN)
        try:
            good = -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0
        except (TypeError, ValueError):
            good = False
        if not good:
            columns_of(lon=[lon], lat=[lat])  # raises
        return wearer, float(lon), float(lat)

    def _afresh_at(self, near: Any, afresh: Any, wearer: int, lon: float, lat: float) -> int:
        """The flags of one fix that no certificate covers."""
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            columns_of(lon=[lon], lat=[lat])  # raises
        self.asked += 1
        fix = wearer, lon, lat
        rows, words, boxes, whole, heads, cells = self._arrays
        found = int(near(rows, words, boxes, whole, cells, *fix))
        if found >= 0:
            return found
        asked = self._table.arrays, rows, words, boxes, whole, heads, cells, *fix
        found = int(afresh(*asked))
        if found == _LEFT:
            from emon.geofence.watch_left import answered_left

            found = int(answered_left(*asked))
        return found & _WORD

    def touched(
        self,
        wearer: npt.ArrayLike,
        lon1: npt.ArrayLike,
        lat1: npt.ArrayLike,
        lon2: npt.ArrayLike,
        lat2: npt.ArrayLike,
        *,
        certificates: bool = True,
    ) -> Flags:
        """``u64[n]``: bit k says that the path, straight in degrees the short way, touches zone k.

        A path within what ``flags`` has certified is answered by that; ``certificates`` False finds
        each anew. Raises as ``flags``.
        """
        from emon.geofence.watch_paths import TURN, touched_each

        a, b, c, d = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
        who = whole_numbers("wearer", wearer, len(a), len(self), _KNOWN)
        out = np.zeros(len(a), dtype=np.uint64)
        rows, words, boxes, whole, _, cells = self._arrays
        room = *_room(TURN), np.empty(2)
        lists = rows, words, boxes, whole, cells
        touched_each(self._table.arrays, *lists, who, a, b, c, d, bool(certificates), *room, out)
        return out


def _threads_for(fixes: int, threads: int) -> int:
    """How many of the threads that are offered get something to do."""
    number = whole_number("threads", threads, WATCH_THREADS_MAX + 1, "it must be 1 to 64")
    if number == 0:
        raise ValueError("threads is 0; it must be 1 to 64")
    return max(1, min(number, fixes // WATCH_THREAD_FIXES_MIN))


def _room(turn: int) -> tuple[Ints, Ints]:
    """For the numbers that a kernel keeps for itself."""
    from emon.geofence.watch_ahead import WANTED

    return np.empty(turn, dtype=np.int64), np.empty((WANTED, 2), dtype=np.int64)


def _aligned(count: int) -> Boxes:
    """Room for boxes, two on a cache line; eight are read at once, so that some lie beyond the last."""
    room = np.zeros((count + 2 + LANES) * BOX_COLUMNS, dtype=np.float32)
    start = -room.ctypes.data % 64 // 4
    return room[start : start + count * BOX_COLUMNS].reshape(count, BOX_COLUMNS)
