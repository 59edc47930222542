"""The web application: the API, the live feed and the static page behind one gate."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from emon.store.errors import DatabaseUnavailable
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Gate, Json, Refused, refusal, refused
from emon.web.routes.alerts import AlertRoutes
from emon.web.routes.blind import BlindRoutes
from emon.web.routes.breaches import BreachRoutes
from emon.web.routes.closing import ClosingRoutes
from emon.web.routes.court import CourtRoutes
from emon.web.routes.devices import DeviceRoutes
from emon.web.routes.feedback import FeedbackRoutes
from emon.web.routes.incidents import IncidentRoutes
from emon.web.routes.links import LinkRoutes
from emon.web.routes.live import LiveRoutes
from emon.web.routes.orders import OrderRoutes
from emon.web.routes.policy import PolicyRoutes
from emon.web.routes.protected import ProtectedRoutes
from emon.web.routes.session import SessionRoutes
from emon.web.routes.suspensions import SuspensionRoutes
from emon.web.sessions import Sessions
from emon.web.sheets import SheetRoutes

STATIC = Path(__file__).parent / "static"


class _Page(StaticFiles):
    """The page's files. A browser asks each time whether its copy is still the newest."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = "no-cache"
        return answer


def create_app(services: Services) -> FastAPI:
    """The application over its services. ``LiveFeed.run`` is the caller's to run and to close.

    FastAPI's own documentation pages are off: they load scripts from elsewhere.
    """
    app = FastAPI(title="emon", docs_url=None, redoc_url=None, openapi_url=None)
    sessions = Sessions(services.cookie_secret, services.backend.user, services.now_us)
    guard = Guard(sessions)
    app.include_router(SessionRoutes(services, sessions, guard).router)
    app.include_router(AlertRoutes(services, guard).router)
    app.include_router(ClosingRoutes(services, guard).router)
    app.include_router(CourtRoutes(services, guard).router)
    app.include_router(BreachRoutes(services, guard).router)
    app.include_router(OrderRoutes(services, guard).router)
    app.include_router(BlindRoutes(services, guard).router)
    app.include_router(DeviceRoutes(services, guard).router)
    app.include_router(PolicyRoutes(services, guard).router)
    app.include_router(FeedbackRoutes(services, guard).router)
    app.include_router(IncidentRoutes(services, guard).router)
    app.include_router(LinkRoutes(services).router)
    app.include_router(SuspensionRoutes(services, guard).router)
    app.include_router(ProtectedRoutes(services, guard).router)
    app.include_router(LiveRoutes(services, guard).router)
    app.include_router(SheetRoutes().router)
    app.mount("/", _Page(directory=STATIC), name="page")
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(DatabaseUnavailable, _on_database_lost)
    app.add_middleware(Gate, allowed_hosts=services.allowed_hosts)
    return app


async def _on_refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Refused)
    return refusal(request, fault)


async def _on_http_exception(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    return Json({"error": str(fault.detail)}, fault.status_code, fault.headers)


async def _on_database_lost(request: Request, fault: Exception) -> Response:
    """The reason stays in the log: it may name a host."""
    return refusal(request, refused(503, "fault.database", retry_after="2"))
