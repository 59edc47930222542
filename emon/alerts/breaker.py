"""The circuit breaker of one recipient: when attempts may be made while it fails. Pure.

Theory of operation. A state machine of three states, as a table:

========== ============================== ==========================================
state      what may be tried              leaves it
========== ============================== ==========================================
closed     everything that is due         ``BREAKER_FAILURES`` failures in a row: open
open       urgent news alone              its pause ends: half open; a receipt: closed
half open  one attempt, and urgent news   a receipt: closed; a failure: open, with a
                                          longer pause
========== ============================== ==========================================

A recipient that is down so gets one knock a pause instead of everything that waits for it, and
what is urgent and new is still tried at once: a person may be answering on a line that answered
nothing a second ago. One receipt closes the breaker, for the recipient then takes messages.

Failures that come back within one pause are one failure: of sixteen attempts in flight all end
badly when a recipient goes down.
"""

from __future__ import annotations

from enum import StrEnum

from emon.limits import (
    BREAKER_FAILURES,
    DELIVERY_PAUSE_FIRST_S,
    DELIVERY_PAUSE_JITTER,
    DELIVERY_PAUSE_MAX_S,
)
from emon.model.instant import SECOND_US


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


def pause_us(failures: int, chance: float) -> int:
    """The pause after so many failures in a row (1 or more), in microseconds.

    It grows 1, 2, 4, … 60 s and is shortened by chance, so that what failed together does not
    come back together: ``chance`` in [0, 1] takes away at most ``DELIVERY_PAUSE_JITTER`` of it.
    """
    doublings = min(max(failures, 1) - 1, DELIVERY_PAUSE_MAX_S.bit_length())
    longest_s = min(DELIVERY_PAUSE_FIRST_S << doublings, DELIVERY_PAUSE_MAX_S)
    return round(longest_s * (1.0 - DELIVERY_PAUSE_JITTER * (1.0 - chance)) * SECOND_US)


class Breaker:
    """One recipient's. Instants in microseconds, ``chance`` in [0, 1]."""

    def __init__(self) -> None:
        self.state = BreakerState.CLOSED
        self.failures = 0
        """In a row, as the recipient's answers came."""
        self.openings = 0
        """Pauses in a row that ended in a failure, the one that runs included."""
        self.since_us: int | None = None
        """Since when it is not closed."""
        self.retry_at_us = 0

    def may_try(self, now_us: int) -> bool:
        """Whether something that is not urgent news may be tried now."""
        if self.state is BreakerState.CLOSED:
            return True
        return self.state is BreakerState.OPEN and now_us >= self.retry_at_us

    def tried(self) -> None:
        """An attempt was begun that ``may_try`` allowed."""
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN

    def untried(self) -> None:
        """What ``tried`` announced was not sent after all."""
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.OPEN

    def received(self) -> bool:
        """A receipt came: closed. Whether it was not before."""
        was_closed = self.state is BreakerState.CLOSED
        self.state, self.failures, self.openings = BreakerState.CLOSED, 0, 0
        self.since_us, self.retry_at_us = None, 0
        return not was_closed

    def failed(self, now_us: int, chance: float) -> None:
        """An attempt ended without a receipt."""
        self.failures += 1
        if self.state is BreakerState.CLOSED:
            if self.failures < BREAKER_FAILURES:
                return
            self.since_us = now_us
        elif now_us < self.retry_at_us:
            return
        self.state = BreakerState.OPEN
        self.openings += 1
        self.retry_at_us = now_us + pause_us(self.openings, chance)
