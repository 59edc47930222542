"""Which messages are judged now and which wait: fairness among devices, and late fixes behind live ones.

Theory of operation. While the service keeps up nobody waits: every message is judged as it comes, late or
not. It is *behind* when one taking from the broker holds more than it can judge in a moment; then more of the
same waits at the broker, and a live fix stands somewhere in that queue, which MQTT hands out in its order
alone. So what can wait is not judged: it is put on file as it came (``inbox``), which costs little, and
acknowledged, and the queue moves on. The engine takes it from there in portions beside the live ones; a long
message of plain fixes waits in several rows, so that a portion can be small.

Two kinds can wait. *Late*: fixes that tell nothing of the present. *Over budget*: what a device sends beyond
its budget and beyond what most devices of the same taking send; where all send much, nobody is the noisy
one. Events, statuses and replies never wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from emon.ingest.decode import joined
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
    WAITING_ROW_FIXES_MAX,
)
from emon.model.fix import Decoded
from emon.model.instant import SECOND_US
from emon.model.named import Ints, Named, Places

Flags = npt.NDArray[np.bool_]

_CAN_WAIT = frozenset({Channel.FIX, Channel.FIXB, Channel.OWNTRACKS})
_FIX_US = round(SECOND_US / BUDGET_FIXES_PER_S)
_BURST_US = round(BUDGET_FIXES_BURST * _FIX_US)


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


class WaitingRow(NamedTuple):
    """A row of the inbox: ``payload`` decodes under ``topic`` to so many ``fixes``."""

    id: int
    device: str
    topic: str
    payload: bytes
    fixes: int


class InboxState(msgspec.Struct, frozen=True):
    """How much waits: messages, their fixes, and when the one that has waited longest came."""

    messages: int = 0
    fixes: int = 0
    oldest_us: int | None = None


class Budgets:
    """What each device may still send: a bucket that fills at ``BUDGET_FIXES_PER_S``, up to a burst.

    Of each it is kept when its bucket will be full again: one number, and time alone fills it.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._full_us: Ints = np.zeros(0, dtype=np.int64)
        self._places = Places(self._slot)

    def __len__(self) -> int:
        return len(self._slots)

    def _slot(self, device: str) -> int:
        slot = self._slots.setdefault(device, len(self._slots))
        if slot >= len(self._full_us):
            larger: Ints = np.zeros(2 * slot + 1, dtype=np.int64)
            larger[: len(self._full_us)] = self._full_us
            self._full_us = larger
        return slot

    def spend(self, device: str, fixes: int, at_us: int) -> bool:
        """Whether the device had so much; what it had not is not owed later."""
        slot = self._slot(device)
        full_us = max(int(self._full_us[slot]), at_us) + fixes * _FIX_US
        self._full_us[slot] = min(full_us, at_us + _BURST_US)
        if len(self._slots) > BUDGET_DEVICES_MAX:
            self._forget_full(at_us)
        return full_us <= at_us + _BURST_US

    def spend_each(self, devices: Sequence[str], fixes: Sequence[int] | Ints, at_us: int) -> list[int]:
        """As :meth:`spend`, of one message after another; the places of those whose device had less."""
        if isinstance(devices, Named):
            slots = self._places.of(devices)
        else:
            slots = np.array([self._slot(device) for device in devices], dtype=np.int64)
        costs = np.asarray(fixes, dtype=np.int64) * _FIX_US
        beyond = self._spend(slots, costs, at_us)
        if len(self._slots) > BUDGET_DEVICES_MAX:
            self._forget_full(at_us)
        return beyond

    def _spend(self, slots: Ints, costs: Ints, at_us: int) -> list[int]:
        full_of, empty_us = self._full_us, at_us + _BURST_US
        order: Ints = np.arange(len(slots))
        before = np.maximum(full_of[slots], at_us)
        full_of[slots] = order
        if (full_of[slots] == order).all():  # as nearly always: nobody came twice
            after = before + costs
            full_of[slots] = np.minimum(after, empty_us)
            return np.flatnonzero(after > empty_us).tolist()
        found = dict(zip(slots.tolist(), before.tolist(), strict=True))
        beyond: list[int] = []
        for place, (slot, cost) in enumerate(zip(slots.tolist(), costs.tolist(), strict=True)):
            full_us = found[slot] + cost
            if full_us > empty_us:
                beyond.append(place)
                full_us = empty_us
            found[slot] = full_us
        full_of[[*found]] = [*found.values()]
        return beyond

    def _forget_full(self, at_us: int) -> None:
        """A bucket that is full by now says nothing; if all are in use the fullest half says least."""
        full_us = self._full_us[: len(self._slots)]
        kept = np.flatnonzero(full_us > at_us)
        if len(kept) > BUDGET_DEVICES_MAX // 2:
            kept = kept[np.argsort(full_us[kept], kind="stable")][-(BUDGET_DEVICES_MAX // 2) :]
        devices = [*self._slots]
        self._slots = {devices[slot]: place for place, slot in enumerate(kept.tolist())}
        self._full_us = full_us[kept]
        self._places.forget()


class Taking:
    """What one look at the broker brought, as far as its topics and sizes tell. ``waiting_fixes``: how many
    wait already; beyond ``INBOX_FIXES_MAX`` nobody else does, and the broker is held back instead."""

    def __init__(
        self, topics: Sequence[str], payload_bytes: int, budgets: Budgets, at_us: int, waiting_fixes: int = 0
    ) -> None:
        many = len(topics) >= BEHIND_MESSAGES or payload_bytes >= BEHIND_BYTES
        self.behind = many and waiting_fixes < INBOX_FIXES_MAX
        self.payload_bytes = payload_bytes
        self._topics = topics
        self._budgets = budgets
        self._at_us = at_us
        self._before_us = at_us - LATE_AFTER_S * SECOND_US
        self._taken: dict[str, int] = {}
        self._passed: list[Sequence[str]] = []

    @cached_property
    def _share(self) -> float:
        """How many messages of a topic are no more than most have; asked for only where somebody is beyond
        his budget."""
        return SHARE_OF_MEDIAN * _lower_median(Counter(self._topics).values())

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
        taken_of = self._taken_by_now()
        taken_of[topic] = taken = taken_of.get(topic, 0) + 1
        if not self.behind or retained:
            return None
        if not within and taken > self._share:
            return Lane.OVER_BUDGET
        return Lane.LATE if oldest_us < self._before_us else None

    def _taken_by_now(self) -> dict[str, int]:
        """How many messages of each topic were asked about."""
        for topics in self._passed:
            for topic in topics:
                self._taken[topic] = self._taken.get(topic, 0) + 1
        self._passed.clear()
        return self._taken

    def lanes_of(
        self,
        topics: Sequence[str],
        devices: Sequence[str],
        fixes: Sequence[int] | Ints,
        oldest_us: Sequence[int],
        retained: Sequence[bool],
    ) -> list[Lane | None] | None:
        """As :meth:`lane_of`, of one message after another; None: nothing waits of any of them."""
        beyond = self._budgets.spend_each(devices, fixes, self._at_us)
        before_us = self._before_us
        if not self.behind or not (beyond or (oldest_us and min(oldest_us) < before_us)):
            self._passed.append(topics)
            return None
        taken_of, poor = self._taken_by_now(), {*beyond}
        found: list[Lane | None] = []
        for place, (topic, oldest, kept) in enumerate(zip(topics, oldest_us, retained, strict=True)):
            taken_of[topic] = taken = taken_of.get(topic, 0) + 1
            over = place in poor and taken > self._share
            late = Lane.LATE if oldest < before_us else None
            found.append(None if kept else Lane.OVER_BUDGET if over else late)
        return found if any(found) else None

    def put_aside(
        self, lane: Lane, topic: str, device: str, payload: bytes, decoded: Decoded
    ) -> tuple[Decoded | None, list[Waiting]]:
        """What of a message with something in a lane is judged now (None: nothing), and what waits."""
        fixes, before_us = decoded.fixes, self._before_us
        late = fixes if lane is Lane.OVER_BUDGET else [fix for fix in fixes if fix.fixed_at_us < before_us]
        if len(late) == len(fixes) <= WAITING_ROW_FIXES_MAX:
            return None, [Waiting(device, topic, payload, max(1, len(fixes)), lane)]
        # Stored and forwarded, with the newest live: those bytes of each fix decode by themselves.
        live = () if lane is Lane.OVER_BUDGET else [fix for fix in fixes if fix.fixed_at_us >= before_us]
        rows = rows_of(lane, topic, device, [fix.raw for fix in late])
        judged = replace(decoded, fixes=tuple(live))
        return (judged if live or judged.rejections else None), rows

    def are_late(self, fixed_us: Ints) -> Flags:
        """Of each fix whether it tells nothing of the present."""
        late: Flags = fixed_us < self._before_us
        return late


def rows_of(lane: Lane, topic: str, device: str, elements: Sequence[bytes]) -> list[Waiting]:
    """Plain fixes that wait, by their own bytes, in rows that are judged in a moment each: a portion is of
    whole rows, and a live fix stands behind it."""
    most = WAITING_ROW_FIXES_MAX
    pieces = [elements[first : first + most] for first in range(0, len(elements), most)]
    return [Waiting(device, topic, joined(topic, piece), len(piece), lane) for piece in pieces]


def _lower_median(counts: Iterable[int]) -> int:
    """Of nothing 0."""
    ordered = sorted(counts)
    return ordered[(len(ordered) - 1) // 2] if ordered else 0
