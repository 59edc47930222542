"""Suites of hours: a curfew at home that is kept on most nights, and a ban that begins in the evening about
where somebody works by day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.city.buildings import Use
from simulator.city.city import City
from simulator.people.calendar import TIME_ZONE, Calendar
from simulator.people.life import Visit, lived
from simulator.people.routines import Day, Kind, Person, days_of, person
from simulator.people.travel import Mode
from simulator.seeds import generator
from simulator.suites.outings import usual_places, whereabouts
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.played import Spans
from simulator.suites.playing import Ban, Cast
from simulator.suites.zones import circle, log_uniform

_TRIES = 50
_HOME_BEFORE_H = 1.25  # whoever keeps a curfew sets out for home so long before it
_DAY_KINDS = (Kind.OFFICE, Kind.PART_TIME, Kind.AT_HOME)


class Night(NamedTuple):
    """What he does with a night, and how often of a hundred."""

    name: str
    percent: int


NIGHTS = (Night("kept", 66), Night("late", 12), Night("early", 8), Night("absent", 6), Night("out", 8))


class Hours(NamedTuple):
    """From one local hour to the next morning's."""

    from_h: float
    to_h: float

    def schedule(self) -> dict[str, object]:
        """As the orders have it: every day."""
        window = {"from": _clock(self.from_h), "to": _clock(self.to_h)}
        return {"tz": TIME_ZONE, "windows": [window]}

    def spans(self, calendar: Calendar) -> Spans:
        """In seconds, from the night before the first day on."""
        nights = range(-1, calendar.days)
        return tuple((calendar.at(n, self.from_h), calendar.at(n + 1, self.to_h)) for n in nights)


