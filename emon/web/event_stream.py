"""An HTTP answer of server-sent events that lets go of a reader who takes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emon.limits import LIVE_SEND_TIMEOUT_S

BEAT_MARK = b"event: beat\n"


class EventStream(Response):
    """Sends frames until they end, the reader leaves, or ``may_go_on`` says no at a heartbeat."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], may_go_on: Callable[[], Awaitable[bool]]) -> None:
        super().__init__(status_code=200)
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-store"
        self.headers["x-accel-buffering"] = "no"  # a proxy that gathers would delay alerts
        self._frames = frames
        self._may_go_on = may_go_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async with contextlib.aclosing(self._frames) as frames:
                async for frame in frames:
                    if frame.startswith(BEAT_MARK) and not await self._may_go_on():
                        break
                    async with asyncio.timeout(LIVE_SEND_TIMEOUT_S):
                        await send({"type": "http.response.body", "body": frame, "more_body": True})
        except (TimeoutError, OSError):
            return  # nobody reads: the connection is closed, and whoever comes back resumes
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
