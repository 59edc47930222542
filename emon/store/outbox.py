"""The outbox of ``emon.alerts.outbox``, over the tables ``delivery`` and ``delivery_attempt``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from emon.alerts.flapping import FLAPS
from emon.alerts.outbox import Attempt, DueDelivery, OutboxUnavailable, Outcome
from emon.alerts.points import Point, Reached, ignore
from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store import due_rows
from emon.store.answers import answer_by_receipt
from emon.store.carried_for import CarriedFor
from emon.store.errors import DatabaseUnavailable
from emon.store.feed import News, announce
from emon.store.placed_orders import PlacedOrders
from emon.store.rows import storable

# The first of each line, in the order of the index delivery_lane: it stops at the limit, however long
# the backlog. "lanes" leaps from recipient to recipient.
_SELECT_DUE = f"""
WITH RECURSIVE lanes (recipient) AS (
    (SELECT recipient FROM delivery WHERE state = 'waiting' ORDER BY recipient LIMIT 1)
    UNION ALL
    SELECT (SELECT d.recipient FROM delivery AS d
            WHERE d.state = 'waiting' AND d.recipient > lanes.recipient ORDER BY d.recipient LIMIT 1)
    FROM lanes WHERE lanes.recipient IS NOT NULL
),
due AS (
    SELECT first.* FROM lanes CROSS JOIN LATERAL (
        SELECT {due_rows.COLUMNS}
        FROM delivery AS d
        WHERE d.state = 'waiting' AND d.recipient = lanes.recipient AND d.next_attempt_at <= %(now)s
          AND d.joined_into IS NULL
          AND (d.set_aside_at IS NOT NULL OR {due_rows.FIRST_OF_ITS_LINE})
          AND (d.id, d.lane) NOT IN (SELECT * FROM unnest(%(held)s::text[], %(held_lanes)s::smallint[]))
        ORDER BY d.lane, d.alert_at, d.seq LIMIT %(limit)s
    ) AS first
)
{due_rows.SELECT_ROWS}
"""
_SELECT_NEXT_DUE = """
SELECT min(next_attempt_at) FROM delivery WHERE state = 'waiting' AND next_attempt_at > %s
"""
# The engine's transaction may hold some of them, for news joins their line; whoever holds several rows
# must not wait for one, or the two would wait for each other.
_LOCK_FREE = "SELECT id FROM delivery WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED"
_LOCK_ONE = "SELECT id FROM delivery WHERE id = ANY(%s) FOR UPDATE"
_KEEP_ATTEMPTS = """
WITH given AS (
    SELECT * FROM unnest(
        %s::text[], %s::integer[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::integer[],
        %s::text[], %s::timestamptz[], %s::boolean[]
    ) AS g (id, attempt, started_at, ended_at, outcome, status, detail, next_attempt_at, set_aside)
),
fresh AS (
    INSERT INTO delivery_attempt (delivery_id, attempt, started_at, ended_at, outcome, status, detail)
    SELECT id, attempt, started_at, ended_at, outcome, status, detail FROM given
    ON CONFLICT (delivery_id, attempt) DO NOTHING RETURNING delivery_id
)
UPDATE delivery AS d SET
    attempts = greatest(d.attempts, g.attempt),
    first_attempt_at = coalesce(d.first_attempt_at, g.started_at),
    state = CASE WHEN g.next_attempt_at IS NULL THEN 'delivered' ELSE 'waiting' END,
    next_attempt_at = g.next_attempt_at,
    delivered_at = CASE WHEN g.next_attempt_at IS NULL THEN g.ended_at END,
    last_error = CASE WHEN g.next_attempt_at IS NULL THEN NULL ELSE g.detail END,
    set_aside_at = coalesce(d.set_aside_at, CASE WHEN g.set_aside THEN g.ended_at END)
FROM given AS g JOIN fresh ON fresh.delivery_id = g.id
WHERE d.id = g.id AND d.state = 'waiting'
RETURNING d.id, d.alert_id
"""
# What a delivery tells beside its own alert has its receipt too, and an attempt that says so.
_KEEP_JOINED = """
WITH told AS (
    UPDATE delivery AS j SET
        state = 'delivered', next_attempt_at = NULL, attempts = j.attempts + 1, delivered_at = d.delivered_at,
        first_attempt_at = coalesce(j.first_attempt_at, d.first_attempt_at), last_error = NULL
    FROM delivery AS d
    WHERE j.joined_into = d.id AND j.state = 'waiting' AND d.id = ANY(%s) AND d.state = 'delivered'
    RETURNING j.id, j.alert_id, j.attempts, d.id AS by, d.delivered_at
),
kept AS (
    INSERT INTO delivery_attempt (delivery_id, attempt, started_at, ended_at, outcome, status, detail)
    SELECT t.id, t.attempts, t.delivered_at, t.delivered_at, 'delivered', NULL, 'told by ' || t.by
    FROM told AS t
)
SELECT id, alert_id FROM told ORDER BY id
"""
# That a breach is over stands in the message that tells its end beside its own alert: what waits to be said
# of it until then is not told once more for each. Where it went on after all it is, for then the end was not
# the last word. Whoever holds deliveries waits for no incident: what is held at this instant is told anyhow.
_TOLD_WITH_ITS_END = """
UPDATE incident_update SET state = 'superseded', next_attempt_at = NULL
WHERE id IN (
    SELECT u.id FROM delivery AS j
    JOIN alert AS a ON a.id = j.alert_id AND a.event = 'breach_cleared'
    JOIN incident_update AS u
      ON u.state = 'waiting' AND u.breach_id = a.breach_id AND u.recipient = j.recipient
    WHERE j.joined_into = ANY(%s) AND j.state = 'delivered' AND u.attempts = 0 AND u.made_at <= j.delivered_at
      AND u.said IN ('position', 'signal_lost', 'signal_back', 'left', 'lapsed')
      AND NOT EXISTS (
          SELECT FROM incident_update AS g
          WHERE g.breach_id = u.breach_id AND g.recipient = u.recipient AND g.said = 'goes_on')
    FOR UPDATE OF u SKIP LOCKED)
"""
# What it tells beside its own alert stands aside with it.
_SET_ASIDE = """
UPDATE delivery AS j SET set_aside_at = d.set_aside_at FROM delivery AS d
WHERE j.joined_into = d.id AND j.state = 'waiting' AND j.set_aside_at IS NULL
  AND d.id = ANY(%s) AND d.set_aside_at IS NOT NULL
"""
# A climb's instant is its ladder's: what stands before it in its line is not held.
_POSTPONE = """
UPDATE delivery AS d SET next_attempt_at = %s
WHERE id = %s AND state = 'waiting' AND lane > 1 AND NOT EXISTS (
    SELECT FROM delivery AS e
    WHERE e.state = 'waiting' AND e.recipient = d.recipient AND e.line = d.line AND e.seq > d.seq
      AND e.climb > 0 AND e.joined_into IS NULL AND e.set_aside_at IS NULL)
RETURNING d.id
"""
_JOIN = """
WITH flapping AS (
    SELECT e.id, e.seq FROM delivery AS d
    JOIN alert AS a ON a.id = d.alert_id
    JOIN alert AS b ON b.order_id = a.order_id AND b.condition_id = a.condition_id
    JOIN delivery AS e ON e.alert_id = b.id AND e.recipient = d.recipient
    WHERE d.id = %(id)s AND e.state = 'waiting' AND e.attempts = 0 AND e.lane > 1 AND e.climb = 0
      AND b.event = ANY(%(events)s) AND e.joined_into IS NULL AND NOT e.id = ANY(%(in_flight)s)
      AND NOT EXISTS (SELECT FROM delivery AS j WHERE j.joined_into = e.id)
    FOR UPDATE OF e SKIP LOCKED
)
UPDATE delivery AS e SET joined_into = (SELECT id FROM flapping ORDER BY seq DESC LIMIT 1)
WHERE e.id IN (SELECT id FROM flapping)
  AND e.id <> (SELECT id FROM flapping ORDER BY seq DESC LIMIT 1)
RETURNING e.joined_into
"""
_SELECT_TOLD = """
SELECT EXISTS (SELECT FROM delivery WHERE joined_into = %(id)s)
    OR EXISTS (SELECT FROM delivery WHERE id = %(id)s AND joined_into IS NOT NULL)
"""
_SELECT_DUE_AT = "SELECT next_attempt_at FROM delivery WHERE id = %s"
_DUE_WITH = "UPDATE delivery SET next_attempt_at = least(next_attempt_at, %s) WHERE id = %s"
_ACKNOWLEDGE = """
INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via)
SELECT d.alert_id, %s, %s, %s, 'answer' FROM delivery AS d WHERE d.id = %s OR d.joined_into = %s
ORDER BY d.alert_id
ON CONFLICT (alert_id, party) DO NOTHING RETURNING alert_id
"""
_SELECT_BREACH = "SELECT a.breach_id FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id WHERE d.id = %s"
# One look into delivery_line for each that ended, and never a join with all that waits.
_SELECT_FREED = """
SELECT EXISTS (
    SELECT FROM unnest(%s::text[]) AS k (id)
    CROSS JOIN LATERAL (
        SELECT d.recipient, d.line FROM delivery AS d
        WHERE d.id = k.id AND (d.state = 'delivered' OR d.set_aside_at IS NOT NULL) LIMIT 1
    ) AS ended
    CROSS JOIN LATERAL (
        SELECT e.seq FROM delivery AS e
        WHERE e.state = 'waiting' AND e.recipient = ended.recipient AND e.line = ended.line
          AND e.set_aside_at IS NULL
        ORDER BY e.seq LIMIT 1
    ) AS behind)
