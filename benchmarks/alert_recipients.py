"""Recipients that cost nearly nothing: they answer 204 and count what came, and how often.

    python -m benchmarks.alert_recipients 3      prints three ports, and its counts when its input ends

What a dispatcher reaches against them is its own limit. Signatures are not verified here; tests do that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from emon.model.vocabulary import Party

PARTIES = (Party.MELDKAMER_EM, Party.POLITIE, Party.RECLASSERING)
_ROOT = Path(__file__).resolve().parents[1]
_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@asynccontextmanager
async def recipients_running() -> AsyncIterator[tuple[dict[str, Any], Process]]:
    """One for each of ``PARTIES``: how they are reached, as a policy file says it, and their process."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.alert_recipients", str(len(PARTIES))),
        cwd=_ROOT, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        ports = dict(zip(PARTIES, (await server.stdout.readline()).split(), strict=True))
        yield {"recipients": {party: _entry(int(port)) for party, port in ports.items()}}, server
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


def _entry(port: int) -> dict[str, str]:
    return {"channel": "webhook", "url": f"http://127.0.0.1:{port}/", "secret": _SECRET}


async def counts_of(server: Process) -> list[dict[str, int]]:
    """Ends them; of each how many ``messages`` came, and how many of them were ``repeats``."""
    out, _ = await server.communicate(b"")
    found: list[dict[str, int]] = json.loads(out)
    return found


class _Recipient(asyncio.Protocol):
    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
            whole = end + 4 + int(headers["content-length"])
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._counts[headers["webhook-id"]] += 1
            assert self._transport is not None
            self._transport.write(_ANSWER)


async def _main(recipients: int) -> None:
    loop = asyncio.get_running_loop()
    counts: list[Counter[str]] = [Counter() for _ in range(recipients)]
    servers = [
        await loop.create_server(lambda one=one: _Recipient(one), "127.0.0.1", 0, backlog=256)  # type: ignore[misc]
        for one in counts
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps([{"messages": len(one), "repeats": one.total() - len(one)} for one in counts]))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
