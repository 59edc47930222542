"""Sends what the outbox holds until each recipient has received it.

Theory of operation. One loop reads what is due and fills one lane for each recipient; a lane runs
a few attempts at once and takes the next by priority, then age. Lanes share nothing, so a
recipient that is slow or down delays nobody else. What does not fit a lane stays in the outbox:
memory is bounded by the number of recipients, whatever the backlog.

An attempt is **send, record, done**. A crash before the record repeats the delivery with the same
id, which recipients use as idempotency key. A record that fails is repeated; the message is not
sent again for it.

Pauses grow 1, 2, 4, … 60 s, for each delivery and for each lane, and never end. While a lane fails
it tries one delivery at a time and repeats wait for the lane's own pause, so that a recipient that
is down gets a knock a minute instead of a thousand. A delivery that was never tried does not wait
for that pause: news is always tried at once.

The loop sleeps until it is woken, until the next pause ends, and never longer than
``OUTBOX_POLL_S``. The clock and the wait come in as arguments.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from emon.alerts.channels import Channel, SendResult
from emon.alerts.outbox import Attempt, DueDelivery, Outbox, OutboxUnavailable, Outcome
from emon.limits import (
    DELIVERIES_AT_ONCE_MAX,
    DELIVERIES_CLAIMED_MAX,
    DELIVERY_ATTEMPT_TIMEOUT_S,
    DELIVERY_PAUSE_FIRST_S,
    DELIVERY_PAUSE_MAX_S,
    DELIVERY_RETRY_AFTER_MAX_S,
    DISPATCHER_STOP_GRACE_S,
    OUTBOX_POLL_S,
)
from emon.model.instant import SECOND_US

_log = logging.getLogger("emon.alerts.dispatcher")

Wait = Callable[[asyncio.Event, int], Awaitable[None]]
"""Returns when the event is set, or when the clock reaches the instant (microseconds)."""


def pause_us(failures: int) -> int:
    """The pause after so many failures in a row (1 or more): 1, 2, 4, … 60 s, in microseconds."""
    doublings = min(max(failures, 1) - 1, DELIVERY_PAUSE_MAX_S.bit_length())
    return min(DELIVERY_PAUSE_FIRST_S << doublings, DELIVERY_PAUSE_MAX_S) * SECOND_US


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
    claimed_max: int = DELIVERIES_CLAIMED_MAX
    poll_s: int = OUTBOX_POLL_S
    stop_grace_s: float = DISPATCHER_STOP_GRACE_S


class _Lane:
    """One recipient's attempts in flight, and what was claimed to follow them, in order."""

    def __init__(self, recipient: str) -> None:
        self.recipient = recipient
        self.queue: list[DueDelivery] = []
        self.more_in_outbox = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self.failures = 0
        self.retry_at_us = 0

    def next(self, now_us: int, at_once_max: int) -> DueDelivery | None:
        """Take the delivery to try now, if one may be."""
        failing = self.failures > 0
        if len(self.running) >= (1 if failing else at_once_max):
            return None
        for place, due in enumerate(self.queue):
            if due.attempts == 0 or not failing or now_us >= self.retry_at_us:
                return self.queue.pop(place)
        return None

    def note(self, outcome: Outcome, now_us: int) -> None:
        """Failures within one pause count as one: six alerts in a bad second are one bad second."""
        if outcome is Outcome.DELIVERED:
            self.failures = 0
            self.retry_at_us = 0
        elif now_us >= self.retry_at_us:
            self.failures += 1
            self.retry_at_us = now_us + pause_us(self.failures)


