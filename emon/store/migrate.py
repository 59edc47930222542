"""Bring a database to this code's schema: numbered forward migrations, each applied once.

The applied ones stand in ``schema_migration`` with the checksum of their file. One runs at a time
(advisory lock), each in a transaction of its own, so that a failed one leaves the schema of the
one before. Running again does nothing and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from importlib import resources
from typing import cast

import msgspec
import psycopg

from emon import limits
from emon.store import connect as c
from emon.store.errors import MigrationRefused, SchemaAltered, SchemaNewer, SchemaOutdated


class Storage(StrEnum):
    """How fixes are stored: the two forms of migration 0003."""

    NATIVE = "native"
    HYPERTABLE = "hypertable"


class Migration(msgspec.Struct, frozen=True):
    """One numbered step. ``storage`` is None when it is the same for both."""

    number: int
    name: str
    storage: Storage | None
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(msgspec.Struct, frozen=True):
    """A row of ``schema_migration``."""

    number: int
    name: str
    checksum: str


_CREATE_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
_SELECT_HISTORY = "SELECT number, name, checksum FROM schema_migration ORDER BY number"
_HISTORY_EXISTS = "SELECT to_regclass('schema_migration') IS NOT NULL"
_SELECT_OFFER = """
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb'),
       coalesce(current_setting('shared_preload_libraries', true), '')
