"""The only clocks of the engine. The core never imports this: instants reach it as arguments."""

from __future__ import annotations

import time


def now_us() -> int:
    """Wall clock: microseconds since 1970 UTC. May step when the host's clock is set."""
    return time.time_ns() // 1_000


def monotonic_s() -> float:
    """Seconds of a clock that never steps back; only differences mean anything."""
    return time.monotonic()


def steady_us() -> int:
    """Microseconds of a clock that nobody can set, and that goes on while the host sleeps: only
    differences mean anything, and only within one start of the host."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000
