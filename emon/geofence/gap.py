"""Kernels for the distance between a path and a zone that it does not cross."""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.corridor import line_m
from emon.geofence.ellipsoid import FAR_M, arc_m, chord_m, curve_at, ecef, geodesic_m, half_open
from emon.geofence.jit import allocating, inner
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
    LON2,
    PIECE_FLOATS,
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
from emon.geofence.nearest import along_chord, nearest, nearest_direction_m, on_curve
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats
from emon.limits import PIECE_DEGREES_MAX, PIECE_LENGTH_MIN_M

_PARTS_MAX = 2_000
_GOLDEN = 0.3819660112501051


@allocating
def cut_path(lon: float, lat: float, dlon: float, dlat: float) -> Floats:
    """A path as pieces, in the layout of a zone's."""
    length = METRES_PER_DEGREE_MAX * math.hypot(dlon, dlat)
    wanted = max(1.0, math.ceil(max(length / PIECE_LENGTH_MIN_M, abs(dlon) / PIECE_DEGREES_MAX)))
    count = int(min(float(_PARTS_MAX), wanted))
    out = np.empty((count, PIECE_FLOATS))
    x1, y1, z1 = ecef(lon, lat)
    for i in range(count):
        t1, t2 = i / count, (i + 1) / count
        out[i, LON1], out[i, LAT1] = lon + t1 * dlon, lat + t1 * dlat
        out[i, LON2], out[i, LAT2] = lon + t2 * dlon, lat + t2 * dlat
        out[i, DLON] = out[i, LON2] - out[i, LON1]
        x2, y2, z2 = ecef(out[i, LON2], out[i, LAT2])
        out[i, X1], out[i, Y1], out[i, Z1] = x1, y1, z1
        out[i, VX], out[i, VY], out[i, VZ] = x2 - x1, y2 - y1, z2 - z1
        sag = 0.0
        for k in range(1, 4):
            s = 0.25 * k
            x, y, z = ecef(out[i, LON1] + s * out[i, DLON], out[i, LAT1] + s * (out[i, LAT2] - out[i, LAT1]))
            off = chord_m(x, y, z, x1 + s * out[i, VX], y1 + s * out[i, VY], z1 + s * out[i, VZ])
            sag = max(sag, off)
        out[i, SAG] = 1.2 * sag + 1e-8
        x1, y1, z1 = x2, y2, z2
    return out


@inner
def _chords_m(a: Floats, i: int, b: Floats, j: int) -> float:
    """Least distance between two chords: between their insides, or at an end of either."""
    wx, wy, wz = a[i, X1] - b[j, X1], a[i, Y1] - b[j, Y1], a[i, Z1] - b[j, Z1]
    ux, uy, uz = a[i, VX], a[i, VY], a[i, VZ]
    vx, vy, vz = b[j, VX], b[j, VY], b[j, VZ]
    _, best = along_chord(b, j, a[i, X1], a[i, Y1], a[i, Z1])
    _, other = along_chord(b, j, a[i, X1] + ux, a[i, Y1] + uy, a[i, Z1] + uz)
    best = min(best, other)
    _, other = along_chord(a, i, b[j, X1], b[j, Y1], b[j, Z1])
    best = min(best, other)
    _, other = along_chord(a, i, b[j, X1] + vx, b[j, Y1] + vy, b[j, Z1] + vz)
    best = min(best, other)
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    uw, vw = ux * wx + uy * wy + uz * wz, vx * wx + vy * wy + vz * wz
    skew = uu * vv - uv * uv
    if skew <= 1e-12 * uu * vv:
        return best
    s, t = (uv * vw - vv * uw) / skew, (uu * vw - uv * uw) / skew
    if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
        dx, dy, dz = wx + s * ux - t * vx, wy + s * uy - t * vy, wz + s * uz - t * vz
        best = min(best, math.sqrt(dx * dx + dy * dy + dz * dz))
    return best


@inner
def _from_path_m(path: Floats, i: int, s: float, pieces: Floats, j: int) -> float:
    """Chord from the point at ``s`` of a path's piece to an outline's piece."""
    dlat = path[i, LAT2] - path[i, LAT1]
    x, y, z, _, _, _ = curve_at(path[i, LON1], path[i, LAT1], path[i, DLON], dlat, s)
    t, _ = along_chord(pieces, j, x, y, z)
    found, _ = on_curve(pieces, j, x, y, z, t)
    return found


@inner
def _pair_m(path: Floats, i: int, pieces: Floats, j: int) -> tuple[float, float]:
    """Least chord between two pieces, and the path's fraction there, by golden section."""
    best, best_s = _from_path_m(path, i, 0.0, pieces, j), 0.0
    other = _from_path_m(path, i, 1.0, pieces, j)
    if other < best:
        best, best_s = other, 1.0
    low, high = 0.0, 1.0
    left, right = _GOLDEN, 1.0 - _GOLDEN
    at_left, at_right = _from_path_m(path, i, left, pieces, j), _from_path_m(path, i, right, pieces, j)
    for _ in range(44):
        if at_left < best:
            best, best_s = at_left, left
        if at_right < best:
            best, best_s = at_right, right
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = low + _GOLDEN * (high - low)
            at_left = _from_path_m(path, i, left, pieces, j)
        else:
            low, left, at_left = left, right, at_right
            right = high - _GOLDEN * (high - low)
            at_right = _from_path_m(path, i, right, pieces, j)
    return best, best_s


