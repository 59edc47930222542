"""Kernels that build a frame with the kernels that will read it, so that the two cannot disagree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.geofence.jit import compiled, inner
from emon.geofence.lanes import block_square, least, lesser, lowest_bit, most
from emon.geofence.layout import (
    CELLS,
    F_CELL_LON,
    F_NEAR_LON,
    F_SAG,
    FI_SEGMENTS,
    NEARS,
    Bytes,
    Masks,
    Shorts,
)
from emon.geofence.near import parity
from emon.geofence.plane import plane_xy
from emon.geofence.wgs84 import Floats, Ints

_SURE = 1.001
"""Cells are a little larger than measured at their corners: parallels are bent in the plane."""
_SURE_PART = 1.01
"""Parts of a cell, by its own corners: up to 85° parallels differ in length by less within a cell."""
PARTS = 4
"""A side of a cell of near blocks, to see which of them are near any part of it."""
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
# 64 bits: a constant that is passed on is a type of its own to the compiler, and so another signature.
_ALONE: Any = np.int64(0)
_VERDICTS: Any = np.int64(F_CELL_LON)
_NEARS: Any = np.int64(F_NEAR_LON)
"""Columns of a frame where a grid begins; its cells a degree, and the same of latitude, come after."""


@compiled
def fill_grids(
    frames: Floats,
    ints: Ints,
    segments: Floats,
    starts: Shorts,
    numbers: Shorts,
    edges: Floats,
    squares: Floats,
    cells: Bytes,
    nears: Masks,
) -> None:
    """Both grids of a frame of its own. ``squares`` is room for a number a block."""
    _fill_verdicts(frames, ints, segments, starts, numbers, edges, cells)
    _fill_nears(frames, ints, segments, squares, nears)


@inner
def _fill_verdicts(
    frames: Floats, ints: Ints, segments: Floats, starts: Shorts, numbers: Shorts, edges: Floats, cells: Bytes
) -> None:
    """Grid of verdicts: what a cell's middle says, where the outline is farther than its corners."""
    count, last = ints[0, FI_SEGMENTS], 0
    for v in range(CELLS):
        for u in range(CELLS):
            dlon, dlat, x, y, half = _cell(frames, _VERDICTS, u, v)
            clear = half * _SURE + 0.01 + frames[0, F_SAG]
            far = True
            for k in range(count):  # what was near the last cell is often near this one
                b = (last + k) % count
                if block_square(segments, b, x, y) <= clear * clear:
                    far, last = False, b
                    break
            if far:
                found = parity(frames, ints, starts, numbers, edges, _ALONE, dlon, dlat)
                cells[v * CELLS + u] = -1 if found & 1 else 1


@inner
def _fill_nears(frames: Floats, ints: Ints, segments: Floats, squares: Floats, nears: Masks) -> None:
    """Grid of near blocks: those no farther from a cell's middle than the nearest and its width."""
    count = ints[0, FI_SEGMENTS]
    for v in range(NEARS):
        for u in range(NEARS):
            dlon, dlat, x, y, half = _cell(frames, _NEARS, u, v)
            groups = _nearest_groups(frames, segments, _ALL, squares, count, x, y, half * _SURE)
            if groups & (groups - _ONE) != _ZERO:
                groups = _finer_groups(frames, segments, groups, squares, count, dlon, dlat, half)
            nears[v * NEARS + u] = groups


@inner
def _nearest_groups(
    frames: Floats,
    segments: Floats,
    among: np.uint64,
    squares: Floats,
    count: int,
    x: float,
    y: float,
    half: float,
) -> np.uint64:
    """Of some groups of blocks those of which one can be nearest to a place within ``half`` of (x, y)."""
    per_group = (count + 63) // 64
    least_square, left = math.inf, among
    while left != _ZERO:
        first = lowest_bit(left) * per_group
        left &= left - _ONE
        for b in range(first, lesser(first + per_group, count)):
            squares[b] = block_square(segments, b, x, y)
            least_square = least(least_square, squares[b])
    reach = math.sqrt(least_square) * 1.0001 + 2.0 * half + 4.0 * frames[0, F_SAG] + 0.01
    groups, left = _ZERO, among
    while left != _ZERO:
        group = lowest_bit(left)
        left &= left - _ONE
        for b in range(group * per_group, lesser((group + 1) * per_group, count)):
            if squares[b] <= reach * reach:
                groups |= _ONE << np.uint64(group)
    return groups


@inner
def _finer_groups(
    frames: Floats,
    segments: Floats,
    among: np.uint64,
    squares: Floats,
    count: int,
    dlon: float,
    dlat: float,
    half: float,
) -> np.uint64:
    """The same of a cell of near blocks, part by part: what is near one part of it is fewer than near any."""
    groups = _ZERO
    for k in range(PARTS * PARTS):
        east, north = (k % PARTS + 0.5) / PARTS - 0.5, (k // PARTS + 0.5) / PARTS - 0.5
        at_lon, at_lat = dlon + east / frames[0, _NEARS + 1], dlat + north / frames[0, _NEARS + 3]
        x, y = plane_xy(frames, _ALONE, at_lon, at_lat)
        groups |= _nearest_groups(frames, segments, among, squares, count, x, y, half / PARTS * _SURE_PART)
    return groups


@inner
def _cell(frames: Floats, grid: int, u: int, v: int) -> tuple[float, float, float, float, float]:
    """A cell's middle in degrees and in the plane, and how far its corners lie from there."""
    lon_from, per_lon, lat_from, per_lat = grid, grid + 1, grid + 2, grid + 3
    dlon = frames[0, lon_from] + (u + 0.5) / frames[0, per_lon]
    dlat = frames[0, lat_from] + (v + 0.5) / frames[0, per_lat]
    x, y = plane_xy(frames, _ALONE, dlon, dlat)
    half = 0.0
    for east in (-0.5, 0.5):
        for north in (-0.5, 0.5):
            at_lon, at_lat = dlon + east / frames[0, per_lon], dlat + north / frames[0, per_lat]
            cx, cy = plane_xy(frames, _ALONE, at_lon, at_lat)
            half = most(half, math.hypot(cx - x, cy - y))
    return dlon, dlat, x, y, half
