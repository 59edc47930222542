"""The rows themselves, held against what the trail says of each last."""

from __future__ import annotations

from array import array
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


def read_rows(conn: Connection, *, many: bool = False) -> RowsNow:
    """Read every row that has entries of its own. ``many``: so many that a compiler's start is worth it;
    what is found is the same."""
    keys, contents = array("q"), array("q")
    for table in TABLES:
        if table.watched is Watched.ROWS:
            own_keys, own_contents = _read_quickly(conn, table) if many else _read_table(conn, table)
            keys += own_keys
            contents += own_contents
    if not keys:
        return RowsNow(0, np.empty(0, np.int64), np.empty(0, np.int64))
    there, order = np.unique(np.frombuffer(keys, np.int64), return_index=True)
    return RowsNow(len(keys), there, np.frombuffer(contents, np.int64)[order])


def _read_table(conn: Connection, table: Table) -> tuple[array[int], array[int]]:
    """Hashes of keys and of contents, as the server writes them."""
    keys, contents = array("q"), array("q")
    add_key, add_content = keys.append, contents.append
    prefix = table.name.encode() + b"\n"
    for data in copied(conn, _query(table)):
        width = int.from_bytes(data[2:6], "big")
        add_key(hash(prefix + data[6 : 6 + width]))
        add_content(hash(data[10 + width :]))
    return keys, contents


def _read_quickly(conn: Connection, table: Table) -> tuple[array[int], array[int]]:
    """The same of what this process writes itself, where it knows how."""
    from emon.store.checks.quick_rows import Unknown, quick_rows  # imports Numba

    keys, contents = array("q"), array("q")
    try:
        for key, content in quick_rows(conn, table):
            keys.append(hash(key))
            contents.append(hash(content))
    except Unknown:
        return _read_table(conn, table)
    return keys, contents


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
    return f"SELECT {key_of(table)}, {content_of(table)} FROM {table.name} AS t"


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
