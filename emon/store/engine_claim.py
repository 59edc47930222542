"""The engine's own connection: one engine a database, and how a second is kept out.

Theory of operation. The engine's batches run on one connection, and that connection holds the
engine's advisory lock as long as it lives: when it breaks, the lock and the batch are gone
together, and no second connection has to be watched. A claim also raises ``engine_epoch``, which
every write compares. So after a break the engine may go on only if nobody claimed the database in
between; otherwise what it holds in memory is out of date and it is fenced off.

The lock belongs to a session of the server: connect directly, or through a pooler in session mode.
"""

from __future__ import annotations

import asyncio
from typing import cast

import psycopg

from emon import limits
from emon.store import connect as c
from emon.store.errors import DatabaseUnavailable, EngineClaimed, EngineFenced, EngineNotClaimed
from emon.store.flight import Call, fly, prepare
from emon.store.fresh import READ_FRESH
from emon.store.quick_sql import BY_INDEX, PLAN_EACH, PREPARED

_TRY_LOCK = "SELECT pg_try_advisory_lock(%s::integer, %s::integer)"
_HOLDER = """
SELECT a.pid, coalesce(host(a.client_addr), 'local socket'), a.backend_start
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = %s::bigint::oid AND l.objid = %s::bigint::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_RAISE_EPOCH = "UPDATE engine_clock SET engine_epoch = engine_epoch + 1 RETURNING engine_epoch"
_LOCK = (c.LOCK_CLASS, c.LOCK_ENGINE)


class EngineClaim:
    """The claim of this process, made once; its connection is renewed when it broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: c.Connection | None = None
        self.epoch: int | None = None
        self.in_use = asyncio.Lock()
        """Held during a batch: the connection carries one transaction at a time."""

    async def claim(self) -> int:
        """Claim the database and return the new epoch.

        Waits ``limits.ENGINE_CLAIM_WAIT_S`` for a killed engine's lock to go. Raises
        ``EngineClaimed`` when a living one has it.
        """
        conn = await c.connect(self._url, purpose="engine", statement_timeout_s=limits.STATEMENT_TIMEOUT_S)
        try:
            with c.as_store_faults(self._url):
                await _lock_within(conn, limits.ENGINE_CLAIM_WAIT_S)
                await _made_ready(conn)
                row = cast("c.Row", await c.fetch_one(conn, _RAISE_EPOCH))
        except BaseException:
            await conn.close()
            raise
        self._conn, self.epoch = conn, int(row[0])
        return self.epoch

    async def connection(self) -> c.Connection:
        """The claiming connection, renewed if it broke.

        Raises ``EngineNotClaimed``, ``EngineFenced`` when another engine claimed the database in
        the meantime, ``DatabaseUnavailable`` while the server is away or still holds the lock for
        the broken connection.
        """
        if self.epoch is None:
            raise EngineNotClaimed("call claim_engine() before the first batch")
        if self._conn is not None and c.is_alive(self._conn):
            return self._conn
        await self.drop()
        conn = await c.connect(self._url, purpose="engine", statement_timeout_s=limits.STATEMENT_TIMEOUT_S)
        try:
            with c.as_store_faults(self._url):
                locked = cast("c.Row", await c.fetch_one(conn, _TRY_LOCK, _LOCK))
                row = cast("c.Row", await c.fetch_one(conn, "SELECT engine_epoch FROM engine_clock"))
                await _made_ready(conn)
            if row[0] != self.epoch:
                raise EngineFenced(
                    "another engine claimed this database while ours was cut off: this one must stop"
                )
            if not locked[0]:
                raise DatabaseUnavailable(
                    "the server still holds the engine's lock for the connection that broke; "
                    "it lets go when it notices"
                )
        except BaseException:
            await conn.close()
            raise
        self._conn = conn
        return conn

    async def drop(self) -> None:
        """Close the connection; the next batch makes a new one. The epoch stays ours."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()


async def _made_ready(conn: c.Connection) -> None:
    await prepare(conn, (*PREPARED, READ_FRESH))
    await fly(conn, [Call(PLAN_EACH), Call(BY_INDEX)])


async def _lock_within(conn: c.Connection, wait_s: float) -> None:
    await c.execute(conn, f"SET lock_timeout = '{int(wait_s * 1000)}ms'")
    try:
        await c.execute(conn, "SELECT pg_advisory_lock(%s::integer, %s::integer)", _LOCK)
    except psycopg.errors.LockNotAvailable:
        holder = await c.fetch_one(conn, _HOLDER, _LOCK)
        who = f" (server process {holder[0]}, from {holder[1]})" if holder else ""
        raise EngineClaimed(
            f"another engine is running on this database{who}: stop it first; two would judge the same fixes"
        ) from None
    await c.execute(conn, "RESET lock_timeout")
