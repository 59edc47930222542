"""Incidents in the database: of which something may have to be said, and what was said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from emon.alerts.incident import PASSING, REPLACES, Course, Facts, Given, Next, Say
from emon.alerts.incident_audience import Told
from emon.devices.duty import duties_of
from emon.limits import INCIDENT_OWED_MIN_S, INCIDENT_POSITION_EVERY_S
from emon.model.instant import to_datetime
from emon.model.vocabulary import Party
from emon.model.watch import Duty, ServiceStop, Watch
from emon.store import connect as c
from emon.store.feed import announce
from emon.store.placed_orders import OrderFacts, PlacedOrders
from emon.store.shown_end import ENDED_BY_FIX
from emon.store.watching import WATCH_COLUMNS, watch_now

# Cheap tests first, so that of thousands of open incidents only those are read further of which something
# may have to be said. That a fix is owed is reckoned once a gap, and anew when the device said something.
# The engine's clock, not ours: while nothing is judged nobody's signal is lost.
_SELECT_DUE = f"""
SELECT i.breach_id, i.state, i.step, i.fix_at, i.position_at, b.closed_at, b.refuted, said.resolved,
       said.answers, b.closed_at IS NOT NULL AND {ENDED_BY_FIX},
       b.order_id, b.version, b.condition_id, b.device, k.last_received_at, n.fixed_at, n.seq, {WATCH_COLUMNS}
FROM incident AS i
JOIN breach AS b ON b.id = i.breach_id
CROSS JOIN engine_clock AS k
LEFT JOIN device_now AS n ON n.device = b.device
LEFT JOIN device_watch AS w ON w.device = b.device
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (
               SELECT FROM alert AS a WHERE a.breach_id = b.id AND a.event <> 'breach_cleared'
                 AND NOT EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = a.id)) AS resolved,
           ARRAY(SELECT t.id FROM incident_answer AS t
                 WHERE t.breach_id = b.id AND t.id > i.answer_id ORDER BY t.id) AS answers
) AS said
WHERE NOT i.rests AND (
    i.state = 'over' OR b.closed_at IS NOT NULL OR b.refuted OR said.resolved OR said.answers <> '{{}}'
    OR (n.fixed_at > i.fix_at AND NOT (
        %(now)s >= i.position_at AND %(now)s < i.position_at + interval '{INCIDENT_POSITION_EVERY_S} s'))
    OR (i.state = 'followed' AND n.fixed_at < k.last_received_at - interval '{INCIDENT_OWED_MIN_S} s'
        AND (i.owed_at IS NULL OR i.owed_at <= k.last_received_at OR w.recorded_at > i.looked_at)))
ORDER BY i.position_at, i.breach_id LIMIT %(limit)s
"""
_SELECT_ORDERS = """
SELECT DISTINCT ON (d.device, v.id) d.device, v.id, v.version
FROM order_device AS d JOIN order_version AS v ON v.id = d.order_id
WHERE d.device = ANY(%s) ORDER BY d.device, v.id, v.version DESC
"""
_SELECT_STOPS = (
    "SELECT down_at, up_at FROM service_stop WHERE coalesce(up_at, 'infinity') > %s ORDER BY down_at"
)
_SELECT_TOLD = """
SELECT a.breach_id, d.recipient, coalesce(d.party, d.recipient),
       (array_agg(d.channel ORDER BY d.seq DESC))[1],
       (array_agg(a.id ORDER BY d.seq DESC) FILTER (WHERE a.event <> 'breach_cleared'))[1],
       bool_or('politie' = ANY(a.recipients))
