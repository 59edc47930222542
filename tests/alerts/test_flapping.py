"""A condition that opens and clears many times: the first at once, the rest in sums, nothing urgent held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import psycopg

from emon.alerts.channels import SendResult
from emon.alerts.compose import Composer
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.outbox import DueDelivery
from emon.limits import FLAP_FREE, FLAP_HOLD_S
from emon.model.breach import Alert
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.alerts.parts import NOON_US, MemoryChannel, TestClock
from tests.store.made import breach

PATIENCE_S = 120
COMPOSER = Composer("https://emon.example", frozenset({"meldkamer_em"}), "meldkamer_em")


class Desk(MemoryChannel):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[DueDelivery] = []
        self.taker: str | None = None

    async def send(self, delivery: DueDelivery) -> SendResult:
        self.got.append(delivery)
        result = await super().send(delivery)
        taken = None if self.taker is None else (delivery.recipient, self.taker)
        return msgspec.structs.replace(result, acknowledged=taken)


class Edge:
    """Somebody who goes over the edge of a ban and back, a message each."""

    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store = store
        self.clock = clock
        self.count = 0

    async def crosses(self, dispatcher: Dispatcher, *, priority: int = 2, party: str = "meldkamer_em") -> str:
        name = f"{self.count:016x}"
        event = AlertEvent.BREACH if self.count % 2 == 0 else AlertEvent.BREACH_CLEARED
        one = breach(f"b-{self.count // 2}", self.clock.now_us)
        self.count += 1
        told = Alert(
            name, event, priority, self.clock.now_us, (Party(party),), self.clock.now_us,
            breach=one.id, order="o-1", condition="c-1",
        )  # fmt: skip
        async with self.store.batch() as tx:
            effects = Effects(at_us=self.clock.now_us, alerts=(told,), breaches=(one,))
            await tx.write(effects, [NewDelivery(name, party, "memory")])
        dispatcher.wake()
        return name


@asynccontextmanager
async def at_work(store: Store, clock: TestClock, desk: Desk) -> AsyncIterator[tuple[Dispatcher, Edge]]:
    await store.claim_engine()
    channels = {"meldkamer_em": desk, "politie": desk}
    dispatcher = Dispatcher(store, channels, clock, chance=lambda: 1.0, wait=clock.wait)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher, Edge(store, clock)
    finally:
        dispatcher.stop()
        await task


async def until_sent(desk: Desk, name: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while all(one.alert.id != name and name not in one.joined for one in desk.got):
            await asyncio.sleep(0)


async def until_waiting(store: Store, *, put_off: int) -> None:
    """So many deliveries are put off; 0: and none waits."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await waiting(store))[1] != put_off or (put_off == 0 and found[0]):
            await asyncio.sleep(0)


async def test_the_first_go_at_once_and_the_rest_as_one_with_a_count(store: Store) -> None:
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher))
        assert len(desk.got) == FLAP_FREE
        assert clock.now_us == NOON_US, "without a delay"
        names = [await edge.crosses(dispatcher) for _ in range(7)]
        await until_waiting(store, put_off=4)  # the first of each of the four breaches
        await clock.asleep()
        assert len(desk.got) == FLAP_FREE
        clock.move_to(NOON_US + FLAP_HOLD_S * SECOND_US)
        await until_sent(desk, names[0])
        await until_waiting(store, put_off=0)
    (told,) = desk.got[FLAP_FREE:]
    assert (told.alert.id, told.joined) == (names[-1], tuple(names[:-1]))
    assert "ook voor 6 eerdere" in COMPOSER.texts(told).nl.body
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        query = "SELECT count(*) FROM delivery_attempt WHERE detail = %s"
        kept = await (await conn.execute(query, (f"told by {told.id}",))).fetchone()
    assert kept == (6,), "each has an attempt that says how it was told"


async def test_who_answers_a_message_with_its_receipt_answers_for_all_that_it_stands_for(
    store: Store,
) -> None:
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher))
        names = [await edge.crosses(dispatcher) for _ in range(4)]
        await until_waiting(store, put_off=2)
        await clock.asleep()
        desk.taker = "A. de Vries"
        clock.move_to(NOON_US + FLAP_HOLD_S * SECOND_US)
        await until_sent(desk, names[0])
        await until_waiting(store, put_off=0)
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        rows = await conn.execute("SELECT alert_id, party, person FROM acknowledgement ORDER BY alert_id")
        kept = await rows.fetchall()
    assert kept == [(name, "meldkamer_em", "A. de Vries") for name in names]


