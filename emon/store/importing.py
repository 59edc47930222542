"""Everything in again: into an empty database, in one transaction, wholly or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from emon import limits
from emon.store import connect as c
from emon.store.archive import ExportDamaged, Manifest, Reader, TableInside
from emon.store.checks.report import Connection
from emon.store.errors import StoreFault
from emon.store.exporting import Say, schema_now
from emon.store.tables import BY_NAME, TABLES

_TRIGGERS = """
SELECT tgname::text, tgenabled::text FROM pg_trigger
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgparentid = 0 ORDER BY tgname
"""
_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
_TRY_ENGINE = "SELECT pg_try_advisory_xact_lock(%s::integer, %s::integer)"
_COUNT_FEW = "SELECT count(*) FROM (SELECT FROM {0} LIMIT 1000) AS few"


class ImportRefused(StoreFault):
    """The database, or this release, is not what the export can go into. Nothing was changed."""


def check_schema_of(manifest: Manifest) -> None:
    """Raises ``ImportRefused`` unless this release's schema is the export's."""
    ours = schema_now()
    if [tuple(step) for step in manifest.schema] == ours:
        return
    theirs = manifest.schema[-1][0] if manifest.schema else 0
    raise ImportRefused(
        f"the export has the schema of migration {theirs:04d}, this release that of {ours[-1][0]:04d}: "
        "import it with the release that made it, and run `emon migrate` of this one on it then"
    )


def import_(url: str, reader: Reader, say: Say = lambda table, done, of: None) -> None:
    """Fill the migrated, empty database at ``url``. Raises ``ImportRefused``, ``ExportDamaged`` and
    ``DatabaseUnavailable``; the database is then as it was."""
    conninfo = make_conninfo(
        url, application_name="emon import", connect_timeout=limits.DATABASE_CONNECT_TIMEOUT_S
    )
    with c.as_store_faults(url), psycopg.connect(conninfo) as conn:
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "statement_timeout = 0"):
            conn.execute(f"SET {setting}".encode())
        _refuse_unless_empty(conn)
        switched = {table.name: _switch_off(conn, table.name) for table in TABLES if table.exported}
        _make_partitions(conn, reader.manifest)
        for table in reader.manifest.tables:
            _fill(conn, reader, table, say)
        for name, (value, called) in sorted(reader.manifest.sequences.items()):
            conn.execute("SELECT setval(%s::regclass, %s, %s)", (f'"{name}"', value, called))
        for name, triggers in switched.items():
            for trigger, state in triggers:
                conn.execute(f'ALTER TABLE {name} {_ENABLE[state]} TRIGGER "{trigger}"'.encode())
        _check_end(conn, reader.manifest)
    with c.as_store_faults(url), psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("ANALYZE")


def _refuse_unless_empty(conn: Connection) -> None:
    free = conn.execute(_TRY_ENGINE, (c.LOCK_CLASS, c.LOCK_ENGINE)).fetchone()
    if free is None or not free[0]:
        raise ImportRefused("a service is running on this database: an import needs it empty and alone")
    found = []
    for table in TABLES:
        if table.exported and not table.seeded:
            row = conn.execute(_COUNT_FEW.format(table.name).encode()).fetchone()
            if row is not None and row[0]:
                many = "1,000 or more" if row[0] == 1000 else str(row[0])
                found.append(f"{table.name} ({many})")
    if found:
        raise ImportRefused(
            f"the database is not empty: {', '.join(found)}; an import goes only into an empty one"
        )


def _switch_off(conn: Connection, table: str) -> list[tuple[str, str]]:
    """The rows bring with them what the triggers would make; the triggers as they stood."""
    found = [(str(name), str(state)) for name, state in conn.execute(_TRIGGERS.encode(), (table,))]
    for name, _ in found:
        conn.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"'.encode())
    return found


def _make_partitions(conn: Connection, manifest: Manifest) -> None:
    """Those of the days that hold many fixes; a day with few may lie with the rest."""
    for table in manifest.tables:
        for day, rows in sorted(table.days.items()):
            if rows >= limits.IMPORT_DAY_FIXES_MIN:
                from_day = date.fromisoformat(day)
                conn.execute("SELECT ensure_partitions(%s, %s)", (from_day, from_day + timedelta(days=1)))


def _fill(conn: Connection, reader: Reader, table: TableInside, say: Say) -> None:
    known = BY_NAME.get(table.name)
    if known is None or not known.exported:
        raise ExportDamaged(f"manifest.json: there is no table {table.name!r}")
    if known.seeded:
        conn.execute(f"DELETE FROM {table.name}".encode())
    head = (",".join(table.columns) + "\n").encode()
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in table.columns)
    done, file = 0, ""
    try:
        with (
            conn.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT csv)".encode()) as copy,
        ):
            for part, data in reader.parts(table):
                file = part.file
                if not data.startswith(head):
                    raise ExportDamaged(f"{file}: its first line does not name the table's columns")
                copy.write(data[len(head) :])
                done += part.rows
                say(table.name, done, table.rows)
        found = conn.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchone()
        if found is None or found[0] != table.rows:
            raise ExportDamaged(f"{table.name}: {done} rows, though the manifest says {table.rows}")
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as fault:
        place = fault.diag.context or file
        raise ExportDamaged(f"{file}: {fault.diag.message_primary or fault} ({place})") from None


def _check_end(conn: Connection, manifest: Manifest) -> None:
    row = conn.execute("SELECT seq, encode(chain, 'hex') FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    if tuple(manifest.audit) != ((0, "") if row is None else (row[0], row[1])):
        raise ExportDamaged("manifest.json: the audit trail does not end where it says")


def opened(path: Path) -> Reader:
    """The export at ``path``, its manifest read. Raises ``ExportDamaged``, ``ImportRefused``, ``OSError``."""
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    reader = Reader(path)
    check_schema_of(reader.manifest)
    return reader
