"""Paths beside rational arithmetic: touched exactly where the degrees say, but for half a millimetre.

A path that shares a point with the closed polygon must touch; one that stays 0.7 mm off must not;
between the two either is right, nearer than 0.3 mm it must touch.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from emon.geofence import ZoneTable, path_contacts, path_distances, path_touches
from tests.geofence import exact, shapes
from tests.geofence.asking import polygon
from tests.geofence.test_exact_relation import OFF_FOR_SURE_M, ON_FOR_SURE_M, beside

Path = tuple[exact.Point, exact.Point]


def moved(point: exact.Point, east_deg: float, north_deg: float) -> exact.Point:
    return shapes.wrapped(point[0] + east_deg), min(90.0, max(-90.0, point[1] + north_deg))


def hard_paths(rng: np.random.Generator, rings: shapes.Rings, size_deg: float) -> list[Path]:
    """Through vertices and along edges, ending on them and a breath before, level, upright and long."""
    vertices = [vertex for ring in rings for vertex in ring]
    found: list[Path] = []
    for _ in range(10):
        one, two = (vertices[int(i)] for i in rng.integers(len(vertices), size=2))
        step = (rng.normal() * size_deg, rng.normal() * size_deg)
        found += [(one, two), (moved(one, *step), two), (moved(one, *step), moved(one, -step[0], -step[1]))]
        found += [(moved(one, size_deg, 0.0), moved(one, -size_deg, 0.0)), (one, one)]
        found += [(moved(one, 0.0, size_deg), moved(one, 0.0, -size_deg))]
        found += [(moved(one, *step), moved(two, *rng.normal(size=2) * size_deg))]
        near = beside(rng, *one, float(rng.choice([2.5e-4, 7.5e-4, 2e-3])))
        across = moved(near, *step)
        found += [(near, across), (across, moved(near, near[0] - across[0], near[1] - across[1]))]
        # Outside a corner, at right angles to it: past the vertex by a hair.
        east, north = exact.metres_per_degree(one[1])
        turn, off_m = rng.uniform(0.0, 2.0 * math.pi), float(rng.choice([2.5e-4, 7.5e-4, 0.01]))
        foot = moved(one, off_m * math.cos(turn) / east, off_m * math.sin(turn) / north)
        along = (-30.0 * math.sin(turn) / east, 30.0 * math.cos(turn) / north)
        found.append((moved(foot, *along), moved(foot, -along[0], -along[1])))
    for ring in rings:
        k = int(rng.integers(len(ring)))
        a, b = ring[k], ring[(k + 1) % len(ring)]
        run, rise = b[0] - a[0] - 360.0 * round((b[0] - a[0]) / 360.0), b[1] - a[1]
        found += [(a, b), (moved(a, -run, -rise), moved(b, run, rise)), (moved(a, run / 3, rise / 3), b)]
        found.append((moved(a, 0.0, 1e-9), moved(b, 0.0, 1e-9)))
    return [path for path in found if abs(path[0][1]) <= 89.999 and abs(path[1][1]) <= 89.999]


def size_of(rings: shapes.Rings) -> float:
    lats = [lat for _, lat in rings[0]]
    return max(lats) - min(lats)


@pytest.mark.parametrize("place", shapes.PLACES, ids=str)
def test_a_path_touches_where_rational_arithmetic_says(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(22)
    table = ZoneTable()
    asked = []
    for rings in shapes.polygons(rng, place):
        index, shape = table.add(polygon(*rings)), exact.shape_of(rings)
        asked += [(index, shape, path) for path in hard_paths(rng, rings, size_of(rings))]
    zone = np.array([index for index, _, _ in asked])
    (lon1, lat1), (lon2, lat2) = np.array([path for _, _, path in asked]).transpose(1, 2, 0)
    touched = path_touches(table, zone, lon1, lat1, lon2, lat2)
    contacts = path_contacts(table, zone, lon1, lat1, lon2, lat2)
    gaps_m = path_distances(table, zone, lon1, lat1, lon2, lat2)
    faults = []
    for (index, shape, path), said in zip(asked, touched, strict=True):
        truth = exact.meets(shape, *path)
        gap_m = 0.0 if truth else exact.path_gap_m(shape, *path)
        if not ((said and gap_m < OFF_FOR_SURE_M) or (not said and gap_m > ON_FOR_SURE_M)):
            faults.append(f"zone {index}, {path!r}: {said}, truly {truth}, {gap_m:g} m off")
    assert faults == []
    assert np.array_equal(touched, contacts.touched)
    assert np.array_equal(touched, gaps_m == 0.0)
    assert np.array_equal(touched, contacts.first <= contacts.last)
    assert np.isnan(contacts.first[~touched]).all()
    assert min(touched.sum(), (~touched).sum()) > 300


@pytest.mark.parametrize("place", [(4.48, 51.92), (-180.0, 0.0), (12.0, -89.5)], ids=str)
def test_first_and_last_contact_lie_on_the_edge_or_at_an_end(place: tuple[float, float]) -> None:
    """Just before the first and just after the last the path is outside; what is met is the edge."""
    rng = np.random.default_rng(23)
    found = 0
    for rings in shapes.polygons(rng, place):
        size = size_of(rings)
        if size < 1e-4:
            continue
        table = ZoneTable()
        zone, shape = table.add(polygon(*rings)), exact.shape_of(rings)
        for start, end in hard_paths(rng, rings, size):
            ends = (np.array([value]) for value in (*start, *end))
            met = path_contacts(table, np.array([zone]), *ends)
            if not met.touched[0]:
                continue
            run = end[0] - start[0] - 360.0 * round((end[0] - start[0]) / 360.0)
            for share, outward in ((met.first[0], -1.0), (met.last[0], 1.0)):
                at = moved(start, share * run, share * (end[1] - start[1]))
                if 0.0 < share < 1.0:
                    assert exact.gap_m(shape, *at) < OFF_FOR_SURE_M
                    beyond = share + outward * 1e-3 * rng.uniform()
                    if 0.0 <= beyond <= 1.0:
                        to = moved(start, beyond * run, beyond * (end[1] - start[1]))
                        gap_m = exact.gap_m(shape, *to)
                        assert exact.relation(shape, *to) == exact.OUTSIDE or gap_m < OFF_FOR_SURE_M
                    found += 1
                elif exact.gap_m(shape, *at) > OFF_FOR_SURE_M:
                    assert exact.relation(shape, *at) == exact.INSIDE
    assert found > 300


def test_a_path_over_a_pole_meets_what_lies_in_its_degrees() -> None:
    """Straight in longitude and latitude: from 0° to 170° at latitude 89 it runs along the parallel."""
    table = ZoneTable()
    ring = table.add(polygon([(-120.0, 89.5), (0.0, 89.5), (120.0, 89.5)]))
    block = table.add(polygon([(80.0, 88.5), (90.0, 88.5), (90.0, 89.2), (80.0, 89.2)]))
    zone = np.array([ring, block, ring, block])
    lon1, lat1 = np.array([0.0, 0.0, 10.0, -10.0]), np.array([89.0, 89.0, 89.4, 89.0])
    lon2, lat2 = np.array([170.0, 170.0, 10.0, -170.0]), np.array([89.0, 89.0, 90.0, 89.0])
    assert path_touches(table, zone, lon1, lat1, lon2, lat2).tolist() == [False, True, True, False]


def test_a_path_along_a_whole_edge_meets_it_from_corner_to_corner() -> None:
    """Rounding once placed the crossing of two lines in one: 1.1 km before the corner, and outside."""
    rng = np.random.default_rng(24)
    table = ZoneTable()
    lon, lat = 4.48 + rng.uniform(-0.1, 0.1, 400), 51.92 + rng.uniform(-0.1, 0.1, 400)
    run, rise = rng.uniform(-0.02, 0.02, 400), rng.uniform(-0.02, 0.02, 400)
    rise[:20], run[20:40] = 0.0, 0.0
    rise[40:60] = 1e-7
    corners = ((lon, lat), (lon + run, lat + rise), (lon - rise, lat + run))
    rings = np.array(corners).transpose(2, 0, 1).tolist()
    zone = np.array([table.add(polygon(ring)) for ring in rings])
    met = path_contacts(table, zone, lon - run, lat - rise, lon + 2.0 * run, lat + 2.0 * rise)
    assert met.touched.all()
    assert met.first == pytest.approx(1.0 / 3.0, abs=1e-6)
    assert met.last == pytest.approx(2.0 / 3.0, abs=1e-6)
