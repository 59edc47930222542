"""Several prepared statements and their answers in one round trip, on the connection as libpq has it.

Theory of operation. A round trip costs the client more than what it carries: passes of the event loop, and
with a cursor a hundred microseconds of its own. A batch of the engine is a transaction of a few known
statements, so they are prepared once a connection and sent together in libpq's pipeline, ``BEGIN`` and
``COMMIT`` among them. Parameters come in the server's binary form (``packing``). When a statement fails the
server skips those after it, so a ``COMMIT`` behind it never happens.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import errors, pq, waiting
from psycopg.adapt import Transformer

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

    from emon.store.connect import Connection, Row

_INT8 = struct.Struct(">q")
_FAULTS = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)


class Statement(NamedTuple):
    """One that is prepared under a name; its parameters are ``$1``, ``$2`` … with their types cast."""

    name: str
    query: str


class Call(NamedTuple):
    """A statement and what it is given: binary values, None for null."""

    statement: Statement
    params: Sequence[bytes | None] = ()


BEGIN, COMMIT = Statement("emon_begin", "BEGIN"), Statement("emon_commit", "COMMIT")
_ROLLBACK = Statement("emon_rollback", "ROLLBACK")


async def prepare(conn: Connection, statements: Sequence[Statement]) -> None:
    """Make them known to the server, once for a connection. Raises the driver's faults."""
    commands = [partial(_prepare, conn.pgconn, one) for one in (BEGIN, COMMIT, _ROLLBACK, *statements)]
    _raise_first(await _sent(conn, commands))


async def fly(conn: Connection, calls: Sequence[Call]) -> list[PGresult]:
    """Run them in order, in one round trip; an answer each. Raises the driver's fault of the first that
    failed; the connection can be rolled back then. ``psycopg.OperationalError`` when it broke."""
    answers = await fly_through(conn, calls)
    _raise_first(answers)
    return answers


async def fly_through(conn: Connection, calls: Sequence[Call]) -> list[PGresult]:
    """As ``fly``, where what stands behind the first may fail without undoing it: its own fault alone is
    raised."""
    answers = await _sent(conn, [partial(_execute, conn.pgconn, one) for one in calls])
    _raise_first(answers[:1])
    return answers


def rows_of(conn: Connection, answer: PGresult) -> list[Row]:
    """Its rows, as a cursor of this connection would give them."""
    transformer = Transformer(conn)
    transformer.set_pgresult(answer, format=pq.Format.BINARY)
    return transformer.load_rows(0, answer.ntuples, tuple)


async def roll_back(conn: Connection) -> None:
    """The driver's own way to roll back lets it deallocate every prepared statement of the session."""
    if conn.pgconn.transaction_status != pq.TransactionStatus.IDLE:
        await fly(conn, [Call(_ROLLBACK)])


def int8(value: int) -> bytes:
    """bigint"""
    return _INT8.pack(value)


def as_int8(value: bytes | None) -> int:
    """Of an answer that is not null; ``timestamptz`` comes as one too, counted from 2000."""
    assert value is not None
    found: int = _INT8.unpack(value)[0]
    return found


def _prepare(pgconn: PGconn, one: Statement) -> None:
    pgconn.send_prepare(one.name.encode(), one.query.encode())


def _execute(pgconn: PGconn, call: Call) -> None:
    params = call.params
    pgconn.send_query_prepared(
        call.statement.name.encode(),
        params or None,
        [pq.Format.BINARY] * len(params) if params else None,
        result_format=pq.Format.BINARY,
    )


async def _sent(conn: Connection, commands: Sequence[Callable[[], None]]) -> list[PGresult]:
    pgconn = conn.pgconn
    async with conn.lock:
        if pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection is closed")
        pgconn.enter_pipeline_mode()
        try:
            answers = await conn.wait(_conversation(pgconn, commands))
            pgconn.exit_pipeline_mode()
        except BaseException:
            pgconn.finish()  # answers of ours may still be under way: nobody can go on with it
            raise
    return answers


def _raise_first(answers: Sequence[PGresult]) -> None:
    for answer in answers:
        if answer.status in _FAULTS:
            raise errors.error_from_result(answer)


def _conversation(pgconn: PGconn, commands: Sequence[Callable[[], None]]) -> PQGen[list[PGresult]]:
    """Everything out, then everything in; what comes while we send is read, so that neither side waits for
    the other."""
    for command in commands:
        command()
    pgconn.pipeline_sync()
    while pgconn.flush():
        if (yield waiting.WAIT_RW) & waiting.READY_R:
            pgconn.consume_input()
    answers: list[PGresult] = []
    while True:
        while not pgconn.is_busy():
            answer = pgconn.get_result()
            if answer is None:  # between the answers of two statements
                if pgconn.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the server closed the connection")
            elif answer.status == pq.ExecStatus.PIPELINE_SYNC:
                return answers
            else:
                answers.append(answer)
        if (yield waiting.WAIT_R) & waiting.READY_R:
            pgconn.consume_input()
