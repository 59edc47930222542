"""Kernels for one point and one zone: inside or not, and how far from the outline."""

from __future__ import annotations

import math

from emon.geofence.corridor import corridor_distance_m
from emon.geofence.ellipsoid import FAR_M, arc_m, ecef, geodesic_m, half_open, short_way
from emon.geofence.jit import compiled, inner
from emon.geofence.layout import (
    AREA,
    BLOCK_FROM,
    CENTER_LAT,
    CENTER_LON,
    CIRCLE,
    DLON,
    F_LAT,
    F_LON,
    F_REACH,
    GHOST,
    KIND,
    LAT1,
    LAT2,
    LAT_MAX,
    LAT_MIN,
    LON1,
    LON2,
    LON_SPAN,
    PIECE_FROM,
    PIECE_TO,
    RADIUS,
    SAG,
    SLAB_COUNT,
    SLAB_DEG,
    SLAB_FROM,
    SLAB_LON,
    Bytes,
    Shorts,
    ZoneArrays,
)
from emon.geofence.near import OUTSIDE_NEAR, near_signed_m, verdict
from emon.geofence.nearest import nearest, nearest_direction_m
from emon.geofence.wgs84 import Floats, Ints

OPEN = 2


@inner
def _is_north(pieces: Floats, i: int, lon: float, lat: float) -> bool:
    """Whether the meridian from the point to the North Pole crosses piece ``i``.

    A piece holds its western end and not its eastern one, so that the meridian through a vertex
    counts each piece there once. The test of ends compares stored numbers and rounds nothing;
    where the piece runs over the 180th meridian, its answer turns round.
    """
    lon1, lon2, dlon = pieces[i, LON1], pieces[i, LON2], pieces[i, DLON]
    over_180 = abs(lon1 + dlon - lon2) > 1.0
    if ((lon1 > lon) != (lon2 > lon)) == over_180:
        return False
    lat1, lat2 = pieces[i, LAT1], pieces[i, LAT2]
    if pieces[i, SAG] == GHOST:
        return lat1 > 0.0  # it runs over a pole: north of every point, or south of every point
    if min(lat1, lat2) > lat:
        return True
    if max(lat1, lat2) <= lat:
        return False
    ahead = lon - lon1
    if ahead * dlon < 0.0:
        ahead += 360.0 if dlon > 0.0 else -360.0
    return lat1 + (lat2 - lat1) * (ahead / dlon) > lat


@inner
def is_inside(zones: ZoneArrays, zone: int, lon: float, lat: float) -> bool:
    """Whether an area holds the point, by parity; either answer for a point on its outline.

    Edges are straight in longitude and latitude, so that the plane of those is exact anywhere.
    """
    ints, floats = zones.ints, zones.floats
    if lat < floats[zone, LAT_MIN] or lat > floats[zone, LAT_MAX]:
        return False
    east = lon - floats[zone, SLAB_LON]
    if east < 0.0:
        east += 360.0
    if east > floats[zone, LON_SPAN]:
        return False
    low = ints[zone, PIECE_FROM]
    count = ints[zone, SLAB_COUNT]
    odd = False
    if count == 0:
        for i in range(low, ints[zone, PIECE_TO]):
            odd ^= _is_north(zones.pieces, i, lon, lat)
        return odd
    slab = ints[zone, SLAB_FROM] + min(count - 1, int(east / floats[zone, SLAB_DEG]))
    for k in range(zones.slab_offsets[slab], zones.slab_offsets[slab + 1]):
        odd ^= _is_north(zones.pieces, low + zones.slab_pieces[k], lon, lat)
    return odd


@inner
def outline_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    """Unsigned distance from a point to an area's outline."""
    x, y, z = ecef(lon, lat)
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    chord, _, _ = nearest(zones.pieces, zones.blocks, low, high, zones.ints[zone, BLOCK_FROM], x, y, z)
    if chord > FAR_M:
        return nearest_direction_m(zones.pieces, low, high, x, y, z)
    return arc_m(chord, math.sin(math.radians(lat)))


@inner
def signed_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    """Distance from a point to a zone's outline, negative inside. Longitude in [-180, 180).

    From the zone's frame where that reaches, else exactly. Called, not inlined: copying the tuple costs
    some nanoseconds a question, each copy of the code a second of compiling.
    """
    distance = near_signed_m(zones, zone, lon, lat)
    return exact_signed_m(zones, zone, lon, lat) if math.isnan(distance) else distance


