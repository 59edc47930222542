"""The MQTT source: aiomqtt connects and reconnects, paho below it acknowledges by our hand.

Theory of operation. aiomqtt 2 acknowledges a message when it enters a queue in memory; a fix would be
lost with the process. So the paho client it wraps is set to manual acknowledgement, messages go
straight into our own queue, and the PUBACK leaves in ``acknowledge``. The broker's window (Receive
Maximum with MQTT 5, the broker's own setting with 3.1.1) bounds that queue: without acknowledgements
the broker stops. The session is persistent, under one client id, so that the broker keeps what comes
while we are away; what was not acknowledged comes again on the next connection, under other packet
ids. A receipt therefore carries the number of its connection, and an old one is dropped in silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, ConnectFlags, MQTTMessage
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from emon.ingest.source import Delivery, SourceUnavailable
from emon.ingest.sources.hung_up import is_hung_up
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.topics import SUBSCRIPTIONS
from emon.limits import (
    RECEIVE_WINDOW_MESSAGES,
    RECONNECT_PAUSE_MAX_S,
    RECONNECT_PAUSE_MIN_S,
    UNPROMISED_QUEUE_MAX,
)

_log = logging.getLogger(__name__)

DEFAULT_CLIENT_ID = "emon"

_NEVER_EXPIRES_S = 0xFFFFFFFF  # MQTT 5, 3.1.2.11.2: the session does not expire
_UNSUPPORTED_VERSION = 0x84  # MQTT 5, 3.2.2.2
_REFUSED_FROM = 0x80  # reason codes of 0x80 or greater are refusals (MQTT 5, 2.4)
_DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"  # Mosquitto counts there what it gave up
_CALL_TIMEOUT_S = 10.0
_CANCEL_AGAIN_S = 0.2


class BrokerUnavailable(SourceUnavailable):
    """The broker could not be reached, or refused us, until ``give_up_s`` had passed."""


class _Receipt(NamedTuple):
    connection: int
    packet_id: int


class MqttSource:
    """A ``Source`` over one MQTT connection at a time.

    ``client_id`` names the session; None takes the URL's, else ``emon``. ``give_up_s`` bounds the
    attempts at start; None never gives up. Afterwards it reconnects for ever.
    Raises ``ValueError`` for a URL that cannot be used. One consumer calls ``next_batch``.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str | None = None,
        give_up_s: float | None = 30.0,
        subscriptions: Sequence[str] = SUBSCRIPTIONS,
    ) -> None:
        self.address = BrokerAddress.parse(url)
        self._tls_context = self.address.tls_context()
        self._client_id = client_id or self.address.client_id or DEFAULT_CLIENT_ID
        self._give_up_s = give_up_s
        self._subscriptions = tuple(subscriptions)
        self._version = "5" if self.address.version == "auto" else self.address.version
        self._queue: deque[Delivery] = deque()
        self._arrival = asyncio.Event()
        self._woken = False
        self._connection = 0
        self._established = 0
        self._client: aiomqtt.Client | None = None
        self._paho: PahoClient | None = None
        self._unacknowledged: set[int] = set()
        self._subscribed = False
        self._had_session = False
        self._started: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.dropped_by_broker = 0
        self.dropped_unpromised = 0
        self.hung_up = 0
        """How often a living broker ended our session: on nats-server the sign of a taken client id."""

    @property
    def connected(self) -> bool:
        return self._subscribed

    @property
    def queued(self) -> int:
        """Messages received and not yet handed out."""
        return len(self._queue)

    async def __aenter__(self) -> Self:
        """Connect and subscribe. Raises ``BrokerUnavailable`` when ``give_up_s`` has passed."""
        self._started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay_connected(self._started), name="mqtt-source")
        try:
            await asyncio.wait((self._started, self._task), return_when=asyncio.FIRST_COMPLETED)
            if not self._started.done():
                self._raise_if_ended()
            self._started.result()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        if not self._queue and not self._woken:
            self._raise_if_ended()
            self._arrival.clear()
            try:
                async with asyncio.timeout(max_wait_s):
                    await self._arrival.wait()
            except TimeoutError:
                return []
        self._woken = False
        return [self._queue.popleft() for _ in range(min(len(self._queue), max_messages))]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            receipt = delivery.receipt
            if not isinstance(receipt, _Receipt) or receipt.connection != self._connection:
                continue  # nothing to acknowledge, or it comes again on the new connection
            if self._paho is None or receipt.packet_id not in self._unacknowledged:
                continue
            self._unacknowledged.discard(receipt.packet_id)
            self._paho.ack(receipt.packet_id, 1)  # a failed write shows as a disconnection

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> None:
        """With QoS 1 over the service's own connection; returns when the broker has acknowledged.

        ``expires_s``: a broker that speaks MQTT 5 keeps it no longer for a device that is away.
        Raises ``SourceUnavailable`` when there is no connection, or it ends before the PUBACK.
        """
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

    def wake(self) -> None:
        self._woken = True
        self._arrival.set()

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        await self._settle()
        # More than once: asyncio.wait_for of Python 3.11, in aiomqtt, loses a cancellation that comes
        # together with its answer (fixed in 3.12, CPython issue 86296), and the task would live on.
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=_CANCEL_AGAIN_S)

    async def _settle(self) -> None:
        """A round trip: its answer means that the broker has read our acknowledgements before it.

        Else a service that starts again at once would get them once more: harmless, but work.
        """
        if self._client is not None and self._paho is not None and self._paho.is_connected():
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.subscribe(_DROPPED_TOPIC, qos=0)

    def _raise_if_ended(self) -> None:
        """A source whose connection task is gone must not look like a quiet broker."""
        if self._task is None:
            raise RuntimeError("the MQTT source is not open")
        if self._task.done():
            raise RuntimeError("the MQTT source ended unexpectedly") from self._task.exception()

    async def _stay_connected(self, started: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        began_s, pause_s, attempts = loop.time(), RECONNECT_PAUSE_MIN_S, 0
        while True:
            attempts += 1
            attempt_s = loop.time()
            try:
                await self._one_connection(started)
            except aiomqtt.MqttError as fault:
                reason = _readable(fault)
                if self._falls_back(fault):
                    continue
                await self._note_hung_up(fault)
            if loop.time() - attempt_s >= RECONNECT_PAUSE_MAX_S:
                pause_s = RECONNECT_PAUSE_MIN_S  # it had worked; two that evict each other slow down
            spent_s = loop.time() - began_s
            if not started.done() and self._give_up_s is not None and spent_s + pause_s > self._give_up_s:
                started.set_exception(BrokerUnavailable(self._gave_up(reason, attempts, spent_s)))
                return
            _log.warning(
                "MQTT broker %s: %s. Trying again in %.1f s (EMON_MQTT_URL says where it is).",
                self.address,
                reason,
                pause_s,
            )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RECONNECT_PAUSE_MAX_S)

    async def _note_hung_up(self, fault: aiomqtt.MqttError) -> None:
        if self._established != self._connection:
            return  # it never was a session
        if await is_hung_up(fault, self._version, self.address.host, self.address.port):
            self.hung_up += 1
            _log.error(
                "MQTT broker %s ended our session %r and lives: somebody may have come under our client id. "
                "Rotate the service's credentials (emon broker rotate FOLDER emon; docs/brokers.md).",
                self.address,
                self._client_id,
            )

    def _falls_back(self, fault: aiomqtt.MqttError) -> bool:
        """Whether the broker speaks 3.1.1 only, and we may (``version=auto``)."""
        if self.address.version != "auto" or self._version == "3.1.1":
            return False
        rc = fault.rc if isinstance(fault, aiomqtt.MqttCodeError) else None
        if not isinstance(rc, ReasonCode) or rc.value != _UNSUPPORTED_VERSION:
            return False
        self._version = "3.1.1"
        return True

    def _gave_up(self, reason: str, attempts: int, spent_s: float) -> str:
        return (
            f"MQTT broker {self.address}: {reason}. Tried {attempts} times in {spent_s:.0f} s as client "
            f"{self._client_id!r}. Start the broker, or set EMON_MQTT_URL to mqtt://USER:PASSWORD@HOST:PORT "
            "(docs/brokers.md)."
        )

    async def _one_connection(self, started: asyncio.Future[None]) -> None:
        """From connecting to disconnection. Raises ``aiomqtt.MqttError`` at its end, however it ends."""
        client = self._new_client()
        paho = client._client
        self._connection += 1
        self._unacknowledged = set()
        paho.manual_ack_set(True)
        paho.disable_logger()  # one debug line a message costs as much as handing it over
        paho.on_message = self._receiver(self._connection)
        paho.on_connect = self._greeter(paho.on_connect)
        self._client, self._paho = client, paho
        try:
            async with client:
                await self._subscribe(client)
                self._subscribed = True
                self._established = self._connection
                _log.info("MQTT broker %s: connected with MQTT %s", self.address, self._version)
                if not started.done():
                    started.set_result(None)
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
            properties.SessionExpiryInterval = _NEVER_EXPIRES_S
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
            timeout=_CALL_TIMEOUT_S,
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
                said = f"with code {code:#04x}" if code >= _REFUSED_FROM else f"with QoS {code} only"
                raise aiomqtt.MqttError(
                    f"it answered the subscription to {topic} {said}; user {self.address.user!r} needs to "
                    "read it with QoS 1"
                )
        await client.subscribe(_DROPPED_TOPIC, qos=0)  # refused where there is no such count: no matter

    def _receiver(self, connection: int) -> Callable[[PahoClient, Any, MQTTMessage], None]:
        def receive(_client: PahoClient, _userdata: object, message: MQTTMessage) -> None:
            receipt: _Receipt | None = None
            if message.qos > 0:
                if message.mid in self._unacknowledged:
                    return  # sent again in the same connection while we still work on the first
                self._unacknowledged.add(message.mid)
                receipt = _Receipt(connection, message.mid)
            topic = _topic(message)
            if topic == _DROPPED_TOPIC:
                self._note_dropped(message.payload)
            elif receipt is None and len(self._queue) >= UNPROMISED_QUEUE_MAX:
                self._note_unpromised()
            else:
                payload = bytes(message.payload)
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
                self._note_bounds(properties)
            inner(client, userdata, flags, reason, properties)

        return greet

    def _note_session(self, present: bool) -> None:
        # The broker sends again what waits here, or has lost it in a crash: so it stays, each once.
        # The same bytes on the same topic are the same fix; a crowd of reconnections must not pile up.
        distinct = {(delivery.topic, delivery.payload): delivery for delivery in self._queue}
        self._queue = deque(distinct.values())
        if not present and self._had_session:
            _log.error(
                "MQTT broker %s has lost our session %r: what it held for us is gone. It must persist "
                "sessions; see docs/brokers.md.",
                self.address,
                self._client_id,
            )
        elif not present:
            _log.warning(
                "MQTT broker %s: session %r is new. Fixes that it acknowledged before now were delivered "
                "to nobody; from now on it keeps them for us.",
                self.address,
                self._client_id,
            )
        self._had_session = True

    def _note_bounds(self, properties: Properties | None) -> None:
        expiry_s = getattr(properties, "SessionExpiryInterval", _NEVER_EXPIRES_S)
        if expiry_s != _NEVER_EXPIRES_S:
            _log.error(
                "MQTT broker %s keeps our session only %d s; see docs/brokers.md.", self.address, expiry_s
            )
        window = getattr(properties, "ReceiveMaximum", RECEIVE_WINDOW_MESSAGES)
        if window < RECEIVE_WINDOW_MESSAGES:
            _log.error(
                "MQTT broker %s has a window of %d messages, %d are needed (Mosquitto: "
                "max_inflight_messages); are its other settings ours? See docs/brokers.md.",
                self.address,
                window,
                RECEIVE_WINDOW_MESSAGES,
            )

    def _note_dropped(self, payload: bytes | bytearray) -> None:
        """Mosquitto counts dropped messages since its start, of all its clients."""
        text = bytes(payload).decode("ascii", "replace")
        count = int(text) if text.isdecimal() else 0
        if count > self.dropped_by_broker:
            _log.error(
                "MQTT broker %s says it has dropped %d messages since it started; check "
                "max_queued_messages and its ACL (docs/brokers.md).",
                self.address,
                count,
            )
        self.dropped_by_broker = count

    def _note_unpromised(self) -> None:
        self.dropped_unpromised += 1
        if self.dropped_unpromised.bit_count() == 1:  # 1, 2, 4, 8 …: said, without flooding the log
            _log.error(
                "dropped %d messages that were published with QoS 0, for which MQTT promises nothing; "
                "devices publish with QoS 1",
                self.dropped_unpromised,
            )


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
