"""What is on file of alerts' lives, as the facts that ``emon.alerts.lifecycle`` makes their state of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

import msgspec

from emon.alerts.lifecycle import Fact, Happened
from emon.model.vocabulary import AlertEvent
from emon.store import connect as c
from emon.store import packing
from emon.store.errors import AlertUnknown

Found = tuple[str, Happened]


class FactKind(NamedTuple):
    """A statement that is given ``ids``, whose rows begin with an alert's id and an instant in microseconds,
    and what its rows are to which alerts."""

    query: str
    happened: Callable[[Sequence[c.Row]], list[Found]]


_RECEIPTS = """
SELECT alert_id, delivered_at, recipient, channel, climb FROM delivery
WHERE alert_id = ANY(%(ids)s) AND delivered_at IS NOT NULL
"""
_ACKNOWLEDGED = """
SELECT alert_id, acknowledged_at, party, person, via FROM acknowledgement WHERE alert_id = ANY(%(ids)s)
"""
_CLIMBS = "SELECT alert_id, made_at, step, owed, told, withheld FROM climb WHERE alert_id = ANY(%(ids)s)"
_CLOSED = """
SELECT alert_id, resolved_at, party, person, via, cause, outcome, victim_outcome, note FROM resolution
WHERE alert_id = ANY(%(ids)s)
"""
_AGAIN = """
SELECT alert_id, last_at, party, person, via, times, word FROM said_again WHERE alert_id = ANY(%(ids)s)
"""
_BESIDE = "SELECT alert_id, at, what, other_alert, detail FROM alert_beside WHERE alert_id = ANY(%(ids)s)"
# A further alert of a breach is raised when it rises in certainty or becomes present, and when it is over.
# All alerts of a breach are read once and walked through (``_along``). Joined with each other they are as
# many rows as their number squared, and a page of 2,000 of one breach timed out.
_OF_THE_BREACH = """
SELECT s.id, s.at, s.breach_id, s.event, s.priority, s.recipients, s.id = ANY(%(ids)s)
FROM (SELECT DISTINCT breach_id FROM alert WHERE id = ANY(%(ids)s) AND breach_id IS NOT NULL) AS k
CROSS JOIN LATERAL (SELECT * FROM alert WHERE breach_id = k.breach_id OFFSET 0) AS s
ORDER BY s.breach_id, s.at DESC, s.id DESC
"""
_CLEARED = """
SELECT t.alert_id, t.cleared_at, NULL FROM trouble AS t
WHERE t.alert_id = ANY(%(ids)s) AND t.cleared_at IS NOT NULL
  AND t.event = (SELECT event FROM alert WHERE alert.id = t.alert_id)
"""
_PLATFORM_OVER = """
SELECT p.alert_id, o.over_at, o.alert_id FROM platform_alert AS p
JOIN platform_alert AS o ON o.cause = p.cause AND o.opened_at = p.opened_at AND o.over_at IS NOT NULL
WHERE p.alert_id = ANY(%(ids)s) AND p.over_at IS NULL
"""
_RAISED = "SELECT id, at, recipients FROM alert WHERE id = %s"
_ATTEMPTS = """
SELECT d.recipient, d.channel, d.climb, n.attempt, n.started_at, n.ended_at, n.outcome, n.status, n.detail
FROM delivery AS d JOIN delivery_attempt AS n ON n.delivery_id = d.id
WHERE d.alert_id = %s ORDER BY n.started_at, d.recipient, n.attempt
"""


class Tried(msgspec.Struct, frozen=True):
    """One attempt of one delivery. ``climb``: 0, or the step that told the alert again."""

    recipient: str
    channel: str
    climb: int
    attempt: int
    started_at_us: int
    ended_at_us: int
    outcome: str
    status: int | None
    detail: str


class KeptLife(msgspec.Struct, frozen=True):
    """Everything on file of one alert's life, in the order in which it happened."""

    alert: str
    at_us: int
    recipients: tuple[str, ...]
    happened: tuple[Happened, ...]
    attempts: tuple[Tried, ...]


class LifeReads:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def life(self, alert_id: str) -> KeptLife:
        """The whole life of an alert. Raises ``AlertUnknown``."""
        async with self._pool.transaction() as conn:
            row = await c.fetch_one(conn, _RAISED, (alert_id,))
            if row is None:
                raise AlertUnknown(f"there is no alert {alert_id!r}")
            facts = (await facts_of(conn, [alert_id])).get(alert_id, ())
            tried = [Tried(*one) for one in await c.fetch(conn, _ATTEMPTS, (alert_id,))]
        raised = Happened(row[1], Fact.RAISED, told=tuple(row[2]))
        return KeptLife(alert_id, row[1], tuple(row[2]), (raised, *facts), tuple(tried))


async def facts_of(conn: c.Connection, ids: Sequence[str]) -> dict[str, tuple[Happened, ...]]:
    """What happened to each of the alerts, in order; those of which nothing is on file are left out."""
    if not ids:
        return {}
    answers = await c.fetch_together(conn, statements_of(FACTS, ids))
    return in_order(found_in(FACTS, answers))


