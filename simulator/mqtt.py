"""A publishing MQTT 3.1.1 client that does what devices do, and what an ordinary client hides.

A library keeps the connection's end to itself. A device under test must be able to vanish without
a DISCONNECT, so that its last will is published, and a load must see the time of every PUBACK at
a few microseconds a message. Only what a publisher at QoS 1 needs is here, and one topic to listen
to (MQTT 3.1.1, OASIS Standard, sections 3.1 to 3.4, 3.8, 3.9 and 3.12 to 3.14).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.limits import PUBLISH_WINDOW

_PUBACK, _CONNACK, _PINGRESP, _PUBLISH, _SUBACK = 0x40, 0x20, 0xD0, 0x30, 0x90
_PINGREQ, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"
_REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not accept this client id",
    3: "it is not ready",
    4: "wrong user name or password",
    5: "not authorised",
}
_HANDSHAKE_S = 10.0
_FLUSH_S = 5.0
_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 5.0)
_BUFFER_BYTES = 1_048_576


_NOT_READY, _NO_RIGHTS = 3, (4, 5)
_ASKED_AGAIN = 3
"""Rights are asked for so often again: a broker that has just begun may not have read its list yet."""


class BrokerRefused(Exception):
    """The broker answered and said no; ``code`` is its CONNACK's."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class BrokerUnavailable(Exception):
    """Nothing answers at the broker's address."""


@dataclass(frozen=True, slots=True)
class Will:
    topic: str
    payload: bytes
    retain: bool = True


@dataclass(slots=True)
class _Message:
    topic: str
    payload: bytes
    retain: bool
    on_ack: Callable[[], None] | None


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    """Fixed header with the remaining length in groups of seven bits (section 2.2.3)."""
    length, head = len(body), bytearray([kind])
    while True:
        length, group = divmod(length, 128)
        head.append(group | 0x80 if length else group)
        if not length:
            return bytes(head) + body


def connect_packet(broker: BrokerAddress, client_id: str, will: Will | None, keepalive_s: int) -> bytes:
    """CONNECT with a clean session: what is not acknowledged is kept here, not by the broker."""
    flags, tail = 0x02, _text(client_id)
    if will is not None:
        flags |= 0x04 | 0x08 | (0x20 if will.retain else 0)
        tail += _text(will.topic) + struct.pack("!H", len(will.payload)) + will.payload
    if broker.user is not None:
        flags |= 0x80
        tail += _text(broker.user)
        if broker.password is not None:
            flags |= 0x40
            tail += _text(broker.password)
    return _packet(0x10, _text("MQTT") + bytes([4, flags]) + struct.pack("!H", keepalive_s) + tail)


def publish_packet(topic: str, payload: bytes, packet_id: int, *, retain: bool, again: bool) -> bytes:
    """PUBLISH at QoS 1; ``again`` sets DUP."""
    kind = 0x32 | (0x01 if retain else 0) | (0x08 if again else 0)
    return _packet(kind, _text(topic) + struct.pack("!H", packet_id) + payload)


def subscribe_packet(topic: str, packet_id: int) -> bytes:
    """SUBSCRIBE to one topic at QoS 1."""
    return _packet(0x82, struct.pack("!H", packet_id) + _text(topic) + b"\x01")


