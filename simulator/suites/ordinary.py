"""The fleet suite: a whole region's wearers on ordinary days, each with a ban about somebody's home.

Nearly all keep out of it by where they live and go; for one in twenty the ban lies on a place where he went
that day, so that the world has true breaches at about the rate of the field.
"""

from __future__ import annotations

import numpy as np

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.city.streets import Floats
from simulator.people.calendar import Calendar
from simulator.people.life import Life, lived
from simulator.people.routines import Person, days_of, person
from simulator.seeds import generator
from simulator.suites.outings import usual_places
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.playing import Ban, Cast
from simulator.suites.zones import Shape, log_uniform, shaped

BREACH_SHARE = 0.05
"""[field] about 0.05 true breaches a wearer-day."""
_TRIES = 40
_CLEAR_M = 15.0


def fleet(
    city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """The wearer of this number on his ordinary days."""
    rng = generator(*names, index, "life")
    for _ in range(_TRIES):
        who = _somebody(city, rng)
        try:
            life = _life(city, who, calendar, rng)
        except ValueError:  # somewhere there is no way: somebody else
            continue
        shape = _ban(city, who, life, parameters, rng)
        if shape is not None:
            ban = Ban("c-1", "exclusion", ((0.0, calendar.end_s),), shape.geojson)
            return [Cast(f"w-{index + 1}", f"d-{index + 1}", life, (ban,))]
    raise WorldRefused(f"no ban that leaves room for a life found in {city.name}")


def _somebody(city: City, rng: np.random.Generator) -> Person:
    places = city.places
    homes, works = places.of(Use.HOME), places.of(Use.WORK)
    home, work = int(homes[rng.integers(homes.size)]), int(works[rng.integers(works.size)])
    everywhere = np.ones(places.x.size, np.bool_)
    return person(home, work, usual_places(city, home, work, everywhere, rng), rng)


def _life(city: City, who: Person, calendar: Calendar, rng: np.random.Generator) -> Life:
    day = days_of(who, calendar, rng)
    span_s = (0.0, calendar.end_s)
    return lived(city, city.router, who.home, day.visits, span_s, day.asleep, who.vigour, rng)


def _ban(
    city: City, who: Person, life: Life, parameters: Parameters, rng: np.random.Generator
) -> Shape | None:
    """A zone about a home that he stays clear of; of one in twenty about a place where he was."""
    places = city.places
    form = parameters.forms[int(rng.integers(len(parameters.forms)))]
    been = sorted({gone.end for gone in life.trips} - {who.home})
    meets = bool(been) and rng.random() < BREACH_SHARE
    homes = places.of(Use.HOME)
    x, y = city.plane.metres(life.path.lon, life.path.lat)
    for _ in range(_TRIES):
        reach_m = log_uniform(parameters.zone_m, rng)
        about = been[int(rng.integers(len(been)))] if meets else int(homes[rng.integers(homes.size)])
        at_x, at_y = float(places.x[about]), float(places.y[about])
        from_home_m = float(np.hypot(at_x - places.x[who.home], at_y - places.y[who.home]))
        clear = nearest_m(x, y, at_x, at_y) > reach_m + _CLEAR_M
        if from_home_m > reach_m + parameters.edge_m[0] and (meets or clear):
            return shaped(form, city, at_x, at_y, reach_m, rng)
    return None


def nearest_m(x: Floats, y: Floats, at_x: float, at_y: float) -> float:
    """How near a polyline comes to a point."""
    ax, ay = x[:-1] - at_x, y[:-1] - at_y
    dx, dy = np.diff(x), np.diff(y)
    long2 = np.maximum(dx * dx + dy * dy, 1e-12)
    share = np.clip(-(ax * dx + ay * dy) / long2, 0.0, 1.0)
    return float(np.hypot(ax + share * dx, ay + share * dy).min())
