"""A generated city, its routes and its railway."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.city.generate import generated_city
from simulator.city.railway import TOP_M_S, ride
from simulator.city.routing import Network, Router
from simulator.city.streets import Way, streets_of
from simulator.path import Surroundings
from simulator.people.calendar import Calendar
from simulator.people.travel import Mode, travelled
from simulator.seeds import generator

_VEHICLES = {
    Mode.CAR: Surroundings.CAR,
    Mode.BUS: Surroundings.BUS,
    Mode.TRAIN: Surroundings.TRAIN,
}


@cache
def _city() -> City:
    return generated_city(1_001)


def test_a_city_has_all_that_people_need_and_lies_on_its_map() -> None:
    for seed in range(1_001, 1_011):
        city = generated_city(seed)
        for use in (Use.HOME, Use.WORK, Use.SHOP, Use.SCHOOL, Use.STATION):
            assert city.places.of(use).size > 0
        assert city.within(city.streets.x, city.streets.y)
        assert city.within(city.places.x, city.places.y)
        assert {Surroundings.STREET, Surroundings.CANYON, Surroundings.OPEN} <= set(city.streets.around)
        assert Surroundings.DEEP in city.places.indoors
        assert city.places.garage.any()
        railway = city.railway
        assert railway is not None
        assert city.within(railway.x, railway.y)


def test_every_place_can_be_reached_from_every_other_on_foot() -> None:
    city = _city()
    tree = city.router.tree(Network.FOOT, 0)
    assert np.isfinite(tree.cost).all()


def test_routes_are_as_short_as_those_of_a_plain_search() -> None:
    """Held to Bellman and Ford's relaxation of all edges, on a small graph with random weights."""
    rng = generator(5, "graph")
    count = 60
    x, y = rng.uniform(0.0, 1_000.0, (2, count))
    a, b = rng.integers(0, count, (2, 240))
    keep = a != b
    a, b = a[keep].astype(np.int32), b[keep].astype(np.int32)
    kinds = np.zeros(a.size, np.int8)
    streets = streets_of(x, y, a, b, kinds, kinds)
    cost = np.full(len(streets.x), np.inf)
    cost[7] = 0.0
    for _ in range(count):
        np.minimum.at(cost, streets.a, cost[streets.b] + streets.length_m)
        np.minimum.at(cost, streets.b, cost[streets.a] + streets.length_m)
    router = Router(streets)
    assert router.tree(Network.FOOT, 7).cost == pytest.approx(cost)
    nodes, edges = router.steps(Network.FOOT, 3, 7)
    assert (nodes[0], nodes[-1]) == (3, 7)
    assert streets.length_m[edges].sum() == pytest.approx(cost[3])


def test_blocked_streets_and_footways_are_not_driven() -> None:
    city = _city()
    streets = city.streets
    blocked = np.zeros(len(streets.a), np.bool_)
    start, end = city.places.of(Use.HOME)[[3, 400]]
    free = Router(streets)
    nodes, edges = free.steps(
        Network.CAR, int(streets.a[city.places.edge[start]]), int(streets.a[city.places.edge[end]])
    )
    assert not (streets.way[edges] == Way.FOOTWAY).any()
    blocked[edges[len(edges) // 2]] = True
    _, others = Router(streets, blocked).steps(Network.CAR, int(nodes[0]), int(nodes[-1]))
    assert not blocked[others].any()


@pytest.mark.parametrize("mode", Mode)
def test_a_trip_goes_from_door_to_door_in_rising_time(mode: Mode) -> None:
    city = _city()
    homes = city.places.of(Use.HOME)
    start, end = (int(homes[np.argmin(at)]) for at in (city.places.x[homes], -city.places.x[homes]))
    trip = travelled(city, city.router, start, end, mode, 1.0, generator(1, "trip"))
    assert (np.diff(trip.t_s) > 0.0).all()
    assert (trip.x[0], trip.y[0]) == (city.places.x[start], city.places.y[start])
    assert (trip.x[-1], trip.y[-1]) == (city.places.x[end], city.places.y[end])
    speeds_m_s = np.hypot(np.diff(trip.x), np.diff(trip.y)) / np.diff(trip.t_s)
    assert speeds_m_s.max() < {Mode.FOOT: 2.0, Mode.BICYCLE: 7.0, Mode.TRAIN: TOP_M_S + 0.1}.get(mode, 16.0)
    vehicle = _VEHICLES.get(mode)
    assert vehicle is None or vehicle in trip.around


@pytest.mark.parametrize("vigour", [0.0, -1.0, float("nan")])
def test_a_negative_speed_is_refused(vigour: float) -> None:
    city = _city()
    with pytest.raises(ValueError, match="vigour"):
        travelled(city, city.router, 0, 1, Mode.FOOT, vigour, generator(1, "trip"))


def test_trains_keep_their_speed_stop_between_and_dive_under_the_middle() -> None:
    railway = _city().railway
    assert railway is not None
    for board, alight in ((0, 5), (5, 0), (2, 3)):
        rails = ride(railway, board, alight)
        assert (np.diff(rails.t_s) > 0.0).all()
        speeds_m_s = np.hypot(np.diff(rails.x), np.diff(rails.y)) / np.diff(rails.t_s)
        assert speeds_m_s.max() <= TOP_M_S * 1.001
        assert Surroundings.TUNNEL in rails.around
        assert (speeds_m_s < 1e-6).sum() == abs(alight - board) - 1


def test_local_hours_are_right_over_a_change_of_clocks() -> None:
    calendar = Calendar(date(2026, 3, 28), 3)
    assert calendar.at(0, 24.0) == calendar.at(1, 0.0) == 86_400.0
    assert calendar.at(1, 24.0) == calendar.at(2, 0.0) == 86_400.0 + 23 * 3_600.0
    assert calendar.end_s == 71 * 3_600.0
    assert calendar.weekday(1) == 6
