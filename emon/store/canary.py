"""The service's own bracelet on file: one row, in the transaction that judged its fix."""

from __future__ import annotations

from emon.model.canary import CanaryWord
from emon.model.instant import to_datetime
from emon.store import connect as c

_UPSERT = """
INSERT INTO canary (seq, fixed_at, received_at, alert_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (only_row) DO UPDATE SET seq = excluded.seq, fixed_at = excluded.fixed_at,
    received_at = excluded.received_at, alert_id = excluded.alert_id
WHERE excluded.seq > canary.seq
"""
_SELECT = "SELECT seq, fixed_at, received_at, alert_id FROM canary"


class CanaryPart:
    """What a batch writes of it."""

    _conn: c.Connection

    async def put_canary(self, word: CanaryWord) -> None:
        """Keep the newest; one that comes again changes nothing."""
        fixed_at, received_at = to_datetime(word.fixed_at_us), to_datetime(word.received_at_us)
        await c.execute(self._conn, _UPSERT, (word.seq, fixed_at, received_at, word.alert))


class CanaryReads:
    """Part of ``Store``. May raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def canary(self) -> CanaryWord | None:
        """What was judged last; None before the first."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _SELECT)
        return None if row is None else CanaryWord(*row)
