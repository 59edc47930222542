"""Kernels for whether a path touches a zone: by distance first, edge by edge where that leaves it open."""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.layout import F_LAT, F_LAT_MAX, F_LON, F_LON_MAX, F_REACH, ZoneArrays
from emon.geofence.paths import find_contact, speed_m
from emon.geofence.plane import plane_xy
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import FRAME_PLANE_MAX_M, ON_EDGE_M

MARGIN_M = 0.01
MARGIN = 2e-5
MARGIN_FAR = 0.03
FAR_M = 250_000.0
"""A signed distance errs by less than ``MARGIN_M`` and these shares of it, up to ``FAR_M`` and beyond."""
_BEYOND_PLANE_M = 0.85 * FRAME_PLANE_MAX_M
"""A point outside the box of a frame's plane is at least so far from its origin, up to latitude 85."""


@inlined
def _at_least_m(frames: Floats, zone: int, lon: float, lat: float) -> float:
    """A lower bound of the distance to a zone with a frame, from its bounding circle."""
    dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    if abs(dlon) > frames[zone, F_LON_MAX] or abs(dlat) > frames[zone, F_LAT_MAX]:
        return _BEYOND_PLANE_M - frames[zone, F_REACH]
    x, y = plane_xy(frames, zone, dlon, dlat)
    return math.sqrt(x * x + y * y) - frames[zone, F_REACH] - MARGIN_M


@inner
def touches(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    length_m: float,
    found: Floats,
) -> bool:
    """Whether a path touches a closed zone.

    A path of length L cannot where its ends are more than L from the zone together; only what is
    nearer is looked at edge by edge.
    """
    if zones.frames[zone, F_REACH] >= 0.0 and _at_least_m(zones.frames, zone, lon, lat) > length_m:
        return False
    first = signed_m(zones, zone, lon, lat)
    if first <= ON_EDGE_M:
        return True
    margin = 2.0 * (MARGIN_M + first * (MARGIN if first < FAR_M else MARGIN_FAR))
    if first > length_m + margin:
        return False
    last = signed_m(zones, zone, half_open(lon + dlon), lat + dlat)
    if last <= ON_EDGE_M:
        return True
    if first + last > length_m + margin:
        return False
    return find_contact(zones, zone, lon, lat, dlon, dlat, found)


@compiled
def touch_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    out: np.ndarray,
) -> None:
    """Whether each path touches its zone."""
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        out[i] = touches(zones, zone[i], lon, lat, dlon, dlat, speed_m(lat, dlon, dlat), found)
