"""Sessions: a signed cookie that says who logged in and until when.

The cookie is ``name.until_us.nonce.signature``, the name in base64. Its key is made of the service's
own secret and the person's password hash, so that it outlives a restart of the service, while a new
password or a disabled person ends every session at once (at most ``USER_CACHE_S`` later). Logging
out revokes the nonce until the session would have ended; after a restart that memory is gone, and
what still holds is the end of the session itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from emon.limits import SESSION_HOURS, USER_CACHE_S
from emon.model.instant import HOUR_US, SECOND_US
from emon.store.users import User

COOKIE = "emon_session"
_COOKIE_CHARS_MAX = 1_024


@dataclass(frozen=True)
class Session:
    """Somebody who is logged in. ``party`` is the body the person works for."""

    name: str
    party: str
    until_us: int
    nonce: str


class Sessions:
    """Makes and reads session cookies. ``find`` reads a user from the store."""

    def __init__(
        self,
        secret: bytes,
        find: Callable[[str], Awaitable[User | None]],
        now_us: Callable[[], int],
    ) -> None:
        if len(secret) < 32:
            raise ValueError("the cookie secret has fewer than 32 bytes")
        self._secret = secret
        self._find = find
        self._now_us = now_us
        self._known: dict[str, tuple[int, User | None]] = {}
        self._revoked: dict[str, int] = {}

    def begin(self, user: User) -> tuple[str, Session]:
        """A new session's cookie value and what it says."""
        until_us = self._now_us() + SESSION_HOURS * HOUR_US
        session = Session(user.name, user.role, until_us, secrets.token_urlsafe(16))
        self._known[user.name] = (self._now_us(), user)
        return f"{_body(session)}.{self._signature(session, user)}", session

    async def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie, or None when it is none of ours, over, revoked or its person
        is disabled. May raise ``DatabaseUnavailable``."""
        parts = cookie.split(".") if cookie and len(cookie) <= _COOKIE_CHARS_MAX else []
        if len(parts) != 4 or not (parts[1].isascii() and parts[1].isdigit()):
            return None
        name, until_us, nonce, signature = _name(parts[0]), int(parts[1]), parts[2], parts[3]
        if name is None or until_us <= self._now_us() or nonce in self._revoked:
            return None
        user = await self._user(name)
        if user is None or user.disabled_at_us is not None:
            return None
        session = Session(name, user.role, until_us, nonce)
        given = signature.encode()
        return session if hmac.compare_digest(self._signature(session, user).encode(), given) else None

    def end(self, session: Session) -> None:
        """Log out: the cookie is worth nothing from now on."""
        now_us = self._now_us()
        self._revoked = {nonce: until for nonce, until in self._revoked.items() if until > now_us}
        self._revoked[session.nonce] = session.until_us

    async def _user(self, name: str) -> User | None:
        now_us = self._now_us()
        read_at_us, user = self._known.get(name, (0, None))
        if now_us - read_at_us < USER_CACHE_S * SECOND_US:
            return user
        user = await self._find(name)
        if user is None:
            self._known.pop(name, None)  # names that nobody has must not fill the memory
        else:
            self._known[name] = (now_us, user)
        return user

    def _signature(self, session: Session, user: User) -> str:
        key = hmac.digest(self._secret, b"emon session 1\0" + user.password_hash.encode(), "sha256")
        signed = hmac.digest(key, _body(session).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _body(session: Session) -> str:
    name = base64.urlsafe_b64encode(session.name.encode()).decode().rstrip("=")
    return f"{name}.{session.until_us}.{session.nonce}"


def _name(encoded: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
