"""Announcements of the database, also over a lost connection, and patience at the start."""

from __future__ import annotations

import asyncio
import logging
import socket

import psycopg
import pytest

from emon.demo.ports import HeldPort
from emon.store.errors import DatabaseUnavailable
from emon.store.store import Store
from tests.store.made import NOON_US, alert, effects_of
from tests.store.test_claim import cut

PATIENCE_S = 120


async def test_alerts_are_announced_when_they_are_committed(claimed_store: Store) -> None:
    announced = claimed_store.listen("emon_alert")
    assert await anext(announced) == ""
    waiting = asyncio.ensure_future(anext(announced))
    async with claimed_store.batch() as tx:
        await tx.write(effects_of(NOON_US, alerts=(alert("a-1", NOON_US),)), ())
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
    async with asyncio.timeout(PATIENCE_S):
        assert await waiting == str(NOON_US)
    await announced.aclose()


async def test_a_lost_connection_is_made_again_and_says_so(store: Store) -> None:
    announced = store.listen("emon_feed")
    assert await anext(announced) == ""
    waiting = asyncio.ensure_future(anext(announced))
    await asyncio.sleep(0)
    assert cut(store, "listen emon_feed") == 1
    async with asyncio.timeout(PATIENCE_S):
        assert await waiting == "", "the sign to look for yourself"
    waiting = asyncio.ensure_future(anext(announced))
    with psycopg.connect(store.url) as conn:
        conn.execute("SELECT pg_notify('emon_feed', 'seen')")
    async with asyncio.timeout(PATIENCE_S):
        assert await waiting == "seen"
    await announced.aclose()


async def test_open_tries_again_with_growing_pauses_and_gives_up_in_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as reserved:  # bound, not listening: refused at once
        reserved.bind(("127.0.0.1", 0))
        url = f"postgresql://emon@127.0.0.1:{reserved.getsockname()[1]}/emon"
        with caplog.at_level(logging.WARNING, "emon.store"), pytest.raises(DatabaseUnavailable):
            await Store.open(url, give_up_s=2.7)
    pauses = [float(str(record.args[0])) for record in caplog.records if isinstance(record.args, tuple)]
    # Each twice the one before; the last is what was left, which trying took a part of.
    *grown, last = pauses
    assert grown == [0.5, 1.0][: len(grown)]
    assert 0 < last <= 2.7 - sum(grown)
    assert "EMON_DATABASE_URL" in caplog.text


async def test_open_waits_for_a_server_that_comes(database: str) -> None:
    """A relay stands in for the server's port, closed at first and opened under way."""
    host, _, rest = database.partition("@")[2].partition(":")
    port, _, name = rest.partition("/")
    held = HeldPort()
    relays: list[asyncio.Task[None]] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        relays.append(asyncio.create_task(_pump(reader, far_writer)))
        relays.append(asyncio.create_task(_pump(far_reader, writer)))

    opening = asyncio.ensure_future(
        Store.open(database.replace(f":{port}/", f":{held.number}/"), give_up_s=PATIENCE_S)
    )
    await asyncio.sleep(0)
    async with await asyncio.start_server(relay, "127.0.0.1", held.number):
        store = await opening
        assert await store.last_received_at_us() is None
        await store.close()
        await asyncio.gather(*relays)
    assert name.startswith("test_")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()
    await writer.wait_closed()
