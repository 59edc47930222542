"""The statements of a batch's writing half, and the parameters of the longer ones."""

from __future__ import annotations

from datetime import datetime

from emon.model.breach import Alert
from emon.model.command import Reply
from emon.model.effects import NewDelivery
from emon.model.instant import to_datetime

RAISE_CLOCK = """
INSERT INTO device_clock (device, fixed_at) VALUES (%s, %s)
ON CONFLICT (device) DO UPDATE SET fixed_at = greatest(device_clock.fixed_at, excluded.fixed_at)
"""

COUNT_REJECTION = """
INSERT INTO rejection_counter (reason, payloads) VALUES (%s, %s)
ON CONFLICT (reason) DO UPDATE SET payloads = rejection_counter.payloads + excluded.payloads
"""

COUNT_REPEATS = """
INSERT INTO device_counter (device, repeats) VALUES (%s, %s)
ON CONFLICT (device) DO UPDATE SET repeats = device_counter.repeats + excluded.repeats
"""

# An event delivered again after a crash is the same event: its key is its whole content.
INSERT_EVENT = """
INSERT INTO device_event (device, fixed_at, seq, event, state, raw, received_at, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

INSERT_REPLY = """
INSERT INTO command_reply (id, device, command_id, result, rate_s, replied_at, raw, received_at, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

UPSERT_STATUS = """
INSERT INTO device_status (device, online, received_at, recorded_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (device) DO UPDATE SET
    online = excluded.online, received_at = excluded.received_at, recorded_at = excluded.recorded_at
"""

INSERT_REJECTED = """
INSERT INTO rejected (device, topic, reason, detail, place, raw, received_at, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

UPSERT_BREACH = """
INSERT INTO breach (id, order_id, version, condition_id, kind, wearer, device, opened_at, closed_at,
                    certainty, how, historic, refuted, deepest_m, told, recorded_at, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)
ON CONFLICT (id) DO UPDATE SET
    order_id = excluded.order_id, version = excluded.version, condition_id = excluded.condition_id,
    kind = excluded.kind, wearer = excluded.wearer, device = excluded.device,
    opened_at = excluded.opened_at, closed_at = excluded.closed_at, certainty = excluded.certainty,
    how = excluded.how, historic = excluded.historic, refuted = excluded.refuted,
    deepest_m = excluded.deepest_m, told = excluded.told, changed_at = excluded.changed_at
"""

INSERT_ALERT = """
INSERT INTO alert (id, event, priority, at, recipients, happened_at, received_at, detected_at,
                   breach_id, order_id, condition_id, certainty, device, policy_row, also, policy_version)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], policy_version FROM engine_clock
"""

# Due from the alert's own instant: the dispatcher's clock is the engine's, not the database's.
INSERT_DELIVERY = """
INSERT INTO delivery (id, alert_id, recipient, channel, climb, party, next_attempt_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def delivery_params(one: NewDelivery, due_at: datetime) -> tuple[object, ...]:
    """Parameters of ``INSERT_DELIVERY``."""
    return (one.id, one.alert_id, one.recipient, one.channel, one.climb, one.party, due_at)


def alert_params(alert: Alert, detected_at: datetime) -> tuple[object, ...]:
    """Parameters of ``INSERT_ALERT``."""
    return (
        alert.id,
        str(alert.event),
        alert.priority,
        to_datetime(alert.at_us),
        [str(party) for party in alert.recipients],
        to_datetime(alert.happened_at_us),
        None if alert.received_at_us is None else to_datetime(alert.received_at_us),
        detected_at,
        alert.breach,
        alert.order,
        alert.condition,
        None if alert.certainty is None else str(alert.certainty),
        alert.device,
        alert.row,
        list(alert.also),
    )


def reply_params(reply: Reply, received_at: datetime, recorded_at: datetime) -> tuple[object, ...]:
    """Parameters of ``INSERT_REPLY``."""
    return (
        reply.id,
        reply.device,
        reply.command,
        str(reply.result),
        reply.rate_s,
        None if reply.replied_at_us is None else to_datetime(reply.replied_at_us),
        reply.raw,
        received_at,
        recorded_at,
    )
