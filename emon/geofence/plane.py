"""Kernels of a zone's own plane: where a position lies in it, and what a length in it is on the Earth.

The plane is azimuthal equidistant about the zone's origin: lengths from the origin are true, lengths
across them too long by r²/6R². A position is laid in it by two short polynomials of latitude and the
series of sine and cosine of the difference in longitude: orthographic coordinates on the ellipsoid
(east and north of the tangent plane), then lengthened from chord to arc by the radius there.
"""

from __future__ import annotations

import math

from emon.geofence.jit import inlined
from emon.geofence.lanes import most
from emon.geofence.layout import F_AXIS, F_BEND, F_NORTH, F_SIN
from emon.geofence.wgs84 import Floats

_RADIAN = math.pi / 180.0


@inlined
def plane_xy(frames: Floats, zone: int, dlon: float, dlat: float) -> tuple[float, float]:
    """Metres east and north of the origin; ``dlon`` and ``dlat`` are degrees from it.

    Within 40 km of the origin and latitude 85 the terms left out are below 0.01 mm.
    """
    a = F_AXIS
    axis = frames[zone, a + 5]
    for k in range(4, -1, -1):
        axis = axis * dlat + frames[zone, a + k]
    n = F_NORTH
    north = frames[zone, n + 4]
    for k in range(3, -1, -1):
        north = north * dlat + frames[zone, n + k]
    turn = dlon * _RADIAN
    turn2 = turn * turn
    sine = turn * (1.0 - turn2 * (1.0 / 6.0 - turn2 * (1.0 / 120.0 - turn2 / 5040.0)))
    versine = turn2 * (0.5 - turn2 * (1.0 / 24.0 - turn2 / 720.0))
    x = axis * sine
    y = north * dlat + frames[zone, F_SIN] * axis * versine
    bend = (x * x + y * y) * frames[zone, F_BEND]
    scale = 1.0 + bend * (1.0 + 2.7 * bend)  # asin(s) / s = 1 + s²/6 + 3 s⁴/40, where bend = s²/6
    return x * scale, y * scale


@inlined
def true_square(bend: float, planar2: float, r1: float, r2: float) -> float:
    """Square of the length on the Earth between two points of the plane, from that in the plane.

    ``r1`` and ``r2`` are the points' distances from the origin; ``bend`` is 1 / 6R². The sphere's
    half-angle formula with sine and arc sine as series: what runs along the radius is true, what
    runs across it shrinks by sin(r/R) / (r/R).
    """
    along = r1 - r2
    along2 = along * along
    across2 = most(0.0, planar2 - along2)
    shrunk = (1.0 - r1 * r1 * bend) * (1.0 - r2 * r2 * bend)
    chord2 = along2 * (1.0 - 0.5 * bend * along2) + across2 * shrunk
    return chord2 * (1.0 + 0.5 * bend * chord2)
