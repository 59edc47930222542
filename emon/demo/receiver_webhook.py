"""A webhook receiver as a control room would write it, from the Standard Webhooks specification.

It shares no code with the sender: signatures are verified by the reference library, which reads
the clock itself. Each message is kept before it is answered, then confirmed by a signed post to
its ``acknowledge_url``, tried until the service takes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from emon.demo.receiver_ledger import Ledger

Message = MutableMapping[str, Any]
_BODY_BYTES_MAX = 1_048_576
_CONFIRM_PAUSE_FIRST_S = 0.25
_CONFIRM_PAUSE_MAX_S = 5.0
_CONFIRMS_AT_ONCE = 4
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Unacceptable(Exception):
    """The request is refused with this status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class WebhookReceiver:
    """An ASGI application. ``party`` and ``person`` sign the acknowledgements."""

    def __init__(
        self, ledger: Ledger, *, secret: str, party: str, person: str, confirm_base: str | None
    ) -> None:
        self._ledger = ledger
        self._webhook = Webhook(secret)
        self._party = party
        self._person = person
        self._confirm_base = confirm_base
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        self._confirming: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(_CONFIRMS_AT_ONCE)

    def resume(self) -> None:
        """Confirm what an earlier run kept and could not confirm."""
        for message_id, content in self._ledger.unconfirmed().items():
            self._confirm_later(message_id, content)

    async def close(self) -> None:
        for task in self._confirming:
            task.cancel()
        await asyncio.gather(*self._confirming, return_exceptions=True)
        await self._client.aclose()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        status, answer = 204, b""
        try:
            if scope["method"] != "POST":
                raise Unacceptable(405, "only POST")
            body = await _read_body(receive)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            message_id, content = self._verified(headers, body)
            if content["type"] == "heartbeat":
                self._ledger.beat(message_id)
            elif content["type"] == "notice":
                pass  # for information: nothing is to be confirmed, and nobody counts it
            elif content["type"] == "incident_update":
                self._ledger.update(message_id, content)
            elif self._ledger.keep(message_id, content):
                self._confirm_later(message_id, content)
        except Unacceptable as fault:
            self._ledger.refuse(str(fault))
            status, answer = fault.status, str(fault).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    def _verified(self, headers: dict[str, str], body: bytes) -> tuple[str, dict[str, Any]]:
        try:
            self._webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError) as fault:  # ValueError: a header it cannot split
            raise Unacceptable(401, f"signature: {fault}") from None
        try:
            content = json.loads(body)
            data = content["data"]
            if content["type"] == "heartbeat" and isinstance(data["seq"], int):
                return headers["webhook-id"], content
            if content["type"] == "notice" and isinstance(data["id"], str):
                return headers["webhook-id"], content
            if content["type"] == "incident_update" and isinstance(data["incident"], str):
                return headers["webhook-id"], content
            known = content["type"] == "alert" and isinstance(data["id"], str)
            texts = [data["texts"][language]["subject"] for language in ("nl", "en")]
            clocks = [data[clock] for clock in ("happened_at", "received_at", "detected_at", "sent_at")]
        except (ValueError, KeyError, TypeError) as fault:
            raise Unacceptable(400, f"not an alert: {fault!r}") from None
        if not known or not all(texts) or len(clocks) != 4:
            raise Unacceptable(400, "not an alert")
        return headers["webhook-id"], content

    def _confirm_later(self, message_id: str, content: dict[str, Any]) -> None:
        url = content["data"].get("acknowledge_url")
        if not isinstance(url, str) or not self._may_post_to(url):
            self._ledger.refuse(f"acknowledge_url of {message_id} is not the service's: {url!r}")
            return
        body = {"alert": content["data"]["id"], "party": self._party, "person": self._person}
        task = asyncio.create_task(self._confirm(message_id, url, json.dumps(body)))
        self._confirming.add(task)
        task.add_done_callback(self._confirming.discard)

    def _may_post_to(self, url: str) -> bool:
        if self._confirm_base is not None:
            return url.startswith(self._confirm_base.rstrip("/") + "/")
        return urlsplit(url).hostname in _LOOPBACK

    async def _confirm(self, message_id: str, url: str, body: str) -> None:
        pause_s = _CONFIRM_PAUSE_FIRST_S
        while not await self._confirmed(f"ack:{message_id}", url, body):
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _CONFIRM_PAUSE_MAX_S)
        self._ledger.confirm(message_id)

    async def _confirmed(self, webhook_id: str, url: str, body: str) -> bool:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, body),
        }
        async with self._at_once:
            with suppress(httpx.HTTPError):  # the service is not there now; the caller tries again
                response = await self._client.post(url, content=body, headers=headers)
                return response.is_success
        return False


async def _read_body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unacceptable(400, "the sender went away")
        body += bytes(message.get("body", b""))
        if len(body) > _BODY_BYTES_MAX:
            raise Unacceptable(413, "body is too large")
        if not message.get("more_body", False):
            return body
