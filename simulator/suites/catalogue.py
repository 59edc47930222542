"""All suites by name, and how one is played."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, NamedTuple

from simulator.people.travel import Mode
from simulator.suites.contact import contact
from simulator.suites.drift import drift
from simulator.suites.hours import curfew, evening_ban
from simulator.suites.ordinary import fleet
from simulator.suites.parameters import Parameters, WorldRefused, with_given
from simulator.suites.parts import Casting, Part, Progress, each_part, merged, parts_of, play_part
from simulator.suites.played import Played
from simulator.suites.stalking import stalking
from simulator.suites.zones import BLOCK, CIRCLE


class Suite(NamedTuple):
    """``casting`` makes the people of one number, the wearer first; ``defaults`` are its parameters."""

    title: str
    casting: Casting
    defaults: Parameters


_APPROACHED = Parameters(wearers=2, days=5, zone_m=(150.0, 600.0), buffer_m=200.0)


def _stalking(mode: Mode, how: str) -> Suite:
    return Suite(f"approaches to a protected home {how}", partial(stalking, mode), _APPROACHED)


SUITES: dict[str, Suite] = {
    "drift": Suite("compliant wearers who live and work 30 to 500 m from a ban's edge", drift, Parameters()),
    "fleet": Suite(
        "a region's wearers on an ordinary day",
        fleet,
        Parameters(wearers=300, days=1, forms=(CIRCLE, CIRCLE, CIRCLE, BLOCK)),
    ),
    "upkeep": Suite(
        "ordinary days with batteries that run empty, straps that are cut and jammers in cars",
        fleet,
        Parameters(wearers=6, days=7, forms=(CIRCLE, CIRCLE, CIRCLE, BLOCK), upkeep=True),
    ),
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


def suite(name: str, seed: int, *, progress: Progress | None = None, **parameters: Any) -> Played:
    """The world of this suite and seed; ``parameters`` are those of ``Parameters``.

    ``progress`` is told how many wearers of how many are done. With more than one worker the caller's own
    module must be importable without doing its work again, as ``multiprocessing`` says. Raises
    ``WorldRefused`` (a ``ValueError``) for an unknown suite or parameter, for values out of their bounds,
    for a city in which such people cannot live, and for a street file that cannot be read.
    """
    parts = planned(name, seed, **parameters)
    return merged(list(each_part(play_part, parts, parts[0].parameters.workers, progress)))


def planned(name: str, seed: int, **parameters: Any) -> list[Part]:
    """The parts of this world, to be played one by one where the whole is too large to hold.

    Raises ``WorldRefused`` as ``suite`` does.
    """
    found = SUITES.get(name)
    if found is None:
        raise WorldRefused(f"suite {name!r} is unknown; must be one of {', '.join(SUITES)}")
    if not 0 <= seed < 2**53:
        raise WorldRefused(f"seed is {seed!r}; must be 0 to 2^53")
    return parts_of(name, seed, with_given(found.defaults, parameters), found.casting)