class Dispatcher:
    """``run()`` sends until ``stop()``. ``wake()`` after each commit that wrote deliveries.

    ``channels`` are the routes by recipient; a delivery to a recipient without one is tried again
    like any other, and each time reported as an error, until a person configures the recipient.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock_now_us: Callable[[], int],
        *,
        wait: Wait | None = None,
        limits: DispatcherLimits | None = None,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._now_us = clock_now_us
        self._wait = wait if wait is not None else wait_by(clock_now_us)
        self._limits = limits if limits is not None else DispatcherLimits()
        self._lanes: dict[str, _Lane] = {}
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._settled: set[str] = set()
        self._group: asyncio.TaskGroup | None = None

    def wake(self) -> None:
        """There may be something new in the outbox. Cheap; calls add up to one look."""
        self._wake.set()

    def stop(self) -> None:
        """Make ``run()`` return once the attempts in flight ended, at most after the grace."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Send until ``stop()``. Only a fault of our own ends it otherwise, by its exception."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._look_until_stopped()
            running = [task for lane in self._lanes.values() for task in lane.running.values()]
            if running:
                await asyncio.wait(running, timeout=self._limits.stop_grace_s)
            for task in running:
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
                until_us = self._now_us() + pause_us(failures)
                _log.warning("outbox unavailable, looking again at growing pauses: %s", fault)
            await self._wait(self._wake, until_us)

    async def _look(self) -> int:
        """Claim what is due, fill the lanes; the instant at which to look again."""
        now_us = self._now_us()
        # What settles while the outbox answers may still stand as due in that answer.
        self._settled.clear()
        claimed = await self._outbox.claim_due(now_us, self._limits.claimed_max)
        next_due_us = await self._outbox.next_due_us(now_us)
        for lane in self._lanes.values():
            lane.queue, lane.more_in_outbox = [], False
        counts: dict[str, int] = {}
        for due in claimed:
            lane = self._lanes.setdefault(due.recipient, _Lane(due.recipient))
            counts[due.recipient] = counts.get(due.recipient, 0) + 1
            lane.more_in_outbox = counts[due.recipient] >= self._limits.claimed_max
            if due.id not in lane.running and due.id not in self._settled:
                lane.queue.append(due)
        instants = [self._now_us() + self._limits.poll_s * SECOND_US]
        if next_due_us is not None:
            instants.append(next_due_us)
        for lane in self._lanes.values():
            self._fill(lane)
            if lane.queue and lane.retry_at_us > now_us and not lane.running:
                instants.append(lane.retry_at_us)
        return min(instants)

    def _fill(self, lane: _Lane) -> None:
        group = self._group
        if group is None or self._stop.is_set():
            return
        while (due := lane.next(self._now_us(), self._limits.at_once_max)) is not None:
            lane.running[due.id] = group.create_task(self._attempt(lane, due), name=f"deliver {due.id}")

    async def _attempt(self, lane: _Lane, due: DueDelivery) -> None:
        try:
            started_at_us = self._now_us()
            result = await self._send(due)
            ended_at_us = self._now_us()
            lane.note(result.outcome, ended_at_us)
            attempt = _attempt_of(due, result, started_at_us, ended_at_us)
            _report(due, attempt)
            await self._record(due.id, attempt)
        finally:
            del lane.running[due.id]
            self._settled.add(due.id)
        if result.outcome is not Outcome.DELIVERED or (lane.more_in_outbox and not lane.queue):
            self.wake()
        self._fill(lane)

    async def _send(self, due: DueDelivery) -> SendResult:
        channel = self._channels.get(due.recipient)
        if channel is None:
            return SendResult(Outcome.REFUSED, None, f"no route is configured for {due.recipient}")
        try:
            async with asyncio.timeout(self._limits.attempt_timeout_s):
                return await channel.send(due)
        except TimeoutError:
            return SendResult(Outcome.FAILED, None, f"no receipt within {self._limits.attempt_timeout_s:g} s")
        except Exception as fault:  # a fault in one route must not stop the others; it is kept and told
            _log.exception("the route to %s has a fault of our own", due.recipient)
            return SendResult(Outcome.FAILED, None, f"fault in the route: {fault!r}")

    async def _record(self, delivery_id: str, attempt: Attempt) -> None:
        failures = 0
        while True:
            try:
                await self._outbox.record_attempt(delivery_id, attempt)
                return
            except OutboxUnavailable as fault:
                failures += 1
                _log.warning("attempt of %s not recorded yet, trying again: %s", delivery_id, fault)
                # The stop event: a service that stops gives up here, and the delivery is repeated.
                await self._wait(self._stop, self._now_us() + pause_us(failures))
                if self._stop.is_set():
                    return


def _attempt_of(due: DueDelivery, result: SendResult, started_at_us: int, ended_at_us: int) -> Attempt:
    number = due.attempts + 1
    next_attempt_at_us: int | None = None
    if result.outcome is not Outcome.DELIVERED:
        asked_s = min(max(result.retry_after_s or 0.0, 0.0), DELIVERY_RETRY_AFTER_MAX_S)
        next_attempt_at_us = ended_at_us + max(pause_us(number), round(asked_s * SECOND_US))
    return Attempt(
        number, result.outcome, result.status, result.detail, started_at_us, ended_at_us, next_attempt_at_us
    )


def _report(due: DueDelivery, attempt: Attempt) -> None:
    if attempt.outcome is Outcome.DELIVERED:
        _log.info("delivered %s at attempt %d", due.id, attempt.number)
    elif attempt.outcome is Outcome.FAILED:
        _log.warning("delivery %s failed at attempt %d: %s", due.id, attempt.number, attempt.detail)
    else:
        _log.error(
            "delivery %s REFUSED at attempt %d, a person must resolve it, trying on: %s",
            due.id,
            attempt.number,
            attempt.detail,
        )
