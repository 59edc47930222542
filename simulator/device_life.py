"""A device with habits, from its positions to the messages that leave it, and what they say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emon.ingest.fixb import encode_fixb
from emon.limits import FIXES_PER_MESSAGE_MAX, R95_PER_R68
from emon.model.fix import RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Source
from simulator.device_habits import PURSUIT_S, Habits
from simulator.device_messages import Sending, SentFix, owntracks_body, stamp, topic_of
from simulator.device_positions import (
    Position,
    habits_random,
    microseconds,
    positions,
    still_spans,
    without_position,
)
from simulator.relative import require_whole_second
from simulator.scenario import DevicePlan, Scenario, Wearer, Wire
from simulator.scenario_device import battery_levels, off_while_empty
from simulator.seeds import generator
from simulator.spans import Span, joined, within

_WEEKS_US = 1_024 * 7 * 86_400 * SECOND_US
"""A GPS week counter of ten bits begins again so often (IS-GPS-200, section 20.3.3.3.1.1)."""
_CRITICAL_S = 1_800.0
_LOW = 0.2


@dataclass(frozen=True, slots=True)
class _Item:
    """A fix or an event, when it came about and when it could leave."""

    at_s: float
    fix: SentFix | None
    event: dict[str, Any] | None


def life(scenario: Scenario, wearer: Wearer, start_us: int) -> list[Sending]:
    """Every message by the time at which it arrives. The same arguments give the same.

    Raises ``ValueError`` when the start is no whole second, ``ScenarioRefused`` for a track that is
    not there.
    """
    require_whole_second(start_us)
    habits = wearer.device.habits or Habits(plan_s=wearer.device.interval_s)
    items = _numbered(scenario, wearer, habits, start_us)
    found = [
        *_sent(scenario, wearer, habits, items, start_us),
        *_heartbeats(scenario, wearer, habits, items, start_us),
    ]
    return sorted(found, key=lambda each: (each.at_us, each.topic))


def _heartbeats(
    scenario: Scenario, wearer: Wearer, habits: Habits, items: Sequence[_Item], start_us: int
) -> Iterator[Sending]:
    """`online` where the plan asks and nothing came, as long as the device is heard."""
    if wearer.device.wire is Wire.OWNTRACKS:
        return
    quiet, topic = unheard(scenario, wearer), f"emon/v1/{wearer.device.id}/status"
    taken_s = [item.at_s for item in items if item.fix is not None]
    for at_s in without_position(scenario, wearer, habits, taken_s):
        if not within(quiet, at_s) and at_s + habits.uplink_s <= scenario.duration_s:
            at_us = start_us + microseconds(at_s + habits.uplink_s)
            yield Sending(at_us, topic, b"online", (), ({"status": "online"},))


def unheard(scenario: Scenario, wearer: Wearer) -> tuple[Span, ...]:
    """While nothing of the device arrives: without coverage, without power."""
    plan = wearer.device
    return joined([*plan.silences, *_dead(plan, scenario.duration_s)])


def heard_at_begin(scenario: Scenario, wearer: Wearer) -> bool:
    """Whether the device is on and in coverage at second 0; else its first word is that of its return."""
    return not within(unheard(scenario, wearer), 0.0)


def _dead(plan: DevicePlan, until_s: float) -> list[Span]:
    empty = [] if plan.battery is None else off_while_empty(plan.battery, until_s)
    return [*plan.off, *empty]


def _events(plan: DevicePlan, wearer: Wearer, habits: Habits, until_s: float) -> list[tuple[float, str, str]]:
    """(second, event, state) that the device notices by itself, and those its author lets happen."""
    found = [(note.at_s, note.event, note.state) for note in plan.notes]
    for blind in plan.blind:
        if blind.cause:
            found += [(blind.span.from_s, blind.cause, "on"), (blind.span.to_s, blind.cause, "off")]
    if habits.tells_motion:
        for span in still_spans(wearer.way, until_s):
            found += [(span.from_s, "motion", "still"), (span.to_s, "motion", "moving")]
    if plan.battery is not None:
        for span in plan.battery.charging:
            found += [(span.from_s, "charging", "on"), (span.to_s, "charging", "off")]
        found += _battery_words(plan, until_s)
    dead = _dead(plan, until_s)
    return sorted(each for each in found if each[0] <= until_s and not within(dead, each[0]))


def _battery_words(plan: DevicePlan, until_s: float) -> Iterator[tuple[float, str, str]]:
    assert plan.battery is not None
    critical = _CRITICAL_S / plan.battery.lasts_s
    state = "ok"
    for at_s, level in battery_levels(plan.battery, until_s):
        now = "critical" if level < critical else "low" if level < _LOW else "ok"
        if now != state:
            yield at_s, "battery", now
        state = now


def _numbered(scenario: Scenario, wearer: Wearer, habits: Habits, start_us: int) -> list[_Item]:
    """Fixes and events in the order in which they came about, each with its number and its stamp."""
    plan, until_s = wearer.device, scenario.duration_s
    dead = _dead(plan, until_s)
    blind = [each.span for each in plan.blind]
    taken = [
        each
        for each in positions(scenario, wearer)
        if not within(dead, each.at_s) and not within(blind, each.at_s)
    ]
    levels = {} if plan.battery is None else dict(battery_levels(plan.battery, until_s))
    reboots = sorted([*plan.reboots_s, *(span.to_s for span in dead)])
    chance = habits_random(scenario, wearer)
    battery = 0.6 + 0.35 * chance.random()
    seq = 0
    items: list[_Item] = []
    for at_s, what in _merged(taken, _events(plan, wearer, habits, until_s)):
        while reboots and at_s >= reboots[0]:
            reboots.pop(0)
            seq = 0 if habits.restarts else seq
        seq += 1
        fixed_at_us = start_us + microseconds(at_s + _clock_error_s(plan, habits, at_s))
        if within(plan.rolled_over, at_s):
            fixed_at_us -= _WEEKS_US
        if isinstance(what, Position):
            level = levels.get(at_s // 60.0 * 60.0, battery)
            satellites = 7 + int(chance.random() * 6)
            items.append(_Item(at_s, _fix(plan, seq, fixed_at_us, what, level, satellites), None))
        else:
            event = {"event": what[1], "state": what[2], "seq": seq, "t": stamp(fixed_at_us)}
            items.append(_Item(at_s, None, event))
    return items


def _merged(
    taken: Sequence[Position], events: Sequence[tuple[float, str, str]]
) -> list[tuple[float, Position | tuple[float, str, str]]]:
    both: list[tuple[float, Position | tuple[float, str, str]]] = [(each.at_s, each) for each in taken]
    both += [(each[0], each) for each in events]
    return sorted(both, key=lambda each: (each[0], isinstance(each[1], Position)))


def _clock_error_s(plan: DevicePlan, habits: Habits, at_s: float) -> float:
    return habits.clock_off_s + habits.clock_drift_s_per_day * at_s / 86_400.0


def _fix(
    plan: DevicePlan, seq: int, fixed_at_us: int, taken: Position, battery: float, satellites: int
) -> SentFix:
    plain: dict[str, Any] = {
        "seq": seq,
        "t": stamp(fixed_at_us),
        "lat": round(taken.lat, 7),
        "lon": round(taken.lon, 7),
        "acc": round(taken.accuracy_m, 2),
    }
    if taken.speed_m_s is not None:
        plain["spd"] = round(taken.speed_m_s, 2)
    if taken.heading_deg is not None:
        plain["hdg"] = round(taken.heading_deg, 1) % 360.0
    if plan.wire is Wire.OWNTRACKS:
        wire = owntracks_body(plan.id, fixed_at_us, {**plain, "spd": plain.get("spd", 0.0)}, battery)
        fixed_at_us = wire["tst"] * SECOND_US
        plain |= {"seq": wire["tst"], "t": stamp(fixed_at_us), "acc": wire["acc"] * R95_PER_R68}
    else:
        plain["src"] = taken.source.value
        if taken.source is Source.GNSS:
            plain["sat"] = satellites
        plain["bat"] = round(max(0.0, battery), 2)
        wire = plain
    return SentFix(plan.id, plain["seq"], fixed_at_us, taken.true_point, wire, plain)


# --- on the way -----------------------------------------------------------------------------------
def _sent(
    scenario: Scenario, wearer: Wearer, habits: Habits, items: Sequence[_Item], start_us: int
) -> list[Sending]:
    plan = wearer.device
    quiet = unheard(scenario, wearer)
    rng = generator(scenario.seed, plan.id, "radio")
    groups: dict[float, list[_Item]] = {}
    for item in items:
        leaves_s = _leaves_s(item, habits, rng.random(), quiet)
        if leaves_s <= scenario.duration_s:
            groups.setdefault(leaves_s, []).append(item)
    found: list[Sending] = []
    for leaves_s in sorted(groups):
        arrives_us = start_us + microseconds(leaves_s + habits.uplink_s)
        for message in _messages(wearer, habits, groups[leaves_s], arrives_us):
            found.append(message)
            found += _again(plan, habits, message, leaves_s, rng.random())
    found += _replies(plan, start_us, quiet)
    return sorted(found, key=lambda each: (each.at_us, each.topic))


def _leaves_s(item: _Item, habits: Habits, chance: float, quiet: Sequence[Span]) -> float:
    """When it leaves: at once, with its batch, overtaken, or when there is a connection again."""
    at_s = item.at_s
    if item.fix is not None and habits.batch_s > 0.0:
        at_s = -(-at_s // habits.batch_s) * habits.batch_s
    elif item.fix is not None and chance < habits.swapped_share:
        at_s += 1.5 * habits.plan_s
    for span in quiet:
        if span.holds(at_s):
            at_s = span.to_s
    return at_s


def _messages(wearer: Wearer, habits: Habits, items: Sequence[_Item], at_us: int) -> Iterator[Sending]:
    plan = wearer.device
    fixes = [item.fix for item in items if item.fix is not None]
    events = [item.event for item in items if item.event is not None]
    if habits.newest_first:
        fixes.reverse()
    each = 1 if plan.wire is Wire.OWNTRACKS else FIXES_PER_MESSAGE_MAX
    for first in range(0, len(fixes), each):
        part = tuple(fixes[first : first + each])
        yield Sending(at_us, topic_of(plan), _payload(plan, part), part)
    if events:
        body = events[0] if len(events) == 1 else events
        payload = json.dumps(body, separators=(",", ":")).encode()
        yield Sending(at_us, f"emon/v1/{plan.id}/event", payload, (), tuple(events))


def _payload(plan: DevicePlan, fixes: Sequence[SentFix]) -> bytes:
    if plan.wire is Wire.PACKED:
        return encode_fixb([_raw(fix) for fix in fixes])
    bodies = [fix.wire for fix in fixes]
    return json.dumps(bodies if len(bodies) > 1 else bodies[0], separators=(",", ":")).encode()


def _raw(fix: SentFix) -> RawFix:
    plain = fix.plain
    return RawFix(
        fix.device,
        fix.seq,
        fix.fixed_at_us,
        plain["lon"],
        plain["lat"],
        plain["acc"],
        b"",
        Source(plain["src"]),
        plain.get("spd"),
        plain.get("hdg"),
        plain.get("sat"),
        None,
        plain.get("bat"),
    )


def _again(
    plan: DevicePlan, habits: Habits, message: Sending, leaves_s: float, chance: float
) -> Iterator[Sending]:
    """The same message again: a PUBACK forgotten, or a device that says everything a hundred times."""
    if chance < habits.twice_share:
        yield message.later(microseconds(habits.twice_after_s))
    for span, times in plan.noisy:
        if span.holds(leaves_s):
            for number in range(1, times):
                yield message.later(microseconds(number * habits.plan_s / times))


def _replies(plan: DevicePlan, start_us: int, quiet: Sequence[Span]) -> Iterator[Sending]:
    for command in plan.commands:
        if command.reply_after_s is None or within(quiet, command.at_s + command.reply_after_s):
            continue
        body: dict[str, object] = {"id": command.id, "result": "done"}
        if command.asks == "rate":
            kept_s = PURSUIT_S if command.rate_s <= PURSUIT_S or plan.habits is None else plan.habits.plan_s
            body["rate_s"] = kept_s
        at_us = start_us + microseconds(command.at_s + command.reply_after_s)
        payload = json.dumps(body, separators=(",", ":")).encode()
        yield Sending(at_us, f"emon/v1/{plan.id}/cmd/reply", payload, (), ({"reply": body},))
