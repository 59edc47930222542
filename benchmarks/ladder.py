"""The rates at which the whole way holds: broker, service and PostgreSQL as real processes, rung by rung.

    python -m benchmarks.ladder --rate 10000 --seconds 20          one rung
    python -m benchmarks.ladder --rate 30000 --batch 50 --source aiomqtt

A rung offers a rate of fixes and says how many a second were committed, how long a fix took to its commit
(the database's own note of each commit, not the instant at which a row was written) and what each
process spent on it. Before it, on the same broker in the same minute, a subscriber that only acknowledges
is offered more than it can take: what it takes is the broker's own limit beside the same publisher.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.pipeline import AnyBroker, ServiceProcess, until
from emon.demo.broker import EmbeddedBroker
from emon.demo.database import EmbeddedDatabase
from emon.demo.receivers_supervisor import Receivers
from emon.ingest.sources.frame_source import FrameSource
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store

_ROOT = Path(__file__).resolve().parents[1]
_FLEET = 5_000
_FIRST_FIXES = 3  # of each device, at a rate that everything carries: the first ones are looked at one by one
_FIRST_RATE = 1_500
_WARM_S = 2.0  # of the rung's own load, not measured
_DRAIN_WITHIN_S = 60.0
_MORE_THAN_ANY = 60_000  # fixes/s, one a message: no broker here carries it
_PREFIX = "rung"

# Of each fix of the measured span, how long after its own time its transaction was committed.
_DELAYS = """
WITH batch AS (
    SELECT DISTINCT xmin::text AS id, recorded_at FROM fix
    WHERE recorded_at >= %(from)s AND recorded_at < %(to)s
), committed AS (SELECT recorded_at, pg_xact_commit_timestamp(id::xid) AS at FROM batch)
SELECT count(*), coalesce(percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
    ORDER BY extract(epoch FROM c.at - f.fixed_at)::float8 * 1000
), ARRAY[0, 0]), count(DISTINCT f.recorded_at)
FROM fix f JOIN committed c USING (recorded_at)
"""


@dataclass(frozen=True)
class Rung:
    """What is offered, for so long. ``batch``: fixes a message."""

    rate: int
    seconds: float
    batch: int = 1
    packed: bool = False
    devices: int = 0
    source: str = "frames"

    @property
    def fleet(self) -> int:
        return self.devices or min(self.rate, _FLEET)


@dataclass(frozen=True)
class Found:
    """Of the measured span. CPU in microseconds a committed fix, by process."""

    rung: Rung
    committed_a_second: float
    p50_ms: float
    p99_ms: float
    batches_a_second: float
    cpu_us: dict[str, float]
    kept: bool
    acks_a_second: float


async def climb(rungs: Iterable[Rung], *, alone_s: float = 5.0) -> list[Found]:
    """Each rung on a database and a broker of its own."""
    return [await _one(rung, alone_s) for rung in rungs]


async def _one(rung: Rung, alone_s: float) -> Found:
    with tempfile.TemporaryDirectory(prefix="emon-ladder-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        try:
            acks = await _acknowledged_alone(broker, alone_s) if alone_s else 0.0
            return await _measured(rung, folder, broker, acks)
        finally:
            await broker.stop()


async def _measured(rung: Rung, folder: Path, broker: EmbeddedBroker, acks: float) -> Found:
    database = EmbeddedDatabase(folder / "database", settings={"track_commit_timestamp": "on"})
    await database.start()
    receivers = Receivers(folder / "recipients")
    policy = folder / "policy.json"
    policy.write_text(json.dumps(await receivers.start()))
    service = ServiceProcess(folder, _environ(folder, rung, broker, database))
    try:
        await migrate(database.uri)
        orders = folder / "orders.json"
        await _said(await _load(rung, ["--orders-out", str(orders)]))
        store = await Store.open(database.uri)
        await store.arm(parse_document(orders.read_bytes(), armed_at_us=0))
        await store.close()
        await service.start()
        pids = {"service": service.pid, "broker": broker.process_ids[0]}
        first = Rung(_FIRST_RATE, _FIRST_FIXES * rung.fleet / _FIRST_RATE, devices=rung.fleet)
        seen = (await _said(await _load(first, ["--url", broker.url("tester"), "--in", "0"])))["acknowledged"]
        await _drained(database.uri, seen)
        load = await _load(rung, ["--url", broker.url("tester"), "--in", "1"])
        pids["publisher"] = load.pid
        await asyncio.sleep(1.0 + _WARM_S)
        before, from_s = _spent(pids, database), time.time()
        await asyncio.sleep(max(1.0, rung.seconds - _WARM_S - 1.0))
        after, to_s = _spent(pids, database), time.time()
        said = await _said(load)
        await _drained(database.uri, seen + said["acknowledged"])
        row = await _delays(database.uri, from_s, to_s)
    finally:
        await service.end(signal.SIGTERM)
        await receivers.stop()
        await database.stop()
    took_s, fixes = to_s - from_s, row[0]
    cpu_us = {name: round(1e6 * (after[name] - before[name]) / max(fixes, 1), 1) for name in after}
    return Found(rung, fixes / took_s, *row[1], row[2] / took_s, cpu_us, bool(said["kept_rate"]), acks)


def _environ(folder: Path, rung: Rung, broker: AnyBroker, database: EmbeddedDatabase) -> dict[str, str]:
    return {
        "EMON_MQTT_URL": broker.service_url,
        "EMON_MQTT_SOURCE": rung.source,
        "EMON_DATABASE_URL": database.uri,
        "EMON_POLICY": str(folder / "policy.json"),
        "EMON_HTTP_LISTEN": "127.0.0.1:0",
        "EMON_DATA_DIR": str(folder / "service"),
    }


async def _load(rung: Rung, arguments: list[str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.cli", "load", "--rate", str(rung.rate)),
        *("--seconds", str(rung.seconds), "--batch", str(rung.batch), "--devices", str(rung.fleet)),
        *("--breaches", "0", "--prefix", _PREFIX, *(["--packed"] if rung.packed else []), *arguments),
        cwd=_ROOT,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _said(process: Process) -> dict[str, Any]:
    out, _ = await process.communicate()
    found: dict[str, Any] = json.loads(out) if out.strip() else {}
    return found


def _spent(pids: dict[str, int], database: EmbeddedDatabase) -> dict[str, float]:
    """CPU seconds of each process so far; the database's are one."""
    found = {name: _cpu_s(pid) for name, pid in pids.items()}
    found["database"] = sum(_cpu_s(pid) for pid in _family(database.pid or 0))
    return found


