"""A load's connection: writes whole buffers of packets and reads whole buffers of PUBACKs.

A message is kept as its number alone; what has no acknowledgement after a reconnect is built again.
A broker writes its PUBACKs one by one; read as they come they cost this process a pass of its loop each, and
the machine that is measured gives it that. So reading rests after each read (``ACK_READ_REST_S``), by which a
latency is at most told too long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.limits import ACK_READ_REST_S, PUBLISH_WINDOW
from simulator.load_packets import Packets
from simulator.load_plan import Ints
from simulator.mqtt import Link

_IDS = 65_535  # packet ids are 1 to this (MQTT 3.1.1, section 2.3.1)
_PUBACK_HEAD = (0x40, 2)
_WRITE_BYTES = 262_144
_FREE = -1


class LoadLink(Link):
    """Publishes messages of a plan by their numbers; ``on_acks`` hears each acknowledged number once."""

    def __init__(
        self, broker: BrokerAddress, client_id: str, packets: Packets, on_acks: Callable[[Ints], None]
    ) -> None:
        super().__init__(broker, client_id)
        self._packets = packets
        self._on_acks = on_acks
        self._ahead: deque[Ints] = deque()
        self._ahead_count = 0
        self._sent: Ints = np.full(_IDS + 1, _FREE, dtype=np.int64)
        self._in_flight = 0
        self._newest_id = 0
        self._at_once = max(1, _WRITE_BYTES // packets.length)

    @property
    def unacknowledged(self) -> int:
        return self._in_flight + self._ahead_count

    def unacknowledged_numbers(self) -> Ints:
        """The messages that were handed over and not acknowledged."""
        return np.concatenate((self._sent[self._sent != _FREE], *self._ahead))

    def publish_all(self, numbers: Ints) -> None:
        """Hand over messages; they leave in this order as the window allows."""
        if len(numbers):
            self._ahead.append(numbers)
            self._ahead_count += len(numbers)
            self._settled.clear()
            self._send_waiting()

    def _send_waiting(self) -> None:
        while self._ahead and self._transport is not None and not self._blocked:
            numbers = self._ahead[0]
            count = min(len(numbers), PUBLISH_WINDOW - self._in_flight, self._at_once)
            ids = (self._newest_id + np.arange(count)) % _IDS + 1
            taken = self._sent[ids] != _FREE
            if taken.any():
                count = int(np.argmax(taken))
            if count <= 0:
                return
            ids, now = ids[:count], numbers[:count]
            if count == len(numbers):
                self._ahead.popleft()
            else:
                self._ahead[0] = numbers[count:]
            self._ahead_count -= count
            self._in_flight += count
            self._newest_id = int(ids[-1])
            self._sent[ids] = now
            self._transport.write(self._packets.build(now, ids))

    def _send_again(self) -> None:
        ids = np.flatnonzero(self._sent != _FREE)
        ids = ids[np.argsort(self._sent[ids])]
        for first in range(0, len(ids), self._at_once):
            some = ids[first : first + self._at_once]
            if self._transport is not None:
                self._transport.write(self._packets.build(self._sent[some], some, again=True))
        self._send_waiting()

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = bytes(self._buffer) + data
            self._buffer.clear()
        rows = np.frombuffer(data, dtype=np.uint8, count=len(data) // 4 * 4).reshape(-1, 4)
        other = (rows[:, 0] != _PUBACK_HEAD[0]) | (rows[:, 1] != _PUBACK_HEAD[1])
        count = int(np.argmax(other)) if other.any() else len(rows)
        if count:
            self._acknowledged_all(rows[:count, 2].astype(np.int64) << 8 | rows[:count, 3])
        # Whatever is no PUBACK in its place, and the beginning of the next, is read one by one.
        super().data_received(data[4 * count :])
        transport = self._transport
        if transport is not None:
            transport.pause_reading()
            asyncio.get_running_loop().call_later(ACK_READ_REST_S, _read_on, transport)

    def _acknowledged(self, packet_id: int) -> None:
        self._acknowledged_all(np.array([packet_id]))

    def _acknowledged_all(self, ids: Ints) -> None:
        once = np.unique(ids)
        once = once[self._sent[once] != _FREE]
        if not len(once):
            return
        numbers = np.sort(self._sent[once])
        self._sent[once] = _FREE
        self._in_flight -= len(once)
        self._on_acks(numbers)
        if not self.unacknowledged:
            self._settled.set()


def _read_on(transport: asyncio.Transport) -> None:
    """One that closes meanwhile is left alone."""
    if not transport.is_closing():
        transport.resume_reading()
