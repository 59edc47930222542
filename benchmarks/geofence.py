"""The geofence beside Shapely in one run: ``python -m benchmarks.geofence`` prints a Markdown table.

Same zones, same points, one thread. Ratios are Shapely's median over ours: above 1 we are faster.
Shapely computes in a flat plane of degrees; ours are metres on the ellipsoid.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from emon.geofence.relation import load_kernels, signed_distances
from emon.geofence.zones import ZoneTable
from emon.model.order import AreaZone

POINTS = 20_000
REPEATS = 7
VERTICES = (4, 20, 100, 1_000)


@dataclass(frozen=True)
class Row:
    """One comparison; nanoseconds a point, medians."""

    what: str
    vertices: int
    ours_ns: float
    theirs_ns: float

    @property
    def ratio(self) -> float:
        return self.theirs_ns / self.ours_ns


def _ring(vertices: int) -> list[tuple[float, float]]:
    chance = np.random.default_rng(vertices)
    radii = 0.01 * chance.uniform(0.6, 1.0, vertices)
    angles = [2 * math.pi * i / vertices for i in range(vertices)]
    ring = [
        (4.48 + r * math.cos(a) / 0.617, 51.92 + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)
    ]
    return [*ring, ring[0]]


def _median_ns(run: Callable[[], object]) -> float:
    run()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter_ns()
        run()
        taken.append((time.perf_counter_ns() - start) / POINTS)
    return statistics.median(taken)


def measure() -> list[Row]:
    """All comparisons, some ten seconds."""
    load_kernels()
    rows: list[Row] = []
    for vertices in VERTICES:
        ring = _ring(vertices)
        chance = np.random.default_rng(1)
        lon = 4.48 + chance.uniform(-0.03, 0.03, POINTS)
        lat = 51.92 + chance.uniform(-0.02, 0.02, POINTS)
        table = ZoneTable()
        index = np.full(POINTS, table.add(AreaZone(((tuple(ring),),))), dtype=np.int64)
        shape = shapely.Polygon(ring)
        shapely.prepare(shape)
        points = shapely.points(lon, lat)
        ours_ns = _median_ns(lambda t=table, i=index, x=lon, y=lat: signed_distances(t, i, x, y))
        contains_ns = _median_ns(lambda s=shape, x=lon, y=lat: shapely.contains_xy(s, x, y))
        outline = shape.boundary
        distance_ns = _median_ns(lambda o=outline, p=points: shapely.distance(o, p))
        rows.append(Row("signed distance / contains_xy alone", vertices, ours_ns, contains_ns))
        rows.append(
            Row("signed distance / contains_xy + distance", vertices, ours_ns, contains_ns + distance_ns)
        )
    return rows


def as_markdown(rows: list[Row]) -> str:
    """The table, losing rows kept."""
    lines = [
        "| ours / Shapely | vertices | ours ns a point | Shapely ns a point | ratio |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.what} | {r.vertices} | {r.ours_ns:.0f} | {r.theirs_ns:.0f} | {r.ratio:.2f} |" for r in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown(measure()))
    sys.exit(0)
