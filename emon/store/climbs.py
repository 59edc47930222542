"""Escalation in the database: which alerts are due to be looked at, and what a climb leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from emon.alerts.escalation import Climb
from emon.alerts.lifecycle import Fact, Happened, Needs, asked_of
from emon.alerts.together import Again, Repeated, carried_by, in_their_order, together
from emon.model.effects import NewDelivery
from emon.model.instant import to_datetime
from emon.model.vocabulary import AlertEvent, Certainty, LegalBasis, Risk
from emon.store import connect as c
from emon.store.feed import announce
from emon.store.lives import facts_of
from emon.store.write_sql import INSERT_DELIVERY, delivery_params

# Whom an alert was for, as far as they can be reached: who has no route is answered for by whoever was told
# in his place. The most urgent first, so that a flood of low ones delays no high one.
_ROWS = """
SELECT e.alert_id, e.counted_from, e.step, e.due_at, a.event, a.priority, a.at, a.certainty,
       o.risk, o.legal_basis, a.policy_version, a.policy_row,
       ARRAY(SELECT d.recipient FROM delivery AS d WHERE d.alert_id = a.id AND d.climb = 0), a.recipients,
       coalesce(b.closed_at IS NOT NULL OR b.refuted, false), a.order_id, a.condition_id
FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id LEFT JOIN breach AS b ON b.id = a.breach_id
LEFT JOIN LATERAL (
    SELECT risk, legal_basis FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1
) AS o ON true
WHERE {} ORDER BY a.priority, e.due_at, e.alert_id LIMIT %s
"""
_SELECT_DUE = _ROWS.format("e.due_at <= %s")
# By the breaches of a condition, and the approaches to it, which have none: each has an index.
_SELECT_BESIDE = _ROWS.format("""e.due_at > %s AND e.alert_id IN (
    SELECT f.id FROM unnest(%s::text[], %s::text[]) AS k (order_id, condition_id)
    JOIN breach AS s ON (s.order_id, s.condition_id) = (k.order_id, k.condition_id)
    JOIN alert AS f ON f.breach_id = s.id
    UNION ALL
    SELECT f.id FROM unnest(%s::text[], %s::text[]) AS k (order_id, condition_id)
    JOIN alert AS f ON (f.order_id, f.condition_id) = (k.order_id, k.condition_id) AND f.event = 'approach'
)""")
_SELECT_NEXT = "SELECT min(due_at) FROM escalation WHERE due_at IS NOT NULL"
# The step it was planned from must still be the one on file: of two who climb the same rung, one does.
_ADVANCE = """
UPDATE escalation AS e SET step = p.step, due_at = p.due_at, needs = p.needs,
       counted_from = e.counted_from - p.forward_us * interval '1 microsecond'
FROM unnest(%s::text[], %s::integer[], %s::integer[], %s::timestamptz[], %s::text[], %s::bigint[])
     AS p (alert_id, before, step, due_at, needs, forward_us)
WHERE e.alert_id = p.alert_id AND e.step = p.before RETURNING e.alert_id
"""
# An alert that nobody could be told of the last time, and nobody can now, gets no further row: while all are
# out of reach its rows would grow with the time. The row that tells somebody again counts those rungs too.
_SELECT_LAST = """
SELECT DISTINCT ON (alert_id) alert_id, step, told = '{}' FROM climb WHERE alert_id = ANY(%s)
ORDER BY alert_id, step DESC
"""
_SELECT_WAITING = """
SELECT DISTINCT alert_id, recipient FROM delivery WHERE alert_id = ANY(%s) AND state = 'waiting'
"""
_INSERT_CLIMB = """
INSERT INTO climb (alert_id, step, first_step, due_at, made_at, owed, told, withheld)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_CARRIED = """
INSERT INTO delivery (id, alert_id, recipient, channel, climb, party, next_attempt_at, joined_into)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
# Whose line is free: nothing that this recipient must hear before it waits, but for what stands aside.
_SELECT_FREE = """
SELECT p.alert_id, p.recipient FROM unnest(%s::text[], %s::text[]) AS p (alert_id, recipient)
WHERE (SELECT w.seq FROM delivery AS w
       WHERE w.state = 'waiting' AND w.recipient = p.recipient AND w.line = delivery_line(p.alert_id)
         AND w.set_aside_at IS NULL
       ORDER BY w.seq LIMIT 1) IS NULL
