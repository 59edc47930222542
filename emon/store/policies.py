"""Policies as the database keeps them: each content once, and since when it has decided."""

from __future__ import annotations

import msgspec

from emon.store import connect as c

_KEEP = "INSERT INTO policy_version (version, content) VALUES (%s, %s) ON CONFLICT (version) DO NOTHING"
_USE = """
WITH before AS (SELECT policy_version AS version FROM engine_clock FOR UPDATE),
now AS (
    UPDATE engine_clock SET policy_version = %s FROM before
    WHERE before.version IS DISTINCT FROM %s RETURNING engine_clock.policy_version AS version
)
INSERT INTO policy_use (version, from_at) SELECT version, clock_timestamp() FROM now
"""
_SELECT_IN_FORCE = """
SELECT p.version, p.content, (SELECT max(from_at) FROM policy_use AS u WHERE u.version = p.version)
FROM engine_clock AS e JOIN policy_version AS p ON p.version = e.policy_version
"""
_SELECT_ONE = """
SELECT p.version, p.content, (SELECT max(from_at) FROM policy_use AS u WHERE u.version = p.version)
FROM policy_version AS p WHERE p.version = %s
"""
_SELECT_USES = "SELECT version, from_at FROM policy_use ORDER BY id DESC LIMIT %s"
_SELECT_OF_BREACH = """
SELECT p.content FROM alert AS a JOIN policy_version AS p ON p.version = a.policy_version
WHERE a.breach_id = %s GROUP BY p.version, p.content ORDER BY max(a.at) DESC, p.version
"""


class KeptPolicy(msgspec.Struct, frozen=True):
    """A policy's content (canonical JSON) and since when it was last in force."""

    version: str
    content: str
    from_us: int | None


class PolicyUse(msgspec.Struct, frozen=True):
    """From when on a version decided, until the next one did."""

    version: str
    from_us: int


class PolicyFile:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def use_policy(self, version: str, content: str) -> None:
        """Keep a policy and let it decide from now on: alerts that are stored from here on name it."""
        async with self._pool.transaction() as conn:
            await c.execute(conn, _KEEP, (version, content))
            await c.execute(conn, _USE, (version, version))

    async def policy_in_force(self) -> KeptPolicy | None:
        """The policy that decides now; None before a service ever started with one."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _SELECT_IN_FORCE)
        return None if row is None else KeptPolicy(*row)

    async def policy_version(self, version: str) -> KeptPolicy | None:
        """One of the policies that ever decided, or None."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _SELECT_ONE, (version,))
        return None if row is None else KeptPolicy(*row)

    async def policy_uses(self, limit: int) -> list[PolicyUse]:
        """Which policy decided since when, newest first."""
        async with self._pool.connection() as conn:
            return [PolicyUse(*row) for row in await c.fetch(conn, _SELECT_USES, (limit,))]


async def policies_of_breach(conn: c.Connection, breach_id: str) -> list[str]:
    """The contents of the policies that decided a breach's alerts, the newest first."""
    return [row[0] for row in await c.fetch(conn, _SELECT_OF_BREACH, (breach_id,))]
