"""Real streets in place of generated ones: LineStrings of a GeoJSON file.

Lines that share a coordinate, to seven decimals, meet there. Of a feature's properties these count, all
optional: ``highway`` (main roads, ways without cars) and ``tunnel`` (``yes``) as OpenStreetMap has them, and
``surroundings`` (a name of ``Surroundings``, such as ``canyon`` between tower blocks). Nothing is told of
buildings: those are laid along the streets from the seed, and so is a railway.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path as File
from typing import Any, NamedTuple

import numpy as np

from simulator.city.build import built
from simulator.city.city import City
from simulator.city.plane import plane_about
from simulator.city.streets import Streets, Way, streets_of
from simulator.path import Surroundings
from simulator.seeds import generator

LENGTH_MIN_M = 2_000.0
"""Of connected streets, below which nobody can live by a routine."""
HALF_MAX_M = 30_000.0
"""From the middle: the plane is one on the ellipsoid to 1 in 200 over so much."""
_MAIN = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
_NO_CARS = frozenset({"footway", "path", "pedestrian", "cycleway", "steps", "track", "bridleway"})
_MARGIN_M = 500.0


class StreetsRefused(ValueError):
    """A street file that cannot be used: ``FILE: member: what is wrong``, one a line."""


class _Line(NamedTuple):
    points: list[tuple[float, float]]
    way: Way
    around: Surroundings


def city_of_geojson(path: File, seed: int) -> City:
    """The city of these streets, with buildings from the seed.

    Raises ``StreetsRefused`` with every fault by file and member, and ``OSError``.
    """
    faults: list[str] = []
    lines = list(_lines(_read(path), faults))
    if faults:
        raise StreetsRefused("\n".join(f"{path}: {fault}" for fault in faults))
    try:
        return _built(path.stem, lines, seed)
    except ValueError as fault:
        raise StreetsRefused(f"{path}: {fault}") from None


def _built(name: str, lines: list[_Line], seed: int) -> City:
    if not lines:
        raise ValueError("no LineString")
    numbers: dict[tuple[float, float], int] = {}
    edges: dict[tuple[int, int], tuple[Way, Surroundings]] = {}
    for line in lines:
        row = [numbers.setdefault(point, len(numbers)) for point in line.points]
        for a, b in pairwise(row):
            if a != b:
                edges.setdefault((min(a, b), max(a, b)), (line.way, line.around))
    lon, lat = np.array(list(numbers)).T
    plane = plane_about(float(lon.min() + lon.max()) / 2.0, float(lat.min() + lat.max()) / 2.0)
    x, y = plane.metres(lon, lat)
    half_m = float(max(np.abs(x).max(), np.abs(y).max()))
    if half_m > HALF_MAX_M:
        raise ValueError(f"{half_m:.0f} m from the middle to the edge; must be at most {HALF_MAX_M:.0f}")
    ends = np.array(list(edges), np.int32).reshape(-1, 2)
    way = np.array([kind for kind, _ in edges.values()], np.int8)
    around = np.array([code for _, code in edges.values()], np.int8)
    streets = streets_of(x, y, ends[:, 0], ends[:, 1], way, around)
    _enough(streets)
    rng = generator(seed, "city", "streets")
    return built(name, plane, half_m + _MARGIN_M, streets, rng, lambda x, y: np.zeros(np.shape(x), np.bool_))


def _enough(streets: Streets) -> None:
    length_m = float(streets.length_m[streets.way != Way.FOOTWAY].sum())
    if length_m < LENGTH_MIN_M:
        raise ValueError(f"{length_m:.0f} m of connected streets; must be at least {LENGTH_MIN_M:.0f}")


def _read(path: File) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise StreetsRefused(f"{path}: not UTF-8: {fault.reason}") from None
    except json.JSONDecodeError as fault:
        raise StreetsRefused(f"{path}:{fault.lineno}: not JSON: {fault.msg}") from None


def _lines(document: Any, faults: list[str]) -> Iterator[_Line]:
    """Every line of a FeatureCollection, a Feature or a geometry."""
    if not isinstance(document, dict):
        faults.append("must be an object")
        return
    if document.get("type") != "FeatureCollection":
        yield from _of_feature(document, "", faults)
        return
    features = document.get("features")
    if not isinstance(features, list):
        faults.append("features: must be a list")
        return
    for number, feature in enumerate(features):
        yield from _of_feature(feature, f"features[{number}]", faults)


def _of_feature(feature: Any, place: str, faults: list[str]) -> Iterator[_Line]:
    dot = f"{place}." if place else ""
    if not isinstance(feature, dict):
        faults.append(f"{place}: must be an object")
        return
    properties: Any = {}
    geometry: Any = feature
    if feature.get("type") == "Feature":
        properties, geometry, dot = (
            feature.get("properties") or {},
            feature.get("geometry"),
            f"{dot}geometry.",
        )
    if not isinstance(geometry, dict) or not isinstance(properties, dict):
        faults.append(f"{place or 'document'}: geometry and properties must be objects")
        return
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    try:
        way, around = _kind(properties)
    except ValueError as fault:
        faults.append(f"{place}.properties.{fault}" if place else f"properties.{fault}")
        return
    if kind == "LineString":
        rows = [(f"{dot}coordinates", coordinates)]
    elif kind == "MultiLineString" and isinstance(coordinates, list):
        rows = [(f"{dot}coordinates[{i}]", each) for i, each in enumerate(coordinates)]
    elif kind in ("Point", "Polygon", "MultiPoint", "MultiPolygon"):
        return  # maps hold more than streets
    else:
        faults.append(f"{dot}type: {kind!r} is no kind of GeoJSON geometry that holds streets")
        return
    for where, row in rows:
        points = _points(row, where, faults)
        if points:
            yield _Line(points, way, around)


def _kind(properties: dict[str, Any]) -> tuple[Way, Surroundings]:
    highway = str(properties.get("highway", ""))
    way = Way.ARTERIAL if highway in _MAIN else Way.FOOTWAY if highway in _NO_CARS else Way.STREET
    if properties.get("tunnel") in ("yes", True):
        return (Way.TUNNEL if way != Way.FOOTWAY else way), Surroundings.TUNNEL
    named = properties.get("surroundings")
    if named is None:
        return way, Surroundings.OPEN if way == Way.FOOTWAY else Surroundings.STREET
    try:
        return way, Surroundings[str(named).upper()]
    except KeyError:
        known = ", ".join(each.name.lower() for each in Surroundings)
        raise ValueError(f"surroundings: {named!r} is none of {known}") from None


def _points(row: Any, where: str, faults: list[str]) -> list[tuple[float, float]]:
    if not isinstance(row, list) or len(row) < 2:
        faults.append(f"{where}: must be a list of at least two positions")
        return []
    found = []
    for number, position in enumerate(row):
        lon, lat = position[:2] if isinstance(position, list) and len(position) >= 2 else ("", "")
        if not _degrees(lon, 180.0) or not _degrees(lat, 80.0):
            faults.append(
                f"{where}[{number}]: {position!r} must be longitude within ±180 and latitude within ±80"
            )
            return []
        found.append((round(float(lon), 7), round(float(lat), 7)))
    return found


def _degrees(value: Any, most: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= most
