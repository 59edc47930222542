"""Rows are read by pages of their tables: each is read once, however many pages are read at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from emon.limits import VERIFY_PAGES
from emon.store.checks.rows import content_of, key_of, read_rows
from emon.store.store import Store
from emon.store.tables import TABLES, Watched
from tests.audit.trail import lived, past_the_triggers, verified

ALERTS = 400
FILL = f"""
INSERT INTO alert (id, event, priority, at, recipients, happened_at, received_at, detected_at, device)
SELECT lpad(to_hex(4096 + i), 16, '0'), 'breach', 1, now(), '{{om}}', now(), now(), now(), 'dé-' || i
FROM generate_series(1, {ALERTS}) AS i
"""


def one_by_one(conn: psycopg.Connection[Any]) -> set[tuple[int, int]]:
    """The same hashes, of every row as an ordinary select gives it."""
    found = set()
    for table in TABLES:
        if table.watched is Watched.ROWS:
            query = f"SELECT {key_of(table)}, {content_of(table)} FROM {table.name} AS t"
            for key, content in conn.execute(query.encode()):
                found.add((hash(f"{table.name}\n{key}".encode()), hash(content.encode())))
    return found


async def test_every_row_is_read_once_whatever_pages_are_read_at_a_time(
    claimed_store: Store, tmp_path: Path
) -> None:
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute(FILL.encode())
        conn.execute(b"DELETE FROM escalation")
        conn.execute(b"DELETE FROM alert WHERE device LIKE 'd%7'")
        conn.execute(b"UPDATE alert SET priority = 2 WHERE device LIKE 'd%3'")
        pages = conn.execute("SELECT max((ctid::text::point)[0]) FROM alert").fetchone()
        assert pages is not None
        assert pages[0] > 6, "it lies on several"
        expected = one_by_one(conn)
        for at_once in (1, 2, 5, 1_000):
            now = read_rows(conn, at_once)
            assert now.count == len(now.keys) == len(expected)
            assert set(zip(now.keys.tolist(), now.contents.tolist(), strict=True)) == expected


async def test_rows_beside_the_pages_of_a_table_are_found(claimed_store: Store, tmp_path: Path) -> None:
    """In a child of it, which every reader of the table sees; and in a value that is kept elsewhere."""
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("CREATE TABLE more_alerts () INHERITS (alert)")
        one = f"SELECT a.* FROM ONLY alert AS a, generate_series(1, {100 * VERIFY_PAGES}) WHERE id LIKE '%2'"
        conn.execute(f"INSERT INTO more_alerts {one}".encode())
        conn.execute(
            b"UPDATE more_alerts SET id = 'another' WHERE ctid = (SELECT max(ctid) FROM more_alerts)"
        )
        conn.execute(b"DELETE FROM more_alerts WHERE id <> 'another'")
        conn.execute("ALTER TABLE delivery ALTER COLUMN last_error SET STORAGE EXTERNAL")
        conn.execute("UPDATE delivery SET last_error = repeat('w', 9000) WHERE id LIKE '%3:politie'")
    findings = verified(claimed_store, tmp_path).findings
    assert [(one.key, one.what) for one in findings if one.relation == "alert"] == [
        ('["another"]', "the row is not in the trail: it was put there past it")
    ]
    (long,) = (one for one in findings if one.relation == "delivery")
    assert long.what.startswith('last_error is "www')
