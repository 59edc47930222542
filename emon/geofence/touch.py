"""Kernels for whether a path touches a zone: by distance first, edge by edge where that leaves it open."""

from __future__ import annotations

from emon.geofence.depths import speed_m
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inner
from emon.geofence.layout import Bytes, ZoneArrays
from emon.geofence.near_paths import OPEN, YES, by_ends, near_touches
from emon.geofence.paths import find_contact
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import Floats, Ints


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
    answer = by_ends(first, 0.0, length_m)
    if answer == OPEN:
        answer = by_ends(signed_m(zones, zone, half_open(lon + dlon), lat + dlat), first, length_m)
    if answer != OPEN:
        return answer == YES
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
