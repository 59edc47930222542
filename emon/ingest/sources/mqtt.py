"""The MQTT source on aiomqtt: it connects, paho below it acknowledges by our hand.

Theory of operation. aiomqtt 2 acknowledges a message when it enters a queue in memory; a fix would be
lost with the process. So the paho client it wraps is set to manual acknowledgement, messages go
straight into our own queue, and the PUBACK leaves in ``acknowledge``. What both MQTT sources share is in
``reconnecting``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, MQTT_ERR_KEEPALIVE, ConnectFlags, MQTTMessage
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from emon.ingest.deliveries import Delivery
from emon.ingest.source import SourceUnavailable
from emon.ingest.sources.broker_notes import DROPPED_TOPIC, SYSTEM_TOPICS
from emon.ingest.sources.came import Came
from emon.ingest.sources.packets import NEVER_EXPIRES_S, TAKEN_OVER, UNSUPPORTED_VERSION
from emon.ingest.sources.reconnecting import (
    CALL_TIMEOUT_S,
    BrokerUnavailable,
    ConnectionEnded,
    ReconnectingSource,
    not_granted,
)
from emon.ingest.topics import SUBSCRIPTIONS
from emon.limits import UNPROMISED_QUEUE_MAX

__all__ = ["BrokerUnavailable", "MqttSource"]


class _Receipt(NamedTuple):
    connection: int
    packet_id: int


class MqttSource(ReconnectingSource):
    """A ``Source`` on aiomqtt."""

    def __init__(
        self,
        url: str,
        *,
        client_id: str | None = None,
        give_up_s: float | None = 30.0,
        subscriptions: Sequence[str] = SUBSCRIPTIONS,
    ) -> None:
        super().__init__(url, client_id=client_id, give_up_s=give_up_s, subscriptions=subscriptions)
        self._connection = 0
        self._queue: deque[Delivery] = deque()
        self._client: aiomqtt.Client | None = None
        self._paho: PahoClient | None = None
        self._unacknowledged: Counter[int] = Counter()
        self._came = Came()

    @property
    def queued(self) -> int:
        return len(self._queue)

    def _take(self, most: int) -> Sequence[Delivery]:
        return [self._queue.popleft() for _ in range(min(len(self._queue), most))]

    def _keep_distinct(self) -> None:
        distinct = {(delivery.topic, delivery.payload): delivery for delivery in self._queue}
        self._queue = deque(distinct.values())

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            receipt = delivery.receipt
            if not isinstance(receipt, _Receipt) or receipt.connection != self._connection:
                continue  # nothing to acknowledge, or it comes again on the new connection
            if self._paho is None or receipt.packet_id not in self._unacknowledged:
                continue
            self._unacknowledged[receipt.packet_id] -= 1
            if not self._unacknowledged[receipt.packet_id]:
                del self._unacknowledged[receipt.packet_id]
            self._paho.ack(receipt.packet_id, 1)  # a failed write shows as a disconnection

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> None:
        client = self._client
        if client is None or not self._subscribed:
            raise SourceUnavailable(f"MQTT broker {self.address}: not connected")
        properties = None
        if self._version == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expires_s
        try:
            await client.publish(topic, payload, qos=1, properties=properties)
        except aiomqtt.MqttError as fault:
            raise SourceUnavailable(f"MQTT broker {self.address}: {_readable(fault)}") from fault

    async def _settle(self) -> None:
        if self._client is not None and self._paho is not None and self._paho.is_connected():
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.subscribe(DROPPED_TOPIC, qos=0)

    async def _one_connection(self, started: asyncio.Future[None]) -> None:
        try:
            await self._connect_and_wait(started)
        except aiomqtt.MqttError as fault:
            rc = fault.rc if isinstance(fault, aiomqtt.MqttCodeError) else None
            code = rc.value if isinstance(rc, ReasonCode) else None
            raise ConnectionEnded(
                _readable(fault),
                wants_older=code == UNSUPPORTED_VERSION,
                taken_over=code == TAKEN_OVER,
                silent=code is None and rc == MQTT_ERR_KEEPALIVE,
            ) from fault

    async def _connect_and_wait(self, started: asyncio.Future[None]) -> None:
        """Raises ``aiomqtt.MqttError`` at its end, however it ends."""
        client = self._new_client()
        paho = client._client
        self._connection += 1
        self._unacknowledged = Counter()
        self._came = Came()
        paho.manual_ack_set(True)
        paho.disable_logger()  # one debug line a message costs as much as handing it over
        paho.on_message = self._receiver(self._connection)
        paho.on_connect = self._greeter(paho.on_connect)
        self._client, self._paho = client, paho
        try:
            async with client:
                await self._subscribe(client)
                self._note_subscribed(started)
                async for _ in client.messages:
                    pass  # never runs: on_message is ours. The iteration ends with the connection.
        finally:
            self._subscribed = False
            self._client = self._paho = None
            paho.disconnect()  # a connection that never got its CONNACK is still open
            if client._disconnected.done() and not client._disconnected.cancelled():
                client._disconnected.exception()  # seen: asyncio need not report it again

    def _new_client(self) -> aiomqtt.Client:
        address = self.address
        five = self._version == "5"
        properties = Properties(PacketTypes.CONNECT) if five else None  # type: ignore[no-untyped-call]
        if properties is not None:
            properties.SessionExpiryInterval = NEVER_EXPIRES_S
            properties.ReceiveMaximum = address.window
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            clean_session=None if five else False,
            clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,  # what paho wants with 3.1.1
            properties=properties,
            keepalive=address.keepalive_s,
            timeout=CALL_TIMEOUT_S,
            tls_context=self._tls_context,
        )

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Raises ``aiomqtt.MqttError`` when the broker grants less than QoS 1 on a topic of ours."""
        # Retained statuses once, when the subscription is new (MQTT 5, 3.8.3.1, retain handling 1).
        options = SubscribeOptions(qos=1, retainHandling=1)
        for topic in self._subscriptions:
            if self._version == "5":
                granted = await client.subscribe(topic, options=options)
            else:
                granted = await client.subscribe(topic, qos=1)
            code = _code(granted[0])
            if code != 1:
                raise aiomqtt.MqttError(not_granted(topic, code, self.address.user))
        # Refused where there is no such count: no matter.
        await client.subscribe([(topic, 0) for topic in SYSTEM_TOPICS])

    def _receiver(self, connection: int) -> Callable[[PahoClient, Any, MQTTMessage], None]:
        def receive(client: PahoClient, _userdata: object, message: MQTTMessage) -> None:
            receipt: _Receipt | None = None
            topic, payload = _topic(message), bytes(message.payload)
            if message.qos > 0:
                if self._came.again(message.mid, topic, payload, dup=message.dup):
                    if message.mid not in self._unacknowledged:
                        client.ack(message.mid, message.qos)  # it had not read our PUBACK yet
                    return
                self._unacknowledged[message.mid] += 1
                receipt = _Receipt(connection, message.mid)
            if topic.startswith("$") and self.notes.system(topic, payload):
                return
            if receipt is None and len(self._queue) >= UNPROMISED_QUEUE_MAX:
                self.notes.unpromised()
            else:
                self._queue.append(Delivery(topic, payload, bool(message.retain), receipt))
                self._arrival.set()

        return receive

    def _greeter(self, inner: Any) -> Callable[..., None]:
        """Look at the broker's greeting, then let aiomqtt have it."""

        def greet(
            client: PahoClient,
            userdata: object,
            flags: ConnectFlags,
            reason: ReasonCode,
            properties: Properties | None = None,
        ) -> None:
            if _code(reason) == 0:
                self._note_session(flags.session_present)
                self.notes.bounds(
                    getattr(properties, "SessionExpiryInterval", None),
                    getattr(properties, "ReceiveMaximum", None),
                )
                retain = getattr(properties, "RetainAvailable", None)
                self.notes.grants(
                    getattr(properties, "MaximumQoS", None),
                    None if retain is None else bool(retain),
                    getattr(properties, "MaximumPacketSize", None),
                )
            inner(client, userdata, flags, reason, properties)

        return greet


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:  # MQTT forbids it; such a topic is nobody's, and is rejected as that
        return "\ufffd"


def _code(reason: ReasonCode | int) -> int:
    return int(reason.value) if isinstance(reason, ReasonCode) else int(reason)


def _readable(fault: aiomqtt.MqttError) -> str:
    text = str(fault) or type(fault).__name__
    cause = fault.__cause__
    return f"{text} ({cause})" if cause is not None else text
