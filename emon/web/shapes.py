"""The JSON of the API: views to plain members, instants as UTC text with six decimals."""

from __future__ import annotations

from typing import Any

from emon.model.instant import format_instant
from emon.web.backend import AlertNow, BreachNow, DeliveryState, DeviceNow, Taken

Json = dict[str, Any]


def instant_or_none(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)


def device_json(device: DeviceNow) -> Json:
    """The newest usable position of a device."""
    return {
        "device": device.device,
        "fixed_at": format_instant(device.fixed_at_us),
        "received_at": format_instant(device.received_at_us),
        "recorded_at": format_instant(device.recorded_at_us),
        "lon": device.lon,
        "lat": device.lat,
        "accuracy_m": device.accuracy_m,
        "source": device.source,
        "mark": device.mark,
        "speed_m_s": device.speed_m_s,
        "heading_deg": device.heading_deg,
        "battery": device.battery,
        "online": device.online,
    }


def breach_json(breach: BreachNow) -> Json:
    """A breach as it stands, with the member names of ``emon replay``."""
    return {
        "id": breach.id,
        "order": breach.order,
        "version": breach.version,
        "condition": breach.condition,
        "kind": breach.kind,
        "wearer": breach.wearer,
        "device": breach.device,
        "opened_at": format_instant(breach.opened_at_us),
        "closed_at": instant_or_none(breach.closed_at_us),
        "certainty": breach.certainty,
        "how": breach.how,
        "historic": breach.historic,
        "refuted": breach.refuted,
        "deepest_m": breach.deepest_m,
    }


def alert_json(alert: AlertNow) -> Json:
    """An alert with three of its clocks; the fourth is each delivery's ``delivered_at``."""
    return {
        "id": alert.id,
        "event": alert.event,
        "priority": alert.priority,
        "at": format_instant(alert.at_us),
        "happened_at": format_instant(alert.happened_at_us),
        "received_at": instant_or_none(alert.received_at_us),
        "detected_at": format_instant(alert.detected_at_us),
        "recipients": list(alert.recipients),
        "order": alert.order,
        "condition": alert.condition,
        "certainty": alert.certainty,
        "device": alert.device,
        "wearer": alert.wearer,
        "risk": alert.risk,
        "breach": None if alert.breach is None else breach_json(alert.breach),
        "deliveries": [_delivery_json(delivery) for delivery in alert.deliveries],
        "acknowledgements": [taken_json(taken) for taken in alert.acknowledgements],
    }


def taken_json(taken: Taken) -> Json:
    """Who took an alert in hand."""
    return {
        "party": taken.party,
        "person": taken.person,
        "acknowledged_at": format_instant(taken.acknowledged_at_us),
        "via": taken.via,
    }


def _delivery_json(delivery: DeliveryState) -> Json:
    return {
        "recipient": delivery.recipient,
        "channel": delivery.channel,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "first_attempt_at": instant_or_none(delivery.first_attempt_at_us),
        "delivered_at": instant_or_none(delivery.delivered_at_us),
        "next_attempt_at": instant_or_none(delivery.next_attempt_at_us),
        "last_error": delivery.last_error,
    }
