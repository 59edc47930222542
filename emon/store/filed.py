"""One breach as it stands on file, with what an explanation of it asks the archive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from emon import limits
from emon.model.breach import Alert, Breach
from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent, Certainty, Party
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store.batch import Batch
from emon.store.policies import policies_of_breach
from emon.store.rows import BREACH_COLUMNS, breach_from_row

_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SELECT_BREACH = f"SELECT {BREACH_COLUMNS}, changed_at FROM breach WHERE id = %s"
_SELECT_VERSIONS = "SELECT source, armed_at FROM order_version WHERE id = %s ORDER BY version"
_SELECT_ALERTS = """
SELECT id, event, priority, at, recipients, happened_at, received_at, breach_id, order_id, condition_id,
       certainty, device, policy_row, also
FROM alert WHERE breach_id = %s ORDER BY at, id
"""
_SELECT_DECIDED = "SELECT last_received_at FROM engine_clock"


class FiledBreach(msgspec.Struct, frozen=True):
    """``changed_us``: when the database last wrote the breach, by its own clock. ``decided_us``: the
    receipt of the newest batch. ``policies``: contents of those that decided its alerts, the newest first."""

    breach: Breach
    alerts: tuple[Alert, ...]
    versions: tuple[OrderVersion, ...]
    changed_us: int
    decided_us: int
    policies: tuple[str, ...] = ()


@asynccontextmanager
async def filed_breach(url: str, breach_id: str) -> AsyncIterator[tuple[FiledBreach, Batch] | None]:
    """The breach of this id and the archive of the same moment, or None where there is none.

    On a connection of its own, so that it may be used in a thread of its own. Raises
    ``DatabaseUnavailable``.
    """
    conn = await c.connect(url, purpose="explanation", statement_timeout_s=limits.STATEMENT_TIMEOUT_S)
    try:
        with c.as_store_faults(url):
            async with conn.transaction():
                await conn.execute(_READ_ONLY)
                filed = await _read(conn, breach_id)
                yield None if filed is None else (filed, Batch(conn, 0))
    finally:
        await conn.close()


async def _read(conn: c.Connection, breach_id: str) -> FiledBreach | None:
    row = await c.fetch_one(conn, _SELECT_BREACH, (breach_id,))
    if row is None:
        return None
    breach, changed_us = breach_from_row(row[:-1]), row[-1]
    decided = await c.fetch_one(conn, _SELECT_DECIDED)
    return FiledBreach(
        breach,
        tuple(_alert(row) for row in await c.fetch(conn, _SELECT_ALERTS, (breach_id,))),
        tuple(
            version_from_source(source, armed_at_us=armed_at_us)
            for source, armed_at_us in await c.fetch(conn, _SELECT_VERSIONS, (breach.order,))
        ),
        changed_us,
        changed_us if decided is None or decided[0] is None else decided[0],
        tuple(await policies_of_breach(conn, breach_id)),
    )


def _alert(row: c.Row) -> Alert:
    return Alert(
        id=row[0],
        event=AlertEvent(row[1]),
        priority=row[2],
        at_us=row[3],
        recipients=tuple(Party(party) for party in row[4]),
        happened_at_us=row[5],
        received_at_us=row[6],
        breach=row[7],
        order=row[8],
        condition=row[9],
        certainty=None if row[10] is None else Certainty(row[10]),
        device=row[11],
        row=row[12],
        also=tuple(row[13]),
    )
