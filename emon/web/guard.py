"""Who is asking: the session behind a request."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from emon.alerts.need import DEFAULT_NEEDS, Need, need_of
from emon.model.vocabulary import SEES_NO_WEARERS
from emon.web.http import refused
from emon.web.sessions import COOKIE, Session, Sessions


class Guard:
    """Asks for a session. Raises ``Refused``: 401 where there is none, 403 where the person's party may
    not see wearers, as after an account was given to another."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def session(self, request: Request) -> Session:
        """The session of the request's cookie."""
        session = await self._sessions.read(request.cookies.get(COOKIE))
        if session is None:
            raise refused(401, "fault.log_in")
        check_party(session.party)
        return session

    async def is_signed_in(self, request: Request, party: str) -> bool:
        """Whether the session of the request still holds, for somebody of this party; asked again while a
        stream is open."""
        session = await self._sessions.read(request.cookies.get(COOKIE))
        return session is not None and session.party == party and party not in SEES_NO_WEARERS


def check_party(party: str) -> None:
    """Raises ``Refused`` (403) where somebody of the party may not see where wearers are."""
    if party in SEES_NO_WEARERS:
        raise refused(403, "fault.party", party=party)


def sees_secret_zones(session: Session, needs: Sequence[Need] = DEFAULT_NEEDS) -> bool:
    """Whether the person may see where a secret zone lies: by the policy's needs, as in messages."""
    return need_of(session.party, needs).secret_zones
