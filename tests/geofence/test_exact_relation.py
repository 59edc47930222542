"""Relation beside rational arithmetic: exactly as the degrees say, but for half a millimetre of edge.

Beyond 0.7 mm of the edge the answer must be the exact one, within 0.3 mm "on"; between the two either
is right (contract, section 5: "on" is within half a millimetre; decided within 0.2 mm).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from emon.geofence import ZoneTable, relations, signed_distances
from emon.geofence.layout import (
    F_CELL_LAT,
    F_CELL_LON,
    F_CELLS_PER_LAT,
    F_CELLS_PER_LON,
    F_LAT,
    F_LON,
    F_REACH,
    F_SLAB_LAT,
    F_SLABS_PER_DEG,
)
from tests.geofence import exact, shapes
from tests.geofence.asking import polygon

Points = list[exact.Point]
ON_FOR_SURE_M, OFF_FOR_SURE_M = 0.0003, 0.0007


def beside(rng: np.random.Generator, lon: float, lat: float, metres: float) -> exact.Point:
    """A point so many metres away in any direction."""
    east, north = exact.metres_per_degree(lat)
    turn = rng.uniform(0.0, 2.0 * math.pi)
    return (
        shapes.wrapped(lon + metres * math.cos(turn) / east),
        min(90.0, max(-90.0, lat + metres * math.sin(turn) / north)),
    )


def hard_points(rng: np.random.Generator, rings: shapes.Rings) -> Points:
    """On vertices and edges, a breath beside them, and on the parallels and meridians through vertices."""
    vertices = [vertex for ring in rings for vertex in ring]
    chosen = [vertices[int(i)] for i in rng.choice(len(vertices), min(len(vertices), 12), replace=False)]
    found: Points = list(chosen)
    for lon, lat in chosen:
        found += [(math.nextafter(lon, 0.0), lat), (lon, math.nextafter(lat, 0.0))]
        other = vertices[int(rng.integers(len(vertices)))]
        found += [(other[0], lat), (lon, other[1]), (shapes.wrapped(lon + 1e-3), lat), (lon, lat * 0.999)]
        found += [beside(rng, lon, lat, metres) for metres in (1e-4, 2.9e-4, 7.1e-4, 1.5e-3, 1.0)]
    for ring in rings:
        for _ in range(6):
            k = int(rng.integers(len(ring)))
            (lon1, lat1), (lon2, lat2) = ring[k], ring[(k + 1) % len(ring)]
            share = float(rng.uniform())
            run = lon2 - lon1 - 360.0 * round((lon2 - lon1) / 360.0)
            on = (shapes.wrapped(lon1 + share * run), lat1 + share * (lat2 - lat1))
            found += [on, *(beside(rng, *on, metres) for metres in (1e-7, 2.9e-4, 7.1e-4, 1e-3, 0.05))]
    return found


def grid_points(rng: np.random.Generator, table: ZoneTable, zone: int) -> Points:
    """On the very lines of a frame's cells and slabs, and one step of a float to either side."""
    frame = table.arrays.frames[zone]
    if frame[F_REACH] < 0.0:
        return []
    found: Points = []
    for _ in range(8):
        column, row, slab = rng.integers(0, 33), rng.integers(0, 33), rng.integers(0, 20)
        lon = shapes.wrapped(float(frame[F_LON] + frame[F_CELL_LON] + column / frame[F_CELLS_PER_LON]))
        lat = float(frame[F_LAT] + frame[F_CELL_LAT] + row / frame[F_CELLS_PER_LAT])
        strip = float(frame[F_LAT] + frame[F_SLAB_LAT] + slab / frame[F_SLABS_PER_DEG])
        found += [(lon, lat), (lon, strip), (math.nextafter(lon, 0.0), math.nextafter(lat, 0.0))]
    return [point for point in found if abs(point[1]) <= 90.0]


def wrong(table: ZoneTable, asked: list[tuple[int, exact.Shape, exact.Point]]) -> list[str]:
    """Every question that is answered otherwise than exactly, in words that repeat it."""
    zone = np.array([index for index, _, _ in asked])
    lon, lat = np.array([point for _, _, point in asked]).T
    found = relations(table, zone, lon, lat)
    away_m = signed_distances(table, zone, lon, lat)
    faults = []
    for (index, shape, point), said, signed_m in zip(asked, found, away_m, strict=True):
        truth, gap_m = exact.relation(shape, *point), exact.gap_m(shape, *point)
        good = (gap_m < OFF_FOR_SURE_M and said == 0) or (gap_m > ON_FOR_SURE_M and said == truth)
        if not good or np.sign(signed_m) * said < 0:
            faults.append(
                f"zone {index} at {point!r}: {said}, truly {truth} and {gap_m:g} m off; {signed_m:g}"
            )
    return faults