"""
_RELEASE = """
UPDATE delivery SET next_attempt_at = %(now)s
WHERE id IN (
    SELECT id FROM delivery
    WHERE state = 'waiting' AND recipient = %(recipient)s AND next_attempt_at > %(now)s
    FOR UPDATE SKIP LOCKED)
"""


class OutboxReads:
    """Part of ``Store``: an ``emon.alerts.outbox.Outbox``."""

    _pool: c.Pool
    _placed: PlacedOrders
    _carried: CarriedFor
    at_point: Reached = staticmethod(ignore)
    """Hears of the numbered point inside the transaction (``emon.alerts.points``)."""

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        """See ``Outbox.claim_due``: at most ``limit`` for each recipient; nothing is locked."""
        held = held or {}
        params = {
            "now": to_datetime(now_us),
            "limit": limit,
            "held": list(held),
            "held_lanes": list(held.values()),
        }
        async with outbox_connection(self._pool) as conn:
            rows = await c.fetch(conn, _SELECT_DUE, params)
            orders = {order for row in rows if (order := due_rows.order_of(row)) is not None}
            await self._placed.learn(conn, orders)
            asked = {due_rows.asked_of(row) for row in rows if due_rows.names_no_order(row)}
            carried = await self._carried.find(conn, asked)
        return [due_rows.due_from_row(row, self._placed, carried) for row in rows]

    async def next_due_us(self, after_us: int) -> int | None:
        """See ``Outbox.next_due_us``."""
        async with outbox_connection(self._pool) as conn:
            row = await c.fetch_one(conn, _SELECT_NEXT_DUE, (to_datetime(after_us),))
        return row[0] if row else None

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        """See ``Outbox.record_attempts``. Raises ``LookupError`` for a delivery that is not there.

        Rows that another transaction holds are recorded after the others, each by itself."""
        given = dict(attempts)
        await keep_answers_of(self._pool, _SELECT_BREACH, attempts)
        kept, ended = await self._record(given, _LOCK_FREE)
        for delivery_id in given.keys() - kept:
            alone, ended_too = await self._record({delivery_id: given[delivery_id]}, _LOCK_ONE)
            if not alone:
                raise LookupError(f"there is no delivery {delivery_id!r}")
            ended |= ended_too
        # Asked when all of it is committed: of news that was written meanwhile the record knew nothing, nor
        # did whoever wrote it know of the record.
        async with outbox_connection(self._pool) as conn:
            freed = await c.fetch_one(conn, _SELECT_FREED, (list(ended),))
        return bool(freed and freed[0])

    async def _record(self, given: Mapping[str, Attempt], lock: str) -> tuple[set[str], set[str]]:
        """Those that the lock gave, in one transaction; which, and these with all that they tell beside."""
        rows = {one: _attempt_row(one, attempt) for one, attempt in given.items()}
        async with outbox_connection(self._pool) as conn, conn.transaction():
            kept = {row[0] for row in await c.fetch(conn, lock, (list(given),))}
            if not kept:
                return kept, set()
            columns = [list(column) for column in zip(*(rows[one] for one in sorted(kept)), strict=True)]
            changed = await c.fetch(conn, _KEEP_ATTEMPTS, columns)
            joined = await c.fetch(conn, _KEEP_JOINED, (list(kept),))
            if joined:
                await c.execute(conn, _TOLD_WITH_ITS_END, (list(kept),))
            changed += joined
            if any(given[one].set_aside for one in kept):
                await c.execute(conn, _SET_ASIDE, (list(kept),))
            news: list[News] = [("delivery", row[0], row[1]) for row in sorted(changed)]
            for one in sorted(kept):
                news += await _acknowledged(conn, one, given[one])
            if news:
                await announce(conn, news)
            self.at_point(Point.RECORDED)
        return kept, kept | {row[0] for row in changed}

    async def record_attempt(self, delivery_id: str, attempt: Attempt) -> bool:
        """One attempt alone, as ``record_attempts``."""
        return await self.record_attempts([(delivery_id, attempt)])

    async def postpone(self, delivery_id: str, until_us: int) -> bool:
        """See ``Outbox.postpone``."""
        async with outbox_connection(self._pool) as conn:
            held = await c.fetch_one(conn, _POSTPONE, (to_datetime(until_us), delivery_id))
        return held is not None

    async def join(self, delivery_id: str, in_flight: Collection[str]) -> bool:
        """See ``Outbox.join``."""
        params = {"id": delivery_id, "in_flight": list(in_flight), "events": sorted(map(str, FLAPS))}
        async with outbox_connection(self._pool) as conn, conn.transaction():
            joined = await c.fetch(conn, _JOIN, params)
            if joined:
                due = await c.fetch_one(conn, _SELECT_DUE_AT, (delivery_id,))
                await c.execute(conn, _DUE_WITH, (due and to_datetime(due[0]), joined[0][0]))
            told = await c.fetch_one(conn, _SELECT_TOLD, {"id": delivery_id})
        return bool(told and told[0])

    async def release(self, recipient: str, now_us: int) -> None:
        """See ``Outbox.release``."""
        async with outbox_connection(self._pool) as conn:
            await c.execute(conn, _RELEASE, {"recipient": recipient, "now": to_datetime(now_us)})


@asynccontextmanager
async def outbox_connection(pool: c.Pool) -> AsyncIterator[c.Connection]:
    """A connection whose faults are those of the outbox: ``OutboxUnavailable``."""
    try:
        async with pool.connection() as conn:
            yield conn
    except DatabaseUnavailable as fault:
        raise OutboxUnavailable(str(fault)) from fault


async def keep_answers_of(pool: c.Pool, select_breach: str, attempts: Sequence[tuple[str, Attempt]]) -> None:
    """Keep what receipts said of incidents, before the receipts themselves: a crash in between only brings
    the same message again, and its word counts once. In transactions of their own, since they take an
    incident, which nobody may wait for who holds deliveries."""
    for message, attempt in attempts:
        if attempt.answered is not None:
            async with outbox_connection(pool) as conn, conn.transaction():
                row = await c.fetch_one(conn, select_breach, (message,))
                if row is not None and row[0] is not None:
                    news = await answer_by_receipt(
                        conn, row[0], message, attempt.answered, attempt.ended_at_us
                    )
                    await announce(conn, news)


async def _acknowledged(conn: c.Connection, delivery_id: str, attempt: Attempt) -> list[News]:
    """Keep the acknowledgement that came with a receipt, of all that it tells, the first of each party; the
    news of it."""
    if attempt.acknowledged is None:
        return []
    party, person = attempt.acknowledged
    params = (party, storable(person), to_datetime(attempt.ended_at_us), delivery_id, delivery_id)
    return [("acknowledgement", party, row[0]) for row in await c.fetch(conn, _ACKNOWLEDGE, params)]


def _attempt_row(delivery_id: str, attempt: Attempt) -> c.Row:
    next_us = attempt.next_attempt_at_us
    delivered = attempt.outcome is Outcome.DELIVERED
    if not delivered and next_us is None:
        raise ValueError(f"attempt {attempt.number} of {delivery_id} failed and names no next one")
    return (
        delivery_id,
        attempt.number,
        to_datetime(attempt.started_at_us),
        to_datetime(attempt.ended_at_us),
        str(attempt.outcome),
        attempt.status,
        storable(attempt.detail),
        None if delivered or next_us is None else to_datetime(next_us),
        attempt.set_aside,
    )
