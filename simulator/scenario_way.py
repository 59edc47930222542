"""Reads how somebody moves: legs by speed, by means, or by when he arrives, and what is around him."""

from __future__ import annotations

from simulator.limits import SCENARIO_DURATION_MAX_S, WALK_SPEED_MAX_M_S
from simulator.movement import Leg, Movement, Pause, Point, Travel, distance_m
from simulator.path import Surroundings
from simulator.reading import Reading
from simulator.scenario_ground import Ground

MEANS: dict[str, tuple[float, Surroundings]] = {
    "foot": (1.4, Surroundings.STREET),
    "running": (3.0, Surroundings.STREET),
    "bicycle": (4.7, Surroundings.STREET),
    "car": (11.0, Surroundings.CAR),
    "bus": (7.0, Surroundings.BUS),
    "motorway": (30.0, Surroundings.CAR),
    "train": (35.0, Surroundings.TRAIN),
}
"""Speed in m/s and surroundings of a leg that names its means: [own] usual door-to-door speeds in a town."""

_MEMBERS = ("at", "to", "speed_m_s", "by", "arrive", "pause_s", "stay", "until", "surroundings")
_KINDS = ("at", "to", "pause_s", "stay", "until")


def read_movement(wearer: Reading, ground: Ground) -> Movement:
    """First ``{at: point}``, then legs and pauses."""
    here: Point | None = None
    begin: Point = (0.0, 0.0)
    now_s = 0.0
    legs: list[Leg] = []
    around = Surroundings.STREET
    for number, item in enumerate(wearer.items("movement", required=True)):
        entry = wearer.entry("movement", number, item, _MEMBERS)
        kinds = [kind for kind in _KINDS if entry.has(kind)]
        if len(kinds) != 1 or (kinds == ["at"]) != (number == 0):
            entry.refuse(
                "", "first {at: point}, then {to: point, speed_m_s: n} or {pause_s: n} or the like, one each"
            )
            continue
        if kinds == ["at"]:
            point = ground.point(entry, "at")
            around = _around(entry, around)
            begin, here = (point or begin), (point or here)
        elif kinds == ["to"]:
            leg = _travel(entry, ground, here, now_s)
            if leg is not None and here is not None:
                legs.append(leg)
                now_s += distance_m(here, leg.to) / leg.speed_m_s
            here = here if leg is None else leg.to
            around = Surroundings.STREET
        else:
            around = _around(entry, around)
            pause_s = _pause_s(entry, ground, kinds[0], now_s)
            if pause_s > 0.0:
                legs.append(Pause(pause_s, around))
                now_s += pause_s
    if not legs and around is not Surroundings.STREET:
        legs.append(Pause(ground.duration_s, around))
    return Movement(begin, legs)


def _around(entry: Reading, before: Surroundings) -> Surroundings:
    """As named, else as it was where he has not moved since."""
    if not entry.has("surroundings"):
        return before
    word = entry.text("surroundings")
    known = {each.name.lower(): each for each in Surroundings}
    if word and word not in known:
        entry.refuse("surroundings", f"must be one of {', '.join(known)}, not {word!r}")
    return known.get(word, before)


def _pause_s(entry: Reading, ground: Ground, kind: str, now_s: float) -> float:
    if kind == "pause_s":
        return entry.number("pause_s", above=0.0, most=SCENARIO_DURATION_MAX_S)
    if kind == "stay":
        return ground.length(entry, "stay", 1.0)
    until_s = ground.moment(entry, "until")
    if until_s <= now_s:
        entry.refuse("until", f"is {until_s:g} s after the start, but he is here from {now_s:g} s on")
    return until_s - now_s


def _travel(entry: Reading, ground: Ground, here: Point | None, now_s: float) -> Travel | None:
    point = ground.point(entry, "to")
    ways = [member for member in ("speed_m_s", "by", "arrive") if entry.has(member)]
    if len(ways) != 1 and ways != ["by", "arrive"]:
        entry.refuse("to", "how fast? one of speed_m_s, by (a means), arrive (a time), or by and arrive")
        return None
    around = Surroundings.STREET
    speed_m_s = 0.0
    if "by" in ways:
        means = entry.text("by")
        if means not in MEANS:
            entry.refuse("by", f"must be one of {', '.join(MEANS)}, not {means!r}")
            return None
        speed_m_s, around = MEANS[means]
    if "speed_m_s" in ways:
        speed_m_s = entry.number("speed_m_s", above=0.0, most=WALK_SPEED_MAX_M_S)
    if point is None:
        return None
    way_m = 0.0 if here is None else distance_m(here, point)
    if here is not None and way_m < 1e-3:
        entry.refuse("to", "is where the leg begins; write a pause")
        return None
    if "arrive" in ways:
        arrive_s = ground.moment(entry, "arrive")
        if arrive_s <= now_s:
            entry.refuse("arrive", f"is {arrive_s:g} s after the start, but he leaves at {now_s:g} s")
            return None
        speed_m_s = way_m / (arrive_s - now_s)
        if speed_m_s > WALK_SPEED_MAX_M_S:
            entry.refuse("arrive", f"needs {speed_m_s:.0f} m/s; at most {WALK_SPEED_MAX_M_S:g} are plausible")
            return None
    return Travel(point, speed_m_s, _around(entry, around))
