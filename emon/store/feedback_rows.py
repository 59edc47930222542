"""What a report of feedback (``emon.feedback``) is made of, read over a period."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from emon import limits
from emon.feedback.rows import DecidingFix, Filed, FiledAlert, Login
from emon.model.instant import HOUR_US, to_datetime
from emon.model.resolution import ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Party, Source
from emon.orders.document import version_from_source
from emon.policies.reader import PolicyRefused, read_policy
from emon.store import connect as c

# An alert of a device is the wearer's whom an order of that time names it for. The deciding fix: of those
# that came with the receipt that decided and may be judged, the first not before the alert's own beginning,
# else the newest; where a timer decided, the newest of the quarter of an hour before it.
_SELECT_ALERTS = """
SELECT a.id, a.event, a.detected_at, %(centre)s = ANY(a.recipients), a.breach_id, a.order_id, o.version,
       a.condition_id, coalesce(b.wearer, o.wearer, u.wearer), coalesce(a.device, b.device), a.certainty,
       b.how, r.cause, r.outcome, f.lon, f.lat, f.accuracy_m, f.source
FROM alert AS a
LEFT JOIN breach AS b ON b.id = a.breach_id
LEFT JOIN resolution AS r ON r.alert_id = a.id
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
LEFT JOIN LATERAL (
    SELECT x.lon, x.lat, x.accuracy_m, x.source FROM (
        (SELECT 1 AS rank, d.* FROM (
            SELECT x.lon, x.lat, x.accuracy_m, x.source FROM fix AS x
            WHERE x.device = coalesce(a.device, b.device) AND x.received_at = a.received_at
              AND x.fixed_at >= a.happened_at - interval '15 minutes'
              AND x.fixed_at <= a.received_at + interval '2 minutes'
              AND x.mark NOT IN ('implausible', 'clock')
            ORDER BY x.fixed_at < a.happened_at,
                     CASE WHEN x.fixed_at < a.happened_at THEN x.fixed_at END DESC, x.fixed_at, x.seq
            LIMIT 1) AS d)
        UNION ALL
        (SELECT 2 AS rank, d.* FROM (
            SELECT x.lon, x.lat, x.accuracy_m, x.source FROM fix AS x
            WHERE x.device = coalesce(a.device, b.device) AND x.received_at <= a.at
              AND x.fixed_at > a.at - interval '15 minutes' AND x.fixed_at <= a.at
              AND x.mark NOT IN ('implausible', 'clock')
            ORDER BY x.fixed_at DESC, x.seq DESC
            LIMIT 1) AS d)
    ) AS x ORDER BY x.rank LIMIT 1
) AS f ON a.condition_id IS NOT NULL AND a.event <> 'breach_cleared'
WHERE a.detected_at >= %(from)s AND a.detected_at < %(to)s
ORDER BY a.detected_at, a.id LIMIT %(limit)s
"""
_SELECT_DECIDED = """
SELECT v.source, v.armed_at FROM unnest(%s::text[], %s::integer[]) AS k (id, version)
JOIN order_version AS v ON v.id = k.id AND v.version = k.version
ORDER BY v.id, v.version
"""
_SELECT_NEWEST = """
SELECT DISTINCT ON (id) source, armed_at FROM order_version ORDER BY id, version DESC
"""
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
            alerts = tuple(_alert(row) for row in await c.fetch(conn, _SELECT_ALERTS, params))
            if len(alerts) > most:
                raise TooMuchAsked(f"the period has more than {most:,} alerts: ask for a shorter one")
            named = sorted(
                {(a.order, a.version) for a in alerts if a.order is not None and a.version is not None}
            )
            keys = ([order for order, _ in named], [version for _, version in named])
            decided = await c.fetch(conn, _SELECT_DECIDED, keys)
            newest = await c.fetch(conn, _SELECT_NEWEST)
            logins = await c.fetch(conn, _SELECT_LOGINS, params)
            policy = await c.fetch_one(conn, _SELECT_POLICY)
        filed = Filed(
            from_us,
            to_us,
            alerts,
            tuple(version_from_source(row[0], armed_at_us=row[1]) for row in decided),
            tuple(version_from_source(row[0], armed_at_us=row[1]) for row in newest),
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


def _alert(row: c.Row) -> FiledAlert:
    lon, lat, accuracy_m, source = row[14:18]
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
        fix=None if lon is None else DecidingFix(lon, lat, accuracy_m, Source(source)),
    )
