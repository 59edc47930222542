"""A recipient that takes nothing is itself an alert, to the others: told once, and once when it is back.

What is looked at stands in the database, the attempts of deliveries and of heartbeats, so that a restart
neither forgets an episode nor tells it twice. While everybody is down the alert waits with all the others;
nothing is lost, and ``emon watch`` from outside and the recipients' own alarm on our silence are what
remains.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.limits import RECIPIENT_DOWN_AFTER_S, RECIPIENTS_LOOK_S
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.errors import DatabaseUnavailable
from emon.watchdog.told_once import Seen, Word, look

_log = logging.getLogger(__name__)


class DownStore(Protocol):
    async def open_recipients_down(self) -> dict[str, int]: ...

    async def recipients_failing(self) -> dict[str, int]: ...

    async def tell_platform(self, alert: Alert, word: Word, deliveries: Sequence[NewDelivery]) -> None: ...


class RecipientsWatch:
    """``run`` until cancelled. ``recipients``: the parties that have a route; a contact of the policy that is
    down is told to them too. ``on_told`` after each commit."""

    def __init__(
        self,
        store: DownStore,
        recipients: Sequence[Party],
        route: Callable[[Alert], Sequence[NewDelivery]],
        *,
        now_us: Callable[[], int],
        on_told: Callable[[], None],
        after_s: int = RECIPIENT_DOWN_AFTER_S,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._store = store
        self._recipients = tuple(recipients)
        self._route = route
        self._now_us = now_us
        self._on_told = on_told
        self._after_s = after_s
        self._policy = policy
        self._seen: dict[str, Seen] | None = None

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except DatabaseUnavailable as fault:
                _log.warning("recipients could not be looked at, again in %g s: %s", RECIPIENTS_LOOK_S, fault)
            await asyncio.sleep(RECIPIENTS_LOOK_S)

    async def step(self) -> list[Word]:
        """One look; what it told."""
        now_us = self._now_us()
        if self._seen is None:
            told = await self._store.open_recipients_down()
            self._seen = {name: Seen(since_us, None, True) for name, since_us in told.items()}
        failing = await self._store.recipients_failing()
        faults: dict[str, int | None] = dict.fromkeys(self._seen)
        for name, since_us in failing.items():
            if now_us - since_us >= self._after_s * SECOND_US:
                faults[name] = since_us
        at_once = dict.fromkeys(faults, 0)
        seen, words = look(self._seen, faults, at_once, now_us, AlertEvent.RECIPIENT_DOWN)
        for word in words:
            alert = word.alert(now_us, self._recipients, self._policy)
            await self._store.tell_platform(alert, word, self._route(alert))
            _log.error("recipient %s %s", word.cause, "is down" if word.over_us is None else "is back")
        self._seen = seen
        if words:
            self._on_told()
        return words
