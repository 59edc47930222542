"""Bring into the cache what a block of fixes will read, before it is read.

A wearer's zones lie anywhere in the table, so that each array a question reads is a miss of some
hundred nanoseconds, and most of them wait for the one before: the list says which zone, its frame which
cells, a cell which edges. Here a block of fixes takes each of those steps together, so that their
misses overlap. Nothing is decided: whoever asks afterwards reads the same numbers, only sooner.
"""

from __future__ import annotations

import numpy as np

from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import inlined, inner
from emon.geofence.lanes import fetch_ahead, lowest_bit
from emon.geofence.layout import (
    CELLS,
    F_CELL_LAT,
    F_CELL_LON,
    F_CELLS_PER_LAT,
    F_CELLS_PER_LON,
    F_LAT,
    F_LON,
    F_NEAR_LAT,
    F_NEAR_LON,
    F_NEARS_PER_LAT,
    F_NEARS_PER_LON,
    F_REACH,
    F_SLAB_LAT,
    F_SLABS_PER_DEG,
    FI_CELL,
    FI_EDGE,
    FI_NEAR,
    FI_SEGMENT,
    FI_SEGMENTS,
    FI_SLAB,
    FI_SLABS,
    NEARS,
    Boxes,
    Masks,
    ZoneArrays,
)
from emon.geofence.near import near_groups
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import OWN_ZONES_MAX

BLOCK = 32
"""Fixes whose misses overlap: more than the processor can have under way at once."""
WANTED = BLOCK * OWN_ZONES_MAX
"""Rows of ``wanted``: fix and zone of each pair of a block that is looked at beyond its box."""

# Columns of a wearer's row that say where his zones lie in the lists (watch_kernels.py).
W_FROM, W_COUNT = 5, 6
# Columns of an own zone's box, f32[own zones, 4]: its middle and half extents in degrees (watch.py).
B_LON, B_LAT, B_HALF_LON, B_HALF_LAT = 0, 1, 2, 3

_FRAME_LINES, _BLOCK_LINES, _BLOCKS_AHEAD = 4, 6, 2
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_MANY = np.uint64(0xFFFFFFFFFFFFFFFF)


@inlined
def beside(boxes: Boxes, row: np.int64, lon: float, lat: float) -> tuple[float, float]:
    """Degrees of longitude and latitude by which a position lies beside a box, negative within."""
    east = abs(lon - boxes[row, B_LON])
    east = 360.0 - east if east > 180.0 else east
    return east - boxes[row, B_HALF_LON], abs(lat - boxes[row, B_LAT]) - boxes[row, B_HALF_LAT]


@inner
def fetch_block(
    zones: ZoneArrays,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    first: int,
    last: int,
    wanted: Ints,
    distances: bool,
) -> None:
    """Bring what fixes ``turn[first:last]`` read; ``distances``: the outline too, where a cell decides."""
    for m in range(first, last):
        fetch_ahead(words, wearer[turn[m]], 0)
    for m in range(first, last):
        start = np.int64(words[wearer[turn[m]], W_FROM])
        fetch_ahead(boxes, start, 0)
        fetch_ahead(boxes, start, 1)
        fetch_ahead(own, start, 0)
        fetch_ahead(buffers, start, 0)
    count = 0
    for m in range(first, last):
        i = turn[m]
        x, y = half_open(lon[i]), lat[i]
        start = np.int64(words[wearer[i], W_FROM])
        for k in range(np.int64(words[wearer[i], W_COUNT])):
            east, north = beside(boxes, start + k, x, y)
            if (east <= 0.0) & (north <= 0.0):
                zone = own[start + k]
                wanted[count, 0], wanted[count, 1] = i, zone
                count += 1
                for line in range(_FRAME_LINES):
                    fetch_ahead(zones.frames, zone, line)
                fetch_ahead(zones.frame_ints, zone, 0)
                fetch_ahead(zones.ints, zone, 0)
    _fetch_zones(zones, lon, lat, wanted, count, distances)


