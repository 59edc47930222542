"""Kernels of a country's index: a grid of cells that know the zones over them (country.py).

A *coarse* cell has a list of the zones that hold all of it and, where an outline runs through it, a
block of 8 × 8 *fine* cells with lists of their own. An entry of a list is a zone that holds the cell
whole, one that is asked exactly, or one of which the edges that run through the cell lie beside the
list: then the cell's middle is known to be in or out, and a position is on the same side where the
straight way between them crosses an even number of edges.

Edges are kept in units of the cell, from its middle, as ``f32``: half a cell's 10⁻⁷. A position so near
to an edge that this, the closed edge or the test's rounding could matter is asked exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emon.geofence.ellipsoid import half_open
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import block_crossings, fetch_ahead, lesser, truncated
from emon.geofence.layout import (
    LANES,
    Boxes,
    Masks,
    Shorts,
    ZoneArrays,
)
from emon.geofence.near_paths import near_m
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import ON_EDGE_M

# Columns of ``plan``, f64[8]: where the grid lies, in degrees and coarse cells.
G_WEST, G_SOUTH, G_LON_DEG, G_LAT_DEG, G_COLUMNS, G_ROWS, G_NEAR = 0, 1, 2, 3, 4, 5, 6
"""``G_NEAR``: fine cells within which a position counts as near to an edge."""
PLAN = 8
FINE = 8
"""Fine cells a side of a coarse one."""
_FINE_BITS = 3
_LINES, _BLOCKS_AHEAD = 2, 4
"""Cache lines of a block of edges, and so many blocks of a cell are brought before they are read."""
# What an entry says, in the two highest bits of its word.
WHOLE, ASK, MIDDLE_OUT, MIDDLE_IN = 0, 1, 2, 3
KIND_SHIFT, COUNT_SHIFT = np.uint64(62), np.uint64(34)
COUNT_MASK, ZONE_MASK = np.uint64((1 << 28) - 1), np.uint64((1 << 34) - 1)
_Signed = Callable[[ZoneArrays, int, float, float], float]
_Settle = Callable[[ZoneArrays, Floats, Floats, int, int, int, Ints, Ints], int]
_Contain = Callable[
    [ZoneArrays, Floats, Shorts, Shorts, Masks, Boxes, Floats, Floats, int, Ints, Floats, Ints, Ints], int
]
LISTED = 1 << 30
"""In ``blocks``, once laid out: the coarse cell has a list. The rest is its block's number and 1."""
_IN_DOUBT = 1 << 40
STAGE = 64
"""Positions that wait together for memory."""


@inlined
def edge_blocks(word: np.uint64) -> np.int64:
    """Blocks of eight that an entry's edges take."""
    return (np.int64((word >> COUNT_SHIFT) & COUNT_MASK) + LANES - 1) // LANES


@inlined
def _place(
    plan: Floats, blocks: Shorts, lon: Floats, lat: Floats, begin: int, end: int, cells: Ints, places: Floats
) -> None:
    """Of each position the coarse cell (-1 beside the grid), the fine one within it, and its place there."""
    columns, rows = plan[G_COLUMNS], plan[G_ROWS]
    west, south, width = plan[G_WEST], plan[G_SOUTH], np.int64(columns)
    per_lon, per_lat = FINE / plan[G_LON_DEG], FINE / plan[G_LAT_DEG]
    for i in range(begin, end):
        k = i - begin
        east = lon[i] - west
        east = east + 360.0 if east < 0.0 else east
        east = east - 360.0 if east >= 360.0 else east
        x, y = east * per_lon, (lat[i] - south) * per_lat
        cells[k, 0] = -1
        if (x < FINE * columns) & (y >= 0.0) & (y < FINE * rows):
            u, v = truncated(x), truncated(y)
            cells[k, 0] = (v >> _FINE_BITS) * width + (u >> _FINE_BITS)
            cells[k, 1] = (v & (FINE - 1)) * FINE + (u & (FINE - 1))
            places[k, 0], places[k, 1] = x - u - 0.5, y - v - 0.5
            fetch_ahead(blocks, cells[k, 0], 0)


@inlined
def _fetch_lists(
    coarse: int | np.int64,
    blocks: Shorts,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    count: int,
    cells: Ints,
) -> None:
    """Of each position the rows in ``starts`` of its coarse and fine cell, -1 for none; bring those lists."""
    for k in range(count):
        cell = cells[k, 0]
        if cell < 0:
            cells[k, 1] = -1
            continue
        block = np.int64(blocks[cell])
        if block & LISTED == 0:
            cells[k, 0] = -1
        block = (block & (LISTED - 1)) - 1
        cells[k, 1] = coarse + block * FINE * FINE + cells[k, 1] if block >= 0 else -1
        if block >= 0:
            fetch_ahead(starts, cells[k, 1], 0)
    for k in range(count):
        fine = cells[k, 1]
        if fine >= 0:
            fetch_ahead(entries, starts[fine, 0], 0)
            first, last = starts[fine, 1], starts[fine + 1, 1]
            for line in range(_LINES * lesser(last - first, _BLOCKS_AHEAD)):
                fetch_ahead(edges, first, line)


