"""A message that its recipient refuses for good: real database, real dispatcher, real receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.outbox import Attempt, Outcome
from emon.alerts.recipients import Recipients, load_recipients
from emon.model.breach import Alert
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.alerts.servers import talking
from tests.store.made import NOON_US, alert, breach
from tests.store.test_outbox import attempt, ids, write

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1wb2xpY2UtMTIzNDU2Nzg5MA=="
ASIDE = Attempt(1, Outcome.REFUSED, 422, "422", NOON_US, NOON_US + 5, NOON_US + 60 * SECOND_US, None, True)


class Choosy:
    """Takes every message but one; answers that one with ``status``, and says who took the others."""

    def __init__(self, refused: str, status: str) -> None:
        self.refused = refused
        self.status = status
        self.came: list[str] = []
        self.changed = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            await reader.readexactly(int(headers["content-length"]))
            name = headers["webhook-id"].partition(":")[0]
            self.came.append(name)
            said = b'{"acknowledged_by": "A. de Vries"}'
            status = self.status if name == self.refused else "200 OK"
            writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(said)}\r\n\r\n".encode() + said)
            await writer.drain()
            self.changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self.changed.clear()
            await self.changed.wait()


def told_of(names: list[str], breach_id: str = "b-1") -> list[Alert]:
    """Alerts of one breach, in their order; the last tells its end."""
    now_us = clock.now_us()
    return [
        alert(
            name,
            now_us + place,
            received_at_us=now_us,
            recipients=(Party.POLITIE,),
            breach=breach_id,
            priority=4 if place else 1,
            event=AlertEvent.BREACH_CLEARED if place == len(names) - 1 else AlertEvent.BREACH,
        )
        for place, name in enumerate(names)
    ]


@asynccontextmanager
async def sending(store: Store, receiver: Choosy, tmp_path: Path) -> AsyncIterator[Recipients]:
    async with talking(receiver) as port:
        route = {"channel": "webhook", "url": f"http://127.0.0.1:{port}/in", "secret_env": "S"}
        config = json.dumps({"recipients": {"meldkamer_em": route, "politie": route}}).encode()
        recipients = load_recipients(config, environ={"S": SECRET}, folder=tmp_path)
        async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
            dispatcher = Dispatcher(store, channels, clock.now_us)
            running = asyncio.create_task(dispatcher.run())
            yield recipients
            dispatcher.stop()
            await running


async def raise_all(store: Store, alerts: list[Alert]) -> None:
    deliveries = [NewDelivery(one.id, "politie", "webhook") for one in alerts]
    async with store.batch() as tx:
        rows = Effects(clock.now_us(), breaches=(breach("b-1", clock.now_us()),), alerts=tuple(alerts))
        await tx.write(rows, deliveries)


async def test_later_ones_of_the_breach_pass_it_in_their_order_and_it_is_tried_on(
    claimed_store: Store, tmp_path: Path
) -> None:
    names = ["a-1", "a-2", "a-3"]
    receiver = Choosy("a-1", "422 Unprocessable Content")
    await raise_all(claimed_store, told_of(names))
    async with sending(claimed_store, receiver, tmp_path):
        await receiver.until(lambda: {"a-2", "a-3"} <= set(receiver.came))
        assert receiver.came[0] == "a-1"
        assert [name for name in receiver.came if name != "a-1"] == ["a-2", "a-3"]
        await receiver.until(lambda: receiver.came.count("a-1") >= 2)
        receiver.refused = ""
        await receiver.until(lambda: receiver.came.count("a-1") >= 3)
    (shown,) = (await claimed_store.alerts_by_id(["a-1"]))[0].deliveries
    assert shown.set_aside_at_us is not None
    assert shown.state == "delivered", "only a person ends an alert: it was tried until it was taken"


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found", "410 Gone", "500 Oops", "301 Moved"])
async def test_what_is_no_word_on_the_message_lets_nothing_pass(
    claimed_store: Store, tmp_path: Path, status: str
) -> None:
    receiver = Choosy("a-1", status)
    await raise_all(claimed_store, told_of(["a-1", "a-2"]))
    async with sending(claimed_store, receiver, tmp_path):
        await receiver.until(lambda: receiver.came.count("a-1") >= 2)
        assert set(receiver.came) == {"a-1"}
    (shown,) = (await claimed_store.alerts_by_id(["a-1"]))[0].deliveries
    assert shown.set_aside_at_us is None


async def test_an_answer_that_names_a_person_is_on_file_as_an_acknowledgement(
    claimed_store: Store, tmp_path: Path
) -> None:
    receiver = Choosy("", "")
    await raise_all(claimed_store, told_of(["a-1"]))
    async with sending(claimed_store, receiver, tmp_path):
        await receiver.until(lambda: receiver.came == ["a-1"])
    (shown,) = await claimed_store.alerts_by_id(["a-1"])
    assert [(one.party, one.person, one.via) for one in shown.acknowledgements] == [
        ("politie", "A. de Vries", "answer")
    ]


async def two_of_a_breach(store: Store) -> None:
    deliveries = [NewDelivery(name, "politie", "webhook") for name in ("a-1", "a-2", "a-3")]
    rows = [alert(name, NOON_US, breach="b-1", priority=4) for name in ("a-1", "a-2", "a-3")]
    await write(store, *deliveries, breaches=(breach("b-1", NOON_US),), alerts=tuple(rows))


async def test_the_outbox_gives_out_the_next_once_the_refusal_is_on_file(any_store: Store) -> None:
    await two_of_a_breach(any_store)
    assert ids(await any_store.claim_due(NOON_US, 9)) == ["a-1:politie"]
    assert await any_store.record_attempts([("a-1:politie", ASIDE)]), "something behind it is due now"
    assert ids(await any_store.claim_due(NOON_US, 9)) == ["a-2:politie"]
    assert ids(await any_store.claim_due(NOON_US + 60 * SECOND_US, 9)) == ["a-1:politie", "a-2:politie"]
    failed = attempt(1, Outcome.FAILED, NOON_US + 90 * SECOND_US)
    await any_store.record_attempts([("a-2:politie", failed)])
    assert ids(await any_store.claim_due(NOON_US + 60 * SECOND_US, 9)) == ["a-1:politie"], (
        "the rest keep order"
    )


async def test_news_does_not_knock_again_for_what_stands_aside(claimed_store: Store) -> None:
    await two_of_a_breach(claimed_store)
    await claimed_store.record_attempts([("a-1:politie", ASIDE)])
    urgent = alert("a-4", NOON_US, breach="b-1", priority=1)
    await write(claimed_store, NewDelivery("a-4", "politie", "webhook"), alerts=(urgent,))
    (due,) = await claimed_store.claim_due(NOON_US, 9)
    assert (due.id, due.lane) == ("a-2:politie", 1)


async def test_a_recipient_that_took_others_since_is_not_down(claimed_store: Store) -> None:
    await two_of_a_breach(claimed_store)
    await claimed_store.record_attempts([("a-1:politie", ASIDE)])
    assert await claimed_store.recipients_failing() == {"politie": NOON_US}, "so far it takes nothing"
    await claimed_store.record_attempts([("a-2:politie", attempt(1, Outcome.DELIVERED, None))])
    assert await claimed_store.recipients_failing() == {}


async def test_what_a_refused_one_tells_beside_its_own_alert_holds_nothing_up(claimed_store: Store) -> None:
    breaches = tuple(breach(f"b-{n}", NOON_US + n) for n in range(3))
    rows = tuple(
        alert(f"a-{n}", NOON_US + n, breach=f"b-{n}", order="o-1", condition="c-1", priority=3)
        for n in range(3)
    )
    later = alert("z-0", NOON_US + 9, breach="b-0", priority=3)
    names = ("a-0", "a-1", "a-2", "z-0")
    told = [NewDelivery(name, "politie", "webhook") for name in names]
    await write(claimed_store, *told, breaches=breaches, alerts=(*rows, later))
    assert await claimed_store.join("a-2:politie", ())
    assert ids(await claimed_store.claim_due(NOON_US + SECOND_US, 9)) == ["a-2:politie"]
    await claimed_store.record_attempts([("a-2:politie", ASIDE)])
    assert ids(await claimed_store.claim_due(NOON_US + SECOND_US, 9)) == ["z-0:politie"]
    taken = attempt(2, Outcome.DELIVERED, None)
    await claimed_store.record_attempts([("a-2:politie", taken)])
    for shown in await claimed_store.alerts_by_id(["a-0", "a-1", "a-2"]):
        assert [one.state for one in shown.deliveries] == ["delivered"]
