"""Zones from what other libraries hold: Shapely's geometries, GeoJSON as a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from emon.model.order import AreaZone, CircleZone, CorridorZone, Ring, Zone


def zone_of(shape: BaseGeometry | Mapping[str, Any]) -> Zone:
    """The zone that a Shapely Polygon or MultiPolygon stands for, or a mapping like GeoJSON's.

    Coordinates are longitude and latitude in degrees, WGS84; further dimensions are left out. Of a
    GeoDataFrame take ``frame.to_crs(4326).geometry``. Mappings are ``{"type": "Polygon"}`` and
    ``"MultiPolygon"`` with ``coordinates``, ``"Circle"`` with ``center`` and ``radius_m``, ``"Corridor"``
    with ``coordinates`` and ``width_m``; a Feature is its geometry.

    Raises ``ValueError`` for another kind or form. What cannot be a zone in itself (a ring that crosses
    itself, a latitude of 91) is refused when it is added to a table, by its place.
    """
    if isinstance(shape, BaseGeometry):
        return _of_geometry(shape)
    if not isinstance(shape, Mapping):
        raise ValueError(f"no zone is made of {shape!r:.60}: Polygon, MultiPolygon, Circle and Corridor are")
    kind = shape.get("type")
    try:
        if kind == "Feature":
            return zone_of(shape["geometry"])
        if kind == "Circle":
            return CircleZone(_position(shape["center"]), float(shape["radius_m"]))
        if kind == "Corridor":
            return CorridorZone(tuple(map(_position, shape["coordinates"])), float(shape["width_m"]))
        if kind == "Polygon":
            return AreaZone((_part(shape["coordinates"]),))
        if kind == "MultiPolygon":
            return AreaZone(tuple(map(_part, shape["coordinates"])))
    except KeyError as fault:
        raise ValueError(f"a {kind} needs the member {fault}") from None
    except (TypeError, OverflowError) as fault:
        raise ValueError(f"a {kind} of another form: {fault}") from None
    raise ValueError(f"no zone is made of a {kind!r}: Polygon, MultiPolygon, Circle and Corridor are")


def _of_geometry(shape: BaseGeometry) -> AreaZone:
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise ValueError(f"no zone is made of a {shape.geom_type}: Polygon and MultiPolygon are")
    if shape.is_empty:
        raise ValueError(f"the {shape.geom_type} is empty")
    polygons = [shape] if isinstance(shape, shapely.Polygon) else list(shape.geoms)
    return AreaZone(
        tuple(
            tuple(_ring(ring.coords) for ring in (polygon.exterior, *polygon.interiors))
            for polygon in polygons
        )
    )


def _part(rings: Iterable[Iterable[Any]]) -> tuple[Ring, ...]:
    return tuple(map(_ring, rings))


def _ring(positions: Iterable[Any]) -> Ring:
    ring = tuple(map(_position, positions))
    return ring if ring and ring[0] == ring[-1] else (*ring, *ring[:1])


def _position(given: Any) -> tuple[float, float]:
    try:
        lon, lat, *_ = given
        return float(lon), float(lat)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a position is longitude and latitude, not {given!r:.60}") from None
