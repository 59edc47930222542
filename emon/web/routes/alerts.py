"""Alerts: the list, one, and taking one in hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.alerts.acknowledge import AcknowledgementRefused, claimed_party, verify_acknowledgement
from emon.limits import ACKNOWLEDGEMENT_BYTES_MAX
from emon.store.errors import AlertUnknown, NotTheirs
from emon.store.pages import AlertNow
from emon.web.backend import Services
from emon.web.discreet import alert_for_others, without_unseen
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import Json, not_theirs, read_body, refused
from emon.web.paging import Place, Wishes, page_wishes, place_text, read_alerts
from emon.web.sessions import Session
from emon.web.shapes import alert_json, taken_json
from emon.web.theirs import theirs_of, told_of

ALERT_ID = re.compile(r"[0-9a-f]{16}\Z", re.ASCII)
SIGNATURE = "webhook-signature"
_LOOKS_MAX = 20  # [own] pages read for one page of a party's own
Word = TypeVar("Word")


async def signed_word(
    services: Services, request: Request, alert_id: str, verify: Callable[..., Word]
) -> Word:
    """What ``verify`` (of ``emon.alerts.acknowledge``) reads in what a party says of an alert,
    signed and without a session. Raises the refusal.

    Nobody has proved anything before the signature is read: the body is bounded to what such words need.
    """
    body = await read_body(request, ACKNOWLEDGEMENT_BYTES_MAX)
    try:
        keys = services.keys.get(claimed_party(body))
        if keys is None:
            raise refused(401, "fault.said", fault="no matching signature")
        now_us = services.now_us()
        return verify(request.headers, body, keys.secrets_at(now_us), now_us, alert_id=alert_id)
    except AcknowledgementRefused as fault:
        raise refused(fault.http_status, "fault.said", fault=fault.reason) from None


class AlertRoutes:
    """``/api/v1/alerts``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/alerts", self.page, methods=["GET"])
        self.router.add_api_route("/api/v1/alerts/{alert_id}", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/alerts/{alert_id}/acknowledge", self.acknowledge, methods=["POST"])

    async def page(self, request: Request) -> Response:
        """Those that are the asker's party's, the newest first or the most urgent. ``status``, ``order``,
        ``limit``, ``before`` (the last answer's ``next``, which may have given fewer): see paging."""
        session = await self._guard.session(request)
        wishes = page_wishes(request)
        cursor = await self._services.backend.cursor()
        shown, at = await self._theirs(session, wishes)
        alerts = await self._shaped(session, shown)
        return Json({"cursor": str(cursor), "alerts": alerts, "next": place_text(at)})

    async def _theirs(self, session: Session, wishes: Wishes) -> tuple[list[AlertNow], Place | None]:
        """As many as are theirs among a bounded number from the place on, and where to go on."""
        whose = theirs_of(session.party, self._services.backend.needs)
        shown: list[AlertNow] = []
        place = wishes.place
        for _ in range(_LOOKS_MAX):
            read = await read_alerts(self._services.backend, wishes, place, wishes.limit + 1)
            for number, (place, alert) in enumerate(read[: wishes.limit], start=1):
                if whose.is_among(told_of(alert)):
                    shown.append(alert)
                if len(shown) == wishes.limit and number < len(read):
                    return shown, place
            if len(read) <= wishes.limit:
                return shown, None
        return shown, place

    async def show(self, request: Request, alert_id: str) -> Response:
        """One alert, where it is the asker's party's."""
        session = await self._guard.session(request)
        alert = await self._alert(alert_id)
        if not theirs_of(session.party, self._services.backend.needs).is_among(told_of(alert)):
            raise refused(404, "fault.no_alert")
        return Json((await self._shaped(session, [alert]))[0])

    async def _shaped(self, session: Session, alerts: Sequence[AlertNow]) -> list[dict[str, Any]]:
        """As the asker's party may see them."""
        backend = self._services.backend
        secret: Collection[tuple[str, str]] = ()
        if not sees_secret_zones(session, backend.needs):
            orders = {alert.order for alert in alerts if alert.order is not None}
            secret = await backend.secret_conditions(sorted(orders)) if orders else ()
        shown = [alert_for_others(alert_json(one), secret) for one in alerts]
        whose = theirs_of(session.party, backend.needs)
        return shown if whose.unseen else [without_unseen(one) for one in shown]

    async def acknowledge(self, request: Request, alert_id: str) -> Response:
        """A person takes the alert in hand: one who is logged in, or one whose party signs for it.

        The first of each party counts; a second changes nothing and is told who was first. A party that the
        alert was neither for nor told to is refused (403).
        """
        if SIGNATURE in request.headers:
            return await self._acknowledge_signed(request, alert_id)
        session = await self._guard.session(request)
        await read_body(request)
        return await self._take(alert_id, session.party, session.name, "page")

    async def _acknowledge_signed(self, request: Request, alert_id: str) -> Response:
        said = await signed_word(self._services, request, alert_id, verify_acknowledgement)
        return await self._take(alert_id, said.party, said.person, "webhook")

    async def _take(self, alert_id: str, party: str, person: str, via: str) -> Response:
        await self._alert(alert_id)
        try:
            taken = await self._services.backend.acknowledge(
                alert_id, party, person, via, self._services.now_us()
            )
        except AlertUnknown:
            raise refused(404, "fault.no_alert") from None
        except NotTheirs as fault:
            raise not_theirs(fault) from None
        self._services.live.wake()
        return Json({"alert": alert_id, "acknowledgement": taken_json(taken), "again": taken.again})

    async def _alert(self, alert_id: str) -> AlertNow:
        found = await self._services.backend.alerts_by_id([alert_id]) if ALERT_ID.match(alert_id) else []
        if not found:
            raise refused(404, "fault.no_alert")
        return found[0]
