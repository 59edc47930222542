"""One pipeline under one load: a broker and a database of its own each time, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.parent import with_parent
from benchmarks.pipeline import until
from benchmarks.pipelines.fetch import gmqtt_folder
from emon.demo.database import EmbeddedDatabase
from emon.demo.receivers_supervisor import Receivers
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store
from tests.fixtures_brokers import MosquittoBroker

_ROOT = Path(__file__).resolve().parents[2]
_TEMPLATE = "pipeline"
# So many, and a tenth of the rate, that no device sends more in a run than its budget lets it at once
# (``BUDGET_FIXES_BURST``): what is beyond it waits its turn when the service is behind; no rival has turns.
_DEVICES = 5_000
_UP_S, _DRAIN_S, _NOTHING_NEW_S = 300.0, 30.0, 5.0  # a first start compiles
# The broker is not killed here. Saving after each change bounds it by its disk where few connections carry
# all, and would hide what the consumers can do; what it is worth in a kill is measured in docs/brokers.md.
_NOT_SAVED = {"autosave_on_changes": "", "autosave_interval": ""}
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")

_GMQTT = "gmqtt, COPY"
PIPELINES: Mapping[str, tuple[str, ...]] = {
    "acknowledges only": ("-m", "benchmarks.pipelines.acknowledge_only"),
    "emon, frames": ("-m", "emon", "run"),
    "emon, aiomqtt": ("-m", "emon", "run"),
    _GMQTT: ("-m", "benchmarks.pipelines.gmqtt_copy"),
    "aiomqtt, queue, executemany": ("-m", "benchmarks.pipelines.aiomqtt_queue"),
}
STORES_NOTHING = "acknowledges only"
_EMON_SOURCE = {"emon, frames": "frames", "emon, aiomqtt": "aiomqtt"}

# The commit's own instant, not when the row was written: what is promised begins there.
_FOUND = """
SELECT count(*), percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY ms),
       extract(epoch FROM max(at) - min(fixed_at))::float8
FROM (SELECT fixed_at, pg_xact_commit_timestamp(xmin) AS at,
             extract(epoch FROM pg_xact_commit_timestamp(xmin) - fixed_at)::float8 * 1000 AS ms
      FROM fix WHERE device LIKE 'load-%') AS f
"""
# Committed and acknowledged, but not judged yet: only ours has it.
_WAITING = "SELECT coalesce(sum(fixes), 0)::bigint FROM inbox"
_PROGRESS = f"SELECT (SELECT count(*) FROM fix WHERE device LIKE 'load-%'), ({_WAITING})"


class Load(msgspec.Struct, frozen=True):
    """``rate`` fixes a second in messages of ``batch``; ``killed``: SIGKILL of the consumer half-way."""

    rate: int
    batch: int = 1
    seconds: int = 6
    killed: bool = False

    @property
    def devices(self) -> int:
        return max(_DEVICES, self.rate // 10)


class Outcome(msgspec.Struct, frozen=True):
    """``durable``: rows; ``rate``: rows a second from the first fix to the last commit; delays from the fix's
    own time to its commit; CPU of the consumer. ``lost``: acknowledged to the publisher, neither stored nor
    ``waiting`` in the database to be judged."""

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


class Stage:
    """A database server with a template that has the schema and the orders of the load's devices."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedDatabase(folder / "database", settings={"track_commit_timestamp": "on"})
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
                return await _play(pipeline, load, folder, broker, consumer, url)
        finally:
            await _execute(self._server.uri, f"DROP DATABASE {name} WITH (FORCE)")


