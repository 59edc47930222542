"""All suites by name, and how one is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from simulator.city.city import City
from simulator.city.generate import generated_city
from simulator.people.calendar import Calendar
from simulator.suites.drift import drift
from simulator.suites.parameters import Parameters, WorldRefused, with_given
from simulator.suites.played import Played
from simulator.suites.playing import Cast, played, tracked


class Suite(NamedTuple):
    """``cast`` makes the people of one number, the wearer first; ``defaults`` are what it is played with."""

    title: str
    cast: Callable[[City, Calendar, Parameters, tuple[int, str], int], list[Cast]]
    defaults: Parameters


def _drift(*args: Any) -> list[Cast]:
    return [drift(*args)]


SUITES: dict[str, Suite] = {
    "drift": Suite("compliant wearers who live and work 30 to 500 m from a ban's edge", _drift, Parameters()),
}


def suite(name: str, seed: int, **parameters: Any) -> Played:
    """The world of this suite and seed; ``parameters`` are those of ``Parameters``.

    Raises ``WorldRefused`` (a ``ValueError``) for an unknown suite or parameter, for values out of their
    bounds, for a city in which such people cannot live, and for a street file that cannot be read.
    """
    found = SUITES.get(name)
    if found is None:
        raise WorldRefused(f"suite {name!r} is unknown; must be one of {', '.join(SUITES)}")
    chosen = with_given(found.defaults, parameters)
    calendar = Calendar(chosen.first_day, chosen.days)
    city = generated_city(seed)
    span_s = (0.0, calendar.end_s)
    casts: list[Cast] = []
    tracks = []
    for index in range(chosen.wearers):
        own = found.cast(city, calendar, chosen, (seed, name), index)
        casts += own
        tracks += [tracked(cast, index, chosen, span_s, (seed, name)) for cast in own]
    return played(name, seed, chosen, calendar.start_us, span_s, casts, tracks)
