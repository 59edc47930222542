"""The statements of the page reads."""

from __future__ import annotations

from emon.store.rows import BREACH_COLUMNS
from emon.store.watching import TROUBLE_COLUMNS
from emon.store.words_of_people import RESOLUTION_COLUMNS, VICTIM_LINKED_BY_ORDER

SELECT_CURSOR = """
SELECT coalesce((SELECT max(feed_seq) FROM feed), 0), coalesce((SELECT max(change_seq) FROM device_now), 0)
"""

# Most orders protect nobody who carries a device: their documents are not read.
SELECT_CONTACT_ORDERS = """
SELECT source, armed_at FROM (
    SELECT DISTINCT ON (id) id, source, armed_at FROM order_version ORDER BY id, version DESC
) AS newest WHERE position('"victim_device"'::bytea IN source) > 0 ORDER BY id
"""
_NOW = """
SELECT n.device, n.fixed_at, n.received_at, n.recorded_at, n.lon, n.lat, n.accuracy_m, n.source, n.mark,
       n.change_seq, n.speed_m_s, n.heading_deg, n.battery, s.online
FROM device_now AS n LEFT JOIN device_status AS s USING (device)
"""
SELECT_SOME_DEVICES = _NOW + "WHERE n.device = ANY(%s) ORDER BY n.device"
_DEVICE_NOW = f"""
{_NOW} WHERE EXISTS (SELECT FROM order_device AS d WHERE d.device = n.device)
"""
SELECT_DEVICES = _DEVICE_NOW + "ORDER BY n.device"
SELECT_POSITIONS = f"""
SELECT * FROM (
    SELECT * FROM ({_DEVICE_NOW}) AS shown WHERE change_seq > %s
    ORDER BY change_seq FETCH FIRST %s ROWS WITH TIES
) AS page
ORDER BY change_seq, device
"""

SELECT_OPEN_BREACHES = f"""
SELECT {BREACH_COLUMNS} FROM breach WHERE closed_at IS NULL AND NOT refuted ORDER BY opened_at, id
"""
SELECT_BREACHES_BY_ID = f"SELECT {BREACH_COLUMNS} FROM breach WHERE id = ANY(%s)"

_BREACH = ", ".join(f"b.{column}" for column in BREACH_COLUMNS.split(", "))
# A page is chosen first and dressed afterwards, each alert by itself: joined with what there is of hundreds,
# the planner reads whole tables of what ever was.
_ALERT = f"""
SELECT a.id, a.event, a.priority, a.at, a.recipients, a.happened_at, a.detected_at, a.received_at,
       a.order_id, a.condition_id, a.certainty, coalesce(a.device, b.device), coalesce(b.wearer, o.wearer),
       o.risk, a.breach_id, e.due_at, {VICTIM_LINKED_BY_ORDER}, e.needs, {{in_hand}}, {_BREACH}
FROM {{chosen}} AS a
LEFT JOIN LATERAL (SELECT due_at, needs FROM escalation WHERE alert_id = a.id OFFSET 0) AS e ON true
LEFT JOIN LATERAL (SELECT * FROM breach WHERE id = a.breach_id OFFSET 0) AS b ON true
LEFT JOIN LATERAL (
    SELECT wearer, risk, protected_person FROM order_version AS v
    WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1
) AS o ON true
"""
_ANY = """(
    SELECT * FROM alert AS a WHERE {only} AND {place} ORDER BY a.detected_at DESC, a.id DESC LIMIT %(limit)s
)"""
# What nobody has closed is found in the order of its page, by an index that holds nothing else (ADR 0075).
_OPEN = """(
    SELECT a.*, page.taken FROM (
        SELECT alert_id, taken FROM escalation AS open WHERE NOT closed AND {only} AND {place}
        ORDER BY {order} LIMIT %(limit)s
    ) AS page CROSS JOIN LATERAL (SELECT * FROM alert WHERE id = page.alert_id OFFSET 0) AS a
)"""
_GOES_ON = """EXISTS (
            SELECT FROM alert AS its JOIN breach AS g ON g.id = its.breach_id
            WHERE its.id = open.alert_id AND g.closed_at IS NULL AND NOT g.refuted OFFSET 0)"""
