"""Policies in the database: kept whole once, noted when they change, and named by each alert they decided."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.escalator import Escalator
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.policies.reader import policy_of, read_policy
from emon.policies.written import policy_bytes, version_of
from emon.store.store import Store
from tests.store.made import NOON_US, alert, effects_of

OTHER = policy_of({"rules": {"panic": {"priority": 2}}})
FIRST, SECOND = version_of(DEFAULT_POLICY), version_of(OTHER)


async def tell(store: Store, name: str, at_us: int) -> None:
    told = alert(name, at_us, row="certain", also=("night_officer",))
    async with store.batch() as tx:
        await tx.write(effects_of(at_us, alerts=(told,)), (NewDelivery(name, "politie", "webhook"),))


async def test_an_alert_keeps_the_version_that_decided_it(any_store: Store) -> None:
    store = any_store
    assert await store.policy_in_force() is None
    await tell(store, "a" * 16, NOON_US)
    await store.use_policy(FIRST, policy_bytes(DEFAULT_POLICY).decode())
    await tell(store, "b" * 16, NOON_US + 1)
    await store.use_policy(SECOND, policy_bytes(OTHER).decode())
    await tell(store, "c" * 16, NOON_US + 2)
    with psycopg.connect(store.url) as conn:
        rows = conn.execute("SELECT policy_version, policy_row, also FROM alert ORDER BY id").fetchall()
    assert [row[0] for row in rows] == [None, FIRST, SECOND]
    assert {(row[1], *row[2]) for row in rows} == {("certain", "night_officer")}


async def test_a_change_is_noted_once_and_rewrites_nothing(any_store: Store) -> None:
    store = any_store
    for policy in (DEFAULT_POLICY, DEFAULT_POLICY, OTHER, DEFAULT_POLICY):
        await store.use_policy(version_of(policy), policy_bytes(policy).decode())
    uses = await store.policy_uses(10)
    assert [use.version for use in uses] == [FIRST, SECOND, FIRST]
    assert uses[0].from_us > uses[1].from_us > uses[2].from_us
    now, then = await store.policy_in_force(), await store.policy_version(SECOND)
    assert now is not None
    assert then is not None
    assert (now.version, now.from_us) == (FIRST, uses[0].from_us)
    assert read_policy(now.content.encode()) == DEFAULT_POLICY
    assert read_policy(then.content.encode()) == OTHER
    assert await store.policy_version("0" * 16) is None


async def test_an_alert_climbs_by_the_policy_that_decided_it(any_store: Store) -> None:
    store = any_store
    hasty = policy_of(
        {
            "ladders": {"hasty": {"rungs": [{"at_s": 10, "tell": ["om"]}], "repeat_s": 10}},
            "rules": {"certain": {"ladder": "hasty"}},
        }
    )
    await store.use_policy(version_of(hasty), policy_bytes(hasty).decode())
    now_us = clock.now_us()  # an alert counts from when it was stored, by the database's clock
    await tell(store, "a" * 16, now_us)
    await store.use_policy(FIRST, policy_bytes(DEFAULT_POLICY).decode())
    await tell(store, "b" * 16, now_us)
    reached: list[tuple[str, tuple[str, ...]]] = []

    def reach(alert_id: str, names: Iterable[str], climb: int) -> list[NewDelivery]:
        reached.append((alert_id, tuple(names)))
        return []

    async def climbed(after_s: int) -> list[str]:
        """A service that starts only now, under the later policy."""
        escalator = Escalator(
            store,
            DEFAULT_POLICY,
            reach,
            now_us=lambda: now_us + after_s * SECOND_US,
            steady_us=lambda: 0,
            on_climb=lambda: None,
        )
        return await escalator.step()

    assert await climbed(40) == ["a" * 16]
    assert reached == [("a" * 16, ("om",))]
    assert "b" * 16 in await climbed(100)
    assert ("b" * 16, ("politie", "meldkamer_em")) in reached
