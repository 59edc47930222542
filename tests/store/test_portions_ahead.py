"""What a portion of the inbox needs is read beside the batches, and used where nothing has changed it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence

import pytest

from benchmarks.kills.books import Books, compare_alerts, judged_again, stored
from emon import clock
from emon.engine_store import View
from emon.ingest.deliveries import Delivery
from emon.ingest.lanes import Lane, Waiting
from emon.limits import BEHIND_MESSAGES
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.orders.document import parse_document
from emon.runtime import Runtime
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.store.judging import Listed, Taken, fix_message, routed

MINUTE_US = 60 * SECOND_US
TURN_WITHIN_S = 60.0
"""Longer than any run here takes: one that hangs fails."""
TOGETHER = BEHIND_MESSAGES // 2 + 10
"""Late fixes of each of two devices: more than are judged as they come."""


class ByChance(Listed):
    """Hands out its list, now and then only when what is recalled meanwhile has come or got on a little."""

    def __init__(self, items: Sequence[Taken], chance: random.Random) -> None:
        super().__init__(items)
        self._chance = chance
        self._last = Taken(items[-1].at_us + 5 * MINUTE_US)

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        assert self.runtime is not None
        under_way = self.runtime.recalled.is_under_way
        if under_way and (not self._items or self._chance.random() < 0.25):
            await self.woken.wait()
            self.woken.clear()
            return []
        if under_way and self._chance.random() < 0.5:
            await asyncio.sleep(0)
            return []
        if not self._items:
            if self.runtime.inbox.state.messages:
                return []
            self._items = [self._last]
            self.runtime.stop()
        return await super().next_batch(max_messages=max_messages, max_wait_s=max_wait_s)


class Between(Listed):
    """Hands out its second half, or arms it, while a portion is recalled; nothing more until it has ended."""

    def __init__(self, store: Store, before: Sequence[Taken], between: Sequence[Taken | bytes]) -> None:
        super().__init__(before)
        self._store = store
        self._between = list(between)
        self._ends_us = before[-1].at_us + 5 * MINUTE_US

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        assert self.runtime is not None
        if not self._items and self.runtime.recalled.is_under_way:
            if not self._between:
                await self.woken.wait()
                self.woken.clear()
                return []
            one = self._between.pop(0)
            if isinstance(one, bytes):
                await self._store.arm(parse_document(one, armed_at_us=0))
                self.runtime.orders_changed()
                return []
            self._items = [one]
        elif not self._items and self.runtime.inbox.state.messages:
            return []
        elif not self._items:
            assert not self._between
            self._items = [Taken(self._ends_us)]
            self.runtime.stop()
        return await super().next_batch(max_messages=max_messages, max_wait_s=max_wait_s)


def late(device: str, at_us: int, *, east_m: Callable[[int], float]) -> list[tuple[str, bytes]]:
    """A minute apart, the newest ten minutes old."""
    return [
        fix_message(device, 1_000 + n, at_us - (10 + TOGETHER - n) * MINUTE_US, east_m(n))
        for n in range(TOGETHER)
    ]


async def judged(store: Store, between: Sequence[Taken | bytes], base_us: int) -> Runtime:
    """Two people who walk out of their zones and in, told late, beside whom others are live."""
    names = [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in range(4)]
    await store.arm(parse_document(json.dumps({"orders": names}).encode(), armed_at_us=0))
    began = [fix_message(f"d-{n}", 1, base_us - 5 * MINUTE_US, 400.0) for n in range(4)]
    crowd = [
        *late("d-0", base_us, east_m=lambda n: 50.0 if n % 20 > 15 else 500.0),
        *late("d-1", base_us, east_m=lambda n: 50.0 if n > TOGETHER - 5 else 500.0),
    ]
    source = Between(store, [Taken(base_us - MINUTE_US, tuple(began)), Taken(base_us, tuple(crowd))], between)
    runtime = runtime_of(store, source)
    async with asyncio.timeout(TURN_WITHIN_S):
        await runtime.run()
    return runtime


def runtime_of(store: Store, source: Listed) -> Runtime:
    runtime = Runtime(
        store,
        source,
        now_us=source.time,
        route=routed,
        on_commit=lambda effects: None,
        batch_fixes_max=1_000,
    )
    source.runtime = runtime
    return runtime


async def as_replayed(url: str) -> list[str]:
    books, rows = Books(), await stored(url)
    compare_alerts(books, rows, await judged_again(rows))
    assert books.alerts > 0
    return books.faults


def in_any_order(base_us: int, chance: random.Random, devices: Sequence[str]) -> list[Taken]:
    """Live fixes of some, and what others have stored, dozens of fixes each, in any mixture."""
    seq, east_m = dict.fromkeys(devices, 0), {device: chance.uniform(0.0, 600.0) for device in devices}

    def fix(device: str, at_us: int) -> tuple[str, bytes]:
        seq[device] += 1
        east_m[device] = max(0.0, min(900.0, east_m[device] + chance.gauss(0.0, 120.0)))
        return fix_message(device, seq[device], at_us - chance.randint(0, 900_000), east_m[device])

    items, at_us = [], base_us
    for turn in range(10):
        at_us += chance.choice((5, 20, 60)) * SECOND_US
        messages = []
        for device in chance.sample(devices, chance.randint(2, 4)) if turn % 3 == 1 else ():
            count = chance.choice((30, 60, 90))
            first_us = at_us - (count + chance.randint(5, 200)) * MINUTE_US // 2
            messages += [fix(device, first_us + n * MINUTE_US // 2) for n in range(count)]
        chance.shuffle(messages)
        messages += [
            fix(device, at_us - SECOND_US) for device in chance.sample(devices, chance.randint(0, 3))
        ]
        items.append(Taken(at_us, tuple(messages)))
    return items


@pytest.mark.parametrize("seed", range(4))
async def test_bans_and_contacts_are_judged_as_in_a_replay_in_any_mixture(
    claimed_store: Store, database: str, seed: int
) -> None:
    chance = random.Random(seed)
    orders = [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in range(4)]
    for n, order in enumerate(orders):
        contact = {"id": "c-2", "kind": "contact", "victim_device": f"v-{n % 2}", "radius_m": 150}
        order["conditions"] = [*order["conditions"], contact]
    await claimed_store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=0))
    devices = [*(f"d-{n}" for n in range(4)), "v-0", "v-1"]
    source = ByChance(in_any_order(clock.now_us(), chance, devices), chance)
    runtime = runtime_of(claimed_store, source)
    async with asyncio.timeout(TURN_WITHIN_S):
        await runtime.run()
    assert runtime.recalled.used + runtime.recalled.in_vain > 0
    assert runtime.inbox.state.messages == 0
    assert await as_replayed(database) == []


def _nothing(at_us: int) -> list[Taken | bytes]:
    return []


def _others(at_us: int) -> list[Taken | bytes]:
    """Somebody else is live, and whoever is recalled next."""
    fixes = [fix_message(device, 2, at_us - SECOND_US, 50.0) for device in ("d-3", "d-1")]
    return [Taken(at_us, tuple(fixes))]


def _the_same(at_us: int) -> list[Taken | bytes]:
    """The one who is recalled first is live: he went in, and is still there."""
    fixes = [fix_message("d-0", 2 + n, at_us - (4 - n) * SECOND_US, 20.0) for n in range(3)]
    return [Taken(at_us, tuple(fixes))]


def _his_order(at_us: int) -> list[Taken | bytes]:
    """A second order for him."""
    order = circle_order(id="o-9", wearer="w-0", device="d-0")
    return [json.dumps({"orders": [order]}).encode()]


@pytest.mark.parametrize(
    ("between", "is_used"), [(_nothing, True), (_others, True), (_the_same, False), (_his_order, False)]
)
async def test_it_is_judged_as_in_a_replay_whatever_comes_meanwhile(
    claimed_store: Store, database: str, between: Callable[[int], list[Taken | bytes]], is_used: bool
) -> None:
    base_us = clock.now_us()
    runtime = await judged(claimed_store, between(base_us + SECOND_US), base_us)
    assert runtime.inbox.late == 2 * TOGETHER
    assert runtime.inbox.state.messages == 0
    assert (runtime.recalled.in_vain == 0) is is_used
    assert runtime.recalled.used > 0 or not is_used
    assert await as_replayed(database) == []


async def test_what_is_looked_at_stays_and_is_taken_whole_or_not_at_all(claimed_store: Store) -> None:
    rows = [Waiting(f"d-{n % 2}", f"emon/v1/d-{n % 2}/fix", b"[]", 40, Lane.LATE) for n in range(5)]
    async with claimed_store.batch() as batch:
        await batch.put_waiting(rows, clock.now_us())
        await batch.write(Effects(clock.now_us()), ())
    view: View
    async with claimed_store.beside() as view:
        first = await view.look_at_waiting(100, ())
        assert [row.device for row in first] == ["d-0", "d-0"]
        assert {row.device for row in await view.look_at_waiting(100, ["d-0"])} == {"d-1"}
        assert await view.look_at_waiting(100, ["d-0", "d-1"]) == []
    assert (await claimed_store.inbox_state()).messages == len(rows)
    async with claimed_store.batch() as batch:
        assert not await batch.take_these([*first, first[0]._replace(id=first[0].id + 1_000)])
        assert await batch.take_these(first)
        assert not await batch.take_these(first)
        await batch.write(Effects(clock.now_us() + 1), ())
    assert (await claimed_store.inbox_state()).messages == len(rows) - len(first)
