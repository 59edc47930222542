"""One run of the kill harness: load, kills at random instants, and the books at its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.kills.books import (
    Books,
    compare_alerts,
    compare_deliveries,
    compare_fixes,
    judged_again,
    stored,
)
from benchmarks.kills.publisher import Publisher
from benchmarks.kills.schedule import Kill, Part, kills
from benchmarks.kills.stage import Broker, Stage, looked_for
from emon import clock
from emon.config import MQTT_SOURCES

SETTLE_S = 60.0
DRAIN_S = 300.0  # for each half: until all is judged; until what was due by then is received
_JUDGED = """
SELECT (SELECT count(*) FROM fix), (SELECT count(*) FROM inbox),
       coalesce((SELECT up_at IS NOT NULL FROM service_stop ORDER BY down_at DESC LIMIT 1), true)
"""
_NEWEST = "SELECT coalesce(max(seq), 0) FROM delivery"
_OWED = "SELECT count(*) FROM delivery WHERE delivered_at IS NULL AND seq <= {}"


@dataclass(frozen=True)
class Plan:
    """``forgets_us``: how long before its kill a broker's PUBACKs are not promised (docs/brokers.md)."""

    kills: int
    seed: int
    rate: float = 300.0
    devices: int = 300
    source: str = MQTT_SOURCES[0]
    broker: str = "nats"
    broker_is_killed: bool = True
    forgets_us: int = 0


@dataclass
class Outcome:
    """``timeline``: what happened when, in seconds since the start."""

    plan: Plan
    books: Books
    done: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    reconnects: int = 0
    seconds: float = 0.0
    timeline: list[tuple[float, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        books = self.books
        return {
            "seed": self.plan.seed,
            "broker": self.plan.broker,
            "source": self.plan.source,
            "rate": self.plan.rate,
            "devices": self.plan.devices,
            "kills": self.done,
            "seconds": round(self.seconds, 1),
            "service_ended_by_itself": self.restarts,
            "publisher_reconnects": self.reconnects,
            "published": books.published,
            "acknowledged": books.acknowledged,
            "stored": books.stored,
            "lost_within_the_brokers_promise": books.within_promise,
            "alerts": books.alerts,
            "deliveries": books.deliveries,
            "repeats_received": books.repeats_received,
            "repeats_after_crash": books.copies.after_crash,
            "repeats_retried": books.copies.retried,
            "repeats_by_one_end_at_most": books.copies.at_most,
            "faults": books.faults,
        }


async def run(
    plan: Plan, folder: Path, broker: Broker, told: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Run it on a broker that is up, and that is up at the end too."""
    outcome = Outcome(plan, Books())
    begun_s = time.monotonic()

    def say(what: str) -> None:
        outcome.timeline.append((time.monotonic() - begun_s, what))
        told(f"{time.monotonic() - begun_s:7.1f} s  {what}")

    stage = Stage(folder, broker, devices=plan.devices, source=plan.source, say=say)
    excused: list[tuple[int, int]] = []
    try:
        await stage.start()
        publisher = Publisher(
            broker.url("tester"),
            devices=plan.devices,
            rate=plan.rate,
            seed=plan.seed,
            log=folder / "acks.jsonl",
            now_us=clock.now_us,
        )
        publishing = asyncio.create_task(publisher.run())
        for kill in kills(plan.seed, plan.kills, broker=plan.broker_is_killed):
            await asyncio.wait((publishing,), timeout=kill.pause_s)
            if publishing.done():
                await publishing
            await _one(kill, stage, plan, excused, outcome)
        await publisher.end(SETTLE_S)
        await publishing
        say(f"{len(publisher.acked)} fixes acknowledged, {publisher.unacknowledged} not")
        newest = await _drained(stage.database.uri, publisher)
        say("what was due is judged and received, or time is out")
        await stage.finish()
        await _close(outcome, stage, publisher, excused, newest)
        outcome.reconnects, outcome.restarts = publisher.reconnects, stage.restarts
    finally:
        await stage.stop()
    outcome.seconds = time.monotonic() - begun_s
    return outcome


async def _one(
    kill: Kill, stage: Stage, plan: Plan, excused: list[tuple[int, int]], outcome: Outcome
) -> None:
    if kill.part is Part.BROKER and plan.forgets_us:
        now_us = clock.now_us()
        excused.append((now_us - plan.forgets_us, now_us + plan.forgets_us))
    await stage.kill(kill)
    outcome.done[kill.part] = outcome.done.get(kill.part, 0) + 1
    if kill.again_s is not None:
        outcome.done["service, starting"] = outcome.done.get("service, starting", 0) + 1


async def _drained(url: str, publisher: Publisher) -> int:
    """Until everything acknowledged is judged and the last stop is over, then until every delivery of that
    moment is received, or time is out. The newest of them, by its number.

    Later ones are not waited for: nobody answers here, so alerts climb for ever and there is always one."""

    async def ask(query: str) -> tuple[Any, ...]:
        async with await psycopg.AsyncConnection.connect(url) as conn:
            row = await (await conn.execute(query.encode())).fetchone()
        assert row is not None
        return row

    async def judged() -> bool:
        fixes, waiting, up = await ask(_JUDGED)
        return bool(fixes >= len(publisher.acked) and waiting == 0 and up)

    await looked_for(judged, DRAIN_S)
    (newest,) = await ask(_NEWEST)

    async def received() -> bool:
        (owed,) = await ask(_OWED.format(newest))
        return bool(owed == 0)

    await looked_for(received, DRAIN_S)
    return int(newest)


async def _close(
    outcome: Outcome, stage: Stage, publisher: Publisher, excused: list[tuple[int, int]], newest: int
) -> None:
    rows = await stored(stage.database.uri)
    outcome.books = compare_fixes(publisher.sent, publisher.acked, rows, excused)
    compare_alerts(outcome.books, rows, await judged_again(rows))
    ledgers = [stage.receivers.ledger(party) for party in stage.receivers.counts()]
    compare_deliveries(outcome.books, rows, ledgers, newest, stage.starts_us)
