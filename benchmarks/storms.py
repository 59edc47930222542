"""The three storms of the record against a live fleet; broker, database and service are real processes.

    make bench ARGS=storms               writes benchmarks/STORMS.md (twelve minutes at most)
    make bench ARGS="storms --quick"     small: that it works, not how calm it stays
    python -m benchmarks.storms --hours 8 --sessions 4000        the page of a smaller run
    python -m benchmarks.storms --only telecom                   the page of one storm

A live fleet sends all the time. Its delay from a fix to its commit is measured while nothing else comes, and
while a storm does: the late fixes of another fleet as large, a tenth of it at a hundred times its rate, a
fleet that connects at once. What a storm sends is made before the calm is measured. The page is written after
each storm, so that whoever ends it early has what was measured. At last the same storms come to a subscriber
that only acknowledges: what of a live fix's delay is the broker's own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from benchmarks.kills.publisher import name_of
from benchmarks.kills.stage import Stage, looked_for
from benchmarks.parent import run_to_the_end
from benchmarks.storms_alone import Alone, Subscriber, alone_of
from benchmarks.storms_page import CONNECTIONS, Row, Size, page_of, sessions_possible
from emon import clock
from emon.demo.broker import EmbeddedBroker
from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.load_plan import centre_of
from simulator.movement import shifted
from simulator.mqtt import Link

PAGE = Path(__file__).with_name("STORMS.md")
_TICK_S = 0.01
_OUTSIDE_M = 400.0
_OPEN_S = 60.0
_SETTLE_S = 120.0
_SETTLED_S = 2.0
_LATE_EACH_S = 60
_TOGETHER = 100  # late fixes a message: store and forward
_DELAYS = """
SELECT count(*), percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
    ORDER BY extract(epoch FROM recorded_at - fixed_at)::float8 * 1000)
FROM fix WHERE device = ANY(%s) AND fixed_at >= to_timestamp(%s) AND fixed_at < to_timestamp(%s)
  AND received_at - fixed_at < interval '120 s'
"""
# While a storm lasts the engine's own counter is asked: to count a million fixes four times a second took
# half a processor from what is measured.
_PROGRESS = """
SELECT (SELECT coalesce(sum(fixes), 0)::bigint FROM mark_counter),
       (SELECT coalesce(sum(fixes), 0)::bigint FROM inbox)
"""
_HEARD = "SELECT (SELECT count(*) FROM device_now), 0"
_INBOX = "SELECT (SELECT count(*) FROM fix), (SELECT coalesce(sum(fixes), 0)::bigint FROM inbox)"


FULL = Size(450, 45.0, 20.0, 36.0, 45.0, 0, 200.0)
QUICK = Size(40, 20.0, 4.0, 1.0, 4.0, 60, 60.0)


@dataclass
class _Sender:
    """All that is sent on some connections, and what was acknowledged of it. ``known_first``: so many devices
    sent something before, of which nothing is told."""

    url: str
    acked: int = 0
    sent: int = 0
    known_first: int = 0
    _links: list[Link] = field(default_factory=list)
    _seq: dict[int, int] = field(default_factory=dict)

    async def open(self, count: int = CONNECTIONS, name: str = "storm") -> None:
        address = BrokerAddress.parse(self.url)
        links = [Link(address, f"{name}-{number}") for number in range(count)]
        for first in range(0, count, 200):
            await asyncio.gather(*(link.open(give_up_after_s=_OPEN_S) for link in links[first : first + 200]))
        self._links += links

    async def close(self) -> None:
        await asyncio.gather(*(link.settle(_SETTLE_S) for link in self._links))
        await asyncio.gather(*(link.close() for link in self._links))

    @property
    def connections(self) -> int:
        return len(self._links)

    def fixes(self, number: int, times_ms: list[int], *, link: int | None = None) -> None:
        """One message of device ``number`` with a fix at each of these times."""
        self.send(number, self.payload(number, times_ms), len(times_ms), link=link)

    def payload(self, number: int, times_ms: list[int]) -> bytes:
        """Such a message."""
        body = []
        for at_ms in times_ms:
            seq = self._seq[number] = self._seq.get(number, 0) + 1
            lon, lat = shifted(centre_of(number), _OUTSIDE_M + seq % 5, 0.0)
            body.append({"seq": seq, "t": at_ms, "lat": round(lat, 7), "lon": round(lon, 7), "acc": 10.0})
        return json.dumps(body if len(body) > 1 else body[0]).encode()

    def send(self, number: int, payload: bytes, fixes: int, *, link: int | None = None) -> None:
        """What :meth:`payload` made."""
        self.sent += fixes

        def acknowledged() -> None:
            self.acked += fixes

        place = (number if link is None else link) % len(self._links)
        self._links[place].publish(f"emon/v1/{name_of(number)}/fix", payload, on_ack=acknowledged)


class LiveFleet(_Sender):
    """The live fleet: sends until cancelled, one fix a device in turn."""

    async def run(self, devices: int, per_s: float) -> None:
        loop = asyncio.get_running_loop()
        begun_s, number = loop.time(), 0
        while True:
            due = int((loop.time() - begun_s) * per_s)
            while number < due:
                self.fixes(number % devices, [clock.now_us() // 1000])
                number += 1
            await asyncio.sleep(_TICK_S)


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """Measure, write the page and say where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "STORMS.md"
    run_to_the_end(measure(QUICK if quick else FULL, told, page))
    return page


