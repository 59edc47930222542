"""Trips: from one place to another along the streets or by train, with speeds, stops and surroundings."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.city.city import City
from simulator.city.railway import ride
from simulator.city.routing import Network, Router
from simulator.city.streets import Codes, Floats, Way, surroundings_by_vehicle
from simulator.path import Surroundings

_WALK_MAX_M = 2_000.0  # farther, as the crow flies, people take a vehicle
_LEAST_M = 0.05  # nearer points of a route are one


class Mode(IntEnum):
    """How somebody travels."""

    FOOT = 0
    BICYCLE = 1
    CAR = 2
    BUS = 3
    TRAIN = 4  # on foot to the station and from it


class Pace(NamedTuple):
    """Speeds by ``Way``, m/s; the chance to stop at a corner, and how long in the mean, s."""

    street_m_s: float
    arterial_m_s: float
    stop_chance: float
    stop_s: float
    vehicle: Surroundings | None


PACES = {
    Mode.FOOT: Pace(1.35, 1.35, 0.06, 12.0, None),  # 4.9 km/h
    Mode.BICYCLE: Pace(4.4, 4.9, 0.08, 15.0, None),  # 16 to 18 km/h
    Mode.CAR: Pace(7.2, 11.5, 0.16, 18.0, Surroundings.CAR),  # below the limits, as in towns
    Mode.BUS: Pace(6.5, 9.0, 0.30, 20.0, Surroundings.BUS),
}
_PLATFORM_WAIT_S = (60.0, 480.0)
_GARAGE_S = (60.0, 180.0)
_TO_CAR_S = (20.0, 60.0)


class Trip(NamedTuple):
    """Vertices from 0 s at the door to the door: ``t_s`` rising, ``x``, ``y`` metres, ``around`` from each
    to the next (the last repeats what is around at the end)."""

    t_s: Floats
    x: Floats
    y: Floats
    around: Codes

    @property
    def seconds(self) -> float:
        return float(self.t_s[-1])


class Line(NamedTuple):
    """A way without times: points, and of each stretch its ``Way`` and surroundings on foot."""

    x: Floats
    y: Floats
    way: Codes
    around: Codes


def travelled(
    city: City, router: Router, start: int, end: int, mode: Mode, vigour: float, rng: np.random.Generator
) -> Trip:
    """A trip between two places; ``vigour`` is the person's own pace over the common one.

    By train only where the stations nearest to both differ, else by bicycle. Raises ``ValueError`` where
    there is no way, and for a vigour that is not above 0.
    """
    if not 0.0 < vigour < np.inf:
        raise ValueError(f"vigour is {vigour}; must be finite and above 0")
    if mode == Mode.TRAIN:
        stations = _stations(city, start, end)
        if stations is None:
            return travelled(city, router, start, end, Mode.BICYCLE, vigour, rng)
        return _by_train(city, router, (start, end), stations, vigour, rng)
    line = line_between(city, router, start, end, mode)
    trip = timed(line, mode, vigour, rng)
    if mode == Mode.CAR:
        trip = _parked(trip, city, start, end, rng)
    return trip


def not_too_far(city: City, start: int, end: int, mode: Mode) -> Mode:
    """The mode, or the bus where it is too far to walk."""
    places = city.places
    off_m = np.hypot(places.x[start] - places.x[end], places.y[start] - places.y[end])
    return Mode.BUS if mode == Mode.FOOT and off_m > _WALK_MAX_M else mode


def line_between(city: City, router: Router, start: int, end: int, mode: Mode) -> Line:
    """The quickest way by the streets from door to door; ``ValueError`` where there is none."""
    places, streets = city.places, city.streets
    network = Network.CAR if mode in (Mode.CAR, Mode.BUS) else Network.FOOT
    first, last = int(places.edge[start]), int(places.edge[end])
    if first == last:
        nodes, edges = np.empty(0, np.int32), np.array([first], np.int32)
    else:
        nodes, through = _nodes(router, network, city, start, end)
        edges = np.concatenate([[first], through, [last]])
    door = Way.FOOTWAY
    x = np.concatenate(
        [[places.x[start], places.foot_x[start]], streets.x[nodes], [places.foot_x[end], places.x[end]]]
    )
    y = np.concatenate(
        [[places.y[start], places.foot_y[start]], streets.y[nodes], [places.foot_y[end], places.y[end]]]
    )
    way = np.concatenate([[door], streets.way[edges], [door]])
    around = np.concatenate([streets.around[edges[:1]], streets.around[edges], streets.around[edges[-1:]]])
    kept = np.append(True, np.hypot(np.diff(x), np.diff(y)) >= _LEAST_M)
    kept[-1] = True
    return Line(x[kept], y[kept], way[kept[1:]].astype(np.int8), around[kept[1:]].astype(np.int8))


def _nodes(
    router: Router, network: Network, city: City, start: int, end: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """By which ends of the two streets the way is shortest, and the nodes and edges between."""
    places, streets = city.places, city.streets
    best = (np.inf, 0, 0)
    out, into = int(places.edge[start]), int(places.edge[end])
    out_cost, in_cost = router.weight(network, out), router.weight(network, into)
    leaves = (
        (int(streets.a[out]), float(places.along[start])),
        (int(streets.b[out]), 1.0 - places.along[start]),
    )
    arrives = (
        (int(streets.a[into]), float(places.along[end])),
        (int(streets.b[into]), 1.0 - places.along[end]),
    )
    for target, in_share in arrives:
        cost = router.tree(network, target).cost
        for source, out_share in leaves:
            whole = float(cost[source]) + out_share * out_cost + in_share * in_cost
            best = min(best, (whole, source, target))
    if not np.isfinite(best[0]):
        raise ValueError(f"no way from place {start} to place {end}")
    return router.steps(network, best[1], best[2])


def timed(line: Line, mode: Mode, vigour: float, rng: np.random.Generator) -> Trip:
    """A way at the mode's speeds, each stretch a little differently, with stops at corners."""
    pace = PACES[mode]
    length_m = np.hypot(np.diff(line.x), np.diff(line.y))
    main = (line.way == Way.ARTERIAL) | (line.way == Way.TUNNEL)
    speed_m_s = np.where(main, pace.arterial_m_s, pace.street_m_s)
    own = vigour if pace.vehicle is None else 1.0
    speed_m_s = speed_m_s * own * np.exp(0.12 * np.clip(rng.standard_normal(length_m.size), -2.5, 2.5))
    around = line.around
    if pace.vehicle is not None:
        around = surroundings_by_vehicle(line.around, line.way, pace.vehicle)
        door = line.way == Way.FOOTWAY
        speed_m_s = np.where(door, PACES[Mode.FOOT].street_m_s, speed_m_s)
        around = np.where(door, line.around, around).astype(np.int8)
    moving_s = length_m / speed_m_s
    stops = rng.random(length_m.size - 1) < pace.stop_chance
    halt_s = np.clip(rng.exponential(pace.stop_s, length_m.size - 1), 3.0, 90.0)
    arrive_s = np.cumsum(moving_s)
    arrive_s[1:] += np.cumsum(np.where(stops, halt_s, 0.0))
    t_s = np.concatenate([[0.0], arrive_s])
    where = np.flatnonzero(stops) + 1
    return Trip(
        np.insert(t_s, where + 1, t_s[where] + halt_s[stops]),
        np.insert(line.x, where + 1, line.x[where]),
        np.insert(line.y, where + 1, line.y[where]),
        np.insert(np.append(around, around[-1]), where + 1, around[where]),
    )


