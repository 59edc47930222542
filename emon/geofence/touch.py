"""Kernels for whether a path touches a zone: by distance first, edge by edge where that leaves it open."""

from __future__ import annotations

from emon.geofence.depths import speed_m
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inner
from emon.geofence.layout import Bytes, ZoneArrays
from emon.geofence.near_paths import FAR_M, MARGIN, MARGIN_FAR, MARGIN_M, OPEN, YES, near_touches
from emon.geofence.paths import find_contact
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import ON_EDGE_M


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
    """Whether a path touches a closed zone, from the zone's frame where that reaches, else exactly."""
    near = near_touches(zones, zone, lon, lat, dlon, dlat, length_m, found)
    if near == OPEN:
        return exact_touches(zones, zone, lon, lat, dlon, dlat, length_m, found)
    return near == YES


@inner
def exact_touches(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    length_m: float,
    found: Floats,
) -> bool:
    """As ``near_touches``, of any zone anywhere."""
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
    out: Bytes,
) -> None:
    """Whether each path touches its zone, where ``out`` is ``OPEN``."""
    for i in range(len(zone)):
        if out[i] != OPEN:
            continue
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        out[i] = exact_touches(zones, zone[i], lon, lat, dlon, dlat, speed_m(lat, dlon, dlat), found)
