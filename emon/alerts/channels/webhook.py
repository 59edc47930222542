"""A signed webhook with a JSON body (``signed_post.py``)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from emon.alerts.channels import SendResult
from emon.alerts.channels.signed_post import SignedPoster
from emon.alerts.compose import Composer
from emon.alerts.notices import Notice, notice_body
from emon.alerts.outbox import AlertView, AnswerView, DueDelivery, PositionView
from emon.alerts.routes import WebhookRoute
from emon.model.instant import SECOND_US, format_instant


class WebhookChannel:
    """One recipient's webhook."""

    def __init__(self, route: WebhookRoute, composer: Composer, clock_now_us: Callable[[], int]) -> None:
        self._composer = composer
        self._now_us = clock_now_us
        self._poster = SignedPoster(route, clock_now_us)

    async def send(self, delivery: DueDelivery) -> SendResult:
        sent_at_us = self._now_us()
        body = webhook_body(delivery, self._composer, sent_at_us)
        return await self._post(delivery.id, body, sent_at_us)

    async def beat(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        """Send a heartbeat (``emon/heartbeats.py``): signed like an alert, and kept by nobody of us."""
        return await self._post(webhook_id, body, sent_at_us)

    async def note(self, notice: Notice, recipient: str) -> SendResult:
        """Send a notice (``emon/alerts/notices.py``): signed like an alert, and nobody has to answer it."""
        sent_at_us, shown = self._now_us(), self._composer.notice(notice, recipient)
        return await self._post(
            f"notice:{notice.id}:{recipient}", notice_body(shown, recipient, sent_at_us), sent_at_us
        )

    async def _post(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        return await self._poster.post(webhook_id, body, sent_at_us, "application/json")

    async def close(self) -> None:
        await self._poster.close()


def webhook_body(delivery: DueDelivery, composer: Composer, sent_at_us: int) -> bytes:
    """The JSON body, documented in docs/recipients.md. Keys only ever get added to it."""
    if delivery.update is not None:
        return update_body(delivery, composer, sent_at_us)
    composer = composer.at(sent_at_us)
    alert = composer.shown(delivery)
    content = {
        "type": "alert",
        "timestamp": format_instant(alert.detected_at_us),  # Standard Webhooks' own name
        "data": {
            **_alert(alert),
            "delivery": delivery.id,
            "recipient": delivery.recipient,
            "attempt": delivery.attempts + 1,
            "climb": delivery.climb,
            "owed": () if composer.is_hers(delivery) else delivery.owed,
            "joined": delivery.joined,
            "sent_at": format_instant(sent_at_us),
            "unreached": composer.unreached(delivery),
            "texts": composer.texts(delivery),
            "acknowledge_url": composer.acknowledge_url(delivery),
            "answer_url": composer.answer_url(delivery),
        },
    }
    return msgspec.json.encode(content)


def update_body(delivery: DueDelivery, composer: Composer, sent_at_us: int) -> bytes:
    """The JSON body of an update on an incident, documented in docs/recipients.md."""
    composer = composer.at(sent_at_us)
    alert, update = composer.shown(delivery), composer.update(delivery)
    assert update is not None
    position = _position(alert.position)
    if position is not None and alert.position is not None:
        position["age_s"] = max(0, sent_at_us - alert.position.fixed_at_us) // SECOND_US
    content = {
        "type": "incident_update",
        "timestamp": format_instant(update.made_at_us),
        "data": {
            "incident": alert.breach,
            "number": update.number,
            "update": update.say,
            "because": update.because,
            "made_at": format_instant(update.made_at_us),
            "position": position,
            "zone": alert.zone,
            "answer": _answer(update.answer),
            **_incident(alert),
            "delivery": delivery.id,
            "recipient": delivery.recipient,
            "attempt": delivery.attempts + 1,
            "sent_at": format_instant(sent_at_us),
            "texts": composer.texts(delivery),
            "answer_url": composer.answer_url(delivery),
        },
    }
    return msgspec.json.encode(content)


def _incident(alert: AlertView) -> dict[str, object]:
    """Whose incident it is; its newest alert to this recipient is named as ``alert``."""
    return {
        "alert": alert.id,
        "priority": alert.priority,
        "order": alert.order,
        "condition": alert.condition,
        "kind": alert.kind,
        "certainty": alert.certainty,
        "wearer": alert.wearer,
        "device": alert.device,
        "risk": alert.risk,
        "opened_at": _instant(alert.opened_at_us),
        "closed_at": _instant(alert.closed_at_us),
        "refuted": alert.refuted,
        "owner": alert.owner,
    }


def _answer(answer: AnswerView | None) -> dict[str, object] | None:
    if answer is None:
        return None
    return {
        "answer": answer.answer,
        "party": answer.party,
        "person": answer.person,
        "note": answer.note,
        "answered_at": format_instant(answer.answered_at_us),
    }


def _alert(alert: AlertView) -> dict[str, object]:
    return {
        "id": alert.id,
        "event": alert.event,
        "priority": alert.priority,
        "at": format_instant(alert.at_us),
        "recipients": alert.recipients,
        "happened_at": format_instant(alert.happened_at_us),
        "received_at": _instant(alert.received_at_us),
        "detected_at": format_instant(alert.detected_at_us),
        "breach": alert.breach,
        "order": alert.order,
        "worn_for": alert.worn_for,
        "condition": alert.condition,
        "kind": alert.kind,
        "certainty": alert.certainty,
        "how": alert.how,
        "wearer": alert.wearer,
        "device": alert.device,
        "risk": alert.risk,
        "legal_basis": alert.legal_basis,
        "protected_person": alert.protected,
        "opened_at": _instant(alert.opened_at_us),
        "closed_at": _instant(alert.closed_at_us),
        "historic": alert.historic,
        "refuted": alert.refuted,
        "position": _position(alert.position),
        "zone": alert.zone,
        "owner": alert.owner,
        "breaches_before": alert.before,
        "last_before": _instant(alert.last_before_us),
    }


def _position(position: PositionView | None) -> dict[str, object] | None:
    if position is None:
        return None
    return {
        "lon": position.lon,
        "lat": position.lat,
        "accuracy_m": position.accuracy_m,
        "fixed_at": format_instant(position.fixed_at_us),
        "speed_m_s": position.speed_m_s,
        "heading_deg": position.heading_deg,
    }


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
