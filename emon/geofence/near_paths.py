"""Kernels for paths by areas with a frame: what can be answered without the exact kernels.

Each leaves a path open whose zone is no area, or that leaves the reach of the zone's frame; the kernels of
paths.py and touch.py then answer it. So nobody waits for those to be compiled before there is something
for them to do, which is seldom; and both give the same answer wherever both can.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.depths import near_deepest_m, speed_m
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.gap import area_gap_m
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import most
from emon.geofence.layout import AREA, F_LAT, F_LAT_MAX, F_LON, F_LON_MAX, F_REACH, KIND, Bytes, ZoneArrays
from emon.geofence.near import near_signed_m
from emon.geofence.paths import edges_contact
from emon.geofence.plane import plane_xy
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import FRAME_PLANE_MAX_M, ON_EDGE_M

NO, YES, OPEN = 0, 1, 2

MARGIN_M = 0.01
MARGIN = 2e-5
MARGIN_FAR = 0.03
FAR_M = 250_000.0
"""A signed distance errs by less than ``MARGIN_M`` and these shares of it, up to ``FAR_M`` and beyond."""
_BEYOND_PLANE_M = 0.85 * FRAME_PLANE_MAX_M
"""A point outside the box of a frame's plane is at least so far from its origin, up to latitude 85."""


@inner
def near_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    """As ``near_signed_m``, once for all who ask."""
    return near_signed_m(zones, zone, lon, lat)


@inner
def near_contact(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, found: Floats
) -> int:
    """Whether a path touches an area, or ``OPEN``; its first and last contact are put into ``found``."""
    if zones.ints[zone, KIND] != AREA:
        return OPEN
    starts_m = near_m(zones, zone, lon, lat)
    if math.isnan(starts_m):
        return OPEN
    ends_m = near_m(zones, zone, half_open(lon + dlon), lat + dlat)
    if math.isnan(ends_m):
        return OPEN
    edges_contact(zones, zone, lon, lat, dlon, dlat, starts_m, ends_m, found)
    return YES if found[0] <= found[1] else NO


@inlined
def _at_least_m(frames: Floats, zone: int, lon: float, lat: float) -> float:
    """A lower bound of the distance to a zone with a frame, from its bounding circle."""
    dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    if abs(dlon) > frames[zone, F_LON_MAX] or abs(dlat) > frames[zone, F_LAT_MAX]:
        return _BEYOND_PLANE_M - frames[zone, F_REACH]
    x, y = plane_xy(frames, zone, dlon, dlat)
    return math.sqrt(x * x + y * y) - frames[zone, F_REACH] - MARGIN_M


@inlined
def by_ends(one_m: float, other_m: float, length_m: float) -> int:
    """Whether a path touches a zone by the distance of one end and the other's (0 if unknown), or ``OPEN``.

    A path of length L cannot where its ends are more than L from the zone together.
    """
    if one_m <= ON_EDGE_M:
        return YES
    farther_m = most(one_m, other_m)
    margin = 2.0 * (MARGIN_M + farther_m * (MARGIN if farther_m < FAR_M else MARGIN_FAR))
    return NO if one_m + other_m > length_m + margin else OPEN


@inner
def near_touches(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    length_m: float,
    found: Floats,
) -> int:
    """Whether a path touches a closed zone, or ``OPEN``: by its ends, else edge by edge."""
    if zones.frames[zone, F_REACH] < 0.0:
        return OPEN
    if _at_least_m(zones.frames, zone, lon, lat) > length_m:
        return NO
    first = near_m(zones, zone, lon, lat)
    if math.isnan(first):
        return OPEN
    answer = by_ends(first, 0.0, length_m)
    if answer != OPEN:
        return answer
    last = near_m(zones, zone, half_open(lon + dlon), lat + dlat)
    if math.isnan(last):
        return OPEN
    answer = by_ends(last, first, length_m)
    if answer != OPEN:
        return answer
    if zones.ints[zone, KIND] != AREA:
        return OPEN
    edges_contact(zones, zone, lon, lat, dlon, dlat, first, last, found)
    return YES if found[0] <= found[1] else NO


@compiled
def near_touch_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    out: Bytes,
) -> int:
    """Whether each path touches its zone, or ``OPEN``; how many those are."""
    left = 0
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        out[i] = near_touches(zones, zone[i], lon, lat, dlon, dlat, speed_m(lat, dlon, dlat), found)
        left += out[i] == OPEN
    return left


@compiled
def near_contact_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    touched: np.ndarray,
    contacts: Floats,
) -> int:
    """First, last and deepest into the rows of ``contacts``, the last NaN where open; how many those are."""
    left = 0
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        touches, deepest = near_contact(zones, zone[i], lon, lat, dlon, dlat, found), 0.0
        if touches == YES:
            deepest = near_deepest_m(zones, zone[i], lon, lat, dlon, dlat, found[0], found[1])
        if touches == OPEN or math.isnan(deepest):
            contacts[2, i] = math.nan
            left += 1
            continue
        contacts[2, i] = deepest
        if touches == YES:
            touched[i] = True
            contacts[0, i], contacts[1, i] = found[0], found[1]
    return left


@compiled
def near_gap_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    out: Floats,
) -> int:
    """Metres from each path to its zone, NaN where open; how many those are."""
    left = 0
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        touches = near_contact(zones, zone[i], lon, lat, dlon, dlat, found)
        out[i] = 0.0
        if touches == OPEN:
            out[i] = math.nan
            left += 1
        elif touches == NO:
            out[i], _ = area_gap_m(zones, zone[i], lon, lat, dlon, dlat)
    return left
