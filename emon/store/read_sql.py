"""The statements of a batch's reading half.

Each bounds ``fixed_at`` by plain parameters, beside what it joins by, so that the server plans and
opens only the partitions of those days.
"""

from __future__ import annotations

from emon.store.rows import BREACH_COLUMNS, FIX_COLUMNS

SELECT_ORDERS = "SELECT arm_seq, source, armed_at FROM order_version WHERE arm_seq > %s ORDER BY arm_seq"

SELECT_KNOWN = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[], %s::timestamptz[], %s::bigint[]) AS k (d, t, s)
CROSS JOIN LATERAL (
    SELECT * FROM fix
    WHERE device = k.d AND fixed_at = k.t AND seq = k.s AND fixed_at BETWEEN %s AND %s
    LIMIT 1
) AS found
"""
# A day beyond it lies nothing but what is marked clock: a fix is ahead of its receipt by CLOCK_AHEAD_MAX_S
# at most.
SELECT_HORIZON = """
SELECT coalesce((SELECT last_received_at FROM engine_clock), (SELECT max(fixed_at) FROM device_now))
"""
SELECT_TRACKS = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[]) AS k (d)
CROSS JOIN LATERAL (
    SELECT * FROM fix WHERE device = k.d AND fixed_at >= %s AND fixed_at < %s AND mark <> 'clock'
    ORDER BY fixed_at DESC, seq DESC LIMIT %s
) AS newest
ORDER BY device, fixed_at, seq
"""
SELECT_SINCE = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[], %s::timestamptz[]) AS k (d, t)
CROSS JOIN LATERAL (
    SELECT * FROM fix
    WHERE device = k.d AND fixed_at >= k.t AND fixed_at >= %s AND fixed_at < %s AND mark <> 'clock'
) AS later
ORDER BY device, fixed_at, seq
"""
SELECT_BEFORE = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[], %s::timestamptz[]) AS k (d, t)
CROSS JOIN LATERAL (
    SELECT * FROM fix
    WHERE device = k.d AND fixed_at < k.t AND fixed_at >= %s AND fixed_at < %s
      AND mark NOT IN ('implausible', 'clock')
    ORDER BY fixed_at DESC, seq DESC LIMIT 1
) AS newest
"""
SELECT_CLOCK_AHEAD = "SELECT device, fixed_at FROM device_clock WHERE device = ANY(%s)"

SELECT_BREACHES = f"""
SELECT k.place, {BREACH_COLUMNS}
FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) WITH ORDINALITY AS k (o, c, t, place)
JOIN breach ON order_id = k.o AND condition_id = k.c
 AND ((closed_at IS NULL AND NOT refuted) OR closed_at >= k.t OR opened_at >= k.t)
ORDER BY k.place, opened_at, id
"""
SELECT_APPROACHES = """
SELECT k.o, k.c, a.at FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS k (o, c, t)
JOIN alert AS a ON a.order_id = k.o AND a.condition_id = k.c AND a.event = 'approach' AND a.at >= k.t
ORDER BY k.o, k.c, a.at
"""
SELECT_EVENTS = """
SELECT k.d, found.fixed_at, found.seq, k.e, found.state, found.raw, found.received_at
FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS k (d, e, t)
CROSS JOIN LATERAL (
    SELECT * FROM device_event WHERE device = k.d AND event = k.e AND fixed_at >= k.t
    UNION
    SELECT * FROM device_event WHERE device = k.d AND event = k.e AND received_at >= k.t
    UNION
    (SELECT * FROM device_event WHERE device = k.d AND event = k.e AND fixed_at < k.t
     ORDER BY fixed_at DESC, seq DESC, state COLLATE "C" DESC LIMIT 1)
) AS found
ORDER BY k.d, k.e, found.fixed_at, found.seq, found.state COLLATE "C"
"""
SELECT_REPLIES = "SELECT id FROM command_reply WHERE id = ANY(%s)"
TAKE_AGAIN = """
WITH taken AS (
    UPDATE rejected SET retaken_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM rejected
        WHERE reason = 'unknown_device' AND retaken_at IS NULL AND device = ANY(%s) AND received_at >= %s
        ORDER BY id LIMIT %s
    )
    RETURNING id, topic, raw
)
SELECT topic, raw FROM taken ORDER BY id
"""
