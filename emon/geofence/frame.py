"""Frames: what a zone keeps so that questions near it are answered fast.

Theory of operation. The exact kernels (relate.py, nearest.py) hold anywhere on Earth; most questions
are asked within some kilometres of a zone of some hundred metres. For such a zone this module lays
down, once,

- an origin and the plane about it (plane.py), and the outline in that plane as *segments*: straight,
  with the sagitta by which the true edge, straight in longitude and latitude, bows away from it;
- its *edges* in degrees from the origin, in slabs of latitude: for parity, which needs no plane;
- a grid of *verdicts* over the outline's box: a cell wholly inside or outside is answered by one byte;
- a grid of *near* blocks over a wider box: for each cell, which blocks of segments can be nearest.

``near.py`` asks them. What lies beyond a frame's reach, and every zone without one (very large, over
a pole), goes to the exact kernels.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence import layout as at
from emon.geofence.outline import Outline
from emon.geofence.wgs84 import ECC2, METRES_PER_DEGREE_MAX, SEMI_MAJOR_M, SEMI_MINOR_M, Floats, Ints
from emon.limits import (
    FRAME_LATITUDE_MAX_DEG,
    FRAME_PLANE_MAX_M,
    FRAME_REACH_MAX_M,
    ON_EDGE_M,
    SEGMENT_LENGTH_MAX_M,
    SEGMENT_SAGITTA_MAX_M,
)

_ORIGIN_STEP_DEG = 2.0**-20
"""Origins lie on this lattice, so that taking a turn of 360° off or on rounds nothing."""
_BOX_MARGIN_DEG = 1e-7
"""A centimetre: the grid of verdicts reaches so far beyond the outline."""
_FAR_M = 1e9
"""Where segments lie that only fill up a block: never nearest."""
_SLABS_FROM, _SLABS_MAX = 12, 16_384


class Frame(NamedTuple):
    """The rows of one zone; offsets in ``ints`` count from the zone's own beginning."""

    floats: Floats
    ints: Ints
    segments: Floats
    slab_starts: npt.NDArray[np.int32]
    slab_edges: npt.NDArray[np.int32]
    edges: Floats
    cells: npt.NDArray[np.int8]
    nears: npt.NDArray[np.uint64]


def no_frame() -> Frame:
    floats, ints = np.zeros(at.FRAME_FLOATS), np.zeros(at.FRAME_INTS, dtype=np.int64)
    floats[at.F_REACH] = -1.0
    return _bare(floats, ints)


def circle_frame(lon: float, lat: float, radius_m: float) -> Frame:
    """The plane about a circle's centre; there is no outline to keep."""
    if abs(lat) > FRAME_LATITUDE_MAX_DEG or radius_m > FRAME_REACH_MAX_M:
        return no_frame()
    floats, ints = _plane(lon, lat), np.zeros(at.FRAME_INTS, dtype=np.int64)
    floats[at.F_REACH] = radius_m
    return _bare(floats, ints)