_STATUS = {
    "all": (_ANY, "true"),
    "resolved": (_ANY, "EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = a.id OFFSET 0)"),
    "unresolved": (_OPEN, "true"),
    "acknowledged": (_OPEN, "taken"),
    "open": (_OPEN, f"(NOT taken OR {_GOES_ON})"),
}
_NEWEST_FIRST = "ORDER BY a.detected_at DESC, a.id DESC"
_BEFORE = {
    _ANY: "(a.detected_at, a.id) < (%(before_at)s::timestamptz, %(before_id)s::text)",
    _OPEN: "(detected_at, alert_id) < (%(before_at)s::timestamptz, %(before_id)s::text)",
}
_URGENT_AFTER = """(priority, taken, detected_at, alert_id)
            > (%(priority)s::smallint, %(in_hand)s::boolean, %(detected_at)s::timestamptz, %(id)s::text)"""


def _page(way: str, only: str, place: str, order: str = "detected_at DESC, alert_id DESC") -> str:
    in_hand = "a.taken" if way == _OPEN else "NULL"
    return _ALERT.format(chosen=way.format(only=only, place=place, order=order), in_hand=in_hand)


SELECT_ALERT_PAGE = {
    (status, goes_on): _page(way, only, _BEFORE[way] if goes_on else "true") + _NEWEST_FIRST
    for status, (way, only) in _STATUS.items()
    for goes_on in (False, True)
}
"""By status, and whether it goes on from a place: a place that may be null is found by no index."""
# Where a page ends must be read with the page: asked a moment later, its last alert may be in a hand,
# and all that still wait behind it would be passed over.
SELECT_URGENT_PAGE = {
    (status, goes_on): _page(
        way, only, _URGENT_AFTER if goes_on else "true", "priority, taken, detected_at, alert_id"
    )
    + "ORDER BY a.priority, a.taken, a.detected_at, a.id"
    for status, (way, only) in _STATUS.items()
    if way == _OPEN
    for goes_on in (False, True)
}
"""As ``SELECT_ALERT_PAGE``, of those that nobody has closed; column 18 is whether somebody has it in hand."""
SELECT_ALERTS_BY_ID = _ALERT.format(chosen="alert", in_hand="NULL") + f"WHERE a.id = ANY(%s) {_NEWEST_FIRST}"

SELECT_DELIVERIES = """
SELECT alert_id, recipient, channel, state, attempts, first_attempt_at, delivered_at, next_attempt_at,
       last_error, climb, set_aside_at, party
FROM delivery WHERE alert_id = ANY(%s) ORDER BY climb, recipient
"""
SELECT_TOLD_OF_BREACHES = """
SELECT told.breach_id, array_agg(DISTINCT told.party) FROM (
    SELECT breach_id, unnest(recipients) AS party FROM alert WHERE breach_id = ANY(%(ids)s)
    UNION
    SELECT a.breach_id, coalesce(d.party, d.recipient) FROM alert AS a JOIN delivery AS d ON d.alert_id = a.id
    WHERE a.breach_id = ANY(%(ids)s)
) AS told GROUP BY told.breach_id
"""
SELECT_SECRET = """
SELECT DISTINCT v.id, one ->> 'id'
FROM order_version AS v, jsonb_array_elements(convert_from(v.source, 'UTF8')::jsonb -> 'conditions') AS one
WHERE v.id = ANY(%s) AND one -> 'secret' = 'true'
"""
SELECT_ACKNOWLEDGEMENTS = """
SELECT alert_id, party, person, acknowledged_at, via FROM acknowledgement
WHERE alert_id = ANY(%s) ORDER BY acknowledged_at, id
"""
SELECT_RESOLUTIONS = f"SELECT alert_id, {RESOLUTION_COLUMNS} FROM resolution WHERE alert_id = ANY(%s)"

# What an alert tells of, as it stands now; a silence that an outage covers is not the outage.
SELECT_TROUBLES_OF = f"""
SELECT {TROUBLE_COLUMNS} FROM trouble AS t WHERE alert_id = ANY(%s)
  AND event = (SELECT event FROM alert WHERE alert.id = t.alert_id)
"""

SELECT_FEED = """
SELECT feed_seq, kind, ref, alert_id FROM feed WHERE feed_seq > %s ORDER BY feed_seq LIMIT %s
"""
SELECT_TOTALS = """
SELECT (SELECT coalesce(sum(repeats), 0)::bigint FROM device_counter),
       (SELECT count(*) FROM alert),
       (SELECT count(*) FROM delivery WHERE state = 'waiting')
"""
