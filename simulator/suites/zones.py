"""Shapes of zones in the city's plane, laid at a distance from a place, and as orders have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from simulator.city.city import City
from simulator.city.streets import Floats, Streets

Flags = NDArray[np.bool_]

CIRCLE, BLOCK, CORRIDOR = "circle", "block", "corridor"
FORMS = (CIRCLE, BLOCK, CORRIDOR)


class Shape:
    """A zone in the plane: ``geojson`` for the order, ``area`` as Shapely has it, drawn when asked for."""

    def __init__(self, form: str, draw: Callable[[], BaseGeometry], geojson: dict[str, Any]) -> None:
        self.form, self.geojson, self._draw = form, geojson, draw

    @cached_property
    def area(self) -> BaseGeometry:
        return self._draw()

    def distance_m(self, x: float, y: float) -> float:
        """From a point to the zone, 0 inside."""
        return float(self.area.distance(Point(x, y)))

    def signed_m(self, x: Floats, y: Floats) -> Floats:
        """From each point to the outline, negative inside."""
        points = shapely.points(x, y)
        off_m = shapely.distance(points, self.area.boundary)
        return np.where(shapely.contains(self.area, points), -off_m, off_m)


def log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    """A size between bounds, small ones as likely as large ones."""
    return float(np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]))))


def circle(city: City, x: float, y: float, radius_m: float) -> Shape:
    """A circle; its area here has the circle within it."""
    lon, lat = city.plane.degrees(np.array(x), np.array(y))
    outer_m = radius_m * 1.002 + 0.5  # 64 corners a quarter leave 1 in 10,000, the plane 1 in 1,000
    geojson = {"type": "Circle", "center": [_r(lon), _r(lat)], "radius_m": round(radius_m, 1)}
    return Shape(CIRCLE, lambda: Point(x, y).buffer(outer_m, quad_segs=64), geojson)


def block(city: City, x: float, y: float, reach_m: float, rng: np.random.Generator) -> Shape:
    """A neighbourhood: five to nine corners about a point, none farther than ``reach_m``."""
    corners = int(rng.integers(5, 10))
    angle = np.sort((np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2.0 * np.pi / corners)
    off_m = reach_m * rng.uniform(0.65, 1.0, corners)
    px, py = x + off_m * np.cos(angle), y + off_m * np.sin(angle)
    lon, lat = city.plane.degrees(px, py)
    ring = [[_r(a), _r(b)] for a, b in zip(lon, lat, strict=True)]

    def draw() -> BaseGeometry:
        return Polygon(np.stack([px, py], axis=1)).buffer(0.5 + 0.002 * reach_m)

    return Shape(BLOCK, draw, {"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def corridor(city: City, x: float, y: float, reach_m: float, rng: np.random.Generator) -> Shape:
    """A street with its sides: a bent line as long as a circle of ``reach_m`` is wide."""
    angle, bend = float(rng.uniform(0.0, 2.0 * np.pi)), float(rng.uniform(-0.5, 0.5))
    width_m = float(np.clip(0.25 * reach_m, 25.0, 150.0))
    half_m = max(reach_m - width_m, width_m)
    px = np.array([x - half_m * np.cos(angle), x, x + half_m * np.cos(angle + bend)])
    py = np.array([y - half_m * np.sin(angle), y, y + half_m * np.sin(angle + bend)])
    lon, lat = city.plane.degrees(px, py)
    line = [[_r(a), _r(b)] for a, b in zip(lon, lat, strict=True)]

    def draw() -> BaseGeometry:
        return LineString(np.stack([px, py], axis=1)).buffer(width_m * 1.002 + 0.5, quad_segs=32)

    return Shape(CORRIDOR, draw, {"type": "Corridor", "coordinates": line, "width_m": round(width_m, 1)})


def shaped(form: str, city: City, x: float, y: float, reach_m: float, rng: np.random.Generator) -> Shape:
    """A shape of this form about a point. Raises ``ValueError`` for an unknown form or no size."""
    if not 0.0 < reach_m < np.inf:
        raise ValueError(f"zone radius is {reach_m} m; must be finite and above 0")
    if form == CIRCLE:
        return circle(city, x, y, reach_m)
    if form not in FORMS:
        raise ValueError(f"form {form!r} is unknown; must be one of {', '.join(FORMS)}")
    return (block if form == BLOCK else corridor)(city, x, y, reach_m, rng)


def laid_beside(
    form: str, city: City, place: int, edge_m: float, reach_m: float, angle: float, seed: int
) -> Shape:
    """A shape whose edge lies ``edge_m`` (to 10 cm) from a place, in this direction from it."""
    x, y = float(city.places.x[place]), float(city.places.y[place])
    low_m, high_m = 0.0, 3.0 * reach_m + edge_m

    def at(off_m: float) -> Shape:
        rng = np.random.Generator(np.random.PCG64(seed))  # the same corners wherever it lies
        return shaped(form, city, x + off_m * np.cos(angle), y + off_m * np.sin(angle), reach_m, rng)

    while high_m - low_m > 0.1:
        middle_m = (low_m + high_m) / 2.0
        if at(middle_m).distance_m(x, y) < edge_m:
            low_m = middle_m
        else:
            high_m = middle_m
    return at(high_m)


def blocked_by(streets: Streets, areas: list[BaseGeometry], margin_m: float) -> Flags:
    """Which edges come nearer to any of the areas than ``margin_m``."""
    a = np.stack([streets.x[streets.a], streets.y[streets.a]], axis=1)
    b = np.stack([streets.x[streets.b], streets.y[streets.b]], axis=1)
    lines = shapely.linestrings(np.stack([a, b], axis=1))
    near = np.zeros(len(a), np.bool_)
    for area in areas:
        shapely.prepare(area)
        near |= shapely.dwithin(lines, area, margin_m)
    return near


def far_from(x: Floats, y: Floats, areas: list[BaseGeometry], least_m: float) -> Flags:
    """Which points lie at least so far from all areas."""
    points = shapely.points(x, y)
    far = np.ones(len(x), np.bool_)
    for area in areas:
        far &= shapely.distance(points, area) >= least_m
    return far


def lines_of(x: Floats, y: Floats) -> LineString:
    """A polyline for Shapely."""
    return LineString(np.stack([x, y], axis=1))


def _r(degrees: Any) -> float:
    return round(float(degrees), 7)
