"""The rows themselves, held against what the trail says of each last."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from emon import limits
from emon.store.checks.chain import GONE, Trail
from emon.store.checks.report import Connection, Report, copied, differences
from emon.store.tables import TABLES, Table, Watched

_LAST_SAID = """
SELECT content, seq, recorded_at, written_by FROM (
    SELECT content, seq, recorded_at, written_by, 0 AS part, seq AS place FROM audit
    WHERE relation = %(relation)s AND row_key = %(key)s
    UNION ALL
    SELECT content, NULL, recorded_at, written_by, 1, capture_id FROM audit_pending
    WHERE relation = %(relation)s AND row_key = %(key)s
) AS said ORDER BY part DESC, place DESC LIMIT 1
"""
_SAID = """
SELECT relation, row_key, seq FROM audit WHERE deed <> 'seal'
UNION ALL SELECT relation, row_key, NULL FROM audit_pending
"""

# As many pages as the table has, and whether anything of it is kept outside of them.
_SIZE = """
SELECT pg_relation_size(c.oid) / current_setting('block_size')::bigint,
       c.relkind <> 'r' OR (c.reltoastrelid <> 0 AND pg_relation_size(c.reltoastrelid) > 0)
           OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)
FROM pg_class AS c WHERE c.oid = to_regclass(%s)
"""
# Each row is written out once ("OFFSET 0"); the aggregates take the rows in one order.
_BLOCK = """
SELECT string_agg(key, ''), string_agg(int4send(octet_length(key)), ''),
       string_agg(content, ''), string_agg(int4send(octet_length(content)), '')
FROM (SELECT textsend(key) AS key, textsend(content) AS content FROM ({rows} OFFSET 0) AS t OFFSET 0) AS e
"""


def key_of(table: Table) -> str:
    """The SQL expression of a row's key as the trigger writes it."""
    parts = [f"coalesce(to_json(t.\"{name}\")::text, 'null')" for name in table.key]
    return "'[' || " + " || ', ' || ".join(parts) + " || ']'"


def content_of(table: Table) -> str:
    """The SQL expression of a row's content as the trigger writes it."""
    if not table.secret:
        return "row_to_json(t)::text"
    hashed = f"to_jsonb(encode(sha256(convert_to(t.{table.secret}, 'UTF8')), 'hex'))"
    return f"jsonb_set(row_to_json(t)::jsonb, ARRAY['{table.secret}'], {hashed})::text"


class RowsNow(msgspec.Struct):
    """Every watched row as it stands, small: a hash of table and key, rising, and a hash of the content."""

    count: int
    keys: npt.NDArray[np.int64]
    contents: npt.NDArray[np.int64]


def read_rows(conn: Connection, pages: int = limits.VERIFY_PAGES) -> RowsNow:
    """Read every row that has entries of its own, ``pages`` of a table at a time."""
    keys, contents = array("q"), array("q")
    for table in TABLES:
        if table.watched is Watched.ROWS:
            prefix = table.name.encode() + b"\n"
            for found in _blocks(conn, table, pages):
                keys.extend([hash(prefix + key) for key in _cut(found[0], found[1])])
                contents.extend([hash(content) for content in _cut(found[2], found[3])])
    if not keys:
        return RowsNow(0, np.empty(0, np.int64), np.empty(0, np.int64))
    there, order = np.unique(np.frombuffer(keys, np.int64), return_index=True)
    return RowsNow(len(keys), there, np.frombuffer(contents, np.int64)[order])


def _cut(text: bytes, widths: bytes) -> list[bytes]:
    ends = list(accumulate(np.frombuffer(widths, ">i4").tolist(), initial=0))
    return [text[a:b] for a, b in pairwise(ends)]