"""
_INSERT_STEP = "INSERT INTO clock_step (at, by_us) VALUES (%s, %s) ON CONFLICT (at) DO NOTHING RETURNING at"
_MOVE = """
UPDATE escalation SET counted_from = counted_from + %(by)s * interval '1 microsecond',
                      due_at = due_at + %(by)s * interval '1 microsecond'
WHERE due_at IS NOT NULL
"""


class DueAlert(msgspec.Struct, frozen=True):
    """An alert whose rung may be due. ``told``: the parties it was for and that can be reached, in
    order; what a contact of a party was sent is the party's to answer. ``policy``: the version of the policy
    that decided it, None before policies were kept, and ``row`` its row. ``breach_over``: its breach has
    ended or was refuted, and does not go on after all."""

    id: str
    counted_from_us: int
    step: int
    due_us: int
    event: AlertEvent
    priority: int
    at_us: int
    certainty: Certainty | None
    risk: Risk | None
    legal_basis: LegalBasis | None
    policy: str | None
    row: str | None
    told: tuple[str, ...]
    happened: tuple[Happened, ...]
    breach_over: bool = False
    order: str | None = None
    condition: str | None = None

    @property
    def is_over(self) -> bool:
        """What it tells of is over, and that has been told."""
        return self.breach_over and any(one.fact is Fact.CLEARED for one in self.happened)


class Planned(msgspec.Struct, frozen=True):
    """What becomes of a due alert: ``climb`` or None, its deliveries, its next instant, and whose
    answers its ladder wants. ``repeated``: with what others its message may be told; ``forward_us``: by so
    much the instant that its ladder counts from is earlier from now on."""

    id: str
    step_before: int
    climb: Climb | None
    deliveries: tuple[NewDelivery, ...]
    next_us: int | None
    needs: Needs = Needs.EACH
    repeated: Repeated | None = None
    forward_us: int = 0


class ClimbOutbox:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def escalations_due(self, now_us: int, limit: int) -> list[DueAlert]:
        """Alerts whose instant has come, the most urgent first. Nothing is locked or changed."""
        async with self._pool.transaction() as conn:
            rows = await c.fetch(conn, _SELECT_DUE, (to_datetime(now_us), limit))
            facts = await facts_of(conn, [row[0] for row in rows])
        return [_due(row, facts) for row in rows]

    async def escalations_beside(
        self, conditions: Sequence[tuple[str, str]], after_us: int, limit: int
    ) -> list[DueAlert]:
        """Alerts of these conditions (order and condition) whose instant comes after that one, as
        ``escalations_due``."""
        of = ([one[0] for one in conditions], [one[1] for one in conditions])
        async with self._pool.transaction() as conn:
            rows = await c.fetch(conn, _SELECT_BESIDE, (to_datetime(after_us), *of, *of, limit))
            facts = await facts_of(conn, [row[0] for row in rows])
        return [_due(row, facts) for row in rows]

    async def next_escalation_us(self) -> int | None:
        """The earliest instant at which one is to be looked at, also a passed one."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _SELECT_NEXT)
        return row[0] if row else None

    async def climb(self, planned: Sequence[Planned], now_us: int) -> list[str]:
        """Keep the climbs with their deliveries and the next instants, in one transaction.

        Answers the ids of the alerts of which somebody was told, or could not be told for the first time. A
        rung that is on file already is not climbed again. A recipient that still waits for the last
        delivery of the same alert gets no second one beside it. Of a condition's repeats one message to each
        recipient tells all (``alerts/together.py``).
        """
        made_at = to_datetime(now_us)
        async with self._pool.transaction() as conn:
            moved = {row[0] for row in await c.fetch(conn, _ADVANCE, _steps(planned))}
            climbing = [one for one in planned if one.climb is not None and one.id in moved]
            ids = sorted(one.id for one in climbing)
            if not ids:
                return []
            waiting: dict[str, set[str]] = {}
            for row in await c.fetch(conn, _SELECT_WAITING, (ids,)):
                waiting.setdefault(row[0], set()).add(row[1])
            last = {row[0]: (row[1], row[2]) for row in await c.fetch(conn, _SELECT_LAST, (ids,))}
            climbed: list[str] = []
            rows: list[tuple[object, ...]] = []
            news: list[Again] = []
            for one in climbing:
                told = [new for new in one.deliveries if new.recipient not in waiting.get(one.id, ())]
                step, untold = last.get(one.id, (0, False))
                if told or not untold:
                    climbed.append(one.id)
                    rows.append(_climb_params(one, step + 1, told, made_at))
                    news += [Again(new, one.repeated) for new in told]
            if climbed:
                async with conn.cursor() as cursor:
                    await cursor.executemany(_INSERT_CLIMB.encode(), rows)
                await _write(conn, news, made_at)
                await c.execute(conn, "NOTIFY emon_alert")
                await announce(conn, [("alert", alert, alert) for alert in sorted(climbed)])
        return climbed

    async def clock_was_set(self, at_us: int, by_us: int) -> None:
        """The wall clock was set by so much: deadlines that were reckoned by the old time move with it.

        ``at_us`` is the new time. Doing it again changes nothing.
        """
        async with self._pool.transaction() as conn:
            if await c.fetch_one(conn, _INSERT_STEP, (to_datetime(at_us), by_us)) is not None:
                await c.execute(conn, _MOVE, {"by": by_us})