async def measure(size: Size, told: Callable[[str], None], page: Path, only: Sequence[str] = ()) -> None:
    """Each storm by itself, one after the other on one service; the page after each. ``only``: those whose
    titles begin so; none: all."""
    size = replace(size, sessions=min(size.sessions or sessions_possible(), sessions_possible()))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="emon-storms-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        devices = 2 * size.devices + size.sessions
        stage = Stage(folder, broker, devices=devices, source="frames", say=lambda _: None)
        live = LiveFleet(broker.url("tester"))
        try:
            await stage.start()
            await live.open(name="live")
            sending = asyncio.create_task(live.run(size.devices, size.live_per_s))

            async def all_heard() -> bool:
                stored, waiting = await _counted(stage.database.uri)
                return stored >= size.devices and waiting == 0

            await looked_for(
                all_heard, _SETTLE_S
            )  # the first fix of each, and the backlog of the start, are no calm
            for title, storm in _STORMS.items():
                if only and not title.startswith(tuple(only)):
                    continue
                rows.append(await _row(title, storm, size, live, stage, broker, told))
                page.write_text(page_of(rows, size, os.getloadavg()[0]), "utf-8")
            sending.cancel()
            await live.close()
        finally:
            await stage.stop()
            await broker.stop()
    alone = await _alone(size, told, only)
    page.write_text(page_of(rows, size, os.getloadavg()[0], alone), "utf-8")


