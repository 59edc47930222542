"""One MQTT connection on asyncio: whole socket reads to the scanner, calls that wait for their answer.

It knows nothing of sessions or of fixes. Publications go to ``deliver`` as they come; how the connection
ended stands in ``ended``. With MQTT 5 it keeps the topic aliases that the broker gives (3.3.2.3.4).
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from emon.ingest.names import TopicNames
from emon.ingest.sources import packets
from emon.ingest.sources.frame_scan import ALIAS, HEAD, TOPIC, TOPIC_END
from emon.ingest.sources.frame_topics import TopicTable
from emon.ingest.sources.frames import FrameReader
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.sources.packets import Answer, Packet, PacketFault, Property
from emon.ingest.sources.reconnecting import CALL_TIMEOUT_S, ConnectionEnded
from emon.limits import READ_REST_S, TOPIC_ALIASES_MAX
from emon.model.columns import Ints, Octets


class Publications(NamedTuple):
    """The PUBLISH packets that one read brought: ``rows`` as ``frame_scan`` has them, offsets into
    ``octets``, which hold until the next read, and the numbers of their topics in ``names``."""

    octets: Octets
    rows: Ints
    names: TopicNames
    numbers: Ints


Deliver = Callable[[Publications], None]

_PUBLISH = int(Packet.PUBLISH)
_SILENCE_FACTOR = 1.5  # 3.1.2.10: of the keep-alive, after which a side may take the other for gone


class FrameLink(asyncio.BufferedProtocol):
    """From CONNECT to the end. Its calls raise ``ConnectionEnded``, also for a time-out."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        *,
        five: bool,
        topics: TopicTable,
        deliver: Deliver,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``topics`` outlives a connection. ``is_wanted``: whether somebody waits for what comes; while
        nobody does, reading rests."""
        self.ended: asyncio.Future[ConnectionEnded] = asyncio.get_running_loop().create_future()
        self._address = address
        self._client_id = client_id
        self._five = five
        self._deliver = deliver
        self._is_wanted = is_wanted
        self._reader = FrameReader(five=five)
        self._transport: asyncio.Transport | None = None
        self._greeted = False
        self._topics = topics
        self._aliases: dict[int, str] = {}
        self._waiting: dict[tuple[Packet, int], asyncio.Future[Answer]] = {}
        self._packet_id = 0
        self._slots = asyncio.Semaphore(1)
        self._heard_s = 0.0
        self._space = 0
        self._held_back = False
        self._rest: asyncio.TimerHandle | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def open(self, tls: ssl.SSLContext | None) -> Answer:
        """Connect and greet; the CONNACK, which accepted us."""
        loop = asyncio.get_running_loop()
        address = self._address
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await loop.create_connection(lambda: self, address.host, address.port, ssl=tls)
        except TimeoutError:
            raise ConnectionEnded(f"no connection within {CALL_TIMEOUT_S:.0f} s") from None
        except OSError as fault:
            named = fault.errno and not isinstance(fault, ssl.SSLError)
            said = f"{os.strerror(fault.errno or 0)} ({fault})" if named else str(fault)
            raise ConnectionEnded(said) from fault
        greeting = packets.connect(
            self._client_id,
            five=self._five,
            keepalive_s=address.keepalive_s,
            window=address.window,
            aliases=TOPIC_ALIASES_MAX,
            user=address.user,
            password=address.password,
        )
        answer = await self._call(greeting, Packet.CONNACK, 0)
        if answer.refused:
            raise ConnectionEnded(f"it refused us: {answer.told()}", wants_older=answer.wants_older)
        properties = answer.properties
        # 3.2.2.3.3: without it 65,535; no more calls than this wait for their PUBACK at a time
        self._slots = asyncio.Semaphore(max(1, int(properties.get(Property.RECEIVE_MAXIMUM, 65_535))))
        keepalive_s = int(properties.get(Property.SERVER_KEEP_ALIVE, address.keepalive_s))
        if keepalive_s:
            self._keeper = asyncio.create_task(self._keep_alive(keepalive_s), name="mqtt-keep-alive")
        return answer

    async def subscribe(self, filters: Sequence[str], *, qos: int) -> tuple[int, ...]:
        """The codes granted, one a filter."""
        packet_id = self._next_packet_id()
        wanted = packets.subscribe(packet_id, filters, qos=qos, five=self._five)
        answer = await self._call(wanted, Packet.SUBACK, packet_id)
        if len(answer.codes) != len(filters):
            self._end(f"a SUBACK with {len(answer.codes)} codes for {len(filters)} filters")
            raise self.ended.result()
        return answer.codes

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> Answer:
        """With QoS 1; the broker's PUBACK, which may be a refusal."""
        async with self._slots:
            packet_id = self._next_packet_id()
            packet = packets.publish(packet_id, topic, payload, five=self._five, expires_s=expires_s)
            return await self._call(packet, Packet.PUBACK, packet_id)

    async def ping(self) -> None:
        """A round trip."""
        await self._call(packets.PINGREQ_BYTES, Packet.PINGRESP, 0)

    def write(self, data: bytes) -> None:
        """A failed write shows as a disconnection."""
        if self._transport is not None and not self.ended.done():
            self._transport.write(data)

    def hold_back(self, wanted: bool) -> None:
        """Read no more from the socket, or again; TCP tells the broker."""
        if self._transport is None or self.ended.done() or wanted == self._held_back:
            return
        self._held_back = wanted
        if wanted:
            self._transport.pause_reading()
        else:
            self._heard_s = asyncio.get_running_loop().time()
            self._read_on()

    async def read_at_once(self) -> None:
        """End a rest, and read what has come meanwhile."""
        if self._rest is not None:
            self._rested()
            await asyncio.sleep(0)  # the loop looks at the socket
            await asyncio.sleep(0)  # and has read it

    def _rested(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
            self._read_on()

    def _read_on(self) -> None:
        if self._transport is not None and not (self._held_back or self._rest or self.ended.done()):
            self._transport.resume_reading()

    def close(self) -> None:
        """Say farewell and close; the session stays with the broker."""
        self.write(packets.disconnect(0, five=self._five))
        self._end("closed by us")

    def abandon(self, reason: str, code: int) -> None:
        """Close because of what the broker sent."""
        self.write(packets.disconnect(code, five=self._five))
        self._end(reason)

    # --- asyncio's side ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.ended.done():
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        space = self._reader.space()
        self._space = len(space)
        return space

    def buffer_updated(self, nbytes: int) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        try:
            if not self._took(self._reader.received(nbytes)):
                return
            if self._reader.fault is not None:
                raise self._reader.fault
            # A broker writes packet by packet: read as they come they cost a pass of the loop each. Where a
            # read was full, more lies there already, and to rest would be all that bounds how much is read.
            rests = nbytes < self._space and not self._is_wanted()
            if rests and self._rest is None and self._transport is not None:
                self._transport.pause_reading()
                self._rest = asyncio.get_running_loop().call_later(READ_REST_S, self._rested)
        except PacketFault as fault:
            self.abandon(f"it sent bytes that are no MQTT {'5' if self._five else '3.1.1'}: {fault}", 0x81)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the connection broke: {exc}" if exc else "it closed the connection")

    # --- what came --------------------------------------------------------------------------------

    def _took(self, rows: Ints) -> bool:
        """Hand over what came; False where the connection ended with it."""
        first = 0
        for place in np.flatnonzero(rows[:, HEAD] & 0xF0 != _PUBLISH).tolist():
            self._publications(rows[first:place])
            row = rows[place]
            self._answer(packets.read_answer(int(row[HEAD]), self._reader.payload(row), five=self._five))
            if self.ended.done():
                return False
            first = place + 1
        self._publications(rows[first:])
        return True

    def _publications(self, rows: Ints) -> None:
        """Hand over these; where one is at fault, those before it."""
        if not len(rows):
            return
        if not self._greeted:
            raise PacketFault("a PUBLISH before the CONNACK")
        octets = self._reader.octets
        numbers, some_new = self._topics.find(octets, rows)
        fault: PacketFault | None = None
        if some_new or rows[:, ALIAS].any():
            whole, fault = self._resolved(octets, rows, numbers)
            rows, numbers = rows[:whole], numbers[:whole]
        if len(rows):
            self._deliver(Publications(octets, rows, self._topics.names, numbers))
        if fault is not None:
            raise fault

    def _resolved(self, octets: Octets, rows: Ints, numbers: Ints) -> tuple[int, PacketFault | None]:
        """Numbers for names that are seen for the first time and for aliases, in their order; how many rows
        have one then, and what is the matter with the next."""
        new: dict[bytes, int] = {}
        for place in np.flatnonzero((numbers < 0) | (rows[:, ALIAS] != 0)).tolist():
            begin, end, alias = rows[place, TOPIC], rows[place, TOPIC_END], int(rows[place, ALIAS])
            name = octets[begin:end].tobytes()
            number = int(numbers[place])
            try:
                if name and number < 0 and (number := new.get(name, -1)) < 0:
                    number = new[name] = self._topics.number(name)
                numbers[place] = self._aliased(number, alias) if alias or not name else number
            except PacketFault as fault:
                return place, fault
        return len(rows), None

    def _aliased(self, number: int, alias: int) -> int:
        """The number of a topic that was named with an alias, or (-1) is named by one alone."""
        names = self._topics.names
        if alias > TOPIC_ALIASES_MAX:
            raise PacketFault(f"topic alias {alias}; at most {TOPIC_ALIASES_MAX} were agreed")
        if number >= 0:
            self._aliases[alias] = names.topics[number]
            return number
        if not alias:
            raise PacketFault("a PUBLISH without a topic")
        known = self._aliases.get(alias)
        if known is None:
            raise PacketFault(f"topic alias {alias}, which stands for nothing")
        return names.number(known)

    def _answer(self, answer: Answer) -> None:
        if answer.kind is Packet.CONNACK:
            if self._greeted:
                raise PacketFault("a second CONNACK")
            self._greeted = not answer.refused
        elif answer.kind is Packet.DISCONNECT:
            taken_over = answer.code == packets.TAKEN_OVER
            self._end(f"it ended the connection: {answer.told()}", taken_over=taken_over)
            return
        waiting = self._waiting.pop((answer.kind, answer.packet_id), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    # --- calls --------------------------------------------------------------------------------------

    async def _call(self, packet: bytes, kind: Packet, packet_id: int) -> Answer:
        """Write a packet and wait for its answer."""
        if self.ended.done():
            raise self.ended.result()
        waiting = self._waiting.get((kind, packet_id))
        if waiting is None:  # else a PINGREQ is under way, and its answer is ours too
            waiting = self._waiting[kind, packet_id] = asyncio.get_running_loop().create_future()
            self.write(packet)
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await asyncio.wait((waiting, self.ended), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise ConnectionEnded(f"no {kind.name} within {CALL_TIMEOUT_S:.0f} s") from None
        finally:
            if not waiting.done():
                self._waiting.pop((kind, packet_id), None)
        if not waiting.done():
            raise self.ended.result()
        return waiting.result()

    def _next_packet_id(self) -> int:
        for _ in range(0xFFFF):
            self._packet_id = self._packet_id % 0xFFFF + 1
            taken = any((kind, self._packet_id) in self._waiting for kind in (Packet.PUBACK, Packet.SUBACK))
            if not taken:
                return self._packet_id
        raise ConnectionEnded("all packet ids wait for their answers")

    async def _keep_alive(self, keepalive_s: int) -> None:
        """PINGREQ in good time, and the end of a connection on which nothing comes any more."""
        loop = asyncio.get_running_loop()
        while not self.ended.done():
            await asyncio.sleep(keepalive_s / 2)
            silent_s = loop.time() - self._heard_s
            if not self._held_back and silent_s > _SILENCE_FACTOR * keepalive_s:
                self._end(f"nothing came for {silent_s:.0f} s", silent=True)
            self.write(packets.PINGREQ_BYTES)

    def _end(self, reason: str, *, taken_over: bool = False, silent: bool = False) -> None:
        if not self.ended.done():
            self.ended.set_result(ConnectionEnded(reason, taken_over=taken_over, silent=silent))
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._keeper is not None:
            with suppress(RuntimeError):  # the loop itself is closing
                self._keeper.cancel()
        if self._transport is not None:
            self._transport.close()