def _framed(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Where a packet's body begins and ends, or None while it is not all there (section 2.2.3)."""
    length, shift, place = 0, 0, at + 1
    while place < len(buffer) and shift < 28:
        group = buffer[place]
        length |= (group & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not group & 0x80:
            return (place, place + length) if place + length <= len(buffer) else None
    return None


def _worth_asking(code: int, tries: int) -> bool:
    return code == _NOT_READY or (code in _NO_RIGHTS and tries < _ASKED_AGAIN)


class Link(asyncio.Protocol):
    """One device's or loader's connection, kept up until it is dropped or closed.

    Messages keep their order and are held until acknowledged; after a reconnect those without an
    acknowledgement are sent again with the same content. ``on_return`` is called after each reconnect.
    ``listen`` names one topic and what is called with each payload that comes on it.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        *,
        will: Will | None = None,
        keepalive_s: int = 30,
        on_return: Callable[[], None] | None = None,
        listen: tuple[str, Callable[[bytes], None]] | None = None,
    ) -> None:
        self._listen = listen
        self.client_id = client_id
        self.reconnects = 0
        self._broker = broker
        self._will = will
        self._on_return = on_return
        self._keepalive_s = keepalive_s
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._connack: asyncio.Future[int] | None = None
        self._lost = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._flying: dict[int, _Message] = {}
        self._waiting: deque[_Message] = deque()
        self._next_id = 0
        self._blocked = False
        self._heard_s = 0.0
        self._keeper: asyncio.Task[None] | None = None

    # --- what a publisher does ------------------------------------------------------------------

    async def open(self, *, give_up_after_s: float = 0.0) -> None:
        """Connect, trying with growing pauses for ``give_up_after_s``, and stay connected.

        A broker that is not ready is asked again all that time, one that refuses name or rights
        ``_ASKED_AGAIN`` times, one that refuses the protocol or the id never. Raises
        ``BrokerUnavailable`` or ``BrokerRefused`` when the first connection does not come.
        """
        deadline_s = time.monotonic() + give_up_after_s
        tries = 0
        while True:
            try:
                await self._connect()
                break
            except (BrokerUnavailable, BrokerRefused) as fault:
                if isinstance(fault, BrokerRefused) and not _worth_asking(fault.code, tries):
                    raise
                pause_s = _PAUSES_S[min(tries, len(_PAUSES_S) - 1)]
                if time.monotonic() + pause_s > deadline_s:
                    raise
                tries += 1
                await asyncio.sleep(pause_s)
        self._keeper = asyncio.create_task(self._keep(), name=f"mqtt {self.client_id}")

    @property
    def connected(self) -> bool:
        return self._transport is not None

    @property
    def unacknowledged(self) -> int:
        return len(self._flying) + len(self._waiting)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        on_ack: Callable[[], None] | None = None,
    ) -> None:
        """Hand over one message at QoS 1; ``on_ack`` is called at its PUBACK, once."""
        self._waiting.append(_Message(topic, payload, retain, on_ack))
        self._settled.clear()
        self._send_waiting()

    async def settle(self, timeout_s: float) -> bool:
        """Wait until everything is acknowledged; False when that did not come in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        return not self.unacknowledged

    async def close(self) -> None:
        """DISCONNECT: the broker forgets the last will."""
        if self._transport is not None:
            self._transport.write(_DISCONNECT)
        await self._end(abort=False)

    async def drop(self) -> None:
        """Vanish without a word, as a device does that loses power or coverage."""
        await self._end(abort=True)

    # --- the connection -------------------------------------------------------------------------

    async def _end(self, *, abort: bool) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if not abort:
            transport.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FLUSH_S):
                    await self._lost.wait()
        transport.abort()
        # Only when this connection is gone may the next one begin: both report to this object.
        await self._lost.wait()

    async def _connect(self) -> None:
        where = str(self._broker)
        loop = asyncio.get_running_loop()
        self._lost.clear()
        self._buffer.clear()
        self._connack = loop.create_future()
        tls = self._broker.tls_context()
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                transport, _ = await loop.create_connection(
                    lambda: self, self._broker.host, self._broker.port, ssl=tls
                )
                transport.set_write_buffer_limits(high=_BUFFER_BYTES)
                transport.write(connect_packet(self._broker, self.client_id, self._will, self._keepalive_s))
                try:
                    code = await self._connack
                except BaseException:
                    transport.abort()
                    raise
        except TimeoutError:
            raise BrokerUnavailable(f"nothing speaks MQTT at {where}") from None
        except OSError as fault:
            raise BrokerUnavailable(f"no MQTT broker at {where}: {fault}") from fault
        if code:
            transport.abort()
            reason = _REFUSALS.get(code, f"code {code}")
            raise BrokerRefused(f"the broker at {where} refuses {self.client_id}: {reason}", code)
        self._transport = transport
        self._heard_s = loop.time()
        if self._listen is not None:
            transport.write(subscribe_packet(self._listen[0], self._free_id()))
        self._send_again()

    async def _keep(self) -> None:
        """Ping while silent, reconnect when lost; a refusal now is the broker's passing state."""
        tries = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._keepalive_s / 2):
                    await self._lost.wait()
            if not self._lost.is_set():
                tries = 0
                self._ping()
                continue
            await asyncio.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
            tries += 1
            try:
                await self._connect()
                self.reconnects += 1
                if self._on_return is not None:
                    self._on_return()
            except (BrokerUnavailable, BrokerRefused):
                self._lost.set()

    def _ping(self) -> None:
        if self._transport is None:
            return
        if asyncio.get_running_loop().time() - self._heard_s > 1.5 * self._keepalive_s:
            self._transport.abort()
        else:
            self._transport.write(_PINGREQ)

    # --- packets --------------------------------------------------------------------------------

    def _send_again(self) -> None:
        for packet_id, message in self._flying.items():
            self._write(packet_id, message, again=True)
        self._send_waiting()

    def _send_waiting(self) -> None:
        while (
            self._waiting
            and self._transport is not None
            and not self._blocked
            and len(self._flying) < PUBLISH_WINDOW
        ):
            message = self._waiting.popleft()
            packet_id = self._free_id()
            self._flying[packet_id] = message
            self._write(packet_id, message, again=False)

    def _free_id(self) -> int:
        while True:
            self._next_id = self._next_id % 65_535 + 1
            if self._next_id not in self._flying:
                return self._next_id

    def _write(self, packet_id: int, message: _Message, *, again: bool) -> None:
        assert self._transport is not None
        self._transport.write(
            publish_packet(message.topic, message.payload, packet_id, retain=message.retain, again=again)
        )

    def data_received(self, data: bytes) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._buffer += data
        view, at = self._buffer, 0
        while len(view) - at >= 2 and (framed := _framed(view, at)) is not None:
            begin, end = framed
            self._packet(view[at], view[begin:end])
            at = end
        del self._buffer[:at]
        self._send_waiting()

    def _packet(self, head: int, body: bytearray) -> None:
        kind = head & 0xF0
        if kind == _PUBACK and len(body) == 2:
            self._acknowledged(body[0] << 8 | body[1])
        elif kind == _CONNACK and len(body) == 2 and self._connack and not self._connack.done():
            self._connack.set_result(body[1])
        elif kind == _PUBLISH and self._listen is not None and len(body) >= 2:
            self._told(head, body)
        elif kind not in (_PINGRESP, _SUBACK) and self._transport is not None:
            self._transport.abort()

    def _told(self, head: int, body: bytearray) -> None:
        """A message for this device: acknowledged at QoS 1, then handed over (section 3.3)."""
        begin = 2 + (body[0] << 8 | body[1])
        if head & 0x06:
            if self._transport is not None:
                self._transport.write(_packet(_PUBACK, bytes(body[begin : begin + 2])))
            begin += 2
        if self._listen is not None:
            self._listen[1](bytes(body[begin:]))

    def _acknowledged(self, packet_id: int) -> None:
        message = self._flying.pop(packet_id, None)
        if message is None:
            return
        if message.on_ack is not None:
            message.on_ack()
        if not self.unacknowledged:
            self._settled.set()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._send_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._blocked = False
        if self._connack is not None and not self._connack.done():
            self._connack.set_exception(ConnectionResetError("closed before CONNACK"))
        self._lost.set()
