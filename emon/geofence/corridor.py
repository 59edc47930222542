"""Kernels for corridors: all points within a width of a line, with round ends.

Outside, the outline is the line's distance less the width. Inside it is not always the width less
the line's distance: in a bend, or where the corridor meets itself, the way out is longer.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import FAR_M, azimuth_to, ecef, geodesic_m, half_open, step_to
from emon.geofence.jit import allocating, inner
from emon.geofence.layout import DLON, LAT1, LAT2, LON1
from emon.geofence.nearest import nearest, nearest_direction_m
from emon.geofence.wgs84 import Floats

_ON_OUTLINE_M = 2e-5
"""A candidate this near the outline lies on it: a fiftieth of the promised millimetre."""
_DIRECTIONS = 128
"""Directions in which the way out is sought first."""
_VALLEY = 1.2
"""How far above the lowest a direction may start and still be followed."""
_STEPS_MAX = 400
_GOLDEN = 0.3819660112501051


@inner
def line_m(
    pieces: Floats, blocks: Floats, low: int, high: int, block: int, lon: float, lat: float
) -> tuple[float, float, float]:
    """Geodesic distance from a point to a line, and the line's nearest point (lon, lat)."""
    x, y, z = ecef(lon, lat)
    chord, i, t = nearest(pieces, blocks, low, high, block, x, y, z)
    at_lon = half_open(pieces[i, LON1] + t * pieces[i, DLON])
    at_lat = pieces[i, LAT1] + t * (pieces[i, LAT2] - pieces[i, LAT1])
    if chord > FAR_M:
        return nearest_direction_m(pieces, low, high, x, y, z), at_lon, at_lat
    return geodesic_m(lon, lat, at_lon, at_lat), at_lon, at_lat


@inner
def _way_out_m(
    pieces: Floats,
    blocks: Floats,
    low: int,
    high: int,
    block: int,
    width: float,
    lon: float,
    lat: float,
    azimuth: float,
    bound: float,
) -> float:
    """Distance from an inner point to the outline straight in one direction, infinite above a bound.

    The distance to the line changes by no more than the step taken, so no step passes the outline. A
    way that runs along the outline for hundreds of steps is never the least and is given up.
    """
    gone = 0.0
    to_lon, to_lat = lon, lat
    for _ in range(_STEPS_MAX):
        away, _, _ = line_m(pieces, blocks, low, high, block, to_lon, to_lat)
        if width - away < _ON_OUTLINE_M:
            return geodesic_m(lon, lat, to_lon, to_lat)
        gone += width - away
        if gone > bound:
            break
        to_lon, to_lat = step_to(lon, lat, azimuth, gone)
    return math.inf


@allocating
def _searched_m(
    pieces: Floats, blocks: Floats, low: int, high: int, block: int, width: float, lon: float, lat: float
) -> float:
    """Distance from an inner point to the outline: the least way out over all directions.

    Corners of the outline that point inwards make valleys; each is followed to its bottom by golden
    section, but for those that start well above the lowest.
    """
    step = 2.0 * math.pi / _DIRECTIONS
    lengths = np.empty(_DIRECTIONS)
    best = math.inf
    for k in range(_DIRECTIONS):
        bound = _VALLEY * best
        lengths[k] = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, k * step, bound)
        best = min(best, lengths[k])
    for k in range(_DIRECTIONS):
        below = min(lengths[(k + _DIRECTIONS - 1) % _DIRECTIONS], lengths[(k + 1) % _DIRECTIONS])
        if lengths[k] > below or not lengths[k] <= _VALLEY * best:
            continue
        left, right = (k - 1) * step, (k + 1) * step
        for _ in range(36):
            a_turn, b_turn = left + _GOLDEN * (right - left), right - _GOLDEN * (right - left)
            a = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, a_turn, math.inf)
            b = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, b_turn, math.inf)
            best = min(best, a, b)
            if a < b:
                right = b_turn
            else:
                left = a_turn
    return best


@inner
def corridor_distance_m(
    pieces: Floats, blocks: Floats, low: int, high: int, block: int, width: float, lon: float, lat: float
) -> float:
    """Signed distance to a corridor's outline.

    The least way out can be no shorter than the width less the line's distance. Straight away from
    the line's nearest point it is just that, unless another stretch of the corridor covers the end.
    """
    away, at_lon, at_lat = line_m(pieces, blocks, low, high, block, lon, lat)
    if away >= width:
        return away - width
    least = width - away
    azimuth = math.pi + azimuth_to(lon, lat, at_lon, at_lat)
    sides = 1
    if away < 1e-3:  # on the line itself the direction is noise: try both sides and the ends
        sides = 16
    for side in range(sides):
        turned = azimuth + side * 2.0 * math.pi / sides
        to_lon, to_lat = step_to(lon, lat, turned, least)
        covered, _, _ = line_m(pieces, blocks, low, high, block, to_lon, to_lat)
        if covered >= width - 1e-4:
            return -least
    return -_searched_m(pieces, blocks, low, high, block, width, lon, lat)
