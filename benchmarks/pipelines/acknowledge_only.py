"""Rival: a subscriber that only acknowledges. It stores nothing: what it reaches is the broker's own limit.

The good way: our own scanner of whole socket reads, the quickest subscriber measured here, and all PUBACKs of
a read in one write. Anything slower would flatter whoever is held against it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time

from benchmarks.pipelines.rival import BATCH_MAX, TOPIC, given, is_up
from emon.ingest.sources.frame_source import FrameSource

_SAID_EACH_S = 0.1


async def _main() -> None:
    to = given()
    url = f"mqtt://{to.user}:{to.password}@{to.host}:{to.port}"
    taken, said, said_s, last_us = 0, 0, 0.0, 0
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with FrameSource(url, subscriptions=(TOPIC,)) as source:
        is_up()
        while not stopped.is_set():
            batch = await source.next_batch(max_messages=BATCH_MAX, max_wait_s=0.05)
            await source.acknowledge(batch)
            taken += len(batch)
            if batch:
                last_us = time.time_ns() // 1_000
            if taken > said and time.monotonic() > said_s + _SAID_EACH_S:
                said, said_s = taken, time.monotonic()
                print(f"taken {taken} {last_us}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
