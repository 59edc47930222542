"""Judge recorded fixes again, offline: the engine of production on an archive in memory.

Deterministic: the order of lines is nothing, inputs are taken by ``received_at``, and no clock is
read (invariant 2).
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.devices.heard import place_of, seen_since
from emon.devices.watching import Remembered
from emon.engine import Inputs, Message, needs, step
from emon.ingest.decode import decode
from emon.limits import UNKNOWN_DEVICE_RETAKE_S
from emon.model.breach import Alert, Breach
from emon.model.care import Care
from emon.model.command import Command
from emon.model.effects import Effects
from emon.model.fix import Decoded, Fix, KeptEvent, Rejection
from emon.model.instant import SECOND_US
from emon.model.lines import Line, alert_line, breach_line
from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent, Mark, Reason
from emon.model.watch import ServiceStop, Trouble, Watch
from emon.recall import FixKey, recall
from emon.state import Key, State, initial_state, service_down, with_orders

_NOTHING = Message("", Decoded())


class Received(msgspec.Struct, frozen=True):
    """One recorded message and when it was received. ``service``: instead, the service stopped
    (False), or was up again with everything received until then judged (True)."""

    received_at_us: int
    message: Message = _NOTHING
    service: bool | None = None


class Obedient(Protocol):
    """Devices that are no record but hear, in a replay, what they are asked: those of a simulator."""

    @property
    def next_us(self) -> int | None:
        """When a message comes next that was asked for."""

    def come(self, at_us: int) -> Sequence[Message]:
        """The messages that come up to an instant."""

    def hear(self, commands: Sequence[Command]) -> None:
        """What was decided to ask; nothing comes of it before the instant of the decision has passed."""


class Counts(msgspec.Struct):
    """What a replay read, for the person who runs it."""

    fixes: int = 0
    repeats: int = 0
    marks: dict[str, int] = {}
    rejections: dict[str, int] = {}


class MemoryArchive:
    """What PostgreSQL holds in production, for one replay. The questions are those of
    :class:`emon.recall.Archive`."""

    def __init__(self, who_replies: Iterable[str] = ()) -> None:
        """``who_replies``: devices of which the file holds a reply, so that commands are timed."""
        self._fixes: dict[str, list[Fix]] = {}
        self._by_key: dict[FixKey, Fix] = {}
        self._clock_ahead: dict[str, int] = {}
        self._breaches: dict[Key, dict[str, Breach]] = {}
        self._events: dict[tuple[str, str], dict[tuple[int, int, str], KeptEvent]] = {}
        self._replies: set[str] = set()
        self._approaches: dict[Key, list[int]] = {}
        self._unknown: list[tuple[int, Rejection]] = []
        self._watches: dict[str, Watch] = {}
        self._stops: dict[int, ServiceStop] = {}
        self.troubles: dict[str, Trouble] = {}
        self.commands: list[Command] = []
        self._cares = {device: Care(replies=True) for device in who_replies}
        self.alerts: list[Alert] = []
        self.changed_us: dict[str, int] = {}  # the last step that changed a breach, by id
        self.end_us = 0
        self.counts = Counts()

    def write(self, effects: Effects) -> None:
        """Keep everything one step decided."""
        for fix in effects.all_fixes():
            self._by_key[fix.wire.key] = fix
            device = fix.wire.device
            if fix.mark is Mark.CLOCK:
                newest_us = max(fix.wire.fixed_at_us, self._clock_ahead.get(device, 0))
                self._clock_ahead[device] = newest_us
            else:
                bisect.insort(self._fixes.setdefault(device, []), fix, key=_position)
        for breach in effects.breaches:
            self._breaches.setdefault((breach.order, breach.condition), {})[breach.id] = breach
            self.changed_us[breach.id] = effects.at_us
        for event in effects.events:
            said = self._events.setdefault((event.device, event.event), {})
            key = (event.fixed_at_us, event.seq, event.state)
            said.setdefault(key, KeptEvent(event, effects.at_us))
        self.alerts.extend(effects.alerts)
        for alert in effects.alerts:
            if alert.event is AlertEvent.APPROACH and alert.order and alert.condition:
                self._approaches.setdefault((alert.order, alert.condition), []).append(alert.at_us)
        self.commands.extend(effects.commands)
        self._cares.update(effects.cares)
        self._replies.update(reply.id for reply in effects.replies)
        self._watches.update((watch.device, watch) for watch in effects.watches)
        self.troubles.update((trouble.id, trouble) for trouble in effects.troubles)
        if effects.stop is not None:
            self._stops[effects.stop.down_us] = effects.stop
        for rejection in effects.rejections:
            if rejection.reason is Reason.UNKNOWN_DEVICE:
                self._unknown.append((effects.at_us, rejection))
        self._count(effects)

    def _count(self, effects: Effects) -> None:
        self.counts.fixes += effects.fix_count
        self.counts.repeats += sum(count for _, count in effects.repeats)
        for fix in effects.all_fixes():
            self.counts.marks[fix.mark] = self.counts.marks.get(fix.mark, 0) + 1
        for rejection in effects.rejections:
            found = self.counts.rejections
            found[rejection.reason] = found.get(rejection.reason, 0) + 1

    def take_again(self, devices: frozenset[str], since_us: int) -> list[Message]:
        """What was rejected since for want of an order that names the device; taken out."""
        taken = [r for at_us, r in self._unknown if r.device in devices and at_us >= since_us]
        self._unknown = [
            (at_us, r) for at_us, r in self._unknown if r.device not in devices or at_us < since_us
        ]
        return [Message(r.topic, decode(r.topic, r.raw)) for r in taken]

    def remembered(self) -> Remembered:
        """What the engine must be given of devices after a restart."""
        still = tuple(t for t in self.troubles.values() if t.cleared_at_us is None)
        return Remembered(
            tuple(self._seen(watch) for watch in self._watches.values()),
            still,
            tuple(self._stops.values()),
            dict(self._cares),
        )

    def _seen(self, watch: Watch) -> Watch:
        newest = next((fix for fix in reversed(self._fixes.get(watch.device, ())) if fix.usable), None)
        return watch if newest is None else seen_since(watch, place_of(newest))

    def breaches(self) -> list[Breach]:
        return [breach for lines in self._breaches.values() for breach in lines.values()]

    async def known_fixes(self, keys: Sequence[FixKey]) -> dict[FixKey, Fix]:
        return {key: self._by_key[key] for key in keys if key in self._by_key}

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]:
        return {d: tuple(self._fixes[d][-limit:]) for d in devices if d in self._fixes}

    async def clock_ahead(self, devices: Sequence[str]) -> dict[str, int]:
        return {d: self._clock_ahead[d] for d in devices if d in self._clock_ahead}

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]:
        found: dict[str, list[Fix]] = {}
        for device, from_us in spans:
            fixes = self._fixes.get(device, [])
            place = bisect.bisect_left(fixes, (from_us, -1), key=_position)
            before = next((i for i in range(place - 1, -1, -1) if fixes[i].usable), None)
            lead = [] if before is None else [fixes[before]]
            found[device] = [*lead, *fixes[place:]]
        return found

    async def breaches_since(self, spans: Sequence[tuple[str, str, int]]) -> dict[Key, list[Breach]]:
        found: dict[Key, list[Breach]] = {}
        for order, condition, from_us in spans:
            lines = self._breaches.get((order, condition), {}).values()
            found[(order, condition)] = sorted(
                (
                    b
                    for b in lines
                    if (b.closed_at_us is None and not b.refuted)
                    or max(b.opened_at_us, b.closed_at_us or 0) >= from_us
                ),
                key=lambda b: (b.opened_at_us, b.id),
            )
        return found

    async def approaches_since(self, spans: Sequence[tuple[str, str, int]]) -> dict[Key, list[int]]:
        return {
            (order, condition): [at for at in self._approaches.get((order, condition), []) if at >= from_us]
            for order, condition, from_us in spans
        }

    async def events_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[KeptEvent]]:
        found: dict[tuple[str, str], list[KeptEvent]] = {}
        for device, event, from_us in spans:
            said = sorted(self._events.get((device, event), {}).items())
            lead = [one for key, one in said if key[0] < from_us][-1:]
            since = [one for key, one in said if key[0] >= from_us or one.received_at_us >= from_us]
            found[(device, event)] = [*(one for one in lead if one not in since), *since]
        return found

    async def known_replies(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self._replies.intersection(ids))


def _position(fix: Fix) -> tuple[int, int]:
    return (fix.wire.fixed_at_us, fix.wire.seq)


async def replay(
    versions: Sequence[OrderVersion],
    received: Iterable[Received],
    *,
    policy: Policy = DEFAULT_POLICY,
    until_us: int | None = None,
    quietly: bool = True,
    obedient: tuple[Sequence[str], Obedient] | None = None,
) -> MemoryArchive:
    """Judge everything received up to ``until_us`` (default: the latest receipt), and fire no
    timer beyond it. The archive holds the outcome. ``quietly`` False: without the quiet path, to the same
    outcome. ``obedient``: devices by name whose commands are timed, and what answers them while it goes on;
    what they send belongs to what was received as if it had been on file."""
    by_instant: dict[int, list[Message]] = {}
    service: dict[int, set[bool]] = {}
    for item in received:
        if until_us is None or item.received_at_us <= until_us:
            by_instant.setdefault(item.received_at_us, []).append(item.message)
            if item.service is not None:
                service.setdefault(item.received_at_us, set()).add(item.service)
    names, devices = obedient or ((), None)
    archive = MemoryArchive([*who_replies(by_instant.values()), *names])
    end_us = until_us if until_us is not None else max(by_instant, default=None)
    if end_us is None:
        return archive
    archive.end_us = end_us
    armed = _by_arming(versions, end_us)
    instants = deque(sorted({*by_instant, *armed}))
    state = initial_state(min([*instants, end_us]) - 1, archive.remembered(), quietly=quietly)
    while (at_us := _next_us(instants, state, devices, end_us)) is not None:
        messages = list(by_instant.get(at_us, ()))
        if at_us in armed:
            state, taken = _armed(archive, state, armed[at_us], at_us)
            messages = [*taken, *messages]
        messages += [] if devices is None else devices.come(at_us)
        said = service.get(at_us, set())
        inputs = Inputs(at_us, tuple(messages), up=True in said)
        asked = len(archive.commands)
        state = await _step(archive, state, inputs, policy)
        if devices is not None:
            devices.hear(archive.commands[asked:])
        if False in said:
            # What is received at the instant of a stop was still judged.
            state = service_down(state, at_us)
    # A timer fires after the inputs of its own instant: those of the last instant are still due.
    if state.at_us <= end_us:
        state = await _step(archive, state, Inputs(end_us + 1), policy)
    return archive


def _armed(
    archive: MemoryArchive, state: State, versions: list[tuple[int, OrderVersion]], at_us: int
) -> tuple[State, list[Message]]:
    """Versions come into force, and what their devices sent before anybody knew them is taken again."""
    known = state.by_device
    state = with_orders(state, versions)
    new = frozenset(device for device in state.by_device if device not in known)
    return state, archive.take_again(new, at_us - UNKNOWN_DEVICE_RETAKE_S * SECOND_US)


def _next_us(instants: deque[int], state: State, devices: Obedient | None, end_us: int) -> int | None:
    """The next instant of the record; before it that of an answer, or of a timer that may ask for one."""
    if devices is not None:
        # A timer fires after the inputs of its instant; its instant may lie early: one look a second.
        timer_us = state.next_timer_us
        due_us = None if timer_us is None else max(timer_us + 1, state.at_us + SECOND_US)
        soon = [at_us for at_us in (devices.next_us, due_us) if at_us is not None and at_us <= end_us]
        if soon and (not instants or min(soon) < instants[0]):
            return min(soon)
    return instants.popleft() if instants else None


def who_replies(received: Iterable[Iterable[Message]]) -> list[str]:
    """Devices with a reply among what was received. Contract, section 5: "for a device without any
    reply line in the file, commands are not timed"."""
    messages = (message for at_once in received for message in at_once)
    return sorted({reply.device for message in messages for reply in message.decoded.replies})


