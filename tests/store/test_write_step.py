"""A step that asked nothing of the archive is one round trip: all of it is written, or nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence

import psycopg
import pytest
from msgspec.structs import replace

from benchmarks.pipeline import until
from emon import clock
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import SECOND_US
from emon.model.watch import Watch
from emon.orders.document import parse_document
from emon.store import connect as c
from emon.store.batch import is_quick
from emon.store.errors import CommitUncertain, DatabaseUnavailable, EngineFenced, FixAlreadyStored
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.fixtures_database import TEMPLATE, PostgresServers
from tests.store.judging import Taken, fix_message, judge
from tests.store.made import NOON_US, alert, effects_of, fix
from tests.store.test_claim import cut

ONE = fix("d-1", 1, NOON_US)
ORDERS = json.dumps(
    {"orders": [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in (1, 2, 3)]}
).encode()
TABLES = (
    "SELECT device, seq, fixed_at, mark, raw FROM fix ORDER BY device, seq",
    "SELECT id, opened_at, closed_at, certainty, how, deepest_m FROM breach ORDER BY id",
    "SELECT id, event, priority, certainty, at FROM alert ORDER BY id",
    "SELECT device, seq, lon FROM device_now ORDER BY device",
    "SELECT mark, fixes FROM mark_counter",
)
_READ_WHOLE = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'alert'"


def rows_of(store: Store, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(store.url) as conn:
        return conn.execute(query.encode()).fetchall()


async def test_all_of_a_step_is_written(any_store: Store) -> None:
    effects = effects_of(NOON_US, fixes=(ONE,), alerts=(alert("a-1", NOON_US),))
    assert await any_store.write_step(0, effects, (NewDelivery("a-1", "politie", "webhook"),))
    assert await any_store.write_step(0, effects_of(NOON_US + 1, fixes=(fix("d-1", 2, NOON_US),)), ())
    assert rows_of(any_store, "SELECT device, seq FROM fix ORDER BY seq") == [("d-1", 1), ("d-1", 2)]
    assert rows_of(any_store, "SELECT seq FROM device_now") == [(2,)]
    assert rows_of(any_store, "SELECT mark, fixes FROM mark_counter") == [("ok", 2)]
    assert rows_of(any_store, "SELECT id FROM delivery") == [("a-1:politie",)]
    assert await any_store.last_received_at_us() == NOON_US + 1


async def test_a_storm_of_alerts_is_not_read_again_for_each_of_them(claimed_store: Store) -> None:
    """A foreign key's look was planned for a table that had just been found empty: it read all of it, and
    what a storm cost grew with the square of its alerts."""
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE alert")
    many = 500
    alerts = tuple(alert(f"a-{n}", NOON_US) for n in range(many))
    async with claimed_store.batch() as transaction:
        await transaction.write(effects_of(NOON_US, alerts=alerts), ())
        read = await c.fetch_one(transaction._conn, _READ_WHOLE)
    assert read is not None
    assert read[0] < many


async def test_nothing_is_written_when_orders_were_armed_meanwhile(claimed_store: Store) -> None:
    await claimed_store.arm(parse_document(ORDERS, armed_at_us=0))
    effects = effects_of(NOON_US, fixes=(ONE,), alerts=(alert("a-1", NOON_US),), watches=(Watch("d-1"),))
    for told in (effects, effects_of(NOON_US, fixes=(ONE,), watches=(Watch("d-1"),))):
        assert not await claimed_store.write_step(2, told, ())
    assert await claimed_store.last_received_at_us() is None
    for table in ("fix", "device_now", "mark_counter", "alert", "device_watch"):
        assert rows_of(claimed_store, f"SELECT count(*) FROM {table}") == [(0,)]
    assert await claimed_store.write_step(3, effects, ())


async def test_what_is_remembered_of_devices_goes_with_the_fixes_in_the_one_round_trip(
    any_store: Store,
) -> None:
    """Of a fleet of which some walk nearly every batch has it, and each was a conversation more."""
    effects = effects_of(NOON_US, fixes=(ONE,), watches=(Watch("d-1"), Watch("d-2")))
    assert is_quick(effects)
    assert await any_store.write_step(0, effects, ())
    told = replace(Watch("d-2"), heard_us=NOON_US)
    assert await any_store.write_step(0, effects_of(NOON_US + 1, watches=(told,)), ())
    assert [watch for watch in (await any_store.remembered()).watches if watch.device == "d-2"] == [told]
    written = rows_of(
        any_store,
        "SELECT w.device, w.recorded_at = f.recorded_at FROM device_watch w, fix f ORDER BY w.device",
    )
    assert written == [("d-1", True), ("d-2", False)]


async def test_an_overtaken_engine_writes_nothing(claimed_store: Store) -> None:
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("UPDATE engine_clock SET engine_epoch = engine_epoch + 1")
    with pytest.raises(EngineFenced):
        await claimed_store.write_step(0, effects_of(NOON_US, fixes=(ONE,), watches=(Watch("d-1"),)), ())
    for table in ("fix", "device_watch"):
        assert rows_of(claimed_store, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_statement_that_fails_undoes_the_others_and_the_next_step_goes_on(any_store: Store) -> None:
    assert await any_store.write_step(0, effects_of(NOON_US, fixes=(ONE,)), ())
    with pytest.raises(FixAlreadyStored, match="d-1"):
        await any_store.write_step(0, effects_of(NOON_US + 1, fixes=(fix("d-2", 1, NOON_US), ONE)), ())
    assert await any_store.last_received_at_us() == NOON_US
    assert rows_of(any_store, "SELECT device FROM device_now") == [("d-1",)]
    async with any_store.batch() as tx:
        assert list(await tx.tracks(["d-1", "d-2"], 5)) == ["d-1"]
    assert await any_store.write_step(0, effects_of(NOON_US + 1, fixes=(fix("d-2", 1, NOON_US),)), ())


async def test_a_connection_that_breaks_under_a_commit_leaves_it_uncertain(claimed_store: Store) -> None:
    waits = """SELECT count(*) FROM pg_stat_activity WHERE application_name = 'emon engine'
        AND wait_event_type = 'Lock' AND datname = current_database()"""
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("LOCK TABLE mark_counter IN ACCESS EXCLUSIVE MODE")
        step = asyncio.create_task(claimed_store.write_step(0, effects_of(NOON_US, fixes=(ONE,)), ()))
        while rows_of(claimed_store, waits) != [(1,)]:
            await asyncio.wait((step,), timeout=0.01)
        assert cut(claimed_store) == 1
        with pytest.raises(CommitUncertain):
            await step
    assert rows_of(claimed_store, "SELECT count(*) FROM fix") == [(0,)]
    assert await claimed_store.write_step(0, effects_of(NOON_US, fixes=(ONE,)), ())


class Breaking:
    """The store, of which every fifth step fails: before it is sent, or after its commit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = 0
        self._calls = itertools.count(1)

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def write_step(
        self,
        arm_seq: int,
        effects: Effects,
        deliveries: Sequence[NewDelivery],
        then: Effects | None = None,
    ) -> bool:
        call = next(self._calls)
        if call % 5:
            return await self.store.write_step(arm_seq, effects, deliveries, then)
        self.faults += 1
        if call % 2:
            raise DatabaseUnavailable("away before the step was sent")
        await self.store.write_step(arm_seq, effects, deliveries, then)
        raise CommitUncertain("the answer was not heard")


