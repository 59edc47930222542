"""Deliveries that a commit has just made, read with the commit's own answer.

Theory of operation. Whoever wrote a delivery could tell the dispatcher to look for it: on another connection,
a round trip more, and on a full machine each of its steps waits for its turn. So behind the ``COMMIT`` of a
step goes one more statement, in the same flight: the rows that a look would find, of just these deliveries.
It sees what is committed and nothing else, and answers with the commit. What it does not give is looked for
as ever: news before which another message of its line waits, a device's alert that names no order, a crowd.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import psycopg
from psycopg import pq

from emon.alerts.outbox import DueDelivery
from emon.limits import DELIVERIES_CLAIMED_MAX
from emon.store import connect as c
from emon.store import due_rows, packing
from emon.store.flight import COMMIT, Call, Statement, fly, fly_through, rows_of
from emon.store.placed_orders import PlacedOrders
from emon.store.quick_sql import KEEP_PLAN, PLAN_EACH

log = logging.getLogger("emon.store")

READ_FRESH = Statement(
    "emon_fresh",
    f"""
WITH due AS (
    SELECT {due_rows.COLUMNS} FROM delivery AS d
    WHERE d.id = ANY($1::text[]) AND d.state = 'waiting' AND d.joined_into IS NULL
      AND {due_rows.FIRST_OF_ITS_LINE}
)
{due_rows.SELECT_ROWS}
""",
)


class Fresh:
    """The deliveries of the newest step, until they are taken."""

    def __init__(self, placed: PlacedOrders) -> None:
        self._placed = placed
        self._rows: list[c.Row] = []
        self._written = 0

    async def commit(self, conn: c.Connection, ids: Sequence[str]) -> None:
        """Commit, and keep what can be said of these deliveries. Raises the commit's own faults alone."""
        self._rows, self._written = [], len(ids)
        if not 0 < len(ids) <= DELIVERIES_CLAIMED_MAX:
            await fly(conn, [Call(COMMIT)])
            return
        asked = packing.texts([one.encode() for one in ids]).data
        calls = [Call(COMMIT), Call(KEEP_PLAN), Call(READ_FRESH, [asked]), Call(PLAN_EACH)]
        _, _, answer, _ = await fly_through(conn, calls)
        if answer.status == pq.ExecStatus.TUPLES_OK:
            self._rows = rows_of(conn, answer)
        else:
            log.warning("what was just written is looked for: %s", psycopg.errors.error_from_result(answer))
            await fly(conn, [Call(PLAN_EACH)])

    def take(self) -> tuple[list[DueDelivery], bool]:
        """Those that can be told as they are, and whether that is all that the step wrote. Once."""
        rows, written = self._rows, self._written
        self._rows, self._written = [], 1  # a step that does not come by here has some that nobody knows
        found = [due_rows.due_from_row(row, self._placed, {}) for row in rows if self._is_told(row)]
        return found, len(found) == written

    def _is_told(self, row: c.Row) -> bool:
        order = due_rows.order_of(row)
        if order is None:
            return not due_rows.names_no_order(row)
        return self._placed.version(*order) is not None
