"""Each wearer's own zones: flags of a fix, most of them by one load and one comparison.

A ``Watch`` answers, for fixes in any order, which of a wearer's zones hold the position and which have
it within their buffer. ``watch_kernels.py`` says how a certificate spares most questions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from emon.geofence.columns import columns_of, numbers_of, whole_number, whole_numbers
from emon.geofence.layout import (
    CENTER_LAT,
    CENTER_LON,
    CIRCLE,
    KIND,
    LAT_MAX,
    LAT_MIN,
    LON_SPAN,
    RADIUS,
    SLAB_LON,
    Boxes,
    ZoneArrays,
)
from emon.geofence.wgs84 import SEMI_MINOR_M, Floats, Ints
from emon.geofence.zones import ZoneTable
from emon.limits import BUFFER_MAX_M, OWN_ZONES_MAX, WEARERS_MAX

Flags = npt.NDArray[np.uint64]

_KNOWN = "the watch has {} wearers"
_WORD = 0xFFFFFFFFFFFFFFFF
_COLUMNS, _CLEAR2, _FLAGS, _FROM, _COUNT = 8, 2, 4, 5, 6  # of watch_kernels, which compiles when imported


class Watch:
    """Wearers 0 to ``wearers`` - 1 and their own zones. 64 bytes a wearer, 32 a zone of his.

    One caller at a time; ``fill_share`` is for threads of one caller. Positions: degrees, WGS84.
    """

    def __init__(self, table: ZoneTable, wearers: int) -> None:
        wearers = whole_number("wearers", wearers, WEARERS_MAX + 1, "0 to {} fit")
        self._table = table
        room = np.zeros(wearers * _COLUMNS + _COLUMNS)
        start = (-room.ctypes.data % 64) // 8  # a row is then one cache line
        self._rows: Floats = room[start : start + wearers * _COLUMNS].reshape(wearers, _COLUMNS)
        self._words: Flags = self._rows.view(np.uint64)
        self._rows[:, _CLEAR2] = -1.0
        self._own: Ints = np.zeros(64, dtype=np.int64)
        self._buffers: Floats = np.zeros(64)
        self._boxes: Boxes = np.zeros((64, 4), dtype=np.float32)
        self._used = 0
        self._one: tuple[Any, Any] | None = None  # kernels of one fix, once they are loaded
        self.asked = 0
        """Fixes whose flags no certificate gave, so far."""

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Memory of certificates and lists, room to grow included, without the table's."""
        return sum(array.nbytes for array in (self._rows, self._own, self._buffers, self._boxes))

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
        start = self._room_for(wearer, len(zones))
        self._own[start : start + len(zones)] = zones
        self._buffers[start : start + len(zones)] = buffers
        arrays = self._table.arrays
        for k, (zone, buffer_m) in enumerate(zip(zones, buffers, strict=True)):
            self._boxes[start + k] = box_around(arrays, zone, buffer_m)
        self._words[wearer, _FROM], self._words[wearer, _COUNT] = start, len(zones)
        self._rows[wearer, _CLEAR2] = -1.0

    def _room_for(self, wearer: int, count: int) -> int:
        """Where a wearer's zones go: his old place where they fit, else the end of the lists."""
        if count <= int(self._words[wearer, _COUNT]):
            return int(self._words[wearer, _FROM])
        if self._used + count > len(self._own):
            size = max(2 * len(self._own), self._used + count)
            self._own = np.concatenate((self._own, np.zeros(size - len(self._own), dtype=np.int64)))
            self._buffers = np.concatenate((self._buffers, np.zeros(size - len(self._buffers))))
            room = np.zeros((size - len(self._boxes), 4), dtype=np.float32)
            self._boxes = np.concatenate((self._boxes, room))
        start = self._used
        self._used += count
        return start

    def flags(
        self, wearer: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike, *, certificates: bool = True
    ) -> Flags:
        """``u64[n]``: bit 2k says that the wearer's zone k holds the fix, bit 2k+1 its buffer or it.

        Zones are closed: within half a millimetre of the edge is in. ``certificates`` False finds each
        anew. Raises ``IndexError`` for an unknown wearer, ``ValueError`` by column and row for a
        position that is none.
        """
        lon, lat = columns_of(lon=lon, lat=lat)
        who = whole_numbers("wearer", wearer, len(lon), len(self), _KNOWN)
        out = np.zeros(len(lon), dtype=np.uint64)
        self.asked += self.fill_share(0, 1, who, lon, lat, out, certificates=certificates)
        return out

    def fill_share(
        self,
        share: int,
        shares: int,
        wearer: Ints,
        lon: Floats,
        lat: Floats,
        out: Flags,
        *,
        certificates: bool = True,
    ) -> int:
        """Write the flags of the wearers of one share (index modulo ``shares``) into ``out``.

        For threads: the kernels release the GIL, and shares of one batch may run at once, for no two
        write the same wearer's certificate. Nothing else may be asked of the watch meanwhile. Takes
        what ``flags`` has looked through: whole indices in range, finite degrees, C-contiguous.
        Returns how many fixes were found afresh.
        """
        from emon.geofence.watch_ahead import BLOCK, WANTED
        from emon.geofence.watch_kernels import CHUNK, certified_each, plain_each

        room = np.empty(CHUNK + BLOCK, dtype=np.int64), np.empty((WANTED, 2), dtype=np.int64)
        fixes: tuple[Any, ...] = (wearer, lon, lat, share, shares, *room, out)
        if certificates:
            return int(certified_each(*self._arrays, *fixes))
        plain_each(*self._arrays, *fixes)
        return len(lon)

    @property
    def _arrays(self) -> tuple[ZoneArrays, Floats, Flags, Ints, Floats, Boxes]:
        """What every kernel of a watch takes first."""
        return self._table.arrays, self._rows, self._words, self._own, self._buffers, self._boxes

    def flags_at(self, wearer: int, lon: float, lat: float) -> int:
        """The flags of one fix; as ``flags``, without the way through arrays where a certificate holds."""
        if type(wearer) is not int or not 0 <= wearer < len(self._rows):
            wearer = whole_number("wearer", wearer, len(self._rows), _KNOWN)
        try:
            good = -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0
        except (TypeError, ValueError):
            good = False
        if not good:
            columns_of(lon=[lon], lat=[lat])  # raises
        if self._one is None:  # an import at each call would cost as much as the answer
            from emon.geofence.watch_kernels import answered, hit

            self._one = hit, answered
        kept, afresh = self._one
        fix = wearer, float(lon), float(lat)  # one signature
        found = int(kept(self._rows, self._words, *fix))
        if found >= 0:
            return found
        self.asked += 1
        return int(afresh(*self._arrays, *fix)) & _WORD

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
        from emon.geofence.watch_kernels import touched_each

        a, b, c, d = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
        who = whole_numbers("wearer", wearer, len(a), len(self), _KNOWN)
        out = np.zeros(len(a), dtype=np.uint64)
        touched_each(*self._arrays, who, a, b, c, d, bool(certificates), np.empty(2), out)
        return out