"""


def migrations() -> tuple[Migration, ...]:
    """All migrations of this code, by number and form."""
    found: list[Migration] = []
    for entry in (resources.files("emon.store") / "migrations").iterdir():
        stem, dot, suffix = entry.name.rpartition(".")
        if not dot or suffix != "sql":
            continue
        base, _, form = stem.partition(".")
        number, _, name = base.partition("_")
        storage = Storage(form) if form else None
        found.append(Migration(int(number), name, storage, entry.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda step: (step.number, step.storage or "")))


def choose_storage(*, extension_available: bool, preload_libraries: str) -> Storage:
    """What a server's offer leads to: a hypertable needs the extension installed and preloaded.

    ``preload_libraries`` is the server's ``shared_preload_libraries``; an extension that is not
    among them cannot be created, so such a server gets daily partitions.
    """
    loaded = {library.strip().strip('"') for library in preload_libraries.split(",")}
    if extension_available and "timescaledb" in loaded:
        return Storage.HYPERTABLE
    return Storage.NATIVE


def plan(
    steps: tuple[Migration, ...], applied: tuple[Applied, ...], storage: Storage
) -> tuple[Migration, ...]:
    """What remains to be applied.

    ``storage`` counts only for steps not yet applied: the form a database once got stays.

    Raises ``SchemaNewer`` for a number this code does not know, ``SchemaAltered`` when a file no
    longer is what was applied.
    """
    known = {step.number for step in steps}
    for row in applied:
        if row.number not in known:
            raise SchemaNewer(
                f"the database has migration {row.number:04d} ({row.name}), this code ends at "
                f"{max(known):04d}: it was migrated by a newer release; use that one"
            )
        forms = [step for step in steps if step.number == row.number]
        if all(step.checksum != row.checksum for step in forms):
            raise SchemaAltered(
                f"migration {row.number:04d} ({row.name}) was applied with another content than "
                "this code's file; applied migrations never change"
            )
    done = {row.number for row in applied}
    return tuple(step for step in steps if step.number not in done and step.storage in (None, storage))


async def applied_migrations(conn: c.Connection) -> tuple[Applied, ...]:
    """What this database has had; empty for a new one."""
    exists = await c.fetch_one(conn, _HISTORY_EXISTS)
    if not (exists and exists[0]):
        return ()
    return tuple(Applied(*row) for row in await c.fetch(conn, _SELECT_HISTORY))


async def check_schema(conn: c.Connection) -> None:
    """Raises ``SchemaOutdated``, ``SchemaNewer`` or ``SchemaAltered`` unless the schema fits."""
    missing = plan(migrations(), await applied_migrations(conn), Storage.NATIVE)
    if missing:
        names = ", ".join(f"{step.number:04d} {step.name}" for step in missing)
        raise SchemaOutdated(f"the database lacks {names}: run `emon migrate`")


async def offered_storage(conn: c.Connection) -> Storage:
    """What the server would give a new database."""
    row = cast("c.Row", await c.fetch_one(conn, _SELECT_OFFER))
    return choose_storage(extension_available=bool(row[0]), preload_libraries=str(row[1]))


async def current_storage(conn: c.Connection) -> Storage:
    """How this database stores its fixes."""
    row = await c.fetch_one(conn, "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('fix')")
    return Storage.NATIVE if row and row[0] else Storage.HYPERTABLE


async def ensure_partitions(conn: c.Connection, from_day: date, to_day: date) -> int:
    """Make the missing daily partitions of [from_day, to_day); returns how many it made.

    Waits for a batch under way and holds the next off, as arming does: a batch never meets a
    partition that changes under it.
    """
    async with conn.transaction():
        await c.execute(conn, "SET LOCAL statement_timeout = 0")  # rows may have to move
        await c.execute(
            conn, "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)", (c.LOCK_CLASS, c.LOCK_ARM)
        )
        row = await c.fetch_one(conn, "SELECT ensure_partitions(%s, %s)", (from_day, to_day))
    return int(row[0]) if row else 0


async def ensure_partitions_around(conn: c.Connection, days_ahead: int) -> int:
    """Those of the days around today that fixes may fall on: a stored backlog, and what comes."""
    row = cast("c.Row", await c.fetch_one(conn, "SELECT current_date"))
    today: date = row[0]
    return await ensure_partitions(
        conn,
        today - timedelta(days=limits.PARTITIONS_BEHIND_DAYS),
        today + timedelta(days=days_ahead + 1),
    )


async def migrate_connection(conn: c.Connection, say: Callable[[str], None], days_ahead: int) -> int:
    """As ``migrate``, over a connection with autocommit."""
    lock = (c.LOCK_CLASS, c.LOCK_MIGRATE)
    await c.execute(conn, "SELECT pg_advisory_lock(%s::integer, %s::integer)", lock)
    try:
        await c.execute(conn, _CREATE_HISTORY)
        applied = await applied_migrations(conn)
        steps = plan(migrations(), applied, await offered_storage(conn))
        for step in steps:
            form = f", {step.storage}" if step.storage else ""
            say(f"applying {step.number:04d} {step.name}{form}")
            await _apply(conn, step)
        if not steps:
            say(f"schema is up to date ({len(applied)} migrations applied before)")
        made = await ensure_partitions_around(conn, days_ahead)
        if made:
            say(f"made {made} daily partitions for fixes")
    finally:
        await c.execute(conn, "SELECT pg_advisory_unlock(%s::integer, %s::integer)", lock)
    return len(steps)


async def _apply(conn: c.Connection, step: Migration) -> None:
    try:
        async with conn.transaction():
            await conn.execute(step.sql.encode())
            await c.execute(
                conn,
                "INSERT INTO schema_migration (number, name, checksum) VALUES (%s, %s, %s)",
                (step.number, step.name, step.checksum),
            )
    except psycopg.ProgrammingError as fault:
        raise MigrationRefused(f"migration {step.number:04d} ({step.name}) was refused: {fault}") from fault


async def migrate(
    url: str,
    *,
    say: Callable[[str], None] = lambda _: None,
    give_up_s: float = 0.0,
    days_ahead: int = limits.PARTITIONS_AHEAD_DAYS,
) -> int:
    """Apply what is missing and make the daily partitions ahead; returns how many were applied.

    ``say`` gets one line a step. Raises ``DatabaseUnavailable``, ``SchemaNewer``,
    ``SchemaAltered``, and ``MigrationRefused`` for a step that the server does not take (it leaves
    no trace).
    """
    conn = await c.connect_patiently(url, purpose="migrate", give_up_s=give_up_s)
    try:
        with c.as_store_faults(url):
            return await migrate_connection(conn, say, days_ahead)
    except psycopg.errors.InsufficientPrivilege as fault:
        raise MigrationRefused(f"{fault}: migrate with the address of the tables' owner") from fault
    finally:
        await conn.close()


async def migrate_new(url: str, *, days_ahead: int) -> None:
    """Give a database that has no schema at all this release's; one that has any must have just that.

    Raises as ``migrate`` and ``check_schema`` do.
    """
    conn = await c.connect(url, purpose="migrate")
    try:
        with c.as_store_faults(url):
            if not await applied_migrations(conn):
                await migrate_connection(conn, lambda _: None, days_ahead)
            await check_schema(conn)
    finally:
        await conn.close()
