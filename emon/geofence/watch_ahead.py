"""Bring into the cache what a block of fixes will read, before it is read.

A wearer's zones lie anywhere in the table, so that each array a question reads is a miss of some
hundred nanoseconds, and most of them wait for the one before: the list says which zone, its frame which
cells, a cell which edges. Here some fixes take each of those steps together, so that their misses
overlap. Nothing is decided: whoever asks afterwards reads the same numbers, only sooner.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.geofence.certificates import list_of
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.field_kernels import (
    B_UNIT,
    east_of,
    fetch_cell,
    fetch_finer,
    zone_of,
)
from emon.geofence.jit import inlined, inner
from emon.geofence.lanes import boxes_beside, fetch_ahead, lowest_bit
from emon.geofence.layout import (
    B_LAT,
    F_LAT,
    F_LON,
    F_REACH,
    FI_CELL,
    FI_EDGE,
    FI_NEAR,
    FI_SEGMENT,
    FI_SEGMENTS,
    FI_SLAB,
    FI_SLABS,
    LANES,
    Boxes,
    Masks,
    Shorts,
    Steps,
    ZoneArrays,
)
from emon.geofence.near import cell_of as verdict_cell_of
from emon.geofence.near import near_groups, near_of, slab_of
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import OWN_ZONES_MAX

BLOCK = 32
"""Fixes whose misses overlap: more than the processor can have under way at once."""
MASKS = 2 * BLOCK
"""In ``turn``, how far behind a fix that no field decides is the word of the zones that must be asked."""
WANTED = MASKS * OWN_ZONES_MAX
"""Rows of ``wanted``: fix and zone of each pair of up to two blocks that no field decides."""

_FRAME_LINES, _BLOCK_LINES, _BLOCKS_AHEAD = 4, 6, 2
_FIRST: Any = np.int64(0)  # in 64 bits: a bare constant would be another signature
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_MANY = np.uint64(0xFFFFFFFFFFFFFFFF)


@inlined
def fetch_boxes(words: Masks, boxes: Boxes, wearer: np.int64) -> None:
    """A wearer's boxes, two a line; his row must be at hand."""
    start, count = list_of(words, wearer)
    for line in range((count + 1) // 2):
        fetch_ahead(boxes, start, line)


@inlined
def fetch_cells(
    words: Masks, boxes: Boxes, whole: Shorts, cells: Steps, wearer: np.int64, lon: float, lat: float
) -> np.uint64:
    """The cells that say of a position how far his zones are; which zones have some, a bit each.

    The boxes must be at hand.
    """
    start, count = list_of(words, wearer)
    some = _ZERO
    for first in range(0, count, LANES):
        within, _, _ = boxes_beside(boxes, start + first, count - first, lon, lat, 1.0, 1.0)
        while within != _ZERO:
            k = first + lowest_bit(within)
            within &= within - _ONE
            row = start + k
            if boxes[row, B_UNIT] > 0.0:
                fetch_cell(boxes, whole, cells, row, east_of(boxes, row, lon), lat - boxes[row, B_LAT])
                some |= _ONE << np.uint64(k)
    return some


@inlined
def fetch_finer_cells(
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    wearer: np.int64,
    some: np.uint64,
    lon: float,
    lat: float,
) -> None:
    """The finer cells that those are cut into; the cells must be at hand."""
    start, _ = list_of(words, wearer)
    while some != _ZERO:
        row = start + lowest_bit(some)
        some &= some - _ONE
        fetch_finer(boxes, whole, cells, row, east_of(boxes, row, lon), lat - boxes[row, B_LAT])


@inner
def fetch_zones(
    zones: ZoneArrays,
    words: Masks,
    whole: Shorts,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    first: int,
    last: int,
    wanted: Ints,
) -> None:
    """Bring what fixes ``turn[first:last]`` read of zones that their fields leave open."""
    count = _FIRST
    for m in range(first, last):
        i = turn[m]
        start, _ = list_of(words, wearer[i])
        left = np.uint64(turn[m + MASKS])
        while left != _ZERO:
            zone = zone_of(whole, start + lowest_bit(left))
            left &= left - _ONE
            wanted[count, 0], wanted[count, 1] = i, zone
            count += 1
            for line in range(_FRAME_LINES):
                fetch_ahead(zones.frames, zone, line)
            fetch_ahead(zones.frame_ints, zone, 0)
            fetch_ahead(zones.ints, zone, 0)
    _fetch_within(zones, lon, lat, wanted, count)


@inlined
def _placed(frames: Floats, ints: Ints, zone: int, lon: float, lat: float) -> tuple[float, float, int, int]:
    """Of a position the degrees from a zone's origin, its cell of verdicts and its slab, -1 for none."""
    dlon, dlat = short_way(half_open(lon) - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    return dlon, dlat, verdict_cell_of(frames, zone, dlon, dlat), slab_of(frames, ints, zone, dlat)


@inner
def _fetch_within(zones: ZoneArrays, lon: Floats, lat: Floats, wanted: Ints, count: int) -> None:
    """The steps within the zones: grids and slabs, then segments and the slab's edges."""
    frames, ints = zones.frames, zones.frame_ints
    kept = 0
    for c in range(count):
        i, zone = wanted[c, 0], wanted[c, 1]
        if frames[zone, F_REACH] < 0.0 or ints[zone, FI_SLABS] == 0:
            continue
        wanted[kept, 0], wanted[kept, 1] = i, zone
        kept += 1
        dlon, dlat, cell, slab = _placed(frames, ints, zone, lon[i], lat[i])
        if cell >= 0:
            fetch_ahead(zones.cells, ints[zone, FI_CELL] + cell, 0)
        if slab >= 0:
            fetch_ahead(zones.slab_starts, ints[zone, FI_SLAB] + slab, 0)
        near = near_of(frames, zone, dlon, dlat)
        if near >= 0:
            fetch_ahead(zones.nears, ints[zone, FI_NEAR] + near, 0)
    for c in range(kept):
        i, zone = wanted[c, 0], wanted[c, 1]
        dlon, dlat, cell, slab = _placed(frames, ints, zone, lon[i], lat[i])
        if cell >= 0 and slab >= 0 and zones.cells[ints[zone, FI_CELL] + cell] == 0:
            fetch_ahead(zones.slab_edges, np.int64(zones.slab_starts[ints[zone, FI_SLAB] + slab]), 0)
        _fetch_segments(zones, zone, near_groups(frames, ints, zones.nears, zone, dlon, dlat))
    for c in range(kept):
        i, zone = wanted[c, 0], wanted[c, 1]
        _, _, cell, slab = _placed(frames, ints, zone, lon[i], lat[i])
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
