"""What a report of feedback (``emon.feedback``) is made of, read over a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from emon import limits
from emon.feedback.rows import DecidingFix, Filed, FiledAlert, Login
from emon.model.instant import HOUR_US, MINUTE_US, to_datetime
from emon.model.resolution import ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Party, Source
from emon.policies.reader import PolicyRefused, read_policy
from emon.store import connect as c
from emon.store import packing
from emon.store.newest_orders import NewestOrders

# An alert of a device is the wearer's whom an order of that time names it for.
_SELECT_ALERTS = """
SELECT a.id, a.event, a.detected_at, %(centre)s = ANY(a.recipients), a.breach_id, a.order_id, o.version,
       a.condition_id, coalesce(b.wearer, o.wearer, u.wearer), coalesce(a.device, b.device), a.certainty,
       b.how, r.cause, r.outcome, a.condition_id IS NOT NULL AND a.event <> 'breach_cleared',
       a.happened_at, a.received_at, a.at
FROM alert AS a
LEFT JOIN LATERAL (SELECT wearer, device, how FROM breach WHERE id = a.breach_id OFFSET 0) AS b ON true
LEFT JOIN LATERAL (SELECT cause, outcome FROM resolution WHERE alert_id = a.id OFFSET 0) AS r ON true
LEFT JOIN LATERAL (
    SELECT v.wearer, v.version FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= greatest(a.at, a.detected_at) ORDER BY v.version DESC LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT v.wearer FROM order_device AS d
    JOIN order_version AS v ON v.id = d.order_id AND v.version = d.version
    WHERE d.device = a.device AND v.armed_at <= greatest(a.at, a.detected_at)
    ORDER BY v.armed_at DESC, v.id, v.version DESC LIMIT 1
) AS u ON a.order_id IS NULL AND a.device IS NOT NULL
WHERE a.detected_at >= %(from)s AND a.detected_at < %(to)s
ORDER BY a.detected_at, a.id LIMIT %(limit)s
"""
# The deciding fix: of those that came with the receipt that decided and may be judged, the first not before
# the alert's own beginning, else the newest; where a timer decided, the newest of the quarter of an hour
# before it. The receipt is compared in a form that no index serves: the days' index of receipts is one of
# block ranges, and each alert read a range of some thousand fixes by it.
_SELECT_DECIDING = """
SELECT k.place, f.lon, f.lat, f.accuracy_m, f.source
FROM unnest(%(devices)s::text[], %(happened)s::timestamptz[], %(received)s::timestamptz[],
            %(at)s::timestamptz[]) WITH ORDINALITY AS k (device, happened_at, received_at, at, place)
CROSS JOIN LATERAL (
    SELECT x.lon, x.lat, x.accuracy_m, x.source FROM (
        (SELECT 1 AS rank, d.* FROM (
            SELECT x.lon, x.lat, x.accuracy_m, x.source FROM fix AS x
            WHERE x.device = k.device AND x.received_at IS NOT DISTINCT FROM k.received_at
              AND x.fixed_at >= k.happened_at - interval '15 minutes'
              AND x.fixed_at <= k.received_at + interval '2 minutes'
              AND x.fixed_at >= %(first)s AND x.fixed_at <= %(last)s
              AND x.mark NOT IN ('implausible', 'clock')
            ORDER BY x.fixed_at < k.happened_at,
                     CASE WHEN x.fixed_at < k.happened_at THEN x.fixed_at END DESC, x.fixed_at, x.seq
            LIMIT 1) AS d)
        UNION ALL
        (SELECT 2 AS rank, d.* FROM (
            SELECT x.lon, x.lat, x.accuracy_m, x.source FROM fix AS x
            WHERE x.device = k.device AND x.received_at <= k.at
              AND x.fixed_at > k.at - interval '15 minutes' AND x.fixed_at <= k.at
              AND x.fixed_at >= %(first)s AND x.fixed_at <= %(last)s
              AND x.mark NOT IN ('implausible', 'clock')
            ORDER BY x.fixed_at DESC, x.seq DESC
            LIMIT 1) AS d)
    ) AS x ORDER BY x.rank LIMIT 1
) AS f
"""
_QUARTER_US, _AHEAD_US = 15 * MINUTE_US, 2 * MINUTE_US
# A session that began before the period may last into it.
_SELECT_LOGINS = """
SELECT name, happened_at, deed = 'logout' FROM staff_login
WHERE party = %(centre)s AND deed IN ('login', 'logout')
  AND happened_at >= %(since)s AND happened_at < %(to)s