@pytest.mark.parametrize("place", shapes.PLACES, ids=str)
def test_relation_is_that_of_rational_arithmetic(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(20)
    table = ZoneTable()
    asked = []
    for rings in shapes.polygons(rng, place):
        index, shape = table.add(polygon(*rings)), exact.shape_of(rings)
        points = hard_points(rng, rings) + grid_points(rng, table, index)
        asked += [(index, shape, point) for point in points]
    assert wrong(table, asked) == []
    assert len(asked) > 5_000


def test_relation_of_polygons_around_and_on_a_pole() -> None:
    rng = np.random.default_rng(21)
    table = ZoneTable()
    asked = []
    for pole in (1.0, -1.0):
        cap = [(float(lon), pole * (75.0 + 10.0 * rng.uniform())) for lon in range(-170, 180, 20)]
        ring = [(float(lon), pole * 89.999) for lon in (-120, 0, 120)]
        to_the_pole = [(10.0, pole * 80.0), (100.0, pole * 85.0), (60.0, pole * 90.0)]
        sector = [(0.0, pole * 89.0), (90.0, pole * 89.0), (90.0, pole * 90.0), (0.0, pole * 90.0)]
        for rings in ([cap], [cap[::-1]], [ring], [to_the_pole], [sector]):
            index, shape = table.add(polygon(*rings)), exact.shape_of(rings)
            points = [point for point in hard_points(rng, rings) if abs(point[1]) < 89.9999]
            lons, lats = rng.uniform(-180.0, 180.0, 80), pole * rng.uniform(70.0, 89.9999, 80)
            points += list(zip(lons.tolist(), lats.tolist(), strict=True))
            points += [(-180.0, pole * 86.0), (180.0, pole * 86.0)]
            asked += [(index, shape, point) for point in points]
    assert wrong(table, asked) == []
    assert len(asked) > 1_000


def test_the_pole_itself_lies_in_a_cap_around_it_and_on_what_ends_there() -> None:
    table = ZoneTable()
    cap = table.add(polygon([(-120.0, 89.0), (0.0, 88.0), (120.0, 89.5)]))
    sector = table.add(polygon([(0.0, 89.0), (90.0, 89.0), (90.0, 90.0), (0.0, 90.0)]))
    below = table.add(polygon([(0.0, 88.0), (90.0, 88.0), (90.0, 89.0), (0.0, 89.0)]))
    for lon in (-180.0, -45.0, 0.0, 45.0, 180.0):
        ask = np.full(3, lon), np.full(3, 90.0)
        assert relations(table, np.array([cap, sector, below]), *ask).tolist() == [-1, 0, 1]
        assert relations(table, np.array([cap]), np.array([lon]), np.array([-90.0])).tolist() == [1]


def test_the_oracle_knows_what_a_child_knows() -> None:
    """+---+     a square over the 180th meridian, and a triangle with a hole's corner on its edge"""
    square = exact.shape_of([[(179.0, 0.0), (-179.0, 0.0), (-179.0, 2.0), (179.0, 2.0)]])
    assert [exact.relation(square, lon, 1.0) for lon in (180.0, -180.0, 179.0, -178.9)] == [-1, -1, 0, 1]
    assert exact.gap_m(square, -179.0, 2.0) == 0.0
    assert exact.gap_m(square, 180.0, 2.0 + 1e-8) == pytest.approx(1.1057e-3, rel=1e-3)
    hollow = exact.shape_of([[(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)], [(0.0, 1.0), (1.0, 1.0), (1.0, 2.0)]])
    assert [exact.relation(hollow, 0.9, lat) for lat in (0.5, 1.0, 1.5, 2.5, 3.5)] == [-1, 0, 1, -1, 1]
    assert exact.meets(hollow, (0.9, 1.5), (0.95, 1.5)) is False
    assert exact.meets(hollow, (0.9, 1.5), (0.9, 1.0)) is True
    assert [exact.meets(square, (178.0, lat), (-178.0, 2.0)) for lat in (1.9, 2.0, 2.1)] == [
        True,
        True,
        False,
    ]
