"""What a batch costs the service and the database, without a broker: real PostgreSQL, with fsync.

    python -m benchmarks.trips                      batches of 10, 100, 300 and 1,000 fixes, one a message
    python -m benchmarks.trips --together 50        fifty fixes of a device in a message

Every fix is a device's that stands beside a ban, as in ``emon-sim load``. CPU is the process's, in
microseconds a fix; the batch's time is the wall's, from the deliveries to the acknowledgement.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.ladder import _cpu_s, _family
from emon import clock
from emon.cli.collector import collect_seldom
from emon.demo.database import EmbeddedDatabase
from emon.ingest.deliveries import Delivery
from emon.limits import BACKLOG_MIN_S
from emon.orders.document import parse_document
from emon.runtime import Runtime
from emon.store.migrate import migrate
from emon.store.store import Store
from simulator.load_plan import LoadPlan, Places, load_orders


class Fleet:
    """Devices that stand, each with its next fix; the memory source's messages."""

    def __init__(self, devices: int, together: int) -> None:
        self.plan = LoadPlan(devices, 3_600, devices, 1, 0)
        self._together = together
        self._seq = 0
        self._next = 0
        self._places = Places(self.plan)

    def messages(self, count: int) -> list[Delivery]:
        found: list[Delivery] = []
        for _ in range(count):
            device = self._next % self.plan.devices
            self._next += 1
            fixes = [self._fix(device, back) for back in range(self._together - 1, -1, -1)]
            payload = fixes[0] if self._together == 1 else b"[" + b",".join(fixes) + b"]"
            found.append(Delivery(f"emon/v1/{self.plan.name(device)}/fix", payload, False, len(found)))
        return found

    def _fix(self, device: int, back: int) -> bytes:
        self._seq += 1
        lon, lat = self._places.at(np.array([device + self.plan.devices * (self._seq % 7)]))
        at_ms = clock.now_us() // 1000 - 20 * back
        at = f'"lat":{lat[0][0] / 1e7:.7f},"lon":{lon[0][0] / 1e7:.7f}'
        return f'{{"seq":{self._seq},"t":{at_ms},{at},"acc":5}}'.encode()


class Memory:
    """A source that hands out what it is given."""

    connected = True

    def __init__(self) -> None:
        self.given: list[list[Delivery]] = []
        self.waiting = asyncio.Event()
        self.done = asyncio.Event()
        self.spans: list[float] = []
        self._began_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        if not self.given:
            self.done.set()
            try:
                async with asyncio.timeout(max_wait_s):
                    self.waiting.clear()
                    await self.waiting.wait()
            except TimeoutError:
                return []
        if not self.given:
            return []
        self._began_s = time.perf_counter()
        return self.given.pop(0)

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.spans.append(time.perf_counter() - self._began_s)

    def wake(self) -> None:
        self.waiting.set()

    async def through(self, batches: list[list[Delivery]]) -> None:
        """All of these, one after another."""
        self.done.clear()
        self.given = batches
        self.wake()
        await self.done.wait()


async def measured(sizes: Sequence[int], devices: int, together: int, fixes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="emon-trips-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        database = EmbeddedDatabase(folder / "database")
        await database.start()
        try:
            await migrate(database.uri)
            store = await Store.open(database.uri)
            fleet, source = Fleet(devices, together), Memory()
            orders = b"".join(load_orders(fleet.plan, clock.now_us()))
            await store.arm(parse_document(orders, armed_at_us=0))
            await store.ensure_partitions()
            await store.claim_engine()
            runtime = Runtime(
                store, source, now_us=clock.now_us, route=lambda _: (), on_commit=lambda _: None,
                batch_fixes_max=1_000,
            )  # fmt: skip
            running = asyncio.create_task(runtime.run())
            for pause_s in (
                BACKLOG_MIN_S + 1,
                0,
                0,
                0,
            ):  # no device may be quiet before the backlog is judged
                await source.through([fleet.messages(500) for _ in range(devices // 500)])
                await asyncio.sleep(pause_s)
            for size in sizes:
                await _sized(fleet, source, database, size, together, fixes)
            runtime.stop()
            await running
            await store.close()
        finally:
            await database.stop()


async def _sized(
    fleet: Fleet, source: Memory, database: EmbeddedDatabase, size: int, together: int, fixes: int
) -> None:
    count = max(1, size // together)
    batches = [fleet.messages(count) for _ in range(max(5, fixes // (count * together)))]
    total = len(batches) * count * together
    source.spans.clear()
    pids = _family(database.pid or 0)
    before = time.process_time(), sum(map(_cpu_s, pids)), time.perf_counter()
    await source.through(batches)
    own, server = time.process_time() - before[0], sum(map(_cpu_s, pids)) - before[1]
    wall = time.perf_counter() - before[2]
    spans = sorted(source.spans)
    print(
        f"{size:5d} fixes a batch: service {1e6 * own / total:6.1f} µs a fix, "
        f"database {1e6 * server / total:6.1f}; "
        f"batch p50 {1e3 * spans[len(spans) // 2]:.1f} ms, p99 {1e3 * spans[int(0.99 * len(spans))]:.1f} ms; "
        f"{total / wall:,.0f} fixes/s",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--together", type=int, default=1)
    parser.add_argument("--devices", type=int, default=5_000)
    parser.add_argument("--fixes", type=int, default=20_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10, 100, 300, 1_000])
    given = parser.parse_args()
    collect_seldom()
    asyncio.run(measured(given.sizes, given.devices, given.together, given.fixes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
