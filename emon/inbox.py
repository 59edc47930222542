"""The lanes as the runtime uses them: what waits, how much of it is taken at once, and what is said of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median_low

from emon.ingest.deliveries import DeliveryColumns
from emon.ingest.lanes import Budgets, InboxState, Lane, Taking, Waiting
from emon.ingest.portions import PortionCost, next_portion
from emon.limits import (
    INBOX_AGE_MAX_S,
    LIVE_BATCH_MESSAGES_MAX,
    LIVE_BATCHES_REMEMBERED,
    LIVE_WITHIN_S,
    OVER_BUDGET_TOLD_EACH_S,
    PORTION_AIM_ALONE_S,
    PORTION_AIM_LIVE,
    PORTION_AIM_MAX_S,
    PORTION_AIM_MIN_S,
    PORTION_FIXES_FIRST,
)
from emon.model.instant import SECOND_US, format_instant


class Inbox:
    """``state`` is what the committed inbox holds; ``portion`` how many fixes are taken from it next."""

    def __init__(self) -> None:
        self.state = InboxState()
        self.portion = PORTION_FIXES_FIRST
        self.late = 0
        self.over_budget = 0
        """Fixes that had to wait since the start, by lane."""
        self._budgets = Budgets()
        self._cost = PortionCost()
        self._live_us: int | None = None
        self._live_took_us: deque[int] = deque(maxlen=LIVE_BATCHES_REMEMBERED)
        self._told_us: dict[str, int] = {}

    def told(self, now_us: int) -> dict[str, object]:
        """For ``/health`` and the page: counts since the start, devices of the last hour."""
        since_us = now_us - OVER_BUDGET_TOLD_EACH_S * SECOND_US
        oldest_us = self.state.oldest_us
        return {
            "messages": self.state.messages,
            "fixes": self.state.fixes,
            "oldest_at": None if oldest_us is None else format_instant(oldest_us),
            "late": self.late,
            "over_budget": self.over_budget,
            "devices_over_budget": sum(1 for us in self._told_us.values() if us > since_us),
        }

    def oldest_us(self, rows: Sequence[Waiting], at_us: int) -> int | None:
        """When the one that has waited longest came, once these rows are put there; None: nothing waits."""
        before_us = self.state.oldest_us
        return at_us if before_us is None and rows else before_us

    def old_since_us(self, now_us: int) -> int | None:
        """Since when the one waits that has waited longer than a backlog may take; None: there is none."""
        oldest_us = self.state.oldest_us
        if oldest_us is None or now_us - oldest_us < INBOX_AGE_MAX_S * SECOND_US:
            return None
        return oldest_us

    def taking(self, came: DeliveryColumns, at_us: int) -> Taking:
        """What the broker has just handed out, to be sorted message by message."""
        return Taking(came.topics, came.payload_bytes, self._budgets, at_us, self.state.fixes)

    def noted_live(self, at_us: int, messages: int, took_us: int) -> None:
        """So many messages were judged as they came, in so long: portions stay small for a while."""
        self._live_us = at_us
        if messages <= LIVE_BATCH_MESSAGES_MAX:
            self._live_took_us.append(took_us)

    def put(self, rows: Sequence[Waiting], at_us: int) -> list[str]:
        """These were committed. The devices to name in the log: each at most once an hour."""
        fixes = sum(row.fixes for row in rows)
        oldest_us = at_us if self.state.oldest_us is None else self.state.oldest_us
        self.state = InboxState(self.state.messages + len(rows), self.state.fixes + fixes, oldest_us)
        over = [row for row in rows if row.lane is Lane.OVER_BUDGET]
        self.over_budget += sum(row.fixes for row in over)
        self.late += fixes - sum(row.fixes for row in over)
        return self._to_tell(sorted({row.device for row in over}), at_us)

    def took(self, messages: int, fixes: int, oldest_us: int | None, took_us: int, at_us: int) -> None:
        """So many were judged and committed in so long; ``oldest_us``: of those that still wait."""
        if oldest_us is None:
            self.state = InboxState()
        else:
            left = max(1, self.state.messages - messages), max(1, self.state.fixes - fixes)
            self.state = InboxState(*left, oldest_us)
        if fixes:
            self._cost = self._cost.learnt(fixes, took_us)
        self.portion = next_portion(self._cost, max(fixes, 1), self._aim_us(at_us))

    def _aim_us(self, at_us: int) -> int:
        """How long the next portion may take."""
        if self._live_us is None or at_us - self._live_us > LIVE_WITHIN_S * SECOND_US:
            return round(PORTION_AIM_ALONE_S * SECOND_US)
        usual_us = median_low(self._live_took_us) if self._live_took_us else 0
        longest_us = PORTION_AIM_MAX_S * SECOND_US
        return round(max(PORTION_AIM_MIN_S * SECOND_US, min(PORTION_AIM_LIVE * usual_us, longest_us)))

    def _to_tell(self, devices: Sequence[str], at_us: int) -> list[str]:
        since_us = at_us - OVER_BUDGET_TOLD_EACH_S * SECOND_US
        self._told_us = {device: us for device, us in self._told_us.items() if us > since_us}
        news = [device for device in devices if device not in self._told_us]
        self._told_us.update(dict.fromkeys(news, at_us))
        return news
