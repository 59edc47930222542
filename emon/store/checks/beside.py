"""The chain read by a process of its own, while the rows are read by this one: two cores share the work.

Both see one moment, by PostgreSQL's exported snapshot. The process is a fork, which has the key of the
marks and what was imported for them; it opens connections of its own and touches nothing else of its
parent's. By one of them the database puts the next block together while this one is hashed.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Collection
from multiprocessing.connection import Connection as Pipe

import msgspec

from emon.store.checks.chain import Trail, read_chain
from emon.store.checks.marks import Marks
from emon.store.checks.report import Connection, Report
from emon.store.errors import DatabaseUnavailable

_SEES = "SELECT pg_export_snapshot()"


class _Read(msgspec.Struct):
    """What the process has to say."""

    trail: Trail
    report: Report


def may_fork() -> bool:
    """Whether nothing else runs in this process that a fork could catch in the middle of something."""
    return threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()


def exported(conn: Connection) -> str:
    """The moment that a connection sees, for another to see it too while this transaction lasts."""
    row = conn.execute(_SEES.encode()).fetchone()
    assert row is not None
    return str(row[0])


class ChainBeside:
    """Begins at once; ``result`` waits for it. ``opened`` makes a connection that sees the snapshot given."""

    def __init__(
        self, conn: Connection, opened: Callable[[str], Connection], wanted: Collection[int], marks: Marks
    ) -> None:
        context = multiprocessing.get_context("fork")
        self._answer, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_work, args=(theirs, opened, exported(conn), frozenset(wanted), marks), daemon=True
        )
        self._process.start()
        theirs.close()

    def result(self, report: Report) -> Trail:
        """The chain; what it found is added to the report. Raises ``DatabaseUnavailable``."""
        try:
            read = self._answer.recv()
        except EOFError:
            read = None
        self._process.join()
        if not isinstance(read, _Read):
            raise DatabaseUnavailable(f"the process that reads the chain ended early: {read}")
        report.entries, report.pending, report.chain = (
            read.report.entries,
            read.report.pending,
            read.report.chain,
        )
        for one in read.report.findings:
            report.found(one.relation, one.key, one.what, one.seq)
        report.more += read.report.more
        return read.trail

    def end(self) -> None:
        """Leave no process behind, whatever happened."""
        self._answer.close()
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()


def _work(
    pipe: Pipe,
    opened: Callable[[str], Connection],
    snapshot: str,
    wanted: Collection[int],
    marks: Marks,
) -> None:
    try:
        conn, ahead = opened(snapshot), opened(snapshot)
        report = Report()
        trail = read_chain(conn, report, wanted, ahead=ahead, marks=marks)
        conn.close()
        ahead.close()
        pipe.send(_Read(trail, report))
    except Exception as fault:  # said by the parent, which is the one that a person hears
        pipe.send(repr(fault))
    finally:
        pipe.close()
