"""The service's own watchdog: looks each second, and writes an alert with its deliveries where need be.

It tells what the service can tell while it has its database: fixes that stay away, a broker that is gone, a
session that was taken. What a service cannot tell of itself, that it or its database is gone, is told
by ``emon watch``. A look that could not be written is repeated whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.limits import PLATFORM_AFTER_S, PLATFORM_LOOK_S
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.instant import format_instant
from emon.model.platform import PlatformCause
from emon.model.vocabulary import Party
from emon.store.errors import DatabaseUnavailable
from emon.watchdog.told_once import Seen, Word, look

_log = logging.getLogger(__name__)

_THERE = {True: "back", False: "lost"}


class PlatformStore(Protocol):
    async def open_platform_faults(self) -> dict[PlatformCause, int]: ...

    async def tell_platform(self, alert: Alert, word: Word, deliveries: Sequence[NewDelivery]) -> None: ...


class Health(msgspec.Struct, frozen=True):
    """What one look sees. ``missing_us``: since when fixes are missing, or None. ``hung_up`` counts sessions
    that a living broker ended. ``last_fix_us``: when one was committed last, since the start.
    ``inbox_old_us``: since when the one waits that has waited too long for judgement, or None.
    ``canary_us``: since when the service's own bracelet is missing, or None."""

    broker: bool
    database: bool
    missing_us: int | None
    hung_up: int
    last_fix_us: int | None = None
    inbox_old_us: int | None = None
    canary_us: int | None = None


class Losses(msgspec.Struct):
    """How often a part was lost since the start, and since when it is away."""

    times: int = 0
    since_us: int | None = None
    back_us: int | None = None

    def note(self, there: bool, now_us: int) -> bool:
        """Whether something changed."""
        if there is (self.since_us is None):
            return False
        self.times += not there
        self.since_us, self.back_us = (None, now_us) if there else (now_us, self.back_us)
        return True

    def told(self) -> dict[str, object]:
        return {
            "times": self.times,
            "since": None if self.since_us is None else format_instant(self.since_us),
            "back_at": None if self.back_us is None else format_instant(self.back_us),
        }


class Watchdog:
    """``run`` until cancelled. ``on_told`` is called after each commit that wrote an alert."""

    def __init__(
        self,
        store: PlatformStore,
        health: Callable[[int], Health],
        recipients: Sequence[Party],
        route: Callable[[Alert], Sequence[NewDelivery]],
        *,
        now_us: Callable[[], int],
        on_told: Callable[[], None],
        policy: Policy = DEFAULT_POLICY,
        look_s: float = PLATFORM_LOOK_S,
        after_s: Mapping[PlatformCause, int] = PLATFORM_AFTER_S,
    ) -> None:
        self.broker = Losses()
        self.database = Losses()
        self._store = store
        self._health = health
        self._recipients = tuple(recipients)
        self._route = route
        self._now_us = now_us
        self._on_told = on_told
        self._policy = policy
        self._look_s = look_s
        self._after_s = after_s
        self._seen: dict[PlatformCause, Seen] | None = None
        self._hung_up = 0
        self._taken_us: int | None = None

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(self._look_s)

    async def step(self) -> None:
        """One look."""
        now_us = self._now_us()
        health = self._health(now_us)
        self._count(health, now_us)
        if health.database:
            try:
                await self._look(health, now_us)
            except DatabaseUnavailable as fault:
                _log.warning("the watchdog could not write, and looks again: %s", fault)

    def _missing_us(self, health: Health) -> int | None:
        """Once told, only a fix ends it: devices that are known to be silent by then promise nothing."""
        seen = (self._seen or {}).get(PlatformCause.NO_FIXES, Seen())
        told_us = seen.faulty_since_us if seen.told else None
        if told_us is not None and (health.last_fix_us is None or health.last_fix_us <= told_us):
            return told_us
        return health.missing_us

    def _count(self, health: Health, now_us: int) -> None:
        for name, losses, there in (
            ("broker", self.broker, health.broker),
            ("database", self.database, health.database),
        ):
            if losses.note(there, now_us):
                _log.log(logging.INFO if there else logging.ERROR, "%s: %s", name, _THERE[there])

    async def _look(self, health: Health, now_us: int) -> None:
        if self._seen is None:
            told = await self._store.open_platform_faults()
            self._seen = {cause: Seen(since_us, None, True) for cause, since_us in told.items()}
        if health.hung_up > self._hung_up:
            self._taken_us = now_us
        self._hung_up = health.hung_up
        faults = {
            PlatformCause.NO_FIXES: self._missing_us(health),
            PlatformCause.BROKER_LOST: None if health.broker else now_us,
            PlatformCause.SESSION_TAKEN: self._taken_us,
            PlatformCause.INBOX_OLD: health.inbox_old_us,
            PlatformCause.CANARY: health.canary_us,
        }
        seen, words = look(self._seen, faults, self._after_s, now_us)
        for word in words:
            alert = word.alert(now_us, self._recipients, self._policy)
            await self._store.tell_platform(alert, word, self._route(alert))
            _log.error("platform: %s%s", word.cause, "" if word.over_us is None else " is over")
        self._seen, self._taken_us = seen, None
        if words:
            self._on_told()
