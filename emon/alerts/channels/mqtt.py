"""A topic at a broker: QoS 1, not retained; the broker's PUBACK is the receipt.

It says that the broker has the message. Whether anybody has read it says only an acknowledgement, and a
recipient that is away and has no session at its broker misses it; so this channel stands beside another one,
never alone for those who must act.

The payload is the webhook's: ``{"webhook-id", "webhook-timestamp", "webhook-signature", "body"}``, where
``body`` is the text that is signed, as Standard Webhooks signs it; without a key there is no signature.
One connection is kept; when it is lost, the next attempt makes it anew.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiomqtt
import msgspec

from emon.alerts.channels import SendResult, short_detail
from emon.alerts.channels.signed_post import signature
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.compose import Composer
from emon.alerts.key_ring import key_ring
from emon.alerts.notices import Notice, notice_body
from emon.alerts.outbox import DueDelivery, Outcome
from emon.alerts.routes import MqttRoute
from emon.limits import DELIVERY_ATTEMPT_TIMEOUT_S, DELIVERY_CONNECT_TIMEOUT_S
from emon.model.instant import SECOND_US


class MqttChannel:
    """One recipient's topic."""

    def __init__(self, route: MqttRoute, composer: Composer, clock_now_us: Callable[[], int]) -> None:
        self._route = route
        self._composer = composer
        self._now_us = clock_now_us
        self._keys = key_ring(route)
        self._connecting = asyncio.Lock()
        self._client: aiomqtt.Client | None = None
        self._open = AsyncExitStack()

    async def send(self, delivery: DueDelivery) -> SendResult:
        now_us = self._now_us()
        body = webhook_body(delivery, self._composer, now_us)
        return await self._publish(self._payload(delivery.id, body, now_us))

    async def beat(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        """Publish a heartbeat (``emon/heartbeats.py``) to the same topic, signed like an alert."""
        return await self._publish(self._payload(webhook_id, body, sent_at_us))

    async def note(self, notice: Notice, recipient: str) -> SendResult:
        """Publish a notice (``emon/alerts/notices.py``) to the same topic."""
        now_us = self._now_us()
        body = notice_body(self._composer.notice(notice, recipient), recipient, now_us)
        return await self._publish(self._payload(f"notice:{notice.id}:{recipient}", body, now_us))

    async def _publish(self, payload: bytes) -> SendResult:
        try:
            client = await self._connected()
            await client.publish(
                self._route.topic,
                payload,
                qos=1,
                retain=False,
                timeout=DELIVERY_ATTEMPT_TIMEOUT_S,
            )
        except (aiomqtt.MqttError, OSError, ssl.SSLError, TimeoutError) as fault:
            await self.close()
            return SendResult(Outcome.FAILED, None, short_detail(f"{type(fault).__name__}: {fault}"))
        return SendResult(Outcome.DELIVERED, None, "PUBACK")

    async def close(self) -> None:
        async with self._connecting:
            self._client = None
            opened, self._open = self._open, AsyncExitStack()
            try:
                await opened.aclose()
            except aiomqtt.MqttError:
                return  # the connection was lost, or the broker did not say goodbye

    async def _connected(self) -> aiomqtt.Client:
        async with self._connecting:
            if self._client is None:
                route = self._route
                client = aiomqtt.Client(
                    route.host,
                    route.port,
                    username=route.username,
                    password=None if route.password is None else route.password.reveal(),
                    tls_context=self._tls(),
                    timeout=DELIVERY_CONNECT_TIMEOUT_S,
                )
                self._client = await self._open.enter_async_context(client)
            return self._client

    def _tls(self) -> ssl.SSLContext | None:
        route = self._route
        if not route.tls:
            return None
        context = ssl.create_default_context(cafile=route.ca_file)
        if route.cert_file is not None:
            context.load_cert_chain(route.cert_file, route.key_file)
        return context

    def _payload(self, webhook_id: str, body: bytes, now_us: int) -> bytes:
        signed_s = now_us // SECOND_US
        keys = () if self._keys is None else self._keys.at(now_us)
        content = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(signed_s),
            "webhook-signature": " ".join(
                signature(key.secret.reveal(), webhook_id, signed_s, body) for key in keys
            ),
            "body": body.decode(),
        }
        return msgspec.json.encode(content)
