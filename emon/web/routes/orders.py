"""Orders: what is armed, arming more, and the format."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.limits import ORDERS_BYTES_MAX
from emon.model.instant import format_instant
from emon.model.order import OrderVersion
from emon.model.vocabulary import Party
from emon.orders.document import parse_document
from emon.orders.schema import orders_schema
from emon.orders.tree import DocumentRefused
from emon.store.errors import OrderConflict
from emon.web.backend import Services
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import Json, Refused, fault_list, read_body, refused

MAY_ARM = (Party.MELDKAMER_EM, Party.RECLASSERING, Party.OM, Party.CJIB)


class OrderRoutes:
    """``/api/v1/orders``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/orders", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/orders", self.arm, methods=["POST"])
        self.router.add_api_route("/api/v1/orders/schema", self.schema, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """Of each order its newest armed version, as it was armed."""
        session = await self._guard.session(request)
        orders = await self._services.backend.orders()
        whole = sees_secret_zones(session, self._services.backend.needs)
        return Json({"orders": [_order_json(version, whole=whole) for version in orders]})

    async def schema(self, request: Request) -> Response:
        """The JSON Schema of a document of orders."""
        await self._guard.session(request)
        return Json(orders_schema())

    async def arm(self, request: Request) -> Response:
        """Arm a document of orders: all of it at one instant, or nothing.

        422 names every fault by its path, 409 every version that stands with another content. 403: the party
        neither imposes nor carries out orders; a new version can lift a ban, as a suspension does.
        """
        session = await self._guard.session(request)
        if session.party not in MAY_ARM:
            raise refused(403, "fault.may_arm", parties=", ".join(MAY_ARM))
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise refused(415, "fault.json")
        data = await read_body(request, ORDERS_BYTES_MAX)
        now_us = self._services.now_us()
        try:
            # Off the loop: a large document takes seconds, and alerts must not wait for it.
            versions = await asyncio.to_thread(parse_document, data, armed_at_us=now_us)
        except DocumentRefused as fault:
            raise Refused(422, fault_list([(f.path, f.message) for f in fault.faults])) from None
        try:
            armed = await self._services.backend.arm(versions)
        except OrderConflict as fault:
            raise Refused(409, fault_list(fault.faults)) from None
        self._services.live.wake()
        return Json({"armed": [_armed_json(version) for version in armed]})


def _armed_json(version: OrderVersion) -> dict[str, object]:
    return {
        "id": version.id,
        "version": version.version,
        "armed_at": format_instant(version.armed_at_us),
    }


def _order_json(version: OrderVersion, *, whole: bool) -> dict[str, object]:
    """``whole``: with the places of secret conditions; without, these stand as null, and so do the reasons
    that somebody wrote in such an order, who may have named the place."""
    if whole or not any(condition.secret for condition in version.conditions):
        return {**_armed_json(version), "order": msgspec.Raw(version.source)}
    order = msgspec.json.decode(version.source)
    for condition in order["conditions"]:
        if condition.get("secret"):
            condition["zone"] = None
        for one in (condition.get("schedule") or {}).get("except") or ():
            one["reason"] = None
    for one in order.get("suspensions") or ():
        one["reason"] = None
    return {**_armed_json(version), "order": order}
