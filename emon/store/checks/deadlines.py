"""How far alerts have climbed, held against the trail: was a deadline put off, taken away, or lost?

Theory of operation. The rows of ``escalation`` have no entries of their own; what they may say follows from
what has: the alert, its climbs, its closing, what people answered, its policy's ladder. Most of it is
compared by sums that one reading of each table gives, of hashes keyed by chance at each verification, so that
nobody can make two faults even out. Only where sums differ, and for alerts that have no deadline or a distant
one, is it looked row by row. The instant that a ladder counts from is not held against the alert's own:
whoever moves it only moves the next deadlines, and those are looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from emon import limits
from emon.alerts.escalation import eased_at_us, ladder_for
from emon.alerts.ladder import DEFAULT_LADDER, Ladder
from emon.alerts.lifecycle import Happened, Needs, asked_of, life_of
from emon.alerts.policy import Policy
from emon.model.instant import SECOND_US, format_instant
from emon.model.vocabulary import AlertEvent
from emon.policies.reader import PolicyRefused, read_policy
from emon.store.checks.report import Connection, Report
from emon.store.connect import load_instants
from emon.store.lives import FACTS, in_order

_HASH = "hashtextextended({}, %(key)s)"
_PLACE = "hash_record_extended(ROW({}, priority, detected_at), %(key)s)"
_SUMS = f"""
SELECT bit_xor({_HASH.format("alert_id")}), bit_xor({_HASH.format("alert_id")}) FILTER (WHERE closed),
       bit_xor({_PLACE.format("alert_id")}), bit_xor({_HASH.format("alert_id")}) FILTER (WHERE taken),
       bit_xor(hashint4extended(step, {_HASH.format("alert_id")})) FILTER (WHERE step > 0),
       coalesce(bool_or(NOT closed AND coalesce(
           due_at > transaction_timestamp() + %(slack)s OR due_at < counted_from, true)), false)
FROM escalation
"""
_SHOULD_BE = f"""
SELECT (SELECT bit_xor({_HASH.format("id")}) FROM alert),
       (SELECT bit_xor({_HASH.format("alert_id")}) FROM resolution),
       (SELECT bit_xor({_PLACE.format("id")}) FROM alert),
       (SELECT bit_xor({_HASH.format("alert_id")})
        FROM (SELECT DISTINCT alert_id FROM acknowledgement WHERE party <> 'beschermde') AS answered),
       (SELECT bit_xor(hashint4extended(step, {_HASH.format("alert_id")}))
        FROM (SELECT alert_id, max(step) AS step FROM climb GROUP BY alert_id) AS last)
"""
# Of each policy, row and priority whose answers its alerts' rows name; before the first look they name none.
_ASKED = """
SELECT a.policy_version, a.policy_row, a.priority, e.needs, min(e.alert_id)
FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id
WHERE e.needs IS NOT NULL OR e.step > 0 GROUP BY 1, 2, 3, 4
"""
_ASKED_SO = """
SELECT e.alert_id FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id
WHERE (a.policy_version, a.policy_row, a.priority, e.needs) IS NOT DISTINCT FROM (%(policy)s, %(row)s,
      %(priority)s, %(needs)s) AND (e.needs IS NOT NULL OR e.step > 0)
ORDER BY e.alert_id
"""
_SET_ON = "SELECT coalesce(sum(by_us), 0)::bigint FROM clock_step WHERE by_us > 0"
_GONE = """
SELECT a.id FROM alert AS a
WHERE NOT EXISTS (SELECT FROM escalation AS e WHERE e.alert_id = a.id) ORDER BY a.id
"""
_CLOSED_OTHERWISE = """
SELECT e.alert_id, e.closed FROM escalation AS e LEFT JOIN resolution AS r ON r.alert_id = e.alert_id
WHERE e.closed <> (r.alert_id IS NOT NULL) ORDER BY e.alert_id
"""
_PLACED_OTHERWISE = """
SELECT e.alert_id FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id
WHERE (e.priority, e.detected_at) <> (a.priority, a.detected_at) OR e.taken <> EXISTS (
    SELECT FROM acknowledgement AS k WHERE k.alert_id = a.id AND k.party <> 'beschermde')
