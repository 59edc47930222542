"""The page of the storms: how large a run is, what was measured of each, what was not reached too."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.storms_alone import Alone

CONNECTIONS = 8
"""Which carry what a fleet sends, where a session for each device is not the point."""
_DESCRIPTORS_KEPT = 400  # for the files and other connections of the broker, and of ourselves
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True)
class Size:
    """How large a run is. ``sessions``: 0 is as many as can be; ``drain_s``: how long each is waited for."""

    devices: int
    live_per_s: float
    calm_s: float
    late_hours: float
    noisy_s: float
    sessions: int
    drain_s: float


@dataclass
class Row:
    """Delays in milliseconds (p50, p99, the longest), fix to commit, of live fixes alone; ``missing``:
    acknowledged, not stored; ``memory_mb``, ``broker_mb``: the service's and the broker's, before the storm
    and at most in it; ``connections``: which the storm's publisher had."""

    storm: str
    sent: int
    live: int
    calm_ms: tuple[float, float, float]
    storm_ms: tuple[float, float, float]
    inbox_peak: int
    drained_s: float | None
    missing: int
    memory_mb: tuple[float, float] = (0.0, 0.0)
    broker_mb: tuple[float, float] = (0.0, 0.0)
    connections: int = 0

    @property
    def ratio(self) -> float:
        return self.storm_ms[1] / self.calm_ms[1] if self.calm_ms[1] else float("inf")


def sessions_possible() -> int:
    """How many one publisher can hold open to one broker here: each takes a descriptor in both processes and
    a port of this machine's."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    first, last = map(int, _PORTS.read_text().split())
    return max(1, min(soft, last - first + 1) - _DESCRIPTORS_KEPT)


def page_of(rows: list[Row], size: Size, load: float, alone: Sequence[Alone] = ()) -> str:
    """The figures as a page, lost ones too."""
    lines = [
        "# Storms beside a live fleet",
        "",
        "Written by `make bench ARGS=storms`. nats-server, PostgreSQL with fsync and the service",
        f"(`frames`) on {os.cpu_count()} cores, with the publisher and whatever else ran there (load",
        f"average at the end: {load:.1f}). The live fleet: {size.devices} devices, {size.live_per_s:g}",
        "fixes/s. Delays from a fix to its commit, of live fixes alone (of the noisy tenth's own none); calm",
        "is the time just before. Aims: p99 within twice that of calm; a telecom return",
        f"({size.late_hours:g} h of each of as many devices again in this run) drained in 3 minutes, a",
        f"reconnect within a minute ({size.sessions:,} sessions in this run, each of a device of its own",
        "that the engine had heard of before; one publisher and the broker",
        f"can hold {sessions_possible():,} here, by their descriptors and the ports of one address).",
        "",
        "| storm | fixes sent | calm: p50 / p99, ms | in it: p50 / p99 / longest, ms | p99 ratio "
        "| waiting at most | drained after, s | missing | service's memory before / at most, MB "
        "| broker's, MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        drained = f"{row.drained_s:.0f}" if row.drained_s is not None else f"not within {size.drain_s:.0f}"
        lines.append(
            f"| {row.storm} | {row.sent:,} | {row.calm_ms[0]:.0f} / {row.calm_ms[1]:.0f} "
            f"| {row.storm_ms[0]:.0f} / {row.storm_ms[1]:.0f} / {row.storm_ms[2]:.0f} "
            f"| {row.ratio:.1f} | {row.inbox_peak:,} "
            f"| {drained} | {row.missing:,} | {row.memory_mb[0]:.0f} / {row.memory_mb[1]:.0f} "
            f"| {row.broker_mb[0]:.0f} / {row.broker_mb[1]:.0f} |"
        )
    lines += ["", *_slopes(rows), *_by_itself(alone)]
    return "\n".join(lines)


def _by_itself(alone: Sequence[Alone]) -> list[str]:
    if not alone:
        return []
    lines = [
        "## What the broker does by itself",
        "",
        "The same storms, and in the service's place a subscriber that only acknowledges: it stores nothing.",
        "Delays are from a live fix to its arrival.",
        "",
        "| storm | live fixes | p50 / p99 / longest, ms | all acknowledged after, s |",
        "|---|---|---|---|",
    ]
    for row in alone:
        acked = "not all" if row.acked_s is None else f"{row.acked_s:.1f}"
        p50, p99, longest = row.delays_ms
        lines.append(f"| {row.storm} | {row.live:,} | {p50:.0f} / {p99:.0f} / {longest:.0f} | {acked} |")
    return [*lines, ""]


def _slopes(rows: list[Row]) -> list[str]:
    """What a session and a waiting fix take of the service's memory, and of the broker's."""
    found = []
    for row in rows:
        many, of_what = (
            (row.connections, "session") if row.connections > CONNECTIONS else (row.inbox_peak, "fix waiting")
        )
        if many:
            service, broker = (1024 * (mb[1] - mb[0]) / many for mb in (row.memory_mb, row.broker_mb))
            found.append(
                f"- {row.storm}: {service:.2f} KB of the service and {broker:.2f} KB of the broker for each "
                f"{of_what} of {many:,}."
            )
    return [*found, ""] if found else []