@inner
def _fetch_zones(
    zones: ZoneArrays, lon: Floats, lat: Floats, wanted: Ints, count: int, distances: bool
) -> None:
    """The steps within the zones: grids and slabs, then segments and the slab's edges."""
    frames, ints = zones.frames, zones.frame_ints
    kept = 0
    for c in range(count):
        i, zone = wanted[c, 0], wanted[c, 1]
        if frames[zone, F_REACH] < 0.0 or ints[zone, FI_SLABS] == 0:
            continue
        wanted[kept, 0], wanted[kept, 1] = i, zone
        kept += 1
        dlon, dlat = short_way(half_open(lon[i]) - frames[zone, F_LON]), lat[i] - frames[zone, F_LAT]
        cell, slab = _cell_of(frames, zone, dlon, dlat), _slab_of(frames, ints, zone, dlat)
        if cell >= 0:
            fetch_ahead(zones.cells, ints[zone, FI_CELL] + cell, 0)
        if slab >= 0:
            fetch_ahead(zones.slab_starts, ints[zone, FI_SLAB] + slab, 0)
        near = _near_of(frames, zone, dlon, dlat)
        if near >= 0:
            fetch_ahead(zones.nears, ints[zone, FI_NEAR] + near, 0)
    for c in range(kept):
        i, zone = wanted[c, 0], wanted[c, 1]
        dlon, dlat = short_way(half_open(lon[i]) - frames[zone, F_LON]), lat[i] - frames[zone, F_LAT]
        cell, slab = _cell_of(frames, zone, dlon, dlat), _slab_of(frames, ints, zone, dlat)
        decided = cell >= 0 and zones.cells[ints[zone, FI_CELL] + cell] != 0
        if cell >= 0 and slab >= 0 and not decided:
            fetch_ahead(zones.slab_edges, np.int64(zones.slab_starts[ints[zone, FI_SLAB] + slab]), 0)
        if distances or not decided:
            _fetch_segments(zones, zone, near_groups(frames, ints, zones.nears, zone, dlon, dlat))
    for c in range(kept):
        i, zone = wanted[c, 0], wanted[c, 1]
        dlon, dlat = short_way(half_open(lon[i]) - frames[zone, F_LON]), lat[i] - frames[zone, F_LAT]
        cell, slab = _cell_of(frames, zone, dlon, dlat), _slab_of(frames, ints, zone, dlat)
        if cell >= 0 and slab >= 0 and zones.cells[ints[zone, FI_CELL] + cell] == 0:
            start = ints[zone, FI_SLAB] + slab
            for k in range(zones.slab_starts[start], zones.slab_starts[start + 1]):
                fetch_ahead(zones.edges, ints[zone, FI_EDGE] + zones.slab_edges[k], 0)


@inlined
def _fetch_segments(zones: ZoneArrays, zone: int, groups: np.uint64) -> None:
    """The first blocks of segments that can be nearest; where any can be, hulls are looked at first."""
    low, count = zones.frame_ints[zone, FI_SEGMENT], zones.frame_ints[zone, FI_SEGMENTS]
    per_group = (count + 63) // 64
    left = groups if groups != _MANY else _ONE
    for _ in range(_BLOCKS_AHEAD):
        if left == _ZERO:
            break
        block = low + lowest_bit(left) * per_group
        left &= left - _ONE
        for line in range(_BLOCK_LINES):
            fetch_ahead(zones.segments, block, line)


@inlined
def _cell_of(frames: Floats, zone: int, dlon: float, dlat: float) -> int:
    """Number of the cell of verdicts, -1 beside the grid."""
    u = (dlon - frames[zone, F_CELL_LON]) * frames[zone, F_CELLS_PER_LON]
    v = (dlat - frames[zone, F_CELL_LAT]) * frames[zone, F_CELLS_PER_LAT]
    inside = (u >= 0.0) & (u < CELLS) & (v >= 0.0) & (v < CELLS)
    return int(v) * CELLS + int(u) if inside else -1


@inlined
def _near_of(frames: Floats, zone: int, dlon: float, dlat: float) -> int:
    """Number of the cell of near blocks, -1 beside the grid."""
    u = (dlon - frames[zone, F_NEAR_LON]) * frames[zone, F_NEARS_PER_LON]
    v = (dlat - frames[zone, F_NEAR_LAT]) * frames[zone, F_NEARS_PER_LAT]
    inside = (u >= 0.0) & (u < NEARS) & (v >= 0.0) & (v < NEARS)
    return int(v) * NEARS + int(u) if inside else -1


@inlined
def _slab_of(frames: Floats, ints: Ints, zone: int, dlat: float) -> int:
    """Number of the slab of latitude, -1 beside the outline."""
    slab = int((dlat - frames[zone, F_SLAB_LAT]) * frames[zone, F_SLABS_PER_DEG])
    return slab if dlat >= frames[zone, F_SLAB_LAT] and slab < ints[zone, FI_SLABS] else -1
