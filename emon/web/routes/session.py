"""Logging in and out."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.limits import (
    LOGIN_BYTES_MAX,
    LOGIN_TRIES_FREE,
    LOGIN_TRIES_FREE_ADDRESS,
    PASSWORD_CHARS_MAX,
    PERSON_CHARS_MAX,
    SESSION_HOURS,
)
from emon.model.instant import format_instant
from emon.web.backend import Services
from emon.web.guard import Guard, check_party
from emon.web.http import Json, read_json, refused
from emon.web.passwords import PasswordChecker, TooBusy
from emon.web.sessions import COOKIE, Session, Sessions
from emon.web.throttle import Throttle


class _Login(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str


class SessionRoutes:
    """POST, GET and DELETE ``/api/v1/session``."""

    def __init__(self, services: Services, sessions: Sessions, guard: Guard) -> None:
        self._services = services
        self._sessions = sessions
        self._guard = guard
        self._checker = PasswordChecker()
        self._by_name = Throttle(LOGIN_TRIES_FREE)
        self._by_address = Throttle(LOGIN_TRIES_FREE_ADDRESS)
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/session", self.begin, methods=["POST"])
        self.router.add_api_route("/api/v1/session", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/session", self.end, methods=["DELETE"])

    async def begin(self, request: Request) -> Response:
        """Check name and password; the answer sets the session's cookie."""
        login = await read_json(request, _Login, LOGIN_BYTES_MAX)
        if not login.name or len(login.name) > PERSON_CHARS_MAX or len(login.password) > PASSWORD_CHARS_MAX:
            raise refused(400, "fault.login_size")
        address = request.client.host if request.client else ""
        name_key, now_us = f"{address} {login.name}", self._services.now_us()
        wait_s = max(self._by_name.wait_s(name_key, now_us), self._by_address.wait_s(address, now_us))
        if wait_s > 0:
            raise refused(429, "fault.login_wait", retry_after=str(wait_s), seconds=wait_s)
        user = await self._services.backend.user(login.name)
        known_hash = None if user is None or user.disabled_at_us is not None else user.password_hash
        try:
            is_right = await self._checker.check(known_hash, login.password)
        except TooBusy:
            raise refused(503, "fault.login_busy", retry_after="2") from None
        if user is None or not is_right:
            self._by_name.failed(name_key, now_us)
            self._by_address.failed(address, now_us)
            await self._record(login.name, None if user is None else user.role, "refused", address)
            raise refused(401, "fault.login_wrong")
        self._by_name.succeeded(name_key)
        self._by_address.succeeded(address)
        check_party(user.role)  # after the password, so that no stranger learns whose account it is
        cookie, session = self._sessions.begin(user)
        await self._record(user.name, user.role, "login", address)
        answer = Json(_session_json(session))
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=SESSION_HOURS * 3_600,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._services.secure_cookie,
        )
        return answer

    async def show(self, request: Request) -> Response:
        """Who is logged in."""
        return Json(_session_json(await self._guard.session(request)))

    async def end(self, request: Request) -> Response:
        """Log out; without a session nothing happens."""
        session = await self._sessions.read(request.cookies.get(COOKIE))
        if session is not None:
            self._sessions.end(session)
            address = request.client.host if request.client else ""
            await self._record(session.name, session.party, "logout", address)
        answer = Response(status_code=204)
        answer.delete_cookie(
            COOKIE, path="/", httponly=True, samesite="strict", secure=self._services.secure_cookie
        )
        return answer

    async def _record(self, name: str, party: str | None, deed: str, address: str) -> None:
        """For the audit trail: who came in, who went, who was turned away."""
        await self._services.backend.record_login(name, party, deed, address, self._services.now_us())


def _session_json(session: Session) -> dict[str, str]:
    return {"name": session.name, "party": session.party, "until": format_instant(session.until_us)}
