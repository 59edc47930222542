"""What deliveries cost and how long an urgent one waits: outbox, dispatcher and HTTP recipients as they are.

    python -m benchmarks.alerts          writes benchmarks/ALERTS.md, as make bench ARGS=alerts does

PostgreSQL and the recipients are processes of their own, writer and dispatcher one, as in the service.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.alert_recipients import PARTIES, counts_of, recipients_running
from benchmarks.sections import machine, put
from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.recipients import Recipients, load_recipients
from emon.demo.database import EmbeddedDatabase
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.ids import derive_id
from emon.model.vocabulary import AlertEvent
from emon.store.migrate import migrate
from emon.store.store import Store

_BATCH = 100
_URGENT_OF = 100  # one alert of so many is of priority 1
_DRAIN_WITHIN_S = 600.0
_WAITS = """
SELECT count(*), coalesce(max(attempts), 0),
       percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
           ORDER BY extract(epoch FROM d.first_attempt_at - a.detected_at)::float8 * 1000),
       percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
           ORDER BY extract(epoch FROM d.delivered_at - a.detected_at)::float8 * 1000)
FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id
WHERE a.priority = %s AND d.state = 'delivered' AND a.detected_at >= %s
"""


_PILE_ALERTS = """
INSERT INTO alert (id, event, priority, at, recipients, happened_at, received_at, detected_at)
SELECT 'low' || n, 'battery_low', 4, now(), '{meldkamer_em}', now(), now(), now()
FROM generate_series(1, %s) AS n
"""
_PILE_DELIVERIES = """
INSERT INTO delivery (id, alert_id, recipient, channel, next_attempt_at)
SELECT a.id || ':' || p, a.id, p, 'webhook', now() FROM alert AS a, (SELECT %s::text) AS party (p)
"""


@dataclass(frozen=True)
class Waits:
    """Of the deliveries of one priority, milliseconds after the commit: median, 99 %, most."""

    deliveries: int
    attempts_most: int
    tried_ms: tuple[float, float, float]
    delivered_ms: tuple[float, float, float]


@dataclass(frozen=True)
class Row:
    """One case. ``cpu_us``: of the process of writer and dispatcher, a delivery."""

    name: str
    alerts: int
    deliveries: int
    took_s: float
    cpu_us: float
    repeats: int
    urgent: Waits
    rest: Waits | None

    @property
    def a_second(self) -> float:
        return self.deliveries / self.took_s


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """Measure, write the page and say where it is."""
    rows = asyncio.run(measure(quick, told))
    return put(folder / "ALERTS.md", "deliveries", page_of(rows))


async def measure(quick: bool, told: Callable[[str], None]) -> list[Row]:
    """Single alerts, a storm, and urgent ones before a backlog: each in a database of its own."""
    scale = 20 if quick else 1
    rows = []
    cases: tuple[tuple[str, Callable[[World], Awaitable[dict[str, Any]]]], ...] = (
        ("one at a time", lambda world: _singly(world, 400 // scale)),
        ("storm in one second", lambda world: _storm(world, 10_000 // scale)),
        ("before a backlog", lambda world: _backlog(world, 100_000 // scale, 200 // scale)),
    )
    for name, case in cases:
        async with _world() as world:
            row = await case(world)
            rows.append(Row(name=name, **row))
        told(f"{name}: {rows[-1].a_second:,.0f}/s, urgent p99 {rows[-1].urgent.delivered_ms[1]:,.0f} ms")
    return rows


class World:
    """A database, three recipients, and a dispatcher that is not running yet."""

    def __init__(self, store: Store, recipients: Recipients, dispatcher: Dispatcher, server: Process) -> None:
        self.store = store
        self.recipients = recipients
        self.dispatcher = dispatcher
        self.server = server
        self.written = 0

    async def write(self, priorities: Sequence[int]) -> None:
        """One batch of the engine: alerts for all three."""
        at_us = clock.now_us()
        alerts = []
        for priority in priorities:
            self.written += 1
            name = derive_id("benchmark", str(self.written))
            alerts.append(
                Alert(name, AlertEvent.BREACH, priority, at_us, PARTIES, at_us, received_at_us=at_us)
            )
        deliveries = [one for alert in alerts for one in self.recipients.deliveries(alert)]
        async with self.store.batch() as tx:
            await tx.write(Effects(at_us=at_us, alerts=tuple(alerts)), deliveries)
        self.dispatcher.wake()

    async def pile_up(self, alerts: int) -> None:
        """Low alerts that wait, written by the database itself: how they came does not matter here."""
        async with await psycopg.AsyncConnection.connect(self.store.url) as conn:
            await conn.execute(_PILE_ALERTS, (alerts,))
            for party in PARTIES:
                await conn.execute(_PILE_DELIVERIES, (str(party),))
            await conn.commit()
            await conn.set_autocommit(True)
            await conn.execute("ANALYZE")
        self.written += alerts

    async def drained(self, lane: int = 5) -> None:
        """Returns when nothing so urgent or more waits any more."""
        query = f"SELECT EXISTS (SELECT FROM delivery WHERE state = 'waiting' AND lane <= {lane:d})"
        async with (
            asyncio.timeout(_DRAIN_WITHIN_S),
            await psycopg.AsyncConnection.connect(self.store.url, autocommit=True) as conn,
        ):
            while (await (await conn.execute(query.encode())).fetchone() or (False,))[0]:
                await asyncio.sleep(0.05)

    async def waits(self, priority: int, since: str) -> Waits | None:
        async with await psycopg.AsyncConnection.connect(self.store.url) as conn:
            found = await (await conn.execute(_WAITS, (priority, since))).fetchone()
        assert found is not None
        count, attempts, tried, delivered = found
        return None if count == 0 else Waits(count, attempts, tuple(tried), tuple(delivered))

    async def delivered(self) -> int:
        async with await psycopg.AsyncConnection.connect(self.store.url) as conn:
            query = "SELECT count(*) FROM delivery WHERE state = 'delivered'"
            found = await (await conn.execute(query)).fetchone()
        assert found is not None
        return int(found[0])

    async def repeats(self, delivered: int) -> int:
        """Ends the recipients; what they got more than once. What is on file as delivered must be there."""
        counts = await counts_of(self.server)
        assert sum(one["messages"] for one in counts) >= delivered, f"{counts}, {delivered} on file"
        return sum(one["repeats"] for one in counts)


@asynccontextmanager
async def _world() -> AsyncIterator[World]:
    async with recipients_running() as (reached, server):
        recipients = load_recipients(json.dumps(reached).encode())
        with tempfile.TemporaryDirectory(prefix="emon-alerts-") as folder:
            database = EmbeddedDatabase(Path(folder) / "pg")
            await database.start()
            try:
                await migrate(database.uri)
                store = await Store.open(database.uri)
                await store.claim_engine()
                async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
                    yield World(store, recipients, Dispatcher(store, channels, clock.now_us), server)
                await store.close()
            finally:
                await database.stop()


@asynccontextmanager
async def _sending(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.dispatcher.run())
    try:
        yield
    finally:
        world.dispatcher.stop()
        await task


async def _singly(world: World, alerts: int) -> dict[str, Any]:
    """Alerts that come alone, each when the one before has been delivered everywhere."""
    began_s, cpu_s = time.perf_counter(), time.process_time()
    async with _sending(world):
        for _ in range(alerts):
            await world.write([1])
            await asyncio.sleep(0.02)
        await world.drained()
    return await _row(world, alerts, began_s, cpu_s, "-infinity")


async def _storm(world: World, alerts: int) -> dict[str, Any]:
    """So many in one second, a batch of the engine each ten milliseconds, as far as the database can."""
    began_s, cpu_s = time.perf_counter(), time.process_time()
    async with _sending(world):
        for first in range(0, alerts, _BATCH):
            await world.write([1 if n % _URGENT_OF == 0 else 4 for n in range(first, first + _BATCH)])
            ahead_s = first / alerts - (time.perf_counter() - began_s)
            await asyncio.sleep(max(0.0, ahead_s))
        await world.drained()
    return await _row(world, alerts, began_s, cpu_s, "-infinity")


async def _backlog(world: World, low: int, urgent: int) -> dict[str, Any]:
    """Urgent ones one after another while the dispatcher works through low ones that wait."""
    await world.pile_up(low)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    began_s, cpu_s = time.perf_counter(), time.process_time()
    async with _sending(world):
        for _ in range(urgent):
            await world.write([1])
            await asyncio.sleep(0.05)
        await world.drained(lane=1)  # the low ones go on waiting: nobody asks how long they take
    return await _row(world, low + urgent, began_s, cpu_s, since)


async def _row(world: World, alerts: int, began_s: float, cpu_s: float, since: str) -> dict[str, Any]:
    took_s, cost_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    urgent = await world.waits(1, since)
    assert urgent is not None
    delivered = await world.delivered()
    return {
        "alerts": alerts,
        "deliveries": delivered,
        "took_s": took_s,
        "cpu_us": 1e6 * cost_s / delivered,
        "urgent": urgent,
        "rest": await world.waits(4, "-infinity"),
        "repeats": await world.repeats(delivered),
    }


def page_of(rows: Sequence[Row]) -> str:
    """The figures as a page."""
    lines = [
        "## What deliveries cost, and how long an urgent one waits",
        "",
        "Written by `make bench ARGS=alerts`. Three recipients by signed webhook that answer at once, in a",
        "process of their own; PostgreSQL 18 with `fsync` in another; the engine's transactions and the",
        f"dispatcher share one. One alert in {_URGENT_OF} of the storm is urgent (priority 1). Times count",
        "from the commit of the alert.",
        "",
        machine(),
        "",
        "| case | alerts | deliveries | deliveries/s | CPU µs a delivery | got twice "
        "| urgent: first attempt p50 / p99 ms | urgent: delivered p50 / p99 / most ms "
        "| others: delivered p99 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        tried, delivered = row.urgent.tried_ms, row.urgent.delivered_ms
        rest = "" if row.rest is None else f"{row.rest.delivered_ms[1]:,.0f}"
        lines.append(
            f"| {row.name} | {row.alerts:,} | {row.deliveries:,} | {row.a_second:,.0f} | {row.cpu_us:,.0f} "
            f"| {row.repeats} | {tried[0]:.0f} / {tried[1]:.0f} "
            f"| {delivered[0]:.0f} / {delivered[1]:.0f} / {delivered[2]:.0f} | {rest} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    from benchmarks.__main__ import main

    sys.exit(main(["alerts", *sys.argv[1:]]))
