"""All suites by name, and how one is played."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from simulator.city.city import City
from simulator.city.generate import generated_city
from simulator.people.calendar import Calendar
from simulator.people.travel import Mode
from simulator.suites.contact import contact
from simulator.suites.drift import drift
from simulator.suites.hours import curfew, evening_ban
from simulator.suites.parameters import Parameters, WorldRefused, with_given
from simulator.suites.played import Played
from simulator.suites.playing import Cast, played, tracked
from simulator.suites.stalking import stalking


class Suite(NamedTuple):
    """``cast`` makes the people of one number, the wearer first; ``defaults`` are what it is played with."""

    title: str
    cast: Callable[[City, Calendar, Parameters, tuple[int, str], int], list[Cast]]
    defaults: Parameters


_APPROACHED = Parameters(wearers=2, days=5, zone_m=(150.0, 600.0), buffer_m=200.0)


def _stalking(mode: Mode, how: str) -> Suite:
    return Suite(f"approaches to a protected home {how}", partial(stalking, mode), _APPROACHED)


SUITES: dict[str, Suite] = {
    "drift": Suite("compliant wearers who live and work 30 to 500 m from a ban's edge", drift, Parameters()),
    "stalking-foot": _stalking(Mode.FOOT, "on foot"),
    "stalking-bicycle": _stalking(Mode.BICYCLE, "by bicycle"),
    "stalking-car": _stalking(Mode.CAR, "by car"),
    "stalking-train": _stalking(Mode.TRAIN, "by train"),
    "victim-moving": Suite(
        "approaches to a protected person wherever she is, who carries a device",
        contact,
        Parameters(wearers=2, days=5, radius_m=500.0),
    ),
    "curfew": Suite(
        "nights at home, some of them late, left early or missed, over a change of clocks",
        curfew,
        Parameters(wearers=2, days=7, first_day=date(2026, 3, 25), zone_m=(60.0, 150.0)),
    ),
    "evening-ban": Suite(
        "a ban that begins in the evening about where somebody works by day",
        evening_ban,
        Parameters(wearers=2, days=7, zone_m=(150.0, 600.0)),
    ),
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
