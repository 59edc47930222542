"""The outbox of updates on incidents: what is due, what became of an attempt, over ``incident_update``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from emon.alerts.incident import Given, Say
from emon.alerts.outbox import AnswerView, Attempt, DueDelivery, Outcome, PositionView, UpdateView
from emon.alerts.points import Point, Reached, ignore
from emon.limits import CAP_REFERENCES_MAX
from emon.model.answer import PoliceAnswer
from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store.alert_rows import ALERT_COLUMNS, alert_view
from emon.store.due_rows import oldest_first
from emon.store.feed import announce
from emon.store.outbox import keep_answers_of, outbox_connection
from emon.store.placed_orders import PlacedOrders
from emon.store.rows import storable

# The first that waits of each recipient and incident, and none while an alert of the same breach is being
# told to him, or before he has received one: an alert goes before every update. One that is held because its
# condition flaps holds nothing up, nor does what he refuses as such. In the order of the index
# incident_update_due, left at the limit; each test is one look into an index for each row that is read
# ("(SELECT … LIMIT 1)" and no join with all that waits), and only what was found is read further.
_SELECT_DUE = f"""
WITH RECURSIVE lanes (recipient) AS (
    (SELECT recipient FROM incident_update WHERE state = 'waiting' ORDER BY recipient LIMIT 1)
    UNION ALL
    SELECT (SELECT u.recipient FROM incident_update AS u
            WHERE u.state = 'waiting' AND u.recipient > lanes.recipient ORDER BY u.recipient LIMIT 1)
    FROM lanes WHERE lanes.recipient IS NOT NULL
),
due AS MATERIALIZED (
    SELECT first.*, row_number() OVER (
        PARTITION BY first.recipient ORDER BY first.priority, first.made_at, first.id) AS place
    FROM lanes CROSS JOIN LATERAL (
        SELECT u.* FROM incident_update AS u
        WHERE u.state = 'waiting' AND u.recipient = lanes.recipient AND u.next_attempt_at <= %(now)s
          AND (u.breach_id, u.recipient) NOT IN (
              SELECT * FROM unnest(%(breaches)s::text[], %(recipients)s::text[]))
          AND (SELECT e.number FROM incident_update AS e
               WHERE e.state = 'waiting' AND e.breach_id = u.breach_id AND e.recipient = u.recipient
                 AND e.number < u.number AND e.set_aside_at IS NULL
               ORDER BY e.number LIMIT 1) IS NULL
          AND (SELECT d.id FROM alert AS f JOIN delivery AS d ON d.alert_id = f.id
               WHERE f.breach_id = u.breach_id AND d.recipient = u.recipient
                 AND (d.state = 'delivered' OR d.set_aside_at IS NOT NULL) LIMIT 1) IS NOT NULL
          AND (SELECT d.seq FROM delivery AS d
               WHERE d.state = 'waiting' AND d.recipient = u.recipient AND d.line = 'breach ' || u.breach_id
                 AND d.set_aside_at IS NULL AND (d.attempts > 0 OR d.next_attempt_at <= %(now)s)
               ORDER BY d.seq LIMIT 1) IS NULL
        ORDER BY u.priority, u.made_at, u.id LIMIT %(limit)s
    ) AS first
)
SELECT u.id, u.recipient, u.channel, u.attempts, u.number, u.said, u.because, u.made_at,
       t.answer, t.party, t.person, t.note, t.answered_at,
       f.lon, f.lat, f.accuracy_m, f.fixed_at, f.speed_m_s, f.heading_deg,
       {ALERT_COLUMNS},
       b.id, b.order_id, b.condition_id, b.certainty, b.device, b.wearer, o.risk, b.kind, b.how, b.opened_at,
       b.closed_at, b.historic, b.refuted, o.version,
       earlier.ids, earlier.made
