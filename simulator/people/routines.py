"""Days and weeks: when somebody works, shops, visits, walks and sleeps."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Protocol

import numpy as np

from simulator.people.calendar import Calendar
from simulator.people.life import Visit
from simulator.people.travel import Mode


class Kind(IntEnum):
    """How somebody spends his days."""

    OFFICE = 0
    SHIFTS = 1  # weeks of late and night work
    PART_TIME = 2
    AT_HOME = 3  # no work


_KIND_SHARES = (0.45, 0.20, 0.15, 0.20)
_MODE_SHARES = (0.15, 0.35, 0.30, 0.10, 0.10)  # in the order of ``Mode``; cycling as the Dutch do
_TO_WORK_H = 0.5


class Person(NamedTuple):
    """Who he is: places by their numbers in the city; ``mode`` to work; ``vigour`` of his walk and ride."""

    kind: Kind
    home: int
    work: int
    shops: tuple[int, ...]
    friends: tuple[int, ...]
    parks: tuple[int, ...]
    mode: Mode
    vigour: float
    wakes_h: float
    sleeps_h: float


class Day(NamedTuple):
    """What a day is made of, and when he is asleep in it."""

    visits: list[Visit]
    asleep: list[tuple[float, float]]


def person(
    home: int,
    work: int,
    others: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
    rng: np.random.Generator,
    kind: Kind | None = None,
) -> Person:
    """Somebody who lives and works there; ``others`` are his shops, friends' homes and parks."""
    shops, friends, parks = others
    drawn = Kind(int(rng.choice(len(Kind), p=_KIND_SHARES)))
    mode = Mode(int(rng.choice(len(Mode), p=_MODE_SHARES)))
    vigour = float(np.clip(np.exp(0.13 * rng.standard_normal()), 0.7, 1.4))
    wakes_h, sleeps_h = float(rng.normal(6.9, 0.5)), float(rng.normal(23.2, 0.5))
    return Person(
        drawn if kind is None else kind, home, work, shops, friends, parks, mode, vigour, wakes_h, sleeps_h
    )


