"""The ledger of blind time: of one order, and of the orders that were unseen for longest."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.devices.blind import Blind, Ledger, ledger
from emon.devices.blind_contact import contact_ledger
from emon.limits import BLIND_DAYS_DEFAULT, BLIND_DAYS_MAX, BLIND_WORST_DAYS_MAX, BLIND_WORST_MAX
from emon.model.instant import SECOND_US, format_instant
from emon.model.order import Condition
from emon.model.vocabulary import Kind, Party
from emon.store.ledger import LedgerInputs
from emon.web.asked_span import asked_span
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused
from emon.web.shapes import Json as Members
from emon.web.shapes import instant_or_none, trouble_json


class BlindRoutes:
    """``/api/v1/orders/{order}/blind`` and ``/api/v1/blind``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/orders/{order}/blind", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/blind", self.worst, methods=["GET"])

    async def show(self, request: Request, order: str) -> Response:
        """Of each condition: the time in which it held, was seen, and was not, by cause."""
        await self._guard.session(request)
        now_us = self._services.now_us()
        from_us, to_us = asked_span(request, now_us, days_default=BLIND_DAYS_DEFAULT, days_max=BLIND_DAYS_MAX)
        found = await self._services.backend.ledger_inputs(order, from_us, to_us)
        if not found.versions:
            raise refused(404, "fault.no_order")
        return Json(
            {
                "order": order,
                "from": format_instant(from_us),
                "to": format_instant(to_us),
                "conditions": await asyncio.to_thread(_ledgers, found, from_us, to_us),
            }
        )

    async def worst(self, request: Request) -> Response:
        """Conditions of the orders whose devices were unseen for longest, the longest blind first."""
        session = await self._guard.session(request)
        now_us = self._services.now_us()
        from_us, to_us = asked_span(request, now_us, days_default=1, days_max=BLIND_WORST_DAYS_MAX)
        backend = self._services.backend
        listed: list[Members] = []
        orders, unseen = await backend.unseen_orders(from_us, to_us, BLIND_WORST_MAX)
        for order in orders:
            found = await backend.ledger_inputs(order, from_us, to_us)
            newest = max(found.versions, key=lambda version: version.version)
            about = {"order": order, "wearer": newest.wearer, "risk": newest.risk}
            made = await asyncio.to_thread(_ledgers, found, from_us, to_us)
            listed += [{**about, **_without_stretches(one)} for one in made if one["blind_s"] > 0.0]
        listed.sort(key=lambda one: (-one["blind_s"], one["order"], one["condition"]))
        return Json(
            {
                "from": format_instant(from_us),
                "to": format_instant(to_us),
                "conditions": listed,
                "unseen_orders": unseen,
                "read_orders": len(orders),
                "outages": await self._outages() if session.party == Party.MELDKAMER_EM else None,
            }
        )

    async def _outages(self) -> list[Members]:
        """Who is unseen in an outage that is not over. The centre's alone: nobody else is told who."""
        backend = self._services.backend
        told = await backend.alerts_by_id(await backend.outages_now())
        return [
            {"alert": one.id, **trouble_json(one.trouble)}
            for one in reversed(told)
            if one.trouble is not None
        ]


def _ledgers(found: LedgerInputs, from_us: int, to_us: int) -> list[Members]:
    """Of every condition of an order that fixes can show a breach of."""
    versions = sorted(found.versions, key=lambda version: version.version)
    conditions = {c.id: c for version in versions for c in version.conditions if c.watched}
    return [_made(condition, found, from_us, to_us) for condition in conditions.values()]


def _made(condition: Condition, found: LedgerInputs, from_us: int, to_us: int) -> Members:
    whole = (found.versions, condition.id, found.records, found.stops, from_us, to_us)
    if condition.kind is not Kind.CONTACT:
        return ledger_json(ledger(*whole), condition.kind, to_us)
    both = contact_ledger(*whole)
    return ledger_json(both.whole, condition.kind, to_us, both.hers)


def ledger_json(found: Ledger, kind: Kind, to_us: int, hers: tuple[Blind, ...] = ()) -> Members:
    """One condition's ledger; all durations in seconds. ``blind_since``: of a stretch that still goes on at
    the end. ``hers``: those in which the protected person's device alone was unseen."""
    goes_on = [one for one in found.blind if one.to_us == to_us]
    carried = set(hers)
    return {
        "condition": found.condition,
        "kind": kind,
        "active_s": found.active_us / SECOND_US,
        "seen_s": found.seen_us / SECOND_US,
        "blind_s": found.blind_us / SECOND_US,
        "stopped_s": found.stopped_us / SECOND_US,
        "victim_device_s": sum(one.to_us - one.from_us for one in hers) / SECOND_US,
        "by_cause_s": {cause.value: us / SECOND_US for cause, us in sorted(found.by_cause().items())},
        "blind_since": instant_or_none(_begun_us(found, goes_on[0]) if goes_on else None),
        "blind": [
            {
                "from": format_instant(one.from_us),
                "to": format_instant(one.to_us),
                "cause": one.cause.value,
                "victim_device": one in carried,
            }
            for one in found.blind
        ],
    }


def _begun_us(found: Ledger, last: Blind) -> int:
    """When the blindness began whose newest stretch is given: its cause may have changed meanwhile."""
    begun_us = last.from_us
    for one in reversed(found.blind):
        if one.to_us == begun_us:
            begun_us = one.from_us
    return begun_us


def _without_stretches(made: Members) -> Members:
    return {name: value for name, value in made.items() if name != "blind"}
