"""Kernels for the probability of being inside, where the position's error is a circular normal.

In the plane about the fix, in units of σ, the normal mass inside an outline is by Green's theorem

    P = 1/2π ∮ (1 - exp(-r²/2)) dθ = winding - 1/2π ∮ exp(-r²/2) dθ

and along a straight edge the last integral is Owen's function T (D. B. Owen, Tables for computing
bivariate normal probabilities, Ann. Math. Statist. 27 (1956), 1075-1090). So only edges near the fix
count, but where the fix lies on an edge: there winding and T jump together, and the first form, which
is smooth, is summed over all edges. Outlines run with the inside on their left (outline.py).
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.layout import (
    AREA,
    CIRCLE,
    F_LAT,
    F_LAT_MAX,
    F_LON,
    F_LON_MAX,
    F_REACH,
    F_SAG,
    FI_SEGMENT,
    FI_SEGMENTS,
    KIND,
    LANES,
    RADIUS,
    S_BOW,
    S_HULL,
    S_INVERSE,
    S_VX,
    S_VY,
    S_X,
    S_Y,
    ZoneArrays,
)
from emon.geofence.plane import plane_xy
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import FRAME_PLANE_MAX_M, PROBABILITY_REACH

_TURN = 2.0 * math.pi
_ROOT_HALF = math.sqrt(0.5)
_ROOT_TURN = math.sqrt(_TURN)
_NODES_8, _WEIGHTS_8 = np.polynomial.legendre.leggauss(8)
_NODES_16, _WEIGHTS_16 = np.polynomial.legendre.leggauss(16)
_SURE_M = 0.002
"""Nearer to an edge than this, and the edge's bow, the fix's side in the plane may be the other one."""
_BESSEL_SERIES_UP_TO = 20.0


@inner
def _owen(h: float, a: float) -> float:
    """T(h, a) for a from 0 to 1: its defining integral, by 16 nodes to 1e-13."""
    total = 0.0
    for k in range(16):
        x = 0.5 * a * (_NODES_16[k] + 1.0)
        square = 1.0 + x * x
        total += _WEIGHTS_16[k] * math.exp(-0.5 * h * h * square) / square
    return 0.5 * a * total / _TURN


@inner
def _owen_to(h: float, s: float) -> float:
    """T(h, s/h), odd in ``s``; for h = 0 its limit. Beyond 45° by Owen's equation 2.7."""
    t = abs(s)
    if t <= h:
        found = _owen(h, t / h) if h > 0.0 else 0.0
    else:
        found = 0.25 * (1.0 - math.erf(h * _ROOT_HALF) * math.erf(t * _ROOT_HALF)) - _owen(t, h / t)
    return math.copysign(found, s)


@inner
def _edge(h: float, s1: float, s2: float) -> float:
    """1/2π ∫ exp(-r²/2) dθ along a line at distance ``h``, from ``s1`` to ``s2`` along it."""
    length = s2 - s1
    s = min(s2, max(s1, 0.0))
    nearest2 = h * h + s * s
    if length * length > min(nearest2, 4.0):
        return _owen_to(h, s2) - _owen_to(h, s1)
    total, middle = 0.0, 0.5 * (s1 + s2)
    for k in range(8):
        t = middle + 0.5 * length * _NODES_8[k]
        r2 = h * h + t * t
        total += _WEIGHTS_8[k] * math.exp(-0.5 * r2) / r2
    return 0.5 * length * h * total / _TURN


@inner
def _bow(h: float, s1: float, s2: float, sag: float) -> float:
    """The mass between a chord and its bow, a parabola of height ``sag``: density times height along it."""
    length = s2 - s1
    b = 4.0 * sag / (length * length)
    mass = 0.5 * (math.erf(s2 * _ROOT_HALF) - math.erf(s1 * _ROOT_HALF))
    at1, at2 = math.exp(-0.5 * s1 * s1) / _ROOT_TURN, math.exp(-0.5 * s2 * s2) / _ROOT_TURN
    # The height is b (s - s1) (s2 - s); moments of the normal density between the ends.
    first, second = at1 - at2, mass + s1 * at1 - s2 * at2
    return b * (-second + (s1 + s2) * first - s1 * s2 * mass) * math.exp(-0.5 * h * h) / _ROOT_TURN


@inlined
def _part(
    x1: float, y1: float, vx: float, vy: float, inverse: float, bow: float, scale: float, whole: bool
) -> float:
    """What one edge adds: to the winding form of P where ``whole``, else to what is taken off 1 or 0.

    Metres from the fix; ``scale`` is 1/σ, ``bow`` (``S_BOW``) positive to the left, into the zone.
    """
    if inverse == 0.0:
        return 0.0
    root = math.sqrt(inverse)
    cross = (x1 * vy - y1 * vx) * root * scale
    h = abs(cross)
    s1 = (x1 * vx + y1 * vy) * root * scale
    s2 = s1 + scale / root
    s = min(s2, max(s1, 0.0))
    far = h * h + s * s > PROBABILITY_REACH * PROBABILITY_REACH
    found = 0.0 if far else _edge(h, s1, s2)
    beyond = 0.0 if far or bow == 0.0 else _bow(h, s1, s2, 0.25 * bow * (s2 - s1))
    if whole:
        angle = (math.atan2(s2, h) - math.atan2(s1, h)) / _TURN
        return math.copysign(angle - found, cross) - beyond
    return -math.copysign(found, cross) - beyond


