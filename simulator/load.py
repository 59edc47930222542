"""Loads a broker with fixes at an honest rate and keeps what the broker acknowledged.

The loop is open: a fix is due at its own instant whatever became of those before it, and its
latency counts from that instant, so that a slow broker cannot slow the clock that judges it.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.limits import SETTLE_S
from simulator.load_plan import LoadPlan, Places, payload_of
from simulator.mqtt import Link
from simulator.publisher import Say
from simulator.stopping import sleep_until

_TICK_S = 0.005
_BEHIND_MAX_S = 0.25
_CONNECT_S = 30.0
_ACKS_FLUSH = 1_000


@dataclass(slots=True)
class LoadReport:
    """What a load did. Latencies are milliseconds from the instant a fix was due to its PUBACK."""

    fixes: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    reconnects: int = 0
    behind_max_s: float = 0.0
    interrupted: bool = False
    latencies_ms: array[float] = field(default_factory=lambda: array("f"))

    @property
    def kept_rate(self) -> bool:
        """Whether this machine made the load; if not, latencies say nothing about the broker."""
        return self.behind_max_s <= _BEHIND_MAX_S

    def as_json(self, plan: LoadPlan) -> dict[str, Any]:
        ordered = sorted(self.latencies_ms)

        def percentile(share: float) -> float | None:
            return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2) if ordered else None

        return {
            "fixes": self.fixes,
            "acknowledged": self.acknowledged,
            "rate_per_s": round(self.fixes / self.seconds, 1) if self.seconds else 0.0,
            "seconds": round(self.seconds, 2),
            "devices": plan.devices,
            "breaches_due": plan.breaches if not self.interrupted else None,
            "alerts_due": plan.breaches if not self.interrupted else None,
            "puback_ms": {"p50": percentile(0.5), "p99": percentile(0.99), "max": percentile(1.0)},
            "cpu_share_of_a_core": round(self.cpu_s / self.seconds, 3) if self.seconds else 0.0,
            "reconnects": self.reconnects,
            "behind_max_s": round(self.behind_max_s, 3),
            "kept_rate": self.kept_rate,
            "interrupted": self.interrupted,
        }


async def run_load(
    plan: LoadPlan,
    broker: BrokerAddress,
    start_us: int,
    *,
    acks: IO[str] | None,
    stop: asyncio.Event,
    say: Say,
) -> LoadReport:
    """Publish the load from ``start_us`` on; ends by itself or when ``stop`` is set.

    Raises ``BrokerUnavailable`` or ``BrokerRefused`` when the connections do not come about.
    """
    links = [
        Link(broker, f"{plan.prefix}-{number}-of-{plan.connections}") for number in range(plan.connections)
    ]
    report = LoadReport()
    loader = _Loader(plan, links, report, acks, start_us)
    try:
        for link in links:
            await link.open(give_up_after_s=_CONNECT_S)
        say(f"{plan.connections} connections; {plan.fixes} fixes of {plan.devices} devices to come")
        if await sleep_until(start_us, stop):
            await loader.run(stop, say)
        await asyncio.gather(*(link.settle(SETTLE_S) for link in links))
    finally:
        report.reconnects = sum(link.reconnects for link in links)
        report.interrupted = stop.is_set()
        loader.flush()
        await asyncio.gather(*(link.close() for link in links))
    return report


class _Loader:
    def __init__(
        self, plan: LoadPlan, links: list[Link], report: LoadReport, acks: IO[str] | None, start_us: int
    ) -> None:
        self._plan = plan
        self._links = links
        self._report = report
        self._acks = acks
        self._lines: list[str] = []
        self._places = Places(plan)
        self._topics = [f"emon/v1/{plan.name(device)}/fix" for device in range(plan.devices)]
        self._start_ms = start_us // 1_000
        self._begun_s = 0.0

    async def run(self, stop: asyncio.Event, say: Say) -> None:
        plan, report = self._plan, self._report
        cpu_s, self._begun_s = time.process_time(), time.perf_counter()
        number, told_s = 0, 0.0
        while number < plan.fixes and not stop.is_set():
            elapsed_s = time.perf_counter() - self._begun_s
            due = plan.due_before(elapsed_s)
            if due > number:
                report.behind_max_s = max(report.behind_max_s, elapsed_s - plan.due_s(number))
            while number < due:
                self._publish(number)
                number += 1
            report.fixes = number
            if elapsed_s - told_s >= 5.0:
                told_s = elapsed_s
                say(f"{elapsed_s:.0f} s: {number} fixes sent, {report.acknowledged} acknowledged")
            await asyncio.sleep(_TICK_S)
        report.seconds = time.perf_counter() - self._begun_s
        report.cpu_s = time.process_time() - cpu_s

    def _publish(self, number: int) -> None:
        turn, device = divmod(number, self._plan.devices)
        due_s = self._plan.due_s(number)
        t_ms = self._start_ms + int(due_s * 1_000)
        lon, lat = self._places.at(number, device, turn)
        link = self._links[device % len(self._links)]
        link.publish(
            self._topics[device],
            payload_of(turn + 1, t_ms, lon, lat),
            on_ack=self._acknowledged(device, turn + 1, t_ms, due_s),
        )

    def _acknowledged(self, device: int, seq: int, t_ms: int, due_s: float) -> Callable[[], None]:
        def on_ack() -> None:
            report = self._report
            report.acknowledged += 1
            report.latencies_ms.append((time.perf_counter() - self._begun_s - due_s) * 1_000.0)
            if self._acks is not None:
                self._lines.append(f'{{"device":"{self._plan.name(device)}","seq":{seq},"t":{t_ms}}}\n')
                if len(self._lines) >= _ACKS_FLUSH:
                    self.flush()

        return on_ack

    def flush(self) -> None:
        """Write out what was acknowledged so far, so that little is lost with this process."""
        if self._acks is not None and self._lines:
            self._acks.write("".join(self._lines))
            self._acks.flush()
            self._lines.clear()
