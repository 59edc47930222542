"""The JSON of the API: rows to plain members, instants as UTC text with six decimals."""

from __future__ import annotations

from typing import Any

import msgspec

from emon.alerts.lifecycle import Fact, Happened
from emon.model.breach import Breach
from emon.model.instant import format_instant
from emon.model.vocabulary import SEES_NO_WEARERS
from emon.model.watch import Trouble
from emon.store.answers import Answered
from emon.store.incident_reads import IncidentNow, KeptIncident, KeptUpdate
from emon.store.lives import KeptLife
from emon.store.pages import AlertNow, DeliveryState, DeviceNow
from emon.store.words_of_people import Resolved, Taken

Json = dict[str, Any]


def instant_or_none(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)


def position_json(position: DeviceNow) -> Json:
    """The newest usable fix of a device: degrees, metres (95 % circle), metres a second."""
    return {
        "device": position.device,
        "fixed_at": format_instant(position.fixed_at_us),
        "received_at": format_instant(position.received_at_us),
        "recorded_at": format_instant(position.recorded_at_us),
        "lon": position.lon,
        "lat": position.lat,
        "accuracy_m": position.accuracy_m,
        "source": position.source,
        "mark": position.mark,
        "speed_m_s": position.speed_m_s,
        "heading_deg": position.heading_deg,
        "battery": position.battery,
        "online": position.online,
    }


def breach_json(breach: Breach) -> Json:
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
        "open": is_open(alert),
        **_life_now(alert),
        "order": alert.order,
        "condition": alert.condition,
        "certainty": alert.certainty,
        "device": alert.device,
        "wearer": alert.wearer,
        "risk": alert.risk,
        "breach": None if alert.breach is None else breach_json(alert.breach),
        "trouble": None if alert.trouble is None else trouble_json(alert.trouble),
        "deliveries": [_delivery_json(delivery) for delivery in alert.deliveries],
        "acknowledgements": [taken_json(taken) for taken in alert.acknowledgements],
        "incident": None if alert.incident is None else incident_now_json(alert.incident),
    }


def incident_now_json(incident: IncidentNow) -> Json:
    """An incident as it stands: the newest update on it, the fix that told, and what the police answered."""
    return {
        "id": incident.id,
        "state": incident.state,
        "said": incident.said,
        "said_at": instant_or_none(incident.said_at_us),
        "fixed_at": instant_or_none(incident.fixed_at_us),
        "answers": [answer_json(one) for one in incident.answers],
    }


def answer_json(answer: Answered) -> Json:
    """What somebody of the police said of an incident, when, and by which way."""
    return {
        "answer": answer.answer,
        "party": answer.party,
        "person": answer.person,
        "note": answer.note,
        "note_withheld": False,
        "answered_at": format_instant(answer.answered_at_us),
        "via": answer.via,
    }


def incident_json(kept: KeptIncident, *, with_places: bool = True) -> Json:
    """An incident with what was said of it, and to whom. ``with_places``: the reader may see where he was."""
    updates = [_update_json(one, with_places) for one in kept.updates]
    return {**incident_now_json(kept.now), "updates": updates}


def _update_json(update: KeptUpdate, with_places: bool) -> Json:
    position = None
    if with_places and update.lon is not None and update.fixed_at_us is not None:
        position = {
            "lon": update.lon,
            "lat": update.lat,
            "accuracy_m": update.accuracy_m,
            "fixed_at": format_instant(update.fixed_at_us),
            "speed_m_s": update.speed_m_s,
            "heading_deg": update.heading_deg,
        }
    return {
        "update": update.said,
        "because": update.because,
        "made_at": format_instant(update.made_at_us),
        "position": position,
        "recipients": [
            {
                "recipient": one.recipient,
                "channel": one.channel,
                "number": one.number,
                "state": one.state,
                "superseded_by": one.superseded_by,
                "attempts": one.attempts,
                "delivered_at": instant_or_none(one.delivered_at_us),
                "last_error": one.last_error,
            }
            for one in update.told
        ],
    }


