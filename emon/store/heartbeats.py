"""Heartbeats to recipients, one row each, and who of them does not take what we send."""

from __future__ import annotations

from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store.rows import storable

# The number rises before it is sent, so that no crash gives one number to two heartbeats.
_NEXT = """
INSERT INTO heartbeat AS h (recipient, seq, sent_at) VALUES (%s, 1, %s)
ON CONFLICT (recipient) DO UPDATE SET seq = h.seq + 1, sent_at = excluded.sent_at
RETURNING seq
"""
_ANSWERED = """
UPDATE heartbeat SET answered_at = greatest(answered_at, %s), failing_since = NULL, last_error = NULL
WHERE recipient = %s
"""
_FAILED = """
UPDATE heartbeat SET failing_since = coalesce(failing_since, %s), last_error = %s WHERE recipient = %s
"""
_SENT = "SELECT recipient, sent_at FROM heartbeat"
_WAITING = "SELECT recipient, count(*) FROM delivery WHERE state = 'waiting' GROUP BY recipient"
# A recipient fails since the first attempt of a delivery that still waits, or since the last thing it took
# if that was later; one message that it will not take while it takes others is not the recipient's fall. A
# message that stands aside counts until the recipient has taken another one since.
_FAILING = """
WITH tried AS (
    SELECT d.recipient, min(d.first_attempt_at) AS since FROM delivery AS d
    WHERE d.state = 'waiting' AND d.first_attempt_at IS NOT NULL
      AND NOT (d.set_aside_at IS NOT NULL AND EXISTS (
          SELECT FROM delivery AS e WHERE e.recipient = d.recipient AND e.delivered_at > d.set_aside_at))
    GROUP BY d.recipient
), beats AS (
    SELECT recipient, failing_since, answered_at FROM heartbeat
)
SELECT coalesce(t.recipient, b.recipient) AS r, least(t.since, b.failing_since),
       greatest(b.answered_at, (
           SELECT max(d.delivered_at) FROM delivery AS d
           WHERE d.recipient = coalesce(t.recipient, b.recipient)), (
           SELECT max(u.delivered_at) FROM incident_update AS u
           WHERE u.recipient = coalesce(t.recipient, b.recipient)))
FROM tried AS t FULL JOIN beats AS b ON b.recipient = t.recipient
WHERE t.since IS NOT NULL OR b.failing_since IS NOT NULL ORDER BY r
"""


class HeartbeatRows:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def next_heartbeat(self, recipient: str, at_us: int) -> int:
        """The number of the heartbeat that is sent now: 1 and rising, over restarts too."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _NEXT, (recipient, to_datetime(at_us)))
        assert row is not None
        return int(row[0])

    async def heartbeat_answered(self, recipient: str, at_us: int) -> None:
        """The recipient confirmed the newest heartbeat."""
        async with self._pool.connection() as conn:
            await c.execute(conn, _ANSWERED, (to_datetime(at_us), recipient))

    async def heartbeat_failed(self, recipient: str, started_at_us: int, error: str) -> None:
        """It did not. Nothing is kept for later but since when, and why."""
        async with self._pool.connection() as conn:
            await c.execute(conn, _FAILED, (to_datetime(started_at_us), storable(error), recipient))

    async def heartbeats_sent(self) -> dict[str, int]:
        """When each recipient was sent its newest heartbeat."""
        async with self._pool.connection() as conn:
            return {row[0]: row[1] for row in await c.fetch(conn, _SENT)}

    async def waiting_by_recipient(self) -> dict[str, int]:
        """How many deliveries wait for each."""
        async with self._pool.connection() as conn:
            return {row[0]: row[1] for row in await c.fetch(conn, _WAITING)}

    async def recipients_failing(self) -> dict[str, int]:
        """Recipients that take nothing, and since when, microseconds."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _FAILING)
        return {name: max(since_us, good_us or since_us) for name, since_us, good_us in rows}
