"""When that is judged which came while the service was down (contract, section 5). Pure.

Theory of operation. Until then the clocks of silence stand still. The broker says nothing of what it kept:
it sends it as fast as it is taken, so when it has had time to begin and one look at it brings well below a
window, there is no more of it. What waits in the inbox from before that look is the rest of the backlog. What
is put there later is not: a device that sends without end must not hold up the clocks of all others.
"""

from __future__ import annotations

from emon.limits import BACKLOG_MAX_S, BACKLOG_MIN_S, RECEIVE_WINDOW_MESSAGES
from emon.model.instant import SECOND_US


class Backlog:
    """``back`` when the service is back, ``looked`` at each look at the broker, then ``is_judged``."""

    def __init__(self) -> None:
        self._back_us = 0
        self._handed_out_us: int | None = None

    def back(self, at_us: int) -> None:
        """Somebody judges again, from now on; what the broker kept is still with it."""
        self._back_us, self._handed_out_us = at_us, None

    def looked(self, now_us: int, messages: int, *, connected: bool) -> None:
        """One look at the broker brought so many."""
        begun = now_us - self._back_us >= BACKLOG_MIN_S * SECOND_US
        if self._handed_out_us is None and begun and connected and messages <= RECEIVE_WINDOW_MESSAGES // 2:
            self._handed_out_us = now_us

    def is_judged(self, now_us: int, oldest_us: int | None) -> bool:
        """``oldest_us``: when that came which has waited longest in the inbox; None: nothing waits."""
        if now_us - self._back_us >= BACKLOG_MAX_S * SECOND_US:
            return True
        handed_out_us = self._handed_out_us
        return handed_out_us is not None and (oldest_us is None or oldest_us > handed_out_us)
