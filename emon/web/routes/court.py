"""The file of an alert for a court: as data, and as a page to read and print."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.court.document import court_text
from emon.court.page import court_page
from emon.court.who import NotForThem
from emon.court.words import LANGUAGES
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import refused
from emon.web.routes.alerts import ALERT_ID

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's style stands in it, for it is kept and printed by itself; nothing else may be loaded or run."""


class CourtRoutes:
    """``/api/v1/alerts/ID/file``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/alerts/{alert_id}/file", self.file, methods=["GET"])

    async def file(self, request: Request, alert_id: str) -> Response:
        """``as``: ``json`` (what ``emon verify --file`` reads) or ``html``; ``language``: ``nl`` or ``en``.

        For the parties that the alert was for or told to and the owner of the case, each as its need says.
        """
        session = await self._guard.session(request)
        form = request.query_params.get("as", "json")
        language = request.query_params.get("language", "nl")
        if form not in ("json", "html"):
            raise refused(400, "fault.as")
        if language not in LANGUAGES:
            raise refused(400, "fault.language", languages=", ".join(LANGUAGES))
        try:
            known = ALERT_ID.match(alert_id)
            now_us = self._services.now_us()
            document = (
                await self._services.backend.court_file(alert_id, session.party, now_us) if known else None
            )
        except NotForThem as fault:
            raise refused(403, "fault.said", fault=fault) from None
        if document is None:
            raise refused(404, "fault.no_alert")
        headers = {"cache-control": "no-store"}
        if form == "html":
            headers["content-security-policy"] = f"{_PAGE_POLICY}; frame-ancestors 'none'"
            return Response(court_page(document, language), media_type="text/html", headers=headers)
        headers["content-disposition"] = f'attachment; filename="alert-{alert_id}.json"'
        return Response(court_text(document), media_type="application/json", headers=headers)
