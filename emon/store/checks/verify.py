"""One verification: a single snapshot of the database, read once and only read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import psycopg
from psycopg.conninfo import make_conninfo

from emon import limits
from emon.audit.heads import Head, KeyLine
from emon.store.checks.beside import ChainBeside, exported, may_fork
from emon.store.checks.bulk import check_bulk
from emon.store.checks.chain import Trail, read_chain
from emon.store.checks.deadlines import Suspicions, check_deadlines, read_deadlines
from emon.store.checks.followers import Otherwise, check_followers, read_followers
from emon.store.checks.guards import check_guards
from emon.store.checks.heads import Heads, check_heads
from emon.store.checks.marks import HashMarks, KeyedMarks, Marks
from emon.store.checks.report import Connection, Report
from emon.store.checks.rows import RowsNow, check_rows, read_rows
from emon.store.connect import as_store_faults

Unwatched = tuple[Suspicions, tuple[Otherwise, ...]]

_SESSION = """
SET timezone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET datestyle = 'ISO';
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
"""


def open_snapshot(url: str, purpose: str, snapshot: str | None = None) -> Connection:
    """A connection in a transaction that sees one moment and may change nothing. ``snapshot``: the moment
    that another one sees. Raises ``psycopg.OperationalError``."""
    conninfo = make_conninfo(
        url,
        application_name=f"emon {purpose}",
        connect_timeout=limits.DATABASE_CONNECT_TIMEOUT_S,
    )
    conn = psycopg.connect(conninfo)
    for statement in _SESSION.split(";"):
        conn.execute(statement.strip().encode())
    if snapshot is not None:
        conn.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
    return conn


def verify_trail(
    url: str,
    kept: Sequence[KeyLine | Head] = (),
    trusted: Sequence[str] = (),
    *,
    beside_from: int = limits.VERIFY_BESIDE_FROM,
) -> Report:
    """Hold chain, rows, seals and heads against each other. ``kept``: lines that were kept elsewhere;
    ``trusted``: ids of keys that no earlier key introduced and that are right all the same. A chain of
    ``beside_from`` entries or more is read by a process beside this one.

    Raises ``DatabaseUnavailable``.
    """
    report = Report()
    with as_store_faults(url):
        conn = open_snapshot(url, "verify")
        try:
            heads = Heads(kept, trusted)
            heads.read(conn, report)
            check_guards(conn, report)
            with ThreadPoolExecutor(1) as beside:  # the database reads these rows while others are compared
                marks = _marks_for(conn, beside_from)
                trail, now, unwatched = _read(conn, url, report, heads, marks, beside)
                check_rows(conn, report, trail, now, marks)
                removed_days = check_bulk(conn, report, trail)
                check_heads(conn, report, trail, heads)
                deadlines, followers = unwatched.result()
                check_deadlines(conn, report, deadlines)
                check_followers(report, followers, removed_days)
        finally:
            conn.close()
    return report


def _marks_for(conn: Connection, beside_from: int) -> Marks:
    """Keyed where the trail is worth a second process and that is safe, which has what is imported here."""
    last = conn.execute("SELECT max(seq) FROM audit").fetchone()
    length = 0 if last is None or last[0] is None else int(last[0])
    return HashMarks() if length < beside_from or not may_fork() else KeyedMarks()


def _read(
    conn: Connection, url: str, report: Report, heads: Heads, marks: Marks, beside: Executor
) -> tuple[Trail, RowsNow, Future[Unwatched]]:
    """The chain and the rows, at the same time with ``KeyedMarks``; what has no entries of its
    own by a thread of ``beside``, which has none before: a fork would copy it."""
    if not isinstance(marks, KeyedMarks):
        trail, now = read_chain(conn, report, heads.places, marks=marks), read_rows(conn, marks)
        return trail, now, beside.submit(_unwatched, url, exported(conn))
    chain = ChainBeside(conn, lambda snapshot: open_snapshot(url, "verify", snapshot), heads.places, marks)
    try:
        now = read_rows(conn, marks)
        unwatched = beside.submit(_unwatched, url, exported(conn))  # the chain takes longer than the rows
        return chain.result(report), now, unwatched
    finally:
        chain.end()


def _unwatched(url: str, snapshot: str) -> Unwatched:
    conn = open_snapshot(url, "verify", snapshot)
    try:
        return read_deadlines(conn), read_followers(conn)
    finally:
        conn.close()
