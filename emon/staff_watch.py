"""Waits for the answers to what people asked of devices: "position on demand within 3 min, else an alert"
(domain figures, row 4).

Beside the engine, not in it (ADR 0043): a replay's files hold no person's wish, so the alert is the
service's own, like those on the platform. It is told once a device, until the device says anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from emon.alerts.decision_table import Situation
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.limits import STAFF_COMMANDS_LOOK_S
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.ids import derive_id
from emon.model.vocabulary import AlertEvent
from emon.store.errors import DatabaseUnavailable
from emon.store.staff_commands import Lapsed

_log = logging.getLogger(__name__)


class StaffStore(Protocol):
    """What is on file of people's commands. Every method may raise ``DatabaseUnavailable``."""

    async def lapsed_commands(self, now_us: int) -> list[Lapsed]: ...

    async def keep_lapse(
        self, lapsed: Lapsed, alert: Alert | None, deliveries: Sequence[NewDelivery]
    ) -> bool: ...

    async def end_run_out_pursuits(self, now_us: int) -> int: ...


class StaffWatch:
    """``run`` until cancelled. ``on_told`` after each commit that told something."""

    def __init__(
        self,
        store: StaffStore,
        route: Callable[[Alert], Sequence[NewDelivery]],
        *,
        now_us: Callable[[], int],
        on_told: Callable[[], None],
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._store = store
        self._route = route
        self._now_us = now_us
        self._on_told = on_told
        self._policy = policy

    async def run(self) -> None:
        """Look each ``STAFF_COMMANDS_LOOK_S``; a lost database is said and tried again."""
        while True:
            try:
                await self.step()
            except DatabaseUnavailable as fault:
                _log.warning("answers to people's commands could not be looked for: %s", fault)
            await asyncio.sleep(STAFF_COMMANDS_LOOK_S)

    async def step(self) -> list[Alert]:
        """One look; the alerts it told."""
        now_us = self._now_us()
        told: list[Alert] = []
        while lapsed := await self._store.lapsed_commands(now_us):
            for one in lapsed:
                alert = unanswered(one, self._policy) if one.told else None
                route = () if alert is None else self._route(alert)
                if await self._store.keep_lapse(one, alert, route) and alert is not None:
                    told.append(alert)
        await self._store.end_run_out_pursuits(now_us)
        if told:
            self._on_told()
        return told


def unanswered(lapsed: Lapsed, policy: Policy = DEFAULT_POLICY) -> Alert:
    """The alert on a command that nothing answered, as the policy's row for it says."""
    duty, event = lapsed.duty, AlertEvent.COMMAND_UNANSWERED
    risk, basis = (None, None) if duty is None else (duty.risk, duty.legal_basis)
    row = policy.decide(Situation(event, lapsed.at_us, risk=risk, legal_basis=basis))
    return Alert(
        id=derive_id("staff command", event, lapsed.command),
        event=event,
        priority=row.priority,
        at_us=lapsed.at_us,
        recipients=row.recipients,
        happened_at_us=lapsed.asked_at_us,
        device=lapsed.device,
        row=row.name,
        also=row.also,
    )