def curfew(
    city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """A wearer who must be at home each night; on one night in three he is not, or not all the time."""
    rng = generator(*names, index, "life")
    hours = Hours(float(rng.choice([19.0, 20.0, 21.0, 22.0])), float(rng.choice([5.5, 6.0, 6.5])))
    for _ in range(_TRIES):
        who = _somebody(city, rng)
        day = days_of(who, calendar, rng)
        visits = _kept_hours(day.visits, who, hours, calendar)
        for night in range(calendar.days):
            visits = _spent(visits, who, hours, calendar, night, rng)
        zone = circle(
            city,
            float(city.places.x[who.home]),
            float(city.places.y[who.home]),
            log_uniform(parameters.zone_m, rng),
        )
        ban = Ban("c-1", "inclusion", hours.spans(calendar), zone.geojson, hours.schedule())
        cast = _cast(city, who, Day(visits, day.asleep), calendar, ban, index, rng)
        if cast is not None:
            return [cast]
    raise WorldRefused(f"no home with a way to work found in {city.name}")


def evening_ban(
    city: City, calendar: Calendar, parameters: Parameters, names: tuple[int, str], index: int
) -> list[Cast]:
    """A wearer who works by day where a ban holds from the evening on; now and then he stays too long."""
    rng = generator(*names, index, "life")
    hours = Hours(float(rng.choice([18.5, 19.0, 19.5])), 6.0)
    for _ in range(_TRIES):
        who = _somebody(city, rng)._replace(kind=Kind.OFFICE)
        reach_m = log_uniform(parameters.zone_m, rng)
        x, y = float(city.places.x[who.work]), float(city.places.y[who.work])
        zone = circle(city, x, y, reach_m)
        if zone.distance_m(float(city.places.x[who.home]), float(city.places.y[who.home])) < 100.0:
            continue
        day = days_of(who, calendar, rng)
        visits = []
        for visit in day.visits:
            hour = _hour_of(visit.leave_s, calendar)
            if hour >= hours.from_h - 1.0 and visit.place != who.home:
                continue  # evenings are spent at home
            stays = visit.place == who.home and 16.5 < hour < hours.from_h and rng.random() < 0.3
            later_s = 3_600.0 * (hours.from_h - hour + float(rng.uniform(0.15, 2.5))) if stays else 0.0
            visits.append(visit._replace(leave_s=visit.leave_s + later_s))
        visits.sort(key=lambda visit: visit.leave_s)
        ban = Ban("c-1", "exclusion", hours.spans(calendar), zone.geojson, hours.schedule())
        cast = _cast(city, who, Day(visits, day.asleep), calendar, ban, index, rng)
        if cast is not None:
            return [cast]
    raise WorldRefused(f"no home away from work found in {city.name}")


def _somebody(city: City, rng: np.random.Generator) -> Person:
    places = city.places
    everywhere = np.ones(places.x.size, np.bool_)
    home, work = int(rng.choice(places.of(Use.HOME))), int(rng.choice(places.of(Use.WORK)))
    kind = _DAY_KINDS[int(rng.choice(len(_DAY_KINDS), p=(0.5, 0.2, 0.3)))]
    return person(home, work, usual_places(city, home, work, everywhere, rng), rng, kind)


def _cast(
    city: City, who: Person, day: Day, calendar: Calendar, ban: Ban, index: int, rng: np.random.Generator
) -> Cast | None:
    span_s = (0.0, calendar.end_s)
    try:
        life = lived(city, city.router, who.home, day.visits, span_s, day.asleep, who.vigour, rng)
    except ValueError:  # somewhere there is no way: another home
        return None
    return Cast(f"w-{index + 1}", f"d-{index + 1}", life, (ban,))


def _kept_hours(visits: list[Visit], who: Person, hours: Hours, calendar: Calendar) -> list[Visit]:
    """The visits of somebody who keeps his curfew: none in it, and home in time."""
    spans = [(from_s - _HOME_BEFORE_H * 3_600.0, to_s) for from_s, to_s in hours.spans(calendar)]
    kept = [v for v in visits if not any(from_s <= v.leave_s < to_s for from_s, to_s in spans)]
    kept += [Visit(from_s, who.home, who.mode) for from_s, _ in spans if from_s > 0.0]
    return sorted(kept, key=lambda visit: visit.leave_s)


def _spent(
    visits: list[Visit], who: Person, hours: Hours, calendar: Calendar, night: int, rng: np.random.Generator
) -> list[Visit]:
    """One night as drawn from ``NIGHTS``: visits in place of, or beside, those of somebody who keeps it."""
    name = str(rng.choice([n.name for n in NIGHTS], p=[n.percent / 100.0 for n in NIGHTS]))
    from_s, to_s = calendar.at(night, hours.from_h), calendar.at(night + 1, hours.to_h)
    shop = who.shops[0] if who.shops else who.work
    friend = who.friends[0] if who.friends else shop
    new: list[Visit] = []
    if name in ("late", "absent"):
        back_s = from_s + 3_600.0 * float(rng.uniform(0.4, 3.5)) if name == "late" else to_s + 1_800.0
        home_s = from_s - _HOME_BEFORE_H * 3_600.0
        visits = [v for v in visits if v.leave_s != home_s or v.place != who.home]
        where = whereabouts(visits, who.home, home_s)
        new = [
            Visit(home_s, friend if where != friend else shop, who.mode),
            Visit(back_s, who.home, who.mode),
        ]
    elif name == "early":
        away_s = to_s - 3_600.0 * float(rng.uniform(0.3, 2.5))
        new = [Visit(away_s, friend, who.mode), Visit(to_s + 1_800.0, who.home, who.mode)]
    elif name == "out":
        away_s = from_s + 3_600.0 * float(rng.uniform(0.5, 4.0))
        new = [
            Visit(away_s, shop, Mode.FOOT),
            Visit(away_s + float(rng.uniform(900.0, 3_600.0)), who.home, Mode.FOOT),
        ]
    return sorted([*visits, *new], key=lambda visit: visit.leave_s)


def _hour_of(at_s: float, calendar: Calendar) -> float:
    """The hour of the local day, from the last midnight."""
    day = int(at_s // 86_400.0)
    while day > 0 and calendar.at(day, 0.0) > at_s:
        day -= 1
    while calendar.at(day + 1, 0.0) <= at_s:
        day += 1
    return (at_s - calendar.at(day, 0.0)) / 3_600.0


def _clock(hour: float) -> str:
    minutes = round(hour * 60.0)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