def chained(trips: list[Trip]) -> Trip:
    """Trips one after the other, each from where the one before ended; waits are trips too."""
    t_parts, now_s = [], 0.0
    for trip in trips:
        t_parts.append(trip.t_s[:-1] + now_s)
        now_s += trip.seconds
    t_parts.append(np.array([now_s]))
    last = trips[-1]
    return Trip(
        np.concatenate(t_parts),
        np.concatenate([*(trip.x[:-1] for trip in trips), last.x[-1:]]),
        np.concatenate([*(trip.y[:-1] for trip in trips), last.y[-1:]]),
        np.concatenate([*(trip.around[:-1] for trip in trips), last.around[-1:]]),
    )


def waited(x: float, y: float, seconds: float, around: int) -> Trip:
    """Standing somewhere for a while."""
    return Trip(np.array([0.0, seconds]), np.full(2, x), np.full(2, y), np.full(2, around, np.int8))


def _parked(trip: Trip, city: City, start: int, end: int, rng: np.random.Generator) -> Trip:
    """With the time it takes to get going and to park, in a garage where there is one."""
    parts = []
    for place, index in ((start, 0), (end, -1)):
        garage = bool(city.places.garage[place])
        seconds = float(rng.uniform(*(_GARAGE_S if garage else _TO_CAR_S)))
        around = Surroundings.GARAGE if garage else Surroundings.STREET
        parts.append(waited(float(trip.x[index]), float(trip.y[index]), seconds, around))
    return chained([parts[0], trip, parts[1]])


def _stations(city: City, start: int, end: int) -> tuple[int, int] | None:
    """The stations (numbers along the line) nearest to both places, or None where that is one."""
    if city.railway is None:
        return None
    places = city.places
    x, y = places.x[city.railway.station], places.y[city.railway.station]
    board = int(np.argmin(np.hypot(x - places.x[start], y - places.y[start])))
    alight = int(np.argmin(np.hypot(x - places.x[end], y - places.y[end])))
    return None if board == alight else (board, alight)


def _by_train(
    city: City,
    router: Router,
    ends: tuple[int, int],
    stations: tuple[int, int],
    vigour: float,
    rng: np.random.Generator,
) -> Trip:
    railway = city.railway
    assert railway is not None
    places = city.places
    board, alight = (int(railway.station[number]) for number in stations)
    rails = ride(railway, *stations)
    parts = []
    if ends[0] != board:
        parts.append(timed(line_between(city, router, ends[0], board, Mode.FOOT), Mode.FOOT, vigour, rng))
    inside, outside = int(places.indoors[board]), int(places.indoors[alight])
    parts += [
        _walked((places.x[board], places.y[board]), (rails.x[0], rails.y[0]), inside),
        waited(float(rails.x[0]), float(rails.y[0]), float(rng.uniform(*_PLATFORM_WAIT_S)), inside),
        Trip(*rails),
        _walked((rails.x[-1], rails.y[-1]), (places.x[alight], places.y[alight]), outside),
    ]
    if ends[1] != alight:
        parts.append(timed(line_between(city, router, alight, ends[1], Mode.FOOT), Mode.FOOT, vigour, rng))
    return chained(parts)


def _walked(start: tuple[float, float], end: tuple[float, float], around: int) -> Trip:
    """Straight across a station at a walk."""
    way_m = max(float(np.hypot(end[0] - start[0], end[1] - start[1])), 1.0)
    return Trip(
        np.array([0.0, way_m / PACES[Mode.FOOT].street_m_s]),
        np.array([start[0], end[0]]),
        np.array([start[1], end[1]]),
        np.full(2, around, np.int8),
    )