def outline_frame(outline: Outline, width_m: float | None = None) -> Frame:
    """The frame of an area's outline, or of a corridor's line with its width to either side."""
    if np.any(outline.ghost):
        return no_frame()
    west = float(min(outline.lon1.min(), outline.lon2.min()))
    east = float(max(outline.lon1.max(), outline.lon2.max()))
    south = float(min(outline.lat1.min(), outline.lat2.min()))
    north = float(max(outline.lat1.max(), outline.lat2.max()))
    if max(abs(south), abs(north)) > FRAME_LATITUDE_MAX_DEG:
        return no_frame()
    half_m = (
        0.5
        * METRES_PER_DEGREE_MAX
        * math.hypot((east - west) * math.cos(math.radians(min(abs(south), abs(north)))), north - south)
    )
    if half_m > 1.5 * FRAME_REACH_MAX_M:
        return no_frame()
    lon0 = round(0.5 * (west + east) / _ORIGIN_STEP_DEG) * _ORIGIN_STEP_DEG
    lat0 = round(0.5 * (south + north) / _ORIGIN_STEP_DEG) * _ORIGIN_STEP_DEG
    floats, ints = _plane(lon0, lat0), np.zeros(at.FRAME_INTS, dtype=np.int64)
    relative = Outline(
        outline.lon1 - lon0, outline.lat1 - lat0, outline.lon2 - lon0, outline.lat2 - lat0, outline.ghost
    )
    segments, reach_m = _segments(relative, floats)
    if reach_m > FRAME_REACH_MAX_M:
        return no_frame()
    floats[at.F_REACH] = reach_m + (width_m or 0.0)
    ints[at.FI_SEGMENTS] = len(segments)
    if width_m is not None:
        return _bare(floats, ints)._replace(segments=segments)
    edges, starts, numbers = _slabs(relative, floats)
    ints[at.FI_SLABS], ints[at.FI_EDGES] = len(starts) - 1, len(edges)
    _grids(relative, floats)
    return _graded(Frame(floats, ints, segments, starts, numbers, edges, _no_cells(), _no_nears()))


def _graded(frame: Frame) -> Frame:
    """The frame with both grids filled, by the kernels that will read them."""
    from emon.geofence.near_build import fill_grids

    cells = np.zeros(at.CELLS * at.CELLS, dtype=np.int8)
    nears = np.zeros(at.NEARS * at.NEARS, dtype=np.uint64)
    slabs = frame.slab_starts, frame.slab_edges, frame.edges
    rows = frame.floats[None, :], frame.ints[None, :], frame.segments, *slabs
    fill_grids(*rows, np.empty(len(frame.segments)), cells, nears)
    return frame._replace(cells=cells, nears=nears)


def _bare(floats: Floats, ints: Ints) -> Frame:
    return Frame(
        floats,
        ints,
        np.zeros((0, at.SEGMENT_ROWS, at.LANES)),
        np.zeros(0, dtype=np.int32),
        np.zeros(0, dtype=np.int32),
        np.zeros((0, 4)),
        _no_cells(),
        _no_nears(),
    )


def _no_cells() -> npt.NDArray[np.int8]:
    return np.zeros(0, dtype=np.int8)


def _no_nears() -> npt.NDArray[np.uint64]:
    return np.zeros(0, dtype=np.uint64)


# --- the plane ----------------------------------------------------------------------------------

_NODES = np.cos(np.pi * (np.arange(8) + 0.5) / 8)
_POWERS = np.linalg.pinv(np.vander(_NODES, 6, increasing=True))
"""From values at Chebyshev nodes to the six coefficients of the best fit."""


def _plane(lon0: float, lat0: float) -> Floats:
    """The columns of a frame that say where its plane lies."""
    floats = np.zeros(at.FRAME_FLOATS)
    phi0 = math.radians(lat0)
    root = 1.0 - ECC2 * math.sin(phi0) ** 2
    radius_m = SEMI_MINOR_M / root  # Gaussian mean
    reach_deg = math.degrees(1.05 * FRAME_PLANE_MAX_M / SEMI_MINOR_M)
    phi = np.radians(lat0 + reach_deg * _NODES)
    normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - ECC2 * np.sin(phi) ** 2)
    axis_m, height_m = normal_m * np.cos(phi), normal_m * (1.0 - ECC2) * np.sin(phi)
    north_m = math.cos(phi0) * height_m - math.sin(phi0) * axis_m
    scale = reach_deg ** -np.arange(6.0)
    normal0_m = SEMI_MAJOR_M / math.sqrt(root)
    axis0_m, height0_m = normal0_m * math.cos(phi0), normal0_m * (1.0 - ECC2) * math.sin(phi0)
    north_m -= math.cos(phi0) * height0_m - math.sin(phi0) * axis0_m
    floats[at.F_AXIS : at.F_AXIS + 6] = (_POWERS @ axis_m) * scale
    # The meridian passes through the origin, so the fit is of north by degree and has no constant.
    floats[at.F_NORTH : at.F_NORTH + 5] = (_POWERS @ (north_m / (reach_deg * _NODES)))[:5] * scale[:5]
    floats[at.F_LON] = (lon0 + 180.0) % 360.0 - 180.0
    floats[at.F_LAT] = lat0
    floats[at.F_SIN] = math.sin(phi0)
    floats[at.F_BEND] = 1.0 / (6.0 * radius_m * radius_m)
    per_lon_m = math.radians(axis0_m)
    floats[at.F_LAT_MAX] = reach_deg
    floats[at.F_LON_MAX] = FRAME_PLANE_MAX_M / per_lon_m
    per_lat_m = math.radians(SEMI_MAJOR_M * (1.0 - ECC2) / root**1.5)
    floats[at.F_LON_PER_LAT] = per_lat_m / per_lon_m
    floats[at.F_ON_DEG] = 1.5 * ON_EDGE_M / per_lon_m
    return floats


