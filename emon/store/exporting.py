"""Everything out: one snapshot, table by table, sorted by key, so that equal contents give equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from emon import limits
from emon.store.archive import FORMAT, Manifest, Part, TableInside, Writer
from emon.store.checks.report import Connection
from emon.store.checks.verify import open_snapshot
from emon.store.connect import as_store_faults
from emon.store.migrate import migrations
from emon.store.tables import TABLES, Table

_COLUMNS = """
SELECT attname::text, atttypid::regtype::text FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_SEQUENCES = """
SELECT c.relname::text FROM pg_class AS c
WHERE c.relkind = 'S' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname COLLATE "C"
"""
_DAYS = "SELECT (fixed_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM fix GROUP BY 1 ORDER BY 1"
_AUDIT_END = "SELECT seq, encode(chain, 'hex') FROM audit ORDER BY seq DESC LIMIT 1"

Say = Callable[[str, int, int], None]
"""Told of progress: table, rows written, rows in all."""


def schema_now() -> list[tuple[int, str]]:
    """The migrations of this release, without the two forms of one."""
    return sorted({(step.number, step.name) for step in migrations()})


def export(url: str, path: Path, say: Say = lambda table, done, of: None) -> tuple[Manifest, str]:
    """Write everything to ``path`` (a folder, or one file by its suffix); the manifest and its SHA-256.

    ``path`` appears whole or not at all. Raises ``DatabaseUnavailable`` and ``OSError``.
    """
    writer = Writer(path)
    try:
        with as_store_faults(url):
            conn = open_snapshot(url, "export")
            try:
                manifest = _manifest(conn, writer, say)
            finally:
                conn.close()
        return manifest, writer.finish(manifest)
    except BaseException:
        writer.abandon()
        raise


def _manifest(conn: Connection, writer: Writer, say: Say) -> Manifest:
    tables = [_table(conn, writer, table, say) for table in TABLES if table.exported]
    sequences = {}
    for (name,) in conn.execute(_SEQUENCES.encode()).fetchall():
        row = conn.execute(f'SELECT last_value, is_called FROM "{name}"'.encode()).fetchone()
        assert row is not None
        sequences[str(name)] = (int(row[0]), bool(row[1]))
    end = conn.execute(_AUDIT_END.encode()).fetchone()
    return Manifest(FORMAT, schema_now(), tables, sequences, (0, "") if end is None else (end[0], end[1]))


def _table(conn: Connection, writer: Writer, table: Table, say: Say) -> TableInside:
    listed = conn.execute(_COLUMNS.encode(), (table.name,)).fetchall()
    columns = [str(name) for name, _ in listed]
    kinds = {str(name): str(kind) for name, kind in listed}
    order = ", ".join(f'"{name}"' + (' COLLATE "C"' if kinds[name] == "text" else "") for name in table.key)
    chosen = ", ".join(f'"{name}"' for name in columns)
    days: dict[date, int] = dict(conn.execute(_DAYS.encode()).fetchall()) if table.name == "fix" else {}
    wheres: Iterator[tuple[str, tuple[object, ...]]] = (
        (" WHERE fixed_at >= %s::date AND fixed_at < %s::date", (day, day + timedelta(days=1)))
        for day in days
    )
    slices = wheres if table.name == "fix" else iter([("", ())])
    count = conn.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchone()
    of = 0 if count is None else int(count[0])
    parts: list[Part] = []
    done = 0
    head = (",".join(columns) + "\n").encode()
    for where, params in slices:
        query = f"COPY (SELECT {chosen} FROM {table.name}{where} ORDER BY {order}) TO STDOUT (FORMAT csv)"
        for rows, data in _cut(conn, query, params):
            parts.append(writer.part(f"{table.name}.{len(parts) + 1:06d}.csv", rows, head + data))
            done += rows
            say(table.name, done, of)
    return TableInside(table.name, columns, done, parts, {f"{day:%Y-%m-%d}": n for day, n in days.items()})


def _cut(conn: Connection, query: str, params: tuple[object, ...]) -> Iterator[tuple[int, bytes]]:
    """The rows' text in portions of a few megabytes: (rows, bytes)."""
    held, rows = bytearray(), 0
    with conn.cursor() as cursor, cursor.copy(query.encode(), params) as copy:
        for block in copy:
            held += block
            rows += 1
            if len(held) >= limits.EXPORT_PART_BYTES:
                yield rows, bytes(held)
                held, rows = bytearray(), 0
    if rows:
        yield rows, bytes(held)
