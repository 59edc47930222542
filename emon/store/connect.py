"""Connections: how one is made, what a fault of one is called, and a small pool of them.

Every connection talks UTC and answers ``timestamptz`` as ``int`` microseconds since 1970 UTC
(binary results only), so no ``datetime`` with a zone of its own ever reaches the engine.
"""

from __future__ import annotations

import asyncio
import logging
import re
import select
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8BinaryLoader

from emon import limits
from emon.store.errors import DatabaseUnavailable, DatabaseUrlWrong
from emon.store.packing import POSTGRES_EPOCH_US, register_packed

log = logging.getLogger("emon.store")

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Row = tuple[Any, ...]
Params = Sequence[object] | Mapping[str, object]

# Advisory locks of this schema, in one 32-bit class of their own ("emon" in ASCII).
LOCK_CLASS = 0x656D6F6E
LOCK_MIGRATE, LOCK_ENGINE, LOCK_ARM, LOCK_FEED, LOCK_AUDIT, LOCK_STAFF = 1, 2, 3, 4, 5, 6

_INSTANT = struct.Struct(">q")


class _InstantLoader(Loader):
    format = pq.Format.BINARY

    def load(self, data: Buffer) -> int:
        (since_2000_us,) = _INSTANT.unpack(data)
        return int(since_2000_us) + POSTGRES_EPOCH_US


def load_instants(adapters: AdaptersMap) -> None:
    """Let binary answers give ``timestamptz`` as microseconds since 1970 UTC."""
    adapters.register_loader("timestamptz", _InstantLoader)


def describe_url(url: str) -> str:
    """Where a connection string points, without its password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "a connection string that cannot be read"
    place = parts.get("host") or "the local socket"
    port = f" port {parts['port']}" if parts.get("port") else ""
    user = f" as {parts['user']}" if parts.get("user") else ""
    return f"database {parts.get('dbname') or parts.get('user') or '(default)'} at {place}{port}{user}"


_LIBPQ_ASKS = re.compile(r" ?Is the server running[^?]*\?")
"""What libpq asks of a person in a line of its own, which our sentence answers."""


def unavailable(url: str, fault: Exception) -> DatabaseUnavailable:
    """The fault in words a person can act on."""
    reason = _LIBPQ_ASKS.sub("", " ".join(str(fault).split())) or type(fault).__name__
    answered = "authentication failed" in reason or "does not exist" in reason
    remedy = "Set" if answered else "Start PostgreSQL 16 or later there, or set"
    return DatabaseUnavailable(
        f"tried {describe_url(url)}: {reason}. "
        f"{remedy} EMON_DATABASE_URL (postgresql://user:password@host:5432/emon)"
    )


@contextmanager
def as_store_faults(url: str) -> Iterator[None]:
    """Within it the driver's faults of connection and server become ``DatabaseUnavailable``."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as fault:
        raise unavailable(url, fault) from fault


