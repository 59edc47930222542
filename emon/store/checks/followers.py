"""Rows that have no entries of their own and that page, messages and court file read all the same: incidents,
and where each device was last. Each is held against what it follows from, which the trail does hold.

Only what keeps something from somebody, or puts somebody elsewhere, is asked: an open incident of which
nothing would be said any more, and a newest position that no fix shows or that is not the newest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec

from emon import limits
from emon.model.vocabulary import UNUSABLE
from emon.store.checks.report import Connection, Report

_UNRESOLVED = """
EXISTS (SELECT FROM alert AS a WHERE a.breach_id = b.id AND a.event <> 'breach_cleared'
        AND NOT EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = a.id))
"""
_SILENT = f"""
SELECT b.id, i.breach_id IS NULL FROM breach AS b LEFT JOIN incident AS i ON i.breach_id = b.id
WHERE b.closed_at IS NULL AND NOT b.refuted AND coalesce(i.rests, true) AND {_UNRESOLVED}
  AND EXISTS (SELECT FROM alert AS a WHERE a.breach_id = b.id AND a.event IN ('breach', 'proximity'))
ORDER BY b.id
"""
_AHEAD = """
SELECT i.breach_id, i.rests AND i.state <> 'over', i.fix_at > newest.at,
       i.answer_id > coalesce((SELECT max(t.id) FROM incident_answer AS t WHERE t.breach_id = i.breach_id), 0)
