"""Keeps what became of attempts: many in one transaction, and none forgotten while the outbox is away.

Theory of operation. Attempts that end while a transaction runs are kept together in the next one,
so a busy service pays one commit for hundreds of attempts and an idle one does not wait for company.
A group that could not be kept is tried again at pauses of a second at most, for as long as it is not kept a
crash repeats what is in it; nothing in it is sent again otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from emon.alerts.breaker import pause_us
from emon.alerts.outbox import Attempt, OutboxUnavailable, Records
from emon.alerts.points import Point, Reached, ignore
from emon.limits import ATTEMPTS_RECORDED_TOGETHER_MAX, RECORD_PAUSE_MAX_S
from emon.model.instant import SECOND_US

_log = logging.getLogger("emon.alerts.recorder")


class Recorder:
    """``keep`` hands an attempt over and returns once it is on file, or once the service gives up.

    ``pause`` waits for so many microseconds and says whether to go on: not when the service stops.
    ``on_freed`` hears when something that stood behind a recorded delivery is due now, or when records are
    kept again after they could not be.
    """

    def __init__(
        self,
        outbox: Records,
        *,
        pause: Callable[[int], Awaitable[bool]],
        chance: Callable[[], float],
        on_freed: Callable[[], None],
        reached: Reached = ignore,
    ) -> None:
        self._outbox = outbox
        self._pause = pause
        self._chance = chance
        self._on_freed = on_freed
        self._reached = reached
        self._waiting: list[tuple[str, Attempt, asyncio.Future[None]]] = []
        self._something = asyncio.Event()
        self._over = False
        self.fails = False
        """Whether what is received now cannot be kept, so that a crash would repeat it."""

    async def keep(self, delivery_id: str, attempt: Attempt) -> None:
        """Returns when the attempt is on file; also when the service stops before that could be. At once
        where nobody records any more: an attempt may outlive its cancellation, lost in a library's hands.
        """
        if self._over:
            return
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery_id, attempt, kept))
        self._something.set()
        await kept

    async def run(self) -> None:
        """Until cancelled. A fault of our own ends it by its exception. Who waits then waits no longer."""
        self._over = False
        group: list[tuple[str, Attempt, asyncio.Future[None]]] = []
        try:
            while True:
                await self._something.wait()
                group = self._waiting[:ATTEMPTS_RECORDED_TOGETHER_MAX]
                del self._waiting[: len(group)]
                if not self._waiting:
                    self._something.clear()
                if group:
                    await self._record([(one[0], one[1]) for one in group])
                _let_go(group)
        finally:
            self._over = True
            _let_go([*group, *self._waiting])
            self._waiting.clear()

    async def _record(self, attempts: list[tuple[str, Attempt]]) -> None:
        failures = 0
        while True:
            self._reached(Point.RECORDING)
            try:
                freed = await self._outbox.record_attempts(attempts)
            except OutboxUnavailable as fault:
                failures += 1
                self.fails = True
                _log.warning("%d attempts not recorded yet, trying again: %s", len(attempts), fault)
                length_us = min(pause_us(failures, self._chance()), RECORD_PAUSE_MAX_S * SECOND_US)
                if not await self._pause(length_us):
                    return
                continue
            self._reached(Point.COMMITTED)
            if freed or self.fails:
                self.fails = False
                self._on_freed()
            return


def _let_go(group: Sequence[tuple[str, Attempt, asyncio.Future[None]]]) -> None:
    for _, _, kept in group:
        if not kept.done():
            kept.set_result(None)
