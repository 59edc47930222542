"""Database, dispatcher and recipients together: kill -9 between sending and recording, and a storm."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

import psycopg
import pytest

from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher, DispatcherLimits
from emon.alerts.outbox import Attempt, DueDelivery, Outcome
from emon.alerts.recipients import Recipients, load_recipients
from emon.demo.receiver_ledger import read_lines
from emon.demo.receivers_supervisor import PARTIES, Receivers
from emon.limits import DELIVERIES_AT_ONCE_MAX, DELIVERIES_URGENT_EXTRA
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store

PATIENT = DispatcherLimits(attempt_timeout_s=120.0)  # a second attempt is no finding on a busy machine
_STORM = 100  # more than a lane claims at once
_KILLED_BEFORE_RECORDING = """
import asyncio, os, pathlib, signal, sys
from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.recipients import load_recipients
from emon.store.store import Store

class Killed(Store):
    async def record_attempts(self, attempts):
        os.kill(os.getpid(), signal.SIGKILL)

async def main(url, config):
    store = await Killed.open(url)
    recipients = load_recipients(pathlib.Path(config))
    async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
        await Dispatcher(store, channels, clock.now_us).run()

asyncio.run(main(*sys.argv[1:]))
"""


def alert(name: str, priority: int, *parties: Party) -> Alert:
    now_us = clock.now_us()
    return Alert(name, AlertEvent.BREACH, priority, now_us, parties, now_us, received_at_us=now_us)


async def write(store: Store, recipients: Recipients, *alerts: Alert) -> None:
    await store.claim_engine()
    deliveries = [delivery for raised in alerts for delivery in recipients.deliveries(raised)]
    async with store.batch() as tx:
        await tx.write(Effects(at_us=clock.now_us(), alerts=alerts), deliveries)


class Watched:
    """The store's outbox, and a way to wait until nothing in it waits any more."""

    def __init__(self, store: Store, deliveries: int) -> None:
        self._store = store
        self._left = deliveries
        self.done = asyncio.Event()

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        return await self._store.claim_due(now_us, limit, held)

    async def postpone(self, delivery_id: str, until_us: int) -> bool:
        return await self._store.postpone(delivery_id, until_us)

    async def join(self, delivery_id: str, in_flight: Collection[str]) -> bool:
        return await self._store.join(delivery_id, in_flight)

    async def release(self, recipient: str, now_us: int) -> None:
        await self._store.release(recipient, now_us)

    async def next_due_us(self, after_us: int) -> int | None:
        return await self._store.next_due_us(after_us)

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        freed = await self._store.record_attempts(attempts)
        self._left -= sum(attempt.outcome is Outcome.DELIVERED for _, attempt in attempts)
        if self._left == 0:
            self.done.set()
        return freed


async def deliver(store: Store, recipients: Recipients, deliveries: int) -> None:
    async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
        outbox = Watched(store, deliveries)
        dispatcher = Dispatcher(outbox, channels, clock.now_us, limits=PATIENT)
        sending = asyncio.create_task(dispatcher.run())
        await outbox.done.wait()
        dispatcher.stop()
        await sending


@pytest.fixture
async def receivers(tmp_path: Path) -> AsyncIterator[Receivers]:
    made = Receivers(tmp_path)
    config = await made.start()
    (tmp_path / "recipients.json").write_text(json.dumps(config))
    yield made
    await made.stop()


async def test_kill_9_between_sending_and_recording_repeats_with_the_same_id(
    store: Store, database: str, receivers: Receivers
) -> None:
    config = receivers.folder / "recipients.json"
    recipients = load_recipients(config)
    await write(store, recipients, alert("a1", 1, Party.POLITIE))
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED_BEFORE_RECORDING, database, str(config)
    )
    assert await killed.wait() == -signal.SIGKILL
    assert receivers.counts()["politie"].messages == 1
    (due,) = await store.claim_due(clock.now_us(), 10)
    assert (due.id, due.attempts) == ("a1:politie", 0), "for us it was never sent"

    await deliver(store, recipients, 1)
    kept = receivers.counts()["politie"]
    assert (kept.messages, kept.repeats) == (1, 1)
    assert await store.claim_due(clock.now_us() + 10**12, 10) == []


async def test_a_storm_reaches_everyone_once_and_the_urgent_first(
    store: Store, database: str, receivers: Receivers
) -> None:
    recipients = load_recipients(receivers.folder / "recipients.json")
    parties = tuple(Party(party) for party in PARTIES)
    alerts = [alert(f"{n:04}", 4, *parties) for n in range(_STORM)]
    alerts += [alert(f"urgent{n}", 1, *parties) for n in range(10)]
    await write(store, recipients, *alerts)
    await deliver(store, recipients, len(alerts) * len(parties))
    for party, kept in receivers.counts().items():
        assert (kept.messages, kept.repeats, kept.refused) == (len(alerts), 0, 0), party
        ids = [line["id"] for line in read_lines(receivers.ledger(party)) if line["kind"] == "message"]
        # What leaves at once with the last urgent ones may overtake them on the way.
        last = max(place for place, one in enumerate(ids) if "urgent" in one)
        assert last < 10 + DELIVERIES_AT_ONCE_MAX + DELIVERIES_URGENT_EXTRA
    async with await psycopg.AsyncConnection.connect(database) as conn:
        rows = await conn.execute("SELECT state, count(*), max(attempts) FROM delivery GROUP BY state")
        assert await rows.fetchall() == [("delivered", len(alerts) * len(parties), 1)]