@inner
def _outline_gap(zones: ZoneArrays, zone: int, path: Floats) -> tuple[float, float]:
    """Least chord between a path and a zone's pieces, and the path's fraction there."""
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    block = zones.ints[zone, BLOCK_FROM]
    pieces, blocks = zones.pieces, zones.blocks
    count = len(path)
    best, _, _ = nearest(pieces, blocks, low, high, block, path[0, X1], path[0, Y1], path[0, Z1])
    best_t = 0.0
    last = count - 1
    x, y = path[last, X1] + path[last, VX], path[last, Y1] + path[last, VY]
    z = path[last, Z1] + path[last, VZ]
    other, _, _ = nearest(pieces, blocks, low, high, block, x, y, z)
    if other < best:
        best, best_t = other, 1.0
    for i in range(count):
        vx, vy, vz = path[i, VX], path[i, VY], path[i, VZ]
        half = 0.5 * math.sqrt(vx * vx + vy * vy + vz * vz) + path[i, SAG]
        x, y, z = path[i, X1] + 0.5 * vx, path[i, Y1] + 0.5 * vy, path[i, Z1] + 0.5 * vz
        for b in range((high - low + BLOCK_PIECES - 1) // BLOCK_PIECES):
            row = block + b
            away = chord_m(blocks[row, 0], blocks[row, 1], blocks[row, 2], x, y, z)
            if away - blocks[row, 3] - half >= best:
                continue
            start = low + b * BLOCK_PIECES
            for j in range(start, min(start + BLOCK_PIECES, high)):
                if pieces[j, SAG] < 0.0:
                    continue
                if _chords_m(path, i, pieces, j) - path[i, SAG] - pieces[j, SAG] < best:
                    found, s = _pair_m(path, i, pieces, j)
                    if found < best:
                        best, best_t = found, (i + s) / count
    return best, best_t


@inner
def _center_gap(zones: ZoneArrays, zone: int, path: Floats) -> tuple[float, float]:
    """Geodesic distance of a path from a circle's centre, and the path's fraction there."""
    lon, lat = zones.floats[zone, CENTER_LON], zones.floats[zone, CENTER_LAT]
    x, y, z = ecef(lon, lat)
    best, best_t = math.inf, 0.0
    for i in range(len(path)):
        t, distance = along_chord(path, i, x, y, z)
        if distance - path[i, SAG] < best:
            found, s = on_curve(path, i, x, y, z, t)
            if found < best:
                best, best_t = found, (i + s) / len(path)
    i = min(len(path) - 1, int(best_t * len(path)))
    s = best_t * len(path) - i
    at_lon = half_open(path[i, LON1] + s * path[i, DLON])
    return geodesic_m(lon, lat, at_lon, path[i, LAT1] + s * (path[i, LAT2] - path[i, LAT1])), best_t


@allocating
def area_gap_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float
) -> tuple[float, float]:
    """Distance from a path to an area's outline, also from within, and the path's fraction there."""
    path = cut_path(lon, lat, dlon, dlat)
    chord, at = _outline_gap(zones, zone, path)
    if chord > FAR_M:
        return _far_gap_m(zones, zone, path), at
    return arc_m(chord, math.sin(math.radians(lat + at * dlat))), at


@inner
def _far_gap_m(zones: ZoneArrays, zone: int, path: Floats) -> float:
    """Distance to 0.5 % of a path far from every piece: from the ends of its pieces."""
    best = math.inf
    low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
    for i in range(len(path)):
        x, y, z = path[i, X1], path[i, Y1], path[i, Z1]
        best = min(best, nearest_direction_m(zones.pieces, low, high, x, y, z))
        x, y, z = x + path[i, VX], y + path[i, VY], z + path[i, VZ]
        best = min(best, nearest_direction_m(zones.pieces, low, high, x, y, z))
    return best


@allocating
def gap_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float
) -> tuple[float, float]:
    """Distance from a path to a zone that it does not enter, and the path's fraction there.

    Of an area the distance to its outline, so also from within; of a circle and a corridor never
    below 0.
    """
    kind = zones.ints[zone, KIND]
    if kind == AREA:
        return area_gap_m(zones, zone, lon, lat, dlon, dlat)
    path = cut_path(lon, lat, dlon, dlat)
    if kind == CIRCLE:
        away, at = _center_gap(zones, zone, path)
        return max(0.0, away - zones.floats[zone, RADIUS]), at
    chord, at = _outline_gap(zones, zone, path)
    if chord > FAR_M:
        away = _far_gap_m(zones, zone, path)
    else:
        low, high = zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]
        block = zones.ints[zone, BLOCK_FROM]
        at_lon, at_lat = half_open(lon + at * dlon), lat + at * dlat
        away, _, _ = line_m(zones.pieces, zones.blocks, low, high, block, at_lon, at_lat)
    return max(0.0, away - zones.floats[zone, RADIUS]), at