@inner
def _framed(segments: Floats, low: int, high: int, x: float, y: float, sigma: float, whole: bool) -> float:
    total, scale = 0.0, 1.0 / sigma
    for b in range(low, high):
        if not whole:
            reach = segments[b, S_HULL, 2] + PROBABILITY_REACH * sigma
            dx, dy = x - segments[b, S_HULL, 0], y - segments[b, S_HULL, 1]
            if dx * dx + dy * dy > reach * reach:
                continue
        for k in range(LANES):
            total += _part(
                segments[b, S_X, k] - x,
                segments[b, S_Y, k] - y,
                segments[b, S_VX, k],
                segments[b, S_VY, k],
                segments[b, S_INVERSE, k],
                segments[b, S_BOW, k],
                scale,
                whole,
            )
    return total


@compiled
def edges_probability(edges: Floats, sigma: float, whole: bool) -> float:
    """As ``_framed`` for edges ``f64[n, 4]`` in metres about the fix: x and y of both ends."""
    total = 0.0
    for i in range(len(edges)):
        vx, vy = edges[i, 2] - edges[i, 0], edges[i, 3] - edges[i, 1]
        length2 = vx * vx + vy * vy
        inverse = 1.0 / length2 if length2 > 0.0 else 0.0
        total += _part(edges[i, 0], edges[i, 1], vx, vy, inverse, 0.0, 1.0 / sigma, whole)
    return total


@inner
def _bessel_scaled(z: float) -> float:
    """exp(-z) I₀(z), z ≥ 0, to 1e-11: Abramowitz and Stegun, 9.6.12 and 9.7.1."""
    total, term = 1.0, 1.0
    if z <= _BESSEL_SERIES_UP_TO:
        quarter = 0.25 * z * z
        k = 1.0
        while term > 1e-16 * total:
            term *= quarter / (k * k)
            total += term
            k += 1.0
        return total * math.exp(-z)
    for k in range(1, 16):
        term *= (2.0 * k - 1.0) * (2.0 * k - 1.0) / (8.0 * z * k)
        total += term
    return total / math.sqrt(_TURN * z)


@inner
def _disc(away: float, radius: float) -> float:
    """Mass inside a disc, ``away`` from its centre, both in σ: rings about the centre, each a Bessel.

    The integrand is a bell of width 1 about ``away``; what lies beyond the reach is left out.
    """
    low, high = max(0.0, away - PROBABILITY_REACH), min(radius, away + PROBABILITY_REACH)
    if high <= low:
        return 0.0
    total, width = 0.0, 0.25 * (high - low)
    for panel in range(4):
        for k in range(16):
            r = low + width * (panel + 0.5 * (_NODES_16[k] + 1.0))
            bell = math.exp(-0.5 * (r - away) * (r - away))
            total += _WEIGHTS_16[k] * bell * r * _bessel_scaled(r * away)
    return 0.5 * width * total


@inner
def _of_frame(zones: ZoneArrays, zone: int, lon: float, lat: float, sigma: float, distance: float) -> float:
    """The probability from an area's frame, NaN where that does not reach."""
    frames = zones.frames
    dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    if frames[zone, F_REACH] < 0.0:
        return math.nan
    if not (abs(dlon) <= frames[zone, F_LON_MAX] and abs(dlat) <= frames[zone, F_LAT_MAX]):
        return math.nan
    x, y = plane_xy(frames, zone, dlon, dlat)
    if x * x + y * y > FRAME_PLANE_MAX_M * FRAME_PLANE_MAX_M:
        return math.nan
    whole = abs(distance) < frames[zone, F_SAG] + _SURE_M
    low = zones.frame_ints[zone, FI_SEGMENT]
    total = _framed(zones.segments, low, low + zones.frame_ints[zone, FI_SEGMENTS], x, y, sigma, whole)
    return total + 1.0 if distance < 0.0 and not whole else total


@compiled
def probability_each(
    zones: ZoneArrays, zone: Ints, lon: Floats, lat: Floats, sigma: Floats, distance: Floats, out: Floats
) -> None:
    """Probabilities of being inside, ``distance`` on the way; NaN where the caller must find them."""
    for i in range(len(zone)):
        z, away = zone[i], half_open(lon[i])
        d = signed_m(zones, z, away, lat[i])
        distance[i] = d
        if abs(d) >= PROBABILITY_REACH * sigma[i]:
            out[i] = 1.0 if d < 0.0 else 0.0
            continue
        found = math.nan
        if zones.ints[z, KIND] == CIRCLE:
            radius = zones.floats[z, RADIUS]
            found = _disc((d + radius) / sigma[i], radius / sigma[i])
        elif zones.ints[z, KIND] == AREA:
            found = _of_frame(zones, z, away, lat[i], sigma[i], d)
        out[i] = found if math.isnan(found) else min(1.0, max(0.0, found))
