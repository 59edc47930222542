"""What a simulated device sends: its fixes on the wire, live or stored and sent as one array."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emon.limits import FIXES_PER_MESSAGE_MAX, R95_PER_R68
from emon.model.instant import SECOND_US, to_datetime
from simulator.movement import Point, shifted
from simulator.receiver import Receiver
from simulator.relative import require_whole_second
from simulator.scenario import Scenario, Wearer, Wire


@dataclass(frozen=True, slots=True)
class SentFix:
    """One fix as sent, beside the truth that only the simulator knows.

    ``wire`` is the JSON object of the device's own format, ``plain`` the same fix as the contract's
    section 1 writes it (with an OwnTracks radius turned into the 95 % one).
    """

    device: str
    seq: int
    fixed_at_us: int
    true_point: Point
    wire: dict[str, Any]
    plain: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sending:
    """One MQTT message: when it leaves, and the fixes in it."""

    at_us: int
    topic: str
    payload: bytes
    fixes: tuple[SentFix, ...]


def sendings(scenario: Scenario, wearer: Wearer, start_us: int) -> Iterator[Sending]:
    """Every message of a wearer's device, by the time it leaves. The same arguments give the same.

    Raises ``ValueError`` when the start is no whole second.
    """
    require_whole_second(start_us)
    plan = wearer.device
    held: list[SentFix] = []
    silences = list(plan.silences)
    for at_s, fix in _fixes(scenario, wearer, start_us):
        while silences and at_s >= silences[0].to_s:
            yield from _released(wearer, held, start_us + _us(silences.pop(0).to_s))
            held = []
        if silences and at_s >= silences[0].from_s:
            held.append(fix)
        else:
            yield _message(wearer, start_us + _us(at_s), (fix,))
    if held and silences[0].to_s <= scenario.duration_s:
        yield from _released(wearer, held, start_us + _us(silences[0].to_s))


def fixes_jsonl(scenario: Scenario, start_us: int) -> Iterator[str]:
    """The scenario as lines of a FIXES file (contract, section 5), by ``received_at``."""
    messages = [m for wearer in scenario.wearers for m in sendings(scenario, wearer, start_us)]
    messages.sort(key=lambda message: (message.at_us, message.topic))
    for message in messages:
        for fix in message.fixes:
            line = {"device": fix.device, **fix.plain, "received_at": _text(message.at_us)}
            yield json.dumps(line, separators=(",", ":"))


def topic_of(wearer: Wearer) -> str:
    plan = wearer.device
    if plan.wire is Wire.OWNTRACKS:
        return f"owntracks/{plan.user}/{plan.id}"
    return f"emon/v1/{plan.id}/fix"


def _released(wearer: Wearer, held: list[SentFix], at_us: int) -> Iterator[Sending]:
    """After a silence: one array of what was stored. OwnTracks phones know no array, so one by one."""
    if not held:
        return
    if wearer.device.wire is Wire.OWNTRACKS:
        for fix in held:
            yield _message(wearer, at_us, (fix,))
    else:
        for first in range(0, len(held), FIXES_PER_MESSAGE_MAX):
            yield _message(wearer, at_us, tuple(held[first : first + FIXES_PER_MESSAGE_MAX]))


def _message(wearer: Wearer, at_us: int, fixes: tuple[SentFix, ...]) -> Sending:
    bodies = [fix.wire for fix in fixes]
    payload = json.dumps(bodies if len(bodies) > 1 else bodies[0], separators=(",", ":"))
    return Sending(at_us, topic_of(wearer), payload.encode(), fixes)


def _fixes(scenario: Scenario, wearer: Wearer, start_us: int) -> Iterator[tuple[float, SentFix]]:
    plan = wearer.device
    receiver = Receiver(wearer.receiver, f"{scenario.seed}/{plan.id}/receiver")
    habits = random.Random(f"{scenario.seed}/{plan.id}/device")
    battery = 0.6 + 0.35 * habits.random()
    number = 0
    while (at_s := plan.first_s + number * plan.interval_s) <= scenario.duration_s:
        motion, reading = wearer.movement.at(at_s), receiver.read(at_s)
        lon, lat = shifted(motion.point, reading.east_m, reading.north_m)
        fixed_at_us = start_us + _us(at_s)
        plain: dict[str, Any] = {
            "seq": number + 1,
            "t": _text(fixed_at_us),
            "lat": round(lat, 7),
            "lon": round(lon, 7),
            "acc": reading.accuracy_m,
            "spd": round(motion.speed_m_s, 2),
        }
        if motion.heading_deg is not None:
            plain["hdg"] = round(motion.heading_deg, 1) % 360.0
        if plan.wire is Wire.OWNTRACKS:
            wire = _owntracks(plan.id, fixed_at_us, plain, battery)
            plain |= {"seq": wire["tst"], "acc": wire["acc"] * R95_PER_R68}
        else:
            satellites = 7 + int(habits.random() * 6)
            plain |= {"src": "gnss", "sat": satellites, "bat": round(battery, 2)}
            wire = plain
        yield at_s, SentFix(plan.id, plain["seq"], fixed_at_us, motion.point, wire, plain)
        number += 1


def _owntracks(device: str, fixed_at_us: int, plain: dict[str, Any], battery: float) -> dict[str, Any]:
    """The ``location`` message as the phone's app sends it: whole metres of the 68 % radius, km/h."""
    return {
        "_type": "location",
        "tid": device[-2:],
        "tst": fixed_at_us // SECOND_US,
        "lat": plain["lat"],
        "lon": plain["lon"],
        "acc": max(1, round(plain["acc"] / R95_PER_R68)),
        "vel": round(plain["spd"] * 3.6),
        "batt": int(battery * 100),
        "conn": "m",
        "t": "u",
    }


def _us(seconds: float) -> int:
    """Whole milliseconds, which is what devices write."""
    return round(seconds * 1_000) * 1_000


def _text(instant_us: int) -> str:
    """RFC 3339 UTC with milliseconds, as the devices of the contract write it."""
    return to_datetime(instant_us).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
