"""A night and a week of alerts that nobody answers, over a real database and real HTTP recipients.

Time is passed in: the clock stands until everything that is due has been done, then moves to the next
instant at which something is. ``python -m benchmarks.alerts_night`` prints the figures of the week;
``python -m benchmarks.played_night`` plays a night at a pace.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.alerts.recipients import Recipients, load_recipients
from emon.demo.database import EmbeddedDatabase
from emon.escalator import Escalator
from emon.heartbeats import Heartbeats
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.ids import derive_id
from emon.model.instant import DAY_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.migrate import migrate
from emon.store.store import Store
from emon.watchdog.recipients_down import RecipientsWatch

SECRET = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
PARTIES = (Party.POLITIE, Party.RECLASSERING, Party.MELDKAMER_EM)
_OK = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


def tomorrow_us() -> int:
    """An instant that the database's own clock has not reached: alerts count from when they are told."""
    return clock.now_us() + DAY_US


class Clocks:
    """A wall clock that somebody may set, beside one that nobody can."""

    def __init__(self, start_us: int) -> None:
        self.wall_us = start_us
        self.steady_us = 0
        self.moved = asyncio.Event()

    def go(self, by_us: int) -> None:
        self.wall_us += by_us
        self.steady_us += by_us
        self._tell()

    def set_wall(self, by_us: int) -> None:
        self.wall_us += by_us
        self._tell()

    def _tell(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()

    async def wait(self, event: asyncio.Event, until_us: int) -> None:
        """The dispatcher's wait: until the event, or until this clock has reached the instant."""
        while not event.is_set() and self.wall_us < until_us:
            moved = self.moved
            waits = [asyncio.ensure_future(one.wait()) for one in (event, moved)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()


class Recipient:
    """An HTTP server of its own. While it is down nothing listens at its port."""

    def __init__(self, clocks: Clocks) -> None:
        self.messages: list[tuple[int, str, dict[str, Any]]] = []
        """(steady instant, ``webhook-id``, body) of each request, in order."""
        self.port = 0
        self.reply = _OK
        self.whole = True
        """Whether bodies are kept; else only which alert, climb and priority a message was of."""
        self._clocks = clocks
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    def alerts(self, alert_id: str | None = None) -> list[tuple[int, int]]:
        """(steady instant, climb) of each message on an alert, or on any."""
        return [
            (at_us, body["data"]["climb"])
            for at_us, _, body in self.messages
            if body["type"] == "alert" and alert_id in (None, body["data"]["id"])
        ]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                kept = body if self.whole else _brief(body)
                self.messages.append((self._clocks.steady_us, headers["webhook-id"], kept))
                writer.write(self.reply)
                await writer.drain()
        self._open.discard(writer)
        writer.close()


def _brief(body: dict[str, Any]) -> dict[str, Any]:
    data = body["data"]
    return {"type": body["type"], "data": {name: data.get(name) for name in ("id", "climb", "priority")}}


class Night:
    """Everything that tells and climbs, on one simulated clock. Made by ``night``."""

    def __init__(self, store: Store, recipients: Recipients, clocks: Clocks, policy: Policy) -> None:
        self.store = store
        self.policy = policy
        self.recipients = recipients
        self.clocks = clocks
        self.servers: dict[str, Recipient] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, channels: Any) -> None:
        """The service's parts, as after a restart: they know nothing but what is on file."""
        self.dispatcher = Dispatcher(
            self.store, channels, lambda: self.clocks.wall_us, wait=self.clocks.wait, chance=lambda: 0.5
        )
        self.escalator = Escalator(
            self.store,
            self.policy,
            self.recipients.climbing,
            now_us=lambda: self.clocks.wall_us,
            steady_us=lambda: self.clocks.steady_us,
            on_climb=self.dispatcher.wake,
        )
        self.down_watch = RecipientsWatch(
            self.store,
            PARTIES,
            self.recipients.deliveries,
            now_us=lambda: self.clocks.wall_us,
            on_told=self.dispatcher.wake,
        )
        self.heartbeats = Heartbeats(
            self.store,
            channels,
            now_us=lambda: self.clocks.wall_us,
            steady_us=lambda: self.clocks.steady_us,
            judging=lambda now_us: True,
            well=lambda: True,
        )
        self._tasks = [asyncio.create_task(self.dispatcher.run())]

    async def stop(self) -> None:
        self.dispatcher.stop()
        await asyncio.gather(*self._tasks)

    async def raise_alerts(self, *alerts: tuple[str, AlertEvent, int, Sequence[Party]]) -> list[str]:
        """Alerts of now: (name, event, priority, recipients)."""
        now_us = self.clocks.wall_us
        made = tuple(
            Alert(derive_id("night", name), event, priority, now_us, tuple(to), now_us)
            for name, event, priority, to in alerts
        )
        await self.write(Effects(now_us, alerts=made))
        return [alert.id for alert in made]

    async def write(self, effects: Effects) -> None:
        """Commit what an engine found, with its deliveries; what is due of it waits for ``look``."""
        deliveries = [one for alert in effects.alerts for one in self.recipients.deliveries(alert)]
        async with self.store.batch() as batch:
            await batch.write(effects, deliveries)
        self.dispatcher.wake()

    async def look(self) -> None:
        """What is due now, done: climbs, what recipients are told of one another, and all that can be
        sent."""
        await self.escalator.step()
        await self.down_watch.step()
        await self.sent()

    async def sent(self) -> None:
        """Until nothing is due that a recipient who is up could take."""
        while True:
            due = await self.store.claim_due(self.clocks.wall_us, 64)
            if not any(self.servers[one.recipient].port and self._is_up(one.recipient) for one in due):
                return
            self.dispatcher.wake()
            await asyncio.sleep(0.002)

    def _is_up(self, name: str) -> bool:
        return self.servers[name]._server is not None

    async def pass_until(self, steady_us: int, every_us: int | None = None) -> None:
        """From one instant at which something climbs to the next, or in equal steps, up to the given one."""
        while True:
            next_us = await self.store.next_escalation_us()
            left_us = steady_us - self.clocks.steady_us
            by_us = left_us if next_us is None else next_us - self.clocks.wall_us
            by_us = every_us if every_us is not None else by_us
            if by_us >= left_us:
                self.clocks.go(left_us)
                await self.look()
                return
            self.clocks.go(max(by_us, 1))
            await self.look()


@asynccontextmanager
async def night(
    store: Store,
    start_us: int,
    folder: Path,
    *,
    policy: Policy = DEFAULT_POLICY,
    contacts: Mapping[str, str] | None = None,
    parties: Sequence[Party] = PARTIES,
) -> AsyncIterator[tuple[Night, Any]]:
    """The parts over an open store that the engine has claimed, and their channels. ``contacts``: names of
    further recipients, and whose they are."""
    clocks = Clocks(start_us)
    servers = {str(name): Recipient(clocks) for name in (*parties, *(contacts or {}))}
    for server in servers.values():
        await server.up()
    entries = {
        name: {"channel": "webhook", "url": f"http://127.0.0.1:{server.port}/", "secret": SECRET}
        for name, server in servers.items()
    }
    file = {
        "recipients": {party: entries[party] for party in parties},
        "contacts": {name: {"party": party, **entries[name]} for name, party in (contacts or {}).items()},
    }
    recipients = load_recipients(json.dumps(file).encode(), environ={}, folder=folder)
    parts = Night(store, recipients, clocks, policy)
    parts.servers = servers
    async with open_channels(recipients, "http://127.0.0.1:9", lambda: clocks.wall_us) as channels:
        await parts.start(channels)
        try:
            yield parts, channels
        finally:
            await parts.stop()
            for server in servers.values():
                await server.down()


async def week(
    store: Store, folder: Path, *, alerts: int = 500, days: int = 7, look_s: int = 600
) -> dict[str, Any]:
    """All recipients down for so long from the first alert on; alerts come all the time; then all are
    back."""
    began_s = time.perf_counter()
    async with night(store, tomorrow_us(), folder) as (parts, _):
        for server in parts.servers.values():
            await server.down()
        looks = days * 86_400 // look_s
        memory_kb: list[int] = []
        for look in range(looks):
            numbers = range(look * alerts // looks, (look + 1) * alerts // looks)
            rows = [(f"a-{number}", AlertEvent.SILENCE, 1 + number % 5, PARTIES) for number in numbers]
            if rows:
                await parts.raise_alerts(*rows)
            await parts.pass_until(parts.clocks.steady_us + look_s * SECOND_US, look_s * SECOND_US)
            if look % (looks // 7) == 0:
                memory_kb.append(memory_kb_now())
        waiting = (await store.counts()).deliveries_waiting
        for server in parts.servers.values():
            await server.up()
        back_s = time.perf_counter()
        parts.clocks.go(120 * SECOND_US)
        while (await store.counts()).deliveries_waiting:
            parts.clocks.go(SECOND_US)
            await parts.sent()
        drained_s = time.perf_counter() - back_s
        return _figures(parts, alerts, days, waiting, memory_kb, drained_s, back_s - began_s)


def memory_kb_now() -> int:
    """What this process has of the machine's memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _figures(
    parts: Night,
    alerts: int,
    days: int,
    waiting: int,
    memory_kb: list[int],
    drained_s: float,
    played_s: float,
) -> dict[str, Any]:
    ids = {derive_id("night", f"a-{number}") for number in range(alerts)}
    lost, twice, disorder = 0, 0, 0
    for server in parts.servers.values():
        told = [
            (hook, body["data"]["id"], body["data"]["priority"])
            for _, hook, body in server.messages
            if body["type"] == "alert" and body["data"]["id"] in ids and body["data"]["climb"] == 0
        ]
        lost += len(ids - {alert for _, alert, _ in told})
        twice += len(told) - len({hook for hook, _, _ in told})
        priorities = [priority for _, _, priority in told]
        disorder += sum(later < earlier for earlier, later in pairwise(priorities))
    return {
        "days": days,
        "alerts": alerts,
        "recipients": len(parts.servers),
        "waiting_at_return": waiting,
        "lost": lost,
        "received_twice": twice,
        "out_of_priority": disorder,
        "drained_s": round(drained_s, 2),
        "memory_first_mb": round(memory_kb[0] / 1024, 1),
        "memory_last_mb": round(memory_kb[-1] / 1024, 1),
        "memory_most_mb": round(max(memory_kb) / 1024, 1),
        "played_s": round(played_s, 1),
    }


async def _main() -> None:
    with TemporaryDirectory(prefix="emon-week-") as folder:
        database = EmbeddedDatabase(Path(folder) / "database", settings={"fsync": "off"})
        await database.start()
        try:
            await migrate(database.uri)
            store = await Store.open(database.uri)
            await store.claim_engine()
            print(json.dumps(await week(store, Path(folder)), indent=1))
            await store.close()
        finally:
            await database.stop()


if __name__ == "__main__":
    asyncio.run(_main())
    sys.exit(0)
