"""Fixes and device messages, held against the seals of their spans."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from emon.audit.chain import LEAF_BYTES, differing
from emon.model.instant import parse_instant, to_datetime
from emon.store.checks.chain import Trail
from emon.store.checks.report import Connection, Report
from emon.store.removals import Removed, places_by_seal, read_removed, span_words, without
from emon.store.sealing import bulk_order, row_text
from emon.store.tables import TABLES, Table, Watched

# By place, of which the chain's reader knows them: found by their deed they would cost a look at every entry.
_SEALS = """
SELECT seq, row_key, content, leaves FROM audit
WHERE seq = ANY(%s) AND relation = %s AND deed = 'seal' ORDER BY seq
"""
_REMOVALS = """
SELECT seq, row_key, content, written_by FROM audit
WHERE seq = ANY(%s) AND relation = %s AND deed = 'remove' ORDER BY seq
"""
_OWN = '"emon '


class _Seal(msgspec.Struct):
    """``leaves``: as sealed, less the rows that a removal on the trail has taken."""

    seq: int
    key: str
    from_us: int
    to_us: int
    leaves: bytes


def check_bulk(conn: Connection, report: Report, trail: Trail) -> frozenset[str]:
    """Name every sealed row that was changed, is gone, or was put there afterwards; the days of which rows
    were removed by what the trail says."""
    removed: list[Removed] = []
    for table in TABLES:
        if table.watched is Watched.BULK:
            removed += _check_table(conn, report, table, trail.other_seqs)
    return frozenset(one.day for one in removed)


def _check_table(conn: Connection, report: Report, table: Table, seqs: list[int]) -> list[Removed]:
    removed = _removals(conn, report, table, seqs)
    groups, sealed_to_us = _seals_by_columns(conn, report, table, seqs, removed)
    for columns, seals in groups:
        report.spans += len(seals)
        found = _leaves_now(conn, table, columns, seals)
        for place, seal in enumerate(seals):
            report.bulk_rows += len(seal.leaves) // LEAF_BYTES
            if found.get(place, b"") != seal.leaves:
                _name(conn, report, table, columns, seal)
    count = f"SELECT count(*) FROM {table.name} WHERE received_at > %s"
    unsealed = conn.execute(count.encode(), (to_datetime(sealed_to_us),)).fetchone()
    report.bulk_unsealed += 0 if unsealed is None else int(unsealed[0])
    return removed


def _seals_by_columns(
    conn: Connection, report: Report, table: Table, seqs: list[int], removed: list[Removed]
) -> tuple[list[tuple[tuple[str, ...], list[_Seal]]], int]:
    """The seals, those of one list of columns together: a schema that grew seals more than it did. And to
    which instant they go."""
    groups: dict[tuple[str, ...], list[_Seal]] = {}
    taken = places_by_seal(removed)
    to_us = 0
    for seq, key, content, leaves in conn.execute(_SEALS.encode(), (seqs, table.name)):
        try:
            said: dict[str, Any] = json.loads(content)
            columns, digest = tuple(said["columns"]), said["sha256"]
            from_us, end_us = map(parse_instant, json.loads(key))
        except (ValueError, TypeError, KeyError):
            report.found(table.name, key, "the entry of a seal cannot be read", seq)
            continue
        if from_us != to_us:
            report.found(table.name, key, "the seal does not go on from the one before", seq)
        to_us = end_us
        if hashlib.sha256(leaves).hexdigest() != digest:
            report.found(table.name, key, "the rows' hashes beside the seal were changed", seq)
        groups.setdefault(columns, []).append(
            _Seal(seq, key, from_us, end_us, without(leaves, taken.get(seq, set()), LEAF_BYTES))
        )
    return list(groups.items()), to_us


def _removals(conn: Connection, report: Report, table: Table, seqs: list[int]) -> list[Removed]:
    """What retention has removed, each said as a remark; one that emon did not write is a finding."""
    found = []
    for seq, key, content, writer in conn.execute(_REMOVALS.encode(), (seqs, table.name)):
        try:
            removed = read_removed(content)
        except msgspec.DecodeError:
            report.found(table.name, key, "the entry of a removal cannot be read", seq)
            continue
        if _OWN not in writer:
            report.found(table.name, key, f"was removed by hand, by {writer}", seq)
        report.remarks.append(f"{span_words(removed)} (entry {seq})")
        found.append(removed)
    return found


def _leaves_now(
    conn: Connection, table: Table, columns: tuple[str, ...], seals: list[_Seal]
) -> dict[int, bytes]:
    """The rows' hashes of each span as they are now, by the seal's place; spans without rows are absent."""
    if not seals:
        return {}
    from_at = [to_datetime(seal.from_us + 1) for seal in seals]
    query = (
        f"SELECT width_bucket(t.received_at, %(bounds)s::timestamptz[]) - 1, "
        f"string_agg({row_text(columns)}, ''::bytea ORDER BY {bulk_order(table)}) FROM {table.name} AS t "
        f"WHERE t.received_at >= %(first)s AND t.received_at <= %(last)s GROUP BY 1"
    )
    params = {"bounds": from_at, "first": from_at[0], "last": to_datetime(seals[-1].to_us)}
    with conn.cursor(name="spans", binary=True) as cursor:
        cursor.itersize = 100
        cursor.execute(query.encode(), params)
        return {int(place): bytes(leaves) for place, leaves in cursor}


def _name(conn: Connection, report: Report, table: Table, columns: tuple[str, ...], seal: _Seal) -> None:
    key = ", ".join(f't."{name}"' for name in table.key)
    query = (
        f"SELECT json_build_array({key})::text, {row_text(columns)} FROM {table.name} AS t "
        f"WHERE t.received_at > %s AND t.received_at <= %s ORDER BY {bulk_order(table)}"
    )
    span = (to_datetime(seal.from_us), to_datetime(seal.to_us))
    rows = conn.execute(query.encode(), span).fetchall()
    keys = [str(row[0]) for row in rows]
    within = f"received in {seal.key}"
    for word, place in differing(seal.leaves, b"".join(bytes(row[1]) for row in rows)):
        if word == "removed":
            report.found(table.name, _between(keys, place), f"a row {within} is gone", seal.seq)
        elif word == "added":
            report.found(
                table.name, keys[place], f"the row {within} was changed or added after its seal", seal.seq
            )
        else:
            report.found(table.name, keys[place], f"the row {within} was {word} after its seal", seal.seq)


def _between(keys: list[str], place: int) -> str:
    before = keys[place - 1] if 0 < place <= len(keys) else "the span's start"
    after = keys[place] if place < len(keys) else "the span's end"
    return f"between {before} and {after}"
