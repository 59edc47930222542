"""A database as it is after weeks of service, made inside PostgreSQL.

Every device sends a fix a minute; rows lie on disk in the order of their receipt, so that one device's day
is spread over as many pages as it has fixes: the worst order for whoever reads a track, and the true one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg

from emon.model.instant import MINUTE_US, to_us
from emon.orders.document import parse_document
from emon.store.store import Store

_DAY_MINUTES = 1_440
_Connection = psycopg.Connection[tuple[object, ...]]


class Ground(msgspec.Struct, frozen=True):
    """What is made: ``devices`` that each send a fix a minute for ``days`` whole UTC days up to ``until``,
    and ``alerts`` on file, nearly all of them closed."""

    devices: int
    days: int
    until: date
    alerts: int

    @property
    def fixes(self) -> int:
        return self.devices * self.days * _DAY_MINUTES

    @property
    def first(self) -> date:
        return self.until - timedelta(days=self.days)

    @property
    def newest_us(self) -> int:
        """``fixed_at`` of the last minute."""
        return to_us(datetime(self.until.year, self.until.month, self.until.day, tzinfo=UTC)) - MINUTE_US


_FIXES = """
INSERT INTO fix (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark, raw,
                 speed_m_s, heading_deg, battery)
SELECT 'd-' || d, m, at, at + interval '1 second', at + interval '1.01 seconds',
       4.4 + 0.0001 * (d %% 997) + 0.00001 * (m %% 83), 51.9 + 0.0001 * (d %% 991), 12.5, 'gnss',
       CASE WHEN (d + m) %% 997 = 0 THEN 'late' ELSE 'ok' END,
       convert_to('{"seq":' || m || ',"t":"2026-03-29T00:59:30.250Z","lat":51.9225,"lon":4.4792,"acc":12.5,'
                  '"spd":1.4,"hdg":270.0,"src":"gnss","bat":0.83}', 'UTF8'),
       1.4, 270.0, 0.83
FROM generate_series(0, 1439) AS m,
     LATERAL (SELECT %(day)s::timestamptz + m * interval '1 minute' AS at) AS w,
     generate_series(1, %(devices)s) AS d
"""
_DEVICES = """
INSERT INTO device_now (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark,
                        speed_m_s, heading_deg, battery, change_seq)
SELECT 'd-' || d, 1439, %(newest)s, %(newest)s, %(newest)s, 4.4, 51.9, 12.5, 'gnss', 'ok', 1.4, 270, 0.83,
       d
FROM generate_series(1, %(devices)s) AS d;
INSERT INTO fix (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark, raw)
SELECT 'd-' || d, 1, '2099-01-01Z', %(newest)s, %(newest)s, 4.4, 51.9, 12.5, 'gnss', 'clock', '{}'
FROM generate_series(1, %(devices)s, 50) AS d;
INSERT INTO device_clock SELECT device, fixed_at FROM fix_default WHERE mark = 'clock';
INSERT INTO device_status
SELECT 'd-' || d, true, %(newest)s, %(newest)s FROM generate_series(1, %(devices)s) AS d;
INSERT INTO device_event
SELECT 'd-' || d, %(newest)s - n * interval '2 hours', n, e.event, e.state, '{}',
       %(newest)s - n * interval '2 hours', %(newest)s
FROM generate_series(1, %(devices)s) AS d, generate_series(0, 12 * %(days)s - 1) AS n,
     LATERAL (SELECT (ARRAY['motion','motion','battery','strap'])[1 + n %% 4] AS event,
                     (ARRAY['still','moving','ok','closed'])[1 + n %% 4] AS state) AS e;
INSERT INTO device_counter (device, repeats) SELECT 'd-' || d, d FROM generate_series(1, %(devices)s) AS d;
INSERT INTO command (id, device, asks, reason, asked_at, until_at, state, sent_at, recorded_at)
SELECT 'm-' || d || '-' || n, 'd-' || d, 'fix', 'demand', %(newest)s - n * interval '1 day', %(newest)s,
       'sent', %(newest)s, %(newest)s
