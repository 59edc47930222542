"""A subscriber that keeps what a broker delivers, and wakes whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiomqtt

from emon.ingest.sources.mqtt_url import BrokerAddress

PATIENCE_S = 120.0
_TOPICS = (
    "emon/v1/+/fix",
    "emon/v1/+/fixb",
    "emon/v1/+/event",
    "emon/v1/+/status",
    "emon/v1/+/cmd/reply",
    "owntracks/+/+",
)


class Heard:
    """Messages in the order of their arrival: (topic, payload)."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.messages: list[tuple[str, bytes]] = []
        self._more = asyncio.Condition()

    async def add(self, topic: str, payload: bytes) -> None:
        async with self._more:
            self.messages.append((topic, payload))
            self._more.notify_all()

    async def until(self, done: Callable[[list[tuple[str, bytes]]], bool]) -> list[tuple[str, bytes]]:
        """Wait until the messages satisfy a condition; raises ``TimeoutError`` after ``PATIENCE_S``."""
        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(lambda: done(self.messages))
        return self.messages

    def of(self, topic: str) -> list[bytes]:
        return [payload for name, payload in self.messages if name == topic]


@asynccontextmanager
async def listening(
    url: str, topics: Sequence[str] = _TOPICS, client_id: str = "listener"
) -> AsyncIterator[Heard]:
    """Everything under emon/v1 and owntracks, heard as the service would, or other topics."""
    where = BrokerAddress.parse(url)
    client = aiomqtt.Client(
        where.host,
        where.port,
        username=where.user,
        password=where.password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=PATIENCE_S,
    )
    heard = Heard(client)

    async def listen() -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            await heard.add(message.topic.value, message.payload)

    async with client:
        for topic in topics:
            await client.subscribe(topic, qos=1)
        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
