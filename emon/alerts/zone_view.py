"""How a position lies to a zone, for a person to read: metres and the way there. Pure.

In a plane around the position, good to some metres within ten kilometres, to 1 % beyond: enough for "350 m to
the north-east". What a breach is, is never judged by it; that is the geofence's, which costs more to ask.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emon.alerts.outbox import PositionView, ZoneView
from emon.model.order import AreaZone, CircleZone, CorridorZone, Ring, Zone

_M_PER_DEG = 111_320.0  # of latitude, to 0.6 % wherever people live

Plane = NDArray[np.float64]
"""East and north of the position, metres, a row a vertex."""


def zone_view(zone: Zone, position: PositionView) -> ZoneView:
    """Distance to the outline (negative inside) and the way to it; none where the position lies on it."""
    if isinstance(zone, CircleZone):
        (centre,) = _plane((zone.center,), position)
        away_m = float(np.hypot(*centre))
        inside_m = zone.radius_m - away_m
        return _view(-inside_m, -centre if inside_m > 0.0 else centre)
    if isinstance(zone, CorridorZone):
        nearest = _nearest(_plane(zone.line, position))
        away_m = float(np.hypot(*nearest)) - zone.width_m
        return _view(away_m, -nearest if away_m < 0.0 else nearest)
    return _of_area(zone, position)


def _of_area(zone: AreaZone, position: PositionView) -> ZoneView:
    best: NDArray[np.float64] | None = None
    crossings = 0
    for ring in (ring for part in zone.parts for ring in part):
        plane = _plane(ring, position)
        crossings += _crossings(plane)
        nearest = _nearest(plane)
        if best is None or np.hypot(*nearest) < np.hypot(*best):
            best = nearest
    assert best is not None  # a zone has at least one ring
    distance_m = float(np.hypot(*best))
    return _view(-distance_m if crossings % 2 else distance_m, best)


def _view(distance_m: float, way: NDArray[np.float64]) -> ZoneView:
    east_m, north_m = float(way[0]), float(way[1])
    if east_m == 0.0 and north_m == 0.0:
        return ZoneView(distance_m)
    return ZoneView(distance_m, math.degrees(math.atan2(east_m, north_m)) % 360.0)


def _plane(ring: Ring, position: PositionView) -> Plane:
    degrees = np.array(ring, dtype=np.float64).reshape(-1, 2)
    lon = (degrees[:, 0] - position.lon + 540.0) % 360.0 - 180.0  # the short way across the 180th meridian
    east = lon * _M_PER_DEG * math.cos(math.radians(position.lat))
    return np.column_stack((east, (degrees[:, 1] - position.lat) * _M_PER_DEG))


def _nearest(plane: Plane) -> NDArray[np.float64]:
    """The point of a line of edges that is nearest to the origin."""
    if len(plane) == 1:
        nearest: NDArray[np.float64] = plane[0]
        return nearest
    start, edge = plane[:-1], plane[1:] - plane[:-1]
    length = np.einsum("ij,ij->i", edge, edge)
    along = -np.einsum("ij,ij->i", start, edge) / np.where(length > 0.0, length, 1.0)
    points = start + np.clip(along, 0.0, 1.0)[:, None] * edge
    found: NDArray[np.float64] = points[int(np.argmin(np.einsum("ij,ij->i", points, points)))]
    return found


def _crossings(plane: Plane) -> int:
    """How often the way east from the origin crosses the ring."""
    (x1, y1), (x2, y2) = plane[:-1].T, plane[1:].T
    spans = (y1 > 0.0) != (y2 > 0.0)
    rise = np.where(y2 == y1, 1.0, y2 - y1)
    return int(np.count_nonzero(spans & (x1 - y1 * (x2 - x1) / rise > 0.0)))