FROM generate_series(1, %(devices)s) AS d, generate_series(1, %(days)s) AS n;
INSERT INTO command_reply (id, device, command_id, result, raw, received_at, recorded_at)
SELECT 'r-' || id, device, id, 'done', '{}', asked_at, asked_at FROM command;
INSERT INTO rejected (device, topic, reason, detail, place, raw, received_at, recorded_at)
SELECT 'x-' || n %% 50, 'emon/v1/x/fix', CASE WHEN n %% 2 = 0 THEN 'unknown_device' ELSE 'unreadable' END,
       '', '', '{}', %(newest)s - n * interval '30 seconds', %(newest)s
FROM generate_series(1, %(alerts)s) AS n;
INSERT INTO inbox (device, topic, payload, fixes, lane, arrived_at)
SELECT 'd-' || n %% 50, 'emon/v1/d/fix', '{}', 10, 'late', %(newest)s FROM generate_series(1, 5000) AS n;
"""
# Of a hundred alerts one is still open, of those twenty are due to climb; each told two parties; half are of
# a breach.
_ALERTS = """
INSERT INTO breach (id, order_id, version, condition_id, kind, wearer, device, opened_at, closed_at,
                    certainty, how, historic, refuted, deepest_m, told, recorded_at, changed_at)
SELECT 'b-' || n, 'o-' || d, 1, 'c-1', 'exclusion', 'w-' || d, 'd-' || d, at,
       CASE WHEN n > 100 THEN at + interval '9 minutes' END, 'certain', 'inside', false, false, 40, '[]',
       at, at
FROM generate_series(1, %(alerts)s / 2) AS n,
     LATERAL (SELECT 1 + n %% %(devices)s AS d, %(newest)s - n * interval '4 minutes' AS at) AS w;
INSERT INTO alert (id, event, priority, at, recipients, happened_at, received_at, detected_at, breach_id,
                   order_id, condition_id, certainty, device, policy_row)
SELECT 'a-' || n, CASE WHEN n %% 2 = 0 THEN 'breach' WHEN n %% 4 = 1 THEN 'approach' ELSE 'silence' END,
       1 + n %% 4, at, '{meldkamer_em,reclassering}', at, at, at,
       CASE WHEN n %% 2 = 0 THEN 'b-' || n / 2 END, 'o-' || d, 'c-1', 'certain', 'd-' || d, 'r'
FROM generate_series(1, %(alerts)s) AS n,
     LATERAL (SELECT 1 + (n / 2) %% %(devices)s AS d, %(newest)s - n * interval '2 minutes' AS at) AS w;
INSERT INTO escalation (alert_id, counted_from, step, due_at, needs, closed, priority, detected_at, taken)
SELECT 'a-' || n, %(newest)s, 1,
       CASE WHEN n %% 100 = 0 THEN %(newest)s + (n - 2000) * interval '1 second' END, 'any', n %% 100 <> 0,
       a.priority, a.detected_at, n %% 200 <> 0
FROM generate_series(1, %(alerts)s) AS n JOIN alert AS a ON a.id = 'a-' || n;
INSERT INTO delivery (id, alert_id, recipient, channel, state, attempts, next_attempt_at, first_attempt_at,
                      delivered_at, line, lane, alert_at)
SELECT a.id || r, a.id, r, 'webhook', CASE WHEN waits THEN 'waiting' ELSE 'delivered' END, 1,
       CASE WHEN waits THEN a.at END, a.at, CASE WHEN NOT waits THEN a.at + interval '1 second' END,
       coalesce('breach ' || a.breach_id, 'alert ' || a.id), a.priority, a.at
FROM alert AS a, unnest(a.recipients) AS r,
     LATERAL (SELECT substr(a.id, 3)::integer %% 100 = 0 AS waits) AS w;
INSERT INTO delivery_attempt (delivery_id, attempt, started_at, ended_at, outcome, status, detail)
SELECT id, 1, alert_at, alert_at + interval '1 second', 'delivered', 200, '' FROM delivery;
INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via)
SELECT id, 'meldkamer_em', 'A. Jansen', at + interval '1 minute', 'page'
FROM alert WHERE substr(id, 3)::integer %% 200 <> 0;
INSERT INTO resolution (alert_id, party, person, cause, outcome, note, resolved_at, via)
SELECT id, 'meldkamer_em', 'A. Jansen', 'wearer', 'spoken_to', '', at + interval '9 minutes', 'page'
FROM alert WHERE substr(id, 3)::integer %% 100 <> 0;
INSERT INTO trouble (id, event, device, opened_at, cleared_at, alert_id, victim, unseen, devices, heard,
                     recorded_at, changed_at)
