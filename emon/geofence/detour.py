"""Kernels for the shortest way from one point by a zone to another: was the zone within reach?"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import chord_m, ecef, geodesic_m, half_open, short_way, step_to
from emon.geofence.jit import allocating, compiled, inner
from emon.geofence.layout import (
    AREA,
    BLOCK_FROM,
    BLOCK_PIECES,
    CENTER_LAT,
    CENTER_LON,
    CIRCLE,
    DLON,
    KIND,
    LAT1,
    LAT2,
    LON1,
    PIECE_FROM,
    PIECE_TO,
    RADIUS,
    SAG,
    VX,
    VY,
    VZ,
    X1,
    Y1,
    Z1,
    ZoneArrays,
)
from emon.geofence.paths import find_contact
from emon.geofence.wgs84 import Floats, Ints

_ARC_SAMPLES = 12
_GOLDEN = 0.3819660112501051


@inner
def _by_disc_m(
    lon1: float, lat1: float, lon2: float, lat2: float, lon: float, lat: float, radius: float, azimuth: float
) -> float:
    """Length of the way that meets a disc's edge at an azimuth from its centre."""
    at_lon, at_lat = step_to(lon, lat, azimuth, radius)
    return geodesic_m(lon1, lat1, at_lon, at_lat) + geodesic_m(at_lon, at_lat, lon2, lat2)


@inner
def _disc_detour_m(
    lon1: float, lat1: float, lon2: float, lat2: float, lon: float, lat: float, radius: float
) -> float:
    """Least way from one point by a disc to another, both outside: over the edge between the two."""
    from_1, from_2 = _azimuth(lon, lat, lon1, lat1), _azimuth(lon, lat, lon2, lat2)
    turn = from_2 - from_1
    turn -= 2.0 * math.pi * math.floor(0.5 + turn / (2.0 * math.pi))  # the short way round
    step = turn / _ARC_SAMPLES
    best, best_azimuth = math.inf, from_1
    for k in range(_ARC_SAMPLES + 1):
        length = _by_disc_m(lon1, lat1, lon2, lat2, lon, lat, radius, from_1 + k * step)
        if length < best:
            best, best_azimuth = length, from_1 + k * step
    low, high = best_azimuth - abs(step), best_azimuth + abs(step)
    for _ in range(24):
        left, right = low + _GOLDEN * (high - low), high - _GOLDEN * (high - low)
        a = _by_disc_m(lon1, lat1, lon2, lat2, lon, lat, radius, left)
        b = _by_disc_m(lon1, lat1, lon2, lat2, lon, lat, radius, right)
        best = min(best, a, b)
        if a < b:
            high = right
        else:
            low = left
    return best


@inner
def _azimuth(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Direction at 1 to 2 on the sphere, good at any distance; radians clockwise from north."""
    phi1, phi2, dlon = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    east = math.sin(dlon) * math.cos(phi2)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(dlon)
    return math.atan2(east, north)


@inner
def _touch_point(pieces: Floats, i: int, p: Floats, q: Floats, width: float) -> tuple[float, float]:
    """Fraction of piece ``i`` by which the way from p to q is shortest, and a chord length of it.

    Turned about the chord, p and q lie in one plane on either side, and the way is a straight line:
    it meets the chord between the feet in the ratio of the heights. A width lowers both heights.
    """
    vx, vy, vz = pieces[i, VX], pieces[i, VY], pieces[i, VZ]
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    px, py, pz = p[0] - pieces[i, X1], p[1] - pieces[i, Y1], p[2] - pieces[i, Z1]
    qx, qy, qz = q[0] - pieces[i, X1], q[1] - pieces[i, Y1], q[2] - pieces[i, Z1]
    t = 0.0
    if length > 0.0:
        foot_p = (px * vx + py * vy + pz * vz) / length
        foot_q = (qx * vx + qy * vy + qz * vz) / length
        high_p = math.sqrt(max(0.0, px * px + py * py + pz * pz - foot_p * foot_p))
        high_q = math.sqrt(max(0.0, qx * qx + qy * qy + qz * qz - foot_q * foot_q))
        high_p, high_q = max(0.0, high_p - width), max(0.0, high_q - width)
        both = high_p + high_q
        foot = (foot_p * high_q + foot_q * high_p) / both if both > 0.0 else foot_p
        t = min(1.0, max(0.0, foot / length))
    ax, ay, az = px - t * vx, py - t * vy, pz - t * vz
    bx, by, bz = qx - t * vx, qy - t * vy, qz - t * vz
    way = math.sqrt(ax * ax + ay * ay + az * az) + math.sqrt(bx * bx + by * by + bz * bz)
    return t, way - 2.0 * width


@allocating
def _outline_detour_m(
    zones: ZoneArrays, zone: int, lon1: float, lat1: float, lon2: float, lat2: float
) -> float:
    """Least way by an area's outline or into a corridor, from points outside."""
    pieces, blocks = zones.pieces, zones.blocks
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    block = zones.ints[zone, BLOCK_FROM]
    width = 0.0 if zones.ints[zone, KIND] == AREA else zones.floats[zone, RADIUS]
    p, q = np.array(ecef(lon1, lat1)), np.array(ecef(lon2, lat2))
    best, best_m = math.inf, math.inf
    for b in range((high - low + BLOCK_PIECES - 1) // BLOCK_PIECES):
        x, y, z, radius = blocks[block + b]
        nearest_way = chord_m(x, y, z, p[0], p[1], p[2]) + chord_m(x, y, z, q[0], q[1], q[2])
        if nearest_way - 2.0 * (radius + width) >= best:
            continue
        start = low + b * BLOCK_PIECES
        for i in range(start, min(start + BLOCK_PIECES, high)):
            if pieces[i, SAG] < 0.0:
                continue
            t, way = _touch_point(pieces, i, p, q, width)
            if way >= best:
                continue
            lon = half_open(pieces[i, LON1] + t * pieces[i, DLON])
            lat = pieces[i, LAT1] + t * (pieces[i, LAT2] - pieces[i, LAT1])
            if width > 0.0:
                by_disc = _disc_detour_m(lon1, lat1, lon2, lat2, lon, lat, width)
                best_m = min(best_m, by_disc)
                best = min(best, by_disc)
            else:
                best = way
                best_m = geodesic_m(lon1, lat1, lon, lat) + geodesic_m(lon, lat, lon2, lat2)
    return best_m


@allocating
def detour_m(zones: ZoneArrays, zone: int, lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Least way from point 1 by the closed zone to point 2."""
    straight = geodesic_m(lon1, lat1, lon2, lat2)
    found = np.empty(2)
    dlon = short_way(lon2 - lon1)
    if find_contact(zones, zone, lon1, lat1, dlon, lat2 - lat1, found):
        return straight
    if zones.ints[zone, KIND] == CIRCLE:
        lon, lat = zones.floats[zone, CENTER_LON], zones.floats[zone, CENTER_LAT]
        return max(straight, _disc_detour_m(lon1, lat1, lon2, lat2, lon, lat, zones.floats[zone, RADIUS]))
    return max(straight, _outline_detour_m(zones, zone, lon1, lat1, lon2, lat2))


@compiled
def detour_each(
    zones: ZoneArrays, zone: Ints, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats, out: Floats
) -> None:
    for i in range(len(zone)):
        out[i] = detour_m(zones, zone[i], half_open(lon1[i]), lat1[i], half_open(lon2[i]), lat2[i])
