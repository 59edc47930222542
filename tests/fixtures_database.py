"""Real PostgreSQL servers for the tests: one a version and session, a fresh database for each test.

``database`` is the URL of a migrated, empty database on the embedded PostgreSQL 18; ``store`` is
open on it, ``claimed_store`` an engine's. ``any_database`` and ``any_store`` run a test on PostgreSQL
16, 17 and 18. The servers
skip ``fsync``: no test here cuts the power.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from emon.demo.database import EmbeddedDatabase, wheel_bin_dir
from emon.store.migrate import migrate
from emon.store.store import Store

VERSIONS = (16, 17, 18)
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "100"}
TEMPLATE = "emon_template"
_numbers = itertools.count(1)


class PostgresServers:
    """The session's servers by major version, each started when first asked for."""

    def __init__(self, postgres_17: Path, folder: Path) -> None:
        self._postgres_17 = postgres_17
        self._folder = folder
        self._running: dict[int, EmbeddedDatabase] = {}

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
        with psycopg.connect(server.uri, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG".encode())
        return server.uri_of(name)

    def drop(self, url: str) -> None:
        major_url, _, name = url.rpartition("/")
        with psycopg.connect(f"{major_url}/emon", autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def stop(self) -> None:
        for server in self._running.values():
            asyncio.run(server.stop(in_order=False))


@pytest.fixture(scope="session")
def postgres_servers(repository: Path) -> Iterator[PostgresServers]:
    """In a folder of the system's temporary one: sockets want short paths, and root's own homes
    stay closed."""
    folder = Path(tempfile.mkdtemp(prefix="emon-test-pg-"))
    servers = PostgresServers(repository / ".cache" / "postgres-17", folder)
    yield servers
    servers.stop()
    shutil.rmtree(folder)


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
