"""The ledger of blind time of one order."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.devices.blind import Ledger, ledger
from emon.limits import BLIND_DAYS_DEFAULT, BLIND_DAYS_MAX
from emon.model.instant import SECOND_US, format_instant
from emon.model.vocabulary import Kind
from emon.web.asked_span import asked_span
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused
from emon.web.shapes import Json as Members


class BlindRoutes:
    """``/api/v1/orders/{order}/blind``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/orders/{order}/blind", self.show, methods=["GET"])

    async def show(self, request: Request, order: str) -> Response:
        """Of each condition with a zone: the time in which it held, was seen, and was not, by cause."""
        await self._guard.session(request)
        from_us, to_us = asked_span(
            request, self._services.now_us(), days_default=BLIND_DAYS_DEFAULT, days_max=BLIND_DAYS_MAX
        )
        found = await self._services.backend.ledger_inputs(order, from_us, to_us)
        if not found.versions:
            raise refused(404, "there is no such order")
        conditions = {c.id: c.kind for v in found.versions for c in v.conditions}
        ledgers = [
            ledger(found.versions, condition, found.records, found.stops, from_us, to_us)
            for condition, kind in conditions.items()
            if kind is not Kind.CONTACT
        ]
        return Json(
            {
                "order": order,
                "from": format_instant(from_us),
                "to": format_instant(to_us),
                "conditions": [ledger_json(one) for one in ledgers],
            }
        )


def ledger_json(found: Ledger) -> Members:
    """One condition's ledger; all durations in seconds."""
    return {
        "condition": found.condition,
        "active_s": found.active_us / SECOND_US,
        "seen_s": found.seen_us / SECOND_US,
        "blind_s": found.blind_us / SECOND_US,
        "stopped_s": found.stopped_us / SECOND_US,
        "by_cause_s": {cause.value: us / SECOND_US for cause, us in sorted(found.by_cause().items())},
        "blind": [
            {"from": format_instant(b.from_us), "to": format_instant(b.to_us), "cause": b.cause.value}
            for b in found.blind
        ],
    }