def story(base_us: int) -> list[Taken]:
    """Three devices beside a ban for four minutes, of which one goes in and comes out again."""
    taken = []
    for n in range(60):
        at_us = base_us + 4 * n * SECOND_US
        places = {"d-1": 20.0 if 20 <= n < 45 else 400.0, "d-2": 500.0, "d-3": 600.0 + n}
        messages = [fix_message(device, n, at_us - SECOND_US, east_m) for device, east_m in places.items()]
        taken.append(Taken(at_us, tuple(messages)))
    return taken


async def test_steps_that_fail_or_are_not_heard_of_change_nothing(
    claimed_store: Store, postgres_servers: PostgresServers
) -> None:
    url = postgres_servers.create(18, TEMPLATE)
    other = await Store.open(url)
    await other.claim_engine()
    breaking = Breaking(other)
    for store in (claimed_store, other):
        await store.arm(parse_document(ORDERS, armed_at_us=0))
    told = story(clock.now_us() + SECOND_US)
    await judge(claimed_store, told)
    await judge(breaking, told)  # type: ignore[arg-type]
    found = [[rows_of(store, query) for query in TABLES] for store in (claimed_store, other)]
    await other.close()
    postgres_servers.drop(url)
    assert breaking.faults > 5
    assert found[0][2]
    assert found[0] == found[1]


async def test_a_recall_is_planned_for_the_tables_as_they_are(any_store: Store) -> None:
    """A plan that was kept from when a day was empty read all of it, a tenth of a second of 400,000 fixes."""
    for cut_off in (False, True):
        if cut_off:
            assert cut(any_store) == 1
        for _ in range(16):  # by itself the server keeps the sixth plan, the driver prepares at the fifth
            async with any_store.batch() as tx:
                await tx.tracks(["d-1"], 10)
                await tx.fixes_since([("d-1", NOON_US)])
        async with any_store.batch() as tx:
            counts = "SELECT generic_plans, custom_plans > 1 FROM pg_prepared_statements"
            plans = await c.fetch(tx._conn, f"{counts} WHERE parameter_types <> '{{}}'")
        assert any(often for _, often in plans)
        assert not any(kept for kept, _ in plans)


async def test_the_newest_position_of_a_device_is_replaced_within_its_page(any_store: Store) -> None:
    for turn in range(20):
        fixes = tuple(fix(f"d-{n}", turn, NOON_US + turn) for n in range(10))
        assert await any_store.write_step(0, effects_of(NOON_US + turn, fixes=fixes), ())
    await any_store.close()  # its session tells its counts as it ends, which nobody waits for
    replaced = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'device_now'"

    async def told() -> bool:
        ((updates, _),) = rows_of(any_store, replaced)
        return updates == 190

    assert await until(told, 120.0)
    assert rows_of(any_store, replaced) == [(190, 190)]
