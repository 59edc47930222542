"""Kernels near a zone: verdict and distance from its frame (frame.py).

What decides is ``verdict``: one byte of a grid, else parity of the edges in one slab of latitude. The
edges are straight in longitude and latitude and stay so here; a coordinate is a difference of two
stored numbers and a product, off by less than a nanometre. Distance is measured in the frame's plane,
eight segments at once, and then put right for the bow of the true edge and for the plane's stretch:
docs/geofence-accuracy.md measures what is left of the error, by the distance from the zone.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import short_way
from emon.geofence.jit import inlined
from emon.geofence.lanes import block_bowed_square, block_within, least, lesser, lowest_bit, most, truncated
from emon.geofence.layout import (
    AREA,
    CELLS,
    CIRCLE,
    E_HIGH,
    E_LON,
    E_LOW,
    E_SLOPE,
    F_BEND,
    F_CELL_LAT,
    F_CELL_LON,
    F_CELLS_PER_LAT,
    F_CELLS_PER_LON,
    F_LAT,
    F_LAT_MAX,
    F_LON,
    F_LON_MAX,
    F_LON_PER_LAT,
    F_NEAR_LAT,
    F_NEAR_LON,
    F_NEARS_PER_LAT,
    F_NEARS_PER_LON,
    F_ON_DEG,
    F_REACH,
    F_SAG,
    F_SLAB_LAT,
    F_SLABS_PER_DEG,
    FI_CELL,
    FI_EDGE,
    FI_NEAR,
    FI_SEGMENT,
    FI_SEGMENTS,
    FI_SLAB,
    FI_SLABS,
    KIND,
    NEARS,
    RADIUS,
    S_BOW,
    S_HULL,
    S_INVERSE,
    S_VX,
    S_VY,
    S_X,
    S_Y,
    Bytes,
    Masks,
    Shorts,
    ZoneArrays,
)
from emon.geofence.plane import plane_xy, true_square
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import CIRCLE_FRAME_MAX_M, FRAME_PLANE_MAX_M

OUTSIDE, INSIDE, OUTSIDE_NEAR, INSIDE_NEAR = 0, 1, 2, 3
"""Verdicts; the near ones are so close to an edge that the distance must say whether on it."""

_STRETCH = 1.5e-5
"""More than r²/6R² at the plane's end: by so much lengths in the plane can mislead a comparison."""
_STRETCH_NONE_M = 1e-5
"""Where the plane stretches a length by less, it is left as it is."""
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@inlined
def cell_of(frames: Floats, zone: int, dlon: float, dlat: float) -> int:
    """Number of the cell of verdicts, -1 beside the grid."""
    u = (dlon - frames[zone, F_CELL_LON]) * frames[zone, F_CELLS_PER_LON]
    v = (dlat - frames[zone, F_CELL_LAT]) * frames[zone, F_CELLS_PER_LAT]
    inside = (u >= 0.0) & (u < CELLS) & (v >= 0.0) & (v < CELLS)
    return truncated(v) * CELLS + truncated(u) if inside else -1


@inlined
def near_of(frames: Floats, zone: int, dlon: float, dlat: float) -> int:
    """Number of the cell of near blocks, -1 beside the grid."""
    u = (dlon - frames[zone, F_NEAR_LON]) * frames[zone, F_NEARS_PER_LON]
    v = (dlat - frames[zone, F_NEAR_LAT]) * frames[zone, F_NEARS_PER_LAT]
    inside = (u >= 0.0) & (u < NEARS) & (v >= 0.0) & (v < NEARS)
    return truncated(v) * NEARS + truncated(u) if inside else -1


@inlined
def slab_of(frames: Floats, ints: Ints, zone: int, dlat: float) -> int:
    """Number of the slab of latitude, -1 beside the outline."""
    slab = truncated((dlat - frames[zone, F_SLAB_LAT]) * frames[zone, F_SLABS_PER_DEG])
    return slab if dlat >= frames[zone, F_SLAB_LAT] and slab < ints[zone, FI_SLABS] else -1


