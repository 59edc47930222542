"""Plans kept as tests: which index a read uses and how many days of fixes it opens, on a small database that
is partitioned as a large one. Nothing here is timed; times at 20 million fixes: benchmarks/STORAGE.md.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from benchmarks.storage.asked import READS, Asked, Statement
from benchmarks.storage.ground import Ground, fill
from benchmarks.storage.measure import plan_of
from benchmarks.storage.shapes import Shape, nodes_of, together
from emon.store import connect as c
from emon.store.migrate import migrate
from emon.store.quick_sql import WRITE
from emon.store.read_sql import SELECT_HORIZON
from emon.store.store import Store
from tests.fixtures_database import PostgresServers

GROUND = Ground(devices=25, days=9, until=datetime.now(UTC).date() + timedelta(days=1), alerts=4_000)
NAMES = [read.name for read in READS]

# The most days of fixes that each may open; all others open none. One day more than is asked for, where the
# day before may hold what led to it.
DAYS = {
    "known fixes of a batch of 500": 1,
    "track of one device": 4,
    "tracks of 100 devices": 4,
    "fixes of an hour, 20 devices": 4,
    "fixes of 36 hours, one device": 4,
    "ledger of an order, one day": 4,
    "ledger of an order, a week": 8,
    "feedback of a day": 2,
}
INDEXES = {
    "alerts, all, first page": "alert_newest",
    "alerts, all, a page far back": "alert_newest",
    "alerts, the most urgent": "escalation_urgent",
    "alerts, closed": "alert_newest",
    "an alert by its id": "alert_pkey",
    "life of an alert": "alert_pkey",
    "the feed since a cursor": "feed_pkey",
    "commands of a device": "command_device",
    "known fixes of a batch of 500": "fix_DAY_pkey",
    "track of one device": "fix_DAY_pkey",
    "tracks of 100 devices": "fix_DAY_pkey",
    "fixes of an hour, 20 devices": "fix_DAY_pkey",
    "fixes of 36 hours, one device": "fix_DAY_pkey",
    "breaches of 100 conditions": "breach_recalled",
    "events of 100 devices": "device_event_kind",
    "approaches of 100 conditions": "alert_approach",
    "rejected, taken again": "rejected_unknown",
    "inbox, a portion": "inbox_device",
    "deliveries due": "delivery_line",
    "next delivery due": "delivery_next",
    "escalations due": "escalation_due",
    "ledger of an order, one day": "fix_DAY_pkey",
    "ledger of an order, a week": "fix_DAY_pkey",
    "feedback of a day": "staff_login_when",
}
# Tables that grow with the years: no page, engine, outbox or report reads one from end to end.
GROWING = {"fix_DAY", "alert", "breach", "delivery", "delivery_attempt", "acknowledgement", "resolution"}
GROWING |= {"device_event", "feed", "command", "command_reply", "rejected", "trouble", "escalation"}
GROWING |= {"staff_login"}
_ORDERS = """
INSERT INTO order_version (id, version, armed_at, wearer, legal_basis, risk, valid_from, source)
SELECT 'o-' || n, 1, now(), 'w-' || n, 'gedragsaanwijzing', 'high', now(), decode(repeat('7b', 400), 'hex')
FROM generate_series(1, 3000) AS n
"""
_DEVICES = """
INSERT INTO device_now (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark,
                        change_seq)
