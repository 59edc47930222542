"""Alerts as a page shows them, the feed it follows, and a person's acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store.errors import AlertUnknown
from emon.store.feed import announce
from emon.store.pages import bounded
from emon.store.rows import storable


class DeliveryRow(msgspec.Struct, frozen=True):
    """One recipient's delivery; ``state`` is ``waiting`` or ``delivered``."""

    id: str
    recipient: str
    channel: str
    state: str
    attempts: int
    next_attempt_at_us: int | None
    first_attempt_at_us: int | None
    delivered_at_us: int | None
    last_error: str | None


class AcknowledgementRow(msgspec.Struct, frozen=True):
    """Who of a party took the alert in hand, when, and by which way (``page``, ``webhook`` …)."""

    party: str
    person: str
    acknowledged_at_us: int
    via: str


class AlertRow(msgspec.Struct, frozen=True):
    """An alert with its four clocks: happened, received, detected here, delivered per delivery.

    The breach's ``how``, ``opened_at``, ``closed_at``, ``historic`` and ``refuted`` are those of
    now; None for an alert without a breach. ``open``: a recipient has not acknowledged it.
    """

    id: str
    event: str
    priority: int
    at_us: int
    recipients: tuple[str, ...]
    happened_at_us: int
    received_at_us: int | None
    detected_at_us: int
    breach: str | None
    order: str | None
    condition: str | None
    certainty: str | None
    device: str | None
    wearer: str | None
    how: str | None
    opened_at_us: int | None
    closed_at_us: int | None
    historic: bool | None
    refuted: bool | None
    deliveries: tuple[DeliveryRow, ...] = ()
    acknowledgements: tuple[AcknowledgementRow, ...] = ()

    @property
    def open(self) -> bool:
        return not {*self.recipients} <= {row.party for row in self.acknowledgements}


class FeedRow(msgspec.Struct, frozen=True):
    """What happened: ``kind`` alert, delivery, acknowledgement or order; ``alert`` where it names one."""

    feed_seq: int
    kind: str
    ref: str
    alert: str | None
    recorded_at_us: int


_COLUMNS = """
SELECT a.id, a.event, a.priority, a.at, a.recipients, a.happened_at, a.received_at, a.detected_at,
       a.breach_id, a.order_id, a.condition_id, a.certainty, a.device,
       coalesce(b.wearer, (SELECT o.wearer FROM order_version AS o WHERE o.id = a.order_id
                           ORDER BY o.version DESC LIMIT 1)),
       b.how, b.opened_at, b.closed_at, b.historic, b.refuted
FROM alert AS a LEFT JOIN breach AS b ON b.id = a.breach_id
"""
_SELECT_PAGE = (
    _COLUMNS
    + """
WHERE (%(before)s::text IS NULL
       OR (a.detected_at, a.id) < (SELECT detected_at, id FROM alert WHERE id = %(before)s))
  AND (NOT %(open_only)s OR EXISTS (
       SELECT FROM unnest(a.recipients) AS r (party)
       WHERE NOT EXISTS (SELECT FROM acknowledgement AS k WHERE k.alert_id = a.id AND k.party = r.party)))
ORDER BY a.detected_at DESC, a.id DESC LIMIT %(limit)s
"""
)
_SELECT_SOME = _COLUMNS + "WHERE a.id = ANY(%s) ORDER BY a.detected_at DESC, a.id DESC"
_SELECT_DELIVERIES = """
SELECT alert_id, id, recipient, channel, state, attempts, next_attempt_at, first_attempt_at, delivered_at,
       last_error
FROM delivery WHERE alert_id = ANY(%s) ORDER BY recipient
"""
_SELECT_ACKNOWLEDGEMENTS = """
SELECT alert_id, party, person, acknowledged_at, via FROM acknowledgement
WHERE alert_id = ANY(%s) ORDER BY acknowledged_at, id
"""
_SELECT_FEED = """
SELECT feed_seq, kind, ref, alert_id, recorded_at FROM feed WHERE feed_seq > %s ORDER BY feed_seq LIMIT %s
"""
_INSERT_ACKNOWLEDGEMENT = """
INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (alert_id, party) DO NOTHING RETURNING id
"""


class AlertPages:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def alerts(
        self, limit: int = 100, before_id: str | None = None, open_only: bool = False
    ) -> list[AlertRow]:
        """Newest first, older than ``before_id`` where given (an unknown one answers nothing)."""
        params = {"before": before_id, "open_only": open_only, "limit": bounded(limit)}
        async with self._pool.connection() as conn:
            async with conn.cursor(binary=True) as cursor:
                await cursor.execute(_SELECT_PAGE.encode(), params)
                rows = await cursor.fetchall()
            return await _with_details(conn, rows)

    async def alert(self, alert_id: str) -> AlertRow | None:
        """One alert, None when there is none of this id."""
        found = await self.alerts_by_id([alert_id])
        return found[0] if found else None

    async def alerts_by_id(self, alert_ids: Sequence[str]) -> list[AlertRow]:
        """Those that exist, newest first."""
        async with self._pool.connection() as conn:
            return await _with_details(conn, await c.fetch(conn, _SELECT_SOME, (list(alert_ids),)))

    async def feed_after(self, feed_seq: int, limit: int = 500) -> list[FeedRow]:
        """What was committed since, in the order of the commits: complete, nothing comes in late."""
        async with self._pool.connection() as conn:
            return [FeedRow(*row) for row in await c.fetch(conn, _SELECT_FEED, (feed_seq, bounded(limit)))]

    async def newest_feed_seq(self) -> int:
        """Where the feed stands now, 0 when it is empty."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, "SELECT coalesce(max(feed_seq), 0) FROM feed")
        return int(row[0]) if row else 0

    async def acknowledge(
        self, alert_id: str, party: str, person: str, via: str, at_us: int
    ) -> bool:
        """Keep that a person of ``party`` took the alert in hand; whether it is the party's first.

        A second of the same party changes nothing. Raises ``AlertUnknown``.
        """
        params = (alert_id, party, storable(person), to_datetime(at_us), via)
        async with self._pool.transaction() as conn:
            if await c.fetch_one(conn, "SELECT 1 FROM alert WHERE id = %s", (alert_id,)) is None:
                raise AlertUnknown(f"there is no alert {alert_id!r}")
            first = await c.fetch_one(conn, _INSERT_ACKNOWLEDGEMENT, params)
            if first is not None:
                await announce(conn, [("acknowledgement", party, alert_id)])
        return first is not None


async def _with_details(conn: c.Connection, rows: Sequence[c.Row]) -> list[AlertRow]:
    ids = [row[0] for row in rows]
    deliveries: dict[str, list[DeliveryRow]] = {}
    acknowledgements: dict[str, list[AcknowledgementRow]] = {}
    if ids:
        for row in await c.fetch(conn, _SELECT_DELIVERIES, (ids,)):
            deliveries.setdefault(row[0], []).append(DeliveryRow(*row[1:]))
        for row in await c.fetch(conn, _SELECT_ACKNOWLEDGEMENTS, (ids,)):
            acknowledgements.setdefault(row[0], []).append(AcknowledgementRow(*row[1:]))
    return [
        AlertRow(
            *row[:4],
            tuple(row[4]),
            *row[5:],
            deliveries=tuple(deliveries.get(row[0], ())),
            acknowledgements=tuple(acknowledgements.get(row[0], ())),
        )
        for row in rows
    ]
