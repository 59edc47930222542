"""Tells those concerned that a suspension began, and that it is over, also where it ended by itself.

What is to be told is decided in ``emon.alerts.notices`` by the orders as they stand and what was told last,
both of which stand in the database; so a restart forgets nothing and tells nothing twice. All orders are read
once; after that those that were armed since, and those of which something may have to be told though nobody
arms anything. A notice is tried until its recipient has it. It has a sender of its own: it never takes a
place among alerts.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from emon.alerts.breaker import pause_us
from emon.alerts.channels import SendResult
from emon.alerts.notices import Notice, Told, may_turn, notice_due
from emon.alerts.outbox import Outcome
from emon.alerts.points import Point, Reached, ignore
from emon.limits import DELIVERY_ATTEMPT_TIMEOUT_S, NOTICES_AT_ONCE_MAX, SUSPENSIONS_LOOK_S
from emon.model.order import OrderVersion
from emon.store.errors import DatabaseUnavailable
from emon.store.notices import DueNotice

_log = logging.getLogger(__name__)


@runtime_checkable
class Noting(Protocol):
    """A channel that carries notices; CAP, which knows alerts alone, does not."""

    async def note(self, notice: Notice, recipient: str) -> SendResult: ...


class NoticeStore(Protocol):
    async def suspendable_orders(
        self, after: int, ids: Sequence[str]
    ) -> tuple[int, list[tuple[OrderVersion, Told | None]]]: ...

    async def keep_notice(self, notice: Notice, recipients: Sequence[str], now_us: int) -> bool: ...

    async def notices_due(self, now_us: int, limit: int) -> list[DueNotice]: ...

    async def notice_tried(
        self,
        due: DueNotice,
        started_us: int,
        delivered_us: int | None,
        next_us: int | None,
        error: str | None,
    ) -> None: ...


class SuspensionNotices:
    """``run`` until cancelled. ``reached``: who is told in a party's place. ``chance`` shortens pauses.
    ``at_point`` hears of the numbered points of a delivery, but for those of groups: each is kept alone."""

    def __init__(
        self,
        store: NoticeStore,
        channels: Mapping[str, object],
        reached: Callable[[str], str],
        *,
        now_us: Callable[[], int],
        fallback: str,
        chance: Callable[[], float] = random.random,
        at_point: Reached = ignore,
    ) -> None:
        self._store = store
        self._channels = {name: one for name, one in channels.items() if isinstance(one, Noting)}
        self._reached = reached
        self._now_us = now_us
        self._fallback = fallback
        self._chance = chance
        self._reached_point = at_point
        self._armed_to = 0
        self._turning: frozenset[str] = frozenset()
        """Orders of which time alone may bring something to tell."""
        self._looked_us = 0

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except DatabaseUnavailable as fault:
                _log.warning(
                    "suspensions could not be looked at, again in %g s: %s", SUSPENSIONS_LOOK_S, fault
                )
            await asyncio.sleep(SUSPENSIONS_LOOK_S)

    async def step(self) -> list[Notice]:
        """One look, and everything sent that is due; what was newly told."""
        now_us = self._now_us()
        if now_us < self._looked_us:  # the clock went back: what was over may not be
            self._armed_to, self._turning = 0, frozenset()
        armed_to, orders = await self._store.suspendable_orders(self._armed_to, sorted(self._turning))
        made, turning = [], set[str]()
        for version, told in orders:
            notice = notice_due(version, told, decided_by(version, now_us), now_us)
            if notice is not None and await self._store.keep_notice(notice, self._recipients(notice), now_us):
                _log.info("order %s is %s", notice.order, notice.kind)
                made.append(notice)
            if notice is not None or may_turn(version, told, now_us):
                turning.add(version.id)
        self._armed_to, self._turning, self._looked_us = armed_to, frozenset(turning), now_us
        due = await self._store.notices_due(now_us, NOTICES_AT_ONCE_MAX)
        self._reached_point(Point.CLAIMED)
        await asyncio.gather(*map(self._send, due))
        return made

    def _recipients(self, notice: Notice) -> list[str]:
        """Whoever a channel reaches that carries notices; without one the centre does in its place."""
        named = dict.fromkeys(map(self._reached, notice.recipients))
        told = dict.fromkeys(name if name in self._channels else self._fallback for name in named)
        return [name for name in told if name in self._channels]

    async def _send(self, due: DueNotice) -> None:
        started_us = self._now_us()
        self._reached_point(Point.SENDING)
        try:
            async with asyncio.timeout(DELIVERY_ATTEMPT_TIMEOUT_S):
                result = await self._channels[due.recipient].note(due.notice, due.recipient)
        except TimeoutError:
            result = SendResult(Outcome.FAILED, None, f"no receipt within {DELIVERY_ATTEMPT_TIMEOUT_S:g} s")
        except Exception as fault:  # of one route, also of one that is configured no more; the others go on
            _log.exception("the route to %s has a fault of our own", due.recipient)
            result = SendResult(Outcome.FAILED, None, f"fault in the route: {fault!r}")
        self._reached_point(Point.ANSWERED)
        ended_us = self._now_us()
        next_us = ended_us + pause_us(due.attempts + 1, self._chance())
        self._reached_point(Point.RECORDING)
        if result.outcome is Outcome.DELIVERED:
            await self._store.notice_tried(due, started_us, ended_us, None, None)
        else:
            await self._store.notice_tried(due, started_us, None, next_us, result.detail)
        self._reached_point(Point.COMMITTED)


def decided_by(version: OrderVersion, now_us: int) -> tuple[str, ...]:
    """Who decided what suspends the order now, as its document says."""
    listed = msgspec.json.decode(version.source).get("suspensions") or []
    holding = [
        name
        for one, written in zip(version.suspensions, listed, strict=True)
        if one.from_us <= now_us < one.to_us
        for name in written.get("by") or []
    ]
    return tuple(dict.fromkeys(map(str, holding)))
