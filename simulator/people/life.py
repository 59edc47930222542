"""A person's true path over days: stays in buildings, small movements in them, and trips between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.city.city import City
from simulator.city.routing import Router
from simulator.city.streets import Floats
from simulator.path import Path, Surroundings
from simulator.people.travel import Mode, Trip, not_too_far, travelled

_ROOM_M = 4.0  # how far from a building's middle somebody sits
_BOUT_EACH_S = 1_500.0  # awake indoors somebody gets up each 25 min in the mean
_TURN_EACH_S = 9_000.0  # and asleep turns over enough for the sensor each 2.5 h
_BOUT_S = (20.0, 240.0)


class Visit(NamedTuple):
    """Go to ``place`` by ``mode``, leaving at ``leave_s``; at the earliest when he has been where he is for
    ``_LEAST_STAY_S``. ``trip`` is what he does instead, if not None: it begins where he is."""

    leave_s: float
    place: int
    mode: Mode
    trip: Trip | None = None


class Gone(NamedTuple):
    """A trip that was made: when he left where, and came where."""

    leave_s: float
    arrive_s: float
    start: int
    end: int


class Life(NamedTuple):
    """``path`` in degrees; ``moving_s`` f64[m, 2] the spans in which he moved, rising; his ``trips``."""

    path: Path
    moving_s: Floats
    trips: tuple[Gone, ...] = ()


_LEAST_STAY_S = 120.0


class _Written:
    """Vertices as they are lived through."""

    def __init__(self) -> None:
        self.t: list[Floats] = []
        self.x: list[Floats] = []
        self.y: list[Floats] = []
        self.around: list[np.ndarray] = []
        self.moving: list[tuple[float, float]] = []
        self.trips: list[Gone] = []

    def add(self, t_s: Floats, x: Floats, y: Floats, around: np.ndarray) -> None:
        self.t.append(t_s)
        self.x.append(x)
        self.y.append(y)
        self.around.append(around)


def lived(
    city: City,
    router: Router,
    home: int,
    visits: list[Visit],
    span_s: tuple[float, float],
    asleep: list[tuple[float, float]],
    vigour: float,
    rng: np.random.Generator,
) -> Life:
    """The life of somebody who is at home at the span's begin and makes these visits, in this order.

    ``asleep`` are rising spans in which he hardly moves when he stays. What he would do after the
    span's end is cut off. Raises ``ValueError`` where a visit has no way.
    """
    written = _Written()
    now_s, here = span_s[0], home
    for visit in visits:
        leave_s = max(visit.leave_s, now_s + _LEAST_STAY_S)
        if leave_s >= span_s[1]:
            break
        if visit.trip is None and visit.place == here:
            continue
        _stay(written, city, here, now_s, leave_s, asleep, rng)
        trip = visit.trip
        if trip is None:
            mode = not_too_far(city, here, visit.place, visit.mode)
            trip = travelled(city, router, here, visit.place, mode, vigour, rng)
        written.add(trip.t_s[:-1] + leave_s, trip.x[:-1], trip.y[:-1], trip.around[:-1])
        written.trips.append(Gone(leave_s, leave_s + trip.seconds, here, visit.place))
        now_s, here = leave_s + trip.seconds, visit.place
        written.moving.append((leave_s, now_s))
    if now_s < span_s[1]:
        _stay(written, city, here, now_s, span_s[1], asleep, rng)
    return _cut(written, city, span_s[1])


def _stay(
    written: _Written,
    city: City,
    place: int,
    from_s: float,
    to_s: float,
    asleep: list[tuple[float, float]],
    rng: np.random.Generator,
) -> None:
    """At a place; now and then he moves to another spot in it."""
    places = city.places
    at_x, at_y = float(places.x[place]), float(places.y[place])
    indoors = int(places.indoors[place])
    t, x, y = [from_s], [at_x], [at_y]
    spot_x, spot_y = at_x, at_y
    now_s = from_s
    while True:
        each_s = _TURN_EACH_S if any(a <= now_s < b for a, b in asleep) else _BOUT_EACH_S
        begin_s = now_s + 60.0 + float(rng.exponential(each_s))
        end_s = begin_s + float(rng.uniform(*_BOUT_S))
        if end_s >= to_s - 60.0:
            break
        written.moving.append((begin_s, end_s))
        off_x, off_y = rng.uniform(-_ROOM_M, _ROOM_M, 2)
        t += [begin_s, end_s]
        x += [spot_x, at_x + float(off_x)]
        y += [spot_y, at_y + float(off_y)]
        spot_x, spot_y = x[-1], y[-1]
        now_s = end_s
    if (spot_x, spot_y) != (at_x, at_y):  # back to the door in the last half minute
        t.append(max(now_s, to_s - 30.0))
        x.append(spot_x)
        y.append(spot_y)
        if t[-1] <= t[-2]:
            t.pop(), x.pop(), y.pop()
    written.add(np.array(t), np.array(x), np.array(y), np.full(len(t), indoors, np.int8))
    if indoors == Surroundings.OPEN and to_s - from_s > 60.0:  # nobody sits still in a park
        written.moving.append((from_s + 1.0, to_s - 1.0))


def _cut(written: _Written, city: City, until_s: float) -> Life:
    t_s = np.concatenate(written.t)
    x, y = np.concatenate(written.x), np.concatenate(written.y)
    around = np.concatenate(written.around)
    late = t_s > until_s
    if late.any():
        first = int(np.argmax(late))
        share = (until_s - t_s[first - 1]) / (t_s[first] - t_s[first - 1])
        x[first] = x[first - 1] + share * (x[first] - x[first - 1])
        y[first] = y[first - 1] + share * (y[first] - y[first - 1])
        t_s[first] = until_s
        t_s, x, y, around = (column[: first + 1] for column in (t_s, x, y, around))
    lon, lat = city.plane.degrees(x, y)
    moving = np.array(sorted(written.moving)).reshape(-1, 2)
    moving = moving[moving[:, 0] < until_s]
    return Life(Path(t_s, lon, lat, around), np.minimum(moving, until_s), tuple(written.trips))
