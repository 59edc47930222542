"""The feed a page follows: rows numbered in the order of their commits."""

from __future__ import annotations

from collections.abc import Sequence

from emon.store import connect as c

News = tuple[str, str, str | None]
"""(kind, ref, alert id) of one row."""

_INSERT = """
INSERT INTO feed (kind, ref, alert_id)
SELECT kind, ref, alert_id
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS news (kind, ref, alert_id, place)
ORDER BY place
"""


async def announce(conn: c.Connection, news: Sequence[News]) -> None:
    """Add (kind, ref, alert id) rows; the last thing a transaction does before it commits.

    An identity number is given out when a row is inserted, not when it commits, so two
    transactions could show theirs in the wrong order and a reader between them would miss the
    lower one for ever. The feed's lock, held until the commit, keeps number and commit in one
    order. It is taken last, after every row lock: nobody waits for a row while holding it.
    """
    await c.execute(
        conn, "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)", (c.LOCK_CLASS, c.LOCK_FEED)
    )
    kinds, refs, alerts = zip(*news, strict=True) if news else ((), (), ())
    await c.execute(conn, _INSERT, (list(kinds), list(refs), list(alerts)))
    await c.execute(conn, "NOTIFY emon_feed")
