"""Does an engine live on this database? Asked from outside, on a connection of its own."""

from __future__ import annotations

from emon import limits
from emon.store import connect as c

_SELECT_AGE = "SELECT extract(epoch FROM clock_timestamp() - last_received_at)::float8 FROM engine_clock"


async def heart_age_s(url: str) -> float:
    """Seconds since the engine's newest commit, by the database's clock; 0 before the first.

    Raises ``DatabaseUnavailable``.
    """
    conn = await c.connect(url, purpose="watch", statement_timeout_s=limits.STATEMENT_TIMEOUT_S)
    try:
        with c.as_store_faults(url):
            row = await c.fetch_one(conn, _SELECT_AGE)
    finally:
        await conn.close()
    return 0.0 if row is None or row[0] is None else float(row[0])