def _cpu_s(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


async def _drained(url: str, fixes: int) -> None:
    async def done() -> bool:
        async with await psycopg.AsyncConnection.connect(url) as conn:
            row = await (await conn.execute("SELECT sum(fixes) FROM mark_counter")).fetchone()
        return row is not None and (row[0] or 0) >= fixes

    await until(done, _DRAIN_WITHIN_S)


async def _delays(url: str, from_s: float, to_s: float) -> tuple[int, tuple[float, float], int]:
    span = {"from": _stamp(from_s), "to": _stamp(to_s)}
    async with await psycopg.AsyncConnection.connect(url) as conn:
        row = await (await conn.execute(_DELAYS, span)).fetchone()
    assert row is not None
    return row[0], (row[1][0], row[1][1]), row[2]


def _stamp(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f"{second % 1:.6f}"[1:] + "Z"


# --- the subscriber that only acknowledges ----------------------------------------------------------


async def _acknowledged_alone(broker: EmbeddedBroker, seconds: float) -> float:
    """Messages a second that it takes of more than anybody could."""
    rung = Rung(_MORE_THAN_ANY, seconds + 3.0, devices=20_000)
    subscriber = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ladder", "--acknowledge", broker.service_url),
        *("--seconds", str(seconds)),
        cwd=_ROOT,
        stdout=PIPE,
    )
    assert subscriber.stdout is not None
    await subscriber.stdout.readline()
    load = await _load(rung, ["--url", broker.url("tester"), "--in", "0"])
    rate = float(await subscriber.stdout.readline())
    load.send_signal(signal.SIGTERM)
    await load.wait()
    await subscriber.wait()
    return rate


async def acknowledge(url: str, seconds: float) -> None:
    """Take and acknowledge; prints when it listens, and its rate at the end."""
    async with FrameSource(url) as source:
        print("listening", flush=True)
        while not await source.next_batch(max_messages=1, max_wait_s=60.0):
            pass
        await _take(source, time.monotonic() + 1.0)
        began_s = time.monotonic()
        taken = await _take(source, began_s + seconds)
        print(taken / (time.monotonic() - began_s), flush=True)
        end_s = time.monotonic() + 10.0
        while await _take(source, time.monotonic() + 1.0) and time.monotonic() < end_s:
            pass  # what is left would be the service's


async def _take(source: FrameSource, until_s: float) -> int:
    taken = 0
    while time.monotonic() < until_s:
        batch = await source.next_batch(max_messages=2_000, max_wait_s=0.2)
        await source.acknowledge(batch)
        taken += len(batch)
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=10_000, help="fixes a second (10,000)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long (20)")
    parser.add_argument("--batch", type=int, default=1, help="fixes a message (1)")
    parser.add_argument("--packed", action="store_true", help="packed records instead of JSON")
    parser.add_argument("--devices", type=int, default=0, help="how many devices (the rate, at most 20,000)")
    parser.add_argument("--source", default="frames", help="EMON_MQTT_SOURCE (frames)")
    parser.add_argument("--alone", type=float, default=5.0, help="seconds of only acknowledging (5)")
    parser.add_argument("--acknowledge", metavar="URL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.acknowledge:
        asyncio.run(acknowledge(args.acknowledge, args.seconds))
        return 0
    rung = Rung(args.rate, args.seconds, args.batch, args.packed, args.devices, args.source)
    for found in asyncio.run(climb([rung], alone_s=args.alone)):
        print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
