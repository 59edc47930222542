"""Passwords: argon2id hashes, checked off the event loop and a few at a time."""

from __future__ import annotations

import asyncio
import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from emon.limits import LOGIN_HASHES_AT_ONCE, LOGIN_QUEUE_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN

_HASHER = PasswordHasher()  # argon2id with the library's defaults, RFC 9106's second recommendation

_ALPHABET = "abcdefghijkmnopqrstuvwxyz23456789"  # no l, 0, 1: it is read from a screen and typed
_GROUPS, _GROUP_CHARS = 5, 5  # 25 characters of 33: 126 bits


class PasswordUnfit(ValueError):
    """The password cannot be used; the text says why."""


class TooBusy(Exception):
    """More log-ins wait than are worth keeping."""


def generate_password() -> str:
    """A random password that can be read aloud: five groups of five."""
    groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS)]
    return "-".join(groups)


def hash_password(password: str) -> str:
    """The argon2id hash to store. Raises ``PasswordUnfit`` when it is too short or too long."""
    if len(password) < PASSWORD_CHARS_MIN:
        raise PasswordUnfit(
            f"the password has {len(password)} characters, at least {PASSWORD_CHARS_MIN} are needed"
        )
    if len(password) > PASSWORD_CHARS_MAX:
        raise PasswordUnfit(f"the password has more than {PASSWORD_CHARS_MAX} characters")
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password is the one behind the hash; takes some 50 ms and 64 MiB."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobodys_hash() -> str:
    """Of a password that nobody knows, one a process."""
    return _HASHER.hash(secrets.token_hex(16))


class PasswordChecker:
    """Checks passwords in threads, a few at once; a name nobody has costs as much as a real one."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(LOGIN_HASHES_AT_ONCE)
        self._waiting = 0
        self._nobody = _nobodys_hash()  # now, so that the first such name takes no longer than later ones

    async def check(self, password_hash: str | None, password: str) -> bool:
        """False for None too, after the same work. Raises ``TooBusy``."""
        if self._waiting >= LOGIN_QUEUE_MAX:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._turns:
                found = await asyncio.to_thread(matches, password_hash or self._nobody, password)
        finally:
            self._waiting -= 1
        return found and password_hash is not None