ORDER BY e.alert_id
"""
# Rungs at which nobody can be told have no row of their own: beyond such a row it may stand.
_CLIMBED_OTHERWISE = """
SELECT e.alert_id, e.step, coalesce(k.step, 0)
FROM escalation AS e LEFT JOIN (
    SELECT DISTINCT ON (alert_id) alert_id, step, told FROM climb ORDER BY alert_id, step DESC
) AS k ON k.alert_id = e.alert_id
WHERE e.step < coalesce(k.step, 0) OR (e.step > coalesce(k.step, 0) AND coalesce(k.told <> '{}', true))
ORDER BY e.alert_id
"""
_DISTANT = """
SELECT e.alert_id, e.counted_from, e.due_at, e.needs, a.event, a.priority, a.recipients, a.policy_version,
       a.policy_row,
       ARRAY(SELECT d.recipient FROM delivery AS d WHERE d.alert_id = a.id AND d.climb = 0),
       greatest(transaction_timestamp(), a.at, a.detected_at,
                (SELECT max(k.made_at) FROM climb AS k WHERE k.alert_id = a.id))
FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id
WHERE coalesce(e.due_at > transaction_timestamp() + %(slack)s OR e.due_at < e.counted_from, true)
  AND NOT EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = e.alert_id)
ORDER BY e.alert_id
"""
_SLACK = timedelta(seconds=limits.VERIFY_SLACK_S)
_POLICIES = "SELECT version, content FROM policy_version"


Policies = Mapping[str | None, Policy | None]


class _Alert(msgspec.Struct, frozen=True):
    """An open alert without a deadline (``due_us`` None) or with a distant one. ``looked_us``: the latest
    instant at which that may have been set."""

    id: str
    counted_us: int
    due_us: int | None
    needs: str | None
    event: str
    priority: int
    recipients: tuple[str, ...]
    policy: str | None
    row: str | None
    told: tuple[str, ...]
    looked_us: int


class Asked(msgspec.Struct, frozen=True):
    """Whose answers rows of alerts name that a row of a policy decided with a priority."""

    policy: str | None
    row: str | None
    priority: int
    needs: str | None


class Suspicions(msgspec.Struct, frozen=True):
    """What the sums of all rows leave open: is there an alert without a row, one that stands at another rung,
    one that is closed and should not be or the other way round, one that stands elsewhere in the lists, one
    with no deadline or a distant one?
    ``asked``: whose answers any rows name, to be held against the policies."""

    gone: bool
    closed: bool
    placed: bool
    climbed: bool
    distant: bool
    asked: tuple[Asked, ...]


def read_deadlines(conn: Connection) -> Suspicions:
    """Read every row once."""
    params = {"key": secrets.randbits(63), "slack": _SLACK}
    *sums, distant = _rows(conn, _SUMS, params)[0]
    gone, closed, place, taken, climbed = (
        one != should_be for one, should_be in zip(sums, _rows(conn, _SHOULD_BE, params)[0], strict=True)
    )
    asked = tuple(Asked(*row[:4]) for row in _rows(conn, _ASKED))
    return Suspicions(gone, closed, place or taken, climbed, distant, asked)


def check_deadlines(conn: Connection, report: Report, open_to: Suspicions) -> None:
    """Name every alert that would climb later than its ladder says, or never, or is not shown as open."""
    if open_to.gone:
        for (alert_id,) in _rows(conn, _GONE):
            _found(report, alert_id, "the row is gone: the alert would never climb")
    policies = _policies(conn)
    if open_to.distant:
        _Distant(conn, report, policies).look()
    for one in open_to.asked:
        wanted = _wanted(policies, one)
        if wanted is None or one.needs == wanted:
            continue
        for (alert_id,) in _rows(conn, _ASKED_SO, msgspec.structs.asdict(one)):
            _found(
                report,
                alert_id,
                f"wants the answer of {one.needs or 'nobody'}, and by its ladder of {wanted}",
            )
    if open_to.closed:
        for alert_id, is_closed in _rows(conn, _CLOSED_OTHERWISE):
            said = (
                "is kept from the open ones, and nobody closed it"
                if is_closed
                else "was closed, and is not kept so"
            )
            _found(report, alert_id, said)
    if open_to.placed:
        changed = {one.key for one in report.findings if one.relation == "alert"}
        for (alert_id,) in _rows(conn, _PLACED_OTHERWISE):
            if _key(alert_id) not in changed:  # else its row is what was changed, and is named
                _found(report, alert_id, "stands elsewhere in the lists than what is on file of it says")
    if open_to.climbed:
        for alert_id, step, last in _rows(conn, _CLIMBED_OTHERWISE):
            _found(report, alert_id, f"its rung is {step}, and the last of its climbs on file {last}")


def _policies(conn: Connection) -> Policies:
    found: dict[str | None, Policy | None] = {}
    for version, content in _rows(conn, _POLICIES):
        try:
            found[version] = read_policy(content.encode())
        except PolicyRefused:  # of another release: what it asked for is not known here
            found[version] = None
    return found


def _wanted(policies: Policies, one: Asked) -> str | None:
    """Whose answers the ladder wants, by the policy's own word; None where that is not known here."""
    policy = policies.get(one.policy)
    return None if policy is None else ladder_for(policy.ladder_of(one.row), one.priority).needs