FROM alert AS a JOIN delivery AS d ON d.alert_id = a.id
WHERE a.breach_id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2
"""
_SELECT_ANSWERERS = "SELECT id, party FROM incident_answer WHERE id = ANY(%s)"
# The step it was planned from must still be the one on file: of two who say the same, one does. What was to
# wake it meanwhile found it awake: it rests only where there is still nothing to say.
_ADVANCE = """
UPDATE incident AS i SET state = p.state, step = i.step + p.steps,
    rests = p.rests AND NOT EXISTS (
        SELECT FROM breach AS b JOIN alert AS a ON a.breach_id = b.id AND a.event <> 'breach_cleared'
        WHERE b.id = i.breach_id AND b.closed_at IS NULL AND NOT b.refuted
          AND NOT EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = a.id)
    ) AND NOT EXISTS (
        SELECT FROM incident_answer AS t
        WHERE t.breach_id = i.breach_id AND t.id > greatest(i.answer_id, p.answer_id)
    ),
    fix_at = greatest(i.fix_at, p.fix_at), position_at = coalesce(p.position_at, i.position_at),
    answer_id = greatest(i.answer_id, p.answer_id), looked_at = %s, owed_at = p.owed_at
FROM unnest(%s::text[], %s::integer[], %s::text[], %s::integer[], %s::boolean[], %s::timestamptz[],
            %s::timestamptz[], %s::bigint[], %s::timestamptz[])
     AS p (breach_id, before, state, steps, rests, fix_at, position_at, answer_id, owed_at)
WHERE i.breach_id = p.breach_id AND i.step = p.before RETURNING i.breach_id
"""
# All that one look says, numbered on from what each recipient was told of each incident before.
_INSERT = """
INSERT INTO incident_update (id, breach_id, step, recipient, number, party, channel, alert_id, priority, said,
                             because, made_at, device, fixed_at, seq, answer_id, next_attempt_at)
SELECT g.breach || ':u' || g.number || ':' || g.recipient, g.breach, g.step, g.recipient, g.number, g.party,
       g.channel, g.alert, a.priority, g.said, g.because, %(made_at)s, g.device, g.fixed_at, g.seq, g.answer,
       g.due_at
FROM (
    SELECT n.*, (row_number() OVER (PARTITION BY n.breach, n.recipient ORDER BY n.step))::integer
         + coalesce((SELECT u.number FROM incident_update AS u
                     WHERE u.breach_id = n.breach AND u.recipient = n.recipient
                     ORDER BY u.number DESC LIMIT 1), 0) AS number
    FROM unnest(%(breach)s::text[], %(step)s::integer[], %(recipient)s::text[], %(party)s::text[],
                %(channel)s::text[], %(alert)s::text[], %(said)s::text[], %(because)s::text[],
                %(device)s::text[], %(fixed_at)s::timestamptz[], %(seq)s::bigint[], %(answer)s::bigint[],
                %(due_at)s::timestamptz[])
        AS n (breach, step, recipient, party, channel, alert, said, because, device, fixed_at, seq, answer,
              due_at)
) AS g JOIN alert AS a ON a.id = g.alert
"""
# Of what waits to be told, all that a newer one of the same incident and recipient replaces; in the order in
# which a record of attempts takes them (updates.py), so that neither waits for the other's.
_LOCK_REPLACED = """
SELECT u.id FROM unnest(%(breach)s::text[], %(recipient)s::text[]) AS n (breach, recipient)
JOIN incident_update AS u ON u.state = 'waiting' AND u.breach_id = n.breach AND u.recipient = n.recipient
WHERE u.said = ANY(%(passing)s)
ORDER BY u.breach_id COLLATE "C", u.recipient COLLATE "C", u.number FOR UPDATE OF u
"""
_SUPERSEDE = """
UPDATE incident_update AS u SET state = 'superseded', next_attempt_at = NULL, superseded_by = (
    SELECT m.number FROM incident_update AS m
    WHERE m.breach_id = u.breach_id AND m.recipient = u.recipient AND m.number > u.number
      AND m.said = ANY(%(replacing)s) ORDER BY m.number LIMIT 1)
WHERE u.id = ANY(%(ids)s) AND u.state = 'waiting' AND EXISTS (
    SELECT FROM incident_update AS m
    WHERE m.breach_id = u.breach_id AND m.recipient = u.recipient AND m.number > u.number
      AND m.said = ANY(%(replacing)s))
"""
_SELECT_ALERTS = "SELECT id FROM alert WHERE breach_id = ANY(%s) ORDER BY id"


class LastFix(msgspec.Struct, frozen=True):
    """A device's newest usable fix, by its key."""

    device: str
    fixed_at_us: int
    seq: int


