"""What a step's commit gives to tell at once is what a look would find, and never more."""

from __future__ import annotations

import logging

import psycopg
import pytest

from emon.limits import DELIVERIES_CLAIMED_MAX
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.vocabulary import Certainty
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix
from tests.store.orders import versions

BOTH = ("politie", "reclassering")


async def wrote(
    store: Store, armed: OrderVersion, alert_id: str, number: int, *, breach_id: str = "b-1"
) -> int:
    """One step that raises an alert on a breach, for both; its instant."""
    at_us = armed.armed_at_us + number * SECOND_US
    told = alert(alert_id, at_us, breach=breach_id, order="o-1", condition="c-1", certainty=Certainty.CERTAIN)
    effects = effects_of(
        at_us, fixes=(fix("d-1", number, at_us),), breaches=(breach(breach_id, NOON_US),), alerts=(told,)
    )
    assert await store.write_step(1, effects, [NewDelivery(alert_id, party, "webhook") for party in BOTH])
    return at_us


async def test_a_commit_gives_what_a_look_finds(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({"risk": "high"}))
    at_us = await wrote(any_store, armed, "a-1", 1)
    any_store.know_orders([armed])
    fresh, all_of_it = any_store.take_fresh()
    assert all_of_it
    assert [one.id for one in fresh] == ["a-1:politie", "a-1:reclassering"]
    assert fresh == await any_store.claim_due(at_us, 10)


async def test_it_is_given_once(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({}))
    await wrote(any_store, armed, "a-1", 1)
    any_store.know_orders([armed])
    assert len(any_store.take_fresh()[0]) == 2
    assert any_store.take_fresh() == ([], False)


async def test_news_behind_a_message_that_waits_is_left_to_a_look(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({}))
    any_store.know_orders([armed])
    await wrote(any_store, armed, "a-1", 1)
    at_us = await wrote(any_store, armed, "a-2", 2)
    assert any_store.take_fresh() == ([], False)
    assert {one.alert.id for one in await any_store.claim_due(at_us, 10)} == {"a-1"}


async def test_what_must_be_asked_first_is_left_to_a_look(claimed_store: Store) -> None:
    """Whose device it is, or an order that nobody has at hand."""
    store = claimed_store
    on_device = alert("a-0", NOON_US, device="d-1", received_at_us=None)
    await store.write_step(0, effects_of(NOON_US, alerts=(on_device,)), [NewDelivery("a-0", "om", "webhook")])
    assert store.take_fresh() == ([], False)
    (armed,) = await store.arm(versions({}))
    await wrote(store, armed, "a-1", 1)
    assert store.take_fresh() == ([], False)


async def test_a_crowd_is_left_to_a_look(claimed_store: Store) -> None:
    many = range(DELIVERIES_CLAIMED_MAX + 1)
    alerts = tuple(alert(f"a-{n}", NOON_US) for n in many)
    await claimed_store.write_step(
        0, effects_of(NOON_US, alerts=alerts), [NewDelivery(f"a-{n}", "om", "webhook") for n in many]
    )
    assert claimed_store.take_fresh() == ([], False)
    assert len(await claimed_store.claim_due(NOON_US, 500)) == len(many)


async def test_a_step_without_deliveries_leaves_nothing_to_look_for(claimed_store: Store) -> None:
    await claimed_store.write_step(0, effects_of(NOON_US, alerts=(alert("a-1", NOON_US),)), ())
    assert claimed_store.take_fresh() == ([], True)


async def test_a_step_that_asked_the_archive_gives_what_it_wrote(claimed_store: Store) -> None:
    """Also behind one that gave nothing: its silence was taken for all of it, and a look came 5 s later."""
    (armed,) = await claimed_store.arm(versions({}))
    claimed_store.know_orders([armed])
    assert await claimed_store.write_step(1, effects_of(NOON_US, breaches=(breach("b-0", NOON_US),)), ())
    at_us = armed.armed_at_us + SECOND_US
    told = alert("a-1", at_us, breach="b-1", order="o-1", condition="c-1", certainty=Certainty.CERTAIN)
    effects = effects_of(
        at_us, fixes=(fix("d-1", 1, at_us),), breaches=(breach("b-1", NOON_US),), alerts=(told,)
    )
    async with claimed_store.batch() as batch:
        await batch.known_fixes([one.wire.key for one in effects.fixes])
        await batch.write(effects, [NewDelivery("a-1", party, "webhook") for party in BOTH])
    fresh, all_of_it = claimed_store.take_fresh()
    assert (sorted(one.id for one in fresh), all_of_it) == (["a-1:politie", "a-1:reclassering"], True)


async def test_a_read_that_fails_leaves_the_step_committed(
    claimed_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (armed,) = await claimed_store.arm(versions({}))
    claimed_store.know_orders([armed])
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:
        conn.execute("ALTER TABLE climb RENAME COLUMN owed TO owes")
        with caplog.at_level(logging.WARNING):
            await wrote(claimed_store, armed, "a-1", 1)
        assert claimed_store.take_fresh() == ([], False)
        assert "is looked for" in caplog.text
        assert conn.execute("SELECT count(*) FROM delivery").fetchone() == (2,)
        conn.execute("ALTER TABLE climb RENAME COLUMN owes TO owed")
    at_us = await wrote(claimed_store, armed, "a-2", 2, breach_id="b-2")
    assert claimed_store.take_fresh()[1]
    assert len(await claimed_store.claim_due(at_us, 10)) == 4
