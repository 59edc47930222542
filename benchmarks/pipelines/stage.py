"""One pipeline under one load: a broker and a database of its own each time, and what came of it."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from benchmarks.parent import with_parent
from benchmarks.pipeline import until
from benchmarks.pipelines.consumer import STORES_NOTHING, Consumer, server_cpu_s
from emon.demo.database import EmbeddedDatabase
from emon.demo.receivers_supervisor import Receivers
from emon.limits import BACKLOG_MIN_S
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store
from tests.fixtures_brokers import MosquittoBroker

_ROOT = Path(__file__).resolve().parents[2]
_TEMPLATE = "pipeline"
# Each device's, before the span that counts: ours looks at the first ones of each by objects. The first comes
# by itself, since at no start is a device quiet before the backlog is judged.
_WARM_FIXES, _WARM_RATE = (1, 3), 6_000
_WARM_WITHIN_S = 120.0
_DRAIN_S, _NOTHING_NEW_S = 30.0, 6.0
_LOOK_EACH_S = 2.0  # counting rows costs the database something too
# The broker is not killed here. Saving after each change bounds it by its disk where few connections carry
# all, and would hide what the consumers can do; what it is worth in a kill is measured in docs/brokers.md.
_NOT_SAVED = {"autosave_on_changes": "", "autosave_interval": ""}
# What docs/database.md advises for a fleet, and the image of docker-compose.yml sets by the machine's memory.
_SERVER = {"shared_buffers": "2GB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}

# The commit's own instant, not when the row was written: what is promised begins there.
_FOUND = """
SELECT count(*),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY ms) FILTER (WHERE seq %% %(batch)s = 0),
       extract(epoch FROM max(at) - min(fixed_at) FILTER (WHERE seq %% %(batch)s = 0))::float8
FROM (SELECT seq, fixed_at, pg_xact_commit_timestamp(xmin) AS at,
             extract(epoch FROM pg_xact_commit_timestamp(xmin) - fixed_at)::float8 * 1000 AS ms
      FROM fix WHERE device LIKE 'load-%%') AS f
