"""The store as the web's ``Backend``: the same calls, and cursors with a name."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from emon.alerts.need import Need
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.court.stored import court_file_of, may_have
from emon.explanation.stored import explain_stored
from emon.feedback.models import ModelsUnreadable, read_models
from emon.feedback.rows import Filed
from emon.model.answer import PoliceAnswer
from emon.model.breach import Breach
from emon.model.command import Command
from emon.model.order import OrderVersion
from emon.model.resolution import Closing
from emon.model.staff_command import StaffCommand
from emon.store.answers import Answered
from emon.store.device_file import CommandNow, SaidNow
from emon.store.incident_reads import KeptIncident
from emon.store.ledger import LedgerInputs
from emon.store.lives import KeptLife
from emon.store.notices import NoticeNow
from emon.store.pages import AlertNow, Counts, DeviceNow, FeedRow, Standing
from emon.store.policies import KeptPolicy, PolicyUse
from emon.store.store import Store
from emon.store.suspensions import SuspensionRequest
from emon.store.users import User
from emon.store.words_of_people import ClosedTogether, Resolved, Taken
from emon.web.backend import Cursor

_log = logging.getLogger(__name__)


class StoreBackend:
    """``emon.web.backend.Backend`` over an open store, which stays the caller's to close."""

    def __init__(
        self,
        store: Store,
        policy: Policy = DEFAULT_POLICY,
        models_file: Path | None = None,
        *,
        sign: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``sign``: seals and signs the audit trail now, so that a court file proves what just happened."""
        self._store = store
        self._policy = policy
        self._models_file = models_file
        self._sign = sign

    async def cursor(self) -> Cursor:
        feed_seq, change_seq = await self._store.cursor()
        return Cursor(feed_seq, change_seq)

    async def orders(self) -> list[OrderVersion]:
        return await self._store.newest_orders()

    async def devices_now(self) -> list[DeviceNow]:
        return await self._store.devices_now()

    @property
    def needs(self) -> Sequence[Need]:
        return self._policy.needs

    async def contact_orders(self) -> list[OrderVersion]:
        return await self._store.contact_orders()

    async def positions_of(self, devices: Sequence[str]) -> list[DeviceNow]:
        return await self._store.positions_of(devices)

    async def open_breaches(self) -> list[Breach]:
        return await self._store.open_breaches()

    async def breaches_by_id(self, ids: Sequence[str]) -> list[Breach]:
        return await self._store.breaches_by_id(ids)

    async def told_of_breaches(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        return await self._store.told_of_breaches(ids)

    async def secret_conditions(self, orders: Sequence[str]) -> frozenset[tuple[str, str]]:
        return await self._store.secret_conditions(orders)

    async def explanation(self, breach_id: str) -> dict[str, Any] | None:
        return await explain_stored(self._store.url, breach_id, self._policy)

    async def court_file(self, alert_id: str, party: str, at_us: int) -> dict[str, Any] | None:
        if self._sign is not None:
            await self._sign()
        return await court_file_of(self._store.url, alert_id, self._policy, made_at_us=at_us, party=party)

    async def may_have_file(self, alert_id: str, party: str) -> bool:
        return await may_have(self._store.url, alert_id, party, self._policy.needs)

    async def alerts(self, *, status: str, before: tuple[int, str] | None, limit: int) -> list[AlertNow]:
        return await self._store.alerts(status=status, before=before, limit=limit)

    async def urgent_alerts(
        self, *, status: str, after: Standing | None, limit: int
    ) -> list[tuple[Standing, AlertNow]]:
        return await self._store.urgent_alerts(status=status, after=after, limit=limit)

    async def alerts_by_id(self, ids: Sequence[str]) -> list[AlertNow]:
        return await self._store.alerts_by_id(ids)

    async def feed_after(self, feed_seq: int, limit: int) -> list[FeedRow]:
        return await self._store.feed_after(feed_seq, limit)

    async def positions_after(self, change_seq: int, limit: int) -> list[DeviceNow]:
        return await self._store.positions_after(change_seq, limit)

    async def device_commands(self, device: str, limit: int) -> list[CommandNow]:
        return await self._store.device_commands(device, limit)

    async def device_said(self, device: str, limit: int) -> list[SaidNow]:
        return await self._store.device_said(device, limit)

    async def ask_device(self, asked: StaffCommand) -> Command:
        return await self._store.ask_device(asked)

    async def counts(self) -> Counts:
        return await self._store.counts()

    async def acknowledge(self, alert_id: str, party: str, person: str, via: str, at_us: int) -> Taken:
        return await self._store.acknowledge(alert_id, party, person, via, at_us)

    async def use_link(self, link: str, alert_id: str, party: str, person: str, at_us: int) -> Taken:
        return await self._store.use_link(link, alert_id, party, person, at_us)

    async def told_beside(self, link: str) -> int:
        return await self._store.told_beside(link)

    async def link_used(self, link: str) -> bool:
        return await self._store.link_used(link)

    async def close_alert(
        self, alert_id: str, party: str, person: str, closing: Closing, via: str, at_us: int
    ) -> Resolved:
        return await self._store.close_alert(alert_id, party, person, closing, via, at_us)

    async def close_breach(
        self, breach_id: str, party: str, person: str, closing: Closing, via: str, at_us: int
    ) -> ClosedTogether:
        return await self._store.close_breach(breach_id, party, person, closing, via, at_us)

    async def life(self, alert_id: str) -> KeptLife:
        return await self._store.life(alert_id)

    async def incident(self, incident: str, limit: int) -> KeptIncident:
        return await self._store.incident(incident, limit)

    async def answer_incident(
        self,
        incident: str,
        party: str,
        person: str,
        answer: PoliceAnswer,
        note: str,
        via: str,
        at_us: int,
        *,
        by_message: str | None = None,
    ) -> Answered:
        return await self._store.answer_incident(
            incident, party, person, answer, note, via, at_us, by_message=by_message
        )

    async def arm(self, versions: Sequence[OrderVersion]) -> list[OrderVersion]:
        return await self._store.arm(versions)

    async def ledger_inputs(self, order: str, from_us: int, to_us: int) -> LedgerInputs:
        return await self._store.ledger_inputs(order, from_us, to_us)

    async def outages_now(self) -> list[str]:
        return await self._store.outages_now()

    async def unseen_orders(self, from_us: int, to_us: int, limit: int) -> tuple[list[str], int]:
        return await self._store.unseen_orders(from_us, to_us, limit)

    async def policy_in_force(self) -> KeptPolicy | None:
        return await self._store.policy_in_force()

    async def policy_version(self, version: str) -> KeptPolicy | None:
        return await self._store.policy_version(version)

    async def policy_uses(self, limit: int) -> list[PolicyUse]:
        return await self._store.policy_uses(limit)

    async def ask_suspension(self, asked: SuspensionRequest) -> SuspensionRequest:
        return await self._store.ask_suspension(asked)

    async def confirm_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        return await self._store.confirm_suspension(request, person, at_us)

    async def withdraw_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        return await self._store.withdraw_suspension(request, person, at_us)

    async def end_suspension(self, order: str, at_us: int) -> OrderVersion:
        return await self._store.end_suspension(order, at_us)

    async def suspension_requests(self, limit: int) -> list[SuspensionRequest]:
        return await self._store.suspension_requests(limit)

    async def notices(self, limit: int) -> list[NoticeNow]:
        return await self._store.notices(limit)

    async def feedback_rows(self, from_us: int, to_us: int) -> Filed:
        return await self._store.feedback_rows(from_us, to_us, self._models())

    async def user(self, name: str) -> User | None:
        return await self._store.user(name)

    async def record_login(self, name: str, party: str | None, deed: str, address: str, at_us: int) -> None:
        await self._store.record_login(name, party, deed, address, at_us)

    def _models(self) -> dict[str, str]:
        """The devices' models, read anew each time; a list that cannot be read is as none, and said."""
        if self._models_file is None or not self._models_file.is_file():
            return {}
        try:
            return read_models(self._models_file.read_bytes())
        except (OSError, ModelsUnreadable) as fault:
            _log.warning("%s: %s", self._models_file, fault)
            return {}
