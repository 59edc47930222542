"""A signed webhook as Standard Webhooks 1.0 specifies; a 2xx status is the receipt.

``webhook-id`` is the delivery's id and stays the same over all attempts, so a receiver can tell a
repeat; ``webhook-timestamp`` and the signature are new for each attempt. Redirects are not
followed (the specification counts a 3xx as failed: an alert goes where its configuration says).
Certificates are verified; the environment's proxy settings are not used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
import msgspec
from standardwebhooks.webhooks import Webhook

from emon.alerts.channels import SendResult, short_detail
from emon.alerts.compose import Composer
from emon.alerts.outbox import AlertView, DueDelivery, Outcome, PositionView
from emon.alerts.protected import is_protected, shown_to_her
from emon.alerts.routes import WebhookRoute
from emon.limits import (
    DELIVERIES_AT_ONCE_MAX,
    DELIVERY_ATTEMPT_TIMEOUT_S,
    DELIVERY_CONNECT_TIMEOUT_S,
    RECIPIENT_ANSWER_BYTES_MAX,
)
from emon.model.instant import SECOND_US, format_instant, to_datetime, to_us

_ANSWER_WAIT_S = 1.0  # the status is the receipt; a body that stalls may not undo it
_PASSING = frozenset({408, 425, 429})  # RFC 9110, 8470, 6585: try again later; so is every 5xx


class WebhookChannel:
    """One recipient's webhook, with its own connections, kept alive between alerts."""

    def __init__(self, route: WebhookRoute, composer: Composer, clock_now_us: Callable[[], int]) -> None:
        self._route = route
        self._composer = composer
        self._now_us = clock_now_us
        self._signer = Webhook(route.secret.reveal())
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=route.ca_file) if route.ca_file else True,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(DELIVERY_ATTEMPT_TIMEOUT_S, connect=DELIVERY_CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=DELIVERIES_AT_ONCE_MAX),
        )

    async def send(self, delivery: DueDelivery) -> SendResult:
        sent_at_us = self._now_us()
        body = webhook_body(delivery, self._composer, sent_at_us)
        return await self._post(delivery.id, body, sent_at_us)

    async def beat(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        """Send a heartbeat (``emon/heartbeats.py``): signed like an alert, and kept by nobody of us."""
        return await self._post(webhook_id, body, sent_at_us)

    async def _post(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        headers = {
            "content-type": "application/json",
            "user-agent": "emon",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(sent_at_us // SECOND_US),
            "webhook-signature": self._signer.sign(webhook_id, to_datetime(sent_at_us), body.decode()),
        }
        try:
            async with self._client.stream(
                "POST", self._route.url, content=body, headers=headers
            ) as response:
                return self._result(response, await _begin_of_answer(response))
        except httpx.HTTPError as fault:
            return SendResult(Outcome.FAILED, None, short_detail(f"{type(fault).__name__}: {fault}"))

    async def close(self) -> None:
        await self._client.aclose()

    def _result(self, response: httpx.Response, answer: str) -> SendResult:
        status = response.status_code
        detail = short_detail(f"{status} {response.reason_phrase} {answer}")
        if response.is_success:
            return SendResult(Outcome.DELIVERED, status, detail)
        if status in _PASSING or response.is_server_error:
            pause_s = self._retry_after_s(response.headers.get("retry-after"))
            return SendResult(Outcome.FAILED, status, detail, retry_after_s=pause_s)
        return SendResult(Outcome.REFUSED, status, detail)

    def _retry_after_s(self, value: str | None) -> float | None:
        """RFC 9110 section 10.2.3: seconds, or an HTTP date. What is neither counts as absent."""
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (to_us(aware) - self._now_us()) / SECOND_US


async def _begin_of_answer(response: httpx.Response) -> str:
    """The first bytes of the answer's body, for the record of the attempt. Never fails."""
    begin = b""
    with suppress(TimeoutError, httpx.HTTPError, httpx.StreamError):
        async with asyncio.timeout(_ANSWER_WAIT_S):
            async for chunk in response.aiter_raw():
                begin += chunk[:RECIPIENT_ANSWER_BYTES_MAX]
                if len(begin) >= RECIPIENT_ANSWER_BYTES_MAX:
                    break
    return begin.decode(errors="replace")


def webhook_body(delivery: DueDelivery, composer: Composer, sent_at_us: int) -> bytes:
    """The JSON body, documented in docs/recipients.md. Keys only ever get added to it."""
    alert = shown_to_her(delivery.alert) if is_protected(delivery.recipient) else delivery.alert
    content = {
        "type": "alert",
        "timestamp": format_instant(alert.detected_at_us),  # Standard Webhooks' own name
        "data": {
            **_alert(alert),
            "delivery": delivery.id,
            "recipient": delivery.recipient,
            "attempt": delivery.attempts + 1,
            "climb": delivery.climb,
            "owed": () if is_protected(delivery.recipient) else delivery.owed,
            "sent_at": format_instant(sent_at_us),
            "unreached": composer.unreached(delivery),
            "texts": composer.texts(delivery),
            "acknowledge_url": composer.acknowledge_url(delivery),
        },
    }
    return msgspec.json.encode(content)


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
        "condition": alert.condition,
        "kind": alert.kind,
        "certainty": alert.certainty,
        "how": alert.how,
        "wearer": alert.wearer,
        "device": alert.device,
        "risk": alert.risk,
        "opened_at": _instant(alert.opened_at_us),
        "closed_at": _instant(alert.closed_at_us),
        "historic": alert.historic,
        "refuted": alert.refuted,
        "position": _position(alert.position),
    }


def _position(position: PositionView | None) -> dict[str, object] | None:
    if position is None:
        return None
    return {
        "lon": position.lon,
        "lat": position.lat,
        "accuracy_m": position.accuracy_m,
        "fixed_at": format_instant(position.fixed_at_us),
    }


def _instant(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