async def connect(url: str, *, purpose: str, statement_timeout_s: int = 0) -> Connection:
    """One connection with autocommit. Raises ``DatabaseUnavailable``.

    A statement that takes longer than ``statement_timeout_s`` fails (0: none does). A server that
    no longer answers is given up after three keepalives.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as fault:
        raise DatabaseUrlWrong(
            f"EMON_DATABASE_URL cannot be read: {fault}. "
            "It looks like postgresql://user:password@host:5432/emon"
        ) from fault
    timeout = f"-c statement_timeout={statement_timeout_s * 1000}"
    # What the server compiles for a plan that it thinks dear takes longer than any of our statements runs.
    options = f"{parts.get('options') or ''} -c timezone=UTC -c jit=off {timeout}".strip()
    conninfo = make_conninfo(
        url,
        options=options,
        application_name=f"emon {purpose}",
        connect_timeout=parts.get("connect_timeout") or limits.DATABASE_CONNECT_TIMEOUT_S,
        keepalives_idle=limits.DATABASE_KEEPALIVE_S,
        keepalives_interval=limits.DATABASE_KEEPALIVE_S,
        keepalives_count=3,
        tcp_user_timeout=limits.DATABASE_KEEPALIVE_S * 3_000,
    )
    with as_store_faults(url):
        conn = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    load_instants(conn.adapters)
    register_packed(conn.adapters)
    return conn


async def connect_patiently(url: str, *, purpose: str, give_up_s: float) -> Connection:
    """As ``connect``, tried again with growing pauses until ``give_up_s`` seconds have passed.

    Each failure is logged with what was tried. Raises ``DatabaseUnavailable`` at the end, and at
    once for a connection string that cannot be read.
    """
    deadline = asyncio.get_running_loop().time() + give_up_s
    pause_s = limits.RECONNECT_PAUSE_FIRST_S
    while True:
        try:
            return await connect(url, purpose=purpose)
        except DatabaseUrlWrong:
            raise
        except DatabaseUnavailable as fault:
            left_s = deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                raise
            pause_s = min(pause_s, left_s)
            log.warning("database unavailable, trying again in %.1f s: %s", pause_s, fault)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, limits.RECONNECT_PAUSE_MAX_S)


async def fetch(conn: Connection, query: str, params: Params = ()) -> list[Row]:
    """All rows of one statement, in binary."""
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(query.encode(), params)
        return await cursor.fetchall()


async def fetch_since_2000(conn: Connection, query: str, params: Params = ()) -> list[Row]:
    """As ``fetch``, for thousands of rows: instants as the server has them, counted from
    ``packing.POSTGRES_EPOCH_US``. A call of our own loader for each is most of what such an answer takes."""
    async with conn.cursor(binary=True) as cursor:
        cursor.adapters.register_loader("timestamptz", Int8BinaryLoader)
        await cursor.execute(query.encode(), params)
        return await cursor.fetchall()


async def fetch_together(conn: Connection, asked: Sequence[tuple[str, Params]]) -> list[list[Row]]:
    """All rows of each of several statements, in binary, all of them in one round trip."""
    async with conn.pipeline():
        cursors = [conn.cursor(binary=True) for _ in asked]
        for cursor, (query, params) in zip(cursors, asked, strict=True):
            await cursor.execute(query.encode(), params)
    return [await cursor.fetchall() for cursor in cursors]


async def fetch_together_since_2000(conn: Connection, asked: Sequence[tuple[str, Params]]) -> list[list[Row]]:
    """As ``fetch_together``, with instants as ``fetch_since_2000`` has them."""
    async with conn.pipeline():
        cursors = [conn.cursor(binary=True) for _ in asked]
        for cursor, (query, params) in zip(cursors, asked, strict=True):
            cursor.adapters.register_loader("timestamptz", Int8BinaryLoader)
            await cursor.execute(query.encode(), params)
    return [await cursor.fetchall() for cursor in cursors]


async def fetch_one(conn: Connection, query: str, params: Params = ()) -> Row | None:
    """The first row, or None."""
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(query.encode(), params)
        return await cursor.fetchone()


async def execute(conn: Connection, query: str, params: Params = ()) -> None:
    """A statement whose answer nobody reads."""
    async with conn.cursor() as cursor:
        await cursor.execute(query.encode(), params)


def is_alive(conn: Connection) -> bool:
    """Whether an idle connection still stands, as far as the socket tells without asking the server.

    A server says nothing unasked to a connection that listens to no channel, except that it ends.
    """
    if conn.closed or conn.pgconn.status != pq.ConnStatus.OK:
        return False
    socket = select.poll()
    socket.register(conn.pgconn.socket, select.POLLIN)
    return not socket.poll(0)


class Pool:
    """A handful of connections for short reads and writes beside the engine's own.

    A connection that broke is thrown away together with the idle ones: after a restart of the
    server the next caller gets a fresh one.
    """

    def __init__(self, url: str, size: int = limits.DATABASE_POOL_SIZE) -> None:
        self.url = url
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(size)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection with autocommit. Raises ``DatabaseUnavailable``, also for what its body did."""
        async with self._places:
            conn = await self._take()
            try:
                with as_store_faults(self.url):
                    yield conn
            finally:
                await self._give_back(conn)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction that commits at the end."""
        async with self.connection() as conn, conn.transaction():
            yield conn

    async def _take(self) -> Connection:
        while self._idle:
            conn = self._idle.pop()
            if is_alive(conn):
                return conn
            await conn.close()
        return await connect(self.url, purpose="pool", statement_timeout_s=limits.STATEMENT_TIMEOUT_S)

    async def _give_back(self, conn: Connection) -> None:
        if is_alive(conn) and conn.info.transaction_status == pq.TransactionStatus.IDLE:
            self._idle.append(conn)
            return
        await conn.close()
        await self.close()

    async def close(self) -> None:
        """Close the idle connections; those in use close when they are given back broken."""
        while self._idle:
            await self._idle.pop().close()
