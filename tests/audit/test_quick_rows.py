"""Rows put into text here are byte for byte what PostgreSQL's own functions make of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from emon.store.checks.marks import HashMarks, KeyedMarks
from emon.store.checks.quick_rows import Unknown, Written, quick_rows
from emon.store.checks.report import Connection
from emon.store.checks.rows import content_of, key_of, read_rows
from emon.store.checks.verify import open_snapshot
from emon.store.store import Store
from emon.store.tables import TABLES, Table, Watched
from tests.audit.trail import lived

SHAPE = """
CREATE TABLE made (
    id bigint, small smallint, middle integer, name text, "order" text, at timestamptz, told jsonb,
    yes boolean, names text[], PRIMARY KEY (id)
)
"""
MADE = Table("made", ("name", "id", "at"), Watched.ROWS)


@pytest.fixture
def hand(bare_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(bare_database, autocommit=True) as conn:
        conn.execute(SHAPE.encode())
        yield conn


def by_server(conn: Connection, table: Table) -> list[tuple[bytes, bytes]]:
    query = f"SELECT {key_of(table)}, {content_of(table)} FROM {table.name} AS t"
    head = f"{table.name}\n"
    return [((head + key).encode(), content.encode()) for key, content in conn.execute(query.encode())]


def cut(blocks: Iterable[Written]) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for block in blocks:
        text, ends = block.text.tobytes(), block.ends.tolist()
        pieces = [text[begin:end] for begin, end in pairwise([0, *ends])]
        found += zip(pieces[::2], pieces[1::2], strict=True)
    return found


def both_ways(url: str, table: Table = MADE) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    conn = open_snapshot(url, "test")
    try:
        return cut(quick_rows(conn, table, block_bytes=20_000)), by_server(conn, table)
    finally:
        conn.close()


def put(hand: psycopg.Connection, *rows: tuple[Any, ...]) -> None:
    with hand.cursor() as cursor:
        cursor.executemany(b"INSERT INTO made VALUES (%s, %s, %s, %s, %s, %s::timestamptz, %s, %s, %s)", rows)


def made_rows(count: int) -> list[tuple[Any, ...]]:
    chance = random.Random(8)
    letters = [chr(code) for code in (*range(1, 160), 0x2028, 0x20AC, 0x661, 0xFEFF, 0x1F6A8)]

    def text() -> str | None:
        return None if chance.random() < 0.1 else "".join(chance.choices(letters, k=chance.randrange(40)))

    def whole(bits: int) -> int | None:
        edge = chance.choice([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, -1, 9, 10, -10, -99, 100])
        return chance.choice([None, edge, chance.randrange(-(2 ** (bits - 1)), 2 ** (bits - 1))])

    def instant() -> str | None:
        day = f"{chance.randrange(1, 10_000):04}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
        part = chance.choice(["", ".1", ".000001", ".120", f".{chance.randrange(10**6):06}"])
        return chance.choice([None, f"{day} {chance.randrange(24):02}:{chance.randrange(60):02}:59{part}+00"])

    def row(number: int) -> tuple[Any, ...]:
        told = chance.choice([None, '{"b": [1, 2.50, "\\u00e9\\n"], "a": null}', "[]", '"x"', "-1e300"])
        names = None if chance.random() < 0.2 else [text() for _ in range(chance.randrange(4))]
        yes = chance.choice([None, True, False])
        return (number, whole(16), whole(32), text(), text(), instant(), told, yes, names)

    whole_numbers = (-(2**63), 2**63 - 1, -1, 0)
    return [row(number) for number in (*whole_numbers, *range(1, count))]


def test_whatever_a_row_holds(hand: psycopg.Connection, bare_database: str) -> None:
    put(hand, *made_rows(3_000))
    here, there = both_ways(bare_database)
    assert len(here) == 3_003
    assert here == there


def test_the_first_and_the_last_instant_and_every_day_about_the_leap_days(
    hand: psycopg.Connection, bare_database: str
) -> None:
    edges = ["0001-01-01 00:00+00", "9999-12-31 23:59:59.999999+00", "1970-01-01 00:00+00"]
    days = [
        f"{year:04}-{day} 23:59:59.5+00"
        for year in (4, 100, 400, 1600, 1900, 1999, 2000, 2023, 2024, 2100, 9996)
        for day in ("02-28", "03-01", "12-31", "01-01")
    ]
    put(hand, *((n, *(None,) * 4, day, *(None,) * 3) for n, day in enumerate(edges + days)))
    here, there = both_ways(bare_database)
    assert here == there


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "infinity"),
        ("at", "-infinity"),
        ("at", "0001-12-31 23:59:59 BC"),
        ("at", "10000-01-01 00:00+00"),
        ("names", "{{a,b},{c,d}}"),
    ],
)
def test_what_only_the_server_can_write_is_left_to_it(
    hand: psycopg.Connection, bare_database: str, column: str, value: str
) -> None:
    put(hand, *made_rows(200))
    hand.execute(f"UPDATE made SET {column} = %s WHERE id = 7".encode(), (value,))
    conn = open_snapshot(bare_database, "test")
    try:
        with pytest.raises(Unknown):
            list(quick_rows(conn, MADE, block_bytes=1_000))
        assert len(by_server(conn, MADE)) == 203, "the snapshot is still open to it"
    finally:
        conn.close()


def test_an_array_that_begins_elsewhere_and_an_empty_one(
    hand: psycopg.Connection, bare_database: str
) -> None:
    hand.execute(b"INSERT INTO made (id, names) VALUES (1, '[3:4]={a,NULL}'), (2, '{}')")
    here, there = both_ways(bare_database)
    assert here == there
    assert here[0][1].endswith(b'"names":["a",null]}')


def test_only_tables_of_few_rows_are_left_to_the_server(claimed_store: Store) -> None:
    """A column of a new kind in a table of many would cost a verification seconds, and nobody would know."""
    conn = open_snapshot(claimed_store.url, "test")
    left = []
    try:
        for table in TABLES:
            if table.watched is Watched.ROWS:
                try:
                    list(quick_rows(conn, table))
                except Unknown:
                    left.append(table.name)
    finally:
        conn.close()
    assert left == ["order_version", "breach", "app_user", "audit_key"]


async def test_both_ways_read_the_same_life(claimed_store: Store, tmp_path: Path) -> None:
    """Marks differ with their key; which are equal does not."""
    await lived(claimed_store, tmp_path)
    conn = open_snapshot(claimed_store.url, "test")
    try:
        quickly, by_the_server = read_rows(conn, KeyedMarks()), read_rows(conn, HashMarks())
    finally:
        conn.close()
    assert quickly.count == by_the_server.count == len(quickly.keys) == len(by_the_server.keys) > 10
    assert len(np.unique(quickly.contents)) == len(np.unique(by_the_server.contents))
