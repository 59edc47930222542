"""Each row that is watched is read once, whatever comes of it at a time and wherever it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from emon.store.checks.marks import HashMarks
from emon.store.checks.report import copied
from emon.store.checks.rows import content_of, key_of, read_rows
from emon.store.store import Store
from emon.store.tables import TABLES, Watched
from tests.audit.trail import lived, past_the_triggers, verified

ALERTS = 4_000
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


async def test_every_row_is_read_once(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute(FILL.encode())
        conn.execute(b"DELETE FROM escalation")
        conn.execute(b"DELETE FROM alert WHERE device LIKE 'd%7'")
        conn.execute(b"UPDATE alert SET priority = 2 WHERE device LIKE 'd%3'")
        expected = one_by_one(conn)
        now = read_rows(conn, HashMarks())
        assert now.count == len(now.keys) == len(expected) > ALERTS / 2
        assert set(zip(now.keys.tolist(), now.contents.tolist(), strict=True)) == expected


async def test_rows_kept_elsewhere_are_found(claimed_store: Store, tmp_path: Path) -> None:
    """In a child of the table, which every reader of it sees; and with a value kept outside its pages."""
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("CREATE TABLE more_alerts () INHERITS (alert)")
        conn.execute("INSERT INTO more_alerts SELECT * FROM ONLY alert WHERE id LIKE '%2'")
        conn.execute("UPDATE more_alerts SET id = 'another'")
        conn.execute("ALTER TABLE delivery ALTER COLUMN last_error SET STORAGE EXTERNAL")
        conn.execute("UPDATE delivery SET last_error = repeat('w', 9000) WHERE id LIKE '%3:politie'")
    findings = verified(claimed_store, tmp_path).findings
    assert [(one.key, one.what) for one in findings if one.relation == "alert"] == [
        ('["another"]', "the row is not in the trail: it was put there past it")
    ]
    (long,) = (one for one in findings if one.relation == "delivery")
    assert long.what.startswith('last_error is "www')


def test_a_failure_in_the_middle_of_the_rows_is_the_server_s_own(store: Store) -> None:
    """Whatever came before it: the fault is raised, and nothing passes for all of them."""
    with psycopg.connect(store.url) as conn:
        rows = copied(conn, "SELECT 1 / (n - 50000) FROM generate_series(1, 60000) AS n")
        with pytest.raises(psycopg.errors.DivisionByZero):
            assert len(list(rows)) < 50_000
