"""Many incidents open at once: their updates take no alert's place, cost few looks, and are never stale."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from emon import clock
from emon.alerts.channels import SendResult
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.outbox import DueDelivery, Outcome
from emon.alerts.recipients import Recipients, load_recipients
from emon.incidents import Incidents
from emon.limits import INCIDENT_UPDATES_AT_ONCE_MAX, INCIDENT_UPDATES_CLAIMED_MAX
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Party
from emon.store.store import Store
from emon.update_sender import UpdateSender
from tests.alerts.servers import http, talking
from tests.alerts.storms import SECRET, alert_of, write
from tests.store.made import breach, fix

_TOLD = "UPDATE delivery SET state = 'delivered', delivered_at = now(), next_attempt_at = NULL"


class Holding:
    """A receiver that answers alerts at once, and updates when ``released``."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.released = asyncio.Event()
        self.held = 0
        self.came = asyncio.Event()
        """Set by each request; whoever waits for one clears it."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body: dict[str, Any] = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.ids.append(headers["webhook-id"])
            is_update = body["type"] == "incident_update"
            self.held += is_update
            self.came.set()
            if is_update:
                await self.released.wait()
                self.held -= 1
            writer.write(http("204 No Content"))
            await writer.drain()

    async def until(self, held: int = 0, message: str = "") -> None:
        """So many updates are unanswered, and that message has come."""
        async with asyncio.timeout(120):
            while self.held < held or (message and message not in self.ids):
                await self.came.wait()
                self.came.clear()


class Counting:
    """The updates' outbox, with the number of looks into it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.looks = 0
        self.record_update_attempts = store.record_update_attempts
        self.release_updates = store.release_updates

    async def updates_due(
        self, now_us: int, limit: int, in_flight: Collection[tuple[str, str]] = ()
    ) -> list[DueDelivery]:
        self.looks += 1
        return await self._store.updates_due(now_us, limit, in_flight)


class Town:
    """So many wearers in breach, each of whom the centre was told of, and their newest positions."""

    def __init__(self, store: Store, recipients: Recipients, channels: Any) -> None:
        self.store = store
        self.recipients = recipients
        self.channels = channels
        self.now_us = clock.now_us()
        self.incidents = Incidents(store, now_us=lambda: self.now_us, on_said=lambda: None)
        self._seq = 0

    async def begin(self, count: int) -> None:
        alerts = [alert_of(f"a-{n:03}", 1, Party.MELDKAMER_EM) for n in range(count)]
        await write(self.store, self.recipients, *alerts, breach_of=lambda alert: f"b-{alert.id[2:]}")
        self._rows = [breach(f"b-{n:03}", self.now_us, device=f"d-{n}") for n in range(count)]
        await self.move()
        async with await psycopg.AsyncConnection.connect(self.store.url) as conn:
            await conn.execute(_TOLD)

    async def move(self) -> None:
        """20 s later all have a newer fix, and it is to be told."""
        self.now_us = max(self.now_us, clock.now_us()) + 20 * SECOND_US
        self._seq += 1
        fixes = tuple(fix(row.device, self._seq, self.now_us - 1) for row in self._rows)
        async with self.store.batch() as tx:
            await tx.write(Effects(at_us=self.now_us, fixes=fixes, breaches=tuple(self._rows)), ())
        await self.incidents.step()

    async def alert(self, name: str) -> None:
        alert = alert_of(name, 1, Party.MELDKAMER_EM)
        async with self.store.batch() as tx:
            effects = Effects(at_us=self.now_us + 1, alerts=(alert,))
            await tx.write(effects, self.recipients.deliveries(alert))


@asynccontextmanager
async def town(store: Store, receiver: Holding, count: int) -> AsyncIterator[Town]:
    async with talking(receiver) as port:
        hook = {"channel": "webhook", "url": f"http://127.0.0.1:{port}/alerts", "secret": SECRET}
        recipients = load_recipients(json.dumps({"recipients": {"meldkamer_em": hook}}).encode())
        async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
            made = Town(store, recipients, channels)
            await made.begin(count)
            await made.incidents.step()
            yield made


async def test_a_new_alert_goes_past_updates_that_hang(store: Store) -> None:
    receiver = Holding()
    async with town(store, receiver, 12) as made:
        sending = asyncio.create_task(UpdateSender(store, made.channels, lambda: made.now_us).drain())
        await receiver.until(held=INCIDENT_UPDATES_AT_ONCE_MAX)
        dispatcher = Dispatcher(store, made.channels, lambda: made.now_us + 1)
        telling = asyncio.create_task(dispatcher.run())
        await made.alert("new")
        dispatcher.wake()
        await receiver.until(message="new:meldkamer_em")
        assert receiver.held == INCIDENT_UPDATES_AT_ONCE_MAX, "and no update has had its answer"
        dispatcher.stop()
        receiver.released.set()
        await asyncio.gather(telling, sending)


async def test_a_look_takes_many_and_none_is_told_twice(store: Store) -> None:
    receiver, outbox = Holding(), Counting(store)
    receiver.released.set()
    count = 2 * INCIDENT_UPDATES_CLAIMED_MAX + 1
    async with town(store, receiver, count) as made:
        sent = await UpdateSender(outbox, made.channels, lambda: made.now_us).drain()
    assert sorted(receiver.ids) == [f"b-{n:03}:u1:meldkamer_em" for n in range(count)]
    assert sent == count
    assert outbox.looks <= 4, "three that find something, and one that finds nothing"


async def test_what_has_waited_in_memory_is_read_anew_before_it_is_sent(store: Store) -> None:
    receiver, count = Holding(), INCIDENT_UPDATES_AT_ONCE_MAX + 2
    async with town(store, receiver, count) as made:
        sending = asyncio.create_task(UpdateSender(store, made.channels, lambda: made.now_us).drain())
        await receiver.until(held=INCIDENT_UPDATES_AT_ONCE_MAX)
        await made.move()
        receiver.released.set()
        await sending
    firsts = sorted(one for one in receiver.ids if ":u1:" in one)
    assert firsts == [f"b-{n:03}:u1:meldkamer_em" for n in range(INCIDENT_UPDATES_AT_ONCE_MAX)]
    assert sorted(set(receiver.ids) - set(firsts)) == [f"b-{n:03}:u2:meldkamer_em" for n in range(count)]
    assert len(receiver.ids) == len(firsts) + count


class Deaf:
    """A channel whose library loses the cancellation of an attempt and answers all the same, as may happen
    where both come in one turn of the loop."""

    def __init__(self) -> None:
        self.begun = 0
        self.came = asyncio.Event()

    async def close(self) -> None:
        """It holds nothing."""

    async def send(self, delivery: DueDelivery) -> SendResult:
        self.begun += 1
        self.came.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return SendResult(Outcome.DELIVERED, 204, "")
        raise AssertionError("nobody sets it")


async def test_the_sender_ends_though_an_attempt_outlives_its_cancellation(store: Store) -> None:
    deaf = Deaf()
    async with town(store, Holding(), INCIDENT_UPDATES_AT_ONCE_MAX + 2) as made:
        sender = UpdateSender(store, {"meldkamer_em": deaf}, lambda: made.now_us)
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(120):
            while deaf.begun < INCIDENT_UPDATES_AT_ONCE_MAX:
                deaf.came.clear()
                await deaf.came.wait()
            running.cancel()
            await asyncio.wait((running,))
    assert running.cancelled()
    assert deaf.begun == INCIDENT_UPDATES_AT_ONCE_MAX, "and none is begun at the end"
