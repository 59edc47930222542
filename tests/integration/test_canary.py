"""The service's own bracelet: through broker, engine and database, and out of everybody's sight."""

from __future__ import annotations

import asyncio
import json

import pytest

from emon import clock
from emon.canary import DEVICE, TOPIC, Canary
from emon.ingest.source import SourceUnavailable
from emon.limits import CANARY_ABSENT_S
from emon.model.canary import CanaryWord
from emon.model.instant import SECOND_US
from emon.store.store import Store
from tests.fixtures_service import Running, circle_order

T0 = 1_790_000_000 * SECOND_US
FIX = json.dumps({"seq": 5, "t": T0 // 1000, "lat": 54.0, "lon": 4.0, "acc": 5}).encode()


async def nowhere(topic: str, payload: bytes, expires_s: int) -> None:
    raise SourceUnavailable("no broker")


async def test_it_comes_through_the_service_and_is_nobody_s(running: Running) -> None:
    await running.stop()
    running.settings["EMON_CANARY"] = "on"
    await running.start()
    await running.arm(circle_order())
    await running.publish(running.fix(400.0))
    await running.until("SELECT count(*) FROM canary WHERE alert_id ~ '^[0-9a-f]{16}$'", 1)
    await running.until("SELECT count(*) FROM fix", 1)
    assert await running.rows("SELECT DISTINCT device FROM fix") == [("d-1",)]
    for table in ("breach", "alert", "delivery", "rejected", "trouble"):
        assert await running.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert running.started is not None
    assert DEVICE not in await running.started.store.known_devices()


async def test_where_it_is_off_its_topic_is_a_stranger_s(running: Running) -> None:
    await running.publish(FIX, topic=TOPIC)
    await running.until("SELECT count(*) FROM rejected WHERE reason = 'unknown_device'", 1)
    assert await running.rows("SELECT count(*) FROM canary") == [(0,)]


async def test_the_engine_judges_it_and_the_newest_stays(claimed_store: Store) -> None:
    canary = Canary(claimed_store, nowhere, now_us=clock.now_us)
    word = await canary.judge(FIX, T0 + SECOND_US)
    assert word is not None
    assert (word.seq, word.fixed_at_us, word.received_at_us) == (5, T0, T0 + SECOND_US)
    assert word == await canary.judge(FIX, T0 + SECOND_US)  # the same inputs, the same id
    for one in (word, CanaryWord(4, T0, T0, "older")):
        async with claimed_store.batch() as batch:
            await batch.put_canary(one)
    assert await claimed_store.canary() == word


@pytest.mark.parametrize("payload", [b"no JSON", b"[]", FIX.replace(b"54.0", b"10.0")])
async def test_what_raises_no_alert_is_no_sign_of_life(claimed_store: Store, payload: bytes) -> None:
    canary = Canary(claimed_store, nowhere, now_us=clock.now_us)
    assert await canary.judge(payload, T0 + SECOND_US) is None


async def test_it_is_missing_after_its_time_and_no_sooner_than_its_way_was_there(store: Store) -> None:
    canary = Canary(store, nowhere, now_us=lambda: T0)
    bound_us = CANARY_ABSENT_S * SECOND_US
    assert canary.missing_since_us(T0 + bound_us - 1, 0) is None
    assert canary.missing_since_us(T0 + bound_us, 0) == T0
    assert canary.missing_since_us(T0 + bound_us, T0 + 1) is None
    canary.heard_us = T0 + 9
    assert canary.missing_since_us(T0 + bound_us + 9, 0) == T0 + 9


async def test_a_broker_that_is_away_ends_nothing(store: Store) -> None:
    tried = asyncio.Queue[bytes]()

    async def away(topic: str, payload: bytes, expires_s: int) -> None:
        tried.put_nowait(payload)
        await nowhere(topic, payload, expires_s)

    canary = Canary(store, away, now_us=lambda: T0, each_s=0.001)
    task = asyncio.create_task(canary.run())
    async with asyncio.timeout(120):
        assert [await tried.get() for _ in range(3)]
    assert not task.done()
    assert canary.told() == {"heard_at": None, "took_ms": None}
    task.cancel()
