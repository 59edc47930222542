"""The inbox: what was acknowledged and waits to be judged. Part of a batch's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emon.ingest.lanes import InboxState, Lane, Waiting, WaitingRow
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
_CHOSEN = """
WITH rows AS (
    SELECT id, fixes FROM inbox
    WHERE device = (SELECT device FROM inbox WHERE device <> ALL(%s) ORDER BY id LIMIT 1) ORDER BY id LIMIT %s
), fitting AS (
    SELECT id, fixes, sum(fixes) OVER (ORDER BY id) - fixes AS before FROM rows
), chosen AS (
    SELECT id FROM fitting WHERE before = 0 OR before + fixes <= %s
)
"""
_COLUMNS = "id, device, topic, payload, fixes"
_TAKE = f"{_CHOSEN} DELETE FROM inbox WHERE id IN (SELECT id FROM chosen) RETURNING {_COLUMNS}"
_LOOK = f"{_CHOSEN} SELECT {_COLUMNS} FROM inbox WHERE id IN (SELECT id FROM chosen)"
# All of them or none: rows that went without being judged would be lost.
_TAKE_THESE = """
DELETE FROM inbox
WHERE id = ANY(%s) AND (SELECT count(*) FROM inbox WHERE id = ANY(%s)) = %s
RETURNING id
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

    async def take_waiting(self, fixes: int) -> list[WaitingRow]:
        """About so many fixes, those that have waited longest first, device by device; a further device only
        while less than half of them are found, since each costs a recollection of its own. They are gone from
        the inbox with this transaction; an empty answer means it is empty."""
        return await self._chosen(_TAKE, fixes, ())

    async def look_at_waiting(self, fixes: int, but: Sequence[str]) -> list[WaitingRow]:
        """As :meth:`take_waiting`, of other devices than these, and they stay."""
        return await self._chosen(_LOOK, fixes, but)

    async def _chosen(self, query: str, fixes: int, but: Sequence[str]) -> list[WaitingRow]:
        found: list[WaitingRow] = []
        devices = [*but]
        left = most = min(fixes, PORTION_FIXES_MAX)
        while 2 * left > most:
            rows = await c.fetch(self._conn, query, (devices, left, left))
            if not rows:
                break
            found.extend(WaitingRow(*row) for row in sorted(rows, key=lambda row: row[0]))
            devices.append(found[-1].device)
            left -= sum(row[4] for row in rows)
        return found

    async def take_these(self, rows: Sequence[WaitingRow]) -> bool:
        """Take rows that were looked at before. False: not all of them are there, and none is taken."""
        ids = [row.id for row in rows]
        return len(await c.fetch(self._conn, _TAKE_THESE, (ids, ids, len(ids)))) == len(ids)

    async def oldest_waiting_us(self) -> int | None:
        """When the one that has waited longest came."""
        row = await c.fetch_one(self._conn, _SELECT_OLDEST)
        return None if row is None else row[0]


async def inbox_state(conn: c.Connection) -> InboxState:
    """How much waits, counted."""
    row = await c.fetch_one(conn, _SELECT_STATE)
    assert row is not None
    return InboxState(row[0], row[1], row[2])
