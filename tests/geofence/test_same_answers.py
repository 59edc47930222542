"""What must not change an answer: how a ring is written, where its plane lies, what else is in the table.

And what Shapely answers, for half a million positions; EMON_GEOFENCE_ROUNDS=20 asks for ten million others.
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import pytest
import shapely

from emon.geofence.relation import nearest_points, path_touches, relations, signed_distances
from emon.geofence.zones import ZoneTable
from emon.model.order import CircleZone, CorridorZone, Zone
from tests.geofence import shapes
from tests.geofence.asking import polygon
from tests.geofence.oracle import GEOD, edges_of, geodesic_m, outline_distance_m, unrolled

Floats = npt.NDArray[np.float64]
Rings = shapes.Rings
ROUNDS = int(os.environ.get("EMON_GEOFENCE_ROUNDS", "1"))
PLACES = [place for place in shapes.PLACES if abs(place[1]) < 80.0]


def asked(
    zone: Zone, lon: Floats, lat: Floats, other: Zone | None = None
) -> tuple[Floats, npt.NDArray[np.int8]]:
    table = ZoneTable()
    if other is not None:
        table.add(other)
    index = np.full(len(lon), table.add(zone))
    return signed_distances(table, index, lon, lat), relations(table, index, lon, lat)


def around(rng: np.random.Generator, rings: Rings, count: int) -> tuple[Floats, Floats]:
    """Positions on the vertices and edges, some micrometres to a kilometre beside them."""
    edges = edges_of(rings)
    some = edges[rng.integers(0, len(edges), count)]
    share = np.where(rng.uniform(size=count) < 0.2, 0.0, rng.uniform(size=count))
    away = np.where(rng.uniform(size=count) < 0.2, 0.0, 10.0 ** rng.uniform(-11, -2, count))
    turn = rng.uniform(0.0, 2.0 * np.pi, count)
    lon = some[:, 0] + share * some[:, 2] + away * np.cos(turn)
    lat = some[:, 1] + share * some[:, 3] + away * np.sin(turn)
    return np.where(np.abs(lon) <= 180.0, lon, (lon + 180.0) % 360.0 - 180.0), lat


def cut_in_two(rings: Rings) -> Rings:
    """Each edge with a vertex more in its middle, as near to the line as a float can be."""
    out = []
    for ring in rings:
        edges = edges_of([ring])
        middles = [(shapes.wrapped(lon + dlon / 2), lat + dlat / 2) for lon, lat, dlon, dlat in edges]
        out.append([position for pair in zip(ring, middles, strict=True) for position in pair])
    return out


CHANGES = {
    "begun elsewhere": lambda rings: [[*ring[2:], *ring[:2]] for ring in rings],
    "run the other way": lambda rings: [ring[::-1] for ring in rings],
    "an edge split": cut_in_two,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", PLACES)
def test_how_a_ring_is_written_changes_nothing(place: tuple[float, float], change: str) -> None:
    rng = np.random.default_rng(5)
    for rings in shapes.polygons(rng, place)[10:]:
        lon, lat = around(rng, rings, 60)
        one, relation = asked(polygon(*rings), lon, lat)
        other, same = asked(polygon(*CHANGES[change](rings)), lon, lat)
        # Cut elsewhere, an edge's bow is met to some other micrometres.
        assert np.abs(one - other).max() <= 1e-5
        clear = np.abs(np.abs(one) - 0.0005) > 1e-5
        assert np.array_equal(relation[clear], same[clear])


@pytest.mark.parametrize("turn", [-90.0, 33.25, 175.52])
def test_where_the_zone_lies_eastwards_changes_nothing(turn: float) -> None:
    rng = np.random.default_rng(6)
    for rings in shapes.polygons(rng, (4.5, 51.92))[10:]:
        lon, lat = around(rng, rings, 60)
        one, _ = asked(polygon(*rings), lon, lat)
        moved = [[(shapes.wrapped(x + turn), y) for x, y in ring] for ring in rings]
        to = np.array([shapes.wrapped(value + turn) for value in lon])
        other, _ = asked(polygon(*moved), to, lat)
        # Longitudes near 180 are kept to 3e-14 degrees, 2 nm; each vertex and position was rounded.
        assert np.abs(one - other).max() <= 1e-6


def test_a_zone_elsewhere_changes_no_bit() -> None:
    rng = np.random.default_rng(7)
    far = CorridorZone(((100.0, -30.0), (101.0, -31.0)), 5_000.0)
    for rings in shapes.polygons(rng, (4.48, 51.92)):
        lon, lat = around(rng, rings, 30)
        one, relation = asked(polygon(*rings), lon, lat)
        other, same = asked(polygon(*rings), lon, lat, far)
        assert np.array_equal(one, other)
        assert np.array_equal(relation, same)


# --- beside others ---------------------------------------------------------------------------------
@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("place", PLACES)
def test_relation_is_shapely_s(place: tuple[float, float], round_: int) -> None:
    """Shapely's predicates round; so nearer than a micrometre to an edge nothing is compared."""
    rng = np.random.default_rng([8, round_])
    compared = 0
    for rings in shapes.polygons(rng, place)[10:]:
        near_lon, near_lat = around(rng, rings, 2_000)
        box = np.array([position for ring in rings for position in ring])
        span = np.ptp(box[:, 1])
        at_lon = rings[0][0][0] + rng.uniform(-2.0, 2.0, 4_000) * span
        lon = np.concatenate((near_lon, (at_lon + 180.0) % 360.0 - 180.0))
        lat = np.concatenate((near_lat, rings[0][0][1] + rng.uniform(-2.0, 2.0, 4_000) * span))
        away, relation = asked(polygon(*rings), lon, lat)
        held = np.zeros(len(lon), dtype=bool)
        for turn in (-360.0, 0.0, 360.0):
            shape = unrolled(rings, place[0] + turn)
            shapely.prepare(shape)
            held |= shapely.contains_xy(shape, lon, lat)
        clear = np.abs(away) > 1e-6
        assert np.array_equal(away[clear] < 0.0, held[clear])
        sure = np.abs(away) > 0.00051
        assert np.array_equal(relation[sure] < 0, held[sure])
        assert not relation[np.abs(away) < 0.00049].any()
        compared += int(clear.sum())
    assert compared > 150_000


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("place", PLACES)
def test_paths_touch_as_shapely_s_lines_do(place: tuple[float, float], round_: int) -> None:
    rng = np.random.default_rng([9, round_])
    table = ZoneTable()
    for rings in shapes.polygons(rng, place)[20:]:
        index = np.full(500, table.add(polygon(*rings)))
        lon1, lat1 = around(rng, rings, 500)
        lon2, lat2 = around(rng, rings, 500)
        touched = path_touches(table, index, lon1, lat1, lon2, lat2)
        run = (lon2 - lon1 + 540.0) % 360.0 - 180.0
        # As Shapely sees them on the 180th meridian: laid out from the zone's middle.
        west = place[0] + (lon1 - place[0] + 540.0) % 360.0 - 180.0
        lines = shapely.linestrings(np.stack((np.stack((west, lat1), 1), np.stack((west + run, lat2), 1)), 1))
        shape = unrolled(rings, place[0])
        gap_deg = shapely.distance(shape, lines)
        # Shapely measures in degrees; half a millimetre is 4.5e-9 of latitude, 8e-9 of longitude at 55°.
        assert touched[gap_deg == 0.0].all()
        assert not touched[gap_deg > 2e-8].any()


