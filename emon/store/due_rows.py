"""Waiting deliveries as the dispatcher takes them: one select over whichever are due, one struct a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emon.alerts.outbox import DueDelivery, PositionView
from emon.limits import CAP_REFERENCES_MAX
from emon.store import connect as c
from emon.store.alert_rows import ALERT_COLUMNS, alert_view, with_carried
from emon.store.carried_for import Asked, Carried
from emon.store.placed_orders import PlacedOrders
from emon.store.shown_end import ENDED_BY_FIX
from emon.store.watching import unseen_from

COLUMNS = "d.id, d.recipient, d.channel, d.attempts, d.alert_id, d.lane, d.alert_at, d.seq, d.climb"
"""What the table expression ``due`` in front of ``SELECT_ROWS`` must give of each delivery."""

# "= (SELECT … LIMIT 1)" and not NOT EXISTS: so it is one look into delivery_line for each row that is read,
# and never a join with all that waits. A repetition that another message tells holds nothing up: whatever
# waited for it would wait for what that message waits for, and two such could wait for each other.
FIRST_OF_ITS_LINE = """
d.seq = (
    SELECT e.seq FROM delivery AS e
    WHERE e.state = 'waiting' AND e.recipient = d.recipient AND e.line = d.line
      AND e.set_aside_at IS NULL AND e.joined_into IS DISTINCT FROM d.id
      AND (e.climb = 0 OR e.joined_into IS NULL)
    ORDER BY e.seq LIMIT 1)
"""

SELECT_ROWS = f"""
SELECT due.id, due.recipient, due.channel, due.attempts, due.lane,
       {ALERT_COLUMNS},
       a.breach_id, a.order_id, a.condition_id, a.certainty, coalesce(a.device, b.device),
       coalesce(b.wearer, o.wearer), o.risk, b.kind, b.how, b.opened_at, b.closed_at,
       coalesce(b.historic, false), coalesce(b.refuted, false),
       n.lon, n.lat, n.accuracy_m, n.fixed_at,
       coalesce(t.cause, p.cause), coalesce(t.victim, false), coalesce(t.unseen, '[]')::text,
       coalesce(t.cleared_at, p.over_at), due.climb, coalesce(k.owed, '{{}}'), earlier.ids, earlier.detected,
       n.speed_m_s, n.heading_deg, o.version, history.before, history.last_at,
       ARRAY(SELECT j.alert_id FROM delivery AS j WHERE j.joined_into = due.id ORDER BY j.seq),
       a.event = 'breach_cleared' AND {ENDED_BY_FIX}
FROM due
JOIN alert AS a ON a.id = due.alert_id
LEFT JOIN breach AS b ON b.id = a.breach_id
LEFT JOIN LATERAL (
    SELECT wearer, risk, version FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1
) AS o ON true
LEFT JOIN device_now AS n ON n.device = coalesce(b.device, a.device)
LEFT JOIN trouble AS t ON t.alert_id = a.id AND t.event = a.event
LEFT JOIN platform_alert AS p ON p.alert_id = a.id
LEFT JOIN climb AS k ON k.alert_id = due.alert_id AND k.step = due.climb
LEFT JOIN LATERAL (
    SELECT (array_agg(e.id ORDER BY e.seq DESC))[1:{CAP_REFERENCES_MAX}] AS ids,
           (array_agg(f.detected_at ORDER BY e.seq DESC))[1:{CAP_REFERENCES_MAX}] AS detected
    FROM alert AS f JOIN delivery AS e ON e.alert_id = f.id
    WHERE f.breach_id = a.breach_id AND e.recipient = due.recipient AND e.seq < due.seq
) AS earlier ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS before, max(h.opened_at) AS last_at FROM breach AS h
    WHERE h.order_id = b.order_id AND h.condition_id = b.condition_id AND h.opened_at < b.opened_at
      AND NOT h.refuted
) AS history ON b.id IS NOT NULL
ORDER BY due.recipient, due.lane, due.alert_at, due.seq
"""


def oldest_first(ids: Sequence[str] | None, made: Sequence[int] | None) -> tuple[tuple[str, int], ...]:
    """The newest of what came before, which are read the newest first, as a message names them."""
    return tuple(zip(reversed(ids or ()), reversed(made or ()), strict=True))


def order_of(row: c.Row) -> tuple[str, int] | None:
    """The order and its version behind a row's alert, where it names one."""
    return None if row[14] is None or row[40] is None else (row[14], row[40])


def names_no_order(row: c.Row) -> bool:
    """Whether the alert is on a device, and whose that is must be asked (``CarriedFor``)."""
    return row[14] is None and row[17] is not None


def asked_of(row: c.Row) -> Asked:
    """The device and the instant of a row's alert."""
    return (row[17] or "", row[8])


def due_from_row(row: c.Row, placed: PlacedOrders, carried: Mapping[Asked, Carried]) -> DueDelivery:
    """Of a row of ``SELECT_ROWS``."""
    (lon, lat, accuracy_m, fixed_at_us) = row[26:30]
    (cause, victim, unseen, cleared_at_us) = row[30:34]
    (speed_m_s, heading_deg, version, before, last_before_us) = row[38:43]
    position = (
        None if lon is None else PositionView(lon, lat, accuracy_m, fixed_at_us, speed_m_s, heading_deg)
    )
    alert = alert_view(
        row[5:26],
        position,
        placed.facts(row[14], version, row[15], position),
        cause=cause,
        victim=victim,
        unseen=unseen_from(unseen),
        cleared_at_us=cleared_at_us,
        before=before,
        last_before_us=last_before_us,
        ended_by_fix=bool(row[44]),
    )
    return DueDelivery(
        id=row[0],
        recipient=row[1],
        channel=row[2],
        attempts=row[3],
        raised_to=row[4],
        climb=row[34],
        owed=tuple(row[35]),
        earlier=oldest_first(row[36], row[37]),
        joined=tuple(row[43]),
        alert=with_carried(alert, carried.get(asked_of(row))),
    )
