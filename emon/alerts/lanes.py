"""One recipient's lane: what was claimed for it, what is in flight, and what may go next. Pure.

Theory of operation. The queue holds a bounded part of what is due, most urgent first. Ordinary
attempts have ``DELIVERIES_AT_ONCE_MAX`` places; urgent ones (priorities 1 and 2) have some more of
their own, so that attempts which hang with something unimportant never hold up what matters. Of
one *line* (a breach's messages to this recipient) only the first is ever here: the outbox gives
out the next when that one has its receipt.

An answer frees its place before it is on file, so that a slow commit does not slow down the sending;
how many may be answered and unrecorded is bounded, for a crash repeats just those. While nothing can be
recorded only what is urgent goes on: late is worse than twice for that alone.

Memory is bounded: what does not fit stays in the outbox and is asked for when the queue runs low.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Set

import msgspec

from emon.alerts.breaker import Breaker, BreakerState
from emon.alerts.outbox import DueDelivery
from emon.limits import (
    DELIVERIES_AT_ONCE_MAX,
    DELIVERIES_CLAIMED_MAX,
    DELIVERIES_UNRECORDED_MAX,
    DELIVERIES_URGENT_EXTRA,
    URGENT_PRIORITY_MAX,
)


class LaneHealth(msgspec.Struct, frozen=True):
    """How one recipient does, for the page and for whoever watches. Nothing about a person."""

    state: BreakerState
    failures: int
    since_us: int | None = None
    retry_at_us: int | None = None
    in_flight: int = 0


def is_urgent(due: DueDelivery) -> bool:
    return due.lane <= URGENT_PRIORITY_MAX


def place_of(due: DueDelivery) -> tuple[int, int, str]:
    """The order in which one recipient's deliveries leave: lane, age, id."""
    return (due.lane, due.alert.at_us, due.id)


class Lane:
    """``at_once_max`` ordinary attempts at once, ``urgent_extra`` more for urgent ones."""

    def __init__(
        self,
        recipient: str,
        at_once_max: int = DELIVERIES_AT_ONCE_MAX,
        urgent_extra: int = DELIVERIES_URGENT_EXTRA,
        claimed_max: int = DELIVERIES_CLAIMED_MAX,
    ) -> None:
        self.recipient = recipient
        self.breaker = Breaker()
        self.queue: list[DueDelivery] = []
        self.running: dict[str, DueDelivery] = {}
        self.recording: dict[str, DueDelivery] = {}
        """Answered, and not on file yet: the outbox still has them as due."""
        self.more_in_outbox = False
        self._at_once_max = at_once_max
        self._urgent_extra = urgent_extra
        self._claimed_max = claimed_max

    def take_in(self, claimed: Iterable[DueDelivery], settled: Set[str]) -> None:
        """Put what the outbox gave into the queue. What stands there already is replaced, for it is
        newer now; what is in flight, or settled since the outbox was asked, is left out."""
        away = self.running.keys() | self.recording.keys() | settled
        fresh = {due.id: due for due in claimed if due.id not in away}
        self.queue = [due for due in self.queue if due.id not in fresh and due.id not in settled]
        for due in fresh.values():
            insort(self.queue, due, key=place_of)
        if len(self.queue) > self._claimed_max:
            del self.queue[self._claimed_max :]
            self.more_in_outbox = True

    def forget_queue(self) -> None:
        """While the recipient fails, what waits is read again each time: it says how things stand."""
        self.queue = []

    @property
    def is_open(self) -> bool:
        """Whether what is new may be put into the queue: nothing that goes before it waits elsewhere."""
        return not self.more_in_outbox and self.breaker.state is BreakerState.CLOSED

    @property
    def runs_low(self) -> bool:
        """Whether the outbox has more and the queue is nearly used up."""
        return self.more_in_outbox and len(self.queue) * 2 < self._claimed_max

    def next(self, now_us: int, *, urgent_only: bool = False) -> DueDelivery | None:
        """Take the delivery to try now into ``running``, if one may be. ``urgent_only``: while receipts
        cannot be kept, and a crash would repeat whatever was sent."""
        if urgent_only and not (self.queue and is_urgent(self.queue[0])):
            return None
        place = self._place_of_next(now_us)
        if place is None:
            return None
        due = self.queue.pop(place)
        self.running[due.id] = due
        return due

    def answered(self, due: DueDelivery) -> None:
        """Its place is free; the outbox does not know yet."""
        del self.running[due.id]
        self.recording[due.id] = due

    def settled(self, due: DueDelivery) -> None:
        """The attempt is on file, or was given up."""
        self.running.pop(due.id, None)
        self.recording.pop(due.id, None)

    def held(self) -> dict[str, int]:
        """All that is here, by id with its lane: the outbox need not give it again."""
        here = (*self.queue, *self.running.values(), *self.recording.values())
        return {due.id: due.lane for due in here}

    def _place_of_next(self, now_us: int) -> int | None:
        if not self.queue or len(self.recording) >= DELIVERIES_UNRECORDED_MAX:
            return None
        if self.breaker.state is BreakerState.CLOSED:
            places = self._at_once_max + (self._urgent_extra if is_urgent(self.queue[0]) else 0)
            return 0 if len(self.running) < places else None
        if self.breaker.may_try(now_us) and not self.running:
            self.breaker.tried()
            return 0
        if any(is_urgent(due) for due in self.running.values()):
            return None
        for place, due in enumerate(self.queue):
            if not is_urgent(due):
                return None
            if due.attempts == 0:
                return place
        return None

    def drop(self, due: DueDelivery) -> None:
        """It is not sent now. What waits of its condition is read again: it may be told by another one."""
        self.settled(due)
        self.breaker.untried()
        of = (due.alert.order, due.alert.condition)
        self.queue = [one for one in self.queue if (one.alert.order, one.alert.condition) != of]

    def health(self) -> LaneHealth:
        breaker = self.breaker
        retry_at_us = None if breaker.state is BreakerState.CLOSED else breaker.retry_at_us
        return LaneHealth(
            breaker.state, breaker.failures, breaker.since_us, retry_at_us, in_flight=len(self.running)
        )
