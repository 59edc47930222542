"""The probability that a position with a normal error lies inside a zone.

The error is circular: the true position is normally distributed about the fix, with the same standard
deviation along every axis, in the azimuthal equidistant plane about the fix.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely

from emon.geofence.columns import columns_of, numbers_of, whole_numbers
from emon.geofence.layout import (
    CORRIDOR,
    DLON,
    GHOST,
    KIND,
    LAT1,
    LAT2,
    LON1,
    PIECE_FROM,
    PIECE_TO,
    RADIUS,
    SAG,
    X1,
)
from emon.geofence.outline import polygons_of
from emon.geofence.relation import distances_m
from emon.geofence.wgs84 import Floats, to_ecef
from emon.geofence.zones import ZoneTable
from emon.limits import PROBABILITY_REACH, PROBABILITY_SIGMA_MAX_M

_SURE_M = 0.5
"""Nearer to an edge than this, edges cut anew about the fix may show its other side."""
_PARTS_MAX = 64
_ROUND = 1e-4
"""By so many σ a round end may leave its chords."""


def inside_probabilities(
    table: ZoneTable,
    zone_index: npt.ArrayLike,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    sigma_m: npt.ArrayLike,
) -> Floats:
    """``f64[n]``, 0 to 1: how much of each fix's error lies inside its closed zone.

    ``sigma_m`` is the standard deviation along one axis; a reported radius of 95 % is 2.4477 of it, one
    of 68 % 1.5096. Fixes farther from the edge than 6.5 σ are answered 0 or 1 by their distance, which
    errs by less than 1e-9; for the others the normal density is integrated over the zone, within 1e-6 and
    what 0.2 mm are of σ. Corridors are within 1e-4, and cost some hundred times an area.

    Raises ``IndexError`` for an unknown zone, ``ValueError`` for columns of unequal length and, by
    column and row, for a position that is none or a ``sigma_m`` that is not above 0 and up to 500 km.
    """
    from emon.geofence.probability_kernels import probability_each

    lon, lat = columns_of(lon=lon, lat=lat)
    zones = whole_numbers("zone_index", zone_index, len(lon), len(table), "the table has {} zones")
    sigma = _sigmas(sigma_m, len(lon))
    distance, out = np.empty(len(lon)), np.empty(len(lon))
    probability_each(table.arrays, zones, lon, lat, sigma, distance, out)
    for i in np.flatnonzero(np.isnan(out)):
        found = _about_fix(
            table, int(zones[i]), float(lon[i]), float(lat[i]), float(sigma[i]), float(distance[i])
        )
        out[i] = min(1.0, max(0.0, found))
    return out


def _sigmas(given: npt.ArrayLike, count: int) -> Floats:
    sigma = numbers_of("sigma_m", given)
    if sigma.shape != (count,):
        raise ValueError(f"sigma_m has shape {sigma.shape} for {count} positions")
    good = (sigma > 0.0) & (sigma <= PROBABILITY_SIGMA_MAX_M)  # false for NaN
    if not good.all():
        row = int(np.argmin(good))
        raise ValueError(
            f"sigma_m[{row}] is {sigma[row]:.15g}; must be above 0 and up to {PROBABILITY_SIGMA_MAX_M:g}"
        )
    return sigma


def _about_fix(
    table: ZoneTable, zone: int, lon: float, lat: float, sigma_m: float, distance_m: float
) -> float:
    """For zones without a plane of their own, and corridors: edges laid in the plane about the fix."""
    from emon.geofence.probability_kernels import edges_probability

    zones = table.arrays
    corridor = zones.ints[zone, KIND] == CORRIDOR
    whole = bool(corridor or abs(distance_m) < _SURE_M)
    width_m = float(zones.floats[zone, RADIUS]) if corridor else 0.0
    pieces = zones.pieces[zones.ints[zone, PIECE_FROM] : zones.ints[zone, PIECE_TO]]
    pieces = pieces[pieces[:, SAG] != GHOST]
    if corridor or not whole:
        reach_m = PROBABILITY_REACH * sigma_m + width_m
        pieces = pieces[_chord_gaps_m(pieces, lon, lat) <= 1.01 * reach_m + 10.0]
    edges = _laid(pieces, lon, lat, sigma_m)
    if corridor:
        edges = _rim(edges, width_m, sigma_m)
    total = float(edges_probability(edges, sigma_m, whole))
    return total + 1.0 if distance_m < 0.0 and not whole else total


def _chord_gaps_m(pieces: Floats, lon: float, lat: float) -> Floats:
    """Straight distances through the Earth from a position to each piece, its bow taken off."""
    at = to_ecef(np.array([lon]), np.array([lat]))[0] - pieces[:, X1 : X1 + 3]
    chord = pieces[:, X1 + 3 : X1 + 6]
    length2 = np.maximum(np.sum(chord * chord, axis=1), 1e-300)
    t = np.clip(np.sum(at * chord, axis=1) / length2, 0.0, 1.0)
    gaps: Floats = np.linalg.norm(at - t[:, None] * chord, axis=1) - np.abs(pieces[:, SAG])
    return gaps


def _laid(pieces: Floats, lon: float, lat: float, sigma_m: float) -> Floats:
    """Pieces as straight edges ``f64[n, 4]`` about a position, cut where they are long against σ."""
    length_m = np.linalg.norm(pieces[:, X1 + 3 : X1 + 6], axis=1)
    parts = np.clip(np.ceil(length_m / np.minimum(sigma_m, 100.0)), 1, _PARTS_MAX).astype(np.int64)
    row = np.repeat(np.arange(len(pieces)), parts)
    step = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    ends = []
    for share in (step / parts[row], (step + 1) / parts[row]):
        point_lon = pieces[row, LON1] + share * pieces[row, DLON]
        point_lat = pieces[row, LAT1] + share * (pieces[row, LAT2] - pieces[row, LAT1])
        ends.append(_azimuthal(point_lon, point_lat, lon, lat))
    return np.column_stack(ends)


def _azimuthal(point_lon: Floats, point_lat: Floats, lon: float, lat: float) -> Floats:
    """``f64[n, 2]`` metres east and north: the geodesic distance in the direction of the tangent plane."""
    wrapped = (point_lon + 180.0) % 360.0 - 180.0
    same = np.full(len(wrapped), 1.0)
    away_m = distances_m(lon * same, lat * same, wrapped, point_lat)
    x, y, z = (to_ecef(wrapped, point_lat) - to_ecef(np.array([lon]), np.array([lat]))).T
    a, b = math.radians(lon), math.radians(lat)
    east = -math.sin(a) * x + math.cos(a) * y
    north = -math.sin(b) * (math.cos(a) * x + math.sin(a) * y) + math.cos(b) * z
    flat = np.hypot(east, north)
    scale = away_m / np.where(flat > 0.0, flat, 1.0)
    return np.column_stack((east * scale, north * scale))


def _rim(line: Floats, width_m: float, sigma_m: float) -> Floats:
    """The outline, inside on the left, of all within ``width_m`` of a line's edges."""
    bend = math.acos(max(0.0, 1.0 - min(1.0, _ROUND * sigma_m / width_m)))
    segments = int(np.clip(math.ceil(math.pi / 4.0 / bend), 8, 256))
    lines = shapely.linestrings(line.reshape(-1, 2, 2))
    shape = shapely.union_all(shapely.buffer(lines, width_m, quad_segs=segments))
    rings = []
    for polygon in polygons_of(shape):
        turned: shapely.Polygon = shapely.orient_polygons(polygon)
        for ring in (turned.exterior, *turned.interiors):
            xy = shapely.get_coordinates(ring)
            rings.append(np.concatenate((xy[:-1], xy[1:]), axis=1))
    return np.concatenate(rings) if rings else np.zeros((0, 4))
