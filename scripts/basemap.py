"""Make the page's own coarse map: the world's land and borders, the Netherlands' waters and places.

The waters are OpenStreetMap's, simplified to 1 km (ODbL); places are GeoNames' (CC BY 4.0); land and borders
Natural Earth's (public domain). It is a map to find one's way on, not one to judge by: verdicts come from the
orders' own coordinates.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

Point = list[float]
Ring = list[Point]
Box = tuple[float, float, float, float]

DETAIL_BOX: Box = (2.4, 50.3, 8.0, 54.0)  # west, south, east, north: where waters and places are drawn
DETAIL_COUNTRY = "NL"
DIGITS = 4  # 11 m north-south: far below what the waters were simplified to
WORLD_DIGITS = 3  # of a map drawn at 1:50,000,000
TINY_DEG = 0.0015  # waters smaller than this, some 100 m, are left out

Feature = dict[str, Any]


def world(land_topology: bytes, country_topology: bytes) -> Feature:
    """``land`` polygons and ``border`` lines of the whole world, from world-atlas' TopoJSON."""
    features = [_feature("land", "Polygon", rings) for rings in _polygons(json.loads(land_topology), "land")]
    for line in _shared_arcs(json.loads(country_topology), "countries"):
        features.append(_feature("border", "LineString", line))
    return _collection(features)


def detail(waters: bytes, places: bytes) -> Feature:
    """The detail box as ``ground``, its ``water`` polygons and its ``place`` points."""
    west, south, east, north = DETAIL_BOX
    frame = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    features = [_feature("ground", "Polygon", [frame])]
    for rings in _waters(waters):
        features.append(_feature("water", "Polygon", rings))
    for name, population, lon, lat in _places(places):
        place = _feature("place", "Point", [lon, lat])
        place["properties"].update(name=name, population=population)
        features.append(place)
    return _collection(features)


def _feature(kind: str, geometry: str, coordinates: Any) -> Feature:
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def _collection(features: list[Feature]) -> Feature:
    return {"type": "FeatureCollection", "features": features}


# --- TopoJSON: arcs are delta-encoded integers, ~i is arc i backwards ------------------------------


def _arcs(topology: Any) -> list[Ring]:
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    decoded = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append(
                [round(x * scale_x + move_x, WORLD_DIGITS), round(y * scale_y + move_y, WORLD_DIGITS)]
            )
        decoded.append(points)
    return decoded


def _polygon_arcs(topology: Any, name: str) -> Iterator[list[list[int]]]:
    thing = topology["objects"][name]
    for geometry in thing.get("geometries", [thing]):
        if geometry["type"] == "Polygon":
            yield geometry["arcs"]
        elif geometry["type"] == "MultiPolygon":
            yield from geometry["arcs"]


def _polygons(topology: Any, name: str) -> Iterator[list[Ring]]:
    arcs = _arcs(topology)
    for rings in _polygon_arcs(topology, name):
        joined = []
        for ring in rings:
            points: Ring = []
            for index in ring:
                piece = arcs[index] if index >= 0 else arcs[~index][::-1]
                points.extend(piece if not points else piece[1:])
            joined.append(points)
        yield joined


def _shared_arcs(topology: Any, name: str) -> Iterator[Ring]:
    """The arcs that two countries have in common: land borders without the coast."""
    arcs = _arcs(topology)
    rings = [ring for polygon in _polygon_arcs(topology, name) for ring in polygon]
    uses = Counter(index if index >= 0 else ~index for ring in rings for index in ring)
    for index, count in sorted(uses.items()):
        if count > 1:
            yield arcs[index]


# --- waters: one long GeoJSON, read polygon by polygon to keep memory small ---------------------------


def _waters(data: bytes) -> Iterator[list[Ring]]:
    for multi in data.split(b'"coordinates":[[[[')[1:]:
        for piece in multi[: multi.rindex(b"]]]]")].split(b"]]],[[["):
            rings: list[Ring] = json.loads(b"[[[" + piece + b"]]]")
            if not _meets(rings[0]):
                continue
            clipped = [ring for ring in map(_clip, rings) if len(ring) >= 4 and _extent(ring) > TINY_DEG]
            if clipped:
                yield clipped


def _meets(ring: Ring) -> bool:
    west, south, east, north = DETAIL_BOX
    lons, lats = [p[0] for p in ring], [p[1] for p in ring]
    return max(lons) > west and min(lons) < east and max(lats) > south and min(lats) < north


def _extent(ring: Ring) -> float:
    lons, lats = [p[0] for p in ring], [p[1] for p in ring]
    return max(max(lons) - min(lons), max(lats) - min(lats))


def _clip(ring: Ring) -> Ring:
    """Sutherland–Hodgman against the detail box; edges along the box are fine for a filled shape."""
    west, south, east, north = DETAIL_BOX
    points = ring[:-1]
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        kept: Ring = []
        for before, after in zip(points[-1:] + points[:-1], points, strict=True):
            was_in, is_in = (before[axis] - limit) * sign >= 0, (after[axis] - limit) * sign >= 0
            if was_in != is_in:
                part = (limit - before[axis]) / (after[axis] - before[axis])
                kept.append([before[i] + part * (after[i] - before[i]) for i in (0, 1)])
            if is_in:
                kept.append(after)
        points = kept
    rounded = [[round(lon, DIGITS), round(lat, DIGITS)] for lon, lat in points]
    return [*rounded, rounded[0]] if rounded else []


# --- places: protocol buffers, the coordinates as differences to the place before -----------------------


def _places(data: bytes) -> Iterator[tuple[str, int, float, float]]:
    west, south, east, north = DETAIL_BOX
    lon = lat = at = 0
    while at < len(data):
        length, at = _varint(data, at)
        message, at = data[at : at + length], at + length
        members = dict(_members(message))
        lon, lat = lon + _signed(members[10]), lat + _signed(members[11])
        inside = west < lon / 1e5 < east and south < lat / 1e5 < north
        if inside and members[3] == DETAIL_COUNTRY.encode() and members.get(9):
            yield members[2].decode(), members[9], lon / 1e5, lat / 1e5


def _members(message: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, bytes or unsigned integer); the package uses no other wire types."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, at = _varint(message, at)
        if key & 7 == 2:
            yield key >> 3, message[at : at + number]
            at += number
        else:
            yield key >> 3, number


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