class OpenIncident(msgspec.Struct, frozen=True):
    """An incident of which something may have to be said. ``facts`` say nothing yet of what is owed.

    ``watch``, ``duties`` and ``stops``: by what a fix is owed; ``judged_us``: up to when the engine
    has judged. ``told``: to whom its alerts went, ``police_told``: whether the police are among them.
    ``answered_by``: the party of each answer that was not told yet. ``order``: its zone may be secret.
    """

    breach: str
    step: int
    facts: Facts
    order: OrderFacts
    told: tuple[Told, ...]
    police_told: bool
    answered_by: Mapping[int, str]
    last: LastFix | None
    watch: Watch | None
    duties: tuple[Duty, ...]
    stops: tuple[ServiceStop, ...]
    judged_us: int | None


class NewUpdate(msgspec.Struct, frozen=True):
    """One update for one recipient. ``place``: of what is said at one look, which. ``due_us``: from when
    on."""

    to: Told
    say: Say
    because: Given
    place: int
    due_us: int
    answer: int | None = None


class PlannedIncident(msgspec.Struct, frozen=True):
    """What becomes of an incident that was looked at. ``owed_us``: when a fix is owed if none comes."""

    of: OpenIncident
    next: Next
    updates: tuple[NewUpdate, ...]
    owed_us: int | None = None


class IncidentRows:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool
    _placed: PlacedOrders

    async def incidents_due(self, now_us: int, limit: int) -> list[OpenIncident]:
        """Incidents of which something may have to be said, the longest unheard first. Nothing is locked."""
        async with self._pool.transaction() as conn:
            rows = await c.fetch(conn, _SELECT_DUE, {"now": to_datetime(now_us), "limit": limit})
            if not rows:
                return []
            ids = [row[0] for row in rows]
            told: dict[str, list[c.Row]] = {}
            for row in await c.fetch(conn, _SELECT_TOLD, (ids,)):
                told.setdefault(row[0], []).append(row)
            asked = sorted({one for row in rows for one in row[8]})
            answerers = {row[0]: row[1] for row in await c.fetch(conn, _SELECT_ANSWERERS, (asked,))}
            devices = sorted({row[13] for row in rows})
            orders = [(row[0], (row[1], row[2])) for row in await c.fetch(conn, _SELECT_ORDERS, (devices,))]
            await self._placed.learn(conn, {key for _, key in orders} | {(row[10], row[11]) for row in rows})
            oldest_us = min([row[15] for row in rows if row[15] is not None], default=now_us)
            stops = await c.fetch(conn, _SELECT_STOPS, (to_datetime(oldest_us),))
        worn: dict[str, list[tuple[str, int]]] = {device: [] for device in devices}
        for device, key in orders:
            worn[device].append(key)
        duties = {device: self._duties(device, keys) for device, keys in worn.items()}
        ended = tuple(ServiceStop(row[0], row[1]) for row in stops)
        return [
            self._open(row, now_us, told.get(row[0], ()), answerers, duties[row[13]], ended) for row in rows
        ]

    def _duties(self, device: str, keys: Sequence[tuple[str, int]]) -> tuple[Duty, ...]:
        versions = [version for key in keys if (version := self._placed.version(*key)) is not None]
        found = [duty for version in versions for duty in duties_of([version]).get(device, ())]
        return tuple(sorted(found, key=lambda duty: (duty.from_us, duty.order)))

    def _open(
        self,
        row: c.Row,
        now_us: int,
        told: Sequence[c.Row],
        answerers: Mapping[int, str],
        duties: tuple[Duty, ...],
        stops: tuple[ServiceStop, ...],
    ) -> OpenIncident:
        (breach, course, step, fix_told_us, position_told_us, ended_us, refuted) = row[:7]
        (resolved, answers, by_fix, order, version, condition, device) = row[7:14]
        (judged_us, fix_us, seq) = row[14:17]
        facts = Facts(
            Course(course),
            fix_told_us,
            position_told_us,
            now_us,
            fix_us=fix_us,
            ended_us=ended_us,
            by_fix=by_fix,
            refuted=refuted,
            resolved=resolved,
            answers=tuple(answers),
        )
        return OpenIncident(
            breach=breach,
            step=step,
            facts=facts,
            order=self._placed.facts(order, version, condition, None),
            told=tuple(Told(one[1], one[2], one[3], one[4]) for one in told if one[4] is not None),
            police_told=any(one[5] or one[2] == Party.POLITIE for one in told),
            answered_by={one: answerers[one] for one in answers},
            last=None if fix_us is None else LastFix(device, fix_us, seq),
            watch=None if row[17] is None else watch_now(row[17:]),
            duties=duties,
            stops=stops,
            judged_us=judged_us,
        )

    async def tell_incidents(self, planned: Sequence[PlannedIncident], now_us: int) -> list[str]:
        """Keep what is said, in one transaction: the updates, and how far each incident has come by them.

        Answers the incidents that something was said of. What another has said since is not said again. Of
        a recipient's updates that wait, those that a newer one replaces are kept and not told any more.
        """
        ordered = sorted(planned, key=lambda one: one.of.breach)
        made_at = to_datetime(now_us)
        async with self._pool.transaction() as conn:
            moved = {row[0] for row in await c.fetch(conn, _ADVANCE, (made_at, *_advances(ordered, now_us)))}
            said = [one for one in ordered if one.next.said and one.of.breach in moved]
            rows = [_insert_params(one, update) for one in said for update in one.updates]
            if rows:
                columns = {name: [row[name] for row in rows] for name in rows[0]}
                await c.execute(conn, _INSERT, {**columns, "made_at": made_at})
                await self._supersede(conn, columns)
            if said:
                ids = [one.of.breach for one in said]
                alerts = await c.fetch(conn, _SELECT_ALERTS, (ids,))
                await announce(conn, [("alert", row[0], row[0]) for row in alerts])
        return [one.of.breach for one in said]

    async def _supersede(self, conn: c.Connection, told: Mapping[str, list[object]]) -> None:
        """Of what waits, leave out what one of those just written replaces."""
        passing, replacing = [str(say) for say in PASSING], sorted(map(str, REPLACES))
        keys = sorted(
            {
                (breach, recipient)
                for breach, recipient, said in zip(
                    told["breach"], told["recipient"], told["said"], strict=True
                )
                if said in replacing
            }
        )
        columns = {"breach": [key[0] for key in keys], "recipient": [key[1] for key in keys]}
        rows = await c.fetch(conn, _LOCK_REPLACED, {**columns, "passing": passing})
        if rows:
            await c.execute(conn, _SUPERSEDE, {"ids": [row[0] for row in rows], "replacing": replacing})


