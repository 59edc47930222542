"""The outbox of ``emon.alerts.outbox``, over the tables ``delivery`` and ``delivery_attempt``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from emon.alerts.outbox import AlertView, Attempt, DueDelivery, OutboxUnavailable, Outcome, PositionView
from emon.model.instant import to_datetime
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk
from emon.store import connect as c
from emon.store.errors import DatabaseUnavailable
from emon.store.feed import announce
from emon.store.rows import storable
from emon.store.watching import unseen_from

_SELECT_DUE = """
WITH due AS (
    SELECT d.id, d.recipient, d.channel, d.attempts, d.alert_id,
           row_number() OVER (PARTITION BY d.recipient ORDER BY a.priority, a.at, d.id) AS place
    FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id
    WHERE d.state = 'waiting' AND d.next_attempt_at <= %s
)
SELECT due.id, due.recipient, due.channel, due.attempts,
       a.id, a.event, a.priority, a.at, a.recipients, a.happened_at, a.detected_at, a.received_at,
       a.breach_id, a.order_id, a.condition_id, a.certainty, coalesce(a.device, b.device),
       coalesce(b.wearer, o.wearer), o.risk, b.kind, b.how, b.opened_at, b.closed_at,
       coalesce(b.historic, false), coalesce(b.refuted, false),
       n.lon, n.lat, n.accuracy_m, n.fixed_at,
       coalesce(t.cause, p.cause), coalesce(t.victim, false), coalesce(t.unseen, '[]')::text,
       coalesce(t.cleared_at, p.over_at)
FROM due
JOIN alert AS a ON a.id = due.alert_id
LEFT JOIN breach AS b ON b.id = a.breach_id
LEFT JOIN LATERAL (
    SELECT wearer, risk FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1
) AS o ON true
LEFT JOIN device_now AS n ON n.device = coalesce(b.device, a.device)
LEFT JOIN trouble AS t ON t.alert_id = a.id AND t.event = a.event
LEFT JOIN platform_alert AS p ON p.alert_id = a.id
WHERE due.place <= %s
ORDER BY due.recipient, due.place
"""
_SELECT_NEXT_DUE = """
SELECT min(next_attempt_at) FROM delivery WHERE state = 'waiting' AND next_attempt_at > %s
"""
_LOCK_DELIVERY = "SELECT state, alert_id FROM delivery WHERE id = %s FOR UPDATE"
_INSERT_ATTEMPT = """
INSERT INTO delivery_attempt (delivery_id, attempt, started_at, ended_at, outcome, status, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (delivery_id, attempt) DO NOTHING RETURNING attempt
"""
_UPDATE_DELIVERY = """
UPDATE delivery SET
    attempts = greatest(attempts, %(number)s),
    first_attempt_at = coalesce(first_attempt_at, %(started_at)s),
    state = %(state)s,
    next_attempt_at = %(next_attempt_at)s,
    delivered_at = %(delivered_at)s,
    last_error = %(last_error)s
WHERE id = %(id)s
"""


class OutboxReads:
    """Part of ``Store``: an ``emon.alerts.outbox.Outbox``."""

    _pool: c.Pool

    async def claim_due(self, now_us: int, limit: int) -> list[DueDelivery]:
        """See ``Outbox.claim_due``: at most ``limit`` for each recipient; nothing is locked."""
        async with _outbox(self._pool) as conn:
            rows = await c.fetch(conn, _SELECT_DUE, (to_datetime(now_us), limit))
        return [_due_from_row(row) for row in rows]

    async def next_due_us(self, after_us: int) -> int | None:
        """See ``Outbox.next_due_us``."""
        async with _outbox(self._pool) as conn:
            row = await c.fetch_one(conn, _SELECT_NEXT_DUE, (to_datetime(after_us),))
        return row[0] if row else None

    async def record_attempt(self, delivery_id: str, attempt: Attempt) -> None:
        """See ``Outbox.record_attempt``. Raises ``LookupError`` for a delivery that is not there."""
        async with _outbox(self._pool) as conn, conn.transaction():
            row = await c.fetch_one(conn, _LOCK_DELIVERY, (delivery_id,))
            if row is None:
                raise LookupError(f"there is no delivery {delivery_id!r}")
            fresh = await c.fetch_one(conn, _INSERT_ATTEMPT, _attempt_params(delivery_id, attempt))
            if fresh is None or row[0] == "delivered":
                return
            await c.execute(conn, _UPDATE_DELIVERY, _delivery_params(delivery_id, attempt))
            await announce(conn, [("delivery", delivery_id, row[1])])


@asynccontextmanager
async def _outbox(pool: c.Pool) -> AsyncIterator[c.Connection]:
    try:
        async with pool.connection() as conn:
            yield conn
    except DatabaseUnavailable as fault:
        raise OutboxUnavailable(str(fault)) from fault


def _attempt_params(delivery_id: str, attempt: Attempt) -> tuple[object, ...]:
    return (
        delivery_id,
        attempt.number,
        to_datetime(attempt.started_at_us),
        to_datetime(attempt.ended_at_us),
        str(attempt.outcome),
        attempt.status,
        storable(attempt.detail),
    )


def _delivery_params(delivery_id: str, attempt: Attempt) -> dict[str, object]:
    delivered = attempt.outcome is Outcome.DELIVERED
    next_us = attempt.next_attempt_at_us
    if not delivered and next_us is None:
        raise ValueError(f"attempt {attempt.number} of {delivery_id} failed and names no next one")
    return {
        "id": delivery_id,
        "number": attempt.number,
        "started_at": to_datetime(attempt.started_at_us),
        "state": "delivered" if delivered else "waiting",
        "next_attempt_at": None if delivered or next_us is None else to_datetime(next_us),
        "delivered_at": to_datetime(attempt.ended_at_us) if delivered else None,
        "last_error": None if delivered else storable(attempt.detail),
    }


def _due_from_row(row: c.Row) -> DueDelivery:
    (alert, event, priority, at_us, recipients, happened_at_us, detected_at_us, received_at_us) = row[4:12]
    (breach, order, condition, certainty, device, wearer, risk, kind, how) = row[12:21]
    (opened_at_us, closed_at_us, historic, refuted, lon, lat, accuracy_m, fixed_at_us) = row[21:29]
    (cause, victim, unseen, cleared_at_us) = row[29:33]
    return DueDelivery(
        id=row[0],
        recipient=row[1],
        channel=row[2],
        attempts=row[3],
        alert=AlertView(
            id=alert,
            event=AlertEvent(event),
            priority=priority,
            at_us=at_us,
            recipients=tuple(recipients),
            happened_at_us=happened_at_us,
            detected_at_us=detected_at_us,
            received_at_us=received_at_us,
            breach=breach,
            order=order,
            condition=condition,
            certainty=Certainty(certainty) if certainty else None,
            device=device,
            wearer=wearer,
            risk=Risk(risk) if risk else None,
            kind=Kind(kind) if kind else None,
            how=How(how) if how else None,
            opened_at_us=opened_at_us,
            closed_at_us=closed_at_us,
            historic=historic,
            refuted=refuted,
            position=None if lon is None else PositionView(lon, lat, accuracy_m, fixed_at_us),
            cause=cause,
            victim=victim,
            unseen=unseen_from(unseen),
            cleared_at_us=cleared_at_us,
        ),
    )
