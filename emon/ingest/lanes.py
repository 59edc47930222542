"""Which messages are judged now and which wait: fairness among devices, and late fixes behind live ones.

Theory of operation. While the service keeps up nobody waits: every message is judged as it comes, late or
not. It is *behind* when one taking from the broker holds more than it can judge in a moment; then more of the
same waits at the broker, and a live fix stands somewhere in that queue, which MQTT hands out in its order
alone. So what can wait is not judged: it is put on file as it came (``inbox``), which costs little, and
acknowledged, and the queue moves on. The engine takes it from there in portions beside the live ones.

Two kinds can wait. *Late*: fixes that tell nothing of the present. *Over budget*: what a device sends beyond
its budget and beyond what most devices of the same taking send; where all send much, nobody is the noisy
one. Events, statuses and replies never wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from emon.ingest.topics import Channel, parse_topic
from emon.limits import (
    BEHIND_BYTES,
    BEHIND_MESSAGES,
    BUDGET_DEVICES_MAX,
    BUDGET_FIXES_BURST,
    BUDGET_FIXES_PER_S,
    INBOX_FIXES_MAX,
    LATE_AFTER_S,
    SHARE_OF_MEDIAN,
)
from emon.model.fix import Decoded
from emon.model.instant import SECOND_US

_CAN_WAIT = frozenset({Channel.FIX, Channel.FIXB, Channel.OWNTRACKS})


class Lane(StrEnum):
    """Why a message waits."""

    LATE = "late"
    OVER_BUDGET = "over_budget"


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """What is put into the inbox: ``payload`` decodes under ``topic`` to so many ``fixes``."""

    device: str
    topic: str
    payload: bytes
    fixes: int
    lane: Lane


class InboxState(msgspec.Struct, frozen=True):
    """How much waits: messages, their fixes, and when the one that has waited longest came."""

    messages: int = 0
    fixes: int = 0
    oldest_us: int | None = None


class Budgets:
    """What each device may still send: a bucket that fills at ``BUDGET_FIXES_PER_S``, up to a burst."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._left)

    def spend(self, device: str, fixes: int, at_us: int) -> bool:
        """Whether the device had so much; what it had not is not owed later."""
        left, then_us = self._left.get(device, (BUDGET_FIXES_BURST, at_us))
        left = min(BUDGET_FIXES_BURST, left + max(0, at_us - then_us) / SECOND_US * BUDGET_FIXES_PER_S)
        self._left[device] = (max(0.0, left - fixes), at_us)
        if len(self._left) > BUDGET_DEVICES_MAX:
            self._forget_full(at_us)
        return left >= fixes

    def spend_each(self, devices: Sequence[str], fixes: Sequence[int], at_us: int) -> list[bool]:
        """As :meth:`spend`, of one message after another."""
        left_of, within = self._left, list[bool]()
        full = (BUDGET_FIXES_BURST, at_us)
        for device, count in zip(devices, fixes, strict=True):
            left, then_us = left_of.get(device, full)
            if then_us < at_us:
                left = min(BUDGET_FIXES_BURST, left + (at_us - then_us) / SECOND_US * BUDGET_FIXES_PER_S)
            within.append(left >= count)
            left_of[device] = (left - count if left > count else 0.0, at_us)
        if len(left_of) > BUDGET_DEVICES_MAX:
            self._forget_full(at_us)
        return within

    def _forget_full(self, at_us: int) -> None:
        """A bucket that is full by now says nothing; if all are in use the oldest half says least."""
        full_us = int(BUDGET_FIXES_BURST / BUDGET_FIXES_PER_S * SECOND_US)
        kept = {device: one for device, one in self._left.items() if at_us - one[1] < full_us}
        if len(kept) > BUDGET_DEVICES_MAX // 2:
            newest = sorted(kept.items(), key=lambda item: item[1][1])[-(BUDGET_DEVICES_MAX // 2) :]
            kept = dict(newest)
        self._left = kept


class Taking:
    """What one look at the broker brought, as far as its topics and sizes tell. ``waiting_fixes``: how many
    wait already; beyond ``INBOX_FIXES_MAX`` nobody else does, and the broker is held back instead."""

    def __init__(
        self, topics: Iterable[str], payload_bytes: int, budgets: Budgets, at_us: int, waiting_fixes: int = 0
    ) -> None:
        counts = Counter(topics)
        many = sum(counts.values()) >= BEHIND_MESSAGES or payload_bytes >= BEHIND_BYTES
        self.behind = many and waiting_fixes < INBOX_FIXES_MAX
        self._budgets = budgets
        self._at_us = at_us
        self._share = SHARE_OF_MEDIAN * _lower_median(counts.values())
        self._before_us = at_us - LATE_AFTER_S * SECOND_US
        self._taken: dict[str, int] = {}

    def sort_out(
        self, topic: str, payload: bytes, decoded: Decoded, *, retained: bool = False
    ) -> tuple[Decoded | None, list[Waiting]]:
        """What of a message is judged now (None: nothing), and what waits."""
        parsed = parse_topic(topic)
        if parsed is None or parsed[0] not in _CAN_WAIT:
            return decoded, []
        device, count = parsed[1], max(1, len(decoded.fixes))
        oldest_us = min((fix.fixed_at_us for fix in decoded.fixes), default=self._at_us)
        lane = self.lane_of(topic, device, count, oldest_us, retained=retained)
        return (decoded, []) if lane is None else self.put_aside(lane, topic, device, payload, decoded)

    def lane_of(
        self, topic: str, device: str, fixes: int, oldest_us: int, *, retained: bool = False
    ) -> Lane | None:
        """Why something of a message that may wait does; None: nothing of it. To be asked of each such
        message once, in their order. ``oldest_us``: the least fixed_at of its fixes."""
        within = self._budgets.spend(device, fixes, self._at_us)
        self._taken[topic] = taken = self._taken.get(topic, 0) + 1
        if not self.behind or retained:
            return None
        if not within and taken > self._share:
            return Lane.OVER_BUDGET
        return Lane.LATE if oldest_us < self._before_us else None

    def lanes_of(
        self,
        topics: Sequence[str],
        devices: Sequence[str],
        fixes: Sequence[int],
        oldest_us: Sequence[int],
        retained: Sequence[bool],
    ) -> list[Lane | None] | None:
        """As :meth:`lane_of`, of one message after another; None: nothing waits of any of them."""
        within = self._budgets.spend_each(devices, fixes, self._at_us)
        if not self.behind:
            return None
        taken_of, share, before_us = self._taken, self._share, self._before_us
        found: list[Lane | None] = []
        for topic, has, oldest, kept in zip(topics, within, oldest_us, retained, strict=True):
            taken_of[topic] = taken = taken_of.get(topic, 0) + 1
            over = not has and taken > share
            late = Lane.LATE if oldest < before_us else None
            found.append(None if kept else Lane.OVER_BUDGET if over else late)
        return found if any(found) else None

    def put_aside(
        self, lane: Lane, topic: str, device: str, payload: bytes, decoded: Decoded
    ) -> tuple[Decoded | None, list[Waiting]]:
        """What of a message with something in a lane is judged now (None: nothing), and what waits."""
        count = max(1, len(decoded.fixes))
        late = [fix for fix in decoded.fixes if fix.fixed_at_us < self._before_us]
        if lane is Lane.OVER_BUDGET or len(late) == len(decoded.fixes):
            return None, [Waiting(device, topic, payload, count, lane)]
        # Stored and forwarded, with the newest live: those bytes of each fix decode by themselves.
        live = tuple(fix for fix in decoded.fixes if fix.fixed_at_us >= self._before_us)
        rows = [Waiting(device, topic, fix.raw, 1, Lane.LATE) for fix in late]
        return replace(decoded, fixes=live), rows


def _lower_median(counts: Iterable[int]) -> int:
    """Of nothing 0."""
    ordered = sorted(counts)
    return ordered[(len(ordered) - 1) // 2] if ordered else 0