ORDER BY happened_at, id
"""
_SELECT_POLICY = """
SELECT p.content FROM engine_clock AS k JOIN policy_version AS p ON p.version = k.policy_version
"""


MODELS_FILE = "device-models.json"
"""In EMON_DATA_DIR: the models of devices, where somebody keeps a list of them."""


class TooMuchAsked(ValueError):
    """The period has more alerts than one report is made of; its message says how many that is."""


class FeedbackReads:
    """Part of ``Store``. May raise ``DatabaseUnavailable``."""

    _pool: c.Pool
    _newest_orders: NewestOrders

    async def feedback_rows(self, from_us: int, to_us: int, models: Mapping[str, str] | None = None) -> Filed:
        """Everything that the report of alerts committed in ``[from_us, to_us)`` is made of, as of one
        moment. Raises ``TooMuchAsked``."""
        most = limits.FEEDBACK_ALERTS_MAX
        centre = str(Party.MELDKAMER_EM)
        since_us = max(0, from_us - limits.SESSION_HOURS * HOUR_US)
        params = {
            "centre": centre,
            "from": to_datetime(from_us),
            "to": to_datetime(to_us),
            "since": to_datetime(since_us),
            "limit": most + 1,
        }
        async with self._pool.transaction() as conn:
            await c.execute(conn, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            rows = await c.fetch(conn, _SELECT_ALERTS, params)
            if len(rows) > most:
                raise TooMuchAsked(f"the period has more than {most:,} alerts: ask for a shorter one")
            fixes = await _deciding(conn, [row for row in rows if row[14] and row[9] is not None])
            alerts = tuple(_alert(row, fixes.get(row[0])) for row in rows)
            named = sorted(
                {(a.order, a.version) for a in alerts if a.order is not None and a.version is not None}
            )
            newest = await self._newest_orders.all(conn)
            decided = await self._newest_orders.some(conn, named)
            logins = await c.fetch(conn, _SELECT_LOGINS, params)
            policy = await c.fetch_one(conn, _SELECT_POLICY)
        filed = Filed(
            from_us,
            to_us,
            alerts,
            tuple(decided),
            tuple(newest),
            tuple(Login(*row) for row in logins),
            models=dict(models or {}),
        )
        return _with_shifts(filed, policy)


def _with_shifts(filed: Filed, policy: c.Row | None) -> Filed:
    """The shifts of the policy in force; one that this release cannot read has none."""
    if policy is None:
        return filed
    try:
        kept = read_policy(policy[0].encode())
    except PolicyRefused:
        return filed
    return replace(filed, shifts=kept.shifts, contacts=kept.contacts)


async def _deciding(conn: c.Connection, rows: Sequence[c.Row]) -> dict[str, DecidingFix]:
    """The fix that decided each alert, by the alert's id; the days they may lie in are named, as plainly as
    the planner wants it."""
    if not rows:
        return {}
    begun = [row[17] if row[16] is None else min(row[15], row[17]) for row in rows]
    ended = [row[17] if row[16] is None else max(row[16] + _AHEAD_US, row[17]) for row in rows]
    params = {
        "devices": [row[9] for row in rows],
        "happened": packing.instants(np.array([row[15] for row in rows])),
        "received": [None if row[16] is None else to_datetime(row[16]) for row in rows],
        "at": packing.instants(np.array([row[17] for row in rows])),
        "first": to_datetime(max(0, min(begun) - _QUARTER_US)),
        "last": to_datetime(max(ended)),
    }
    found = await c.fetch(conn, _SELECT_DECIDING, params)
    return {
        rows[place - 1][0]: DecidingFix(lon, lat, accuracy_m, Source(source))
        for place, lon, lat, accuracy_m, source in found
    }


def _alert(row: c.Row, fix: DecidingFix | None) -> FiledAlert:
    return FiledAlert(
        id=row[0],
        event=AlertEvent(row[1]),
        detected_at_us=row[2],
        centre=row[3],
        breach=row[4],
        order=row[5],
        version=row[6],
        condition=row[7],
        wearer=row[8],
        device=row[9],
        certainty=None if row[10] is None else Certainty(row[10]),
        how=None if row[11] is None else How(row[11]),
        cause=None if row[12] is None else ClosingCause(row[12]),
        outcome=None if row[13] is None else ClosingOutcome(row[13]),
        fix=fix,
    )
