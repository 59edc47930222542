"""The drift suite: people who keep to their bans and live and work close to the edge of one.

Nobody is ever truly inside. Whatever is told of a breach here, the receiver's error told it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.city.routing import Router
from simulator.people.calendar import Calendar
from simulator.people.life import Life, lived
from simulator.people.routines import Person, days_of, person
from simulator.people.travel import Mode
from simulator.seeds import generator
from simulator.suites.outings import rails_within, usual_places
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.playing import Ban, Cast
from simulator.suites.zones import Shape, blocked_by, far_from, laid_beside, lines_of, log_uniform

_CLEAR_M = 12.0  # no street nearer than this to a ban is used: half of its width and a pavement
_TRIES = 200


class Settled(NamedTuple):
    """Somebody with two bans beside him: ``edges_m`` from home and from work."""

    who: Person
    shapes: tuple[Shape, Shape]
    edges_m: tuple[float, float]
    router: Router


def drift(
    city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """The wearer of this number: his life, and a ban beside his home and one beside his work."""
    rng = generator(*names, index, "life")
    number = index + 1
    for _ in range(_TRIES):
        settled = _settled(city, parameters, rng)
        life = None if settled is None else _life(city, calendar, settled, rng)
        if settled is not None and life is not None:
            span = ((0.0, calendar.end_s),)
            bans = tuple(
                Ban(f"c-{name}", "exclusion", span, shape.geojson, edge_m=round(edge_m, 1))
                for name, shape, edge_m in zip(("home", "work"), settled.shapes, settled.edges_m, strict=True)
            )
            return [Cast(f"w-{number}", f"d-{number}", life, bans)]
    raise WorldRefused(f"no home and work beside bans of {parameters.zone_m} m found in {city.name}")


def _settled(city: City, parameters: Parameters, rng: np.random.Generator) -> Settled | None:
    """A home and a workplace, each with a ban beside it that leaves a way out; None where there is none."""
    places = city.places
    home, work = int(rng.choice(places.of(Use.HOME))), int(rng.choice(places.of(Use.WORK)))
    shapes, edges_m = [], []
    for place in (home, work):
        edge_m, reach_m = log_uniform(parameters.edge_m, rng), log_uniform(parameters.zone_m, rng)
        form = parameters.forms[int(rng.integers(len(parameters.forms)))]
        angle, seed = float(rng.uniform(0.0, 2.0 * np.pi)), int(rng.integers(2**32))
        shapes.append(laid_beside(form, city, place, edge_m, reach_m, angle, seed))
        edges_m.append(edge_m)
    areas = [shape.area for shape in shapes]
    here = np.array([home, work])
    least_m = parameters.edge_m[0] - 0.5
    if not far_from(places.x[here], places.y[here], areas, least_m).all():
        return None
    fit = far_from(places.x, places.y, areas, 30.0)
    blocked = blocked_by(city.streets, areas, _CLEAR_M)
    fit &= ~blocked[places.edge]
    if blocked[places.edge[home]] or blocked[places.edge[work]]:
        return None
    others = usual_places(city, home, work, fit, rng)
    who = person(home, work, others, rng)
    if who.mode == Mode.TRAIN and rails_within(city, areas):
        who = who._replace(mode=Mode.BICYCLE)
    return Settled(who, (shapes[0], shapes[1]), (edges_m[0], edges_m[1]), Router(city.streets, blocked))


def _life(city: City, calendar: Calendar, settled: Settled, rng: np.random.Generator) -> Life | None:
    """His days; None where the bans cut his places off from each other, or a way meets one after all."""
    day = days_of(settled.who, calendar, rng)
    try:
        life = lived(
            city,
            settled.router,
            settled.who.home,
            day.visits,
            (0.0, calendar.end_s),
            day.asleep,
            settled.who.vigour,
            rng,
        )
    except ValueError:
        return None
    line = lines_of(*city.plane.metres(life.path.lon, life.path.lat))
    return life if all(shape.area.distance(line) > 1.0 for shape in settled.shapes) else None
