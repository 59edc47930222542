"""What whoever may not hear where a secret zone lies is shown of it, as in messages. Pure.

As ``emon.alerts.need`` does: a time and a track give a place, and so does how deep somebody was in it. So
times of what happened are told by the hour, and what shows it not at all; when an alert was told stays, for
its reader has that himself.
"""

from __future__ import annotations

from emon.alerts.need import by_the_hour
from emon.model.instant import format_instant, parse_instant
from emon.web.shapes import Json


def discreet_breach(breach: Json) -> Json:
    """A breach of ``shapes.breach_json``."""
    return {
        **breach,
        "opened_at": _hour(breach["opened_at"]),
        "closed_at": _hour(breach["closed_at"]),
        "how": None,
        "deepest_m": None,
    }


def discreet_alert(alert: Json) -> Json:
    """An alert of ``shapes.alert_json``, with its breach and its incident."""
    return {
        **alert,
        "happened_at": _hour(alert["happened_at"]),
        "received_at": None,
        "breach": None if alert["breach"] is None else discreet_breach(alert["breach"]),
        "incident": None if alert["incident"] is None else discreet_incident(alert["incident"]),
    }


def discreet_incident(incident: Json) -> Json:
    """An incident of ``shapes.incident_now_json`` or ``incident_json``."""
    found = {
        **incident,
        "said_at": _hour(incident["said_at"]),
        "fixed_at": None,
        "answers": [_answer(one) for one in incident["answers"]],
    }
    if "updates" in incident:
        found["updates"] = [_update(one) for one in incident["updates"]]
    return found


def _answer(answer: Json) -> Json:
    """Without what the police wrote beside it: they stand there, and may have named the street."""
    return {**answer, "answered_at": _hour(answer["answered_at"]), "note": ""}


def _update(update: Json) -> Json:
    told = [{**one, "delivered_at": _hour(one["delivered_at"])} for one in update["recipients"]]
    return {**update, "made_at": _hour(update["made_at"]), "position": None, "recipients": told}


def _hour(instant: str | None) -> str | None:
    return None if instant is None else format_instant(by_the_hour(parse_instant(instant)))