def _advances(planned: Sequence[PlannedIncident], now_us: int) -> tuple[list[object], ...]:
    """Parameters of ``_ADVANCE``, in the order of ids, so that two who write at once wait for each other."""
    told = [_tells_position(one) for one in planned]
    return (
        [one.of.breach for one in planned],
        [one.of.step for one in planned],
        [str(one.next.course) for one in planned],
        [len(one.next.said) for one in planned],
        [one.next.rests for one in planned],
        [
            to_datetime(one.of.last.fixed_at_us) if tells and one.of.last is not None else None
            for one, tells in zip(planned, told, strict=True)
        ],
        [to_datetime(now_us) if tells else None for tells in told],
        [max(one.of.facts.answers, default=0) for one in planned],
        [None if one.owed_us is None else to_datetime(one.owed_us) for one in planned],
    )


def _tells_position(one: PlannedIncident) -> bool:
    """Whether what is said tells where he is; then that fix has been told."""
    return any(said.say not in (Say.ANSWER, Say.STAND_DOWN) for said in one.next.said)


def _insert_params(one: PlannedIncident, update: NewUpdate) -> dict[str, object]:
    last = one.of.last
    return {
        "breach": one.of.breach,
        "step": one.of.step + update.place,
        "recipient": update.to.recipient,
        "party": update.to.party,
        "channel": update.to.channel,
        "alert": update.to.alert,
        "said": str(update.say),
        "because": str(update.because),
        "device": None if last is None else last.device,
        "fixed_at": None if last is None else to_datetime(last.fixed_at_us),
        "seq": None if last is None else last.seq,
        "answer": update.answer,
        "due_at": to_datetime(update.due_us),
    }
