"""Commands on their way from the database through a broker to a device: at least once, in order, in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from emon import command_sender
from emon.command_sender import CommandSender
from emon.ingest.commands import payload_of
from emon.ingest.source import SourceUnavailable
from emon.model.command import Asks, Command
from emon.model.effects import Effects
from emon.model.instant import MINUTE_US, parse_instant
from emon.store.commands import Waiting
from emon.store.store import Store
from tests.fixtures_brokers import Broker
from tests.fixtures_sources import SourceType
from tests.simulator.listening import Heard, listening

NOON_US = parse_instant("2026-11-25T12:00:00Z")
PATIENCE_S = 120


def command(name: str, device: str = "d-1", *, until_us: int = NOON_US + 3 * MINUTE_US) -> Command:
    return Command(name, device, Asks.FIX, NOON_US, until_us, "probable breach")


async def commit(store: Store, *commands: Command) -> None:
    at_us = (await store.last_received_at_us() or NOON_US) + 1
    async with store.batch() as transaction:
        await transaction.write(Effects(at_us, commands=commands), ())


def on_file(store: Store) -> list[tuple[Any, ...]]:
    with psycopg.connect(store.url) as conn:
        query = b"SELECT id, state, sent_at IS NOT NULL FROM command ORDER BY command_seq"
        return conn.execute(query).fetchall()


@asynccontextmanager
async def device(broker: Broker, name: str) -> AsyncIterator[Heard]:
    async with listening(broker.url(name), [f"emon/v1/{name}/cmd"], name) as heard:
        yield heard


def ids(payloads: list[bytes]) -> list[str]:
    return [json.loads(payload)["id"] for payload in payloads]


async def test_a_device_gets_its_own_commands_in_order_and_nothing_of_why(
    broker: Broker, claimed_store: Store, source_type: SourceType
) -> None:
    await commit(claimed_store, command("c-1"), command("c-2"), command("c-3", "d-2"))
    await commit(claimed_store, command("c-4"))
    async with (
        device(broker, "d-1") as one,
        device(broker, "d-2") as other,
        source_type(broker.service_url, give_up_s=PATIENCE_S) as source,
    ):
        sender = CommandSender(claimed_store, source, lambda: NOON_US)
        while await sender.send_round():
            pass
        await one.until(lambda messages: len(messages) == 3)
        await other.until(lambda messages: len(messages) == 1)
    assert ids(one.of("emon/v1/d-1/cmd")) == ["c-1", "c-2", "c-4"]
    assert other.of("emon/v1/d-2/cmd") == [payload_of(command("c-3", "d-2"))]
    assert b"breach" not in b"".join(one.of("emon/v1/d-1/cmd"))
    assert [row[1:] for row in on_file(claimed_store)] == [("sent", True)] * 4
    assert (sender.status.sent, sender.status.expired) == (4, 0)


async def test_what_comes_too_late_is_marked_and_never_sent(
    broker: Broker, claimed_store: Store, source_type: SourceType
) -> None:
    await commit(claimed_store, command("old", until_us=NOON_US - 1), command("new"))
    async with device(broker, "d-1") as one, source_type(broker.service_url, give_up_s=PATIENCE_S) as source:
        sender = CommandSender(claimed_store, source, lambda: NOON_US)
        while await sender.send_round():
            pass
        await one.until(lambda messages: len(messages) == 1)
    assert ids(one.of("emon/v1/d-1/cmd")) == ["new"]
    assert on_file(claimed_store) == [("old", "expired", False), ("new", "sent", True)]


async def test_without_a_broker_a_command_waits_and_leaves_under_the_same_id(
    broker: Broker, claimed_store: Store, source_type: SourceType
) -> None:
    await commit(claimed_store, command("c-1"))
    async with source_type(broker.service_url, give_up_s=PATIENCE_S) as source:
        sender = CommandSender(claimed_store, source, lambda: NOON_US)
        await broker.kill()
        with pytest.raises(SourceUnavailable):
            await sender.send_round()
        assert on_file(claimed_store) == [("c-1", "waiting", False)]
    await broker.start()
    async with device(broker, "d-1") as one, source_type(broker.service_url, give_up_s=PATIENCE_S) as source:
        sender = CommandSender(claimed_store, source, lambda: NOON_US)
        await sender.send_round()
        await one.until(lambda messages: len(messages) == 1)
    assert ids(one.of("emon/v1/d-1/cmd")) == ["c-1"]
    assert on_file(claimed_store) == [("c-1", "sent", True)]


async def test_a_crash_before_the_record_repeats_the_command_with_its_id(
    broker: Broker, claimed_store: Store, source_type: SourceType
) -> None:
    await commit(claimed_store, command("c-1"))

    class Crashing:
        """The store of a process that dies between the broker's acknowledgement and its record."""

        waiting_commands = claimed_store.waiting_commands

        async def command_sent(self, command_id: str, sent_at_us: int) -> None:
            raise SystemError("killed")

    async with device(broker, "d-1") as one, source_type(broker.service_url, give_up_s=PATIENCE_S) as source:
        with pytest.raises(SystemError, match="killed"):
            await CommandSender(Crashing(), source, lambda: NOON_US).send_round()
        await CommandSender(claimed_store, source, lambda: NOON_US).send_round()
        await one.until(lambda messages: len(messages) == 2)
    assert one.of("emon/v1/d-1/cmd") == [payload_of(command("c-1"))] * 2


async def test_what_is_committed_while_another_is_recorded_leaves_without_waiting_for_the_poll(
    broker: Broker, claimed_store: Store, source_type: SourceType, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever waited for the poll would not come in time, on a busy machine either.
    monkeypatch.setattr(command_sender, "OUTBOX_POLL_S", 10 * PATIENCE_S)
    await commit(claimed_store, command("c-1"), command("c-2"))
    looks: list[Waiting] = []

    class Busy:
        """The store of a service whose engine commits a command between the look and its record."""

        async def waiting_commands(self, now_us: int, limit: int) -> Waiting:
            looks.append(await claimed_store.waiting_commands(now_us, limit))
            return looks[-1]

        async def command_sent(self, command_id: str, sent_at_us: int) -> None:
            if command_id == "c-2":
                await commit(claimed_store, command("c-3"))
                sender.wake()
            await claimed_store.command_sent(command_id, sent_at_us)
            if command_id == "c-3":
                sender.stop()

    async with device(broker, "d-1") as one, source_type(broker.service_url, give_up_s=PATIENCE_S) as source:
        sender = CommandSender(Busy(), source, lambda: NOON_US)
        async with asyncio.timeout(PATIENCE_S):
            await sender.run()
        await one.until(lambda messages: len(messages) == 3)
    assert ids(one.of("emon/v1/d-1/cmd")) == ["c-1", "c-2", "c-3"]
    # One look for each command, and none that finds nothing.
    assert [[found.id for found in look.commands] for look in looks] == [["c-1"], ["c-2"], ["c-3"]]
    assert [look.more for look in looks] == [True, False, False]
