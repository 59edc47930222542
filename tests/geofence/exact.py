"""Slow answers in rational arithmetic: no coordinate is ever rounded.

A float is a whole number over a power of two, so the numbers of one question, brought to one scale,
are whole numbers; sums and products of those are exact in Python. Edges and paths are straight in
longitude and latitude, the short way (RFC 7946, section 3.1.1), so inside and crossing are questions
about whole numbers alone. Only ``gap_m`` measures, and is right where it is small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from emon.geofence.wgs84 import ECC2, SEMI_MAJOR_M

Point = tuple[float, float]
Pair = tuple[int, int]
INSIDE, ON, OUTSIDE = -1, 0, 1


class Edge(NamedTuple):
    """``drawn`` is false of what only closes a ring over a pole."""

    a: Pair
    b: Pair
    drawn: bool


class Shape(NamedTuple):
    """The edges of closed rings in a plane in which none breaks: whole numbers, ``scale`` a degree."""

    edges: list[Edge]
    scale: int


def shape_of(rings: Iterable[Sequence[Point]]) -> Shape:
    """Rings, each unrolled the short way and closed; one that runs round the Earth over the pole.

    Which pole: that of its mean latitude's sign. Rings of one polygon must lie within 180° of its first
    position, or round a pole.
    """
    exact = [[(Fraction(lon), Fraction(lat)) for lon, lat in ring] for ring in rings]
    edges = []
    for ring in exact:
        corners = ring if ring[0] == ring[-1] else [*ring, ring[0]]
        turn = _whole_turn(exact[0][0][0] - corners[0][0])
        out = [(corners[0][0] + turn, corners[0][1])]
        for lon, lat in corners[1:]:
            out.append((lon + _whole_turn(out[-1][0] - lon), lat))
        drawn = len(out) - 1
        if out[-1] != out[0]:
            pole = Fraction(90 if sum(lat for _, lat in out) >= 0 else -90)
            out += [(out[-1][0], pole), (out[0][0], pole), out[0]]
        edges += [(*pair, i < drawn) for i, pair in enumerate(pairwise(out))]
    scale = math.lcm(*(value.denominator for a, b, _ in edges for value in (*a, *b)))
    whole = [Edge(_pair(a, scale), _pair(b, scale), drawn) for a, b, drawn in edges]
    return Shape(whole, scale)


def _pair(position: tuple[Fraction, Fraction], scale: int) -> Pair:
    return int(position[0] * scale), int(position[1] * scale)


def _whole_turn(difference: Fraction) -> int:
    """Degrees, a multiple of 360, that bring a difference of longitudes to the short way."""
    return 360 * round(difference / 360)


def _finer(shape: Shape, points: Sequence[Point]) -> tuple[Shape, list[Pair]]:
    """A shape and points on one scale."""
    exact = [(Fraction(lon), Fraction(lat)) for lon, lat in points]
    scale = math.lcm(shape.scale, *(value.denominator for point in exact for value in point))
    factor = scale // shape.scale
    edges = [
        Edge((a[0] * factor, a[1] * factor), (b[0] * factor, b[1] * factor), drawn)
        for a, b, drawn in shape.edges
    ]
    return Shape(edges, scale), [_pair(point, scale) for point in exact]


def _turns(shape: Shape) -> list[int]:
    """What is added to a longitude to meet the shape at any turn of its plane."""
    return [turn * 360 * shape.scale for turn in (-2, -1, 0, 1, 2)]


def _turned_side(a: Pair, b: Pair, p: Pair) -> int:
    """Positive where ``p`` lies left of the way from ``a`` to ``b``, 0 on its line."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _within(a: Pair, b: Pair, p: Pair) -> bool:
    """Whether ``p``, on the line of ``a`` and ``b``, lies between them."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def _planar_relation(edges: list[Edge], p: Pair) -> int:
    """By a ray eastwards. Of the meridians that close a ring over a pole the western one counts as inside."""
    odd = False
    for a, b, drawn in edges:
        if (a[1] > p[1]) != (b[1] > p[1]):
            side = _turned_side(a, b, p)
            if side == 0 and drawn:
                return ON
            odd ^= side > 0 if b[1] > a[1] else side < 0
        elif drawn and p[1] in (a[1], b[1]) and _turned_side(a, b, p) == 0 and _within(a, b, p):
            return ON
    return INSIDE if odd else OUTSIDE


def relation(shape: Shape, lon: float, lat: float) -> int:
    """Where a point lies by the even-odd rule: INSIDE, exactly ON an edge, or OUTSIDE."""
    finer, [point] = _finer(shape, [(lon, lat)])
    return _turned_relation(finer, point)


def _turned_relation(shape: Shape, p: Pair) -> int:
    """Rings round a pole may begin at different meridians, so the turns of the plane are taken together."""
    found = [_planar_relation(shape.edges, (p[0] + turn, p[1])) for turn in _turns(shape)]
    if ON in found:
        return ON
    return INSIDE if found.count(INSIDE) % 2 else OUTSIDE


def _meet(a: Pair, b: Pair, c: Pair, d: Pair) -> bool:
    """Whether two closed segments share a point."""
    one, two = _turned_side(a, b, c), _turned_side(a, b, d)
    three, four = _turned_side(c, d, a), _turned_side(c, d, b)
    if one * two < 0 and three * four < 0:
        return True
    return (
        (one == 0 and _within(a, b, c))
        or (two == 0 and _within(a, b, d))
        or (three == 0 and _within(c, d, a))
        or (four == 0 and _within(c, d, b))
    )


def _short_way(shape: Shape, a: Pair, b: Pair) -> Pair:
    """The end of a path from ``a``, moved by whole turns to where it is nearest."""
    whole = 360 * shape.scale
    return b[0] - whole * round(Fraction(b[0] - a[0], whole)), b[1]


def meets(shape: Shape, start: Point, end: Point) -> bool:
    """Whether a path, straight the short way, shares a point with the closed shape."""
    finer, [a, b] = _finer(shape, [start, end])
    b = _short_way(finer, a, b)
    for turn in _turns(finer):
        one, two = (a[0] + turn, a[1]), (b[0] + turn, b[1])
        if any(drawn and _meet(one, two, c, d) for c, d, drawn in finer.edges):
            return True
    return _turned_relation(finer, a) == INSIDE


# --- how near -------------------------------------------------------------------------------------


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Of longitude and latitude, at a latitude."""
    sin_lat = math.sin(math.radians(lat))
    root = 1.0 - ECC2 * sin_lat * sin_lat
    east = SEMI_MAJOR_M / math.sqrt(root) * math.cos(math.radians(lat))
    return math.radians(east), math.radians(SEMI_MAJOR_M * (1.0 - ECC2) / root**1.5)


