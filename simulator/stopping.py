"""Ends a run at Ctrl-C or SIGTERM without leaving a connection or a half-written line behind."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator

from emon.model.instant import SECOND_US


@contextlib.contextmanager
def stop_on_signal() -> Iterator[asyncio.Event]:
    """An event that SIGINT or SIGTERM sets while the block runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    added = []
    for number in signals:
        # Only the main thread may add handlers; elsewhere (in a test) the caller stops the run.
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(number, stop.set)
            added.append(number)
    try:
        yield stop
    finally:
        for number in added:
            loop.remove_signal_handler(number)


def now_us() -> int:
    """The wall clock in microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


async def sleep_until(at_us: int, stop: asyncio.Event) -> bool:
    """Sleep until the wall clock reaches ``at_us``; False as soon as ``stop`` is set."""
    while not stop.is_set():
        left_s = (at_us - now_us()) / SECOND_US
        if left_s <= 0.0:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await stop.wait()
    return False
