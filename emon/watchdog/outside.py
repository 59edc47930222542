"""``emon watch``: asks service and database from outside, and tells the recipients when either is gone.

The service is down when it answers no request for ``/health``, or when the database's clock of the engine,
which an idle service moves each ten seconds, stands still. That it answers "not well" is no reason: it
lives, and tells what it lacks itself. Run it on another machine, and it also tells that the host is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import httpx
import msgspec

from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.limits import PLATFORM_AFTER_S, WATCH_ANSWER_S, WATCH_HEART_S, WATCH_LOOK_S
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.platform import PlatformCause
from emon.model.vocabulary import Party
from emon.store.engine_heart import heart_age_s
from emon.store.errors import DatabaseUnavailable
from emon.watchdog.kept import KeptFile
from emon.watchdog.told_once import look

_log = logging.getLogger(__name__)

Faults = dict[PlatformCause, int | None]


class Places(msgspec.Struct, frozen=True):
    """Where to ask: the service's address without a path, and the database."""

    service_url: str
    database_url: str


async def ask(places: Places, now_us: int) -> Faults:
    """Since when service and database are at fault; a service cannot be blamed for what cannot be asked."""
    answers, age_s = await asyncio.gather(_answers(places.service_url), _heart(places.database_url))
    service_us = None if answers else now_us
    if age_s is not None and age_s > WATCH_HEART_S:
        service_us = now_us - round(age_s * SECOND_US)
    return {
        PlatformCause.SERVICE_DOWN: service_us,
        PlatformCause.DATABASE_DOWN: now_us if age_s is None else None,
    }


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=WATCH_ANSWER_S, trust_env=False) as client:
            answer = await client.get(f"{url}/health")
        return isinstance(msgspec.json.decode(answer.content), dict)
    except (httpx.HTTPError, msgspec.MsgspecError) as fault:
        _log.warning("%s/health: %s", url, str(fault) or type(fault).__name__)
        return False


async def _heart(url: str) -> float | None:
    """The age of the engine's clock; None: the database does not answer."""
    try:
        async with asyncio.timeout(WATCH_ANSWER_S):
            return await heart_age_s(url)
    except (DatabaseUnavailable, TimeoutError) as fault:
        _log.warning("database: %s", str(fault) or type(fault).__name__)
        return None


class Lookout:
    """``run`` until ``stop``. ``on_told`` is called when there is something to send."""

    def __init__(
        self,
        ask: Callable[[int], Awaitable[Faults]],
        kept: KeptFile,
        recipients: Sequence[Party],
        route: Callable[[Alert], Sequence[NewDelivery]],
        *,
        now_us: Callable[[], int],
        on_told: Callable[[], None],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._ask = ask
        self._kept = kept
        self._recipients = tuple(recipients)
        self._route = route
        self._now_us = now_us
        self._on_told = on_told
        self._policy = policy
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        while not self._stopped.is_set():
            await self.step()
            try:
                async with asyncio.timeout(WATCH_LOOK_S):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    async def step(self) -> None:
        """One look. Raises ``KeptUnusable`` when it cannot be kept: then nothing was told."""
        now_us = self._now_us()
        seen, words = look(self._kept.seen, await self._ask(now_us), PLATFORM_AFTER_S, now_us)
        alerts = [(word, word.alert(now_us, self._recipients, self._policy)) for word in words]
        self._kept.note(seen, [(word, alert, self._route(alert)) for word, alert in alerts])
        for word in words:
            _log.error("platform: %s%s", word.cause, "" if word.over_us is None else " is over")
        if words:
            self._on_told()
