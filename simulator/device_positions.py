"""What a device's receiver makes of where it truly is, at the instants at which its plan asks."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File

import numpy as np

from emon.limits import PLAN_S
from emon.model.instant import SECOND_US
from emon.model.order import Fault
from emon.model.vocabulary import Source
from simulator.device_habits import CELL_S, PURSUIT_S, SLEEP_AFTER_S, SLEEP_S, STILL_AFTER_S, Habits
from simulator.movement import Movement, Point, shifted
from simulator.receiver import Receiver, ReceiverModel
from simulator.scenario import DevicePlan, ReceiverKind, Recording, Scenario, ScenarioRefused, Wearer
from simulator.seeds import generator
from simulator.spans import Span, within

_ACCURACY_STEP = 10.0  # claims are written to a tenth of a metre


@dataclass(frozen=True, slots=True)
class Position:
    """One position before it becomes a fix. ``true_point`` is None where nobody knows the truth."""

    at_s: float
    true_point: Point
    lon: float
    lat: float
    accuracy_m: float
    speed_m_s: float | None
    heading_deg: float | None
    source: Source


def receiver_kinds() -> tuple[str, ...]:
    from simulator.receivers import KINDS

    return tuple(KINDS)


def still_spans(way: Movement, until_s: float) -> list[Span]:
    """While the device says `motion: still`: from a minute after standing began until he goes."""
    return [Span(a + STILL_AFTER_S, b) for a, b in way.still(until_s, STILL_AFTER_S + 1.0)]


def positions(scenario: Scenario, wearer: Wearer) -> list[Position]:
    """Rising in time, as the plan has them; before anything is lost to a dead battery or a jammer."""
    if isinstance(wearer.receiver, Recording):
        return _recorded(scenario, wearer.receiver)
    plan, habits = wearer.device, wearer.device.habits or Habits(plan_s=wearer.device.interval_s)
    asked = _asked(plan, habits, scenario.duration_s)
    if isinstance(wearer.receiver, ReceiverKind):
        found = _of_kind(scenario, wearer, wearer.receiver.name, asked)
    else:
        found = _of_model(scenario, wearer, wearer.receiver, asked)
    return _thinned(found, plan, habits, wearer.way, scenario.duration_s)


def _asked(plan: DevicePlan, habits: Habits, until_s: float) -> list[float]:
    """The plan's instants, and in pursuit those between."""
    count = math.floor((until_s - plan.first_s) / habits.plan_s) + 1
    asked = {plan.first_s + n * habits.plan_s for n in range(max(0, count))} | _demanded(plan)
    for span in pursuits(plan):
        steps = math.ceil((min(span.to_s, until_s) - span.from_s) / PURSUIT_S)
        asked |= {span.from_s + n * PURSUIT_S for n in range(max(0, steps))}
    return sorted(asked)


def without_position(
    scenario: Scenario, wearer: Wearer, habits: Habits, taken_s: Sequence[float]
) -> list[float]:
    """The plan's instants at which nothing came of it: what came, came at ``taken_s``, rising.

    A recorded track has no plan, so none of it.
    """
    if isinstance(wearer.receiver, Recording) or not habits.beats:
        return []
    until_s = scenario.duration_s
    asleep = [Span(each.from_s + SLEEP_AFTER_S, each.to_s) for each in still_spans(wearer.way, until_s)]
    taken, last_s, place = sorted(taken_s), -math.inf, 0
    found: list[float] = []
    for at_s in _asked(wearer.device, habits, until_s):
        while place < len(taken) and taken[place] <= at_s:
            last_s = max(last_s, taken[place])
            place += 1
        wait_s = SLEEP_S if habits.sleeps and within(asleep, at_s) else habits.plan_s
        if at_s - last_s >= wait_s:
            found.append(at_s)
            last_s = at_s
    return found


def _demanded(plan: DevicePlan) -> set[float]:
    """When a command asks for a fix at once, and is answered."""
    answered = (each for each in plan.commands if each.asks == "fix" and each.reply_after_s is not None)
    return {each.at_s + (each.reply_after_s or 0.0) for each in answered}


def pursuits(plan: DevicePlan) -> list[Span]:
    """While a confirmed `rate` command holds: a fix each 15 s from the reply on, or until another holds."""
    rates = sorted(
        (each.at_s + each.reply_after_s, each.for_s, each.rate_s)
        for each in plan.commands
        if each.asks == "rate" and each.reply_after_s is not None
    )
    ends_s = [from_s for from_s, _, _ in rates][1:]
    return [
        Span(from_s, min(from_s + for_s, *ends_s[place : place + 1], math.inf))
        for place, (from_s, for_s, rate_s) in enumerate(rates)
        if rate_s <= PURSUIT_S
    ]


