"""What whoever may not hear where a secret zone lies is shown of it, as in messages. Pure.

As ``emon.alerts.need`` does: a time and a track give a place, and so does how deep somebody was in it. So
times of what happened are told by the hour, and what shows it not at all; when an alert was told stays, for
its reader has that himself.
"""

from __future__ import annotations

from collections.abc import Collection

from emon.alerts.need import by_the_hour
from emon.model.instant import format_instant, parse_instant
from emon.web.shapes import Json


def alert_for_others(alert: Json, secret: Collection[tuple[str, str]]) -> Json:
    """An alert of ``shapes.alert_json`` as they may see it from whom these conditions (order, condition) are
    secret."""
    order, condition = alert["order"], alert["condition"]
    if (order, condition) in secret:
        return discreet_alert(alert)
    return without_notes(alert) if hides_words(order, condition, secret) else alert


def without_unseen(alert: Json) -> Json:
    """An alert without who is not seen in an outage: it lists wearers of others, and how near each is to a
    ban. The same object where it lists nobody."""
    trouble = alert["trouble"]
    if trouble is None or not trouble["unseen"]:
        return alert
    return {**alert, "trouble": {**trouble, "unseen": []}}


def hides_words(order: str | None, condition: str | None, secret: Collection[tuple[str, str]]) -> bool:
    """Whether what people wrote of an alert is kept from whom these conditions are secret. One of a device or
    of the whole order may tell of any of the order's places."""
    return any(order == one and condition in (None, its) for one, its in secret)


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
        **without_notes(alert),
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


def without_notes(alert: Json) -> Json:
    """An alert without what anybody wrote of it, or a recipient's system answered: it may name the street."""
    closed = alert["resolution"]
    return {
        **alert,
        "resolution": None if closed is None else without_note(closed),
        "deliveries": [_without_answer(one) for one in alert["deliveries"]],
        "climbs": [
            {**climb, "deliveries": [_without_answer(one) for one in climb["deliveries"]]}
            for climb in alert["climbs"]
        ],
    }


def without_note(said: Json) -> Json:
    """A closing of ``shapes.resolution_json`` or an answer of ``answer_json`` without what its author wrote
    beside the words of the lists, and that there is more."""
    return {**said, "note": "", "note_withheld": said["note"] != ""}


def discreet_life(life: Json) -> Json:
    """A life of ``shapes.life_json`` without what was written freely."""
    return {
        **life,
        "happened": [{**one, "detail": None} if one["fact"] == "closed" else one for one in life["happened"]],
        "attempts": [{**one, "detail": ""} for one in life["attempts"]],
    }


def _without_answer(delivery: Json) -> Json:
    return {**delivery, "last_error": None}


def _answer(answer: Json) -> Json:
    """Without what the police wrote beside it: they stand there, and may have named the street."""
    return {**without_note(answer), "answered_at": _hour(answer["answered_at"])}


def _update(update: Json) -> Json:
    told = [
        {**_without_answer(one), "delivered_at": _hour(one["delivered_at"])} for one in update["recipients"]
    ]
    return {**update, "made_at": _hour(update["made_at"]), "position": None, "recipients": told}


def _hour(instant: str | None) -> str | None:
    return None if instant is None else format_instant(by_the_hour(parse_instant(instant)))
