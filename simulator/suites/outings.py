"""Outings put into an ordinary life: approaches that begin where he is then, and end at home."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.city.routing import Router
from simulator.people.life import Visit
from simulator.people.routines import Person, person
from simulator.people.travel import Mode, Trip, chained, travelled, waited
from simulator.suites.zones import blocked_by, far_from, lines_of

_CLEAR_M = 12.0  # no street nearer than this to a ban is used: half of its width and a pavement
_LIVES_AWAY_M = 250.0


class Ordinary(NamedTuple):
    """An ordinary life outside some zones: ``router`` keeps out of them, ``free`` does not."""

    who: Person
    router: Router
    free: Router


def ordinary(city: City, areas: list[BaseGeometry], rng: np.random.Generator) -> Ordinary | None:
    """Somebody who lives, works and goes about outside all areas; None where this home has no way out."""
    places = city.places
    blocked = blocked_by(city.streets, areas, _CLEAR_M)
    fit = far_from(places.x, places.y, areas, _LIVES_AWAY_M) & ~blocked[places.edge]
    homes, works = places.of(Use.HOME), places.of(Use.WORK)
    homes, works = homes[fit[homes]], works[fit[works]]
    if not homes.size or not works.size:
        return None
    home, work = int(rng.choice(homes)), int(rng.choice(works))
    who = person(home, work, usual_places(city, home, work, fit, rng), rng)
    if who.mode == Mode.TRAIN and rails_within(city, areas):
        who = who._replace(mode=Mode.BICYCLE)
    return Ordinary(who, Router(city.streets, blocked), city.router)


def usual_places(
    city: City, home: int, work: int, fit: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shops near home and work, friends anywhere, the nearest parks: of those that are ``fit``."""
    places = city.places

    def near(use: Use, place: int, count: int) -> list[int]:
        some = places.of(use)
        some = some[fit[some]]
        off_m = np.hypot(places.x[some] - places.x[place], places.y[some] - places.y[place])
        return [int(each) for each in some[np.argsort(off_m, kind="stable")[:count]]]

    friends = places.of(Use.HOME)
    friends = friends[fit[friends]]
    chosen = tuple(int(each) for each in rng.choice(friends, min(3, len(friends)), replace=False))
    shops = tuple(dict.fromkeys([*near(Use.SHOP, home, 2), *near(Use.SHOP, work, 2)]))
    return shops, chosen, tuple(near(Use.PARK, home, 2))


def rails_within(city: City, areas: list[BaseGeometry]) -> bool:
    """Whether the railway comes near any of the areas."""
    line = city.railway
    return line is not None and any(area.distance(lines_of(line.x, line.y)) < _CLEAR_M for area in areas)


def whereabouts(visits: list[Visit], home: int, at_s: float) -> int:
    """The place of the last visit that was begun before an instant."""
    here = home
    for visit in visits:
        if visit.leave_s >= at_s:
            break
        here = visit.place
    return here


def inserted(visits: list[Visit], outing: Visit, busy_s: float) -> list[Visit]:
    """The visits with an outing among them, in place of all that would begin in the ``busy_s`` after it."""
    kept = [v for v in visits if not outing.leave_s <= v.leave_s < outing.leave_s + busy_s]
    return sorted([*kept, outing], key=lambda visit: visit.leave_s)


def there_and_home(
    city: City,
    router: Router,
    stops: tuple[int, int, int],
    mode: Mode,
    lurk_s: float,
    vigour: float,
    rng: np.random.Generator,
) -> Trip:
    """From the first of the ``stops`` to the second, in the street before it for ``lurk_s``, to the third."""
    start, target, home = stops
    there = travelled(city, router, start, target, mode, vigour, rng)
    around = int(city.streets.around[city.places.edge[target]])
    lurk = waited(float(there.x[-1]), float(there.y[-1]), max(lurk_s, 1.0), around)
    return chained([there, lurk, travelled(city, router, target, home, mode, vigour, rng)])
