"""A broker that is none: it answers CONNECT and PUBLISH at QoS 1, and keeps nothing.

    python -m benchmarks.sink            prints the port it listens on, ends with its standard input

What a publisher reaches against it is the publisher's own limit, not a broker's. Packets of equal
length, as a load sends them, are acknowledged a buffer at a time.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np

_CONNECT, _PUBLISH, _PINGREQ = 0x10, 0x30, 0xC0
_CONNACK, _PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"
_LENGTH_BYTES_MAX = 4  # MQTT 3.1.1, section 2.2.3


class Sink(asyncio.Protocol):
    """One connection. ``silent_after``: how many PUBLISH are acknowledged before it falls silent."""

    def __init__(self, silent_after: int | None = None) -> None:
        self._left = silent_after
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while (span := _span(self._buffer, at)) is not None:
            begin, end = span
            kind = self._buffer[at] & 0xF0
            if kind == _PUBLISH:
                end = self._publications(at, begin, end)
            elif self._transport is not None:
                if kind == _CONNECT:
                    self._transport.write(_CONNACK)
                elif kind == _PINGREQ:
                    self._transport.write(_PINGRESP)
                else:
                    self._transport.close()
            at = end
        del self._buffer[:at]

    def _publications(self, at: int, begin: int, end: int) -> int:
        """Acknowledge this packet and those that follow with the same head; returns where they end."""
        length = end - at
        topic = int.from_bytes(self._buffer[begin : begin + 2], "big")
        view = bytes(memoryview(self._buffer)[at:])
        packets = np.frombuffer(view, dtype=np.uint8, count=len(view) // length * length).reshape(-1, length)
        head = begin - at + 2
        other = (packets[:, :head] != packets[0, :head]).any(axis=1)
        count = int(np.argmax(other)) if other.any() else len(packets)
        place = head + topic
        self._acknowledge(packets[:count, place : place + 2])
        return at + count * length

    def _acknowledge(self, ids: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
        if self._left is not None:
            ids = ids[: self._left]
            self._left -= len(ids)
        acks = np.empty((len(ids), 4), dtype=np.uint8)
        acks[:, 0], acks[:, 1], acks[:, 2:] = 0x40, 2, ids
        if self._transport is not None and len(ids):
            self._transport.write(acks.tobytes())


def _span(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at ``at`` begins and ends, None while it is not all there."""
    length = 0
    for place in range(_LENGTH_BYTES_MAX):
        if at + 1 + place >= len(buffer):
            return None
        byte = buffer[at + 1 + place]
        length |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            begin = at + 2 + place
            return (begin, begin + length) if begin + length <= len(buffer) else None
    return None


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
