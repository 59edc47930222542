"""The fast MQTT source: our own subscriber, which scans whole socket reads with a compiled scanner.

It keeps the promises of ``mqtt.MqttSource`` and passes the same tests (ADR 0021). Besides, it says why a
broker did not take a command (the reason code of a PUBACK) and stops reading when what waits here is too
much for memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from emon.ingest.source import Delivery, SourceUnavailable
from emon.ingest.sources import packets
from emon.ingest.sources.broker_notes import SYSTEM_TOPICS
from emon.ingest.sources.came import DUP, Came
from emon.ingest.sources.frame_link import FrameLink, Publication
from emon.ingest.sources.frames import load_scanner
from emon.ingest.sources.packets import Property
from emon.ingest.sources.reconnecting import ConnectionEnded, ReconnectingSource, not_granted
from emon.limits import RECEIVE_BYTES_MAX, UNPROMISED_QUEUE_MAX

_PACKET_IDS = 0x1_0000
_SAME_ID_MAX = 0xFF


class FrameSource(ReconnectingSource):
    """A ``Source`` on a subscriber of our own.

    A receipt is an integer: the connection's number times 65,536, and the packet id.
    """

    _link: FrameLink | None = None
    _connection = 0
    _queued_bytes = 0
    _waiting = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(load_scanner)
        self._held = bytearray(_PACKET_IDS)  # how many came under each packet id and wait for their PUBACK
        self._held_count = 0
        self._beyond = self.address.window + 1
        self._came = Came()
        return await super().__aenter__()

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        if self._link is not None:
            await self._link.read_at_once()
        self._waiting = True
        try:
            return await super().next_batch(max_messages=max_messages, max_wait_s=max_wait_s)
        finally:
            self._waiting = False

    def _waits(self) -> bool:
        """Whether somebody waits for a message, or the broker for our answer while we connect."""
        return self._waiting or not self._subscribed

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        first, held = self._connection * _PACKET_IDS, self._held
        leaving: list[int] = []
        for delivery in deliveries:
            receipt = delivery.receipt
            if not isinstance(receipt, int):
                continue
            packet_id = receipt - first
            if 0 < packet_id < _PACKET_IDS and held[packet_id]:
                held[packet_id] -= 1
                leaving.append(packet_id)
        self._held_count -= len(leaving)
        if leaving and self._link is not None:
            self._link.write(packets.pubacks(leaving))

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> None:
        link = self._link
        if link is None or not self._subscribed:
            raise SourceUnavailable(f"MQTT broker {self.address}: not connected")
        try:
            answer = await link.publish(topic, payload, expires_s)
        except ConnectionEnded as fault:
            raise SourceUnavailable(f"MQTT broker {self.address}: {fault}") from fault
        if answer.refused:
            raise SourceUnavailable(f"MQTT broker {self.address} did not take {topic}: {answer.told()}")

    async def _one_connection(self, started: asyncio.Future[None]) -> None:
        self._connection += 1
        self._held = bytearray(_PACKET_IDS)
        self._held_count = 0
        self._came = Came()
        five = self._version == "5"
        link = FrameLink(
            self.address, self._client_id, five=five, deliver=self._receive, is_wanted=self._waits
        )
        self._link = link
        try:
            greeting = await link.open(self._tls_context)
            self._note_session(greeting.session_present)
            expiry_s, window = (
                greeting.properties.get(name) for name in (Property.SESSION_EXPIRY, Property.RECEIVE_MAXIMUM)
            )
            self.notes.bounds(
                None if expiry_s is None else int(expiry_s), None if window is None else int(window)
            )
            told = greeting.properties
            qos, retain, size = (
                None if (value := told.get(name)) is None else int(value)
                for name in (Property.MAXIMUM_QOS, Property.RETAIN_AVAILABLE, Property.MAXIMUM_PACKET_SIZE)
            )
            self.notes.grants(qos, None if retain is None else bool(retain), size)
            await self._subscribe(link)
            self._note_subscribed(started)
            raise await asyncio.shield(link.ended)
        finally:
            self._subscribed = False
            self._link = None
            link.close()

    async def _subscribe(self, link: FrameLink) -> None:
        codes = await link.subscribe(self._subscriptions, qos=1)
        for topic, code in zip(self._subscriptions, codes, strict=True):
            if code != 1:
                raise ConnectionEnded(not_granted(topic, code, self.address.user))
        await link.subscribe(SYSTEM_TOPICS, qos=0)  # refused where there is no such count: no matter

    async def _settle(self) -> None:
        if self._link is not None and self._subscribed:
            with suppress(ConnectionEnded):
                await self._link.ping()

    def _receive(self, publications: Sequence[Publication]) -> None:
        held, again, first = self._held, self._came.again, self._connection * _PACKET_IDS
        queue, queued_bytes, held_count = self._queue, 0, 0
        for head, topic, payload, packet_id in publications:
            receipt: int | None = None
            if packet_id:
                count = held[packet_id]
                if again(packet_id, topic, payload, head & DUP):
                    if not count and self._link is not None:
                        self._link.write(packets.pubacks([packet_id]))  # it had not read our PUBACK yet
                    continue
                if count == _SAME_ID_MAX:
                    continue  # it comes again on the next connection
                held[packet_id] = count + 1
                held_count += 1
                receipt = first + packet_id
            if topic[0] == "$" and self.notes.system(topic, payload):
                continue
            if receipt is None and len(queue) >= UNPROMISED_QUEUE_MAX:
                self.notes.unpromised()
                continue
            queue.append(Delivery(topic, payload, head & 1 != 0, receipt))
            queued_bytes += len(payload)
        self._queued_bytes += queued_bytes
        self._held_count += held_count
        # Mosquitto 2.0.11 sends all that is in flight of a resumed session at once, whatever was agreed.
        # Left (0x93) it would do the same on the next connection, and nothing would ever come again.
        if self._version == "5" and self._held_count - held_count < self._beyond <= self._held_count:
            self.notes.more_than_agreed(self.address.window)
        if queue:
            self._arrival.set()
        if self._queued_bytes > RECEIVE_BYTES_MAX and self._link is not None:
            self._link.hold_back(True)

    def _note_taken(self, taken: Sequence[Delivery]) -> None:
        self._queued_bytes -= sum(len(delivery.payload) for delivery in taken)
        if self._link is not None and self._queued_bytes <= RECEIVE_BYTES_MAX // 2:
            self._link.hold_back(False)

    def _note_session(self, present: bool) -> None:
        super()._note_session(present)
        self._queued_bytes = sum(len(delivery.payload) for delivery in self._queue)