SELECT 't-' || id, 'silence', device, at, CASE WHEN substr(id, 3)::integer %% 100 <> 0 THEN at END, id,
       false, '[]', 1, 0, at, at
FROM alert WHERE event = 'silence';
INSERT INTO feed (kind, ref, alert_id, recorded_at) SELECT 'alert', id, id, at FROM alert ORDER BY at;
INSERT INTO feed (kind, ref, alert_id, recorded_at)
SELECT 'delivery', id, alert_id, alert_at FROM delivery ORDER BY alert_at;
INSERT INTO staff_login (name, party, deed, address, happened_at)
SELECT 'jansen', 'meldkamer_em', CASE WHEN n %% 2 = 0 THEN 'login' ELSE 'logout' END, '::1',
       %(newest)s - n * interval '1 hour'
FROM generate_series(1, 24 * %(days)s) AS n;
UPDATE engine_clock SET last_received_at = %(newest)s;
"""
# Everything up to the last minutes is sealed, as a service that runs leaves it.
_SEALED = """
INSERT INTO audit (seq, recorded_at, written_by, relation, deed, row_key, content, leaves, chain)
SELECT n, now(), '["emon","emon bench"]', relation, 'seal', %s, '{}', ''::bytea, sha256(relation::bytea)
FROM unnest(ARRAY['fix', 'device_event', 'command_reply', 'rejected']) WITH ORDINALITY AS t (relation, n)
"""
_TRIGGERED = (
    "alert",
    "delivery",
    "breach",
    "delivery_attempt",
    "acknowledgement",
    "resolution",
    "trouble",
    "command",
    "staff_login",
)


def orders_of(devices: int) -> bytes:
    """A document: one order a device with one ban."""
    place = {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300}
    return json.dumps(
        {
            "orders": [
                {
                    "id": f"o-{d}",
                    "version": 1,
                    "wearer": f"w-{d}",
                    "device": f"d-{d}",
                    "legal_basis": "gedragsaanwijzing",
                    "valid_from": "2026-05-01T00:00:00Z",
                    "conditions": [{"id": "c-1", "kind": "exclusion", "zone": place}],
                }
                for d in range(1, devices + 1)
            ]
        }
    ).encode()


async def fill(url: str, ground: Ground, told: Callable[[str], None] = lambda _: None) -> None:
    """Make it in the migrated, empty database at ``url``, which is good for reading alone afterwards."""
    store = await Store.open(url)
    try:
        await store.arm(parse_document(orders_of(ground.devices), armed_at_us=0))
        await store.ensure_partitions(ground.first, ground.until)
    finally:
        await store.close()
    with psycopg.connect(url, autocommit=True, application_name="emon bench") as conn:
        conn.execute("SET timezone = 'UTC'")
        conn.execute("SET synchronous_commit = off")
        for number in range(ground.days):
            day = ground.first + timedelta(days=number)
            conn.execute(_FIXES.encode(), {"day": f"{day} 00:00Z", "devices": ground.devices})
            told(f"{(number + 1) * ground.devices * _DAY_MINUTES:,} fixes of {ground.fixes:,}")
        _fill_rest(conn, ground)
        told("analysing")
        conn.execute("VACUUM ANALYZE")


def _fill_rest(conn: _Connection, ground: Ground) -> None:
    newest = datetime.fromtimestamp(ground.newest_us / 1e6, UTC)
    given = {"newest": newest, "devices": ground.devices, "days": ground.days, "alerts": ground.alerts}
    client = psycopg.ClientCursor(conn)
    with conn.transaction():
        for table in _TRIGGERED:  # they stay off: what they would make is made below
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for statements in (_DEVICES, _ALERTS):
            client.execute(statements.encode(), given)
        sealed_to = datetime.fromtimestamp(ground.newest_us / 1e6 - 120, UTC)
        client.execute(
            _SEALED.encode(), (json.dumps(["1970-01-01T00:00:00Z", f"{sealed_to:%Y-%m-%dT%H:%M:%S}Z"]),)
        )
