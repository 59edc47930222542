"""How long things took, measured by the rows themselves."""

from __future__ import annotations

import msgspec

from emon.store import connect as c

# A fix that waited in its device's memory says nothing about us. Of what a device sent at once the
# newest is the one that was new when it was sent.
_LIVE = """
live AS (
    SELECT DISTINCT ON (device, received_at) device, received_at, recorded_at,
           CASE mark WHEN 'ok' THEN fixed_at ELSE received_at END AS input_at
    FROM fix ORDER BY device, received_at, fixed_at DESC)
"""
_STORED = f"""
WITH {_LIVE}
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d), percentile_cont(0.99) WITHIN GROUP (ORDER BY d)
FROM (SELECT extract(epoch FROM recorded_at - input_at)::float8 AS d FROM live) AS f
"""
# The deciding input of an alert: the newest fix of its receipt, or the timer's own instant.
_DECIDED = f"""
WITH {_LIVE}, decided AS (
    SELECT a.id, a.detected_at, coalesce(live.input_at, a.at) AS input_at
    FROM alert a LEFT JOIN breach b ON b.id = a.breach_id
    LEFT JOIN live ON live.device = coalesce(a.device, b.device) AND live.received_at = a.received_at)
"""
_ALERTED = f"""
{_DECIDED}
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d), percentile_cont(0.99) WITHIN GROUP (ORDER BY d)
FROM (SELECT extract(epoch FROM detected_at - input_at)::float8 AS d FROM decided) AS t
"""
_DELIVERED = f"""
{_DECIDED}
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d), percentile_cont(0.99) WITHIN GROUP (ORDER BY d)
FROM (SELECT extract(epoch FROM y.delivered_at - input_at)::float8 AS d
      FROM decided JOIN delivery y ON y.alert_id = decided.id
      WHERE y.delivered_at IS NOT NULL AND y.climb = 0) AS t
"""
_CONFIRMED = "SELECT count(*) FROM acknowledgement WHERE via <> 'page'"


class Delay(msgspec.Struct, frozen=True):
    """Median and 99th percentile in milliseconds; None where there was nothing to measure."""

    p50: float | None
    p99: float | None


class Delays(msgspec.Struct, frozen=True):
    """From the device's clock to ours, over everything that is stored."""

    fix_to_stored: Delay
    fix_to_alert_stored: Delay
    fix_to_delivered: Delay


class DelayReads:
    """Reads of the demo and of benchmarks, mixed into ``Store``."""

    _pool: c.Pool

    async def delays(self) -> Delays:
        """Delays of all stored fixes, alerts and deliveries."""
        async with self._pool.connection() as conn:
            rows = [await c.fetch_one(conn, query) for query in (_STORED, _ALERTED, _DELIVERED)]
        return Delays(*(_delay(row) for row in rows))

    async def confirmations(self) -> int:
        """How many deliveries their recipients confirmed by themselves."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _CONFIRMED)
        return int(row[0]) if row else 0


def _delay(row: c.Row | None) -> Delay:
    if row is None or row[0] is None:
        return Delay(None, None)
    return Delay(*(round(float(value) * 1000, 1) for value in row))
