"""The rows themselves, held against what the trail says of each last."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from emon import limits
from emon.store.checks.chain import GONE, Trail
from emon.store.checks.marks import KeyedMarks, Marks, Numbers
from emon.store.checks.report import Connection, Report, copied_together, differences
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
    """Every watched row as it stands, small: the mark of table and key, rising, and that of the content."""

    count: int
    keys: npt.NDArray[np.int64]
    contents: npt.NDArray[np.int64]


def read_rows(conn: Connection, marks: Marks) -> RowsNow:
    """Read every row that has entries of its own. With ``KeyedMarks`` they are taken to be so many that this
    process writes the text of most; what is found is the same."""
    keys, contents = array("q"), array("q")
    for table in TABLES:
        if table.watched is Watched.ROWS:
            for own_keys, own_contents in _marked(conn, table, marks):
                keys.frombytes(own_keys.tobytes())
                contents.frombytes(own_contents.tobytes())
    if not keys:
        return RowsNow(0, np.empty(0, np.int64), np.empty(0, np.int64))
    there, order = np.unique(np.frombuffer(keys, np.int64), return_index=True)
    return RowsNow(len(keys), there, np.frombuffer(contents, np.int64)[order])


def _marked(conn: Connection, table: Table, marks: Marks) -> list[tuple[Numbers, Numbers]]:
    """Marks of keys and of contents, block by block."""
    if isinstance(marks, KeyedMarks):
        from emon.store.checks.quick_rows import Unknown, quick_rows  # imports Numba

        try:
            found = [marks.of(rows.text, rows.ends) for rows in quick_rows(conn, table)]
            return [(both[::2], both[1::2]) for both in found]
        except Unknown:
            pass
    return [(marks.each(keys), marks.each(contents)) for keys, contents in _blocks(conn, table)]


def _blocks(conn: Connection, table: Table) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Table and key of each row, and its content, as the server writes them, some rows at a time."""
    prefix = table.name.encode() + b"\n"
    for rows in copied_together(conn, _query(table), limits.VERIFY_ROWS_BYTES):
        ends = [6 + int.from_bytes(row[2:6], "big") for row in rows]
        yield (
            [prefix + row[6:end] for row, end in zip(rows, ends, strict=True)],
            [row[end + 4 :] for row, end in zip(rows, ends, strict=True)],
        )


def check_rows(conn: Connection, report: Report, trail: Trail, now: RowsNow, marks: Marks) -> None:
    """Name every row that is not what the trail says, is not in it, or is in it and gone."""
    report.rows = now.count
    said_keys, said_contents = _last_said(trail)
    there, content = now.keys, now.contents
    known = _is_among(there, said_keys)
    same = known.copy()
    same[known] = said_contents[np.searchsorted(said_keys, there[known])] == content[known]
    suspects = set(there[~same].tolist())
    if suspects:
        _name_rows(conn, report, suspects, marks)
    gone = said_keys[(said_contents != GONE) & ~_is_among(said_keys, there)]
    if len(gone):
        _name_gone(conn, report, set(gone.tolist()), marks)


def _is_among(keys: npt.NDArray[np.int64], those: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Of each key whether it is one of those, which are sorted: ``np.isin`` would sort both again."""
    spot = np.searchsorted(those, keys)
    among = spot < len(those)
    among[among] = those[spot[among]] == keys[among]
    return among


def _query(table: Table) -> str:
    return f"SELECT {key_of(table)}, {content_of(table)} FROM {table.name} AS t"


def _last_said(trail: Trail) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The last content of each key, by key."""
    if not trail.keys:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = np.frombuffer(trail.keys, np.int64)[::-1]
    found, place = np.unique(keys, return_index=True)
    return found, np.frombuffer(trail.contents, np.int64)[::-1][place]


def _name_rows(conn: Connection, report: Report, suspects: set[int], marks: Marks) -> None:
    """Look at the suspects' text: a later schema's columns and another session's time zone are no change."""
    for table in TABLES:
        if table.watched is Watched.ROWS:
            keys = _keys_among(conn, table, suspects, marks)
            for found in _texts(conn, table, keys):
                _compare(conn, report, table, found)


def _keys_among(conn: Connection, table: Table, suspects: set[int], marks: Marks) -> set[str]:
    """The suspects' keys in this table: their rows' content is made for them alone."""
    head, found = f"{table.name}\n".encode(), set()
    query = f"SELECT {key_of(table)} FROM {table.name} AS t"
    for rows in copied_together(conn, query, limits.VERIFY_ROWS_BYTES):
        keys = [row[6:] for row in rows]
        for key, mark in zip(keys, marks.each([head + key for key in keys]).tolist(), strict=True):
            if mark in suspects:
                found.add(key.decode())
    return found


def _texts(conn: Connection, table: Table, keys: set[str]) -> Iterator[list[tuple[str, str]]]:
    """Key and content of the rows of these keys, some at a time. Of many keys all rows are read: a search
    for some makes every row's key."""
    if len(keys) <= limits.SEAL_ENTRIES_MAX:
        query = f"{_query(table)} WHERE {key_of(table)} = ANY(%s)"
        yield conn.execute(query.encode(), (list(keys),)).fetchall() if keys else []
        return
    head = len(table.name) + 1
    for own, contents in _blocks(conn, table):
        both = ((key[head:].decode(), content) for key, content in zip(own, contents, strict=True))
        yield [(key, content.decode()) for key, content in both if key in keys]


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


def _name_gone(conn: Connection, report: Report, gone: set[int], marks: Marks) -> None:
    last: dict[tuple[str, str], int | None] = {}
    with conn.cursor(name="said") as cursor:
        cursor.execute(_SAID.encode())
        while said := cursor.fetchmany(limits.VERIFY_BLOCK_ENTRIES):
            found = marks.each([f"{relation}\n{key}".encode() for relation, key, _ in said]).tolist()
            for (relation, key, seq), mark in zip(said, found, strict=True):
                if mark in gone:
                    last[(relation, key)] = seq
    for (relation, key), seq in last.items():
        report.found(relation, key, "the row is gone, which the trail does not know", seq)
