"""A backlog through the whole service: it waits in the inbox, survives, and is judged as in a replay."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.kills.books import Books, compare_alerts, judged_again, stored
from emon import clock
from emon.ingest.lanes import Lane, Waiting
from emon.model.effects import Effects
from emon.store.store import Store
from tests.fixtures_service import Running, circle_order

FIX = "emon/v1/d-1/fix"


async def as_replayed(running: Running) -> list[str]:
    """What differs between the service and a replay of what it stored."""
    rows = await stored(running.database)
    books = Books()
    compare_alerts(books, rows, await judged_again(rows))
    return books.faults


def walk(running: Running, count: int, age_s: float) -> list[dict[str, Any]]:
    """In and out of the ban, ten fixes each, a minute apart."""
    return [running.fix(50.0 if n // 10 % 2 else 400.0, age_s=age_s + 60 * (count - n)) for n in range(count)]


async def test_a_backlog_waits_is_judged_and_replays_alike(running: Running) -> None:
    await running.arm(circle_order(), circle_order(id="o-2", wearer="w-2", device="d-2"))
    await running.stop()
    backlog = walk(running, 1_100, age_s=600)
    await running.publish(*backlog)
    await running.publish(running.fix(50.0), device="d-2")
    await running.start()
    await running.until("SELECT count(*) FROM fix", 1_101)
    await running.until("SELECT count(*) FROM inbox", 0)
    assert running.started is not None
    assert running.started.runtime.inbox.late >= 500
    assert running.started.runtime.inbox.state.messages == 0
    ((live_at, last_at),) = await running.rows(
        "SELECT min(received_at) FILTER (WHERE device = 'd-2'), max(received_at) FROM fix"
    )
    assert live_at < last_at  # the live one came last and did not wait for all of the backlog
    await running.stop()
    assert await as_replayed(running) == []


async def test_what_waits_outlives_the_service(running: Running) -> None:
    """As after a `kill -9` between the commit that put them there and their judgement."""
    await running.arm(circle_order())
    await running.stop()
    fixes = walk(running, 40, age_s=600)
    rows = [Waiting("d-1", FIX, json.dumps(fix).encode(), 1, Lane.LATE) for fix in fixes[:39]]
    rows.append(Waiting("d-1", FIX, b"no JSON", 1, Lane.OVER_BUDGET))
    store = await Store.open(running.database)
    try:
        await store.claim_engine()
        async with store.batch() as batch:
            await batch.put_waiting(rows, clock.now_us())
            await batch.write(Effects(clock.now_us()), ())
        assert (await store.inbox_state()).messages == 40
    finally:
        await store.close()
    await running.start()
    await running.until("SELECT count(*) FROM fix", 39)
    await running.until("SELECT count(*) FROM inbox", 0)
    assert await running.rows("SELECT reason FROM rejected") == [("unreadable",)]
    assert await running.rows("SELECT over_budget FROM device_counter") == [(1,)]
    await running.stop()
    assert await as_replayed(running) == []
