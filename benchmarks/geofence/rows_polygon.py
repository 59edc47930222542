"""Rows of one polygon: is a point inside, and how far from the outline, over the number of vertices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import shapely

from benchmarks.geofence.ground import Ground
from benchmarks.geofence.results import Answers, Curve, Ratio, Run, Section, Spread, Tally, interleaved
from benchmarks.geofence.rivals_tg import INDEXES, Held, Tg, togo_points, togo_polygon
from benchmarks.geofence.scale import SEED
from benchmarks.geofence.zones import Floats, as_shapes, outline, plane_at, to_plane, zone_of_ring
from emon.geofence import ZoneTable, relations, signed_distances

_LON, _LAT = 4.48, 51.92
_RADIUS_M = 400.0
_TOGO_POINTS = 2_000

_TEXT = """\
{points:,} points, uniform in the polygon's box, {radius:.0f} m from middle to edge. tg is asked by its own
C function in a compiled loop, with the faster of its two indexes for each polygon; through togo's Python
objects, points made beforehand, the binding is most of the cost. Shapely's distance is to the boundary in a
local plane, prepared or not, whichever is faster, and without the question of the side."""


@dataclass(frozen=True)
class _Measured:
    """All of one polygon, nanoseconds a point."""

    inside: Spread
    signed: Spread
    contains: Spread
    tg: Spread
    togo: Spread
    distance: Spread
    contains_answers: Answers
    tg_answers: Answers
    distance_answers: Answers


class _Polygon:
    """One polygon, its points, and everybody's way to ask it."""

    def __init__(self, ground: Ground, vertices: int, tg: Tg) -> None:
        chance = np.random.default_rng([SEED, vertices])
        self._chance, self._scale = chance, ground.scale
        self.ring = outline(chance, vertices, _RADIUS_M, _LON, _LAT)
        self.table = ZoneTable()
        self.table.add(zone_of_ring(self.ring))
        degrees, metric = as_shapes([self.ring], plane_at(_LON, _LAT))
        self.shape, self.boundary = degrees[0], shapely.get_exterior_ring(metric[0])
        self.prepared = shapely.get_exterior_ring(metric[0])
        shapely.prepare(self.prepared)
        self._tg = tg
        self.zone = np.zeros(ground.scale.points, dtype=np.int64)
        self.found: dict[str, Floats | Held] = {}
        self.draw()

    def draw(self) -> None:
        """Fresh points."""
        low, high = self.ring.min(axis=0), self.ring.max(axis=0)
        self.lon, self.lat = self._chance.uniform(low, high, (len(self.zone), 2)).T.copy()
        some = self._scale.distance_points
        self.points = shapely.points(to_plane(self.lon[:some], self.lat[:some], plane_at(_LON, _LAT)))
        self.togo_points = togo_points(self.lon[:_TOGO_POINTS], self.lat[:_TOGO_POINTS])

    def keep(self, name: str, ask: Callable[[], Floats | Held]) -> Run:
        def run() -> int:
            self.found[name] = answer = ask()
            return len(answer)

        return run

    def measure(self) -> _Measured:
        contains, by_tg, away = Tally(), Tally(), Tally()

        def compare() -> None:
            ours, signed = self.found["inside"], np.asarray(self.found["signed"], dtype=np.float64)
            for name, tally in (("contains", contains), ("natural", by_tg), ("ystripes", by_tg)):
                unlike = ours != self.found[name]
                tally.add(len(unlike), int(unlike.sum()), float(np.abs(signed[unlike]).max(initial=0.0)))
            theirs = np.asarray(self.found["distance"], dtype=np.float64)
            apart = np.abs(np.abs(signed[: len(theirs)]) - theirs)
            away.add(len(theirs), int((apart > 0.001).sum()), float(apart.max()))

        def prepare(repetition: int) -> None:
            if repetition >= 0:
                compare()
            self.draw()

        with ExitStack() as stack:
            natural, ystripes = (stack.enter_context(self._tg.polygon(self.ring, index)) for index in INDEXES)
            togo = togo_polygon(self.ring)
            runs = (
                self.keep("inside", lambda: relations(self.table, self.zone, self.lon, self.lat) <= 0),
                self.keep("signed", lambda: signed_distances(self.table, self.zone, self.lon, self.lat)),
                self.keep("contains", lambda: shapely.contains_xy(self.shape, self.lon, self.lat)),
                self.keep("natural", lambda: natural(self.lon, self.lat)),
                self.keep("ystripes", lambda: ystripes(self.lon, self.lat)),
                self.keep("togo", lambda: np.array(togo(self.togo_points))),
                self.keep("distance", lambda: shapely.distance(self.boundary, self.points)),
                self.keep("prepared", lambda: shapely.distance(self.prepared, self.points)),
            )
            inside, signed, held, by_blocks, by_stripes, python, plain, prepared = interleaved(
                runs, self._scale.repetitions, prepare
            )
            compare()
        return _Measured(
            inside,
            signed,
            held,
            min(by_blocks, by_stripes, key=lambda spread: spread.median),
            python,
            min(plain, prepared, key=lambda spread: spread.median),
            contains.answers,
            by_tg.answers,
            away.answers,
        )


def polygon_rows(ground: Ground) -> Section:
    """Point in polygon and signed distance."""
    tg, found = Tg(), {}
    for vertices in ground.scale.vertices:
        ground.told(f"one polygon: {vertices:,} vertices")
        found[vertices] = _Polygon(ground, vertices, tg).measure()
    ratios = [row for vertices in (20, 100, 1_000) for row in _inside_rows(vertices, found[vertices])]
    ratios += [_distance_row(vertices, found[vertices]) for vertices in (20, 100, 1_000)]
    x = tuple(map(float, found))
    inside = {"ours": "inside", "tg in C": "tg", "Shapely contains_xy": "contains"}
    distance = {"ours": "signed", "Shapely distance alone": "distance"}
    curves = (
        _curve("vertices-inside", "Point in polygon: cost over vertices", x, found, inside),
        _curve("vertices-distance", "Inside and exact distance: cost over vertices", x, found, distance),
    )
    text = _TEXT.format(points=ground.scale.points, radius=_RADIUS_M)
    note = (
        "Distances: those that differ are more than a millimetre apart; the figure is the most that any was."
    )
    return Section("One polygon", text, tuple(ratios), (), curves, (note,))


def _inside_rows(vertices: int, one: _Measured) -> tuple[Ratio, ...]:
    key, what = f"inside-{vertices}", f"point in polygon, {vertices:,} vertices"
    shapely_found, tg_found = one.contains_answers, one.tg_answers
    return (
        Ratio(f"{key}-shapely", what, "prepared `contains_xy`", one.inside, one.contains, 4.0, shapely_found),
        Ratio(f"{key}-tg", what, "tg, called in C", one.inside, one.tg, 2.0, tg_found),
        Ratio(f"{key}-togo", what, "tg through togo", one.inside, one.togo),
    )


def _distance_row(vertices: int, one: _Measured) -> Ratio:
    what = f"inside + exact signed distance, {vertices:,} vertices"
    least = 15.0 if vertices == 100 else None
    rival = "Shapely's distance to the boundary"
    return Ratio(f"distance-{vertices}", what, rival, one.signed, one.distance, least, one.distance_answers)


def _curve(
    key: str, title: str, x: tuple[float, ...], found: dict[int, _Measured], names: dict[str, str]
) -> Curve:
    lines = {
        name: tuple(getattr(one, attribute) for one in found.values()) for name, attribute in names.items()
    }
    return Curve(key, title, "vertices", x, lines, each="point")
