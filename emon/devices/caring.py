"""What the engine's state holds of devices' commands and upkeep, and how a step changes it.

Stored with the transaction that changed it and read back whole after a restart; when to look at which
device is computed from it. Most devices have nothing here: an ordinary fix touches nobody's entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.devices.care import Clocks, Heard, Outcome, care_for, is_about_charging, next_due
from emon.devices.timers import Timers, drop, place, taken
from emon.devices.upkeep import Told
from emon.model.breach import Alert
from emon.model.care import Care
from emon.model.command import Chase, Command, Reply, Wish
from emon.model.fix import DeviceEvent, Fix
from emon.model.vocabulary import Mark
from emon.model.watch import Duty, Trouble, Turn

NOTHING = Care()


class Caring(msgspec.Struct, frozen=True):
    """``cares`` of the devices that have any; ``timers`` say when to look at which, at the latest."""

    cares: Map[str, Care] = Map()
    timers: Timers[str] = Timers()

    @property
    def next_timer_us(self) -> int | None:
        """When to look at a device next, at the latest."""
        return self.timers.next_us


def recalled(cares: Mapping[str, Care], at_us: int) -> Caring:
    """After a restart: every device is looked at once, since what is due is known with its duties."""
    entries = [(at_us, device) for device in sorted(cares)]
    return Caring(Map(cares), place(Timers[str](), entries))


def looked_at(caring: Caring, devices: Iterable[str], at_us: int) -> Caring:
    """With some devices looked at soon, as their orders have changed."""
    entries = [(at_us, device) for device in devices if device in caring.cares]
    return replace(caring, timers=place(caring.timers, entries)) if entries else caring


class Received(NamedTuple):
    """What a decision brings of all devices."""

    replies: Sequence[Reply]
    events: Sequence[DeviceEvent]
    fixes: Sequence[Fix]


class Cared(NamedTuple):
    """What a step makes of all devices. ``cares``: those that changed, to be stored. ``rates``: intervals
    that devices confirmed."""

    caring: Caring
    cares: tuple[tuple[str, Care], ...]
    commands: tuple[Command, ...]
    alerts: tuple[Alert, ...]
    troubles: tuple[Trouble, ...]
    rates: dict[str, list[Turn]]


def care_for_all(
    caring: Caring,
    at_us: int,
    received: Received,
    wants: Sequence[Wish | Chase],
    duties: Mapping[str, Sequence[Duty]],
    clocks: Clocks,
    told: Told,
) -> Cared:
    """One step of every device that something happens to."""
    timers, due = (caring.timers, []) if clocks.still else taken(caring.timers, at_us)
    heard = _by_device(caring, received)
    wanted: dict[str, list[Wish | Chase]] = {}
    for want in wants:
        wanted.setdefault(want.device, []).append(want)
    touched = sorted({*(device for _, device in due), *heard, *wanted})
    if not touched:
        return Cared(replace(caring, timers=timers), (), (), (), (), {})
    cares, changed = caring.cares.mutate(), []
    outcomes: list[Outcome] = []
    entries: list[tuple[int, str]] = []
    resting: list[str] = []
    rates: dict[str, list[Turn]] = {}
    for device in touched:
        before = caring.cares.get(device, NOTHING)
        own = duties.get(device, ())
        outcome = care_for(
            device, before, at_us, heard.get(device, Heard()), wanted.get(device, ()), own, clocks, told
        )
        outcomes.append(outcome)
        if outcome.care != before:
            cares[device] = outcome.care
            changed.append((device, outcome.care))
        if outcome.rates:
            rates[device] = outcome.rates
        due_us = next_due(device, outcome.care, own, clocks.after)
        if due_us is None:
            resting.append(device)
        else:
            entries.append((due_us, device))
    return Cared(
        Caring(cares.finish(), place(drop(timers, resting), entries)),
        tuple(changed),
        tuple(command for outcome in outcomes for command in outcome.commands),
        tuple(alert for outcome in outcomes for alert in outcome.alerts),
        tuple(trouble for outcome in outcomes for trouble in outcome.troubles),
        rates,
    )


def _by_device(caring: Caring, received: Received) -> dict[str, Heard]:
    """What may change something, by device: of ordinary fixes only those that are waited for."""
    replies: dict[str, list[Reply]] = {}
    events: dict[str, list[DeviceEvent]] = {}
    fixes: dict[str, list[Fix]] = {}
    for reply in received.replies:
        replies.setdefault(reply.device, []).append(reply)
    for event in received.events:
        if is_about_charging(event):
            events.setdefault(event.device, []).append(event)
    odd = {fix.wire.device for fix in received.fixes if fix.mark in (Mark.CLOCK, Mark.IMPLAUSIBLE)}
    for fix in received.fixes:
        device = fix.wire.device
        care = caring.cares.get(device)
        if device in odd or (care is not None and care.looks_at_fixes):
            fixes.setdefault(device, []).append(fix)
    return {
        device: Heard(replies.get(device, ()), events.get(device, ()), fixes.get(device, ()))
        for device in {**replies, **events, **fixes}
    }