def _to_segment_m(a: Pair, b: Pair, p: Pair, metres: tuple[float, float], scale: int) -> float:
    """Metres from ``p`` to a segment, with so many metres a degree at ``p``."""
    east, north = metres
    ax, ay = (p[0] - a[0]) / scale * east, (p[1] - a[1]) / scale * north
    bx, by = (p[0] - b[0]) / scale * east, (p[1] - b[1]) / scale * north
    vx, vy = (b[0] - a[0]) / scale * east, (b[1] - a[1]) / scale * north
    if ax * vx + ay * vy > 0.0 and bx * vx + by * vy < 0.0:
        # From the nearer end, so that nothing large is subtracted.
        cross = min(abs(ax * vy - ay * vx), abs(bx * vy - by * vx))
        return cross / math.hypot(vx, vy)
    return min(math.hypot(ax, ay), math.hypot(bx, by))


def gap_m(shape: Shape, lon: float, lat: float) -> float:
    """Metres from a point to the shape's edges, in the plane of degrees as long as they are there.

    Right to a micrometre where it is some metres or less, and never small where the truth is not.
    """
    finer, [(x, y)] = _finer(shape, [(lon, lat)])
    metres = metres_per_degree(lat)
    return min(
        _to_segment_m(a, b, (x + turn, y), metres, finer.scale)
        for turn in _turns(finer)
        for a, b, drawn in finer.edges
        if drawn
    )


def path_gap_m(shape: Shape, start: Point, end: Point) -> float:
    """As ``gap_m``, from a path that does not meet the shape: from an end, or at a vertex."""
    finer, [a, b] = _finer(shape, [start, end])
    b = _short_way(finer, a, b)
    least = min(gap_m(shape, *start), gap_m(shape, *end))
    for turn in _turns(finer):
        one, two = (a[0] + turn, a[1]), (b[0] + turn, b[1])
        for vertex in (edge.a for edge in finer.edges if edge.drawn):
            metres = metres_per_degree(vertex[1] / finer.scale)
            least = min(least, _to_segment_m(one, two, vertex, metres, finer.scale))
    return least
