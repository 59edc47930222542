"""Arming: at one instant, between two batches, once, and never over another content."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from msgspec.structs import replace

from emon.model.instant import HOUR_US, parse_instant
from emon.store.errors import OrderConflict
from emon.store.store import Store
from tests.store.made import NOON_US, effects_of
from tests.store.orders import versions

FUTURE_US = parse_instant("2199-01-01T00:00:00Z")


async def armed_in(store: Store, after: int = 0) -> list[tuple[str, int, int]]:
    async with store.batch() as tx:
        return [(v.id, v.version, v.armed_at_us) for _, v in await tx.orders_after(after)]


async def test_what_is_armed_is_what_a_batch_reads(any_store: Store) -> None:
    document = versions({"id": "o-1"}, {"id": "o-2", "wearer": "w-2", "risk": "high"})
    armed = await any_store.arm(document)
    async with any_store.batch() as tx:
        read = await tx.orders_after(0)
        assert [version for _, version in read] == armed
        assert await tx.orders_after(read[-1][0]) == []
    assert {version.armed_at_us for version in armed} == {armed[0].armed_at_us}
    assert [replace(version, armed_at_us=0) for version in armed] == list(document)


async def test_armed_at_is_the_database_s_clock(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({}))
    with psycopg.connect(any_store.url) as conn:
        row = conn.execute("SELECT clock_timestamp() - armed_at FROM order_version").fetchone()
    assert row is not None
    assert 0 <= row[0].total_seconds() < 60
    assert await armed_in(any_store) == [("o-1", 1, armed.armed_at_us)]


async def test_armed_at_comes_after_every_fix_taken_whatever_the_clocks_say(any_store: Store) -> None:
    async with any_store.batch() as tx:
        await tx.write(effects_of(FUTURE_US), ())
    (first,) = await any_store.arm(versions({}))
    (second,) = await any_store.arm(versions({"version": 2}))
    assert first.armed_at_us == FUTURE_US + 1
    assert second.armed_at_us == FUTURE_US + 2


async def test_the_same_again_changes_nothing(any_store: Store) -> None:
    (first,) = await any_store.arm(versions({}))
    again = await any_store.arm(versions({}, {"id": "o-2"}))
    assert again[0] == first
    assert again[1].armed_at_us > first.armed_at_us
    assert len(await armed_in(any_store)) == 2
    third, repeated = await any_store.arm(versions({"id": "o-3"}, {"id": "o-3", "risk": "medium"}))
    assert repeated == third
    assert len(await armed_in(any_store)) == 3


async def test_another_content_is_refused_by_path_and_nothing_is_armed(any_store: Store) -> None:
    await any_store.arm(versions({"id": "o-1"}))
    with pytest.raises(OrderConflict) as caught:
        await any_store.arm(versions({"id": "o-0"}, {"id": "o-1", "risk": "high"}))
    assert [path for path, _ in caught.value.faults] == ["orders[1].version"]
    assert "'o-1' has a version 1 with another content" in caught.value.faults[0][1]
    assert [id for id, _, _ in await armed_in(any_store)] == ["o-1"]


async def test_arming_waits_for_the_batch_under_way_and_comes_after_it(any_store: Store) -> None:
    async with any_store.batch() as tx:
        arming = asyncio.ensure_future(any_store.arm(versions({})))
        done, _ = await asyncio.wait([arming], timeout=0.2)
        assert not done
        assert await tx.orders_after(0) == []
        await tx.write(effects_of(FUTURE_US), ())
    (armed,) = await arming
    assert armed.armed_at_us == FUTURE_US + 1


async def test_two_at_once_are_armed_one_after_the_other(any_store: Store) -> None:
    armed = await asyncio.gather(*(any_store.arm(versions({"version": n})) for n in range(1, 9)))
    instants = [version.armed_at_us for (version,) in armed]
    assert len(set(instants)) == 8
    in_order = await armed_in(any_store)
    assert [at_us for _, _, at_us in in_order] == sorted(instants)


async def test_devices_of_an_order_can_be_looked_up_in_sql(any_store: Store) -> None:
    use = {"id": "d-7", "from": "2026-05-01T00:00:00Z", "until": None}
    await any_store.arm(versions({"devices": [use], "device": None}))
    with psycopg.connect(any_store.url) as conn:
        found = conn.execute(
            "SELECT wearer, device, used_from = '2026-05-01T00:00:00Z', used_until FROM order_version "
            "JOIN order_device ON (order_id, order_device.version) = (id, order_version.version)"
        ).fetchall()
    assert found == [("w-1", "d-7", True, None)]


async def test_arming_is_announced(any_store: Store) -> None:
    announced = any_store.listen("emon_order")
    assert await anext(announced) == ""
    waiting = asyncio.ensure_future(anext(announced))
    await any_store.arm(versions({}))
    async with asyncio.timeout(120):
        assert await waiting == ""
    await announced.aclose()
    (row,) = await any_store.feed_after(0, 10)
    assert (row.kind, row.ref) == ("order", "o-1/1")


async def test_newest_orders_are_one_a_case_also_when_ended(any_store: Store) -> None:
    await any_store.arm(versions({"version": 2, "withdrawn_at": "2026-05-02T00:00:00Z"}, {"id": "o-2"}))
    await any_store.arm(versions({"version": 1}))
    newest = await any_store.newest_orders()
    assert [(version.id, version.version) for version in newest] == [("o-1", 2), ("o-2", 1)]
    assert newest[0].withdrawn_at_us == parse_instant("2026-05-02T00:00:00Z")
    assert NOON_US - newest[0].valid_from_us > HOUR_US


async def test_a_newer_version_takes_the_place_of_the_newest_that_was_asked_for(any_store: Store) -> None:
    """What is asked for again is not built again, and is the newest all the same."""
    await any_store.arm(versions({"version": 1}, {"id": "o-2"}))
    before = await any_store.newest_orders()
    assert all(one is other for one, other in zip(before, await any_store.newest_orders(), strict=True))
    await any_store.arm(versions({"version": 2, "withdrawn_at": "2026-05-02T00:00:00Z"}, {"id": "o-0"}))
    after = await any_store.newest_orders()
    assert [(version.id, version.version) for version in after] == [("o-0", 1), ("o-1", 2), ("o-2", 1)]
    assert after[1].withdrawn_at_us == parse_instant("2026-05-02T00:00:00Z")
    assert after[2] is before[1]


async def test_a_condition_keeps_its_kind_for_ever(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({}))
    zone = {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300}
    inclusion = [{"id": armed.conditions[0].id, "kind": "inclusion", "zone": zone}]
    with pytest.raises(OrderConflict) as caught:
        await any_store.arm(versions({"version": 2, "conditions": inclusion}))
    assert [path for path, _ in caught.value.faults] == ["orders[0].conditions[0].kind"]