def _blocks(conn: Connection, table: Table, at_once: int) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """The rows of some pages at a time: their keys one after another, how long each is, their contents and
    how long those are. A table that keeps long values elsewhere comes row by row, for a page of it may be of
    any length; so does one whose rows are not all in pages of its own."""
    size = conn.execute(_SIZE.encode(), (table.name,)).fetchone()
    assert size is not None
    pages, by_row = size
    if by_row:
        for data in copied(conn, _query(table)):
            width = int.from_bytes(data[2:6], "big")
            content = data[10 + width :]
            yield (
                data[6 : 6 + width],
                width.to_bytes(4, "big"),
                content,
                len(content).to_bytes(4, "big"),
            )
        return
    with conn.cursor(binary=True) as cursor:
        for page in range(0, pages, at_once):
            span = f"t.ctid >= '({page},0)' AND t.ctid < '({page + at_once},0)'"
            row = cursor.execute(_BLOCK.format(rows=f"{_query(table)} WHERE {span}").encode()).fetchone()
            if row is not None and row[0] is not None:
                yield row


def check_rows(conn: Connection, report: Report, trail: Trail, now: RowsNow) -> None:
    """Name every row that is not what the trail says, is not in it, or is in it and gone."""
    report.rows = now.count
    said_keys, said_contents = _last_said(trail)
    there, content = now.keys, now.contents
    known = _is_among(there, said_keys)
    same = known.copy()
    same[known] = said_contents[np.searchsorted(said_keys, there[known])] == content[known]
    suspects = set(there[~same].tolist())
    if suspects:
        _name_rows(conn, report, suspects)
    gone = said_keys[(said_contents != GONE) & ~_is_among(said_keys, there)]
    if len(gone):
        _name_gone(conn, report, set(gone.tolist()))


def _is_among(keys: npt.NDArray[np.int64], those: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Of each key whether it is one of those, which are sorted: ``np.isin`` would sort both again."""
    spot = np.searchsorted(those, keys)
    among = spot < len(those)
    among[among] = those[spot[among]] == keys[among]
    return among


def _query(table: Table) -> str:
    return f"SELECT {key_of(table)} AS key, {content_of(table)} AS content FROM {table.name} AS t"


def _last_said(trail: Trail) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The last content of each key, by key."""
    if not trail.keys:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = np.frombuffer(trail.keys, np.int64)[::-1]
    found, place = np.unique(keys, return_index=True)
    return found, np.frombuffer(trail.contents, np.int64)[::-1][place]


def _name_rows(conn: Connection, report: Report, suspects: set[int]) -> None:
    """Look at the suspects' text: a later schema's columns and another session's time zone are no change."""
    for table in TABLES:
        if table.watched is not Watched.ROWS:
            continue
        prefix = table.name.encode() + b"\n"
        found = []
        for data in copied(conn, _query(table)):
            width = int.from_bytes(data[2:6], "big")
            if hash(prefix + data[6 : 6 + width]) in suspects:
                found.append((data[6 : 6 + width].decode(), data[10 + width :].decode()))
            if len(found) >= limits.SEAL_ENTRIES_MAX:
                _compare(conn, report, table, found)
                found = []
        _compare(conn, report, table, found)


def _compare(conn: Connection, report: Report, table: Table, found: list[tuple[str, str]]) -> None:
    for key, now in found:
        said = _said_last(conn, table.name, key)
        if said is None:
            report.found(table.name, key, "the row is not in the trail: it was put there past it")
            continue
        content, seq, recorded_at, written_by = said
        changed = differences(content, now)
        if changed:
            since = f"{recorded_at:%Y-%m-%dT%H:%M:%S.%fZ} by {written_by}"
            report.found(table.name, key, f"{'; '.join(changed)} at {since}", seq)


def _said_last(conn: Connection, relation: str, key: str) -> tuple[Any, ...] | None:
    return conn.execute(_LAST_SAID.encode(), {"relation": relation, "key": key}).fetchone()


def _name_gone(conn: Connection, report: Report, gone: set[int]) -> None:
    with conn.cursor(name="said") as cursor:
        cursor.execute(_SAID.encode())
        last: dict[tuple[str, str], int | None] = {}
        for relation, key, seq in cursor:
            if hash(f"{relation}\n{key}".encode()) in gone:
                last[(relation, key)] = seq
    for (relation, key), seq in last.items():
        report.found(relation, key, "the row is gone, which the trail does not know", seq)