@inlined
def parity(
    frames: Floats,
    ints: Ints,
    starts: Shorts,
    numbers: Shorts,
    edges: Floats,
    zone: int,
    dlon: float,
    dlat: float,
) -> int:
    """Verdict of the edges in the point's slab. ``dlon`` and ``dlat`` are degrees from the origin.

    Of an edge the lower end counts and the upper does not, so that a parallel through a vertex counts
    each edge there once. A level edge counts for nearness alone.
    """
    slab = slab_of(frames, ints, zone, dlat)
    if slab < 0:
        return OUTSIDE
    start = ints[zone, FI_SLAB] + slab
    base = ints[zone, FI_EDGE]
    on_lon, steep = frames[zone, F_ON_DEG], 1.0 / frames[zone, F_LON_PER_LAT]
    on_lat = on_lon * steep
    odd, near = 0, 0
    for k in range(starts[start], starts[start + 1]):
        j = base + numbers[k]
        low, high, slope = edges[j, E_LOW], edges[j, E_HIGH], edges[j, E_SLOPE]
        beside = (dlat >= low - on_lat) & (dlat <= high + on_lat)
        if low == high:
            near |= beside & (abs(dlon - edges[j, E_LON]) <= slope + on_lon)
            continue
        east = edges[j, E_LON] + (dlat - low) * slope - dlon
        odd ^= (dlat >= low) & (dlat < high) & (east > 0.0)
        near |= beside & (abs(east) <= on_lon * (1.0 + abs(slope) * steep) + on_lat * abs(slope))
    return odd + 2 * near


@inlined
def verdict(
    frames: Floats,
    ints: Ints,
    starts: Shorts,
    numbers: Shorts,
    edges: Floats,
    cells: Bytes,
    zone: int,
    dlon: float,
    dlat: float,
) -> int:
    """Whether a framed area holds a point: the grid's cell says so, or its slab's parity."""
    at = cell_of(frames, zone, dlon, dlat)
    if at < 0:
        return OUTSIDE
    cell = cells[ints[zone, FI_CELL] + at]
    if cell != 0:
        return INSIDE if cell < 0 else OUTSIDE
    return parity(frames, ints, starts, numbers, edges, zone, dlon, dlat)


@inlined
def near_groups(frames: Floats, ints: Ints, nears: Masks, zone: int, dlon: float, dlat: float) -> np.uint64:
    """Groups of blocks of which one holds the nearest segment, a bit each."""
    at = near_of(frames, zone, dlon, dlat)
    return nears[ints[zone, FI_NEAR] + at] if at >= 0 else _ALL


@inlined
def _bowed_square(segments: Floats, b: int, k: int, x: float, y: float, r: float, bend: float) -> float:
    """True square of the distance to one segment with its bow, a parabola over the chord."""
    wx, wy = x - segments[b, S_X, k], y - segments[b, S_Y, k]
    vx, vy = segments[b, S_VX, k], segments[b, S_VY, k]
    t = least(1.0, most(0.0, (wx * vx + wy * vy) * segments[b, S_INVERSE, k]))
    dx, dy = wx - t * vx, wy - t * vy
    bow = segments[b, S_BOW, k] * (t * (1.0 - t))
    dx, dy = dx + bow * vy, dy - bow * vx
    planar2 = dx * dx + dy * dy
    footx, footy = x - dx, y - dy
    return true_square(bend, planar2, r, math.sqrt(footx * footx + footy * footy))


@inlined
def _refined_square(
    segments: Floats, b: int, x: float, y: float, r: float, bend: float, within2: float, best: float
) -> float:
    """The least true square of a block, of the segments that can have it."""
    lanes = block_within(segments, b, x, y, within2)
    while lanes != _ZERO:
        best = least(best, _bowed_square(segments, b, lowest_bit(lanes), x, y, r, bend))
        lanes &= lanes - _ONE
    return best


