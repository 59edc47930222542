"""One verification: a single snapshot of the database, read once and only read."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg.conninfo import make_conninfo

from emon import limits
from emon.audit.heads import Head, KeyLine
from emon.store.checks.bulk import check_bulk
from emon.store.checks.chain import read_chain
from emon.store.checks.guards import check_guards
from emon.store.checks.heads import Heads, check_heads
from emon.store.checks.report import Connection, Report
from emon.store.checks.rows import check_rows
from emon.store.connect import as_store_faults

_SESSION = """
SET timezone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET datestyle = 'ISO';
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
"""


def open_snapshot(url: str, purpose: str) -> Connection:
    """A connection in a transaction that sees one moment and may change nothing. Raises
    ``psycopg.OperationalError``."""
    conninfo = make_conninfo(
        url,
        application_name=f"emon {purpose}",
        connect_timeout=limits.DATABASE_CONNECT_TIMEOUT_S,
    )
    conn = psycopg.connect(conninfo)
    for statement in _SESSION.split(";"):
        conn.execute(statement.strip().encode())
    return conn


def verify_trail(url: str, kept: Sequence[KeyLine | Head] = (), trusted: Sequence[str] = ()) -> Report:
    """Hold chain, rows, seals and heads against each other. ``kept``: lines that were kept elsewhere;
    ``trusted``: ids of keys that no earlier key introduced and that are right all the same.

    Raises ``DatabaseUnavailable``.
    """
    report = Report()
    with as_store_faults(url):
        conn = open_snapshot(url, "verify")
        try:
            heads = Heads(kept, trusted)
            heads.read(conn, report)
            check_guards(conn, report)
            trail = read_chain(conn, report, heads.places)
            check_rows(conn, report, trail)
            check_bulk(conn, report)
            check_heads(conn, report, trail, heads)
        finally:
            conn.close()
    return report
