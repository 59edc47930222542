"""Stalking suites: an ordinary life outside a ban, and on most days an approach to whom it protects.

On foot, by bicycle, by car and by train: he lingers in the zone, just touches it, passes through without a
stop, or turns back before its edge. The truth is what the path says, whatever was meant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from shapely.geometry import LineString

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.people.calendar import Calendar
from simulator.people.life import Life, Visit, lived
from simulator.people.routines import days_of
from simulator.people.travel import Mode, Trip
from simulator.seeds import generator
from simulator.suites.outings import Ordinary, inserted, ordinary, there_and_home, whereabouts
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.playing import Ban, Cast
from simulator.suites.zones import Shape, log_uniform, shaped

_TRIES = 100
_NEAR_STATION_M = (100.0, 900.0)
_BUSY_S = 3.5 * 3_600.0


class Approach(NamedTuple):
    """How often of ten days, and how long he stays there in minutes."""

    name: str
    tenths: int
    minutes: tuple[float, float]


APPROACHES = (
    Approach("linger", 4, (4.0, 45.0)),
    Approach("touch", 2, (0.2, 3.0)),
    Approach("pass", 2, (2.0, 20.0)),
    Approach("turn_back", 1, (1.0, 15.0)),
    Approach("none", 1, (0.0, 0.0)),
)


def stalking(
    mode: Mode, city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """The stalker of this number: his days, and the ban about a home that he approaches by this mode."""
    rng = generator(*names, index, "life")
    for _ in range(_TRIES):
        shape = _protected(city, parameters, mode, rng)
        usual = ordinary(city, [shape.area], rng)
        if usual is None:
            continue
        try:
            life = _life(city, calendar, usual, shape, mode, rng)
        except ValueError:  # somewhere there is no way: another home
            continue
        span = ((0.0, calendar.end_s),)
        ban = Ban("c-1", "exclusion", span, shape.geojson)
        return [Cast(f"w-{index + 1}", f"d-{index + 1}", life, (ban,), risk="high")]
    raise WorldRefused(f"no protected home with a way to it found in {city.name}")


def _protected(city: City, parameters: Parameters, mode: Mode, rng: np.random.Generator) -> Shape:
    """A zone about a home; of who comes by train, near a station."""
    places = city.places
    homes = places.of(Use.HOME)
    if mode == Mode.TRAIN and city.railway is not None:
        station = int(rng.choice(city.railway.station))
        off_m = np.hypot(places.x[homes] - places.x[station], places.y[homes] - places.y[station])
        near = homes[(off_m >= _NEAR_STATION_M[0]) & (off_m <= _NEAR_STATION_M[1])]
        homes = near if near.size else homes
    home = int(rng.choice(homes))
    form = parameters.forms[int(rng.integers(len(parameters.forms)))]
    reach_m = log_uniform(parameters.zone_m, rng)
    return shaped(form, city, float(places.x[home]), float(places.y[home]), reach_m, rng)


def _life(
    city: City, calendar: Calendar, usual: Ordinary, shape: Shape, mode: Mode, rng: np.random.Generator
) -> Life:
    who = usual.who
    day = days_of(who, calendar, rng)
    visits = day.visits
    weights = np.array([each.tenths for each in APPROACHES]) / 10.0
    for number in range(calendar.days):
        approach = APPROACHES[int(rng.choice(len(APPROACHES), p=weights))]
        leave_s = calendar.at(number, float(rng.uniform(9.0, 21.0)))
        if approach.name == "none":
            continue
        here = whereabouts(visits, who.home, leave_s)
        trip = _approached(city, usual, shape, (here, mode, approach), rng)
        visits = inserted(visits, Visit(leave_s, who.home, mode, trip), max(_BUSY_S, trip.seconds))
    span_s = (0.0, calendar.end_s)
    return lived(city, usual.router, who.home, visits, span_s, day.asleep, who.vigour, rng)


def _approached(
    city: City,
    usual: Ordinary,
    shape: Shape,
    how: tuple[int, Mode, Approach],
    rng: np.random.Generator,
) -> Trip:
    """The trip from where he is to a place in the zone, beyond it or short of it, and home."""
    here, mode, approach = how
    targets = _targets(city, shape, approach.name)
    lurk_s = 60.0 * float(rng.uniform(*approach.minutes))
    router = usual.router if approach.name == "turn_back" else usual.free
    trip: Trip | None = None
    for _ in range(12 if approach.name == "pass" else 1):
        stops = (here, int(rng.choice(targets)), usual.who.home)
        trip = there_and_home(city, router, stops, mode, lurk_s, usual.who.vigour, rng)
        # What begins beyond the zone passes through it only if the way leads there.
        if approach.name != "pass" or shape.area.intersects(LineString(np.stack([trip.x, trip.y], axis=1))):
            break
    assert trip is not None
    return trip


def _targets(city: City, shape: Shape, name: str) -> np.ndarray:
    """Numbers of places that such an approach may go for; the nearest place where none is as wanted."""
    places = city.places
    off_m = shape.signed_m(places.x, places.y)
    bounds = {"linger": (-np.inf, -5.0), "touch": (-60.0, 0.0), "turn_back": (15.0, 250.0)}
    low, high = bounds.get(name, (100.0, 2_500.0))
    found = np.flatnonzero((off_m >= low) & (off_m < high))
    return found if found.size else np.array([int(np.argmin(np.abs(off_m)))])
