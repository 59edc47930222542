"""The suite of the moving victim: a protected person with a device of her own, and somebody who must keep
away from her wherever she is.

He goes to where she is, or follows her at a distance from one place to the next. Where their ordinary days
bring them near each other, that is as true as the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.city.routing import Router
from simulator.path import Path, Surroundings
from simulator.people.calendar import Calendar
from simulator.people.life import Gone, Life, Visit, lived
from simulator.people.routines import Person, days_of, person
from simulator.people.travel import Mode, Trip, chained, not_too_far, travelled, waited
from simulator.seeds import generator
from simulator.suites.outings import inserted, there_and_home, usual_places, whereabouts
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.playing import Ban, Cast

_TRIES = 50
_APART_RADII = 2.5  # their homes lie at least so many radii apart
_FOLLOW_CHANCE, _GO_CHANCE = 0.35, 0.45  # a day; else he keeps away
_BEHIND_S = (30.0, 180.0)
_LURK_S = (120.0, 2_400.0)


def contact(
    city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """The wearer of this number and the protected person whom he must not come near."""
    rng = generator(*names, index, "life")
    number = index + 1
    for _ in range(_TRIES):
        pair = _pair(city, parameters.radius_m, rng)
        if pair is None:
            continue
        she, he = pair
        try:
            hers = _lived(city, city.router, she, calendar, rng)
            his = _his(city, city.router, he, hers, calendar, parameters.radius_m, rng)
        except ValueError:  # somewhere there is no way: another two
            continue
        span = ((0.0, calendar.end_s),)
        ban = Ban("c-1", "contact", span, radius_m=parameters.radius_m, victim_device=f"v-{number}")
        return [
            Cast(f"w-{number}", f"d-{number}", his, (ban,), risk="high"),
            Cast("", f"v-{number}", hers),
        ]
    raise WorldRefused(
        f"no two homes {_APART_RADII:g} radii of {parameters.radius_m:g} m apart in {city.name}"
    )


def _pair(city: City, radius_m: float, rng: np.random.Generator) -> tuple[Person, Person] | None:
    places = city.places
    everywhere = np.ones(places.x.size, np.bool_)
    homes, works = places.of(Use.HOME), places.of(Use.WORK)
    hers = int(rng.choice(homes))
    far = _off_m(city, homes, hers) > _APART_RADII * radius_m
    if not far.any():
        return None
    his = int(rng.choice(homes[far]))
    found = []
    for home in (hers, his):
        work = int(rng.choice(works))
        found.append(person(home, work, usual_places(city, home, work, everywhere, rng), rng))
    return found[0], found[1]


def _lived(city: City, router: Router, who: Person, calendar: Calendar, rng: np.random.Generator) -> Life:
    day = days_of(who, calendar, rng)
    return lived(city, router, who.home, day.visits, (0.0, calendar.end_s), day.asleep, who.vigour, rng)


def _his(
    city: City,
    router: Router,
    who: Person,
    hers: Life,
    calendar: Calendar,
    radius_m: float,
    rng: np.random.Generator,
) -> Life:
    day = days_of(who, calendar, rng)
    visits = day.visits
    for number in range(calendar.days):
        chance = float(rng.random())
        day_s = (calendar.at(number, 8.0), calendar.at(number, 21.5))
        trips = [trip for trip in hers.trips if day_s[0] <= trip.leave_s < day_s[1]]
        if chance < _FOLLOW_CHANCE and trips:
            gone = trips[int(rng.integers(len(trips)))]
            visits = _following(city, router, who, visits, hers.path, gone, rng)
        elif chance < _FOLLOW_CHANCE + _GO_CHANCE:
            leave_s = float(rng.uniform(*day_s))
            target = _near_her(city, _place_at(hers.trips, who, leave_s + 900.0, trips), radius_m, rng)
            here = whereabouts(visits, who.home, leave_s)
            mode = not_too_far(city, here, target, Mode(int(rng.choice([Mode.FOOT, Mode.BICYCLE, Mode.CAR]))))
            stops = (here, target, who.home)
            trip = there_and_home(city, router, stops, mode, float(rng.uniform(*_LURK_S)), who.vigour, rng)
            visits = inserted(visits, Visit(leave_s, who.home, mode, trip), trip.seconds)
    return lived(city, router, who.home, visits, (0.0, calendar.end_s), day.asleep, who.vigour, rng)


def _following(
    city: City,
    router: Router,
    who: Person,
    visits: list[Visit],
    path: Path,
    gone: Gone,
    rng: np.random.Generator,
) -> list[Visit]:
    """He waits near her door, goes the way she goes some time behind her, and then home."""
    behind_s = float(rng.uniform(*_BEHIND_S))
    early_s = float(rng.uniform(120.0, 900.0))
    guess_s = gone.leave_s - early_s - 1_800.0
    here = whereabouts(visits, who.home, guess_s)
    mode = not_too_far(city, here, gone.start, Mode.BICYCLE)
    there = travelled(city, router, here, gone.start, mode, who.vigour, rng)
    leave_s = gone.leave_s + behind_s - early_s - there.seconds
    if leave_s < 60.0 or whereabouts(visits, who.home, leave_s) != here:
        return visits
    wait = waited(float(there.x[-1]), float(there.y[-1]), early_s, Surroundings.STREET)
    back = travelled(city, router, gone.end, who.home, mode, who.vigour, rng)
    trip = chained([there, wait, _copied(city, path, gone), back])
    return inserted(visits, Visit(leave_s, who.home, mode, trip), trip.seconds)


def _copied(city: City, path: Path, gone: Gone) -> Trip:
    """The very way that she went, with what was around her."""
    first, last = np.searchsorted(path.t_s, [gone.leave_s, gone.arrive_s])
    rows = slice(int(first), int(last) + 1)
    x, y = city.plane.metres(path.lon[rows], path.lat[rows])
    return Trip(path.t_s[rows] - path.t_s[first], x, y, path.surroundings[rows])


def _place_at(trips: tuple[Gone, ...], who: Person, at_s: float, today: list[Gone]) -> int:
    """Where she is then, or is on her way to."""
    here = today[0].start if today else (trips[0].start if trips else who.work)
    for trip in trips:
        if trip.leave_s > at_s:
            break
        here = trip.end
    return here


def _near_her(city: City, place: int, radius_m: float, rng: np.random.Generator) -> int:
    """A place well within the radius of hers, or just outside it one time in five."""
    off_m = _off_m(city, np.arange(city.places.x.size), place)
    low, high = (1.05, 1.6) if rng.random() < 0.2 else (0.05, 0.7)
    near = np.flatnonzero((off_m > low * radius_m) & (off_m < high * radius_m))
    return int(rng.choice(near)) if near.size else place


def _off_m(city: City, some: NDArray[np.intp], place: int) -> NDArray[np.float64]:
    places = city.places
    off_m: NDArray[np.float64] = np.hypot(places.x[some] - places.x[place], places.y[some] - places.y[place])
    return off_m