FROM due AS u
JOIN LATERAL (SELECT * FROM alert WHERE id = u.alert_id LIMIT 1) AS a ON true
JOIN LATERAL (SELECT * FROM breach WHERE id = u.breach_id LIMIT 1) AS b ON true
LEFT JOIN LATERAL (SELECT * FROM incident_answer WHERE id = u.answer_id LIMIT 1) AS t ON true
LEFT JOIN LATERAL (
    SELECT lon, lat, accuracy_m, fixed_at, speed_m_s, heading_deg FROM fix AS x
    WHERE x.device = u.device AND x.fixed_at = u.fixed_at AND x.seq = u.seq LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT risk, version FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT (array_agg(d.id ORDER BY d.seq DESC))[1:{CAP_REFERENCES_MAX}] AS ids,
           (array_agg(g.detected_at ORDER BY d.seq DESC))[1:{CAP_REFERENCES_MAX}] AS made
    FROM alert AS g JOIN delivery AS d ON d.alert_id = g.id
    WHERE g.breach_id = u.breach_id AND d.recipient = u.recipient AND d.state = 'delivered'
) AS earlier ON true
ORDER BY u.recipient, u.place
"""
_KEEP = """
WITH given AS (
    SELECT * FROM unnest(%s::text[], %s::integer[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                         %s::text[], %s::boolean[])
        AS g (id, attempt, started_at, ended_at, next_attempt_at, detail, set_aside)
)
UPDATE incident_update AS u SET
    attempts = g.attempt,
    first_attempt_at = coalesce(u.first_attempt_at, g.started_at),
    state = CASE WHEN g.next_attempt_at IS NULL THEN 'delivered' ELSE u.state END,
    next_attempt_at = CASE WHEN u.state = 'waiting' THEN g.next_attempt_at END,
    delivered_at = CASE WHEN g.next_attempt_at IS NULL THEN g.ended_at END,
    last_error = CASE WHEN g.next_attempt_at IS NOT NULL THEN g.detail END,
    set_aside_at = coalesce(u.set_aside_at, CASE WHEN g.set_aside THEN g.ended_at END)
FROM given AS g
WHERE u.id = g.id AND u.state <> 'delivered' AND u.attempts < g.attempt
RETURNING u.id, u.breach_id
"""
# In the order in which the incidents' own transaction takes them, so that neither waits for the other's.
_LOCK = """
SELECT FROM incident_update WHERE id = ANY(%s)
ORDER BY breach_id COLLATE "C", recipient COLLATE "C", number FOR UPDATE
"""
_SELECT_ALERTS = "SELECT id FROM alert WHERE breach_id = ANY(%s) ORDER BY id"
_SELECT_BREACH = "SELECT breach_id FROM incident_update WHERE id = %s"
_RELEASE = """
UPDATE incident_update SET next_attempt_at = %(now)s
WHERE state = 'waiting' AND recipient = %(recipient)s AND attempts > 0 AND next_attempt_at > %(now)s
"""


class UpdateOutbox:
    """Part of ``Store``. Every method may raise ``OutboxUnavailable``."""

    _pool: c.Pool
    _placed: PlacedOrders
    at_point: Reached = staticmethod(ignore)
    """As of ``OutboxReads``."""

    async def updates_due(
        self, now_us: int, limit: int, in_flight: Collection[tuple[str, str]] = ()
    ) -> list[DueDelivery]:
        """Updates that may be sent now, at most ``limit`` for each recipient, the most urgent first.

        ``in_flight``: (breach, recipient) of what is being sent: nothing overtakes it. Nothing is locked.
        """
        params = {
            "now": to_datetime(now_us),
            "limit": limit,
            "breaches": [breach for breach, _ in in_flight],
            "recipients": [recipient for _, recipient in in_flight],
        }
        async with outbox_connection(self._pool) as conn:
            rows = await c.fetch(conn, _SELECT_DUE, params)
            await self._placed.learn(conn, {(row[28], row[40]) for row in rows if row[40] is not None})
        return [_due_from_row(row, self._placed) for row in rows]

    async def record_update_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        """Keep what became of attempts, in one transaction; the same again changes nothing.

        One that a newer update has replaced meanwhile is not tried again; where it was received all the
        same, that is what stands. Always False: what is due next is found by the next look.
        """
        given = sorted(attempts, key=lambda pair: pair[0])
        columns = [
            [one for one, _ in given],
            [attempt.number for _, attempt in given],
            [to_datetime(attempt.started_at_us) for _, attempt in given],
            [to_datetime(attempt.ended_at_us) for _, attempt in given],
            [_next_at(attempt) for _, attempt in given],
            [storable(attempt.detail) for _, attempt in given],
            [attempt.set_aside for _, attempt in given],
        ]
        await keep_answers_of(self._pool, _SELECT_BREACH, attempts)
        async with outbox_connection(self._pool) as conn, conn.transaction():
            await c.execute(conn, _LOCK, (columns[0],))
            kept = await c.fetch(conn, _KEEP, columns)
            if kept:
                alerts = await c.fetch(conn, _SELECT_ALERTS, (sorted({row[1] for row in kept}),))
                await announce(conn, [("alert", row[0], row[0]) for row in alerts])
            self.at_point(Point.RECORDED)
        return False

    async def release_updates(self, recipient: str, now_us: int) -> None:
        """The recipient is back: what failed and waits for its pause is due now."""
        async with outbox_connection(self._pool) as conn:
            await c.execute(conn, _RELEASE, {"recipient": recipient, "now": to_datetime(now_us)})


def _next_at(attempt: Attempt) -> object:
    if attempt.outcome is Outcome.DELIVERED:
        return None
    if attempt.next_attempt_at_us is None:
        raise ValueError(f"attempt {attempt.number} failed and names no next one")
    return to_datetime(attempt.next_attempt_at_us)


def _due_from_row(row: c.Row, placed: PlacedOrders) -> DueDelivery:
    answer = None if row[8] is None else AnswerView(PoliceAnswer(row[8]), *row[9:13])
    position = None if row[13] is None else PositionView(*row[13:19])
    facts = placed.facts(row[28], row[40], row[29], position)
    return DueDelivery(
        id=row[0],
        recipient=row[1],
        channel=row[2],
        attempts=row[3],
        earlier=oldest_first(row[41], row[42]),
        update=UpdateView(row[4], Say(row[5]), Given(row[6]), row[7], answer),
        alert=alert_view(row[19:40], position, facts),
    )
