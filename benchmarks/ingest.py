"""What a message costs before the engine sees it: both MQTT sources on the same bytes, in one run.

    make bench ARGS=ingest               writes benchmarks/INGEST.md
    python -m benchmarks.ingest          the byte server alone, for who looks closer

A byte server in a process of its own keeps a window of unacknowledged PUBLISH under way, as a broker would
that costs nothing. The consumer acknowledges each batch, and in the second round decodes it first.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from emon.ingest.decode import decode
from emon.ingest.sources.frame_source import FrameSource
from emon.ingest.sources.mqtt import MqttSource
from emon.limits import RECEIVE_WINDOW_MESSAGES

_ROOT = Path(__file__).resolve().parents[1]
_SOURCES: dict[str, type[MqttSource] | type[FrameSource]] = {"aiomqtt": MqttSource, "frames": FrameSource}
_FIX = (
    b'{"seq":812,"t":"2026-03-29T00:59:30.250Z","lat":51.9225,"lon":4.4792,"acc":12.5,"spd":1.4,"hdg":270.0,'
    b'"src":"gnss","sat":9,"hdop":1.1,"bat":0.83}'
)
_FIXES_TOGETHER = 50
_MESSAGES, _MESSAGES_QUICK = 10_000, 3_000
_ROUNDS, _ROUNDS_QUICK = 3, 1
_PUBACK_BYTES = 4
_DONE_WITHIN_S = 120.0


@dataclass(frozen=True)
class Row:
    """Medians of one source on one kind of message; CPU of the consumer's process."""

    source: str
    fixes: int
    decoded: bool
    messages_a_second: float
    cpu_us_a_message: float


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """Measure, write the page and say where it is."""
    rows = asyncio.run(measure(quick, told))
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "INGEST.md"
    page.write_text(page_of(rows), "utf-8")
    return page


async def measure(quick: bool, told: Callable[[str], None]) -> list[Row]:
    """Each source in turn, so many rounds, on messages of one fix and of fifty."""
    rows = []
    for fixes in (1, _FIXES_TOGETHER):
        messages = (_MESSAGES_QUICK if quick else _MESSAGES) // (1 if fixes == 1 else 10)
        for decoded in (False, True):
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in _SOURCES}
            for _ in range(_ROUNDS_QUICK if quick else _ROUNDS):
                for name in _SOURCES:
                    found[name].append(await _consume(name, fixes, messages, decoded))
            for name, figures in found.items():
                rate, cpu_us = (median(values) for values in zip(*figures, strict=True))
                rows.append(Row(name, fixes, decoded, rate, cpu_us))
                told(f"{name}, {fixes} a message, {'decoded' if decoded else 'acknowledged'}: {rate:,.0f}/s")
    return rows


async def _consume(name: str, fixes: int, messages: int, decoded: bool) -> tuple[float, float]:
    """Messages a second, and CPU µs a message, of one connection that takes so many."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ingest", str(fixes)), cwd=_ROOT, stdin=PIPE, stdout=PIPE
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        port = int(await server.stdout.readline())
        url = f"mqtt://127.0.0.1:{port}?version=3.1.1"
        async with asyncio.timeout(_DONE_WITHIN_S), _SOURCES[name](url) as source:
            began_s, cpu_s, taken = time.perf_counter(), time.process_time(), 0
            while taken < messages:
                batch = await source.next_batch(max_messages=2_000, max_wait_s=1.0)
                if decoded:
                    for delivery in batch:
                        assert len(decode(delivery.topic, delivery.payload).fixes) == fixes
                await source.acknowledge(batch)
                taken += len(batch)
            took_s, cost_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    finally:
        server.stdin.close()
        await server.wait()
    return taken / took_s, 1e6 * cost_s / taken


def page_of(rows: list[Row]) -> str:
    """The figures as a page."""
    lines = [
        "# What a message costs before the engine sees it",
        "",
        "Written by `make bench ARGS=ingest`. A byte server in place of a broker, MQTT 3.1.1, QoS 1, JSON,",
        f"{RECEIVE_WINDOW_MESSAGES:,} unacknowledged at a time. Medians, {os.cpu_count()} cores, which other",
        "work may have shared. CPU is that of the consumer's process. Nothing is stored: no figure of the",
        "whole way. Rivals from outside are not here yet.",
        "",
        "| fixes a message | decoded | source | messages/s | CPU µs a message | CPU µs a fix |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        decoded, cpu_us = "yes" if row.decoded else "no", row.cpu_us_a_message
        lines.append(
            f"| {row.fixes} | {decoded} | `{row.source}` | {row.messages_a_second:,.0f} "
            f"| {cpu_us:.1f} | {cpu_us / row.fixes:.2f} |"
        )
    return "\n".join([*lines, ""])


# --- the byte server ------------------------------------------------------------------------------


class _Endless(asyncio.Protocol):
    """Greets, grants, and keeps a window of PUBLISH under way for whoever subscribes."""

    def __init__(self, fixes: int) -> None:
        payload = _FIX if fixes == 1 else b"[" + b",".join([_FIX] * fixes) + b"]"
        topic = b"\x00\x0femon/v1/d-1/fix"
        size, length = len(topic) + 2 + len(payload), bytearray()
        while size:
            size, low = size >> 7, size & 0x7F
            length.append(low | 0x80 if size else low)
        self._parts = b"\x32" + bytes(length) + topic, payload
        self._packet_id = 0
        self._streaming = False
        self._bytes = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        acknowledged = 0
        while len(self._bytes) >= 2:
            # What a subscriber sends is short: its length has one byte, or two.
            begin = 2 if self._bytes[1] < 0x80 else 3
            high = self._bytes[2] << 7 if begin == 3 and len(self._bytes) > 2 else 0
            size = begin + (self._bytes[1] & 0x7F) + high
            if len(self._bytes) < size:
                break
            head = self._bytes[0]
            if head == 0x40:
                run = len(self._bytes) // _PUBACK_BYTES * _PUBACK_BYTES
                heads = bytes(self._bytes[:run:_PUBACK_BYTES])
                same = len(heads) - len(heads.lstrip(b"\x40"))
                acknowledged += same
                size = same * _PUBACK_BYTES
            else:
                self._answer(head, bytes(self._bytes[begin:size]))
            del self._bytes[:size]
        self._send(acknowledged)

    def _answer(self, head: int, body: bytes) -> None:
        if head == 0x10:
            self._transport.write(b"\x20\x02\x01\x00")
        elif head == 0x82:
            filters, at = 0, 2
            while at < len(body):
                at += 3 + int.from_bytes(body[at : at + 2], "big")
                filters += 1
            self._transport.write(bytes((0x90, 2 + filters)) + body[:2] + b"\x01" * filters)
            if b"$SYS" in body and not self._streaming:  # the last that a source asks for
                self._streaming = True
                self._send(RECEIVE_WINDOW_MESSAGES)
        elif head == 0xC0:
            self._transport.write(b"\xd0\x00")
        elif head == 0xE0:
            self._transport.close()

    def _send(self, count: int) -> None:
        before, after = self._parts
        out = []
        for _ in range(count):
            self._packet_id = self._packet_id % 0xFFFF + 1
            out.append(before + self._packet_id.to_bytes(2, "big") + after)
        if out:
            self._transport.write(b"".join(out))


async def _serve(fixes: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Endless(fixes), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
