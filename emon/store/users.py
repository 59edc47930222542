"""Accounts of the page."""

from __future__ import annotations

import msgspec
import psycopg

from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store.errors import UserExists
from emon.store.rows import storable

_INSERT_LOGIN = """
INSERT INTO staff_login (name, party, deed, address, happened_at) VALUES (%s, %s, %s, %s, %s)
"""


class User(msgspec.Struct, frozen=True):
    """``password_hash`` is argon2's own string; ``role`` is the page's word."""

    name: str
    password_hash: str
    role: str
    created_at_us: int
    disabled_at_us: int | None


class UserAccounts:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def create_user(self, name: str, password_hash: str, role: str) -> None:
        """Raises ``UserExists`` when the name is taken."""
        async with self._pool.connection() as conn:
            try:
                await c.execute(
                    conn,
                    "INSERT INTO app_user (name, password_hash, role) VALUES (%s, %s, %s)",
                    (name, password_hash, role),
                )
            except psycopg.errors.UniqueViolation:
                raise UserExists(f"there is a user {name!r} already") from None

    async def set_password(self, name: str, password_hash: str) -> bool:
        """Whether there is such a user."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(
                conn,
                "UPDATE app_user SET password_hash = %s WHERE name = %s RETURNING name",
                (password_hash, name),
            )
        return row is not None

    async def user(self, name: str) -> User | None:
        """The account, also a disabled one; None when there is none."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(
                conn,
                "SELECT name, password_hash, role, created_at, disabled_at FROM app_user WHERE name = %s",
                (name,),
            )
        return None if row is None else User(*row)

    async def record_login(self, name: str, party: str | None, deed: str, address: str, at_us: int) -> None:
        """Keep that somebody came in (``login``), went (``logout``) or was turned away (``refused``)."""
        params = (storable(name), party, deed, storable(address), to_datetime(at_us))
        async with self._pool.connection() as conn:
            await c.execute(conn, _INSERT_LOGIN, params)