FROM incident AS i CROSS JOIN (
    SELECT greatest(transaction_timestamp() + %(slack)s, (SELECT max(at) FROM alert) + %(ahead)s,
                    (SELECT max(fixed_at) FROM device_now)) AS at
) AS newest
WHERE (i.rests AND i.state <> 'over') OR i.fix_at > newest.at OR i.answer_id <> 0
ORDER BY i.breach_id
"""
_SHOWN = ("received_at", "recorded_at", "lon", "lat", "accuracy_m", "source", "mark", "speed_m_s",
          "heading_deg", "battery")  # fmt: skip
_NOWHERE = f"""
SELECT n.device, f.device IS NULL, to_char(n.fixed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
       newer.fixed_at IS NOT NULL
FROM device_now AS n
LEFT JOIN fix AS f ON f.device = n.device AND f.fixed_at = n.fixed_at AND f.seq = n.seq
LEFT JOIN LATERAL (
    SELECT g.fixed_at FROM fix AS g WHERE g.device = n.device AND g.fixed_at >= n.fixed_at
      AND (g.fixed_at, g.seq) > (n.fixed_at, n.seq) AND NOT g.mark = ANY(%(unusable)s) LIMIT 1
) AS newer ON true
WHERE f.device IS NULL OR newer.fixed_at IS NOT NULL
   OR ({", ".join(f"n.{one}" for one in _SHOWN)}) IS DISTINCT FROM ({", ".join(f"f.{one}" for one in _SHOWN)})
ORDER BY n.device
"""


_UNPLACED = """
SELECT DISTINCT d.device FROM order_device AS d
WHERE NOT EXISTS (SELECT FROM device_now AS n WHERE n.device = d.device)
  AND EXISTS (SELECT FROM fix AS f WHERE f.device = d.device AND NOT f.mark = ANY(%(unusable)s))
ORDER BY 1
"""


# What the engine remembers of a device is its own; but by these it would never say that the device is silent.
_REMEMBERED = """
WITH clock AS (
    SELECT to_jsonb((extract(epoch FROM greatest(transaction_timestamp() + %(slack)s, k.last_received_at))
                     * 1000000)::bigint) AS now
    FROM (SELECT max(last_received_at) AS last_received_at FROM engine_clock) AS k
)
SELECT * FROM (SELECT w.device,
       coalesce(w.watch -> 'heard_us' > clock.now OR w.watch -> 'back_us' > clock.now, false) AS ahead,
       coalesce(w.watch ->> 'silence_state' = 'silent' AND silence.id IS NULL, false)
       OR coalesce(w.watch ->> 'silence_state' = 'covered' AND outage.id IS NULL, false)
       OR (w.watch ->> 'lost' IS NOT NULL AND lost.id IS NULL) AS told
FROM clock CROSS JOIN device_watch AS w
LEFT JOIN trouble AS silence ON silence.id = w.watch ->> 'silence' AND silence.cleared_at IS NULL
LEFT JOIN trouble AS outage ON outage.id = w.watch ->> 'outage' AND outage.cleared_at IS NULL
LEFT JOIN trouble AS lost ON lost.id = w.watch ->> 'lost' AND lost.cleared_at IS NULL
) AS looked WHERE ahead OR told ORDER BY device
"""
_CLOCK = """
SELECT k.last_received_at > greatest(
           transaction_timestamp() + %(slack)s,
           greatest((SELECT max(at) FROM alert), (SELECT max(received_at) FROM device_now)) + %(ahead)s),
       k.policy_version IS DISTINCT FROM (SELECT u.version FROM policy_use AS u ORDER BY u.id DESC LIMIT 1)
FROM engine_clock AS k
"""

_LATER = {
    "slack": timedelta(seconds=limits.VERIFY_SLACK_S),
    "ahead": timedelta(seconds=limits.VERIFY_AHEAD_S),
}


class Otherwise(msgspec.Struct, frozen=True):
    """A row that says otherwise than what it follows from. ``day``: of which a fix is missing, which is right
    where the trail says that fixes of it were removed."""

    relation: str
    key: str
    what: str
    day: str | None = None


def read_followers(conn: Connection) -> tuple[Otherwise, ...]:
    """Every row that does."""
    return (*_incidents(conn), *_positions(conn), *_memory(conn))


def check_followers(report: Report, found: Iterable[Otherwise], removed_days: Collection[str]) -> None:
    """Name them. ``removed_days``: of which ``emon retain`` has taken fixes, as the trail says."""
    for one in found:
        if one.day is None or one.day not in removed_days:
            report.found(one.relation, f'["{one.key}"]', one.what)


def _incidents(conn: Connection) -> Iterator[Otherwise]:
    for breach, is_gone in _rows(conn, _SILENT):
        said = "the row is gone" if is_gone else "it rests"
        yield Otherwise("incident", breach, f"{said}: nobody would hear how an open breach goes on")
    for breach, half_over, fix_ahead, answer_ahead in _rows(conn, _AHEAD, _LATER):
        if half_over:
            yield Otherwise("incident", breach, "it rests, and is not kept as over")
        if fix_ahead:
            yield Otherwise(
                "incident", breach, "no position would be told: the last told is ahead of any fix"
            )
        if answer_ahead:
            yield Otherwise("incident", breach, "what the police answer next would not be told")


def _positions(conn: Connection) -> Iterator[Otherwise]:
    unusable = [str(mark) for mark in UNUSABLE]
    for (device,) in _rows(conn, _UNPLACED, {"unusable": unusable}):
        yield Otherwise("device_now", device, "the row is gone: its position would be told to nobody")
    for device, is_alone, day, is_old in _rows(conn, _NOWHERE, {"unusable": unusable}):
        if is_old:
            yield Otherwise("device_now", device, "there is a newer usable fix than its newest position")
        elif is_alone:
            yield Otherwise("device_now", device, "there is no fix of its newest position", day)
        else:
            yield Otherwise("device_now", device, "its newest position is not what the fix of then shows")


def _memory(conn: Connection) -> Iterator[Otherwise]:
    for device, is_ahead, is_told in _rows(conn, _REMEMBERED, _LATER):
        if is_ahead:
            yield Otherwise(
                "device_watch", device, "was heard ahead of all clocks: its silence would not be told"
            )
        if is_told:
            yield Otherwise("device_watch", device, "counts as told of, and nothing on file tells of it")
    for is_ahead, is_other_policy in _rows(conn, _CLOCK, _LATER):
        if is_ahead:
            yield Otherwise("engine_clock", "true", "is ahead of all that was received")
        if is_other_policy:
            yield Otherwise("engine_clock", "true", "names another policy than the one put into force last")


def _rows(conn: Connection, query: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    return conn.execute(query.encode(), params or {}).fetchall()
