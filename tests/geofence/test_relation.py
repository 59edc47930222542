"""Relations and distances beside slow answers by other means, anywhere on Earth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.geofence.faults import zone_faults
from emon.geofence.relation import signed_distances
from emon.geofence.zones import ZoneTable
from emon.limits import RADIUS_MAX_M, VERTICES_MAX
from emon.model.order import CircleZone, CorridorZone, Zone
from tests.geofence.asking import contact, detour, distance, distances, gap, multipolygon, polygon, square
from tests.geofence.oracle import GEOD, covers, edges_of, geodesic_m, outline_distance_m

Ring = list[tuple[float, float]]


def tolerance_m(distance_m: float) -> float:
    """Contract, section 5: by the distance's absolute value."""
    away_m = abs(distance_m)
    if away_m <= 10_000.0:
        return 0.001
    if away_m <= 50_000.0:
        return 0.020
    return 1e-5 * away_m if away_m <= 300_000.0 else 0.01 * away_m


def star(lon: float, lat: float, size_m: float, radii: list[float]) -> Ring:
    """A ring that does not cross itself, about a place, in metres that its latitude stretches."""
    deg = size_m / 111_320.0
    wide = deg / math.cos(math.radians(lat))
    n = len(radii)
    return [
        (
            (lon + radius * wide * math.cos(2 * math.pi * i / n) + 540.0) % 360.0 - 180.0,
            lat + radius * deg * math.sin(2 * math.pi * i / n),
        )
        for i, radius in enumerate(radii)
    ]


places = st.tuples(
    st.one_of(st.floats(-180, 180), st.sampled_from([4.48, 179.9999, -179.9999, 0.0])), st.floats(-80, 80)
)
rings = st.builds(
    lambda place, size_m, radii: (place, size_m, star(place[0], place[1], size_m, radii)),
    places,
    st.sampled_from([30.0, 300.0, 3_000.0, 30_000.0]),
    st.lists(st.floats(0.4, 1.0), min_size=3, max_size=12),
)


@settings(max_examples=150)
@given(rings, st.floats(0, 2 * math.pi), st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.3, 3.0, 20.0]))
def test_a_polygon_is_measured_as_geodesics_measure_it(
    made: tuple[tuple[float, float], float, Ring], bearing: float, share: float
) -> None:
    (lon, lat), size_m, ring = made
    lon2, lat2, _ = GEOD.fwd(lon, lat, math.degrees(bearing), size_m * share)
    hole = star(lon, lat, size_m * 0.1, [1.0, 1.0, 1.0, 1.0])
    found = distance(polygon(ring, hole), lon2, lat2)
    away_m = outline_distance_m(edges_of([ring, hole]), lon2, lat2)
    assert abs(found) == pytest.approx(away_m, abs=tolerance_m(away_m))
    if away_m > 0.001:
        assert (found < 0.0) == covers([ring, hole], lon2, lat2)


@settings(max_examples=100)
@given(places, st.sampled_from([5.0, 200.0, 20_000.0, 300_000.0]), st.floats(0, 360), st.floats(0.0, 3.0))
def test_a_circle_is_geodesic(
    place: tuple[float, float], radius_m: float, bearing_deg: float, share: float
) -> None:
    lon, lat, _ = GEOD.fwd(*place, bearing_deg, radius_m * share)
    wanted_m = float(geodesic_m(lon, lat, *place)) - radius_m
    found_m = distance(CircleZone(place, radius_m), lon, lat)
    assert found_m == pytest.approx(wanted_m, abs=tolerance_m(wanted_m))


@settings(max_examples=60)
@given(rings, st.floats(10.0, 500.0), st.floats(0, 2 * math.pi), st.floats(0.0, 3.0))
def test_a_corridor_reaches_its_width_from_its_line(
    made: tuple[tuple[float, float], float, Ring], width_m: float, bearing: float, share: float
) -> None:
    (lon, lat), size_m, ring = made
    line = tuple(ring)
    lon2, lat2, _ = GEOD.fwd(lon, lat, math.degrees(bearing), size_m * share)
    edges = edges_of([ring])[:-1]
    to_line_m = outline_distance_m(edges, lon2, lat2)
    found_m = distance(CorridorZone(line, width_m), lon2, lat2)
    # Outside, and where no bend is near, the outline lies a width from the line; inside a bend it may be
    # nearer to another arm's outline, never further in than the width.
    if to_line_m > width_m:
        wanted_m = to_line_m - width_m
        assert found_m == pytest.approx(wanted_m, abs=tolerance_m(wanted_m))
    else:
        assert found_m <= 0.001


@pytest.mark.parametrize("lon", [4.0, 179.999, -180.0])
@pytest.mark.parametrize("lat", [-60.0, 0.0, 52.0, 89.0])
def test_every_vertex_and_mid_edge_is_on(lon: float, lat: float) -> None:
    ring = star(lon, lat, 500.0, [1.0, 0.6, 1.0, 0.7, 1.0])
    zone = polygon(ring)
    for vertex in ring:
        assert abs(distance(zone, *vertex)) <= 0.0005
    for lon1, lat1, dlon, dlat in edges_of([ring]):
        middle = ((lon1 + dlon / 2 + 540.0) % 360.0 - 180.0, lat1 + dlat / 2)
        assert abs(distance(zone, *middle)) <= 0.0005


def test_around_a_pole() -> None:
    circle = CircleZone((0.0, 90.0), 100_000.0)
    assert distance(circle, 123.0, 89.9) < 0.0 < distance(circle, -57.0, 88.0)