@inlined
def _of_fine(
    near: float,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    fine: int,
    x: float,
    y: float,
    found: Ints,
    total: int,
) -> tuple[int, bool]:
    """Add the zones that hold a position at ``x``, ``y`` of a fine cell, from its middle."""
    doubts = False
    b = starts[fine, 1]
    for e in range(starts[fine, 0], starts[fine + 1, 0]):
        word = entries[e]
        kind = np.int64(word >> KIND_SHIFT)
        inside, doubt = kind != MIDDLE_OUT, kind == ASK
        for _ in range(edge_blocks(word)):
            crossed = block_crossings(edges, b, x, y, near)
            doubt |= crossed == 2
            inside ^= crossed == 1
            b += 1
        if inside | doubt:
            zone = np.int64(word & ZONE_MASK)
            found[total] = zone + _IN_DOUBT if doubt else zone
            total += 1
            doubts |= doubt
    return total, doubts


@inner
def _sort(found: Ints, low: int, high: int) -> None:
    """Put a few zones in order."""
    for i in range(low + 1, high):
        value, k = found[i], i
        while k > low and found[k - 1] & (_IN_DOUBT - 1) > value & (_IN_DOUBT - 1):
            found[k] = found[k - 1]
            k -= 1
        found[k] = value


def _settle_by(signed: _Signed) -> _Settle:
    """The kernel that settles doubts, over one of the two kernels of signed distances."""

    @inner
    def settle(
        zones: ZoneArrays,
        lon: Floats,
        lat: Floats,
        begin: int,
        end: int,
        total: int,
        found: Ints,
        offsets: Ints,
    ) -> int:
        """Ask for what is in doubt (``_IN_DOUBT`` added), and leave out what does not hold.

        -1 where one cannot be said.
        """
        kept = offsets[begin]
        for i in range(begin, end):
            first, last = offsets[i], offsets[i + 1] if i + 1 < end else total
            offsets[i] = kept
            for k in range(first, last):
                zone = found[k] & (_IN_DOUBT - 1)
                away_m = -1.0 if zone == found[k] else signed(zones, zone, half_open(lon[i]), lat[i])
                if math.isnan(away_m):
                    return -1
                if away_m <= ON_EDGE_M:
                    found[kept] = zone
                    kept += 1
        return kept

    return settle


def _container_by(settle: _Settle) -> _Contain:
    """The kernel that asks the grid, over one of the kernels that settle doubts."""

    @inner
    def contain(
        zones: ZoneArrays,
        plan: Floats,
        blocks: Shorts,
        starts: Shorts,
        entries: Masks,
        edges: Boxes,
        lon: Floats,
        lat: Floats,
        first: int,
        cells: Ints,
        places: Floats,
        found: Ints,
        offsets: Ints,
    ) -> int:
        total, coarse = offsets[first], np.int64(plan[G_COLUMNS]) * np.int64(plan[G_ROWS])
        for begin in range(first, len(lon), STAGE):
            end = lesser(begin + STAGE, len(lon))
            _place(plan, blocks, lon, lat, begin, end, cells, places)
            _fetch_lists(coarse, blocks, starts, entries, edges, end - begin, cells)
            doubts = False
            for i in range(begin, end):
                offsets[i] = total
                cell, fine = cells[i - begin, 0], cells[i - begin, 1]
                kept, most = total, 0
                if cell >= 0:
                    most = starts[cell + 1, 0] - starts[cell, 0]
                if fine >= 0:
                    most += starts[fine + 1, 0] - starts[fine, 0]
                if total + most > len(found):
                    if doubts:
                        offsets[i] = settle(zones, lon, lat, begin, i, total, found, offsets)
                    return -begin - 1 if offsets[i] < 0 else i
                if cell >= 0:
                    for e in range(starts[cell, 0], starts[cell + 1, 0]):
                        found[total] = np.int64(entries[e] & ZONE_MASK)
                        total += 1
                if fine >= 0:
                    x, y = places[i - begin, 0], places[i - begin, 1]
                    total, doubt = _of_fine(plan[G_NEAR], starts, entries, edges, fine, x, y, found, total)
                    doubts |= doubt
                    if cell >= 0:
                        _sort(found, kept, total)
            if doubts:
                total = settle(zones, lon, lat, begin, end, total, found, offsets)
                if total < 0:
                    return -begin - 1
        offsets[len(lon)] = total
        return len(lon)

    return contain


_near_contain = _container_by(_settle_by(near_m))
_exact_contain = _container_by(_settle_by(signed_m))


@compiled
def contain_each(
    zones: ZoneArrays,
    plan: Floats,
    blocks: Shorts,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    lon: Floats,
    lat: Floats,
    first: int,
    cells: Ints,
    places: Floats,
    found: Ints,
    offsets: Ints,
) -> int:
    """The zones that hold each position from the ``first`` on; where ``found`` had no more room.

    Where the frames leave one open, minus the position to go on from with ``exact_contain_each``, and 1 less.

    ``cells`` i64[STAGE, 2] and ``places`` f64[STAGE, 2] are room. Positions are taken STAGE at a time, so
    that memory is asked for all of them before the first is answered.
    """
    return _near_contain(
        zones, plan, blocks, starts, entries, edges, lon, lat, first, cells, places, found, offsets
    )


@compiled
def exact_contain_each(
    zones: ZoneArrays,
    plan: Floats,
    blocks: Shorts,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    lon: Floats,
    lat: Floats,
    first: int,
    cells: Ints,
    places: Floats,
    found: Ints,
    offsets: Ints,
) -> int:
    """As ``contain_each``, of any zones."""
    return _exact_contain(
        zones, plan, blocks, starts, entries, edges, lon, lat, first, cells, places, found, offsets
    )
