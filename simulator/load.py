"""Loads a broker with fixes at an honest rate and keeps what the broker acknowledged.

The loop is open: a message is due at its own instant whatever became of those before it, and its
latency counts from that instant, so that a slow broker cannot slow the clock that judges it. What was
never acknowledged counts with the time it waited.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np

from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.histogram import Histogram
from simulator.limits import SETTLE_S
from simulator.load_link import LoadLink
from simulator.load_packets import Packets
from simulator.load_plan import Ints, LoadPlan
from simulator.publisher import Say
from simulator.stopping import sleep_until

_TICK_S = 0.005
_BEHIND_MAX_S = 0.25
_CONNECT_S = 30.0


@dataclass(slots=True)
class LoadReport:
    """What a load did. Latencies count from the instant a message was due to its PUBACK."""

    fixes: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    reconnects: int = 0
    behind_max_s: float = 0.0
    interrupted: bool = False
    connections: int = 1
    latencies: Histogram = field(default_factory=Histogram)

    @property
    def kept_rate(self) -> bool:
        """Whether this machine made the load; if not, latencies say nothing about the broker."""
        return self.behind_max_s <= _BEHIND_MAX_S

    @property
    def verdict(self) -> str:
        """One sentence on whose limit was met."""
        if self.interrupted:
            return "stopped before its end"
        if not self.kept_rate:
            return (
                f"this machine could not make the load: it was {self.behind_max_s:.2f} s behind its own"
                " clock, so nothing is said of the broker's latency"
            )
        if self.reconnects and self.connections > 1:
            return (
                f"the broker closed connections {self.reconnects} times, so latencies say little: where it"
                " takes a user's name for the client id (as deploy/mosquitto does), each connection of that"
                " user ends the one before; give --connections 1"
            )
        missing = self.fixes - self.acknowledged
        if missing:
            return f"the load was made; the broker left {missing} fixes without an acknowledgement"
        return "the load was made and all of it acknowledged"

    def as_json(self, plan: LoadPlan) -> dict[str, Any]:
        return {
            "fixes": self.fixes,
            "acknowledged": self.acknowledged,
            "rate_per_s": round(self.fixes / self.seconds, 1) if self.seconds else 0.0,
            "seconds": round(self.seconds, 2),
            "devices": plan.devices,
            "fixes_a_message": plan.batch,
            "breaches_due": plan.breaches if not self.interrupted else None,
            "alerts_due": plan.breaches if not self.interrupted else None,
            "puback_ms": self._puback_ms(),
            "cpu_share_of_a_core": round(self.cpu_s / self.seconds, 3) if self.seconds else 0.0,
            "reconnects": self.reconnects,
            "behind_max_s": round(self.behind_max_s, 3),
            "kept_rate": self.kept_rate,
            "verdict": self.verdict,
            "interrupted": self.interrupted,
        }

    def _puback_ms(self) -> dict[str, float] | None:
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
        found = {name: self.latencies.percentile_us(share) for name, share in shares.items()}
        if not self.kept_rate:
            return None
        return {name: round(us / 1e3, 2) for name, us in found.items() if us is not None} or None


async def run_load(
    plan: LoadPlan,
    broker: BrokerAddress,
    start_us: int,
    *,
    acks: IO[str] | None,
    stop: asyncio.Event,
    say: Say,
    settle_s: float = SETTLE_S,
) -> LoadReport:
    """Publish the load from ``start_us`` on; ends by itself or when ``stop`` is set.

    The last acknowledgements are waited for at most ``settle_s``.

    Raises ``BrokerUnavailable`` or ``BrokerRefused`` when the connections do not come about.
    """
    report = LoadReport(connections=plan.connections)
    loader = _Loader(plan, broker, report, acks, start_us)
    try:
        for link in loader.links:
            await link.open(give_up_after_s=_CONNECT_S)
        say(f"{plan.connections} connections; {plan.fixes} fixes of {plan.devices} devices to come")
        if await sleep_until(start_us, stop):
            await loader.run(stop, say)
        await asyncio.gather(*(link.settle(settle_s) for link in loader.links))
    finally:
        report.reconnects = sum(link.reconnects for link in loader.links)
        report.interrupted = stop.is_set()
        loader.count_the_unacknowledged()
        await asyncio.gather(*(link.close() for link in loader.links))
    say(report.verdict)
    return report


class _Loader:
    def __init__(
        self,
        plan: LoadPlan,
        broker: BrokerAddress,
        report: LoadReport,
        acks: IO[str] | None,
        start_us: int,
    ) -> None:
        self._plan = plan
        self._report = report
        self._acks = acks
        self._packets = Packets(plan, start_us)
        self.links = [
            LoadLink(
                broker, f"{plan.prefix}-{number}-of-{plan.connections}", self._packets, self._acknowledged
            )
            for number in range(plan.connections)
        ]
        self._begun_s = 0.0

    async def run(self, stop: asyncio.Event, say: Say) -> None:
        plan, report = self._plan, self._report
        cpu_s, self._begun_s = time.process_time(), time.perf_counter()
        number, told_s = 0, 0.0
        while number < plan.messages and not stop.is_set():
            elapsed_s = time.perf_counter() - self._begun_s
            due = plan.due_before(elapsed_s)
            if due > number:
                report.behind_max_s = max(report.behind_max_s, elapsed_s - plan.due_s(number))
                self._publish(np.arange(number, due))
                number = due
            report.fixes = number * plan.batch
            if elapsed_s - told_s >= 5.0:
                told_s = elapsed_s
                say(f"{elapsed_s:.0f} s: {report.fixes} fixes sent, {report.acknowledged} acknowledged")
            await asyncio.sleep(_TICK_S)
        report.seconds = time.perf_counter() - self._begun_s
        report.cpu_s = time.process_time() - cpu_s

    def count_the_unacknowledged(self) -> None:
        """Their latency is at least what they have waited; left out, they would flatter the rest."""
        for link in self.links:
            self._count(link.unacknowledged_numbers())

    def _publish(self, numbers: Ints) -> None:
        """A device keeps to one connection, so that its messages keep their order."""
        on = numbers % self._plan.devices % len(self.links)
        for place, link in enumerate(self.links):
            link.publish_all(numbers[on == place])

    def _acknowledged(self, numbers: Ints) -> None:
        self._report.acknowledged += len(numbers) * self._plan.batch
        self._count(numbers)
        if self._acks is not None:
            device, seq, t_ms = self._packets.fixes(numbers)
            names = [self._plan.name(int(one)) for one in device]
            self._acks.write(
                "".join(
                    f'{{"device":"{name}","seq":{number},"t":{t}}}\n'
                    for name, some, times in zip(names, seq.tolist(), t_ms.tolist(), strict=True)
                    for number, t in zip(some, times, strict=True)
                )
            )
            # So that little is lost with this process.
            self._acks.flush()

    def _count(self, numbers: Ints) -> None:
        elapsed_s = time.perf_counter() - self._begun_s
        self._report.latencies.record((elapsed_s - self._plan.dues_s(numbers)) * 1e6)