async def _write(conn: c.Connection, news: Sequence[Again], made_at: datetime) -> None:
    """The deliveries, those first that carry others. Nobody is behind another who has not been heard."""
    carried: Mapping[str, str] = {}
    if alike := [one for group in together(news) for one in group]:
        asked = ([one.delivery.alert_id for one in alike], [one.delivery.recipient for one in alike])
        free = {(row[0], row[1]) for row in await c.fetch(conn, _SELECT_FREE, asked)}
        carried = carried_by(news, free)
    first = [delivery_params(one.delivery, made_at) for one in news if one.delivery.id not in carried]
    behind = [
        (*delivery_params(one.delivery, made_at), carried[one.delivery.id])
        for one in in_their_order(news)
        if one.delivery.id in carried
    ]
    async with conn.cursor() as cursor:
        if first:
            await cursor.executemany(INSERT_DELIVERY.encode(), first)
        if behind:
            await cursor.executemany(_INSERT_CARRIED.encode(), behind)


def _steps(planned: Sequence[Planned]) -> tuple[list[object], ...]:
    """Parameters of ``_ADVANCE``, in the order of ids, so that two who write at once wait for each other
    and never both."""
    ordered = sorted(planned, key=lambda one: one.id)
    return (
        [one.id for one in ordered],
        [one.step_before for one in ordered],
        [one.step_before if one.climb is None else one.climb.step for one in ordered],
        [None if one.next_us is None else to_datetime(one.next_us) for one in ordered],
        [str(one.needs) for one in ordered],
        [one.forward_us for one in ordered],
    )


def _climb_params(
    one: Planned, first_step: int, told: Sequence[NewDelivery], made_at: datetime
) -> tuple[object, ...]:
    """Parameters of ``_INSERT_CLIMB``."""
    climb = one.climb
    assert climb is not None
    names = {new.recipient for new in told}
    withheld = [new.recipient for new in one.deliveries if new.recipient not in names]
    return (
        *(one.id, climb.step, first_step, to_datetime(climb.due_us), made_at, list(climb.owed)),
        *([new.recipient for new in told], withheld),
    )


def _due(row: c.Row, facts: Mapping[str, tuple[Happened, ...]]) -> DueAlert:
    return DueAlert(
        id=row[0],
        counted_from_us=row[1],
        step=row[2],
        due_us=row[3],
        event=AlertEvent(row[4]),
        priority=row[5],
        at_us=row[6],
        certainty=None if row[7] is None else Certainty(row[7]),
        risk=None if row[8] is None else Risk(row[8]),
        legal_basis=None if row[9] is None else LegalBasis(row[9]),
        policy=row[10],
        row=row[11],
        told=asked_of(row[13], row[12], AlertEvent(row[4])),
        happened=facts.get(row[0], ()),
        breach_over=row[14],
        order=row[15],
        condition=row[16],
    )
