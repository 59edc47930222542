"""Kernels for paths: straight in longitude and latitude between two positions, the short way.

Both the path and an area's edges are straight in that plane, so where they cross is a formula.
Circles and corridors are curved there; against them a path is walked by steps no longer than the
distance to the zone, which no step can pass over.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import chord_m, ecef, half_open, short_way
from emon.geofence.gap import gap_m
from emon.geofence.jit import allocating, compiled, inner
from emon.geofence.layout import (
    AREA,
    BLOCK_FROM,
    BLOCK_PIECES,
    CORRIDOR,
    DLON,
    KIND,
    LAT1,
    LAT2,
    LON1,
    PIECE_FROM,
    PIECE_TO,
    SAG,
    ZoneArrays,
)
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import ECC2, METRES_PER_DEGREE_MAX, SEMI_MAJOR_M, Floats, Ints
from emon.limits import ON_EDGE_M

_STEPS_MAX = 20_000
_PARALLEL = 1e-10
"""Of two lines that turn by less, rounding would place the crossing; over 300 km they part by 0.03 mm."""
_DEPTHS_MAX = 160
_DEPTHS_CORRIDOR_MAX = 40
"""Depths looked at along one path; within a corridor's bend each may itself be a search."""


@inner
def speed_m(lat: float, dlon: float, dlat: float) -> float:
    """No path covers more metres in a unit of its fraction than this."""
    lowest = 0.0
    if lat * (lat + dlat) > 0.0:
        lowest = min(abs(lat), abs(lat + dlat))
    return METRES_PER_DEGREE_MAX * math.hypot(dlon * math.cos(math.radians(lowest)), dlat)


@inner
def depth_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, t: float
) -> float:
    """How far inside the zone the path is at ``t``; negative outside."""
    return -signed_m(zones, zone, half_open(lon + t * dlon), lat + t * dlat)


@allocating
def deepest_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, first: float, last: float
) -> float:
    """Greatest depth of the path between two fractions.

    Depth changes by at most a metre a metre, so between two known depths it can rise to half their
    sum and the way between; the stretch where it can rise highest is halved first.
    """
    limit = _DEPTHS_CORRIDOR_MAX if zones.ints[zone, KIND] == CORRIDOR else _DEPTHS_MAX
    speed = speed_m(lat, dlon, dlat)
    begins, ends = np.empty(limit), np.empty(limit)
    at_begin, at_end = np.empty(limit), np.empty(limit)
    begins[0], ends[0] = first, last
    at_begin[0] = depth_m(zones, zone, lon, lat, dlon, dlat, first)
    at_end[0] = depth_m(zones, zone, lon, lat, dlon, dlat, last)
    best = max(0.0, at_begin[0], at_end[0])
    count = 1
    while count < limit:
        highest, widest = -math.inf, 0
        for k in range(count):
            peak = 0.5 * (at_begin[k] + at_end[k] + speed * (ends[k] - begins[k]))
            if peak > highest:
                highest, widest = peak, k
        if not highest > best + max(1e-4, 1e-6 * best):
            break
        middle = 0.5 * (begins[widest] + ends[widest])
        depth = depth_m(zones, zone, lon, lat, dlon, dlat, middle)
        best = max(best, depth)
        begins[count], ends[count] = middle, ends[widest]
        at_begin[count], at_end[count] = depth, at_end[widest]
        ends[widest], at_end[widest] = middle, depth
        count += 1
    return best


@inner
def _vertex_contact(x: float, y: float, lat: float, dlon: float, dlat: float) -> float:
    """Fraction of a path at which it passes a vertex (x, y from its start) on the edge, else NaN.

    Measured in metres at the vertex: what is no more than half a millimetre off lies in one plane.
    """
    sin_lat = math.sin(math.radians(lat))
    root = 1.0 - ECC2 * sin_lat * sin_lat
    east = math.radians(SEMI_MAJOR_M / math.sqrt(root)) * math.sqrt(max(0.0, 1.0 - sin_lat * sin_lat))
    north = math.radians(SEMI_MAJOR_M * (1.0 - ECC2) / (root * math.sqrt(root)))
    dx, dy = dlon * east, dlat * north
    length2 = dx * dx + dy * dy
    if length2 == 0.0:
        return math.nan
    t = min(1.0, max(0.0, (x * east * dx + y * north * dy) / length2))
    off = math.hypot(x * east - t * dx, y * north - t * dy)
    return t if off <= ON_EDGE_M else math.nan


