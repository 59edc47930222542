"""Rival: aiomqtt, an asyncio.Queue and executemany, as most services of this kind are written.

The good way: a persistent session (clean start off, a fixed client id, the session kept at the broker), a
bounded queue that makes the reader wait, a writer that takes all that is there in one transaction,
executemany in psycopg 3's pipeline mode, ON CONFLICT for what comes again, msgspec for the JSON.
What it cannot do well: aiomqtt 2 acknowledges when a message enters its queue in memory, and offers no other.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiomqtt
import psycopg
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from benchmarks.pipelines.rival import BATCH_MAX, COLUMNS, TOPIC, WINDOW, Row, given, is_up, rows_of

_QUEUE_MAX = 10_000
_PLACES = ", ".join(["%s"] * len(COLUMNS.split(",")))
_INSERT = f"INSERT INTO fix ({COLUMNS}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"


async def _read(client: aiomqtt.Client, queue: asyncio.Queue[aiomqtt.Message]) -> None:
    async for message in client.messages:
        await queue.put(message)


async def _write(
    conn: psycopg.AsyncConnection[tuple[object, ...]], queue: asyncio.Queue[aiomqtt.Message]
) -> None:
    while True:
        messages = [await queue.get()]
        while len(messages) < BATCH_MAX and not queue.empty():
            messages.append(queue.get_nowait())
        now = datetime.now(UTC)
        rows: list[Row] = []
        for message in messages:
            assert isinstance(message.payload, bytes)
            rows.extend(rows_of(str(message.topic), message.payload, now))
        async with conn.transaction(), conn.cursor() as cursor:
            await cursor.executemany(_INSERT.encode(), rows)


async def _main() -> None:
    to = given()
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3_600
    properties.ReceiveMaximum = WINDOW
    queue: asyncio.Queue[aiomqtt.Message] = asyncio.Queue(_QUEUE_MAX)
    async with (
        await psycopg.AsyncConnection.connect(to.database, autocommit=True) as conn,
        aiomqtt.Client(
            to.host,
            to.port,
            username=to.user,
            password=to.password,
            identifier=to.user,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
        ) as client,
    ):
        await client.subscribe(TOPIC, qos=1)
        is_up()
        await asyncio.gather(_read(client, queue), _write(conn, queue))


if __name__ == "__main__":
    asyncio.run(_main())
