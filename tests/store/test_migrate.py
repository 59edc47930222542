"""Migrations: once, in order, on every supported version, and never over a schema from elsewhere."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import psycopg
import pytest

from emon.model.instant import SECOND_US, parse_instant
from emon.store.errors import DatabaseUnavailable, SchemaAltered, SchemaNewer, SchemaOutdated
from emon.store.migrate import Applied, Migration, Storage, choose_storage, migrate, migrations, plan
from emon.store.store import Store
from tests.store.made import effects_of, fix

TABLES = {
    "fix", "fix_default", "rejected", "breach", "alert", "delivery", "delivery_attempt", "acknowledgement",
    "order_version", "order_device", "device_event", "device_status", "device_counter", "device_now",
    "device_clock", "mark_counter", "rejection_counter",
    "engine_clock", "feed", "app_user", "schema_migration",
}  # fmt: skip


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


async def test_migrates_an_empty_database_and_says_each_step(bare_database: str) -> None:
    said: list[str] = []
    applied = await migrate(bare_database, say=said.append)
    found = {
        name for (name,) in rows(bare_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    }
    assert found >= TABLES
    assert applied == len({step.number for step in migrations()})
    assert said[:3] == ["applying 0001 core", "applying 0002 fix", "applying 0003 fix_storage, native"]
    assert said[-1] == "made 46 daily partitions for fixes"


async def test_the_columns_others_query_are_there_in_the_contract_s_names(database: str) -> None:
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'fix'"
    columns: dict[object, object] = dict(rows(database, query))  # type: ignore[arg-type]
    wanted = [
        "device",
        "seq",
        "fixed_at",
        "received_at",
        "recorded_at",
        "lon",
        "lat",
        "accuracy_m",
        "source",
        "mark",
        "raw",
    ]
    assert set(wanted) <= set(columns)
    assert {columns[name] for name in wanted if name.endswith("_at")} == {"timestamp with time zone"}


async def test_a_second_run_does_nothing_and_says_so(bare_database: str) -> None:
    await migrate(bare_database)
    said: list[str] = []
    assert await migrate(bare_database, say=said.append) == 0
    assert said == [
        f"schema is up to date ({len({step.number for step in migrations()})} migrations applied before)"
    ]


async def test_two_at_once_apply_each_step_once(bare_database: str) -> None:
    applied = await asyncio.gather(migrate(bare_database), migrate(bare_database))
    assert sorted(applied) == [0, len({step.number for step in migrations()})]


async def test_a_store_refuses_a_database_without_schema(bare_database: str) -> None:
    with pytest.raises(SchemaOutdated, match=r"0001 core.*emon migrate"):
        await Store.open(bare_database)


async def test_a_store_and_migrate_refuse_a_newer_schema(database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (9999, 'later', 'x')")
    with pytest.raises(SchemaNewer, match=r"9999.*newer release"):
        await Store.open(database)
    with pytest.raises(SchemaNewer):
        await migrate(database)


async def test_an_altered_migration_is_refused(database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE schema_migration SET checksum = 'x' WHERE number = 2")
    with pytest.raises(SchemaAltered, match="0002"):
        await migrate(database)


async def test_an_absent_server_is_named_with_what_to_set() -> None:
    with pytest.raises(
        DatabaseUnavailable, match=r"database nowhere at 127\.0\.0\.1 port 1 .*EMON_DATABASE_URL"
    ):
        await migrate("postgresql://somebody:secret@127.0.0.1:1/nowhere")


async def test_a_password_is_never_shown() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        await Store.open("postgresql://somebody:secret@127.0.0.1:1/nowhere")
    assert "secret" not in str(caught.value)


async def test_a_url_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be read"):
        await Store.open("postgresql://[nowhere", give_up_s=60)


@pytest.mark.parametrize(
    ("available", "preloaded", "storage"),
    [
        (False, "", Storage.NATIVE),
        (True, "", Storage.NATIVE),
        (True, "pg_stat_statements", Storage.NATIVE),
        (False, "timescaledb", Storage.NATIVE),
        (True, "timescaledb", Storage.HYPERTABLE),
        (True, 'pg_stat_statements, "timescaledb"', Storage.HYPERTABLE),
    ],
)
def test_a_hypertable_needs_the_extension_installed_and_preloaded(
    available: bool, preloaded: str, storage: Storage
) -> None:
    assert choose_storage(extension_available=available, preload_libraries=preloaded) is storage


def test_each_storage_gets_one_form_of_every_step() -> None:
    for storage in Storage:
        numbers = [step.number for step in plan(migrations(), (), storage)]
        assert numbers == sorted({step.number for step in migrations()})


def test_the_form_a_database_got_stays_when_the_server_offers_another() -> None:
    steps = tuple(Migration(1, "only", storage, f"-- {storage}") for storage in Storage)
    applied = (Applied(1, "only", steps[0].checksum),)
    assert plan(steps, applied, Storage.HYPERTABLE) == ()
    assert plan(steps, applied, Storage.NATIVE) == ()


def test_both_forms_make_the_same_table() -> None:
    """TimescaleDB cannot be installed here; its form differs in three statements, kept in sight."""
    native, hypertable = (
        next(step.sql for step in migrations() if step.number == 3 and step.storage is storage)
        for storage in (Storage.NATIVE, Storage.HYPERTABLE)
    )
    table = "CREATE TABLE fix (LIKE fix_shape INCLUDING COMMENTS, PRIMARY KEY (device, fixed_at, seq))"
    assert table in native
    assert table in hypertable
    assert "create_hypertable('fix', 'fixed_at', chunk_time_interval => INTERVAL '1 day')" in hypertable
    for sql in (native, hypertable):
        assert "FUNCTION ensure_partitions(from_day date, to_day date) RETURNS integer" in sql


async def test_fixes_of_a_day_without_a_partition_move_into_it(any_store: Store) -> None:
    stray = fix("d-1", 1, parse_instant("2031-05-04T23:59:59.999999Z"))
    kept = fix("d-1", 2, parse_instant("2031-05-05T00:00:00Z"))
    async with any_store.batch() as tx:
        await tx.write(effects_of(kept.received_at_us, fixes=(stray, kept)), ())
    assert rows(any_store.url, "SELECT count(*) FROM fix_default") == [(2,)]
    day = date(2031, 5, 4)
    assert await any_store.ensure_partitions(day, day + timedelta(days=1)) == 1
    assert rows(any_store.url, "SELECT seq FROM fix_20310504") == [(1,)]
    assert rows(any_store.url, "SELECT seq FROM fix_default") == [(2,)]
    assert rows(any_store.url, "SELECT count(*) FROM fix") == [(2,)]
    assert await any_store.ensure_partitions(day, day + timedelta(days=1)) == 0


async def test_making_partitions_waits_for_the_batch_under_way(any_store: Store) -> None:
    at_us = parse_instant("2031-05-04T12:00:00Z")
    async with any_store.batch() as tx:
        await tx.known_fixes([("d-1", at_us, 1)])
        making = asyncio.ensure_future(any_store.ensure_partitions(date(2031, 5, 4), date(2031, 5, 6)))
        done, _ = await asyncio.wait([making], timeout=0.2)
        assert not done
        await tx.write(effects_of(at_us + SECOND_US, fixes=(fix("d-1", 1, at_us),)), ())
    assert await making == 2
    assert rows(any_store.url, "SELECT count(*) FROM fix_20310504") == [(1,)]


async def test_describe_says_server_place_and_storage(any_store: Store) -> None:
    described = await any_store.describe()
    assert described.storage is Storage.NATIVE
    assert described.server.split(".")[0] in {"16", "17", "18"}
    newest = max(step.number for step in migrations())
    assert f"fixes in daily partitions, schema {newest}" in str(described)
