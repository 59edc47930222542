"""One engine a database: a second is refused, and one that was cut off does not overwrite another."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from emon.store.errors import DatabaseUnavailable, EngineClaimed, EngineFenced, EngineNotClaimed
from emon.store.store import Store
from tests.store.made import NOON_US, effects_of, fix


def cut(store: Store, purpose: str = "engine") -> int:
    """End the server's side of the store's connections; how many there were."""
    query = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = %s"
    with psycopg.connect(store.url) as conn:
        row = conn.execute(query + " AND datname = current_database()", (f"emon {purpose}",)).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_batch_without_claim_is_refused(store: Store) -> None:
    with pytest.raises(EngineNotClaimed):
        async with store.batch():
            pass


async def test_a_second_engine_is_refused_and_told_where_the_first_is(
    claimed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.ENGINE_CLAIM_WAIT_S", 0.2)
    second = await Store.open(claimed_store.url)
    with pytest.raises(EngineClaimed, match=r"server process [0-9]+"):
        await second.claim_engine()
    await second.close()


async def test_a_claim_waits_for_an_engine_that_is_just_ending(
    claimed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.ENGINE_CLAIM_WAIT_S", 120.0)
    second = await Store.open(claimed_store.url)
    claiming = asyncio.ensure_future(second.claim_engine())
    done, _ = await asyncio.wait([claiming], timeout=0.1)
    assert not done
    await claimed_store.close()
    assert await claiming == 2
    await second.close()


async def test_a_broken_connection_fails_the_batch_and_the_next_goes_on(claimed_store: Store) -> None:
    async def cut_off() -> None:
        async with claimed_store.batch() as tx:
            await tx.write(effects_of(NOON_US, fixes=(fix("d-1", 1, NOON_US),)), ())
            assert cut(claimed_store) == 1
            await tx.known_fixes([("d-1", NOON_US, 1)])

    with pytest.raises(DatabaseUnavailable, match="EMON_DATABASE_URL"):
        await cut_off()
    async with claimed_store.batch() as tx:
        assert await tx.known_fixes([("d-1", NOON_US, 1)]) == {}
        await tx.write(effects_of(NOON_US, fixes=(fix("d-1", 1, NOON_US),)), ())
    assert await claimed_store.last_received_at_us() == NOON_US


async def test_a_connection_that_broke_between_batches_is_renewed(claimed_store: Store) -> None:
    assert cut(claimed_store) == 1
    async with claimed_store.batch() as tx:
        await tx.write(effects_of(NOON_US), ())
    assert await claimed_store.last_received_at_us() == NOON_US


async def test_an_engine_that_was_overtaken_while_cut_off_is_fenced(claimed_store: Store) -> None:
    assert cut(claimed_store) == 1
    second = await Store.open(claimed_store.url)
    await second.claim_engine()
    with pytest.raises(EngineFenced):
        async with claimed_store.batch():
            pass
    await second.close()
    with pytest.raises(EngineFenced):  # also when the other one has gone again: memory is out of date
        async with claimed_store.batch():
            pass
    assert await claimed_store.last_received_at_us() is None


async def test_an_epoch_raised_under_a_batch_refuses_its_write(claimed_store: Store) -> None:
    async def overtaken() -> None:
        async with claimed_store.batch() as tx:
            with psycopg.connect(claimed_store.url) as conn:
                conn.execute("UPDATE engine_clock SET engine_epoch = engine_epoch + 1")
            await tx.write(effects_of(NOON_US, fixes=(fix("d-1", 1, NOON_US),)), ())

    with pytest.raises(EngineFenced):
        await overtaken()
    with psycopg.connect(claimed_store.url) as conn:
        assert conn.execute("SELECT count(*) FROM fix").fetchone() == (0,)


async def test_reads_survive_a_cut_of_the_pool(claimed_store: Store) -> None:
    assert await claimed_store.cursor() == (0, 0)
    assert cut(claimed_store, "pool") >= 1
    assert await claimed_store.cursor() == (0, 0)


async def test_batches_of_one_engine_never_overlap(claimed_store: Store) -> None:
    order: list[str] = []

    async def batch(name: str) -> None:
        async with claimed_store.batch() as tx:
            order.append(f"{name} begins")
            await tx.write(effects_of(NOON_US), ())
            order.append(f"{name} ends")

    await asyncio.gather(batch("a"), batch("b"))
    assert order == ["a begins", "a ends", "b begins", "b ends"]
