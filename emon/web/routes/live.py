"""What is now, and what changes."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.store.errors import DatabaseUnavailable
from emon.web.backend import Cursor, Services
from emon.web.event_stream import EventStream
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import Json, refused
from emon.web.snapshot import Snapshots, without_positions, without_secret_zones
from emon.web.theirs import theirs_of


class LiveRoutes:
    """``/health``, ``/api/v1/now``, ``/api/v1/live`` and ``/api/v1/counts``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self._snapshots = Snapshots()
        self.router = APIRouter()
        self.router.add_api_route("/health", self.health, methods=["GET"])
        self.router.add_api_route("/api/v1/now", self.now, methods=["GET"])
        self.router.add_api_route("/api/v1/live", self.live, methods=["GET"])
        self.router.add_api_route("/api/v1/counts", self.counts, methods=["GET"])

    async def health(self) -> Response:
        """200 while the engine works, else 503; without a log-in, and so without any person."""
        status = dict(self._services.status())
        return Json(status, 200 if status.get("ok") is True else 503)

    async def now(self, request: Request) -> Response:
        """Wearers, conditions and open breaches, with the cursor from which a stream goes on."""
        session = await self._guard.session(request)
        backend = self._services.backend
        cursor = await backend.cursor()  # first: what changes while the rest is read comes again
        orders, devices = await backend.orders(), await backend.devices_now()
        whose = theirs_of(session.party, backend.needs)
        breaches = await backend.open_breaches()
        if whose.party is not None:
            told = await backend.told_of_breaches([breach.id for breach in breaches])
            breaches = [breach for breach in breaches if whose.is_among(told.get(breach.id, ()))]
        now_us = self._services.now_us()
        made = await asyncio.to_thread(self._snapshots.make, cursor, now_us, orders, devices, breaches)
        if not whose.positions:
            made = without_positions(made)
        return Json(made if sees_secret_zones(session, backend.needs) else without_secret_zones(made))

    async def live(self, request: Request) -> Response:
        """Server-sent events from ``Last-Event-ID``, or ``after``, or now on, of what is the asker's
        party's."""
        session = await self._guard.session(request)
        if self._services.live.is_full:
            raise refused(503, "fault.pages", retry_after="10")
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        after = None if given is None else Cursor.parse(given)
        if given is not None and after is None:
            raise refused(400, "fault.event_id")

        whose = theirs_of(session.party, self._services.backend.needs)

        async def may_go_on() -> bool:
            try:
                return await self._guard.is_signed_in(request, session.party)
            except DatabaseUnavailable:
                return True  # a lost database ends no shift; the stream itself says so

        return EventStream(self._services.live.stream(after, whose), may_go_on)

    async def counts(self, request: Request) -> Response:
        """How many fixes, by mark; rejected payloads, by reason; repeats, alerts, deliveries waiting."""
        await self._guard.session(request)
        return Json(msgspec.structs.asdict(await self._services.backend.counts()))