@inlined
def _can_hold(segments: Floats, b: int, x: float, y: float, within: float) -> bool:
    """Whether a block's hull comes nearer than ``within`` metres."""
    dx, dy = x - segments[b, S_HULL, 0], y - segments[b, S_HULL, 1]
    reach = within + segments[b, S_HULL, 2]
    return dx * dx + dy * dy <= reach * reach


@inlined
def outline_near_m(
    frames: Floats, ints: Ints, segments: Floats, zone: int, groups: np.uint64, x: float, y: float
) -> float:
    """True distance from a point of the plane to the outline, or a corridor's line.

    First in the plane: to the nearest of all segments with their bows, which is the answer where the plane
    stretches nothing. Else the true distance to those that come so close to it that the stretch could make
    them the nearest.
    """
    low, count = ints[zone, FI_SEGMENT], ints[zone, FI_SEGMENTS]
    per_group = (count + 63) // 64
    hulls = per_group > 1 or groups == _ALL  # few blocks left: asking them costs less than their hulls
    sag2 = 2.0 * frames[zone, F_SAG]
    best2, within = 1e300, 1e150
    left = groups
    while left != _ZERO:
        first = low + lowest_bit(left) * per_group
        left &= left - _ONE
        if not hulls:
            best2 = least(best2, block_bowed_square(segments, first, x, y))
            continue
        if first >= low + count:
            break
        for b in range(first, lesser(first + per_group, low + count)):
            if _can_hold(segments, b, x, y, within):
                best2 = least(best2, block_bowed_square(segments, b, x, y))
                within = math.sqrt(best2) * (1.0 + _STRETCH) + sag2
    nearest = math.sqrt(best2)
    r, bend = math.sqrt(x * x + y * y), frames[zone, F_BEND]
    if nearest * (r + nearest) * (r + nearest) * bend < _STRETCH_NONE_M:
        return nearest
    within = nearest * (1.0 + _STRETCH) + sag2
    found = 1e150
    left = groups
    while left != _ZERO:
        first = low + lowest_bit(left) * per_group
        left &= left - _ONE
        if first >= low + count:
            break
        for b in range(first, lesser(first + per_group, low + count)):
            if _can_hold(segments, b, x, y, within):
                found = _refined_square(segments, b, x, y, r, bend, within * within, found)
    return math.sqrt(found)


@inlined
def near_signed_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    """Signed distance from a zone's frame, NaN where the frame does not reach."""
    frames, ints = zones.frames, zones.frame_ints
    if frames[zone, F_REACH] < 0.0:
        return math.nan
    dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    if not (abs(dlon) <= frames[zone, F_LON_MAX] and abs(dlat) <= frames[zone, F_LAT_MAX]):
        return math.nan
    x, y = plane_xy(frames, zone, dlon, dlat)
    r2 = x * x + y * y
    if r2 > FRAME_PLANE_MAX_M * FRAME_PLANE_MAX_M:
        return math.nan
    kind = zones.ints[zone, KIND]
    if kind == AREA:
        groups = near_groups(frames, ints, zones.nears, zone, dlon, dlat)
        distance = outline_near_m(frames, ints, zones.segments, zone, groups, x, y)
        found = verdict(
            frames, ints, zones.slab_starts, zones.slab_edges, zones.edges, zones.cells, zone, dlon, dlat
        )
        return -distance if found & 1 else distance
    radius = zones.floats[zone, RADIUS]
    if kind == CIRCLE:
        return math.sqrt(r2) - radius if r2 <= CIRCLE_FRAME_MAX_M * CIRCLE_FRAME_MAX_M else math.nan
    distance = outline_near_m(frames, ints, zones.segments, zone, _ALL, x, y) - radius
    return distance if distance > 0.0 else math.nan  # inside a corridor its own outline must be found
