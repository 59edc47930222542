"""Sends updates on incidents, beside the dispatcher and never in its way.

Theory of operation. A look claims what may be sent (``store/updates.py``): of each recipient and incident
the first that waits, and none before the alerts of its breach. Each recipient has a few places of its own, so
no update takes an alert's. While thousands of incidents are open a look takes some dozens for each recipient;
what has no place yet waits here a quarter of a second at most. Then it is read again, for by then a newer
update may have replaced it, or an alert of its breach be under way.

An answer frees its place before it is on file. What became of attempts is kept in groups
(``alerts/recorder.py``), and what failed is tried again after growing pauses, until it is received or
replaced. A recipient that fails several times in a row gets one knock a pause (``alerts/breaker.py``).

A crash between sending and keeping repeats the update under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from emon.alerts.attempting import attempt_of, report, send_once
from emon.alerts.breaker import Breaker, pause_us
from emon.alerts.channels import Channel
from emon.alerts.outbox import Attempt, DueDelivery, OutboxUnavailable, Outcome
from emon.alerts.points import Point, Reached, ignore
from emon.alerts.recorder import Recorder
from emon.limits import (
    DELIVERIES_UNRECORDED_MAX,
    DELIVERY_ATTEMPT_TIMEOUT_S,
    INCIDENT_LOOK_S,
    INCIDENT_UPDATES_AT_ONCE_MAX,
    INCIDENT_UPDATES_CLAIMED_MAX,
    INCIDENT_UPDATES_HELD_S,
)
from emon.model.instant import SECOND_US

_log = logging.getLogger(__name__)


class Updates(Protocol):
    """What the sender needs of the store. Every method may raise ``OutboxUnavailable``."""

    async def updates_due(
        self, now_us: int, limit: int, in_flight: Collection[tuple[str, str]] = ()
    ) -> list[DueDelivery]: ...

    async def record_update_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool: ...

    async def release_updates(self, recipient: str, now_us: int) -> None: ...


class _Kept:
    """The outbox as the recorder knows one."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        return await self._updates.record_update_attempts(attempts)


class _Lane:
    """Of one recipient: ``queue`` was read and has no place yet, ``sending`` attempts run, and of each breach
    in ``flying`` an update is being sent or recorded."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.flying: set[str] = set()
        self.sending = 0
        self.queue: deque[DueDelivery] = deque()
        self.read_at_us = 0

    def next(self, now_us: int) -> DueDelivery | None:
        """Take what may be sent now. None: nothing, or nothing that can be believed still."""
        if now_us - self.read_at_us > INCIDENT_UPDATES_HELD_S * SECOND_US:
            self.queue.clear()
        if not self.queue or self.sending >= INCIDENT_UPDATES_AT_ONCE_MAX:
            return None
        if len(self.flying) >= DELIVERIES_UNRECORDED_MAX or not self.breaker.may_try(now_us):
            return None
        self.breaker.tried()
        due = self.queue.popleft()
        self.flying.add(str(due.alert.breach))
        self.sending += 1
        return due


class UpdateSender:
    """``run`` until cancelled. ``wake`` after each commit that wrote updates.

    ``chance`` gives a number in [0, 1); ``reached`` hears of every numbered point.
    """

    def __init__(
        self,
        updates: Updates,
        channels: Mapping[str, Channel],
        now_us: Callable[[], int],
        *,
        chance: Callable[[], float] = random.random,
        timeout_s: float = DELIVERY_ATTEMPT_TIMEOUT_S,
        reached: Reached = ignore,
    ) -> None:
        self._updates = updates
        self._channels = channels
        self._now_us = now_us
        self._chance = chance
        self._timeout_s = timeout_s
        self._reached = reached
        self._wake = asyncio.Event()
        self._lanes: dict[str, _Lane] = {}
        self._begun = 0
        """Attempts since the start."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False
        self._recorder = Recorder(
            _Kept(updates), pause=self._pause, chance=chance, on_freed=self.wake, reached=reached
        )

    def wake(self) -> None:
        """There may be something to send. Cheap; calls add up to one look."""
        self._wake.set()

    async def run(self) -> None:
        """Look each second, or when woken. Only a fault of our own ends it otherwise, by its exception."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recorder.run(), name="record updates")
            try:
                await self._look_on(group)
            finally:
                self._ending = True

    async def _look_on(self, group: asyncio.TaskGroup) -> None:
        failures = 0
        while True:
            pause_s = INCIDENT_LOOK_S
            try:
                await self._look(group)
                failures = 0
            except OutboxUnavailable as fault:
                failures += 1
                pause_s = pause_us(failures, self._chance()) / SECOND_US
                _log.warning("no updates were read, looking again at growing pauses: %s", fault)
            await wait_for(self._wake, pause_s)

    async def drain(self) -> int:
        """Send what can be sent now, until nothing is left that may be tried; how many attempts that were."""
        before = self._begun
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(self._recorder.run(), name="record updates")
            while await self._look(group):
                while self._tasks:
                    await asyncio.gather(*self._tasks)
            recording.cancel()
        return self._begun - before

    async def _look(self, group: asyncio.TaskGroup) -> int:
        """Begin every attempt that may be made now; how many."""
        now_us = self._now_us()
        lines = [(breach, name) for name, lane in self._lanes.items() for breach in lane.flying]
        for lane in self._lanes.values():
            # Nothing begins while we ask: what began and ended meanwhile would be due in the answer.
            lane.queue.clear()
        claimed = await self._updates.updates_due(now_us, INCIDENT_UPDATES_CLAIMED_MAX, lines)
        self._reached(Point.CLAIMED)
        for due in claimed:
            lane = self._lanes.setdefault(due.recipient, _Lane())
            lane.queue.append(due)
            lane.read_at_us = now_us
        return sum([self._fill(lane, group) for lane in self._lanes.values()])

    def _fill(self, lane: _Lane, group: asyncio.TaskGroup) -> int:
        begun = 0
        if self._ending:  # an attempt that ends now begins no other
            return begun
        while (due := lane.next(self._now_us())) is not None:
            begun += 1
            task = group.create_task(self._attempt(due, lane, group), name=f"update {due.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._begun += begun
        return begun

    async def _attempt(self, due: DueDelivery, lane: _Lane, group: asyncio.TaskGroup) -> None:
        started_at_us = self._now_us()
        self._reached(Point.SENDING)
        result = await send_once(self._channels, due, self._timeout_s)
        self._reached(Point.ANSWERED)
        ended_at_us = self._now_us()
        is_back = False
        if result.outcome is Outcome.DELIVERED:
            is_back = lane.breaker.received()
        else:
            lane.breaker.failed(ended_at_us, self._chance())
        attempt = attempt_of(due, result, started_at_us, ended_at_us, self._chance)
        report(due, attempt)
        lane.sending -= 1
        self._fill(lane, group)
        await self._recorder.keep(due.id, attempt)
        lane.flying.discard(str(due.alert.breach))
        if is_back:
            await self._release(due.recipient)
        self._fill(lane, group)
        if not lane.queue:
            self.wake()

    async def _release(self, recipient: str) -> None:
        try:
            await self._updates.release_updates(recipient, self._now_us())
        except OutboxUnavailable as fault:
            _log.warning("updates that wait for %s come after their pauses: %s", recipient, fault)
            return
        self._reached(Point.RELEASED)

    async def _pause(self, length_us: int) -> bool:
        """Between two tries to keep a record; what is not kept is sent again under its id."""
        await asyncio.sleep(length_us / SECOND_US)
        return True


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Until it is set, which is taken back, or so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