def _life_now(alert: AlertNow) -> Json:
    """Where the alert stands: whose answer is owed, how often it was told again, and who closed it."""
    life = alert.life
    climbs = [one for one in alert.happened if one.fact is Fact.CLIMBED]
    surer = [one.other for one in alert.happened if one.fact is Fact.RISEN]
    return {
        "stage": life.stage,
        "owed": list(life.owed),
        "climbs": [
            {
                "step": climb.step,
                "at": format_instant(climb.at_us),
                "owed": list(climb.owed),
                "withheld": list(climb.withheld),
                "deliveries": [_delivery_json(one) for one in alert.climbs if one.climb == climb.step],
            }
            for climb in climbs
        ],
        "followed_by": surer[0] if surer else None,
        "next_climb_at": instant_or_none(alert.climbs_next_us if life.may_climb else None),
        "concerns_protected_person": alert.victim_linked,
        "resolution": None if alert.resolution is None else resolution_json(alert.resolution),
    }


def resolution_json(closed: Resolved) -> Json:
    """Who closed an alert, with what, when, and by which way."""
    return {
        "party": closed.party,
        "person": closed.person,
        "cause": closed.cause,
        "outcome": closed.outcome,
        "victim_outcome": closed.victim_outcome,
        "note": closed.note,
        "note_withheld": False,
        "resolved_at": format_instant(closed.resolved_at_us),
        "via": closed.via,
    }


def life_json(kept: KeptLife, alert: AlertNow) -> Json:
    """An alert's whole life, in order; what was never said or done is left out."""
    return {
        "alert": kept.alert,
        "stage": alert.life.stage,
        "owed": list(alert.life.owed),
        "happened": [_happened_json(one) for one in kept.happened],
        "attempts": [
            {
                "delivery": {"recipient": one.recipient, "channel": one.channel, "climb": one.climb},
                "attempt": one.attempt,
                "started_at": format_instant(one.started_at_us),
                "ended_at": format_instant(one.ended_at_us),
                "outcome": one.outcome,
                "status": one.status,
                "detail": one.detail,
            }
            for one in kept.attempts
        ],
    }


def _happened_json(one: Happened) -> Json:
    members = msgspec.to_builtins(one)
    del members["at_us"]
    return {"at": format_instant(one.at_us), **members}


def trouble_json(trouble: Trouble) -> Json:
    """What is wrong with a device, an order or many devices, as it stands now."""
    return {
        "opened_at": format_instant(trouble.opened_at_us),
        "cleared_at": instant_or_none(trouble.cleared_at_us),
        "cause": trouble.cause,
        "victim_device": trouble.victim,
        "devices": trouble.devices,
        "heard": trouble.heard,
        "unseen": [
            {
                "wearer": one.wearer,
                "device": one.device,
                "order": one.order,
                "risk": one.risk,
                "victim_device": one.victim,
                "near_ban_m": None if one.near_m is None else round(one.near_m, 1),
                "seen_at": instant_or_none(one.seen_us),
            }
            for one in trouble.unseen
        ],
    }


def is_open(alert: AlertNow) -> bool:
    """Nobody has closed it, and nobody has it in hand or its breach goes on; that the protected person has
    read of it puts it in nobody's hand."""
    breach = alert.breach
    if alert.resolution is not None:
        return False
    goes_on = breach is not None and breach.closed_at_us is None and not breach.refuted
    return goes_on or all(taken.party in SEES_NO_WEARERS for taken in alert.acknowledgements)


def taken_json(taken: Taken) -> Json:
    """Who of a party took an alert in hand, when, and by which way."""
    return {
        "party": taken.party,
        "person": taken.person,
        "acknowledged_at": format_instant(taken.acknowledged_at_us),
        "via": taken.via,
    }


def _delivery_json(row: DeliveryState) -> Json:
    return {
        "recipient": row.recipient,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "first_attempt_at": instant_or_none(row.first_attempt_at_us),
        "delivered_at": instant_or_none(row.delivered_at_us),
        "next_attempt_at": instant_or_none(row.next_attempt_at_us),
        "last_error": row.last_error,
        "refused_at": instant_or_none(row.set_aside_at_us),
    }