def days_of(who: Person, calendar: Calendar, rng: np.random.Generator) -> Day:
    """All visits of all days in their order, and all spans of sleep."""
    visits: list[Visit] = []
    asleep: list[tuple[float, float]] = []
    for day in range(calendar.days):
        hours = _shift(who, day // 7) if works(who, calendar.weekday(day)) else None
        night = hours is not None and hours[1] > 26.0
        found, rest = (_at_night if night else _by_day)(who, calendar, day, hours, rng)
        visits += found
        asleep += rest
    return Day(sorted(visits, key=lambda visit: visit.leave_s), sorted(asleep))


def works(who: Person, weekday: int) -> bool:
    """Whether he works on such a day of the week."""
    if who.kind == Kind.OFFICE:
        return weekday < 5
    if who.kind == Kind.SHIFTS:
        return weekday not in (2, 6)
    return who.kind == Kind.PART_TIME and weekday in (0, 1, 3)


def _shift(who: Person, week: int) -> tuple[float, float]:
    """From which hour to which; beyond 24 on the next day."""
    if who.kind == Kind.SHIFTS:
        return ((6.5, 14.5), (14.5, 22.5), (22.5, 30.5))[(week + who.home) % 3]
    return (8.5, 17.0) if who.kind == Kind.OFFICE else (9.0, 13.5)


def _by_day(
    who: Person, calendar: Calendar, day: int, hours: tuple[float, float] | None, rng: np.random.Generator
) -> tuple[list[Visit], list[tuple[float, float]]]:
    wakes_h = who.wakes_h + float(rng.normal(0.0, 0.25)) + (0.0 if hours else 1.2)
    if hours is not None:
        wakes_h = min(wakes_h, hours[0] - 0.8)
    sleeps_h = max(who.sleeps_h + float(rng.normal(0.0, 0.4)), 25.0 if hours and hours[1] > 22.0 else 0.0)
    # From midnight, and to midnight: a night belongs to two days.
    asleep = [(calendar.at(day, 0.0), calendar.at(day, wakes_h))]
    if sleeps_h < 24.0:
        asleep.append((calendar.at(day, sleeps_h), calendar.at(day, 24.0)))
    visits: list[Visit] = []

    def go(hour: float, place: int, mode: Mode) -> None:
        visits.append(Visit(calendar.at(day, hour), place, mode))

    if hours is not None:
        _working(who, hours, rng, go)
    else:
        _free(who, wakes_h, rng, go)
    latest_h = 18.5 if hours is None else max(hours[1] + 1.5, 18.5)
    if latest_h < 21.0 and who.friends and rng.random() < 0.25:
        out_h = latest_h + float(rng.uniform(0.3, 1.5))
        go(out_h, int(rng.choice(who.friends)), _short(who, rng))
        go(out_h + float(rng.uniform(1.0, 2.8)), who.home, _short(who, rng))
    return visits, asleep


def _at_night(
    who: Person, calendar: Calendar, day: int, hours: tuple[float, float] | None, rng: np.random.Generator
) -> tuple[list[Visit], list[tuple[float, float]]]:
    """Sleeps through the morning, shops in the afternoon, works through the night."""
    assert hours is not None
    visits = []
    if rng.random() < 0.4 and who.shops:
        out_h, shop = float(rng.uniform(15.5, 18.0)), int(rng.choice(who.shops))
        visits.append(Visit(calendar.at(day, out_h), shop, _short(who, rng)))
        visits.append(
            Visit(calendar.at(day, out_h + float(rng.uniform(0.3, 0.8))), who.home, _short(who, rng))
        )
    visits.append(Visit(calendar.at(day, hours[0] - _TO_WORK_H), who.work, who.mode))
    visits.append(Visit(calendar.at(day, hours[1] + float(rng.uniform(0.0, 0.2))), who.home, who.mode))
    return visits, [(calendar.at(day, 8.2), calendar.at(day, 14.5 + float(rng.normal(0.0, 0.4))))]


def _working(who: Person, hours: tuple[float, float], rng: np.random.Generator, go: _Go) -> None:
    leave_h = hours[0] - _TO_WORK_H + float(rng.normal(0.0, 0.12))
    go(leave_h, who.work, who.mode)
    if hours[1] - hours[0] > 6.0 and who.shops and rng.random() < 0.35:
        lunch_h = (hours[0] + hours[1]) / 2.0 + float(rng.uniform(-0.4, 0.4))
        go(lunch_h, int(rng.choice(who.shops)), Mode.FOOT)
        go(lunch_h + float(rng.uniform(0.4, 0.7)), who.work, Mode.FOOT)
    home_h = hours[1] + float(rng.uniform(0.0, 0.5))
    if who.shops and rng.random() < 0.35 and home_h < 20.0:
        go(home_h, int(rng.choice(who.shops)), who.mode)
        home_h += float(rng.uniform(0.6, 1.0))
    go(home_h, who.home, who.mode)


def _free(who: Person, wakes_h: float, rng: np.random.Generator, go: _Go) -> None:
    out_h = wakes_h + float(rng.uniform(1.0, 2.5))
    for _ in range(int(rng.integers(0, 4))):
        choices = [kind for kind in (who.shops, who.friends, who.parks) if kind]
        if not choices or out_h > 17.5:
            break
        place = int(rng.choice(choices[int(rng.integers(len(choices)))]))
        go(out_h, place, _short(who, rng))
        out_h += float(rng.uniform(0.5, 2.2))
        if rng.random() < 0.6:
            go(out_h, who.home, _short(who, rng))
            out_h += float(rng.uniform(0.7, 2.0))
    go(out_h, who.home, _short(who, rng))


class _Go(Protocol):
    """``go(hour, place, mode)``: adds a visit."""

    def __call__(self, hour: float, place: int, mode: Mode) -> None: ...


def _short(who: Person, rng: np.random.Generator) -> Mode:
    """How he goes about: now and then on foot."""
    return Mode.FOOT if rng.random() < 0.3 or who.mode == Mode.TRAIN else who.mode
