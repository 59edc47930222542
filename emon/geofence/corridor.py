"""Kernels for corridors: all points within a width of a line, with round ends.

Outside, the outline is the line's distance less the width. Inside it is not always the width less
the line's distance: in a bend, or where the corridor meets itself, the way out is longer.
"""

from __future__ import annotations

import math

from emon.geofence.ellipsoid import FAR_M, azimuth_to, ecef, geodesic_m, half_open, step_to
from emon.geofence.jit import inner
from emon.geofence.layout import DLON, LAT1, LAT2, LON1
from emon.geofence.nearest import nearest, nearest_direction_m
from emon.geofence.wgs84 import Floats

_ON_OUTLINE_M = 2e-5
"""A candidate this near the outline lies on it: a fiftieth of the promised millimetre."""
_DIRECTIONS = 96
"""Directions in which the way out is sought first; the best are then refined."""


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
) -> float:
    """Distance from an inner point to the outline straight in one direction.

    The distance to the line changes by no more than the step taken, so no step passes the outline.
    """
    gone = 0.0
    to_lon, to_lat = lon, lat
    for _ in range(400):
        away, _, _ = line_m(pieces, blocks, low, high, block, to_lon, to_lat)
        if width - away < _ON_OUTLINE_M:
            break
        gone += width - away
        to_lon, to_lat = step_to(lon, lat, azimuth, gone)
    return geodesic_m(lon, lat, to_lon, to_lat)


@inner
def _searched_m(
    pieces: Floats, blocks: Floats, low: int, high: int, block: int, width: float, lon: float, lat: float
) -> float:
    """Distance from an inner point to the outline, over all directions."""
    step = 2.0 * math.pi / _DIRECTIONS
    best, best_azimuth = math.inf, 0.0
    for k in range(_DIRECTIONS):
        length = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, k * step)
        if length < best:
            best, best_azimuth = length, k * step
    left, right = best_azimuth - step, best_azimuth + step
    for _ in range(40):
        a_azimuth, b_azimuth = left + 0.382 * (right - left), right - 0.382 * (right - left)
        a = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, a_azimuth)
        b = _way_out_m(pieces, blocks, low, high, block, width, lon, lat, b_azimuth)
        best = min(best, a, b)
        if a < b:
            right = b_azimuth
        else:
            left = a_azimuth
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