def test_the_nearest_point_is_on_the_outline_and_nothing_is_nearer() -> None:
    rng = np.random.default_rng(10)
    for place in shapes.PLACES:
        rings = [shapes.at(place, 0.02, shapes.star(rng, 7))]
        table = ZoneTable()
        index = np.full(20, table.add(polygon(*rings)))
        lon, lat = np.array(
            [GEOD.fwd(*place, way, away)[:2] for way, away in rng.uniform(0, 9_000, (20, 2))]
        ).T
        at_lon, at_lat = nearest_points(table, index, lon, lat)
        away = np.abs(signed_distances(table, index, lon, lat))
        assert np.abs(geodesic_m(lon, lat, at_lon, at_lat) - away).max() <= 0.001
        assert np.abs(signed_distances(table, index, at_lon, at_lat)).max() <= 1e-5
        assert outline_distance_m(edges_of(rings), lon[0], lat[0]) == pytest.approx(away[0], abs=0.001)


def test_the_nearest_point_of_a_corridor_is_on_its_line_and_of_a_circle_its_centre() -> None:
    table = ZoneTable()
    line, circle = CorridorZone(((4.0, 52.0), (4.1, 52.0)), 50.0), CircleZone((180.0, 10.0), 70.0)
    index = [table.add(line), table.add(circle)]
    at_lon, at_lat = nearest_points(table, index, [4.05, 179.0], [52.1, 11.0])
    assert at_lon.round(9).tolist() == [4.05, -180.0]
    assert at_lat.tolist() == [52.0, 10.0]
