"""Buildings and a railway for given streets, generated or real."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.city.buildings import Places, Use, all_of, beside, drawn_edges
from simulator.city.city import City
from simulator.city.plane import Plane
from simulator.city.railway import Railway
from simulator.city.streets import Floats, Streets, Way
from simulator.path import Surroundings

Wet = Callable[[Floats, Floats], NDArray[np.bool_]]

_STATIONS = 6
_DEEP_SHARE = 0.04  # of workplaces lie in basements, as kitchens, stores and workshops do
_GARAGE_SHARE = 0.5  # of workplaces and shops in the middle have a parking garage


class Counts(NamedTuple):
    """How many buildings a city gets."""

    homes: int = 4_000
    work: int = 300
    shops: int = 150
    schools: int = 50
    parks: int = 30


def built(
    name: str,
    plane: Plane,
    half_m: float,
    streets: Streets,
    rng: np.random.Generator,
    wet: Wet,
    counts: Counts | None = None,
) -> City:
    """The city of these streets. Raises ``ValueError`` where there is no street to build on."""
    many = Counts() if counts is None else counts
    middle_x = (streets.x[streets.a] + streets.x[streets.b]) / 2.0
    middle_y = (streets.y[streets.a] + streets.y[streets.b]) / 2.0
    from_middle = np.hypot(middle_x, middle_y) / half_m
    fit = ~wet(middle_x, middle_y) & (streets.length_m > 40.0) & (streets.way != Way.FOOTWAY)
    quiet = fit & (streets.way == Way.STREET)
    quiet = quiet if quiet.any() else fit
    flat = np.ones(middle_x.size)
    central = np.exp(-((from_middle / 0.25) ** 2)) + 0.08
    green = streets.way == Way.FOOTWAY
    parts = [
        beside(streets, drawn_edges(streets, quiet, flat, many.homes, rng), Use.HOME, rng),
        beside(streets, drawn_edges(streets, fit, central, many.work, rng), Use.WORK, rng),
        beside(streets, drawn_edges(streets, fit, central, many.shops, rng), Use.SHOP, rng),
        beside(streets, drawn_edges(streets, quiet, flat, many.schools, rng), Use.SCHOOL, rng),
    ]
    if green.any():
        parts.append(beside(streets, drawn_edges(streets, green, flat, many.parks, rng), Use.PARK, rng))
    places = all_of(parts)
    work = np.isin(places.use, (Use.WORK,))
    in_town = np.hypot(places.x, places.y) < 0.35 * half_m
    chance = rng.random(places.x.size)
    places.indoors[work & (chance < _DEEP_SHARE)] = Surroundings.DEEP
    parked = np.isin(places.use, (Use.WORK, Use.SHOP)) & in_town & (rng.random(places.x.size) < _GARAGE_SHARE)
    places.garage[parked] = True
    line, places = _railway(streets, places, fit, half_m, rng)
    return City(name, plane, half_m, streets, places, line)


def _railway(
    streets: Streets, places: Places, fit: NDArray[np.bool_], half_m: float, rng: np.random.Generator
) -> tuple[Railway, Places]:
    """A gently curved line through the middle; each station's building stands on a street beside it."""
    reach_m = 0.80 * half_m
    angle, bow_m = rng.uniform(0.0, np.pi), rng.uniform(-0.1, 0.1) * half_m
    along_m = np.linspace(-reach_m, reach_m, 41)
    aside_m = bow_m * np.sin(along_m / reach_m * np.pi)
    x = along_m * np.cos(angle) - aside_m * np.sin(angle)
    y = along_m * np.sin(angle) + aside_m * np.cos(angle)
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted_m = at_m[-1] * (np.arange(_STATIONS) + 0.5) / _STATIONS
    middle_x = (streets.x[streets.a] + streets.x[streets.b]) / 2.0
    middle_y = (streets.y[streets.a] + streets.y[streets.b]) / 2.0
    edges = []
    for metre in wanted_m:
        off_m = np.hypot(middle_x - np.interp(metre, at_m, x), middle_y - np.interp(metre, at_m, y))
        edges.append(int(np.argmin(np.where(fit, off_m, np.inf))))
    stations = beside(streets, np.array(edges, np.int32), Use.STATION, rng)
    under = (float(0.40 * at_m[-1]), float(0.60 * at_m[-1]))
    deep = (wanted_m > under[0]) & (wanted_m < under[1])
    stations.indoors[:] = np.where(deep, Surroundings.DEEP, Surroundings.OPEN)
    first = places.x.size
    numbers = first + np.arange(_STATIONS)
    return Railway(x, y, at_m, wanted_m, numbers, under), all_of([places, stations])