@inner
def _piece_contact(
    pieces: Floats, i: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> None:
    """Widen ``found`` (first, last) by where the path meets piece ``i`` or its first vertex."""
    y1, y2 = pieces[i, LAT1] - lat, pieces[i, LAT2] - lat
    if max(y1, y2) < min(0.0, dlat) - 1e-8 or min(y1, y2) > max(0.0, dlat) + 1e-8:
        return
    run = pieces[i, DLON]
    near = short_way(pieces[i, LON1] - lon)
    west, east = min(0.0, dlon), max(0.0, dlon)
    for turn in range(-1, 2):
        x1 = near + 360.0 * turn
        margin = 1e-3 if abs(pieces[i, LAT1]) < 89.99 else 360.0
        if max(x1, x1 + run) < west - margin or min(x1, x1 + run) > east + margin:
            continue
        rise = y2 - y1
        turned = dlon * rise - dlat * run
        if abs(turned) > _PARALLEL * (abs(dlon * rise) + abs(dlat * run)):  # else vertices and ends tell
            t = (x1 * rise - y1 * run) / turned
            share = (x1 * dlat - y1 * dlon) / turned
            if 0.0 <= t <= 1.0 and 0.0 <= share <= 1.0:
                found[0], found[1] = min(found[0], t), max(found[1], t)
        t = _vertex_contact(x1, y1, pieces[i, LAT1], dlon, dlat)
        if t >= 0.0:
            found[0], found[1] = min(found[0], t), max(found[1], t)


@inner
def _area_contact(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> None:
    """First and last contact with an area into ``found``; infinities where there is none."""
    if signed_m(zones, zone, lon, lat) <= ON_EDGE_M:
        found[0] = 0.0
        found[1] = max(found[1], 0.0)
    if signed_m(zones, zone, half_open(lon + dlon), lat + dlat) <= ON_EDGE_M:
        found[0] = min(found[0], 1.0)
        found[1] = 1.0
    if found[0] == 0.0 and found[1] == 1.0:
        return
    reach = 0.5 * speed_m(lat, dlon, dlat) + ON_EDGE_M
    x, y, z = ecef(lon + 0.5 * dlon, lat + 0.5 * dlat)
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    block = zones.ints[zone, BLOCK_FROM]
    for b in range((high - low + BLOCK_PIECES - 1) // BLOCK_PIECES):
        row = block + b
        away = chord_m(zones.blocks[row, 0], zones.blocks[row, 1], zones.blocks[row, 2], x, y, z)
        if away > reach + zones.blocks[row, 3]:
            continue
        start = low + b * BLOCK_PIECES
        for i in range(start, min(start + BLOCK_PIECES, high)):
            if zones.pieces[i, SAG] >= 0.0:
                _piece_contact(zones.pieces, i, lon, lat, dlon, dlat, found)


@inner
def _walk(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, from_end: bool
) -> float:
    """Fraction at which a path, walked from its start or its end, first meets the zone; else NaN."""
    speed = speed_m(lat, dlon, dlat)
    gone = 0.0
    for _ in range(_STEPS_MAX):
        t = 1.0 - gone if from_end else gone
        away = -depth_m(zones, zone, lon, lat, dlon, dlat, t)
        if away <= ON_EDGE_M:
            return t
        if gone >= 1.0 or speed == 0.0:
            break
        gone = min(1.0, gone + max(away, 0.5 * ON_EDGE_M) / speed)
    return math.nan


@inner
def _curved_contact(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> None:
    """First and last contact with a circle or a corridor into ``found``."""
    gap, at = gap_m(zones, zone, lon, lat, dlon, dlat)
    if gap > ON_EDGE_M:
        return
    first = _walk(zones, zone, lon, lat, dlon, dlat, False)
    last = _walk(zones, zone, lon, lat, dlon, dlat, True)
    found[0] = at if math.isnan(first) else first
    found[1] = at if math.isnan(last) else last


@inner
def find_contact(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> bool:
    """Whether a path touches a zone; its first and last contact are put into ``found``."""
    found[0], found[1] = math.inf, -math.inf
    if zones.ints[zone, KIND] == AREA:
        _area_contact(zones, zone, lon, lat, dlon, dlat, found)
    else:
        _curved_contact(zones, zone, lon, lat, dlon, dlat, found)
    return found[0] <= found[1]


@compiled
def contact_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    touched: np.ndarray,
    contacts: Floats,
) -> None:
    """First, last and deepest into the rows of ``contacts``; ``found`` is room for two numbers."""
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        if find_contact(zones, zone[i], lon, lat, dlon, dlat, found):
            touched[i] = True
            contacts[0, i], contacts[1, i] = found[0], found[1]
            contacts[2, i] = deepest_m(zones, zone[i], lon, lat, dlon, dlat, found[0], found[1])


@compiled
def gap_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    out: Floats,
) -> None:
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        if not find_contact(zones, zone[i], lon, lat, dlon, dlat, found):
            out[i], _ = gap_m(zones, zone[i], lon, lat, dlon, dlat)
