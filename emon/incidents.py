"""Keeps open incidents alive: whoever was told of a breach hears how it goes on. What is said is decided in
``emon.alerts.incident``.

Theory of operation. How far an incident has come stands in the database, beside its updates. A look reads
the incidents of which something may have to be said, decides by the facts on file, and writes what is
said, one update a recipient, with the incident's new state in one transaction; ``update_sender.py`` sends
them. So a restart forgets nothing, and two looks at the same facts say it once.

Whether a fix is owed is reckoned as the engine does, by the device's plan and over the service's stops, and
up to the instant to which the engine has judged: while we are down or behind, nobody's signal is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from emon.alerts.channels import Channel
from emon.alerts.incident import look
from emon.alerts.incident_audience import hears, leaves_at_us
from emon.alerts.need import DEFAULT_NEEDS, Need
from emon.devices.duty import overdue_us, stretches
from emon.limits import INCIDENT_LOOK_S, INCIDENTS_AT_ONCE_MAX, RETRY_PAUSE_MAX_S
from emon.model.vocabulary import Kind
from emon.plan import ServiceClock
from emon.store.errors import DatabaseUnavailable
from emon.store.incidents import NewUpdate, OpenIncident, PlannedIncident
from emon.store.store import Store
from emon.update_sender import UpdateSender

_log = logging.getLogger(__name__)


class IncidentStore(Protocol):
    async def incidents_due(self, now_us: int, limit: int) -> list[OpenIncident]: ...

    async def tell_incidents(self, planned: Sequence[PlannedIncident], now_us: int) -> list[str]: ...


class Incidents:
    """``run`` until cancelled. ``on_said`` is called after each commit that wrote updates."""

    def __init__(
        self,
        store: IncidentStore,
        *,
        now_us: Callable[[], int],
        on_said: Callable[[], None],
        needs: Sequence[Need] = DEFAULT_NEEDS,
    ) -> None:
        self._store = store
        self._now_us = now_us
        self._on_said = on_said
        self._needs = needs

    async def run(self) -> None:
        """Look each second. A database that is away is waited for."""
        while True:
            pause_s = INCIDENT_LOOK_S
            try:
                await self.step()
            except DatabaseUnavailable as fault:
                _log.warning("incidents could not be looked at, again in %g s: %s", RETRY_PAUSE_MAX_S, fault)
                pause_s = RETRY_PAUSE_MAX_S
            await asyncio.sleep(pause_s)

    async def step(self) -> list[str]:
        """Say everything that is to be said now; the incidents of which something was said."""
        found: list[str] = []
        while True:
            now_us = self._now_us()
            due = await self._store.incidents_due(now_us, INCIDENTS_AT_ONCE_MAX)
            planned = [self._planned(one, now_us) for one in due]
            said = await self._store.tell_incidents(planned, now_us) if planned else []
            if said:
                found += said
                self._on_said()
            if len(due) < INCIDENTS_AT_ONCE_MAX:
                return found

    def _planned(self, one: OpenIncident, now_us: int) -> PlannedIncident:
        owed_us = owed_from_us(one)
        owed = owed_us is not None and one.judged_us is not None and owed_us <= one.judged_us
        after = look(replace(one.facts, owed=owed))
        updates = [
            NewUpdate(
                told,
                said.say,
                said.because,
                place,
                leaves_at_us(told, one.order, now_us, self._needs),
                said.answer,
            )
            for told in one.told
            for place, said in enumerate(after.said, 1)
            if hears(
                told,
                said.say,
                one.order,
                police_told=one.police_told,
                near=one.order.kind in (Kind.CONTACT, None),
                answered_by=None if said.answer is None else one.answered_by.get(said.answer),
                needs=self._needs,
            )
        ]
        kept_us = None if owed or after.said else owed_us
        return PlannedIncident(one, after, tuple(updates), kept_us)


def owed_from_us(one: OpenIncident) -> int | None:
    """When a fix of the wearer's device is owed if none comes; None: never, or nothing is judged now."""
    if one.watch is None or one.last is None or any(stop.up_us is None for stop in one.stops):
        return None
    clock = ServiceClock(one.stops)
    since_us = max(one.last.fixed_at_us, one.watch.back_us if one.watch.outage is None else 0)
    for stretch in stretches(one.duties, since_us):
        due_us = overdue_us(one.watch, stretch.duties, max(since_us, stretch.from_us), clock.shift)
        if stretch.until_us is None or due_us < stretch.until_us:
            return due_us
    return None


def at_work(
    store: Store, channels: Mapping[str, Channel], now_us: Callable[[], int], needs: Sequence[Need]
) -> tuple[Coroutine[None, None, None], ...]:
    """The running service's: what keeps incidents alive, and what sends it."""
    sender = UpdateSender(store, channels, now_us)
    return Incidents(store, now_us=now_us, on_said=sender.wake, needs=needs).run(), sender.run()
