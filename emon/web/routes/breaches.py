"""Breaches: the explanation of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.explanation.document import file_text
from emon.explanation.select import NotExplained
from emon.web.backend import Services
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import refused
from emon.web.theirs import theirs_of

_BREACH_ID = re.compile(r"[0-9a-f]{16}\Z", re.ASCII)


class BreachRoutes:
    """``/api/v1/breaches``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route(
            "/api/v1/breaches/{breach_id}/explanation", self.explanation, methods=["GET"]
        )

    async def explanation(self, request: Request, breach_id: str) -> Response:
        """The file that ``emon explain`` reads, byte for byte as ``emon replay --files`` writes it."""
        session = await self._guard.session(request)
        backend = self._services.backend
        known = _BREACH_ID.match(breach_id) is not None
        whose = theirs_of(session.party, backend.needs)
        if known and whose.party is not None:
            known = whose.is_among((await backend.told_of_breaches([breach_id])).get(breach_id, ()))
        if known and not whose.positions:
            raise refused(403, "fault.no_positions")
        try:
            document = await backend.explanation(breach_id) if known else None
        except NotExplained:
            raise refused(409, "fault.not_explained") from None
        if document is None:
            raise refused(404, "fault.no_breach")
        if not sees_secret_zones(session, backend.needs) and _is_secret(document):
            raise refused(403, "fault.secret")
        name = f'attachment; filename="{breach_id}.json"'
        headers = {"content-disposition": name, "cache-control": "no-store"}
        return Response(file_text(document), media_type="application/json", headers=headers)


def _is_secret(document: Mapping[str, Any]) -> bool:
    """Whether any condition of the orders in the file is."""
    return any(one.get("secret", False) for order in document["orders"] for one in order["conditions"])