class _Distant:
    """Looks at alerts without a deadline or with a distant one, each by its own policy's ladder."""

    def __init__(self, conn: Connection, report: Report, policies: Policies) -> None:
        self._conn = conn
        self._report = report
        self._policies = policies
        self._set_on_us: int = _rows(conn, _SET_ON)[0][0]

    def look(self) -> None:
        for some in _pages(self._conn):
            late = [one for one in some if not self._is_plain(one)]
            late = [one for one in late if one.event in set(AlertEvent)]  # another is named by its own row
            facts = _facts(self._conn, [one.id for one in late])
            for one in late:
                self._judge(one, facts.get(one.id, ()))

    def _is_plain(self, one: _Alert) -> bool:
        if one.due_us is None or one.due_us < one.counted_us:
            return False
        return one.due_us <= self._latest_us(one, self._pause_s(one))

    def _latest_us(self, one: _Alert, pause_s: int) -> int:
        return one.looked_us + self._set_on_us + (pause_s + limits.VERIFY_SLACK_S) * SECOND_US

    def _ladder(self, one: _Alert) -> Ladder | None:
        policy = self._policies.get(one.policy)
        return None if policy is None else ladder_for(policy.ladder_of(one.row), one.priority)

    def _pause_s(self, one: _Alert) -> int:
        ladder = self._ladder(one)
        return limits.CLIMB_MAX_S if ladder is None else ladder.longest_pause_s

    def _judge(self, one: _Alert, happened: Sequence[Happened]) -> None:
        ladder = self._ladder(one)
        needs = (ladder or ladder_for(DEFAULT_LADDER, one.priority)).needs or Needs.EACH
        if ladder is None and one.needs in set(Needs):
            needs = Needs(one.needs)
        life = life_of(asked_of(one.recipients, one.told, AlertEvent(one.event)), needs, happened)
        if one.due_us is None:
            if life.may_climb:
                said = f"has no deadline, and the answer of {', '.join(life.owed)} is owed"
                _found(self._report, one.id, said)
            return
        if one.due_us < one.counted_us:
            said = f"counts from {_when(one.counted_us)}, after its deadline, {_when(one.due_us)}"
            _found(self._report, one.id, said)
            return
        pause_s, policy = self._pause_s(one), self._policies.get(one.policy)
        if policy is not None and eased_at_us(life.owed, needs, happened) is not None:
            pause_s = max(pause_s, policy.low_ladder.longest_pause_s)
        latest_us = self._latest_us(one, pause_s)
        if one.due_us > latest_us:
            said = (
                f"its deadline is {_when(one.due_us)}, and by its ladder {format_instant(latest_us)} "
                "at the latest"
            )
            _found(self._report, one.id, said)


def _pages(conn: Connection) -> Iterator[list[_Alert]]:
    with conn.cursor(name="distant", binary=True) as cursor:
        load_instants(cursor.adapters)
        cursor.execute(_DISTANT.encode(), {"slack": _SLACK})
        while rows := cursor.fetchmany(limits.CLIMBS_AT_ONCE_MAX):
            yield [_alert(row) for row in rows]


def _alert(row: tuple[Any, ...]) -> _Alert:
    return _Alert(
        id=row[0],
        counted_us=row[1],
        due_us=row[2],
        needs=row[3],
        event=row[4],
        priority=row[5],
        recipients=tuple(row[6]),
        policy=row[7],
        row=row[8],
        told=tuple(row[9]),
        looked_us=row[10],
    )


def _facts(conn: Connection, ids: list[str]) -> dict[str, tuple[Happened, ...]]:
    found = [one for query, happened in FACTS for one in happened(_rows(conn, query, {"ids": ids}))]
    return in_order(found)


def _rows(conn: Connection, query: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with conn.cursor(binary=True) as cursor:
        load_instants(cursor.adapters)
        return cursor.execute(query.encode(), params or {}).fetchall()


def _when(at_us: int) -> str:
    try:
        return format_instant(at_us)
    except OverflowError:  # PostgreSQL knows instants that no calendar has
        return "at no time"


def _found(report: Report, alert_id: str, said: str) -> None:
    report.found("escalation", _key(alert_id), said)


def _key(alert_id: str) -> str:
    return f'["{alert_id}"]'
