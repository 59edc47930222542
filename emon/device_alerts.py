"""Alerts on what devices say of themselves: tampering, batteries, a panic button.

Pure, and without a memory of its own: what was said before is asked of the archive, so a restart
changes nothing. An event counts by its own time, as a fix does; one whose clock is wrong counts by
its receipt. It is told if an order is in force then that names the device as worn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emon.alerts.decision_table import Situation
from emon.alerts.device_states import AT_FIRST, PASSING, rise, told_later
from emon.alerts.policy import Policy
from emon.geofence.timeline import device_use, in_force, victim_devices
from emon.ingest.admit import clock_is_wrong
from emon.limits import PANIC_AGAIN_S
from emon.model.breach import Alert
from emon.model.fix import DeviceEvent, KeptEvent
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.vocabulary import Risk
from emon.state import State

EventKey = tuple[str, str]
"""(device, event)."""


def events_asked(state: State, events: Sequence[DeviceEvent]) -> tuple[tuple[str, str, int], ...]:
    """What must be known of what devices said before: (device, event, from_us)."""
    asked: dict[EventKey, int] = {}
    for event in events:
        if state.knows(event.device):
            key = (event.device, event.event)
            asked[key] = min(event.fixed_at_us, asked.get(key, event.fixed_at_us))
    return tuple((device, event, from_us) for (device, event), from_us in sorted(asked.items()))


def device_alerts(
    state: State,
    events: Sequence[DeviceEvent],
    kept: Mapping[EventKey, Sequence[KeptEvent]],
    at_us: int,
    policy: Policy,
) -> list[Alert]:
    """The alerts of one decision. ``kept``: what is stored of each (device, event), from the oldest
    of the new ones on and led by the one before."""
    arrived: dict[EventKey, dict[object, KeptEvent]] = {}
    for event in events:
        if event.event in AT_FIRST:
            new = arrived.setdefault((event.device, event.event), {})
            new[identity(event)] = KeptEvent(event, at_us)
    alerts: list[Alert] = []
    for key, new in sorted(arrived.items()):
        older = list(kept.get(key, ()))
        known = {identity(one.wire) for one in older}
        fresh = [one for key, one in new.items() if key not in known]
        alerts.extend(_of_one(state, older, fresh, at_us, policy))
    return alerts


def unheard(events: Sequence[DeviceEvent], kept: Mapping[EventKey, Sequence[KeptEvent]]) -> list[DeviceEvent]:
    """The events that are no repeats of stored ones: a repeat says nothing, also where the clock is wrong and
    the receipt counts."""
    known = {identity(one.wire) for older in kept.values() for one in older}
    return [event for event in events if identity(event) not in known]


def _of_one(
    state: State, older: Sequence[KeptEvent], fresh: Sequence[KeptEvent], at_us: int, policy: Policy
) -> list[Alert]:
    line = sorted([*((one, False) for one in older), *((one, True) for one in fresh)], key=_place)
    alerts: list[Alert] = []
    for i, (one, is_new) in enumerate(line):
        event, now = one.wire.event, one.wire.state
        if not is_new or (event in PASSING and i + 1 < len(line)):
            continue
        near = _near if event == "panic" else _any
        before = line[i - 1][0].wire.state if i > 0 and near(line[i - 1][0], one) else None
        later = next((o for o, fresh_one in line[i + 1 :] if not fresh_one), None)
        raised = rise(event, before, now)
        if later is not None and near(one, later) and told_later(event, before, now, later.wire.state):
            raised = None
        version = _version(state, one, at_us)
        if raised is None or version is None:
            continue
        risk, basis = version.risk, version.legal_basis
        row = policy.decide(Situation(raised, at_us, risk=risk, legal_basis=basis))
        alerts.append(
            Alert(
                id=derive_id("device", raised, *map(str, identity(one.wire)), at_us),
                event=raised,
                priority=row.priority,
                at_us=at_us,
                recipients=row.recipients,
                happened_at_us=happened_us(one),
                received_at_us=at_us,
                device=one.wire.device,
                row=row.name,
                also=row.also,
            )
        )
    return alerts


def identity(event: DeviceEvent) -> tuple[str, int, int, str, str]:
    """What makes an event the same event."""
    return (event.device, event.fixed_at_us, event.seq, event.event, event.state)


def happened_us(one: KeptEvent) -> int:
    """When it happened by the device's clock, or, where that is impossible, when it was received."""
    wrong = clock_is_wrong(one.wire.fixed_at_us, one.received_at_us)
    return one.received_at_us if wrong else one.wire.fixed_at_us


def _place(item: tuple[KeptEvent, bool]) -> tuple[int, int, str]:
    one = item[0]
    return (happened_us(one), one.wire.seq, one.wire.state)


def _any(earlier: KeptEvent, later: KeptEvent) -> bool:
    return True


def _near(earlier: KeptEvent, later: KeptEvent) -> bool:
    """Whether two presses are one call for help."""
    return happened_us(later) - happened_us(earlier) <= PANIC_AGAIN_S * SECOND_US


def _version(state: State, one: KeptEvent, at_us: int) -> OrderVersion | None:
    """Of the orders in force that have the device worn, or carried by the person whom a contact
    condition protects, the version of the highest risk (of several the first by id); None without any."""
    then_us = happened_us(one)
    found: list[OrderVersion] = []
    for key in state.by_device.get(one.wire.device, ()):
        version = state.subjects[key].timeline.judging(then_us, at_us)
        if version is None or not in_force(version, then_us):
            continue
        worn = device_use(version, one.wire.device, then_us) is not None
        if worn or one.wire.device in victim_devices(version):
            found.append(version)
    return min(found, key=lambda v: (-list(Risk).index(v.risk), v.id), default=None)
