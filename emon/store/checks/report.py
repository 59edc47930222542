"""What a verification found, each in words that name table, key and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import errors

from emon import limits

_COPY_HEAD_BYTES = 19  # "PGCOPY", flags and the length of an extension
_COPY_END_BYTES = 2  # a count of -1 fields

Connection = psycopg.Connection[tuple[Any, ...]]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it was recorded. ``seq``: the entry of the trail that it is about."""

    relation: str
    key: str
    what: str
    seq: int | None = None

    def __str__(self) -> str:
        place = "" if self.seq is None else f" (entry {self.seq})"
        return f"{self.relation} {self.key}: {self.what}{place}"


class Report(msgspec.Struct):
    """All that one verification looked at, and what it found. ``more``: findings beyond those named."""

    entries: int = 0
    pending: int = 0
    rows: int = 0
    bulk_rows: int = 0
    bulk_unsealed: int = 0
    spans: int = 0
    heads: int = 0
    keys: int = 0
    signed_to: int = 0
    chain: str = ""
    findings: list[Finding] = msgspec.field(default_factory=list)
    remarks: list[str] = msgspec.field(default_factory=list)
    more: int = 0

    @property
    def agrees(self) -> bool:
        return not self.findings

    def found(self, relation: str, key: str, what: str, seq: int | None = None) -> None:
        """Name a finding, as long as there is room for it."""
        if len(self.findings) < limits.VERIFY_FINDINGS_MAX:
            self.findings.append(Finding(relation, key, what, seq))
        else:
            self.more += 1


def copied(conn: Connection, query: str, params: tuple[object, ...] = ()) -> Iterator[bytes]:
    """The tuples of ``COPY (query) TO STDOUT (FORMAT BINARY)``, each as its own bytes."""
    for tuples in copied_together(conn, query, 1, params):
        yield from tuples


def copied_together(
    conn: Connection, query: str, enough_bytes: int, params: tuple[object, ...] = ()
) -> Iterator[list[bytes]]:
    """The same, as many at a time as make so many bytes, the last ones fewer.

    The driver waits for the first of those that come together; the others are taken as libpq has them, at a
    third of the cost.
    """
    together: list[bytes] = []
    size = 0
    with (
        conn.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)".encode(), params) as copy,
    ):
        there, skipped = conn.pgconn.get_copy_data, _COPY_HEAD_BYTES
        for block in copy:
            data = bytes(block)[skipped:]
            skipped = 0
            while len(data) > _COPY_END_BYTES:
                together.append(data)
                size += len(data)
                if size >= enough_bytes:
                    yield together
                    together, size = [], 0
                length, more = there(1)
                if length <= 0:
                    _raise_if_broken_off(conn, length)
                    break
                data = bytes(more)
    if together:
        yield together


def _raise_if_broken_off(conn: Connection, length: int) -> None:
    """What is negative is an end without the end of the data before it: the server failed, or is gone."""
    if length < 0:
        answers = list(
            iter(conn.pgconn.get_result, None)
        )  # all, or the connection is held to be at work still
        raise (
            errors.error_from_result(answers[0])
            if answers
            else psycopg.OperationalError("the answer of the server broke off")
        )


def entry_name(conn: Connection, seq: int) -> tuple[str, str]:
    """Table and key of an entry, for a sentence about it."""
    row = conn.execute("SELECT relation, row_key FROM audit WHERE seq = %s", (seq,)).fetchone()
    return ("audit", f"[{seq}]") if row is None else (str(row[0]), str(row[1]))


def differences(then: str, now: str) -> list[str]:
    """What is different between a row's content in the trail and the row as it stands, column by column.

    A column that the entry does not know came with a later schema; one that the row lacks went with it.
    """
    try:
        before, after = json.loads(then), json.loads(now)
        names = [name for name in before if name in after]
    except (ValueError, TypeError, AttributeError):
        return ["its entry in the trail cannot be read any more"]
    return [
        f"{name} is {json.dumps(after[name], ensure_ascii=False)}, recorded as "
        f"{json.dumps(before[name], ensure_ascii=False)}"
        for name in names
        if not _same(before[name], after[name])
    ]


def _same(one: object, other: object) -> bool:
    """Instants are equal in whatever zone a session wrote them."""
    if one == other:
        return True
    if not (isinstance(one, str) and isinstance(other, str) and len(one) > 18 and one[4:5] == "-"):
        return False
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False