def _segments(relative: Outline, floats: Floats) -> tuple[Floats, float]:
    """The outline in the plane, ``f64[blocks, 7, LANES]``, and its farthest distance from the origin."""
    from emon.geofence.plane import plane_xy

    lay: Any = getattr(plane_xy, "py_func", plane_xy)  # of columns in NumPy: the same operations
    lat_m = METRES_PER_DEGREE_MAX * (relative.lat2 - relative.lat1)
    per_lon_m = METRES_PER_DEGREE_MAX / floats[at.F_LON_PER_LAT]
    length_m = np.hypot(per_lon_m * (relative.lon2 - relative.lon1), lat_m)
    bow = abs(math.tan(math.asin(floats[at.F_SIN]))) / (8.0 * SEMI_MINOR_M)
    sagitta_m = bow * length_m * length_m
    parts = np.maximum(
        np.ceil(length_m / SEGMENT_LENGTH_MAX_M), np.ceil(np.sqrt(sagitta_m / SEGMENT_SAGITTA_MAX_M))
    )
    parts = np.maximum(parts, 1.0).astype(np.int64)
    edge = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)
    ends = []
    for share in (step / parts[edge], (step + 0.5) / parts[edge], (step + 1.0) / parts[edge]):
        last = share == 1.0  # neighbours meet in every bit
        lon = relative.lon1[edge] + share * (relative.lon2 - relative.lon1)[edge]
        lat = relative.lat1[edge] + share * (relative.lat2 - relative.lat1)[edge]
        lon, lat = np.where(last, relative.lon2[edge], lon), np.where(last, relative.lat2[edge], lat)
        ends.append(lay(floats[None, :], 0, lon, lat))
    (x1, y1), (xm, ym), (x2, y2) = ends
    vx, vy = x2 - x1, y2 - y1
    length2 = vx * vx + vy * vy
    length = np.sqrt(np.maximum(length2, 1e-300))
    sag = np.where(length2 > 0.0, (vx * (ym - y1) - vy * (xm - x1)) / length, 0.0)
    floats[at.F_SAG] = float(np.abs(sag).max()) * 1.01 + 1e-6
    inverse = np.where(length2 > 0.0, 1.0 / np.maximum(length2, 1e-300), 0.0)
    rows = np.stack((x1, y1, vx, vy, inverse, 4.0 * sag / length))
    blocks = -(-rows.shape[1] // at.LANES)
    padded = np.zeros((at.SEGMENT_ROWS, blocks * at.LANES))
    padded[:2] = _FAR_M
    padded[: len(rows), : rows.shape[1]] = rows
    segments = np.ascontiguousarray(padded.reshape(at.SEGMENT_ROWS, blocks, at.LANES).transpose(1, 0, 2))
    _close_hulls(segments, rows.shape[1])
    return segments, float(np.sqrt(np.maximum(x1 * x1 + y1 * y1, x2 * x2 + y2 * y2).max())) + floats[at.F_SAG]


def _close_hulls(segments: Floats, count: int) -> None:
    """Circles around the blocks' ``count`` segments, into their last row."""
    used = np.arange(len(segments) * at.LANES).reshape(-1, at.LANES) < count
    ends = []
    for start, run in ((at.S_X, at.S_VX), (at.S_Y, at.S_VY)):
        first = segments[:, start]
        both = np.stack((first, first + segments[:, run]), axis=2)
        ends.append(np.where(used[:, :, None], both, both[:, :1, :1]))  # what fills a block up is its first
    middles = [0.5 * (end.min(axis=(1, 2)) + end.max(axis=(1, 2))) for end in ends]
    dx, dy = (end - middle[:, None, None] for end, middle in zip(ends, middles, strict=True))
    segments[:, at.S_HULL, 0], segments[:, at.S_HULL, 1] = middles
    segments[:, at.S_HULL, 2] = np.sqrt((dx * dx + dy * dy).max(axis=(1, 2)))


# --- parity and the grids -----------------------------------------------------------------------


def _slabs(relative: Outline, floats: Floats) -> tuple[Floats, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Edges by their lower end, and for each slab of latitude those that reach into it."""
    upward = relative.lat1 <= relative.lat2
    low, high = np.minimum(relative.lat1, relative.lat2), np.maximum(relative.lat1, relative.lat2)
    lon_low = np.where(upward, relative.lon1, relative.lon2)
    lon_high = np.where(upward, relative.lon2, relative.lon1)
    level = high == low
    slope = (lon_high - lon_low) / np.where(level, 1.0, high - low)
    edges = np.stack((low, high, lon_low, np.where(level, 0.0, slope)), axis=1)
    base, top = float(low.min()), float(high.max())
    count = len(edges)
    slabs = 1 if count < _SLABS_FROM else min(2 * count, _SLABS_MAX)
    margin = _BOX_MARGIN_DEG
    while True:
        per_deg = slabs / (top - base + 4.0 * margin)
        first = np.floor((low - margin - (base - 2.0 * margin)) * per_deg).astype(np.int64)
        last = np.floor((high + margin - (base - 2.0 * margin)) * per_deg).astype(np.int64)
        first, last = np.maximum(first, 0), np.minimum(last, slabs - 1)
        if slabs == 1 or int((last - first + 1).sum()) <= 8 * count:
            break
        slabs = max(1, slabs // 2)
    floats[at.F_SLAB_LAT], floats[at.F_SLABS_PER_DEG] = base - 2.0 * margin, per_deg
    floats[at.F_NORTH_MAX] = top
    sizes = last - first + 1
    edge = np.repeat(np.arange(count), sizes)
    slab = np.arange(len(edge)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[edge]
    order = np.argsort(slab, kind="stable")
    starts = np.searchsorted(slab[order], np.arange(slabs + 1))
    # A level edge never counts for parity; its longitudes are kept as its middle and half its length.
    edges[level, at.E_LON] = 0.5 * (lon_low + lon_high)[level]
    edges[level, at.E_SLOPE] = 0.5 * np.abs(lon_high - lon_low)[level]
    return edges, starts.astype(np.int32), edge[order].astype(np.int32)


def _grids(relative: Outline, floats: Floats) -> None:
    """Where both grids lie: that of verdicts on the outline's box, that of near blocks half as wide again."""
    for lon_from, per_lon, values in (
        (at.F_CELL_LON, at.F_CELLS_PER_LON, (relative.lon1, relative.lon2)),
        (at.F_CELL_LAT, at.F_CELLS_PER_LAT, (relative.lat1, relative.lat2)),
    ):
        low = float(min(value.min() for value in values)) - _BOX_MARGIN_DEG
        span = float(max(value.max() for value in values)) + _BOX_MARGIN_DEG - low
        floats[lon_from], floats[per_lon] = low, at.CELLS / span
        near, nears_per = lon_from + at.F_NEAR_LON - at.F_CELL_LON, per_lon + at.F_NEAR_LON - at.F_CELL_LON
        floats[near], floats[nears_per] = low - 0.25 * span, at.NEARS / (1.5 * span)
