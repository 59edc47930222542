"""The fast MQTT source: our own subscriber, which scans whole socket reads with a compiled scanner.

It keeps the promises of ``mqtt.MqttSource`` and passes the same tests (ADR 0021). Besides, it says why a
broker did not take a command (the reason code of a PUBACK) and stops reading when what waits here is too
much for memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import numpy as np

from emon.ingest.deliveries import Delivery, DeliveryColumns, together
from emon.ingest.source import SourceUnavailable
from emon.ingest.sources import packets
from emon.ingest.sources.broker_notes import SYSTEM_TOPICS
from emon.ingest.sources.frame_link import FrameLink, Publications
from emon.ingest.sources.frame_scan import COLUMNS, END, HEAD, PACKET_ID, PAYLOAD
from emon.ingest.sources.frame_take import let_go, take
from emon.ingest.sources.frame_topics import TopicTable
from emon.ingest.sources.frames import FrameReader
from emon.ingest.sources.packets import Property
from emon.ingest.sources.reconnecting import ConnectionEnded, ReconnectingSource, not_granted
from emon.limits import RECEIVE_BYTES_MAX, UNPROMISED_QUEUE_MAX
from emon.model.columns import Ints

_PACKET_IDS = 0x1_0000


class FrameSource(ReconnectingSource):
    """A ``Source`` on a subscriber of our own.

    A receipt is an integer: the connection's number times 65,536, and the packet id.
    """

    _link: FrameLink | None = None
    _connection = 0
    _queued = _queued_bytes = 0
    _waiting = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(load_scanner)
        self._pieces: deque[DeliveryColumns] = deque()
        self._topics = TopicTable()
        self._beyond = self.address.window + 1
        self._forget_ids()
        return await super().__aenter__()

    def _forget_ids(self) -> None:
        """As a new connection begins: packet ids are its own."""
        self._held = np.zeros(_PACKET_IDS, dtype=np.uint8)  # came under an id and waits for its PUBACK
        self._contents = np.zeros(_PACKET_IDS, dtype=np.int64)
        self._held_count = 0

    @property
    def queued(self) -> int:
        return self._queued

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> Sequence[Delivery]:
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
        if isinstance(deliveries, DeliveryColumns):
            receipts = deliveries.receipts
        else:
            told = [one.receipt for one in deliveries]
            receipts = np.array([one if isinstance(one, int) else 0 for one in told], dtype=np.int64)
        leaving: Ints = np.empty(len(receipts), dtype=np.int64)
        count = let_go(self._held, receipts, self._connection * _PACKET_IDS, leaving)
        self._held_count -= count
        if count and self._link is not None:
            self._link.write(packets.pubacks(leaving[:count]))

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
        self._forget_ids()
        five = self._version == "5"
        link = FrameLink(
            self.address,
            self._client_id,
            five=five,
            topics=self._topics,
            deliver=self._receive,
            is_wanted=self._waits,
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

    def _receive(self, came: Publications) -> None:
        octets, rows = came.octets, came.rows
        taken: Ints = np.empty(len(rows), dtype=np.int64)
        owed: Ints = np.empty(len(rows), dtype=np.int64)
        count, waiting, again, beyond = take(
            octets,
            rows,
            came.numbers,
            self._left_out(came),
            self._held,
            self._contents,
            UNPROMISED_QUEUE_MAX - self._queued,
            taken,
            owed,
        )
        if again and self._link is not None:
            self._link.write(packets.pubacks(owed[:again]))  # it had not read our PUBACKs yet
        for _ in range(beyond):
            self.notes.unpromised()
        self._held_count += waiting
        # Mosquitto 2.0.11 sends all that is in flight of a resumed session at once, whatever was agreed.
        # Left (0x93) it would do the same on the next connection, and nothing would ever come again.
        if self._version == "5" and self._held_count - waiting < self._beyond <= self._held_count:
            self.notes.more_than_agreed(self.address.window)
        if count:
            self._queue_up(came, taken[:count])

    def _left_out(self, came: Publications) -> Ints:
        """1 for what the broker says of itself, which is noted here and goes no further."""
        left_out: Ints = np.zeros(len(came.rows), dtype=np.int64)
        for place in np.flatnonzero(came.names.of_system(came.numbers)).tolist():
            row, topic = came.rows[place], came.names.topics[came.numbers[place]]
            left_out[place] = self.notes.system(topic, came.octets[row[PAYLOAD] : row[END]].tobytes())
        return left_out

    def _queue_up(self, came: Publications, taken: Ints) -> None:
        whole = len(taken) == len(came.rows)
        rows, numbers = (came.rows, came.numbers) if whole else (came.rows[taken], came.numbers[taken])
        first, last = int(rows[0, PAYLOAD]), int(rows[-1, END])
        packet_ids = rows[:, PACKET_ID]
        piece = DeliveryColumns(
            came.names,
            numbers,
            came.octets[first:last].copy(),
            rows[:, PAYLOAD] - first,
            rows[:, END] - first,
            rows[:, HEAD] & 1,
            np.where(packet_ids > 0, self._connection * _PACKET_IDS + packet_ids, 0),
        )
        self._pieces.append(piece)
        self._queued += len(piece)
        self._queued_bytes += piece.payload_bytes
        self._arrival.set()
        if self._queued_bytes > RECEIVE_BYTES_MAX and self._link is not None:
            self._link.hold_back(True)

    def _take(self, most: int) -> Sequence[Delivery]:
        """So many, all of the same names."""
        taken: list[DeliveryColumns] = []
        pieces, count = self._pieces, 0
        while pieces and count < most and (not taken or pieces[0].names is taken[0].names):
            piece = pieces.popleft()
            if len(piece) > most - count:
                pieces.appendleft(piece[most - count :])
                piece = piece[: most - count]
            taken.append(piece)
            count += len(piece)
        if not taken:
            return []
        found = together(taken)
        self._queued -= count
        self._queued_bytes -= found.payload_bytes
        if self._link is not None and self._queued_bytes <= RECEIVE_BYTES_MAX // 2:
            self._link.hold_back(False)
        return found

    def _keep_distinct(self) -> None:
        seen: set[tuple[str, bytes]] = set()
        kept: list[DeliveryColumns] = []
        for piece in self._pieces:
            places: list[int] = []
            for place, delivery in enumerate(piece):
                if (delivery.topic, delivery.payload) not in seen:
                    seen.add((delivery.topic, delivery.payload))
                    places.append(place)
            if places:
                kept.append(piece if len(places) == len(piece) else piece.of(np.array(places)))
        self._pieces = deque(kept)
        self._queued = sum(len(piece) for piece in kept)
        self._queued_bytes = sum(piece.payload_bytes for piece in kept)


def load_scanner() -> None:
    """Compile the scanner and what is beside it now, some seconds where no cache holds them: before a broker
    waits for us."""
    reader, table = FrameReader(five=True), TopicTable()
    table.number(b"t")
    rows: Ints = np.zeros((0, COLUMNS), dtype=np.int64)
    numbers, _ = table.find(reader.octets, rows)
    reader.received(0)
    held, contents = np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    take(reader.octets, rows, numbers, numbers, held, contents, 0, numbers, numbers)
    let_go(held, numbers, 0, numbers)
