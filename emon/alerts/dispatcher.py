"""Sends what the outbox holds until each recipient has received it.

Theory of operation. One loop reads what is due and fills one lane for each recipient (``lanes.py``).
Lanes share nothing, so a recipient that is slow or down delays nobody else; within a lane urgent
messages have places of their own. Of one breach a recipient gets the messages in their order: the
outbox gives out a later one when the earlier has its receipt, or was refused as such.

An attempt is **claim, send, record, done**, at numbered points (``points.py``). A crash before the
record repeats the delivery with the same id, which recipients use as idempotency key. What ended is
recorded in groups (``recorder.py``); a record that fails is repeated, and the message is not sent
again for it.

Pauses grow 1, 2, 4, … 60 s for each delivery, shortened by chance, and never end. A recipient that
fails several times in a row has its breaker opened (``breaker.py``): it gets one knock a pause, and
urgent news at once. When it is back, what waits for it is due at once, most urgent first.

What a commit of the engine wrote is handed over with it (``hand_over``) and begins at once, without a look.
The loop sleeps until it is woken, until the next pause ends, and never longer than
``OUTBOX_POLL_S``. Clock, chance and wait come in as arguments.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

from emon.alerts.attempting import attempt_of, report, send_once
from emon.alerts.breaker import BreakerState, pause_us
from emon.alerts.channels import Channel
from emon.alerts.flapping import Flapping, may_join
from emon.alerts.lanes import Lane, LaneHealth
from emon.alerts.outbox import DueDelivery, Outbox, OutboxUnavailable, Outcome
from emon.alerts.points import Point, Reached, ignore
from emon.alerts.recorder import Recorder
from emon.limits import (
    ATTEMPTS_RECORDED_TOGETHER_MAX,
    DELIVERIES_AT_ONCE_MAX,
    DELIVERIES_CLAIMED_MAX,
    DELIVERIES_URGENT_EXTRA,
    DELIVERY_ATTEMPT_TIMEOUT_S,
    DISPATCHER_STOP_GRACE_S,
    OUTBOX_POLL_S,
)
from emon.model.instant import SECOND_US

_log = logging.getLogger("emon.alerts.dispatcher")

_LATELY_MAX = 64 * ATTEMPTS_RECORDED_TOGETHER_MAX  # many groups of attempts, where one commit is under way

Wait = Callable[[asyncio.Event, int], Awaitable[None]]
"""Returns when the event is set, or when the clock reaches the instant (microseconds)."""


def wait_by(clock_now_us: Callable[[], int]) -> Wait:
    """The wait of a running service: real seconds by the given clock."""

    async def wait(event: asyncio.Event, until_us: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, until_us - clock_now_us()) / SECOND_US):
                await event.wait()

    return wait


class DispatcherLimits(msgspec.Struct, frozen=True):
    """The dispatcher's bounds; tests shorten them, the service takes them as they are."""

    attempt_timeout_s: float = DELIVERY_ATTEMPT_TIMEOUT_S
    at_once_max: int = DELIVERIES_AT_ONCE_MAX
    urgent_extra: int = DELIVERIES_URGENT_EXTRA
    claimed_max: int = DELIVERIES_CLAIMED_MAX
    poll_s: int = OUTBOX_POLL_S
    stop_grace_s: float = DISPATCHER_STOP_GRACE_S