async def _step(archive: MemoryArchive, state: State, inputs: Inputs, policy: Policy) -> State:
    past = await recall(archive, state, needs(state, inputs))
    state, effects = step(state, inputs, past, policy)
    archive.write(effects)
    return state


def _by_arming(versions: Sequence[OrderVersion], end_us: int) -> dict[int, list[tuple[int, OrderVersion]]]:
    """Versions by the instant of their arming, none armed after the end."""
    ordered = sorted(versions, key=lambda v: (v.armed_at_us, v.id, v.version))
    armed: dict[int, list[tuple[int, OrderVersion]]] = {}
    for seq, version in enumerate(ordered, start=1):
        if version.armed_at_us <= end_us:
            armed.setdefault(version.armed_at_us, []).append((seq, version))
    return armed


def lines_of(archive: MemoryArchive) -> Iterator[Line]:
    """Breaches in their final state and alerts, by opened_at or at, then id."""
    keyed: list[tuple[int, str, Line]] = [
        (breach.opened_at_us, breach.id, breach_line(breach)) for breach in archive.breaches()
    ]
    keyed.extend((alert.at_us, alert.id, alert_line(alert)) for alert in archive.alerts)
    keyed.sort(key=lambda item: item[:2])
    for _, _, line in keyed:
        yield line
