"""What a simulated device sends: its fixes on the wire, live or stored and sent as one array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from emon.limits import FIXES_PER_MESSAGE_MAX, R95_PER_R68
from emon.model.instant import SECOND_US
from simulator.device_life import heard_at_begin, life, unheard
from simulator.device_messages import Sending, SentFix, owntracks_body, stamp, topic_of
from simulator.device_positions import habits_random, microseconds
from simulator.faults.effects import with_faults
from simulator.movement import shifted
from simulator.receiver import Receiver, ReceiverModel
from simulator.relative import require_whole_second
from simulator.scenario import Scenario, Wearer, Wire

__all__ = ["Sending", "SentFix", "fixes_jsonl", "lines_of", "sendings"]


def sendings(scenario: Scenario, wearer: Wearer, start_us: int) -> Iterator[Sending]:
    """Every message of a wearer's device, by the time it leaves. The same arguments give the same.

    Raises ``ValueError`` when the start is no whole second.
    """
    require_whole_second(start_us)
    if wearer.device.habits is not None or not isinstance(wearer.receiver, ReceiverModel):
        yield from life(scenario, wearer, start_us)
        return
    plan = wearer.device
    held: list[SentFix] = []
    silences = list(plan.silences)
    for at_s, fix in _fixes(scenario, wearer, wearer.receiver, start_us):
        while silences and at_s >= silences[0].to_s:
            yield from _released(wearer, held, start_us + microseconds(silences.pop(0).to_s))
            held = []
        if silences and at_s >= silences[0].from_s:
            held.append(fix)
        else:
            yield _message(wearer, start_us + microseconds(at_s), (fix,))
    if held and silences[0].to_s <= scenario.duration_s:
        yield from _released(wearer, held, start_us + microseconds(silences[0].to_s))


def fixes_jsonl(scenario: Scenario, start_us: int) -> Iterator[str]:
    """The scenario as lines of a FIXES file (contract, section 5), by ``received_at``.

    What the broker keeps while the service is stopped is received when it is back.
    """
    lived = with_faults(scenario)
    messages = [m for wearer in lived.wearers for m in sendings(lived, wearer, start_us)]
    lines = [
        (_received_us(lived, m.at_us, start_us), m.topic, line) for m in messages for line in lines_of(m)
    ]
    lines += list(_statuses(lived, start_us))
    lines.sort(key=lambda each: each[:2])
    for at_us, _, body in lines:
        yield json.dumps({**body, "received_at": stamp(at_us)}, separators=(",", ":"))


def lines_of(message: Sending) -> Iterator[dict[str, Any]]:
    """One message as members of FIXES lines, without ``received_at``."""
    for fix in message.fixes:
        yield {"device": fix.device, **fix.plain}
    for said in message.said:
        yield {"device": message.topic.split("/")[2], **said}


def _received_us(scenario: Scenario, at_us: int, start_us: int) -> int:
    for span in scenario.service_stops:
        if span.holds((at_us - start_us) / SECOND_US):
            return start_us + microseconds(span.to_s)
    return at_us


def _statuses(scenario: Scenario, start_us: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Last wills and returns of devices with habits, and the service's own stops."""
    for wearer in scenario.wearers:
        if wearer.device.habits is None or wearer.device.wire is Wire.OWNTRACKS:
            continue
        words = [(0.0, "online")] if heard_at_begin(scenario, wearer) else []
        for span in unheard(scenario, wearer):
            if words:  # a last will is left by a connection that there was
                words.append((span.from_s, "offline"))
            words.append((span.to_s, "online"))
        for at_s, word in words:
            if at_s <= scenario.duration_s:
                at_us = _received_us(scenario, start_us + microseconds(at_s), start_us)
                yield at_us, "", {"device": wearer.device.id, "status": word}
    for span in scenario.service_stops:
        yield start_us + microseconds(span.from_s), " ", {"service": "down"}
        yield start_us + microseconds(span.to_s), "", {"service": "up"}


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
    return Sending(at_us, topic_of(wearer.device), payload.encode(), fixes)


def _fixes(
    scenario: Scenario, wearer: Wearer, model: ReceiverModel, start_us: int
) -> Iterator[tuple[float, SentFix]]:
    plan = wearer.device
    receiver = Receiver(model, f"{scenario.seed}/{plan.id}/receiver")
    habits = habits_random(scenario, wearer)
    battery = 0.6 + 0.35 * habits.random()
    number = 0
    while (at_s := plan.first_s + number * plan.interval_s) <= scenario.duration_s:
        motion, reading = wearer.way.at(at_s), receiver.read(at_s)
        lon, lat = shifted(motion.point, reading.east_m, reading.north_m)
        fixed_at_us = start_us + microseconds(at_s)
        plain: dict[str, Any] = {
            "seq": number + 1,
            "t": stamp(fixed_at_us),
            "lat": round(lat, 7),
            "lon": round(lon, 7),
            "acc": reading.accuracy_m,
            "spd": round(motion.speed_m_s, 2),
        }
        if motion.heading_deg is not None:
            plain["hdg"] = round(motion.heading_deg, 1) % 360.0
        if plan.wire is Wire.OWNTRACKS:
            wire = owntracks_body(plan.id, fixed_at_us, plain, battery)
            plain |= {"seq": wire["tst"], "acc": wire["acc"] * R95_PER_R68}
        else:
            satellites = 7 + int(habits.random() * 6)
            plain |= {"src": "gnss", "sat": satellites, "bat": round(battery, 2)}
            wire = plain
        yield at_s, SentFix(plan.id, plain["seq"], fixed_at_us, motion.point, wire, plain)
        number += 1
