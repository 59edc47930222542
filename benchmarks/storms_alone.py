"""The storms against a subscriber that only acknowledges: what of a live fix's delay is the broker's own.

It stores nothing and decides nothing, in a process of its own as the service is one; the broker, the fleets
and what a storm sends are the same. A delay is from a fix to its arrival.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import msgspec

from emon.demo.broker import EmbeddedBroker
from emon.ingest.sources.frame_source import FrameSource

_ROOT = Path(__file__).resolve().parents[1]
_TOPIC = "emon/v1/+/fix"
_TAKEN_MAX = 5_000
_UP, _END = b"up", b"end"


class _Fix(msgspec.Struct):
    """What tells how old a fix is."""

    t: int


@dataclass(frozen=True)
class Alone:
    """``delays_ms`` of so many ``live`` fixes: p50, p99 and the longest; ``acked_s``: until the broker
    had acknowledged all that the storm sent, None: it had not."""

    storm: str
    live: int
    delays_ms: tuple[float, float, float]
    acked_s: float | None


class Subscriber:
    """The process. ``delays`` are those of the live devices since it was asked last."""

    def __init__(self, broker: EmbeddedBroker, live: Sequence[str]) -> None:
        self._url = broker.service_url
        self._live = live
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.storms_alone", self._url, self._live[0], self._live[-1],
            stdout=PIPE, cwd=_ROOT,
        )  # fmt: skip
        assert self._process.stdout is not None
        while (await self._process.stdout.readline()).strip() != _UP:
            if self._process.stdout.at_eof():
                raise RuntimeError("the subscriber did not start")

    async def delays(self) -> list[float]:
        """Milliseconds, in the order of arrival."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        process.send_signal(signal.SIGUSR1)
        found: list[float] = []
        while (line := (await process.stdout.readline()).strip()) != _END:
            found.append(float(line))
        return found

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


def alone_of(storm: str, delays_ms: Sequence[float], acked_s: float | None) -> Alone:
    """A row of its delays."""
    if len(delays_ms) < 2:
        return Alone(storm, len(delays_ms), (0.0, 0.0, 0.0), acked_s)
    cuts = quantiles(delays_ms, n=100, method="inclusive")
    return Alone(storm, len(delays_ms), (cuts[49], cuts[98], max(delays_ms)), acked_s)


async def _main(url: str, first: str, last: str) -> None:
    stopped, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGUSR1, asked.set)
    delays: list[float] = []
    live = msgspec.json.Decoder(_Fix)
    async with FrameSource(url, subscriptions=(_TOPIC,)) as source:
        print(_UP.decode(), flush=True)
        while not stopped.is_set():
            taken = await source.next_batch(max_messages=_TAKEN_MAX, max_wait_s=0.05)
            await source.acknowledge(taken)
            now_ms = time.time() * 1_000
            for delivery in taken:
                if first <= delivery.topic.split("/")[2] <= last and delivery.payload.startswith(b"{"):
                    delays.append(now_ms - live.decode(delivery.payload).t)
            if asked.is_set():
                asked.clear()
                print("\n".join([*(f"{one:.3f}" for one in delays), _END.decode()]), flush=True)
                delays.clear()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