class Dispatcher:
    """``run()`` sends until ``stop()``. ``wake()`` after each commit that wrote deliveries.

    ``channels`` are the routes by recipient; a delivery to a recipient without one is tried again
    like any other, and each time reported as an error, until a person configures the recipient.
    ``chance`` gives a number in [0, 1); ``reached`` hears of every numbered point.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock_now_us: Callable[[], int],
        *,
        chance: Callable[[], float] = random.random,
        wait: Wait | None = None,
        limits: DispatcherLimits | None = None,
        reached: Reached = ignore,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._now_us = clock_now_us
        self._chance = chance
        self._wait = wait if wait is not None else wait_by(clock_now_us)
        self._limits = limits if limits is not None else DispatcherLimits()
        self._reached = reached
        self._recorder = Recorder(
            outbox, pause=self._pause, chance=chance, on_freed=self.wake, reached=reached
        )
        self._flapping = Flapping()
        self._joining = asyncio.Lock()
        self._sending: set[str] = set()
        """Of what is in flight, all that goes as it is; what asks whether to go is not among them."""
        self._lanes: dict[str, Lane] = {recipient: self._new_lane(recipient) for recipient in channels}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._settled: set[str] = set()
        self._lately: dict[str, None] = {}
        """Settled lately, bounded: what is handed over may have been found by a look before, and be done."""
        self._told_us = 0
        self._group: asyncio.TaskGroup | None = None

    def wake(self) -> None:
        """There may be something new in the outbox. Cheap; calls add up to one look."""
        self._wake.set()

    def hand_over(self, fresh: Sequence[DueDelivery], at_us: int, *, all_of_it: bool) -> None:
        """Begin with deliveries that a commit has just made, that of ``at_us``; as ``claim_due`` gives them.
        What cannot be begun like this, and what is not among them (``all_of_it``), is looked for."""
        self._told_us = max(self._told_us, at_us)
        by_recipient: dict[str, list[DueDelivery]] = {}
        for due in fresh:
            by_recipient.setdefault(due.recipient, []).append(due)
        for recipient, handed in by_recipient.items():
            lane = self._lanes.setdefault(recipient, self._new_lane(recipient))
            if lane.is_open and self._group is not None:
                lane.take_in(handed, self._lately.keys())
                self._fill(lane)
            else:
                all_of_it = False
        if not all_of_it:
            self.wake()

    def heard_of(self, at_us: int) -> None:
        """A commit of that instant has written deliveries: look for them, unless they were handed over."""
        if at_us > self._told_us:
            self.wake()

    def stop(self) -> None:
        """Make ``run()`` return once the attempts in flight ended, at most after the grace."""
        self._stop.set()
        self._wake.set()

    def health(self) -> dict[str, LaneHealth]:
        """How each recipient does: those with a route, and those that something waits for."""
        return {recipient: lane.health() for recipient, lane in sorted(self._lanes.items())}

    async def run(self) -> None:
        """Send until ``stop()``. Only a fault of our own ends it otherwise, by its exception."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            recording = group.create_task(self._recorder.run(), name="record attempts")
            await self._look_until_stopped()
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=self._limits.stop_grace_s)
            for task in (*self._tasks, recording):
                task.cancel()

    async def _look_until_stopped(self) -> None:
        failures = 0
        while not self._stop.is_set():
            self._wake.clear()
            try:
                until_us = await self._look()
                failures = 0
            except OutboxUnavailable as fault:
                failures += 1
                until_us = self._now_us() + pause_us(failures, self._chance())
                _log.warning("outbox unavailable, looking again at growing pauses: %s", fault)
            await self._wait(self._wake, until_us)

    async def _look(self) -> int:
        """Claim what is due, fill the lanes; the instant at which to look again."""
        now_us = self._now_us()
        # What settles while the outbox answers may still stand as due in that answer.
        self._settled.clear()
        claimed = await self._outbox.claim_due(now_us, self._limits.claimed_max, self._held())
        self._reached(Point.CLAIMED)
        by_recipient: dict[str, list[DueDelivery]] = {recipient: [] for recipient in self._lanes}
        for due in claimed:
            by_recipient.setdefault(due.recipient, []).append(due)
        instants = [self._now_us() + self._limits.poll_s * SECOND_US]
        for recipient, taken in by_recipient.items():
            lane = self._lanes.setdefault(recipient, self._new_lane(recipient))
            lane.more_in_outbox = len(taken) >= self._limits.claimed_max
            lane.take_in(taken, self._settled)
            self._fill(lane)
            breaker = lane.breaker
            if lane.queue and breaker.state is BreakerState.OPEN and breaker.retry_at_us > now_us:
                instants.append(breaker.retry_at_us)
        if len(claimed) < self._limits.claimed_max:  # else there is another look soon anyhow
            # Asked when the attempts have begun: what is due now need not wait for it.
            next_due_us = await self._outbox.next_due_us(now_us)
            if next_due_us is not None:
                instants.append(next_due_us)
        return min(instants)

    def _held(self) -> dict[str, int]:
        """What the lanes have, by id with its lane: the outbox need not read it again."""
        held: dict[str, int] = {}
        for lane in self._lanes.values():
            if lane.breaker.state is not BreakerState.CLOSED:
                lane.forget_queue()
            held |= lane.held()
        return held

    def _new_lane(self, recipient: str) -> Lane:
        limits = self._limits
        return Lane(recipient, limits.at_once_max, limits.urgent_extra, limits.claimed_max)

    def _fill(self, lane: Lane) -> None:
        group = self._group
        if group is None or self._stop.is_set():
            return
        while (due := lane.next(self._now_us(), urgent_only=self._recorder.fails)) is not None:
            task = group.create_task(self._attempt(lane, due), name=f"deliver {due.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, lane: Lane, due: DueDelivery) -> None:
        flaps = may_join(due) and self._flapping.flaps(due, self._now_us())
        if flaps and await self._held_or_joined(due):
            lane.drop(due)
            self.wake()
            return
        self._flapping.sent(due, self._now_us())
        self._sending.add(due.id)
        try:
            started_at_us = self._now_us()
            self._reached(Point.SENDING)
            result = await send_once(self._channels, due, self._limits.attempt_timeout_s)
            self._reached(Point.ANSWERED)
            ended_at_us = self._now_us()
            is_back = self._note(lane, result.outcome, ended_at_us)
            attempt = attempt_of(due, result, started_at_us, ended_at_us, self._chance)
            report(due, attempt)
            lane.answered(due)
            self._fill(lane)
            await self._recorder.keep(due.id, attempt)
        finally:
            lane.settled(due)
            self._sending.discard(due.id)
            self._settled.add(due.id)
            self._lately[due.id] = None
            if len(self._lately) > _LATELY_MAX:
                del self._lately[next(iter(self._lately))]
        if is_back:
            await self._release(lane.recipient)
        if is_back or result.outcome is not Outcome.DELIVERED or lane.runs_low:
            self.wake()
        self._fill(lane)

    async def _held_or_joined(self, due: DueDelivery) -> bool:
        """Whether a message of a condition that flaps is not to be sent now as it is."""
        until_us = self._flapping.held_until_us(due)
        try:
            if self._now_us() < until_us:
                return await self._outbox.postpone(due.id, until_us)
            # One after the other: of several that are due together, the first joins all of them.
            async with self._joining:
                return await self._outbox.join(due.id, self._sending)
        except OutboxUnavailable as fault:
            _log.warning("%s goes by itself: %s", due.id, fault)
            return False

    def _note(self, lane: Lane, outcome: Outcome, now_us: int) -> bool:
        """Tell the breaker; whether the recipient is back after its breaker was open."""
        breaker = lane.breaker
        was = breaker.state
        is_back = False
        if outcome is Outcome.DELIVERED:
            is_back = breaker.received()
        else:
            breaker.failed(now_us, self._chance())
        if BreakerState.CLOSED in (was, breaker.state) and was is not breaker.state:
            _log.warning("the breaker of %s is %s now", lane.recipient, breaker.state)
        return is_back

    async def _release(self, recipient: str) -> None:
        try:
            await self._outbox.release(recipient, self._now_us())
        except OutboxUnavailable as fault:
            _log.warning("what waits for %s comes after its pauses: %s", recipient, fault)
            return
        self._reached(Point.RELEASED)

    async def _pause(self, length_us: int) -> bool:
        """Wait, or until the service stops: a record that could not be kept is given up then, and its
        delivery is repeated. Whether to go on."""
        await self._wait(self._stop, self._now_us() + length_us)
        return not self._stop.is_set()
