"""Who is asking: the session behind a request."""

from __future__ import annotations

from starlette.requests import Request

from emon.web.http import refused
from emon.web.sessions import COOKIE, Session, Sessions


class Guard:
    """Asks for a session. Raises ``Refused`` (401) where there is none."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def session(self, request: Request) -> Session:
        """The session of the request's cookie."""
        session = await self._sessions.read(request.cookies.get(COOKIE))
        if session is None:
            raise refused(401, "log in first")
        return session

    async def is_signed_in(self, request: Request) -> bool:
        """Whether the session of the request still holds; asked again while a stream is open."""
        return await self._sessions.read(request.cookies.get(COOKIE)) is not None