def statements_of(kinds: Sequence[FactKind], ids: Sequence[str]) -> list[tuple[str, c.Params]]:
    """The statements by which facts of these kinds are found of some alerts."""
    params = {"ids": packing.texts([one.encode() for one in ids])}
    return [(kind.query, params) for kind in kinds]


def found_in(kinds: Sequence[FactKind], answers: Iterable[Sequence[c.Row]]) -> list[Found]:
    """What the rows of each kind's statement are to which alerts."""
    return [one for kind, rows in zip(kinds, answers, strict=True) for one in kind.happened(rows)]


def in_order(found: Iterable[Found]) -> dict[str, tuple[Happened, ...]]:
    """Facts by their alert, each alert's in the order in which they happened."""
    by_alert: dict[str, list[Happened]] = {}
    for alert_id, one in found:
        by_alert.setdefault(alert_id, []).append(one)
    order = {fact: place for place, fact in enumerate(Fact)}
    return {
        alert_id: tuple(sorted(facts, key=lambda one: (one.at_us, order[one.fact], one.party or "")))
        for alert_id, facts in by_alert.items()
    }


def _climbed(row: c.Row) -> Happened:
    owed, told, withheld = (tuple(part) for part in row[3:6])
    return Happened(row[1], Fact.CLIMBED, step=row[2], owed=owed, told=told, withheld=withheld)


def _closed(row: c.Row) -> Happened:
    words = {"cause": row[5], "outcome": row[6], "victim_outcome": row[7], "detail": row[8] or None}
    return Happened(row[1], Fact.CLOSED, party=row[2], person=row[3], via=row[4], **words)


def _said_again(row: c.Row) -> Happened:
    words = {"times": row[5], "detail": row[6]}
    return Happened(row[1], Fact.SAID_AGAIN, party=row[2], person=row[3], via=row[4], **words)


def _each(happened: Callable[[c.Row], Happened]) -> Callable[[Sequence[c.Row]], list[Found]]:
    return lambda rows: [(row[0], happened(row)) for row in rows]


def _along(rows: Sequence[c.Row]) -> list[Found]:
    """What further alerts of its breach are to each: that it is over, and the next that climbs in its place.

    A surer alert climbs in the place of an earlier one only where it goes to all whom that one was for. The
    next one alone is kept: what came after that stands in its own life. Of each breach the newest come
    first.
    """
    found: list[Found] = []
    breach, ends = None, list[tuple[str, int]]()
    nearest = dict[tuple[int, frozenset[str]], tuple[int, str, int]]()
    for place, (alert_id, at_us, of_breach, event, priority, recipients, is_asked) in enumerate(rows):
        if of_breach != breach:
            breach, ends, nearest = of_breach, _ends(rows, place), {}
        if is_asked:
            over = [(end, end_us) for end, end_us in ends if end_us >= at_us and end != alert_id]
            found += [(alert_id, Happened(end_us, Fact.CLEARED, other=end)) for end, end_us in over]
        if is_asked and event in _GIVE_WAY:
            wanted = set(recipients)
            surer = [
                one for (urgency, told), one in nearest.items() if urgency <= priority and told >= wanted
            ]
            if surer:
                _, other, other_us = max(surer)
                found.append((alert_id, Happened(other_us, Fact.RISEN, other=other)))
        if event in _SURER:
            nearest[priority, frozenset(recipients)] = (place, alert_id, at_us)
    return found


def _ends(rows: Sequence[c.Row], first: int) -> list[tuple[str, int]]:
    """The alerts that the breach is over, of the one whose alerts begin at ``first``."""
    its_own = takewhile(lambda row: row[2] == rows[first][2], islice(rows, first, None))
    return [(row[0], row[1]) for row in its_own if row[3] == AlertEvent.BREACH_CLEARED]


_SURER = frozenset({AlertEvent.BREACH, AlertEvent.PROXIMITY})
_GIVE_WAY = _SURER | {AlertEvent.HISTORIC_BREACH, AlertEvent.POSSIBLE_INCURSION}

RECEIPTS = FactKind(
    _RECEIPTS, _each(lambda row: Happened(row[1], Fact.RECEIPT, party=row[2], via=row[3], step=row[4]))
)
ACKNOWLEDGED = FactKind(
    _ACKNOWLEDGED,
    _each(lambda row: Happened(row[1], Fact.ACKNOWLEDGED, party=row[2], person=row[3], via=row[4])),
)
CLOSED = FactKind(_CLOSED, _each(_closed))
CLEARED = FactKind(_CLEARED, _each(lambda row: Happened(row[1], Fact.CLEARED, other=row[2])))
FURTHER = (
    FactKind(_CLIMBS, _each(_climbed)),
    FactKind(_AGAIN, _each(_said_again)),
    FactKind(_BESIDE, _each(lambda row: Happened(row[1], Fact(row[2]), other=row[3], detail=row[4] or None))),
    FactKind(_OF_THE_BREACH, _along),
    FactKind(_PLATFORM_OVER, CLEARED.happened),
)
"""Those that a page shows in its facts alone; of the others it reads the rows themselves."""
FACTS = (RECEIPTS, ACKNOWLEDGED, CLOSED, *FURTHER, CLEARED)
"""Everything on file of alerts' lives."""
