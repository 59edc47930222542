"""Where protected persons are who carry a device: for those alone who have to act on it.

A contact ban has no zone on the map: its circle goes with her. So that place is the most secret of all, and
stands in no snapshot and no stream, which every party's page gets; who may see it asks for it here.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.alerts.need import Fact, need_of
from emon.limits import PROTECTED_KEPT_S
from emon.model.instant import SECOND_US, format_instant
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused
from emon.web.shapes import Json as Members
from emon.web.shapes import position_json
from emon.web.snapshot import is_in_force


class ProtectedRoutes:
    """``/api/v1/protected``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self._kept: tuple[int, Members] | None = None
        self._reading = asyncio.Lock()
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/protected", self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """Each contact condition in force with its radius and her newest position. 403 for a party whose need
        holds no positions, or no secret zones."""
        session = await self._guard.session(request)
        need = need_of(session.party, self._services.backend.needs)
        if Fact.POSITION not in need.facts or not need.secret_zones:
            raise refused(403, "fault.protected")
        async with self._reading:
            now_us = self._services.now_us()
            if self._kept is None or abs(now_us - self._kept[0]) > PROTECTED_KEPT_S * SECOND_US:
                self._kept = (now_us, await self._read(now_us))
            return Json(self._kept[1])

    async def _read(self, now_us: int) -> Members:
        backend = self._services.backend
        watched = [
            (version, condition)
            for version in await backend.contact_orders()
            if is_in_force(version, now_us)
            for condition in version.conditions
            if condition.victim_device is not None
        ]
        devices = sorted({condition.victim_device or "" for _, condition in watched})
        positions = {one.device: one for one in await backend.positions_of(devices)}
        return {
            "now": format_instant(now_us),
            "protected": [
                {
                    "order": version.id,
                    "condition": condition.id,
                    "wearer": version.wearer,
                    "device": condition.victim_device,
                    "radius_m": condition.radius_m,
                    "position": position_json(found) if found is not None else None,
                }
                for version, condition in watched
                for found in (positions.get(condition.victim_device or ""),)
            ],
        }
