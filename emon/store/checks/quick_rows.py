"""Rows as the audit trail writes them, made here of the server's binary form (see ``json_kernel``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from emon import limits
from emon.store.checks import json_kernel
from emon.store.checks.report import Connection, copied_together
from emon.store.tables import Table

_COLUMNS = """
SELECT attname, CASE WHEN attgenerated = '' THEN format_type(atttypid, NULL) END FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KINDS = {
    "text": json_kernel.TEXT,
    "jsonb": json_kernel.VERBATIM,
    "smallint": json_kernel.INTEGER,
    "integer": json_kernel.INTEGER,
    "bigint": json_kernel.INTEGER,
    "timestamp with time zone": json_kernel.INSTANT,
    "boolean": json_kernel.TRUTH,
    "text[]": json_kernel.TEXTS,
}


class _Shape(msgspec.Struct, frozen=True):
    """A table's columns as the kernel takes them. ``query``: what gives them in this order."""

    query: str
    kinds: npt.NDArray[np.int64]
    names: npt.NDArray[np.uint8]
    name_ends: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    head: npt.NDArray[np.uint8]


class Unknown(Exception):
    """A table or a value of which only PostgreSQL knows how it is written."""


class Written(msgspec.Struct, frozen=True):
    """Rows one behind the other in ``text``: of each the table's name and its key, a line break between, and
    its content; where each key and each content ends stands in ``ends``. It is written over by the next."""

    text: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]


def quick_rows(
    conn: Connection, table: Table, *, block_bytes: int = limits.VERIFY_ROWS_BYTES
) -> Iterator[Written]:
    """The table's rows in UTF-8, byte for byte what ``key_of`` and ``content_of`` give in a session in UTC.

    Raises ``Unknown``, at the first row or any later.
    """
    shape = _shape(conn, table)
    room = np.empty(0, np.uint8)
    told = copied_together(conn, shape.query, block_bytes)
    for rows in told:
        data = np.frombuffer(b"".join(rows), np.uint8)
        needed = _bytes_at_most(shape, len(data), len(rows))
        if needed > len(room):  # kept from block to block: pages that were never touched cost each time
            room = np.empty(needed + needed // 4, np.uint8)
        starts = np.fromiter(accumulate(map(len, rows[:-1]), initial=0), np.int64, len(rows))
        ends = np.empty(2 * len(rows), np.int64)
        known = json_kernel.write_rows(
            data, starts, shape.kinds, shape.names, shape.name_ends, shape.keys, shape.head, room, ends
        )
        if known != json_kernel.UNKNOWN:
            for _ in told:  # to its end: a transfer that is broken off would end the transaction too
                pass
            raise Unknown
        yield Written(room[: ends[-1]], ends)


def _bytes_at_most(shape: _Shape, data: int, rows: int) -> int:
    fixed = len(shape.head) + len(shape.names) + 4 + 2 * json_kernel.FIXED_BYTES_MAX * len(shape.kinds)
    return 2 * json_kernel.ESCAPED_BYTES_MAX * data + fixed * rows


def _shape(conn: Connection, table: Table) -> _Shape:
    if {conn.info.parameter_status(f"{side}_encoding") for side in ("server", "client")} != {"UTF8"}:
        raise Unknown
    columns: list[tuple[Any, ...]] = conn.execute(_COLUMNS.encode(), (table.name,)).fetchall()
    kinds = [_KINDS.get(kind) for _, kind in columns]
    if table.secret or None in kinds:
        raise Unknown
    names = [str(name) for name, _ in columns]
    before = [
        f"{',' if place else '{'}{json.dumps(name, ensure_ascii=False)}:".encode()
        for place, name in enumerate(names)
    ]
    listed = ", ".join(f'"{name}"' for name in names)
    return _Shape(
        query=f"SELECT {listed} FROM {table.name}",
        kinds=np.array(kinds, np.int64),
        names=np.frombuffer(b"".join(before), np.uint8),
        name_ends=np.cumsum([len(one) for one in before], dtype=np.int64),
        keys=np.array([names.index(name) for name in table.key], np.int64),
        head=np.frombuffer(table.name.encode() + b"\n", np.uint8),
    )