WHERE at >= to_timestamp(%(begin_s)s)
"""
# Committed and acknowledged, but not judged yet: only ours has it.
_WAITING = "SELECT coalesce(sum(fixes), 0)::bigint FROM inbox"
_PROGRESS = f"SELECT (SELECT count(*) FROM fix WHERE device LIKE 'load-%'), ({_WAITING})"


class Load(msgspec.Struct, frozen=True):
    """``rate`` fixes a second in messages of ``batch``, of as many devices as give it with one fix each
    ``pace_s`` seconds; ``killed``: SIGKILL of the consumer half-way."""

    rate: int
    batch: int = 1
    seconds: int = 20
    pace_s: float = 4.0
    killed: bool = False

    @property
    def devices(self) -> int:
        return round(self.rate * self.pace_s)


class Outcome(msgspec.Struct, frozen=True):
    """Of what came after the warm-up. ``durable``: rows; ``rate``: rows a second from the first message to
    the last commit; delays from the time of a message's newest fix to its commit; CPU of the consumer and of
    all processes of the database. ``lost``: acknowledged to the publisher, neither stored nor ``waiting`` in
    the database to be judged."""

    pipeline: str
    load: Load
    acknowledged: int
    durable: int
    lost: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us_a_fix: float
    kept_rate: bool
    waiting: int = 0
    server_us_a_fix: float = 0.0


class Stage:
    """A database server with a template that has the schema and the orders of the load's devices."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedDatabase(
            folder / "database", settings=_SERVER | {"track_commit_timestamp": "on"}
        )
        self._receivers = Receivers(folder / "recipients")
        self._policy = folder / "policy.json"
        self._runs = 0

    async def start(self, devices: int) -> None:
        await self._server.start()
        await _execute(self._server.uri, f"CREATE DATABASE {_TEMPLATE}")
        url = self._server.uri_of(_TEMPLATE)
        await migrate(url)
        self._policy.write_text(json.dumps(await self._receivers.start()))
        orders = self._folder / "orders.json"
        await _simulate([*_load_arguments(Load(1), devices), "--orders-out", str(orders)])
        store = await Store.open(url)
        await store.arm(parse_document(orders.read_bytes(), armed_at_us=0))
        await store.close()
        # As a database is that has had its orders for a while: else each run pays for its first statistics.
        await _execute(url, "VACUUM ANALYZE")

    async def _played(
        self,
        pipeline: str,
        load: Load,
        folder: Path,
        broker: MosquittoBroker,
        consumer: Consumer,
        url: str,
    ) -> Outcome:
        await consumer.start()
        to = ("--url", broker.url("tester"), "--in", "1")
        warm = 0 if pipeline == STORES_NOTHING else await _warmed(load, to, url)
        server_s = server_cpu_s(self._server.pid or 0)
        consumer.counts()
        begin_s = time.time()
        acks = folder / "acks.jsonl"
        told = ("--acks", str(acks)) if load.killed else ()
        sending = asyncio.create_task(_simulate([*_load_arguments(load, load.devices), *to, *told]))
        if load.killed:
            await asyncio.wait((sending,), timeout=1 + load.seconds / 2)
            await consumer.end(signal.SIGKILL)
            await consumer.start()
        sent = await sending
        if pipeline == STORES_NOTHING:
            return await _taken(pipeline, load, consumer, sent)
        due = int(sent.get("acknowledged", 0))
        await _settled(url, due + warm)
        server_s = server_cpu_s(self._server.pid or 0) - server_s
        await consumer.end(signal.SIGKILL)
        found = await _found(url, load, begin_s)
        lost = max(0, due - found.durable - found.waiting)
        if load.killed:
            lost = _missing(acks, await _kept(url))
        each_us = 1e6 / max(1, found.durable)
        return Outcome(
            pipeline,
            load,
            due,
            found.durable,
            lost,
            found.durable / found.spent_s if found.spent_s else 0.0,
            found.p50_ms,
            found.p99_ms,
            each_us * consumer.cpu_s,
            bool(sent.get("kept_rate")),
            found.waiting,
            each_us * server_s,
        )

    async def stop(self) -> None:
        await self._receivers.stop()
        await self._server.stop()

    async def play(self, pipeline: str, load: Load) -> Outcome:
        """One run. Raises ``RuntimeError`` where a part does not start."""
        self._runs += 1
        name = f"run_{self._runs}"
        folder = self._folder / name
        folder.mkdir(mode=0o755)
        url = self._server.uri_of(name)
        await _execute(self._server.uri, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        try:
            async with AsyncExitStack() as stack:
                broker = MosquittoBroker(folder / "broker", replaced=_NOT_SAVED)
                (folder / "broker").mkdir()
                stack.push_async_callback(broker.stop)
                await broker.start()
                consumer = Consumer(pipeline, folder, broker, url, self._policy)
                stack.push_async_callback(consumer.end, signal.SIGKILL)
                return await self._played(pipeline, load, folder, broker, consumer, url)
        finally:
            await _execute(self._server.uri, f"DROP DATABASE {name} WITH (FORCE)")


class _Found(NamedTuple):
    durable: int
    p50_ms: float
    p99_ms: float
    spent_s: float
    waiting: int


async def _warmed(load: Load, to: Sequence[str], url: str) -> int:
    """Every device has sent its first fixes, all are judged, and none of what comes is older than these; how
    many they are."""
    sent = 0
    for each in _WARM_FIXES:
        fixes = each * load.devices
        seconds = max(1, math.ceil(fixes / _WARM_RATE))
        await _simulate([*_load_arguments(Load(fixes // seconds, seconds=seconds), load.devices), *to])
        sent += fixes // seconds * seconds
        await _settled(url, sent, within_s=_WARM_WITHIN_S)
        await asyncio.sleep(BACKLOG_MIN_S + 1)
    await asyncio.sleep(load.pace_s * (load.batch - 1))
    return sent


async def _found(url: str, load: Load, begin_s: float) -> _Found:
    async with await psycopg.AsyncConnection.connect(url) as conn:
        row = await (await conn.execute(_FOUND, {"batch": load.batch, "begin_s": begin_s})).fetchone()
        waits = await (await conn.execute(_WAITING)).fetchone()
    assert row is not None
    p50_ms, p99_ms = row[1] or (0.0, 0.0)
    return _Found(row[0], p50_ms, p99_ms, row[2] or 0.0, 0 if waits is None else int(waits[0]))


async def _kept(url: str) -> set[tuple[object, ...]]:
    """The keys of all that is stored, or waits to be judged."""
    async with await psycopg.AsyncConnection.connect(url) as conn:
        rows = await conn.execute(
            "SELECT device, seq, (extract(epoch FROM fixed_at) * 1000)::bigint FROM fix"
        )
        return {row async for row in rows} | await _put_aside(conn)


async def _put_aside(conn: psycopg.AsyncConnection[Any]) -> set[tuple[object, ...]]:
    """The keys of what waits in the inbox."""
    rows = await (await conn.execute("SELECT device, payload FROM inbox")).fetchall()
    bodies = [(device, json.loads(payload)) for device, payload in rows]
    several = [(device, body if isinstance(body, list) else [body]) for device, body in bodies]
    return {(device, one["seq"], one["t"]) for device, body in several for one in body}


async def _taken(pipeline: str, load: Load, consumer: Consumer, sent: dict[str, Any]) -> Outcome:
    """Of a subscriber that stores nothing: when it had taken the last message."""
    due = int(sent.get("acknowledged", 0))

    def said() -> tuple[int, int]:
        lines = [line.split() for line in consumer.log.read_text().splitlines() if line.startswith("taken ")]
        return (int(lines[-1][1]) * load.batch, int(lines[-1][2])) if lines else (0, 0)

    async def all_taken() -> bool:
        return said()[0] >= 0.99 * due

    await until(all_taken, _DRAIN_S)
    taken, at_us = said()
    await consumer.end(signal.SIGKILL)
    spent_s = max(float(load.seconds), at_us / 1e6 - _began_s(consumer.log, at_us, load))
    cpu_us = 1e6 * consumer.cpu_s / max(1, due)
    nothing = due if load.killed else 0
    return Outcome(
        pipeline, load, due, 0, nothing, taken / spent_s, 0.0, 0.0, cpu_us, bool(sent.get("kept_rate"))
    )


def _began_s(log: Path, last_us: int, load: Load) -> float:
    """When the first message was taken."""
    firsts = [int(line.split()[2]) for line in log.read_text().splitlines() if line.startswith("taken ")]
    return (firsts[0] if firsts else last_us - load.seconds * 1_000_000) / 1e6


def _missing(acks: Path, kept: set[tuple[object, ...]]) -> int:
    with acks.open() as lines:
        return sum((one["device"], one["seq"], one["t"]) not in kept for one in map(json.loads, lines))


async def _settled(url: str, due: int, within_s: float = _DRAIN_S) -> None:
    """Until all is stored, or nothing moves any more."""
    loop = asyncio.get_running_loop()
    before, since = (-1, -1), loop.time()
    end = loop.time() + within_s
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        while loop.time() < end and loop.time() < since + _NOTHING_NEW_S:
            row = await (await conn.execute(_PROGRESS)).fetchone()
            now = (0, 0) if row is None else (int(row[0]), int(row[1]))
            if now[0] >= due:
                return
            if now != before:
                before, since = now, loop.time()
            await asyncio.sleep(_LOOK_EACH_S)


def _load_arguments(load: Load, devices: int) -> list[str]:
    arguments = ["--rate", str(load.rate), "--seconds", str(load.seconds), "--devices", str(devices)]
    # One connection: this broker takes a user's name as the client id, so that a second one of the same user
    # ends the first.
    return [*arguments, "--breaches", "0", "--mixed", "--batch", str(load.batch), "--connections", "1"]


async def _simulate(arguments: list[str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.cli", "load", *arguments),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=with_parent(),
    )
    said, told = await process.communicate()
    if not said.strip() and process.returncode:
        raise RuntimeError(f"the publisher ended: {told[-2000:].decode(errors='replace')}")
    answer: dict[str, Any] = json.loads(said) if said.strip() else {}
    if answer.get("reconnects"):
        raise RuntimeError(f"the publisher lost its connection: no measure of any pipeline: {answer}")
    return answer


async def _execute(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute(statement.encode())
