"""Zones as GeoJSON for the map: circles with corners, corridors and buffers as areas.

For the eye alone; nothing is judged by these shapes. A circle lies on true geodesic distance; a
corridor or a buffer is drawn in a plane around its middle, good to a metre at the sizes of towns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry
from pyproj import Geod, Transformer

from emon.limits import CIRCLE_CORNERS
from emon.model.order import AreaZone, CircleZone, CorridorZone, Zone

Geometry = dict[str, Any]
Points = npt.NDArray[np.float64]

_GEOD = Geod(ellps="WGS84")
_DIGITS = 7  # a centimetre


def zone_geometry(zone: Zone) -> Geometry:
    """The zone's area as Polygon or MultiPolygon, longitude first, degrees WGS84."""
    match zone:
        case CircleZone():
            return {"type": "Polygon", "coordinates": [_circle(zone.center, zone.radius_m)]}
        case CorridorZone():
            return _grown(shapely.LineString(zone.line), zone.width_m)
        case AreaZone():
            return {"type": "MultiPolygon", "coordinates": zone.parts}


def buffer_geometry(zone: Zone, buffer_m: float) -> Geometry | None:
    """The outline of everything within ``buffer_m`` of the zone, None without a buffer."""
    if buffer_m <= 0:
        return None
    match zone:
        case CircleZone():
            return {"type": "Polygon", "coordinates": [_circle(zone.center, zone.radius_m + buffer_m)]}
        case CorridorZone():
            return _grown(shapely.LineString(zone.line), zone.width_m + buffer_m)
        case AreaZone():
            return _grown(_area(zone), buffer_m)


def label_point(geometry: Geometry) -> list[float]:
    """The northernmost corner of a drawn zone: above it a name hides nothing."""
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    corners: list[list[float]] = [list(corner) for part in parts for corner in part[0]]
    return max(corners, key=lambda corner: corner[1])


def _area(zone: AreaZone) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([(part[0], part[1:]) for part in zone.parts])


def _circle(center: tuple[float, float], radius_m: float) -> list[list[float]]:
    bearings = [360.0 * corner / CIRCLE_CORNERS for corner in range(CIRCLE_CORNERS)]
    many = [1.0] * CIRCLE_CORNERS
    lons, lats, _ = _GEOD.fwd(
        [center[0] * one for one in many],
        [center[1] * one for one in many],
        bearings,
        [radius_m * one for one in many],
    )
    ring = [[round(lon, _DIGITS), round(lat, _DIGITS)] for lon, lat in zip(lons, lats, strict=True)]
    return [*ring, ring[0]]


def _grown(shape: shapely.MultiPolygon | shapely.LineString, by_m: float) -> Geometry:
    west, south, east, north = shape.bounds
    plane = f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +ellps=WGS84"
    there, back = _through("EPSG:4326", plane), _through(plane, "EPSG:4326")
    grown = shapely.transform(shape, there).buffer(by_m, quad_segs=CIRCLE_CORNERS // 4)
    drawn: Geometry = shapely.geometry.mapping(shapely.transform(grown, back))
    return drawn


def _through(source: str, target: str) -> Callable[[Points], Points]:
    """Points (n, 2) from one system of coordinates to another."""
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def move(points: Points) -> Points:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return move