async def _alone(size: Size, told: Callable[[str], None], only: Sequence[str]) -> list[Alone]:
    """The same storms on another broker, whose subscriber only acknowledges."""
    rows: list[Alone] = []
    with tempfile.TemporaryDirectory(prefix="emon-storms-") as name:
        broker = EmbeddedBroker(Path(name) / "broker")
        await broker.start()
        live = LiveFleet(broker.url("tester"))
        subscriber = Subscriber(broker, [name_of(n) for n in range(size.devices - size.devices // 10)])
        try:
            await subscriber.start()
            await live.open(name="live")
            sending = asyncio.create_task(live.run(size.devices, size.live_per_s))
            for title, storm in _STORMS.items():
                if only and not title.startswith(tuple(only)):
                    continue
                rows.append(await _row_alone(title, storm, size, live.url, subscriber))
                told(f"{title}: the broker alone {rows[-1].delays_ms[2]:.0f} ms at most")
            sending.cancel()
            await live.close()
        finally:
            await subscriber.stop()
            await broker.stop()
    return rows


async def _row_alone(name: str, storm: _Storm, size: Size, url: str, subscriber: Subscriber) -> Alone:
    sender = _Sender(url)
    begin = await storm(size, sender)
    await asyncio.sleep(_SETTLED_S)
    await subscriber.delays()  # of what came before
    begun_s = time.time()
    await begin()

    async def acknowledged() -> bool:
        return sender.acked == sender.sent

    done = await looked_for(acknowledged, size.drain_s, 0.1)
    took_s = time.time() - begun_s
    await asyncio.sleep(_SETTLED_S)
    row = alone_of(name, await subscriber.delays(), took_s if done else None)
    await sender.close()
    return row


_Begun = Callable[[], Awaitable[None]]
_Storm = Callable[[Size, _Sender], Awaitable[_Begun]]
"""Makes ready what is sent, and gives what sends it."""


async def _row(
    name: str,
    storm: _Storm,
    size: Size,
    live: LiveFleet,
    stage: Stage,
    broker: EmbeddedBroker,
    told: Callable[[str], None],
) -> Row:
    url = stage.database.uri
    fleet = [name_of(number) for number in range(size.devices - size.devices // 10)]  # but the noisy tenth
    sender = _Sender(live.url)
    # Sequence numbers of their own: a late fix is no repeat of a live one.
    sender._seq = dict.fromkeys(range(2 * size.devices), 1_000_000 * (1 + len(name)))
    begin = await storm(size, sender)

    async def all_known() -> bool:
        return (await _counted(url, _HEARD))[0] >= size.devices + sender.known_first

    await looked_for(all_known, _SETTLE_S)
    calm_from = time.time()
    await asyncio.sleep(size.calm_s)
    calm_to = time.time()
    (broker_pid,) = broker.process_ids
    before, _ = await _counted(url)
    live_before = live.acked
    memory_mb = most_mb = resident_mb(stage.service.pid)
    broker_mb = broker_most_mb = resident_mb(broker_pid)
    peak, begun_s = 0, time.time()
    await begin()

    async def drained() -> bool:
        nonlocal peak, most_mb, broker_most_mb
        stored, waiting = await _counted(url, _PROGRESS)
        peak, most_mb = max(peak, waiting), max(most_mb, resident_mb(stage.service.pid))
        broker_most_mb = max(broker_most_mb, resident_mb(broker_pid))
        return waiting == 0 and sender.acked == sender.sent and stored - before >= sender.acked

    done = await looked_for(drained, size.drain_s, 0.25)
    ended, connections = time.time(), sender.connections
    await sender.close()
    await asyncio.sleep(2 * size.calm_s / 10)
    missing = 0 if done else sender.acked + live.acked - live_before - ((await _counted(url))[0] - before)
    calm, during = await _delays(url, fleet, calm_from, calm_to), await _delays(url, fleet, begun_s, ended)
    row = Row(
        name, sender.sent, during[0], calm[1], during[1], peak,
        ended - begun_s if done else None, max(0, missing), (memory_mb, most_mb),
        (broker_mb, broker_most_mb), connections,
    )  # fmt: skip
    told(f"{name}: live p99 {row.calm_ms[1]:.0f} ms calm, {row.storm_ms[1]:.0f} ms in it, {row.drained_s} s")
    return row


async def _telecom(size: Size, sender: _Sender) -> _Begun:
    """As many devices again bring the hours in which they had no network, at once."""
    await sender.open()
    now_ms = clock.now_us() // 1000
    times_ms = [
        now_ms - 1000 * _LATE_EACH_S * n for n in range(round(size.late_hours * 3600 / _LATE_EACH_S), 3, -1)
    ]
    messages = []
    for first in range(0, len(times_ms), _TOGETHER):
        times = times_ms[first : first + _TOGETHER]
        for number in range(size.devices, 2 * size.devices):
            messages.append((number, sender.payload(number, times), len(times)))
            await asyncio.sleep(0)

    async def begin() -> None:
        for message in messages:
            sender.send(*message)
            await asyncio.sleep(0)
        messages.clear()

    return begin


async def _noisy(size: Size, sender: _Sender) -> _Begun:
    """The last tenth of the devices sends a hundred times as often as the others."""
    await sender.open()
    noisy = range(size.devices - size.devices // 10, size.devices)
    per_s = 100 * size.live_per_s / size.devices * len(noisy)

    async def begin() -> None:
        loop = asyncio.get_running_loop()
        begun_s, sent = loop.time(), 0
        while (elapsed_s := loop.time() - begun_s) < size.noisy_s:
            while sent < elapsed_s * per_s:
                sender.fixes(noisy[sent % len(noisy)], [clock.now_us() // 1000])
                sent += 1
            await asyncio.sleep(_TICK_S)

    return begin


async def _reconnect(size: Size, sender: _Sender) -> _Begun:
    """So many devices, a session each, come back at once with the fix that they could not send. The engine
    has heard of each before, as of a fleet whose broker went away."""
    numbers = range(2 * size.devices, 2 * size.devices + size.sessions)
    first = _Sender(sender.url)
    await first.open(name="before")
    for number in numbers:
        first.fixes(number, [clock.now_us() // 1000])
        await asyncio.sleep(0)
    await first.close()
    sender.known_first = size.sessions
    sender._seq.update(first._seq)

    async def begin() -> None:
        await sender.open(size.sessions, "session")
        now_ms = clock.now_us() // 1000
        for link, number in enumerate(numbers):
            sender.fixes(number, [now_ms], link=link)

    return begin


# Sessions last: what the broker took for them, more than a gigabyte, it keeps, and is slower with.
_STORMS: dict[str, _Storm] = {"noisy tenth": _noisy, "telecom return": _telecom, "reconnect": _reconnect}


def resident_mb(pid: int) -> float:
    """What a process has in memory, in MB of 1,048,576 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


async def _counted(url: str, query: LiteralString = _INBOX) -> tuple[int, int]:
    """Fixes stored, and fixes that wait."""
    async with await psycopg.AsyncConnection.connect(url) as conn:
        row = await (await conn.execute(query)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def _delays(
    url: str, devices: list[str], from_s: float, to_s: float
) -> tuple[int, tuple[float, float, float]]:
    async with await psycopg.AsyncConnection.connect(url) as conn:
        found: tuple[Any, ...] | None = await (
            await conn.execute(_DELAYS, (devices, from_s, to_s))
        ).fetchone()
    if found is None or not found[1]:
        return 0, (0.0, 0.0, 0.0)
    p50, p99, longest = (float(value) for value in found[1])
    return int(found[0]), (p50, p99, longest)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=FULL.late_hours, help="of each device (36)")
    parser.add_argument(
        "--sessions", type=int, default=FULL.sessions, help="that connect at once (0: as many as can be)"
    )
    parser.add_argument("--only", nargs="+", default=(), metavar="STORM", help="noisy, reconnect, telecom")
    parser.add_argument("--drain", type=float, default=FULL.drain_s, help="seconds to wait for each (200)")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page (benchmarks/STORMS.md)")
    given = parser.parse_args()
    size = replace(FULL, late_hours=given.hours, sessions=given.sessions, drain_s=given.drain)
    run_to_the_end(measure(size, print, given.out, given.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
