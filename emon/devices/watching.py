"""What the engine's state holds of devices as such, and how it changes between steps.

Watches, open troubles and service stops are stored with the transaction that changed them and are
read back whole after a restart; duties and timers are computed from them and the orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.devices import orders, position, silence
from emon.devices.duty import duties_of
from emon.devices.timers import Timers, place
from emon.model.care import Care
from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent
from emon.model.watch import Duty, ServiceStop, Trouble, Watch
from emon.plan import ServiceClock

Due = tuple[int, int, str, str]
"""(instant, machine, order, input): what a device's machines have to decide next."""

SILENCE, POSITION, ORDER = range(3)


class Watching(msgspec.Struct, frozen=True):
    """``duties`` of each device rise by their beginning. ``troubles`` are open ones by id,
    ``outages`` the ids of those that are outages. ``stops``: of the service, ended, rising;
    ``stopped_us``: since when its clocks stand still. ``idle``: no device has duties, whatever orders
    say, so that only conditions are judged."""

    duties: Map[str, tuple[Duty, ...]] = Map()
    watches: Map[str, Watch] = Map()
    troubles: Map[str, Trouble] = Map()
    outages: tuple[str, ...] = ()
    timers: Timers[str] = Timers()
    stops: tuple[ServiceStop, ...] = ()
    stopped_us: int | None = None
    idle: bool = False

    @property
    def next_timer_us(self) -> int | None:
        """When to look at a device next, at the latest; None while the clocks stand still."""
        return None if self.stopped_us is not None else self.timers.next_us


class Remembered(msgspec.Struct, frozen=True):
    """What is on file of devices: every watch, the open troubles, every stop of the service, and the
    ``cares`` of commands and upkeep, by device."""

    watches: tuple[Watch, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    stops: tuple[ServiceStop, ...] = ()
    cares: dict[str, Care] = {}


def recalled(kept: Remembered) -> Watching:
    """The state after a restart, before any order is known."""
    stops = sorted(kept.stops, key=lambda stop: stop.down_us)
    running = [t for t in kept.troubles if t.event is AlertEvent.OUTAGE]
    return Watching(
        watches=Map({watch.device: watch for watch in kept.watches}),
        troubles=Map({trouble.id: trouble for trouble in kept.troubles}),
        outages=tuple(t.id for t in sorted(running, key=lambda t: (t.opened_at_us, t.id))),
        stops=tuple(stop for stop in stops if stop.up_us is not None),
        stopped_us=next((stop.down_us for stop in stops if stop.up_us is None), None),
    )


def with_order(
    watching: Watching, order: str, versions: Sequence[OrderVersion]
) -> tuple[Watching, list[str]]:
    """With one order's versions as they now are, and the devices whose timers must be set anew."""
    own = {} if watching.idle else duties_of(versions)
    duties = watching.duties
    touched = sorted(own)
    for device in touched:
        others = [duty for duty in duties.get(device, ()) if duty.order != order]
        joined = sorted([*others, *own[device]], key=lambda duty: (duty.from_us, duty.order))
        duties = duties.set(device, tuple(joined))
    return replace(watching, duties=duties), touched


def retimed(watching: Watching, devices: Iterable[str]) -> Watching:
    """With the timers of some devices set anew, where something is due sooner than was planned."""
    clock = ServiceClock(watching.stops)
    entries: list[tuple[int, str]] = []
    for device in devices:
        watch = watching.watches.get(device) or Watch(device)
        due = next_of(watch, watching.duties.get(device, ()), clock)
        planned_us = watching.timers.placed.get(device)
        if due is not None and (planned_us is None or due[0] < planned_us):
            entries.append((due[0], device))
    return replace(watching, timers=place(watching.timers, entries))


def next_of(watch: Watch, duties: Sequence[Duty], clock: ServiceClock) -> Due | None:
    """What the machines of one device have to decide next, by the clocks as they stand."""
    found: list[Due] = []
    quiet = silence.silence_due(watch, duties, clock.shift)
    if quiet is not None:
        found.append((quiet[0], SILENCE, "", quiet[1]))
    unplaced = position.position_due(watch, duties, clock.shift)
    if unplaced is not None:
        found.append((unplaced[0], POSITION, "", unplaced[1]))
    wanted = orders.order_due(watch, duties, clock.shift)
    if wanted is not None:
        found.append((wanted[0], ORDER, wanted[1], wanted[2]))
    if not found:
        return None
    due = min(found)
    # What came of age while the service was down is decided when its clocks go on.
    return (max(due[0], clock.up_us), *due[1:])


def with_service_down(watching: Watching, at_us: int) -> Watching:
    """The clocks stand still from an instant on; they already may."""
    return watching if watching.stopped_us is not None else replace(watching, stopped_us=at_us)
