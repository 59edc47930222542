"""Rival: gmqtt and COPY, the quickest pipeline of public parts that keeps what it acknowledges.

The good way: MQTT 5 with ``optimistic_acknowledgement`` off, so that gmqtt's PUBACK leaves when the
message's handler has ended, and a handler that ends with its transaction; a persistent session; all that is
there in one binary COPY with the types set, so that psycopg guesses nothing. What came before (a key that
stands) makes that COPY fail, and the rows go in once more through a table beside it and ON CONFLICT.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import gmqtt
import psycopg

from benchmarks.pipelines.rival import BATCH_MAX, COLUMNS, TOPIC, TYPES, WINDOW, Row, given, is_up, rows_of

_Waiting = tuple[str, bytes, asyncio.Future[None]]
_Connection = psycopg.AsyncConnection[tuple[object, ...]]
_ASIDE = "CREATE TEMP TABLE aside (LIKE fix) ON COMMIT DELETE ROWS"
_SUCCESS = 0  # the reason code of the PUBACK


class Pipeline:
    """The handler puts a message into the line and waits; the writer ends its wait after the commit."""

    def __init__(self, conn: _Connection) -> None:
        self._conn = conn
        self._line: list[_Waiting] = []
        self._came = asyncio.Event()

    async def on_message(self, _client: object, topic: str, payload: bytes, _qos: int, _told: object) -> int:
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((topic, payload, committed))
        self._came.set()
        await committed
        return _SUCCESS

    async def write(self) -> None:
        while True:
            await self._came.wait()
            taken, self._line = self._line[:BATCH_MAX], self._line[BATCH_MAX:]
            if not self._line:
                self._came.clear()
            now = datetime.now(UTC)
            rows = [row for topic, payload, _ in taken for row in rows_of(topic, payload, now)]
            try:
                async with self._conn.transaction():
                    await self._copy("fix", rows)
            except psycopg.errors.UniqueViolation:
                async with self._conn.transaction():
                    await self._copy("aside", rows)
                    await self._conn.execute("INSERT INTO fix SELECT * FROM aside ON CONFLICT DO NOTHING")
            for _, _, committed in taken:
                committed.set_result(None)

    async def _copy(self, table: str, rows: list[Row]) -> None:
        statement = f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
        async with self._conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types(TYPES)
            for row in rows:
                await copy.write_row(row)


async def _main() -> None:
    to = given()
    async with await psycopg.AsyncConnection.connect(to.database, autocommit=True) as conn:
        await conn.execute(_ASIDE)
        pipeline = Pipeline(conn)
        client = gmqtt.Client(
            to.user,
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=3_600,
            receive_maximum=WINDOW,
        )
        client.set_auth_credentials(to.user, to.password)
        client.on_message = pipeline.on_message
        subscribed = asyncio.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        await client.connect(to.host, to.port, version=gmqtt.constants.MQTTv50)
        client.subscribe(TOPIC, qos=1)
        await subscribed.wait()
        is_up()
        await pipeline.write()


if __name__ == "__main__":
    asyncio.run(_main())
