"""Real PostgreSQL servers for the tests: one a version and session, a fresh database for each test.

``database`` is the URL of a migrated, empty database on the embedded PostgreSQL 18; ``store`` is
open on it, ``claimed_store`` an engine's. ``any_database`` and ``any_store`` run a test on PostgreSQL
16, 17 and 18. The servers skip ``fsync``: no test here cuts the power. For the same reason they keep
their files in memory where the machine has the room: copying a database is mostly the making of 600 files,
which takes 25 ms there and 150 to 250 ms on a disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from emon.demo.database import DATABASE, USER, EmbeddedDatabase, wheel_bin_dir
from emon.store.migrate import migrate
from emon.store.store import Store

VERSIONS = (16, 17, 18)
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "scram_iterations": "1",  # of the passwords that are set: a connection costs half, and hundreds are made
}
TEMPLATE = "emon_template"
MEMORY = Path("/dev/shm")
MEMORY_FREE_MIN_BYTES = 4 << 30  # a worker's three servers take some hundred megabytes
FOLDER_PREFIX = "emon-tests-postgres-"
LEFT_OVER_S = 60  # a folder is locked the moment after it is made; a young one may be between the two
_numbers = itertools.count(1)


class PostgresServers:
    """The session's servers by major version, each started when first asked for."""

    def __init__(self, postgres_17: Path, folder: Path) -> None:
        self._postgres_17 = postgres_17
        self._folder = folder
        self._running: dict[int, EmbeddedDatabase] = {}
        self._owners: dict[str, psycopg.Connection] = {}
        # In memory the files themselves are copied soonest, on a disk what the log says of them.
        self._strategy = "FILE_COPY" if folder.is_relative_to(MEMORY) else "WAL_LOG"

    def bin_dir(self, major: int) -> Path:
        return self._postgres_17 / "bin" if major == 17 else wheel_bin_dir(major)

    def server(self, major: int) -> EmbeddedDatabase:
        if major not in self._running:
            server = EmbeddedDatabase(
                self._folder / str(major), bin_dir=self.bin_dir(major), settings=SETTINGS
            )
            asyncio.run(self._start(server))
            self._running[major] = server
        return self._running[major]

    async def _start(self, server: EmbeddedDatabase) -> None:
        await server.start()
        try:
            async with await psycopg.AsyncConnection.connect(server.uri, autocommit=True) as conn:
                await conn.execute(f"CREATE DATABASE {TEMPLATE}".encode())
                password = (server.data_dir / "password").read_text().strip()
                await conn.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(USER), password)
                )
            await migrate(server.uri_of(TEMPLATE))
            await self._thin_out(server.uri_of(TEMPLATE))
        except BaseException:
            await server.stop()
            raise

    async def _thin_out(self, url: str) -> None:
        """Copying 46 partitions for each test takes half a second; the days around today will do."""
        query = """
            SELECT format('DROP TABLE %I', relname) FROM pg_class
            WHERE relname ~ '^fix_[0-9]{8}$'
              AND abs(to_date(substr(relname, 5), 'YYYYMMDD') - current_date) > 1
        """
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            for (statement,) in await (await conn.execute(query)).fetchall():
                await conn.execute(statement.encode())

    def create(self, major: int, template: str) -> str:
        """A new database's URL."""
        server = self.server(major)
        name = f"test_{next(_numbers)}"
        statement = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {self._strategy}"
        self._owner(server.uri).execute(statement.encode())
        return server.uri_of(name)

    def drop(self, url: str) -> None:
        major_url, _, name = url.rpartition("/")
        statement = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        self._owner(f"{major_url}/{DATABASE}").execute(statement.encode())

    def _owner(self, uri: str) -> psycopg.Connection:
        """The server's own connection, kept: one for each test would cost it half of a database."""
        if uri not in self._owners:
            self._owners[uri] = psycopg.connect(uri, autocommit=True)
        return self._owners[uri]

    def stop(self) -> None:
        for owner in self._owners.values():
            owner.close()
        for server in self._running.values():
            asyncio.run(server.stop(in_order=False))


def roomy_memory() -> Path | None:
    """The folder that is kept in memory; None where there is none, or little room in it or in memory."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    lines = Path("/proc/meminfo").read_text().splitlines()
    (available_kib,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    room_bytes = min(shutil.disk_usage(MEMORY).free, int(available_kib) << 10)
    return MEMORY if room_bytes >= MEMORY_FREE_MIN_BYTES else None


def remove_left_over(memory: Path) -> None:
    """What killed runs left there, which nothing else would free. A run's folder is locked while it lives."""
    for folder in memory.glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, held, or another user's
            if time.time() - folder.stat().st_mtime < LEFT_OVER_S:
                continue
            held = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


@pytest.fixture(scope="session")
def postgres_servers(repository: Path) -> Iterator[PostgresServers]:
    """In memory or in a folder of the system's temporary one: sockets want short paths, and root's own
    homes stay closed."""
    memory = roomy_memory()
    if memory is not None:
        remove_left_over(memory)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=memory))
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    servers = PostgresServers(repository / ".cache" / "postgres-17", folder)
    yield servers
    servers.stop()
    shutil.rmtree(folder)
    os.close(held)


@pytest.fixture
def database(postgres_servers: PostgresServers) -> Iterator[str]:
    """The URL of a migrated, empty database on PostgreSQL 18."""
    url = postgres_servers.create(18, TEMPLATE)
    yield url
    postgres_servers.drop(url)


@pytest.fixture(params=VERSIONS, ids=lambda major: f"pg{major}")
def any_database(request: pytest.FixtureRequest, postgres_servers: PostgresServers) -> Iterator[str]:
    """As ``database``, on every supported version."""
    url = postgres_servers.create(request.param, TEMPLATE)
    yield url
    postgres_servers.drop(url)


@pytest.fixture(params=VERSIONS, ids=lambda major: f"pg{major}")
def bare_database(request: pytest.FixtureRequest, postgres_servers: PostgresServers) -> Iterator[str]:
    """An empty database without any schema, on every supported version."""
    url = postgres_servers.create(request.param, "template0")
    yield url
    postgres_servers.drop(url)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """An open store on PostgreSQL 18; no engine has claimed it."""
    opened = await Store.open(database)
    yield opened
    await opened.close()


@pytest.fixture
async def claimed_store(store: Store) -> Store:
    """``store``, claimed for the engine."""
    await store.claim_engine()
    return store


@pytest.fixture
async def any_store(any_database: str) -> AsyncIterator[Store]:
    """An open store on every supported version, claimed for the engine."""
    opened = await Store.open(any_database)
    await opened.claim_engine()
    yield opened
    await opened.close()
