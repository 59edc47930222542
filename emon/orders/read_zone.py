"""Zones as they stand in a document: checked member by member, made canonical, then built."""

from __future__ import annotations

from typing import Any

from emon.geofence.faults import zone_faults
from emon.limits import RADIUS_MAX_M, VERTICES_MAX
from emon.model.order import AreaZone, CircleZone, CorridorZone, Ring, Zone
from emon.orders.members import (
    Faults,
    Members,
    check_id,
    items_of,
    members_of,
    number_between,
    one_of,
    read_number,
)
from emon.orders.tree import JsonValue

ZONE_TYPES = ("Polygon", "MultiPolygon", "Circle", "Corridor")

Position = list[int | float]

_check_metres = number_between(0, RADIUS_MAX_M, " m", above=True)
_WRAPPERS = {
    "Feature": "a zone is a bare geometry: give the feature's geometry alone",
    "FeatureCollection": "a zone is one geometry, not a collection of features",
    "GeometryCollection": "a zone is one geometry: use a MultiPolygon",
    "Point": 'a point bounds no area: use a "Circle" with center and radius_m',
    "MultiPoint": "points bound no area",
    "LineString": 'a line bounds no area: use a "Corridor" with coordinates and width_m',
    "MultiLineString": "lines bound no area: use a Corridor for each",
}


def read_zone(value: object, path: str, faults: Faults) -> dict[str, JsonValue] | None:
    """One zone as the canonical tree holds it, or None after naming what is wrong with it.

    What the members cannot show (rings that cross themselves, for one) is asked of the geofence
    package, once the members are in order.
    """
    before = len(faults)
    members = members_of(value, path, faults)
    if members is None:
        return None
    kind = members.required("type", _check_type)
    tree: dict[str, Any] = {"type": kind}
    if kind in ("Polygon", "MultiPolygon"):
        read = _read_polygon if kind == "Polygon" else _read_multipolygon
        tree["coordinates"] = members.required("coordinates", read)
    elif kind == "Circle":
        tree["center"] = members.required("center", _read_position)
        tree["radius_m"] = members.required("radius_m", _check_metres)
    elif kind == "Corridor":
        tree["coordinates"] = members.required("coordinates", _read_line)
        tree["width_m"] = members.required("width_m", _check_metres)
    else:
        return None  # without its type no member can be called unknown
    members.close()
    if len(faults) == before:
        _add_shape_faults(tree, path, faults)
    return tree if len(faults) == before else None


def _add_shape_faults(tree: dict[str, Any], path: str, faults: Faults) -> None:
    """What the geofence package finds, by the document's own paths."""
    for fault in zone_faults(build_zone(tree), "zone"):
        place = fault.path.removeprefix("zone")
        if tree["type"] == "MultiPolygon" and len(tree["coordinates"]) == 1:
            # A zone of one part does not show that it came as a MultiPolygon.
            place = place.replace(".coordinates[", ".coordinates[0][", 1)
        faults.add(f"{path}{place}".removeprefix("."), fault.message)


def read_ref(members: Members) -> str | None:
    """The id in ``{"ref": id}``."""
    ref = members.required("ref", check_id)
    members.close()
    return ref


def build_zone(tree: dict[str, Any]) -> Zone:
    """The zone of a canonical tree. Raises ``KeyError`` or ``TypeError`` for any other."""
    kind = tree["type"]
    if kind == "Circle":
        lon, lat = tree["center"]
        return CircleZone((float(lon), float(lat)), float(tree["radius_m"]))
    if kind == "Corridor":
        return CorridorZone(_pairs(tree["coordinates"]), float(tree["width_m"]))
    parts = tree["coordinates"] if kind == "MultiPolygon" else [tree["coordinates"]]
    return AreaZone(tuple(tuple(_pairs(ring) for ring in part) for part in parts))


def _pairs(positions: list[Position]) -> Ring:
    return tuple((float(lon), float(lat)) for lon, lat in positions)


def _check_type(value: object, path: str, faults: Faults) -> str | None:
    if isinstance(value, str) and value in _WRAPPERS:
        faults.add(path, f'"{value}": {_WRAPPERS[value]}')
        return None
    return one_of(ZONE_TYPES)(value, path, faults)


def _read_multipolygon(value: object, path: str, faults: Faults) -> list[list[list[Position]]] | None:
    parts = items_of(value, path, faults, at_least=1)
    if parts is None:
        return None
    read = [_read_rings(part, f"{path}[{i}]", faults) for i, part in enumerate(parts)]
    _check_vertices([ring for part in read for ring in part], path, faults)
    return read


def _read_polygon(value: object, path: str, faults: Faults) -> list[list[Position]] | None:
    rings = _read_rings(value, path, faults)
    _check_vertices(rings, path, faults)
    return rings


def _check_vertices(rings: list[list[Position]], path: str, faults: Faults) -> None:
    vertices = sum(len(ring) - 1 for ring in rings if ring)  # the closing position is no vertex
    if vertices > VERTICES_MAX:
        faults.add(path, f"{vertices} vertices; at most {VERTICES_MAX}")


def _read_rings(value: object, path: str, faults: Faults) -> list[list[Position]]:
    """Shell and holes; a ring that cannot be read is left empty, its faults are named."""
    rings = items_of(value, path, faults, at_least=1)
    return [_read_ring(ring, f"{path}[{i}]", faults) for i, ring in enumerate(rings or [])]


def _read_ring(value: object, path: str, faults: Faults) -> list[Position]:
    """A closed ring: "an unclosed ring is closed"."""
    ring = _read_positions(value, path, faults)
    if ring is None:
        return []
    if ring[0] != ring[-1] or len(ring) == 1:
        ring.append(list(ring[0]))
    if len(ring) < 4:
        faults.add(path, f"a ring has at least three corners, this one {len(ring) - 1}")
    return ring


def _read_line(value: object, path: str, faults: Faults) -> list[Position] | None:
    line = _read_positions(value, path, faults)
    if line is None:
        return None
    if len(line) < 2:
        faults.add(path, "a corridor's line has at least two positions, this one 1")
    if len(line) > VERTICES_MAX:
        faults.add(path, f"{len(line)} vertices; at most {VERTICES_MAX}")
    return line


def _read_positions(value: object, path: str, faults: Faults) -> list[Position] | None:
    items = items_of(value, path, faults, at_least=1)
    if items is None:
        return None
    before = len(faults)
    positions = [_read_position(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]
    return [p for p in positions if p is not None] if len(faults) == before else None


def _read_position(value: object, path: str, faults: Faults) -> Position | None:
    """``[longitude, latitude]``; a third number, RFC 7946's altitude, is dropped."""
    items = items_of(value, path, faults)
    if items is None:
        return None
    numbers = [number for item in items if (number := read_number(item)) is not None]
    if not 2 <= len(items) <= 3 or len(numbers) < len(items):
        faults.add(path, "a position is [longitude, latitude], both finite numbers")
        return None
    lon, lat = numbers[:2]
    if not -180 <= lon <= 180 or not -90 <= lat <= 90:
        faults.add(path, _out_of_range(lon, lat))
        return None
    return [lon, lat]


def _out_of_range(lon: float, lat: float) -> str:
    wrong = []
    if not -180 <= lon <= 180:
        wrong.append(f"longitude {lon:.15g} is beyond ±180")
    if not -90 <= lat <= 90:
        wrong.append(f"latitude {lat:.15g} is beyond ±90")
    swapped = "; longitude comes first" if -90 <= lon <= 90 and abs(lat) <= 180 else ""
    return " and ".join(wrong) + swapped
