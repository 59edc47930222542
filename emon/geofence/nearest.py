"""Kernels for the nearest point of a set of pieces: chords first, then the curve itself.

The distance from a point to a piece's chord is off by no more than the piece's sagitta, so chords
find the few pieces that can be nearest. On those the true curve, straight in longitude and
latitude, is minimised: the answer does not depend on how finely the outline was cut.
"""

from __future__ import annotations

import math

from emon.geofence.ellipsoid import chord_m, curve_at, direction_m
from emon.geofence.jit import inner
from emon.geofence.layout import (
    BLOCK_PIECES,
    DLON,
    LAT1,
    LAT2,
    LON1,
    SAG,
    VX,
    VY,
    VZ,
    X1,
    Y1,
    Z1,
)
from emon.geofence.wgs84 import Floats

_SETTLED_M = 1e-6
"""A step along the curve below this moves the distance by far less than a micrometre."""


@inner
def along_chord(pieces: Floats, i: int, x: float, y: float, z: float) -> tuple[float, float]:
    """Fraction along the chord nearest to a point, and the distance there."""
    wx, wy, wz = x - pieces[i, X1], y - pieces[i, Y1], z - pieces[i, Z1]
    vx, vy, vz = pieces[i, VX], pieces[i, VY], pieces[i, VZ]
    length2 = vx * vx + vy * vy + vz * vz
    t = 0.0
    if length2 > 0.0:
        t = min(1.0, max(0.0, (wx * vx + wy * vy + wz * vz) / length2))
    dx, dy, dz = wx - t * vx, wy - t * vy, wz - t * vz
    return t, math.sqrt(dx * dx + dy * dy + dz * dz)


@inner
def on_curve(pieces: Floats, i: int, x: float, y: float, z: float, t: float) -> tuple[float, float]:
    """Distance (a chord, metres) to the piece itself and the fraction where, starting near ``t``.

    Newton's method on the foot of the perpendicular, bisecting where it would leave the bracket.
    """
    lon, lat = pieces[i, LON1], pieces[i, LAT1]
    dlon, dlat = pieces[i, DLON], pieces[i, LAT2] - lat
    low, high = -1.0, 2.0  # outside 0 to 1 as long as that end has not been tried
    best, best_t = math.inf, t
    for _ in range(60):
        px, py, pz, qx, qy, qz = curve_at(lon, lat, dlon, dlat, t)
        distance = chord_m(px, py, pz, x, y, z)
        if distance < best:
            best, best_t = distance, t
        slope = (px - x) * qx + (py - y) * qy + (pz - z) * qz
        speed2 = qx * qx + qy * qy + qz * qz
        if speed2 == 0.0 or (t <= 0.0 and slope >= 0.0) or (t >= 1.0 and slope <= 0.0):
            break
        if slope > 0.0:
            high = t
        else:
            low = t
        step = slope / speed2
        if min(abs(step), high - low) * math.sqrt(speed2) < _SETTLED_M:
            break
        t = min(1.0, max(0.0, t - step))
        if t <= low or t >= high:
            t = 0.5 * (max(0.0, low) + min(1.0, high))
    return best, best_t


@inner
def _block_gap(blocks: Floats, b: int, x: float, y: float, z: float) -> float:
    """No piece of the block is nearer than this."""
    return chord_m(blocks[b, 0], blocks[b, 1], blocks[b, 2], x, y, z) - blocks[b, 3]


@inner
def _search_block(
    pieces: Floats, low: int, high: int, x: float, y: float, z: float, best: float, best_i: int, best_t: float
) -> tuple[float, int, float]:
    """The nearest of pieces ``low`` to ``high``, where one is nearer than ``best``."""
    bound = best
    for i in range(low, high):
        sag = pieces[i, SAG]
        if sag >= 0.0:
            _, distance = along_chord(pieces, i, x, y, z)
            bound = min(bound, distance + sag)
    for i in range(low, high):
        sag = pieces[i, SAG]
        if sag < 0.0:
            continue
        t, distance = along_chord(pieces, i, x, y, z)
        if distance - sag <= bound:
            found, found_t = on_curve(pieces, i, x, y, z, t)
            if found < best:
                best, best_i, best_t = found, i, found_t
                bound = min(bound, found)
    return best, best_i, best_t


@inner
def nearest(
    pieces: Floats, blocks: Floats, low: int, high: int, block: int, x: float, y: float, z: float
) -> tuple[float, int, float]:
    """Chord in metres, piece and fraction of the outline's point nearest to ``x, y, z``."""
    best, best_i, best_t = math.inf, low, 0.0
    count = (high - low + BLOCK_PIECES - 1) // BLOCK_PIECES
    first, first_gap = 0, math.inf
    if count > 1:
        for b in range(count):
            gap = _block_gap(blocks, block + b, x, y, z)
            if gap < first_gap:
                first, first_gap = b, gap
    start = low + first * BLOCK_PIECES
    best, best_i, best_t = _search_block(
        pieces, start, min(start + BLOCK_PIECES, high), x, y, z, best, best_i, best_t
    )
    for b in range(count):
        if b != first and _block_gap(blocks, block + b, x, y, z) < best:
            start = low + b * BLOCK_PIECES
            best, best_i, best_t = _search_block(
                pieces, start, min(start + BLOCK_PIECES, high), x, y, z, best, best_i, best_t
            )
    return best, best_i, best_t


@inner
def nearest_direction_m(pieces: Floats, low: int, high: int, x: float, y: float, z: float) -> float:
    """Distance to 0.5 % of a point far from every piece, anywhere on Earth.

    Chords mislead near the antipode, so this compares directions from the Earth's centre.
    """
    best = math.inf
    scale = 1.0 / math.sqrt(x * x + y * y + z * z)
    ux, uy, uz = x * scale, y * scale, z * scale
    for i in range(low, high):
        if pieces[i, SAG] < 0.0:
            continue
        ax, ay, az = pieces[i, X1], pieces[i, Y1], pieces[i, Z1]
        vx, vy, vz = pieces[i, VX], pieces[i, VY], pieces[i, VZ]
        best = min(best, direction_m(ax, ay, az, ux, uy, uz))
        best = min(best, direction_m(ax + vx, ay + vy, az + vz, ux, uy, uz))
        # The point of the great circle through both ends that is nearest lies in the plane's foot.
        nx, ny, nz = ay * vz - az * vy, az * vx - ax * vz, ax * vy - ay * vx
        norm2 = nx * nx + ny * ny + nz * nz
        if norm2 == 0.0:
            continue
        height = (ux * nx + uy * ny + uz * nz) / norm2
        fx, fy, fz = ux - height * nx, uy - height * ny, uz - height * nz
        ahead = (ay * fz - az * fy) * nx + (az * fx - ax * fz) * ny + (ax * fy - ay * fx) * nz
        bx, by, bz = ax + vx, ay + vy, az + vz
        behind = (fy * bz - fz * by) * nx + (fz * bx - fx * bz) * ny + (fx * by - fy * bx) * nz
        if ahead > 0.0 and behind > 0.0:
            best = min(best, direction_m(fx, fy, fz, ux, uy, uz))
    return best