@settings(max_examples=40)
@given(rings, st.integers(0, 2**32 - 1))
def test_a_batch_answers_as_one_by_one_and_later_zones_change_nothing(
    made: tuple[tuple[float, float], float, Ring], seed: int
) -> None:
    (lon, lat), size_m, ring = made
    zones: list[Zone] = [
        polygon(ring),
        CircleZone((lon, lat), size_m),
        CorridorZone(tuple(ring), size_m / 10),
    ]
    chance = np.random.default_rng(seed)
    lons = (lon + chance.uniform(-1, 1, 20) + 540.0) % 360.0 - 180.0
    lats = np.clip(lat + chance.uniform(-1, 1, 20), -90.0, 90.0)
    table = ZoneTable()
    index = np.array([table.add(zones[i % 3]) for i in range(20)], dtype=np.int64)
    whole = signed_distances(table, index, lons, lats)
    for i in range(20):
        assert whole[i] == distances(zones[i % 3], (lons[i], lats[i]))[0]
    table.add(polygon(square(lon / 2, lat / 2, 0.01)))
    assert np.array_equal(signed_distances(table, index, lons, lats), whole)


@settings(max_examples=80)
@given(rings, st.floats(0, 360), st.floats(0, 360), st.floats(0.0, 2.5), st.floats(0.0, 2.5))
def test_a_path_meets_a_zone_where_close_steps_do(
    made: tuple[tuple[float, float], float, Ring],
    to_deg: float,
    from_deg: float,
    share1: float,
    share2: float,
) -> None:
    (lon, lat), size_m, ring = made
    zone = polygon(ring)
    lon1, lat1, _ = GEOD.fwd(lon, lat, from_deg, size_m * share1)
    lon2, lat2, _ = GEOD.fwd(lon, lat, to_deg, size_m * share2)
    share = np.linspace(0.0, 1.0, 401)
    dlon = (lon2 - lon1 + 540.0) % 360.0 - 180.0
    steps = distances(
        zone, *(((lon1 + t * dlon + 540.0) % 360.0 - 180.0, lat1 + t * (lat2 - lat1)) for t in share)
    )
    found = contact(zone, (lon1, lat1), (lon2, lat2))
    inside = np.nonzero(steps <= 0.0)[0]
    if len(inside):
        step_m = float(geodesic_m(lon1, lat1, lon2, lat2)) / 400
        assert found.touched[0]
        assert found.first[0] <= share[inside[0]] + 1e-9
        assert found.last[0] >= share[inside[-1]] - 1e-9
        assert found.deepest_m[0] == pytest.approx(-steps.min(), abs=step_m + 0.002)
        assert found.deepest_m[0] >= -steps.min() - 0.002
        assert gap(zone, (lon1, lat1), (lon2, lat2)) == 0.0
    if not found.touched[0]:
        assert steps.min() > 0.0


@settings(max_examples=60)
@given(rings, st.floats(0, 360), st.floats(0, 360), st.floats(1.5, 6.0), st.floats(1.5, 6.0))
def test_a_detour_is_no_shorter_than_the_way_and_no_longer_than_there_and_back(
    made: tuple[tuple[float, float], float, Ring],
    to_deg: float,
    from_deg: float,
    share1: float,
    share2: float,
) -> None:
    (lon, lat), size_m, ring = made
    zone = polygon(ring)
    lon1, lat1, _ = GEOD.fwd(lon, lat, from_deg, size_m * share1)
    lon2, lat2, _ = GEOD.fwd(lon, lat, to_deg, size_m * share2)
    way_m = float(geodesic_m(lon1, lat1, lon2, lat2))
    found_m = detour(zone, (lon1, lat1), (lon2, lat2))
    first_m, second_m = distance(zone, lon1, lat1), distance(zone, lon2, lat2)
    there_and_back_m = way_m + 2.0 * min(first_m, second_m)
    assert found_m >= max(way_m, first_m + second_m) * 0.99 - 0.01
    assert found_m <= there_and_back_m * 1.01 + 0.01


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (polygon([(4.0, 52.0), (4.1, 52.1), (4.1, 52.0), (4.0, 52.1)]), "crosses itself"),
        (CircleZone((4.0, 91.0), 10.0), "±90"),
        (CircleZone((181.0, 52.0), 10.0), "±180"),
        (CircleZone((4.0, 52.0), 0.0), "above 0"),
        (CircleZone((4.0, 52.0), RADIUS_MAX_M + 1.0), "300"),
        (polygon([(4.0 + i * 1e-6, 52.0) for i in range(VERTICES_MAX + 1)]), "100"),
    ],
    ids=["bow tie", "latitude", "longitude", "no radius", "radius", "vertices"],
)
def test_a_zone_that_cannot_be_is_refused(zone: Zone, words: str) -> None:
    assert words in " ".join(fault.message for fault in zone_faults(zone, "zone"))


def test_parts_that_overlap_are_joined_and_a_hole_is_outside() -> None:
    one, other = square(4.0, 52.0, 0.01), square(4.01, 52.0, 0.01)
    both = multipolygon([one], [other])
    assert distance(both, 4.005, 52.0) < -500.0  # the even-odd rule would make this a hole
    ring = polygon(square(4.0, 52.0, 0.01), square(4.0, 52.0, 0.005))
    assert distance(ring, 4.0, 52.0) > 300.0