def _of_model(
    scenario: Scenario, wearer: Wearer, model: ReceiverModel, asked: Sequence[float]
) -> list[Position]:
    receiver = Receiver(model, f"{scenario.seed}/{wearer.device.id}/receiver")
    found: list[Position] = []
    for at_s in asked:
        motion, reading = wearer.way.at(at_s), receiver.read(at_s)
        lon, lat = shifted(motion.point, reading.east_m, reading.north_m)
        found.append(
            Position(
                at_s,
                motion.point,
                lon,
                lat,
                reading.accuracy_m,
                motion.speed_m_s,
                motion.heading_deg,
                Source.GNSS,
            )
        )
    return found


def _of_kind(scenario: Scenario, wearer: Wearer, kind: str, asked: Sequence[float]) -> list[Position]:
    from simulator.receivers import KINDS, SOURCES, observe

    rng = generator(scenario.seed, wearer.device.id, "receiver")
    jammed = [(each.span.from_s, each.span.to_s) for each in wearer.device.blind]
    seen = observe(wearer.way.path(), np.array(asked, np.float64), KINDS[kind], rng, jammed_s=jammed)
    found: list[Position] = []
    for row in range(len(seen.t_s)):
        at_s = float(seen.t_s[row])
        motion = wearer.way.at(at_s)
        speed = float(seen.speed_m_s[row])
        found.append(
            Position(
                at_s,
                motion.point,
                float(seen.lon[row]),
                float(seen.lat[row]),
                max(0.1, round(float(seen.accuracy_m[row]) * _ACCURACY_STEP) / _ACCURACY_STEP),
                None if math.isnan(speed) else speed,
                motion.heading_deg,
                SOURCES[int(seen.source[row])],
            )
        )
    return found


def _thinned(
    found: Sequence[Position], plan: DevicePlan, habits: Habits, way: Movement, until_s: float
) -> list[Position]:
    """Those that the plan takes: rarely while asleep or at a mast, often in pursuit."""
    asleep = (
        [Span(each.from_s + SLEEP_AFTER_S, each.to_s) for each in still_spans(way, until_s)]
        if habits.sleeps
        else []
    )
    chased, demanded = pursuits(plan), _demanded(plan)
    cell_s = max(CELL_S, habits.plan_s) if habits.plan_s >= PLAN_S else habits.plan_s
    taken: list[Position] = []
    for each in found:
        if within(chased, each.at_s):
            wait_s = PURSUIT_S
        elif within(asleep, each.at_s):
            wait_s = SLEEP_S
        elif taken and taken[-1].source is Source.CELL:
            wait_s = cell_s
        else:
            wait_s = habits.plan_s
        if each.at_s in demanded:
            wait_s = 0.0
        woken = bool(taken) and within(asleep, taken[-1].at_s) and not within(asleep, each.at_s)
        if not taken or woken or each.at_s - taken[-1].at_s >= min(wait_s, SLEEP_S) - 1e-6:
            taken.append(each)
    return taken


def _recorded(scenario: Scenario, recording: Recording) -> list[Position]:
    """A recorded track, its first fix at second 0. Its truth is not known; the fix stands for it."""
    from simulator.tracks import read_tracks

    folder = os.environ.get("EMON_TRACKS")
    if not folder:
        raise ScenarioRefused(scenario.name, (_no_tracks(recording.name, "EMON_TRACKS is not set"),))
    named = [
        each for each in sorted(File(folder).glob("*.jsonl*")) if each.name.split(".")[0] == recording.name
    ]
    if len(named) != 1:
        raise ScenarioRefused(scenario.name, (_no_tracks(recording.name, f"no such track in {folder}"),))
    track = read_tracks(named, limit_s=scenario.duration_s)[0]
    found = [
        Position(
            (fix.fixed_at_us - track.first_us) // 1_000 / 1_000,
            fix.point,
            fix.body["lon"],
            fix.body["lat"],
            fix.body["acc"],
            fix.body.get("spd"),
            fix.body.get("hdg"),
            Source(fix.body.get("src", "gnss")),
        )
        for fix in track.fixes
    ]
    unique = {each.at_s: each for each in found}
    return [unique[at_s] for at_s in sorted(unique)]


def _no_tracks(name: str, why: str) -> Fault:
    return Fault("receiver.track", f"{name}: {why}")


def habits_random(scenario: Scenario, wearer: Wearer) -> random.Random:
    """Satellites and battery of a device: chance of its own."""
    return random.Random(f"{scenario.seed}/{wearer.device.id}/device")


def microseconds(seconds: float) -> int:
    """Whole milliseconds, which is what devices write."""
    return round(seconds * SECOND_US / 1_000) * 1_000
