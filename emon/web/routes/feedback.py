"""What people closed alerts with, as a report: precision, load, and whoever and whatever is noisy."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.feedback.report import report
from emon.feedback.written import report_members
from emon.limits import FEEDBACK_DAYS_DEFAULT, FEEDBACK_DAYS_MAX
from emon.model.vocabulary import Party
from emon.store.feedback_rows import TooMuchAsked
from emon.web.asked_span import asked_span
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused


class FeedbackRoutes:
    """``/api/v1/feedback``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/feedback", self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """The report of ``[from, to)`` (docs/feedback.md), for staff of the monitoring centre alone: it
        holds who is on duty, and the orders of everybody."""
        session = await self._guard.session(request)
        if session.party != Party.MELDKAMER_EM:
            raise refused(403, "fault.report", party=Party.MELDKAMER_EM)
        from_us, to_us = asked_span(
            request, self._services.now_us(), days_default=FEEDBACK_DAYS_DEFAULT, days_max=FEEDBACK_DAYS_MAX
        )
        try:
            filed = await self._services.backend.feedback_rows(from_us, to_us)
        except TooMuchAsked as fault:
            raise refused(422, "fault.report_large", fault=fault) from None
        # A year takes seconds to reckon, in which the page goes on.
        return Json(report_members(await asyncio.to_thread(report, filed)))