_EVERYWHERE = (0.0, 0.0, 400.0, 400.0)
_SLACK_DEG = 2e-5
"""Two metres: more than a middle moves when it is kept as ``f32``."""


def box_around(zones: ZoneArrays, zone: int, buffer_m: float) -> tuple[float, float, float, float]:
    """Middle and half extents in degrees (lon, lat, lon, lat) of a box that holds a zone and its buffer.

    Everywhere where a pole is near. A circle of angular radius b about latitude φ spans
    asin(sin b / cos φ) of longitude to either side.
    """
    floats = zones.floats[zone]
    if zones.ints[zone, KIND] == CIRCLE:
        lon, span = float(floats[CENTER_LON]), 0.0
        south = north = float(floats[CENTER_LAT])
    else:
        span = float(floats[LON_SPAN])
        lon = float(floats[SLAB_LON]) + 0.5 * span
        south, north = float(floats[LAT_MIN]), float(floats[LAT_MAX])
    # The smallest radius of curvature is a little less than the minor axis: hence one part in a hundred.
    wide = 1.01 * (float(floats[RADIUS]) + buffer_m) / SEMI_MINOR_M
    highest = max(abs(south), abs(north))
    if highest + math.degrees(wide) > 89.9 or span >= 359.0:
        return _EVERYWHERE
    spread = math.sin(wide) / math.cos(math.radians(highest))
    return (
        (lon + 180.0) % 360.0 - 180.0,
        0.5 * (south + north),
        0.5 * span + math.degrees(math.asin(spread)) + _SLACK_DEG,
        0.5 * (north - south) + math.degrees(wide) + _SLACK_DEG,
    )
