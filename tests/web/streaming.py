"""Reading server-sent events as a browser does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

WAIT_S = 120.0


@dataclass
class Event:
    kind: str
    id: str | None
    data: Any


class Stream:
    """The events of one connection, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()
        self.last_id: str | None = None

    async def next(self) -> Event | None:
        """The next event; None when the server has ended the stream."""
        members: dict[str, str] = {}
        async for line in self._lines:
            if line == "" and "data" in members:
                self.last_id = members.get("id", self.last_id)
                return Event(members.get("event", "message"), members.get("id"), json.loads(members["data"]))
            if line == "":
                members = {}
            name, _, value = line.partition(":")
            members[name] = value.removeprefix(" ")
        return None

    async def until(self, kind: str, **members: Any) -> Event:
        """The next event of a kind whose data holds the members; others are passed over."""
        async with asyncio.timeout(WAIT_S):
            while (event := await self.next()) is not None:
                fits = isinstance(event.data, dict) and members.items() <= event.data.items()
                if event.kind == kind and (fits or not members):
                    return event
        raise AssertionError(f"the stream ended before {kind} {members}")

    async def end(self) -> list[Event]:
        """Everything up to the end of the stream."""
        found = []
        async with asyncio.timeout(WAIT_S):
            while (event := await self.next()) is not None:
                found.append(event)
        return found


@asynccontextmanager
async def follow(client: httpx.AsyncClient, after: str, *, by_header: bool = False) -> AsyncIterator[Stream]:
    """A stream from a cursor on, asked for as a page does first, or as a browser does again."""
    headers = {"last-event-id": after} if by_header else {}
    params = {} if by_header else {"after": after}
    async with client.stream("GET", "/api/v1/live", params=params, headers=headers, timeout=WAIT_S) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


async def positions_of(stream: Stream, device: str) -> AsyncIterator[dict[str, Any]]:
    """Positions of one device as they come."""
    while True:
        event = await stream.until("positions")
        for position in event.data:
            if position["device"] == device:
                yield position