async def test_that_he_left_is_not_told_again_of_each_breach_that_a_message_stands_for(store: Store) -> None:
    """The message with the count says so: a further one for each would undo what was joined."""
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher))
        names = [await edge.crosses(dispatcher) for _ in range(7)]  # the last breach is open
        await until_waiting(store, put_off=4)
        await clock.asleep()
        for breach_id in ("b-2", "b-3", "b-4", "b-5"):
            await say(store, breach_id, 1, "left")
        await say(store, "b-4", 2, "goes_on")
        await say(store, "b-4", 3, "left")
        clock.move_to(NOON_US + FLAP_HOLD_S * SECOND_US)
        await until_sent(desk, names[0])
        await until_waiting(store, put_off=0)
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        rows = await conn.execute(
            "SELECT breach_id, said, state FROM incident_update ORDER BY breach_id, number"
        )
        kept = await rows.fetchall()
    assert kept == [
        ("b-2", "left", "superseded"),
        ("b-3", "left", "superseded"),
        ("b-4", "left", "waiting"),
        ("b-4", "goes_on", "waiting"),
        ("b-4", "left", "waiting"),
        ("b-5", "left", "waiting"),
    ]


async def say(store: Store, breach_id: str, number: int, said: str) -> None:
    """An update on its incident that waits for the desk."""
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute(
            "INSERT INTO incident_update (id, breach_id, step, recipient, number, party, channel, alert_id, "
            "said, because, made_at, next_attempt_at) "
            "SELECT %(id)s, %(breach)s, %(number)s, 'meldkamer_em', %(number)s, 'meldkamer_em', 'memory', "
            "min(id), %(said)s, %(said)s, min(at), min(at) FROM alert WHERE breach_id = %(breach)s",
            {"id": f"{breach_id}:{number}", "breach": breach_id, "number": number, "said": said},
        )


async def test_what_climbs_meanwhile_puts_off_nothing_that_is_held(store: Store) -> None:
    """Of a night at an edge there are so many unanswered alerts that one of them climbs each half minute."""
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher))
        held = await edge.crosses(dispatcher)
        await until_waiting(store, put_off=1)
        for step in (1, 2):
            clock.move_to(NOON_US + step * FLAP_HOLD_S * SECOND_US // 2 - SECOND_US)
            async with await psycopg.AsyncConnection.connect(store.url) as conn:
                await conn.execute(
                    "INSERT INTO delivery (id, alert_id, recipient, channel, climb, next_attempt_at) "
                    "SELECT id || '-' || %s, alert_id, recipient, channel, %s, first_attempt_at "
                    "FROM delivery WHERE id = %s",
                    (step, step, desk.got[0].id),
                )
            dispatcher.wake()
            async with asyncio.timeout(PATIENCE_S):
                while desk.got[-1].climb != step:
                    await asyncio.sleep(0)
        clock.move_to(NOON_US + FLAP_HOLD_S * SECOND_US)
        await until_sent(desk, held)
    assert desk.got[-1].alert.id == held


async def test_priority_1_is_never_held_or_joined(store: Store) -> None:
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(3 * FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher, priority=1, party="politie"))
    assert [one.joined for one in desk.got] == [()] * (3 * FLAP_FREE)
    assert clock.now_us == NOON_US


async def test_news_of_priority_1_brings_what_was_held_before_it_in_its_breach(store: Store) -> None:
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE):
            await until_sent(desk, await edge.crosses(dispatcher))
        held = await edge.crosses(dispatcher)
        await until_waiting(store, put_off=1)
        urgent = await edge.crosses(dispatcher, priority=1)
        await until_sent(desk, urgent)
    assert [one.alert.id for one in desk.got[FLAP_FREE:]] == [held, urgent]
    assert clock.now_us == NOON_US


async def waiting(store: Store) -> tuple[int, int]:
    """How many deliveries wait, and how many of them are put off."""
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        row = await (
            await conn.execute(
                "SELECT count(*), count(*) FILTER (WHERE next_attempt_at > first) FROM delivery, "
                "(SELECT min(alert_at) FROM delivery) AS f (first) WHERE state = 'waiting'"
            )
        ).fetchone()
    assert row is not None
    return row[0], row[1]


async def test_what_climbs_waits_for_nothing_that_is_held_before_it(store: Store) -> None:
    """That he left is held, for the condition flaps; a minute after the breach its alert climbs all the
    same."""
    clock, desk = TestClock(), Desk()
    async with at_work(store, clock, desk) as (dispatcher, edge):
        for _ in range(FLAP_FREE - 1):
            await until_sent(desk, await edge.crosses(dispatcher))
        edge.count += 1
        begun = await edge.crosses(dispatcher)
        await until_sent(desk, begun)
        held = await edge.crosses(dispatcher)
        await until_waiting(store, put_off=1)
        async with await psycopg.AsyncConnection.connect(store.url) as conn:
            await conn.execute(
                "INSERT INTO delivery (id, alert_id, recipient, channel, climb, next_attempt_at) "
                "SELECT id || ':1', alert_id, recipient, channel, 1, first_attempt_at "
                "FROM delivery WHERE alert_id = %s",
                (begun,),
            )
        dispatcher.wake()
        async with asyncio.timeout(PATIENCE_S):
            while desk.got[-1].climb != 1:
                await asyncio.sleep(0)
    assert [(one.alert.id, one.climb) for one in desk.got[FLAP_FREE:]] == [(held, 0), (begun, 1)]
    assert clock.now_us == NOON_US