@inner
def exact_signed_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    """As ``signed_m``, on the ellipsoid throughout: what the frames are held against."""
    kind = zones.ints[zone, KIND]
    if kind == AREA:
        distance = outline_m(zones, zone, lon, lat)
        return -distance if is_inside(zones, zone, lon, lat) else distance
    radius = zones.floats[zone, RADIUS]
    if kind == CIRCLE:
        center_lon, center_lat = zones.floats[zone, CENTER_LON], zones.floats[zone, CENTER_LAT]
        return geodesic_m(center_lon, center_lat, lon, lat) - radius
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    block = zones.ints[zone, BLOCK_FROM]
    return corridor_distance_m(zones.pieces, zones.blocks, low, high, block, radius, lon, lat)


# Each question is two kernels: what a frame answers, which is nearly all, and what it leaves open. So
# nobody waits for the exact ones to be compiled or loaded before there is something for them to do.


@compiled
def near_each(zones: ZoneArrays, zone: Ints, lon: Floats, lat: Floats, out: Floats) -> int:
    """Signed distances that frames answer, NaN where they leave it open; how many are."""
    left = 0
    for i in range(len(zone)):
        out[i] = near_signed_m(zones, zone[i], half_open(lon[i]), lat[i])
        left += math.isnan(out[i])
    return left


@compiled
def exact_each(zones: ZoneArrays, zone: Ints, lon: Floats, lat: Floats, out: Floats) -> None:
    """Exact signed distances where ``out`` is NaN."""
    for i in range(len(zone)):
        if math.isnan(out[i]):
            out[i] = exact_signed_m(zones, zone[i], half_open(lon[i]), lat[i])


@compiled
def verdict_each(zones: ZoneArrays, zone: Ints, lon: Floats, lat: Floats, out: Bytes) -> int:
    """-1 inside, 1 outside, ``OPEN`` where the distance must say; how many those are."""
    return _verdicts(
        zones.ints,
        zones.frames,
        zones.frame_ints,
        zones.slab_starts,
        zones.slab_edges,
        zones.edges,
        zones.cells,
        zone,
        lon,
        lat,
        out,
    )


@inner
def _verdicts(
    kinds: Ints,
    frames: Floats,
    ints: Ints,
    starts: Shorts,
    numbers: Shorts,
    edges: Floats,
    cells: Bytes,
    zone: Ints,
    lon: Floats,
    lat: Floats,
    out: Bytes,
) -> int:
    """The relations that grid and parity give; how many they leave open.

    Arrays one by one: taken from the tuple within a loop, each would be counted at each turn.
    """
    left = 0
    for i in range(len(zone)):
        z = zone[i]
        found = OUTSIDE_NEAR
        if kinds[z, KIND] == AREA and frames[z, F_REACH] >= 0.0:
            dlon, dlat = short_way(lon[i] - frames[z, F_LON]), lat[i] - frames[z, F_LAT]
            found = verdict(frames, ints, starts, numbers, edges, cells, z, dlon, dlat)
        if found < OUTSIDE_NEAR:
            out[i] = 1 - 2 * found
        else:
            out[i] = OPEN
            left += 1
    return left


@compiled
def nearest_each(
    zones: ZoneArrays, zone: Ints, lon: Floats, lat: Floats, at_lon: Floats, at_lat: Floats
) -> None:
    """The point nearest to each position of an area's outline, a corridor's line or a circle's centre."""
    for i in range(len(zone)):
        z = zone[i]
        if zones.ints[z, KIND] == CIRCLE:
            at_lon[i], at_lat[i] = zones.floats[z, CENTER_LON], zones.floats[z, CENTER_LAT]
            continue
        x, y, up = ecef(lon[i], lat[i])
        low, high = zones.ints[z, PIECE_FROM], zones.ints[z, PIECE_TO]
        _, k, t = nearest(zones.pieces, zones.blocks, low, high, zones.ints[z, BLOCK_FROM], x, y, up)
        at_lon[i] = half_open(zones.pieces[k, LON1] + t * zones.pieces[k, DLON])
        at_lat[i] = zones.pieces[k, LAT1] + t * (zones.pieces[k, LAT2] - zones.pieces[k, LAT1])


@compiled
def geodesic_each(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats, out: Floats) -> None:
    for i in range(len(lon1)):
        out[i] = geodesic_m(lon1[i], lat1[i], lon2[i], lat2[i])
