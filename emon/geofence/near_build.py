"""Kernels that build a frame with the kernels that will read it, so that the two cannot disagree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.geofence.jit import compiled, inner
from emon.geofence.lanes import block_square
from emon.geofence.layout import (
    CELLS,
    F_CELL_LON,
    F_NEAR_LON,
    F_SAG,
    FI_SEGMENTS,
    LANES,
    NEARS,
    S_HULL,
    S_VX,
    S_VY,
    S_X,
    S_Y,
    Bytes,
    Masks,
    ZoneArrays,
)
from emon.geofence.near import parity
from emon.geofence.plane import plane_xy
from emon.geofence.wgs84 import Floats

_SURE = 1.001
"""Cells are a little larger than measured at their corners: parallels are bent in the plane."""
# 64 bits: a constant that is passed on is a type of its own to the compiler, and so another signature.
_ALONE: Any = np.int64(0)
_VERDICTS: Any = np.int64(F_CELL_LON)
_NEARS: Any = np.int64(F_NEAR_LON)
"""Columns of a frame where a grid begins; its cells a degree, and the same of latitude, come after."""


@compiled
def lay(frames: Floats, dlon: Floats, dlat: Floats, x: Floats, y: Floats) -> None:
    """Positions, in degrees from the origin of the first frame, in its plane."""
    for i in range(len(dlon)):
        x[i], y[i] = plane_xy(frames, _ALONE, dlon[i], dlat[i])


@compiled
def close_hulls(segments: Floats, count: int) -> None:
    """Circles around the blocks' ``count`` segments, into their last row."""
    for b in range(len(segments)):
        low_x, low_y, high_x, high_y = math.inf, math.inf, -math.inf, -math.inf
        used = min(LANES, count - b * LANES)
        for k in range(used):
            for end in range(2):
                x = segments[b, S_X, k] + end * segments[b, S_VX, k]
                y = segments[b, S_Y, k] + end * segments[b, S_VY, k]
                low_x, low_y = min(low_x, x), min(low_y, y)
                high_x, high_y = max(high_x, x), max(high_y, y)
        x, y = 0.5 * (low_x + high_x), 0.5 * (low_y + high_y)
        radius2 = 0.0
        for k in range(used):
            for end in range(2):
                dx = segments[b, S_X, k] + end * segments[b, S_VX, k] - x
                dy = segments[b, S_Y, k] + end * segments[b, S_VY, k] - y
                radius2 = max(radius2, dx * dx + dy * dy)
        segments[b, S_HULL, 0], segments[b, S_HULL, 1] = x, y
        segments[b, S_HULL, 2] = math.sqrt(radius2)


@compiled
def fill_verdicts(zones: ZoneArrays, cells: Bytes) -> None:
    """Grid of verdicts of zone 0: what its middle says, where the outline is farther than the corners."""
    count, last = zones.frame_ints[0, FI_SEGMENTS], 0
    for v in range(CELLS):
        for u in range(CELLS):
            dlon, dlat, x, y, half = _cell(zones.frames, _VERDICTS, u, v)
            clear = half * _SURE + 0.01 + zones.frames[0, F_SAG]
            far = True
            for k in range(count):  # what was near the last cell is often near this one
                b = (last + k) % count
                if block_square(zones.segments, b, x, y) <= clear * clear:
                    far, last = False, b
                    break
            if far:
                found = parity(
                    zones.frames,
                    zones.frame_ints,
                    zones.slab_starts,
                    zones.slab_edges,
                    zones.edges,
                    _ALONE,
                    dlon,
                    dlat,
                )
                cells[v * CELLS + u] = -1 if found & 1 else 1


@compiled
def fill_nears(zones: ZoneArrays, squares: Floats, nears: Masks) -> None:
    """Grid of near blocks of zone 0: those no farther from a cell's middle than the nearest and its width.

    ``squares`` is room for a number a block.
    """
    count = zones.frame_ints[0, FI_SEGMENTS]
    per_group = (count + 63) // 64
    for v in range(NEARS):
        for u in range(NEARS):
            _, _, x, y, half = _cell(zones.frames, _NEARS, u, v)
            least_square = math.inf
            for b in range(count):
                squares[b] = block_square(zones.segments, b, x, y)
                least_square = min(least_square, squares[b])
            nearest = math.sqrt(least_square)
            reach = nearest * 1.0001 + 2.0 * half * _SURE + 4.0 * zones.frames[0, F_SAG] + 0.01
            groups = np.uint64(0)
            for b in range(count):
                if squares[b] <= reach * reach:
                    groups |= np.uint64(1) << np.uint64(b // per_group)
            nears[v * NEARS + u] = groups


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
            half = max(half, math.hypot(cx - x, cy - y))
    return dlon, dlat, x, y, half