class Consumer:
    """The pipeline's process."""

    def __init__(
        self, pipeline: str, folder: Path, broker: MosquittoBroker, database: str, policy: Path
    ) -> None:
        self._arguments = list(PIPELINES[pipeline])
        self._environ = dict(os.environ)
        self.log = folder / "consumer.log"
        self._process: Process | None = None
        self.cpu_s = 0.0
        """Of what it did after it was up."""
        self._before_s = 0.0
        if pipeline == _GMQTT:
            self._environ["PYTHONPATH"] = str(gmqtt_folder())
        source = _EMON_SOURCE.get(pipeline)
        if source is None:
            address = conninfo_to_dict(broker.service_url.replace("mqtt://", "postgresql://"))
            for key, value in (("host", "127.0.0.1"), ("port", broker.port), ("database", database)):
                self._arguments += [f"--{key}", str(value)]
            self._arguments += ["--user", str(address["user"]), "--password", str(address["password"])]
        else:
            self._environ |= {
                "EMON_MQTT_URL": broker.service_url,
                "EMON_MQTT_SOURCE": source,
                "EMON_DATABASE_URL": database,
                "EMON_HTTP_LISTEN": "127.0.0.1:0",
                "EMON_POLICY": str(policy),
                "EMON_DATA_DIR": str(folder / "service"),
            }

    async def start(self) -> None:
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self._arguments),
                cwd=_ROOT,
                env=self._environ,
                stdout=log,
                stderr=log,
                preexec_fn=with_parent(),
            )
        process = self._process

        async def up() -> bool:
            said = self.log.read_bytes()[seen:]
            if process.returncode is not None:
                raise RuntimeError(f"the consumer ended: {said[-2000:].decode(errors='replace')}")
            return b"up\n" in said.splitlines(keepends=True) or b"the service is up" in said

        came_up = await until(up, _UP_S)
        self._before_s = _cpu_s(process.pid)
        if not came_up:
            raise RuntimeError(
                f"the consumer was not up within {_UP_S:.0f} s: {self.log.read_text()[-2000:]}"
            )

    async def end(self, sign: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self.cpu_s += _cpu_s(self._process.pid) - self._before_s
        self._process.send_signal(sign)
        await self._process.wait()


def _cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _CLOCK_TICKS


async def _play(
    pipeline: str, load: Load, folder: Path, broker: MosquittoBroker, consumer: Consumer, url: str
) -> Outcome:
    await consumer.start()
    acks = folder / "acks.jsonl"
    arguments = [*_load_arguments(load, load.devices), "--url", broker.url("tester"), "--in", "1"]
    sending = asyncio.create_task(_simulate([*arguments, "--acks", str(acks)]))
    if load.killed:
        await asyncio.wait((sending,), timeout=1 + load.seconds / 2)
        await consumer.end(signal.SIGKILL)
        await consumer.start()
    sent = await sending
    due = int(sent.get("acknowledged", 0))
    if pipeline == STORES_NOTHING:
        return await _taken(pipeline, load, consumer, sent)
    await _settled(url, due)
    await consumer.end(signal.SIGKILL)
    async with await psycopg.AsyncConnection.connect(url) as conn:
        found = await (await conn.execute(_FOUND)).fetchone()
        rows = await conn.execute(
            "SELECT device, seq, (extract(epoch FROM fixed_at) * 1000)::bigint FROM fix"
        )
        kept = {row async for row in rows} if load.killed else set()
        kept |= await _put_aside(conn) if load.killed else set()
        waits = await (await conn.execute(_WAITING)).fetchone()
    assert found is not None
    waiting = 0 if waits is None else int(waits[0])
    p50_ms, p99_ms = found[1] or (0.0, 0.0)
    lost = _missing(acks, kept) if load.killed else max(0, due - found[0] - waiting)
    rate = found[0] / found[2] if found[2] else 0.0
    cpu_us = 1e6 * consumer.cpu_s / max(1, found[0])
    kept_rate = bool(sent.get("kept_rate"))
    return Outcome(pipeline, load, due, found[0], lost, rate, p50_ms, p99_ms, cpu_us, kept_rate, waiting)


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


async def _settled(url: str, due: int) -> None:
    """Until all is stored, or nothing moves any more."""
    loop = asyncio.get_running_loop()
    before, since = (-1, -1), loop.time()
    end = loop.time() + _DRAIN_S
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        while loop.time() < end and loop.time() < since + _NOTHING_NEW_S:
            row = await (await conn.execute(_PROGRESS)).fetchone()
            now = (0, 0) if row is None else (int(row[0]), int(row[1]))
            if now[0] >= due:
                return
            if now != before:
                before, since = now, loop.time()
            await asyncio.sleep(0.5)


def _load_arguments(load: Load, devices: int) -> list[str]:
    arguments = ["--rate", str(load.rate), "--seconds", str(load.seconds), "--devices", str(devices)]
    return [*arguments, "--breaches", "0", "--batch", str(load.batch)]


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
    return answer


async def _execute(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute(statement.encode())
