"""Reads a device: its wire, its firmware's habits, and what happens to it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from emon.model.vocabulary import DEVICE_EVENT_STATES
from simulator.device_habits import FIRMWARE, Habits
from simulator.limits import SCENARIO_FIXES_MAX
from simulator.reading import Reading
from simulator.scenario import Battery, Blind, Command, DeviceNote, DevicePlan, Wire
from simulator.scenario_ground import Ground
from simulator.spans import Span

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_INTERVAL_MAX_S = 3_600.0
_HABITS = tuple(each.name for each in fields(Habits))
ASKS = ("fix", "rate", "vibrate", "message")
_MEMBERS = (
    "id", "wire", "user", "interval_s", "first_s", "silences", "firmware", "habits", "off", "blind", "events",
    "commands", "battery", "reboots",
)  # fmt: skip


def read_device(wearer: Reading, ground: Ground) -> DevicePlan:
    entry = wearer.mapping("device", _MEMBERS)
    wire = entry.word("wire", Wire, Wire.JSON) or Wire.JSON
    name = _id(entry, "id", entry.text("id"))
    user = _id(entry, "user", entry.text("user") if wire is Wire.OWNTRACKS else entry.text("user", ""))
    habits = _habits(entry)
    interval_s = entry.number(
        "interval_s", 1.0 if habits is None else habits.plan_s, least=0.1, most=_INTERVAL_MAX_S
    )
    if habits is not None and entry.has("interval_s"):
        entry.refuse("interval_s", "a device with firmware has habits: {plan_s: n}")
    first_s = entry.number("first_s", 0.0, least=0.0, most=ground.duration_s)
    if ground.duration_s / interval_s > SCENARIO_FIXES_MAX:
        entry.refuse("interval_s", f"gives more than {SCENARIO_FIXES_MAX} fixes")
    if wire is Wire.OWNTRACKS and not (interval_s.is_integer() and first_s.is_integer()):
        entry.refuse("interval_s", "an OwnTracks phone knows whole seconds only (its tst)")
    plan = DevicePlan(name, wire, user, interval_s, first_s, _silences(entry, ground), habits)
    later = ("off", "blind", "events", "commands", "battery", "reboots")
    if habits is None:
        for member in later:
            if entry.has(member):
                entry.refuse(member, f"needs firmware, one of {', '.join(FIRMWARE)}")
        if wire is Wire.PACKED:
            entry.refuse("wire", f"packed needs firmware, one of {', '.join(FIRMWARE)}")
        return plan
    return replace(
        plan,
        off=ground.spans(entry, "off"),
        blind=tuple(_blind(entry, n, item, ground) for n, item in enumerate(entry.items("blind"))),
        notes=tuple(_event(entry, n, item, ground) for n, item in enumerate(entry.items("events"))),
        commands=tuple(_command(entry, n, item, ground) for n, item in enumerate(entry.items("commands"))),
        battery=_battery(entry, ground),
        reboots_s=_reboots(entry, ground),
    )


def _id(entry: Reading, member: str, name: str) -> str:
    if name and not _NAME.match(name):
        entry.refuse(member, "must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return name


def _habits(entry: Reading) -> Habits | None:
    if not entry.has("firmware") and not entry.has("habits"):
        return None
    name = entry.text("firmware", "standard")
    if name not in FIRMWARE:
        entry.refuse("firmware", f"must be one of {', '.join(FIRMWARE)}, not {name!r}")
    habits = FIRMWARE.get(name, FIRMWARE["standard"])
    if not entry.has("habits"):
        return habits
    own = entry.mapping("habits", _HABITS)
    changed: dict[str, Any] = {}
    for each in _HABITS:
        if not own.has(each):
            continue
        if isinstance(getattr(habits, each), bool):
            changed[each] = own.flag(each)
        elif each == "plan_s":
            changed[each] = own.number(each, least=1.0, most=_INTERVAL_MAX_S)
        elif each.endswith("_share"):
            changed[each] = own.number(each, least=0.0, most=1.0)
        elif each.startswith("clock_"):
            changed[each] = own.number(each, least=-1e9, most=1e9)
        else:
            changed[each] = own.number(each, least=0.0, most=86_400.0)
    return replace(habits, **changed)


def _silences(entry: Reading, ground: Ground) -> tuple[Span, ...]:
    """``{from_s, to_s}`` in seconds, or ``{from, to}`` as times."""
    found: list[Span] = []
    for number, item in enumerate(entry.items("silences")):
        part = entry.entry("silences", number, item, ("from_s", "to_s", "from", "to"))
        if part.has("from"):
            silence, end = ground.span(part), "to"
        else:
            begin_s = part.number("from_s", least=0.0, most=ground.duration_s)
            silence, end = Span(begin_s, part.number("to_s", above=0.0, most=ground.duration_s)), "to_s"
        if silence.to_s <= silence.from_s or (found and silence.from_s < found[-1].to_s):
            part.refuse(end, "silences must be in order, each ending after it begins")
        found.append(silence)
    return tuple(found)


def _blind(entry: Reading, number: int, item: object, ground: Ground) -> Blind:
    part = entry.entry("blind", number, item, ("from", "to", "cause"))
    cause = part.text("cause", "")
    if cause not in ("", "jamming", "shielding"):
        part.refuse("cause", f"must be jamming or shielding, not {cause!r}")
    return Blind(ground.span(part), cause)


def _event(entry: Reading, number: int, item: object, ground: Ground) -> DeviceNote:
    part = entry.entry("events", number, item, ("at", "event", "state"))
    event, state = part.text("event"), part.text("state")
    states = DEVICE_EVENT_STATES.get(event)
    if states is None:
        part.refuse("event", f"must be one of {', '.join(DEVICE_EVENT_STATES)}, not {event!r}")
    elif state not in states:
        part.refuse("state", f"{event} has {', '.join(states)}, not {state!r}")
    return DeviceNote(ground.moment(part, "at"), event, state)


def _command(entry: Reading, number: int, item: object, ground: Ground) -> Command:
    part = entry.entry("commands", number, item, ("at", "id", "asks", "reply_after_s", "for"))
    asks = part.text("asks")
    if asks not in ASKS:
        part.refuse("asks", f"must be one of {', '.join(ASKS)}, not {asks!r}")
    silent = part.has("reply_after_s") and part.get("reply_after_s") is None
    reply_after_s = None if silent else part.number("reply_after_s", 5.0, least=0.0, most=86_400.0)
    command_id = part.text("id", f"command-{number + 1}")
    return Command(
        ground.moment(part, "at"), command_id, asks, reply_after_s, ground.length(part, "for", 1_800.0)
    )


def _battery(entry: Reading, ground: Ground) -> Battery | None:
    if not entry.has("battery"):
        return None
    part = entry.mapping("battery", ("level", "lasts", "charges_in", "charging"))
    return Battery(
        part.number("level", 0.9, least=0.0, most=1.0),
        ground.length(part, "lasts", 36 * 3_600.0),
        ground.length(part, "charges_in", 2 * 3_600.0),
        ground.spans(part, "charging"),
    )


def _reboots(entry: Reading, ground: Ground) -> tuple[float, ...]:
    found: list[float] = []
    for number, item in enumerate(entry.items("reboots")):
        part = entry.entry("reboots", number, {"at": item}, ("at",))
        at_s = ground.moment(part, "at")
        if found and at_s <= found[-1]:
            entry.refuse(f"reboots[{number}]", "must rise")
        found.append(at_s)
    return tuple(found)


def off_while_empty(battery: Battery, until_s: float) -> list[Span]:
    """When the battery is empty: from 0 until it is charged again."""
    found: list[Span] = []
    empty_s: float | None = None
    for at_s, level in battery_levels(battery, until_s):
        if level <= 0.0 and empty_s is None:
            empty_s = at_s
        elif level > 0.0 and empty_s is not None:
            found.append(Span(empty_s, at_s))
            empty_s = None
    if empty_s is not None:
        found.append(Span(empty_s, until_s + 1.0))  # nor is there a fix at the last second
    return found


def battery_levels(battery: Battery, until_s: float, step_s: float = 60.0) -> list[tuple[float, float]]:
    """(second, level) each minute from the start."""
    level, at_s = battery.level, 0.0
    found = [(0.0, level)]
    while at_s + step_s <= until_s:
        charging = any(span.holds(at_s) for span in battery.charging)
        change = step_s / battery.charges_s if charging else -step_s / battery.lasts_s
        level = min(1.0, max(0.0, level + change))
        at_s += step_s
        found.append((at_s, level))
    return found
