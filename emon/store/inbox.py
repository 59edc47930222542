"""The inbox: what was acknowledged and waits to be judged. Part of a batch's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emon.ingest.lanes import InboxState, Lane, Waiting
from emon.limits import PORTION_FIXES_MAX
from emon.model.instant import to_datetime
from emon.store import connect as c

# Binary: as text a payload is twice as long.
_COPY = "COPY inbox (device, topic, payload, fixes, lane, arrived_at) FROM STDIN (FORMAT BINARY)"
_TYPES = ("text", "text", "bytea", "int4", "text", "timestamptz")
_COUNT_OVER = """
INSERT INTO device_counter (device, over_budget, over_budget_at) VALUES (%s, %s, %s)
ON CONFLICT (device) DO UPDATE SET over_budget = device_counter.over_budget + excluded.over_budget,
                                   over_budget_at = excluded.over_budget_at
"""
# Whoever has waited longest, with all that this device has waiting: its late fixes are folded together,
# which is what makes a backlog cheap. A row is taken where it fits, the first whatever it holds.
_TAKE = """
WITH rows AS (
    SELECT id, fixes FROM inbox
    WHERE device = (SELECT device FROM inbox ORDER BY id LIMIT 1) ORDER BY id LIMIT %s
), fitting AS (
    SELECT id, fixes, sum(fixes) OVER (ORDER BY id) - fixes AS before FROM rows
)
DELETE FROM inbox WHERE id IN (SELECT id FROM fitting WHERE before = 0 OR before + fixes <= %s)
RETURNING id, topic, payload, fixes
"""
_SELECT_STATE = "SELECT count(*), coalesce(sum(fixes), 0)::bigint, min(arrived_at) FROM inbox"
_SELECT_OLDEST = "SELECT arrived_at FROM inbox ORDER BY id LIMIT 1"


class InboxPart:
    """What a batch does to the inbox."""

    _conn: c.Connection

    async def put_waiting(self, rows: Sequence[Waiting], arrived_at_us: int) -> None:
        """Keep these as they came; the commit is what an acknowledgement promises."""
        arrived_at = to_datetime(arrived_at_us)
        async with self._conn.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                one = (row.device, row.topic, row.payload, row.fixes, str(row.lane), arrived_at)
                await copy.write_row(one)
        over: Counter[str] = Counter()
        for row in rows:
            if row.lane is Lane.OVER_BUDGET:
                over[row.device] += row.fixes
        for device in sorted(over):
            await c.execute(self._conn, _COUNT_OVER, (device, over[device], arrived_at))

    async def take_waiting(self, fixes: int) -> list[tuple[str, bytes, int]]:
        """(topic, payload, fixes) of about so many fixes, those that have waited longest first, device by
        device; a further device only while less than half of them are found, since each costs a recollection
        of its own. They are gone from the inbox with this transaction; an empty answer means it is empty."""
        taken: list[tuple[str, bytes, int]] = []
        left = most = min(fixes, PORTION_FIXES_MAX)
        while 2 * left > most:
            rows = await c.fetch(self._conn, _TAKE, (left, left))
            if not rows:
                break
            taken.extend((row[1], row[2], row[3]) for row in sorted(rows, key=lambda row: row[0]))
            left -= sum(row[3] for row in rows)
        return taken

    async def oldest_waiting_us(self) -> int | None:
        """When the one that has waited longest came."""
        row = await c.fetch_one(self._conn, _SELECT_OLDEST)
        return None if row is None else row[0]


async def inbox_state(conn: c.Connection) -> InboxState:
    """How much waits, counted."""
    row = await c.fetch_one(conn, _SELECT_STATE)
    assert row is not None
    return InboxState(row[0], row[1], row[2])