SELECT 'd-' || n, 1, now(), now(), now(), 5, 52, 5, 'gnss', 'ok', n FROM generate_series(1, 3000) AS n
"""


@pytest.fixture(scope="module")
def filled(postgres_servers: PostgresServers) -> Iterator[str]:
    url = postgres_servers.create(18, "template0")
    asyncio.run(_filled(url))
    yield url
    postgres_servers.drop(url)


async def _filled(url: str) -> None:
    await migrate(url)
    await fill(url, GROUND)


@pytest.fixture(scope="module")
def shapes(filled: str) -> dict[str, Shape]:
    """By the read's name. A small table is read whole because that is the quickest; with that way barred, one
    is read whole only where no index serves."""
    return asyncio.run(_shapes(filled))


async def _shapes(url: str) -> dict[str, Shape]:
    conn = await c.connect(url, purpose="plans")
    try:
        await c.execute(conn, "SET enable_seqscan = off")
        asked = Asked(url, conn)
        return {read.name: together(await plan_of(asked, GROUND, read, random.Random(1))) for read in READS}
    finally:
        await conn.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_read_opens_the_days_it_asks_for_and_no_other(shapes: dict[str, Shape], name: str) -> None:
    found = shapes[name]
    assert len(found.partitions) <= DAYS.get(name, 0), found.partitions
    assert name not in DAYS or found.partitions


@pytest.mark.parametrize(("name", "index"), INDEXES.items())
def test_a_read_uses_its_index(shapes: dict[str, Shape], name: str, index: str) -> None:
    assert index in shapes[name].indexes


@pytest.mark.parametrize("name", NAMES)
def test_what_grows_with_the_years_is_not_read_whole(shapes: dict[str, Shape], name: str) -> None:
    assert GROWING.isdisjoint(shapes[name].whole)


# The newest open ones of the ground are by turns in a hand and in none; the most urgent are in none.
@pytest.mark.parametrize(
    ("status", "newest", "urgent"), [("unresolved", 5, 5), ("open", 10, 5), ("acknowledged", 10, 25)]
)
async def test_a_page_of_open_alerts_reads_as_many_rows_as_it_has(
    filled: str, status: str, newest: int, urgent: int
) -> None:
    """In the order of its index, also where it goes on from a place: before, each page sorted all there is,
    of 40 in this ground."""
    conn = await c.connect(filled, purpose="plans")
    try:
        asked = Asked(filled, conn)
        first = await asked.store.alerts(status=status, limit=6)
        placed = await asked.store.urgent_alerts(status=status, limit=6)
        before = (first[-1].detected_at_us, first[-1].id)
        async with asked.noting():
            await asked.store.alerts(status=status, limit=5)
            await asked.store.alerts(status=status, before=before, limit=5)
            await asked.store.urgent_alerts(status=status, limit=5)
            await asked.store.urgent_alerts(status=status, after=placed[-1][0], limit=5)
        pages = [one for one in asked.statements if "FROM escalation AS open" in one[0]]
        read = [await _rows_of_an_index(conn, one, "escalation_") for one in pages]
    finally:
        await conn.close()
    assert [5 <= rows <= most for rows, most in zip(read, (newest, newest, urgent, urgent), strict=True)] == [
        True
    ] * 4, read


async def _rows_of_an_index(conn: c.Connection, statement: Statement, prefix: str) -> int:
    """How many rows a plan took of the indexes of a name, but for the one of the key."""
    rows = await c.fetch(conn, f"EXPLAIN (ANALYZE, FORMAT JSON) {statement[0]}", statement[1])
    nodes = [node for node in nodes_of(rows[0][0][0]["Plan"]) if "Index Name" in node]
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes
        if node["Index Name"].startswith(prefix) and not node["Index Name"].endswith("_pkey")
    )


def test_every_day_has_the_indexes_that_the_reads_need(filled: str) -> None:
    """A partition made later gets them too: they belong to the table of all days."""
    with psycopg.connect(filled) as conn:
        query = "SELECT indexname::text FROM pg_indexes WHERE tablename = 'fix' ORDER BY 1"
        assert [row[0] for row in conn.execute(query)] == ["fix_clock", "fix_pkey", "fix_received"]


async def _generic(store: Store, query: str) -> set[str]:
    """What a plan for any parameters would read whole, were there thousands of orders and devices."""
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute(_ORDERS)
        await conn.execute(_DEVICES)
        await conn.execute("ANALYZE order_version, device_now")
        row = await (await conn.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {query}".encode())).fetchone()
        assert row is not None
        await conn.rollback()
    nodes = list(nodes_of(row[0][0]["Plan"]))
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}


async def test_the_write_of_a_batch_reads_nothing_that_grows_with_the_fleet(store: Store) -> None:
    """It did: each batch read all orders, 14 ms of 40,000, whatever its size."""
    assert await _generic(store, WRITE.query) == {"engine_clock"}


async def test_what_a_recall_asks_first_reads_no_table_of_all_devices(store: Store) -> None:
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute(_DEVICES)
        await conn.execute("UPDATE engine_clock SET last_received_at = '2026-07-06T12:00:00Z'")
        row = await (
            await conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {SELECT_HORIZON}".encode())
        ).fetchone()
        assert row is not None
        await conn.rollback()
    read = [node for node in nodes_of(row[0][0]["Plan"]) if node.get("Actual Loops")]
    assert {node["Relation Name"] for node in read if "Relation Name" in node} == {"engine_clock"}
