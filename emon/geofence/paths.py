"""Kernels for paths: straight in longitude and latitude between two positions, the short way.

Both the path and an area's edges are straight in that plane, so where they cross is a formula.
Circles and corridors are curved there; against them a path is walked by steps no longer than the
distance to the zone, which no step can pass over.

What a frame answers, which is nearly all, has kernels of its own (near_paths.py): here is the rest.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.depths import deepest_m, depth_m, speed_m
from emon.geofence.ellipsoid import chord_m, ecef, half_open, short_way
from emon.geofence.gap import gap_m
from emon.geofence.jit import compiled, inner
from emon.geofence.layout import (
    AREA,
    BLOCK_FROM,
    BLOCK_PIECES,
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
from emon.geofence.wgs84 import ECC2, SEMI_MAJOR_M, Floats, Ints
from emon.limits import ON_EDGE_M

_STEPS_MAX = 20_000
_PARALLEL = 1e-10
"""Of two lines that turn by less, rounding would place the crossing; over 300 km they part by 0.03 mm."""


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
def edges_contact(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    starts_m: float,
    ends_m: float,
    found: Floats,
) -> None:
    """First and last contact with an area into ``found``; infinities where there is none.

    ``starts_m`` and ``ends_m`` are the signed distances of the path's ends.
    """
    found[0], found[1] = math.inf, -math.inf
    if starts_m <= ON_EDGE_M:
        found[0] = found[1] = 0.0
    if ends_m <= ON_EDGE_M:
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
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, begin: float
) -> float:
    """Fraction at which a path, walked from its start (0) or its end (1), first meets the zone; else NaN."""
    speed = speed_m(lat, dlon, dlat)
    gone = 0.0
    for _ in range(_STEPS_MAX):
        t = 1.0 - gone if begin == 1.0 else gone
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
    """First and last contact with a circle or a corridor into ``found``; infinities where there is none."""
    found[0], found[1] = math.inf, -math.inf
    gap, at = gap_m(zones, zone, lon, lat, dlon, dlat)
    if gap > ON_EDGE_M:
        return
    first = _walk(zones, zone, lon, lat, dlon, dlat, 0.0)
    last = _walk(zones, zone, lon, lat, dlon, dlat, 1.0)
    found[0] = at if math.isnan(first) else first
    found[1] = at if math.isnan(last) else last


@inner
def find_contact(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> bool:
    """Whether a path touches a zone; its first and last contact are put into ``found``."""
    if zones.ints[zone, KIND] == AREA:
        starts_m = signed_m(zones, zone, lon, lat)
        ends_m = signed_m(zones, zone, half_open(lon + dlon), lat + dlat)
        edges_contact(zones, zone, lon, lat, dlon, dlat, starts_m, ends_m, found)
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
    """First, last and deepest into the rows of ``contacts``, where the last is NaN.

    ``found`` is room for two numbers.
    """
    for i in range(len(zone)):
        if not math.isnan(contacts[2, i]):
            continue
        contacts[2, i] = 0.0
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
    """Metres from each path to its zone, where ``out`` is NaN. ``found`` is room for two numbers."""
    for i in range(len(zone)):
        if not math.isnan(out[i]):
            continue
        out[i] = 0.0
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        if not find_contact(zones, zone[i], lon, lat, dlon, dlat, found):
            out[i], _ = gap_m(zones, zone[i], lon, lat, dlon, dlat)
