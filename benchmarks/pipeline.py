"""The whole way of a fix under load: broker, service, PostgreSQL and recipients as real processes.

    python -m benchmarks.pipeline --rate 2000 --seconds 60
    python -m benchmarks.pipeline --rate 2000 --seconds 60 --kills 5

With ``--kills`` the service is ended by SIGKILL so many times under the load and started again. At the
end every fix that the broker acknowledged must be in the database, none twice, each device that enters its
ban must have its breach, and the alerts must be those of a replay of what was stored, each delivered once.
Exit code 1 when it is not so.

How many alerts a breach raises is for the replay to say: a wearer whose way in is known for less than some
twenty seconds is soon believed, and ``possible`` is followed by ``certain``. Loads of 18 to 38 s do that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

from benchmarks.kills.books import (
    BESIDE_THE_ENGINE,
    Books,
    compare_alerts,
    judged_again,
    of_devices,
    stored,
)
from benchmarks.parent import with_parent
from emon.config import MQTT_SOURCES
from emon.demo.broker import EmbeddedBroker
from emon.demo.database import EmbeddedDatabase
from emon.demo.receivers_supervisor import Receivers
from emon.limits import REFLECTION_PROBABLE_S
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store

PREFIX = "load"
UP_WITHIN_S = 240.0  # loading compiled kernels takes 2 s, and a minute where others take the processor
DRAIN_WITHIN_S = 240.0
STARTS_MAX = 20  # of one service in a row: more, and it is the service that does not start
_ROOT = Path(__file__).resolve().parents[1]

# Nobody answers here, so after a minute alerts climb, and from then on there is always a climb under way.
_COUNTS = """
SELECT (SELECT count(*) FROM fix), (SELECT count(DISTINCT (device, seq, fixed_at)) FROM fix),
       (SELECT count(*) FROM breach WHERE NOT refuted), (SELECT count(*) FROM alert),
       (SELECT count(*) FROM delivery WHERE delivered_at IS NOT NULL AND climb = 0),
       (SELECT count(*) FROM delivery WHERE climb = 0),
       (SELECT count(*) FROM rejected), (SELECT coalesce(sum(repeats), 0)::bigint FROM device_counter)
"""
_DELAYS = """
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
    ORDER BY extract(epoch FROM recorded_at - fixed_at)::float8 * 1000) FROM fix
"""
_OF_THE_PLATFORM = """
SELECT d.recipient, count(*) FROM delivery d JOIN alert a ON a.id = d.alert_id
WHERE a.event = ANY(%s) AND d.climb = 0 GROUP BY d.recipient
"""
_TOLD = "SELECT DISTINCT device FROM alert WHERE device IS NOT NULL"
_ALERT_DELAYS = """
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
    ORDER BY extract(epoch FROM d.delivered_at - f.fixed_at)::float8 * 1000)
FROM delivery d JOIN alert a ON a.id = d.alert_id
JOIN LATERAL (SELECT max(fixed_at) AS fixed_at FROM fix
              WHERE device = a.device AND received_at = a.received_at) f ON true
WHERE d.delivered_at IS NOT NULL
"""


class AnyBroker(Protocol):
    """What the benchmark needs of a broker."""

    @property
    def service_url(self) -> str: ...

    def url(self, user: str) -> str: ...


@dataclass(frozen=True)
class Load:
    """What is sent. ``breaches`` devices enter their ban, each once."""

    rate: int
    seconds: int
    devices: int
    breaches: int
    kills: int = 0
    source: str = MQTT_SOURCES[0]


@dataclass
class Result:
    """What came of it. Delays in milliseconds from the fix's own time, medians and 99th percentiles.

    ``differs``: how the alerts are not those of a replay; ``due_to``: how many of its alerts each party has.
    """

    load: Load
    sent: dict[str, Any] = field(default_factory=dict)
    acknowledged: int = 0
    stored: int = 0
    twice: int = 0
    lost: int = 0
    rejected: int = 0
    repeats: int = 0
    breaches: int = 0
    alerts: int = 0
    differs: list[str] = field(default_factory=list)
    due_to: dict[str, int] = field(default_factory=dict)
    deliveries: int = 0
    delivered: int = 0
    received: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    fix_to_stored_ms: list[float] = field(default_factory=list)
    fix_to_delivered_ms: list[float] = field(default_factory=list)
    service_cpu_s: float = 0.0

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        found: list[str] = []
        if self.lost:
            found.append(f"{self.lost} acknowledged fixes are not in the database")
        if self.twice:
            found.append(f"{self.twice} fixes are stored twice")
        if self.breaches != self.load.breaches:
            found.append(f"{self.breaches} breaches, {self.load.breaches} were due")
        found.extend(self.differs)
        if self.delivered != self.deliveries:
            found.append(f"{self.deliveries - self.delivered} deliveries were not received")
        for party, count in self.received.items():
            due = self.due_to.get(party, 0)
            if count != due:
                found.append(f"{party} has {count} alerts, {due} were due")
        return found


class ServiceProcess:
    """``emon run`` as a process of its own, killed and started again at will."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._log = folder / "service.log"
        self._environ = {**os.environ, **environ}
        self._process: Process | None = None
        self.cpu_s = 0.0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Raises ``RuntimeError`` when it does not run."""
        if self._process is None or self._process.returncode is not None:
            raise RuntimeError("the service does not run")
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it says that it is up. Raises ``RuntimeError`` when it does not."""
        seen = self._log.stat().st_size if self._log.exists() else 0
        self._process = await spawned(("-m", "emon", "run"), self._environ, self._log)

        async def is_up() -> bool:
            if self._process is None or self._process.returncode is not None:
                raise RuntimeError(f"the service ended: {self._log.read_text()[-2000:]}")
            return b"the service is up" in self._log.read_bytes()[seen:]

        if not await until(is_up, UP_WITHIN_S):
            raise RuntimeError(
                f"the service was not up within {UP_WITHIN_S:.0f} s: {self._log.read_text()[-2000:]}"
            )

    async def end(self, sign: signal.Signals) -> int | None:
        """Send the signal, wait for its end and give its exit code; None when it was not running."""
        if self._process is None or self._process.returncode is not None:
            return None
        self.cpu_s += _cpu_s(self._process.pid)
        self._process.send_signal(sign)
        return await self._process.wait()


async def spawned(arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Process:
    """Python with these arguments, which ends with this process; what it says is added to the log."""
    with log.open("ab") as said:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments),
            cwd=_ROOT,
            env=environ,
            stdout=said,
            stderr=said,
            preexec_fn=with_parent(),
        )


async def until(happened: Callable[[], Awaitable[bool]], within_s: float) -> bool:
    """Look until it happened; False when time ran out."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while loop.time() < end:
        if await happened():
            return True
        await asyncio.sleep(0.05)
    return False


async def run_pipeline(
    load: Load, folder: Path, broker: AnyBroker, say: Callable[[str], None] = lambda _: None
) -> Result:
    """Run the load against a broker that is up; database, recipients and service are made here."""
    result = Result(load)
    async with AsyncExitStack() as stack:
        database = EmbeddedDatabase(folder / "database")
        stack.push_async_callback(database.stop)
        await database.start()
        await migrate(database.uri)
        receivers = Receivers(folder / "recipients")
        stack.push_async_callback(receivers.stop)
        policy = folder / "policy.json"
        policy.write_text(json.dumps(await receivers.start()))
        orders = folder / "orders.json"
        await _simulate(folder, load, ["--orders-out", str(orders)])
        store = await Store.open(database.uri)
        await store.arm(parse_document(orders.read_bytes(), armed_at_us=0))
        await store.close()
        service = ServiceProcess(
            folder,
            {
                "EMON_MQTT_URL": broker.service_url,
                "EMON_MQTT_SOURCE": load.source,
                "EMON_DATABASE_URL": database.uri,
                "EMON_HTTP_LISTEN": "127.0.0.1:0",
                "EMON_POLICY": str(policy),
                "EMON_DATA_DIR": str(folder / "service"),
            },
        )
        stack.push_async_callback(service.end, signal.SIGTERM)
        await service.start()
        say(f"{load.rate} fixes/s for {load.seconds} s from {load.devices} devices, {load.kills} kills …")
        acks = folder / "acks.jsonl"
        arguments = ["--url", broker.url("tester"), "--acks", str(acks), "--in", "1"]
        sending = asyncio.create_task(_simulate(folder, load, arguments))
        await _kill_under_load(service, load, result, sending, say)
        result.sent = await sending
        await _settled(database.uri, acks, load)
        await service.end(signal.SIGTERM)
        result.service_cpu_s = round(service.cpu_s, 1)
        await _measure(database.uri, acks, result)
        counts = receivers.counts()
        result.received = {party: count.messages for party, count in counts.items()}
    return result


async def _simulate(folder: Path, load: Load, arguments: list[str]) -> dict[str, Any]:
    common = ["load", "--rate", str(load.rate), "--seconds", str(load.seconds), "--prefix", PREFIX]
    common += ["--devices", str(load.devices), "--breaches", str(load.breaches)]
    with (folder / "load.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator.cli", *common, *arguments),
            cwd=_ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        said, _ = await process.communicate()
    answer: dict[str, Any] = json.loads(said) if said.strip() else {}
    return answer


async def _kill_under_load(
    service: ServiceProcess,
    load: Load,
    result: Result,
    sending: asyncio.Task[dict[str, Any]],
    say: Callable[[str], None],
) -> None:
    for number in range(load.kills):
        pause_s = load.seconds / (load.kills + 1)
        await asyncio.wait((sending,), timeout=pause_s)
        await service.end(signal.SIGKILL)
        result.kills += 1
        say(f"killed the service, {number + 1} of {load.kills}")
        await _up_again(service)


async def _up_again(service: ServiceProcess) -> None:
    """As whoever runs it in production does: where the database has not noticed yet that the one before is
    dead, the next gives up, and is started once more."""
    for left in reversed(range(STARTS_MAX)):
        try:
            await service.start()
        except RuntimeError as ended:
            if "another engine is running" not in str(ended) or not left:
                raise
        else:
            return


async def _settled(url: str, acks: Path, load: Load) -> None:
    """Until every acknowledged fix is stored and every delivery received, or time is out."""
    due = len(_acknowledged(acks))

    async def done() -> bool:
        async with await psycopg.AsyncConnection.connect(url) as conn:
            row = await (await conn.execute(_COUNTS)).fetchone()
        return row is not None and row[0] >= due and row[3] >= load.breaches and row[4] == row[5]

    await until(done, DRAIN_WITHIN_S)


async def _measure(url: str, acks: Path, result: Result) -> None:
    sent = set(_acknowledged(acks))
    async with await psycopg.AsyncConnection.connect(url) as conn:
        row = await (await conn.execute(_COUNTS)).fetchone()
        assert row is not None
        result.stored, distinct, result.breaches, result.alerts = row[:4]
        result.delivered, result.deliveries, result.rejected, result.repeats = row[4:8]
        result.twice = result.stored - distinct
        query = "SELECT device, seq, (extract(epoch FROM fixed_at) * 1000)::bigint FROM fix"
        kept = {(d, s, t) async for d, s, t in await conn.execute(query)}
        result.fix_to_stored_ms = await _rounded(conn, _DELAYS)
        result.fix_to_delivered_ms = await _rounded(conn, _ALERT_DELAYS)
        # A run of minutes tells that no fixes come any more; a replay knows nothing of it.
        beside = await (await conn.execute(_OF_THE_PLATFORM, (list(BESIDE_THE_ENGINE),))).fetchall()
        told = {device for (device,) in await (await conn.execute(_TOLD)).fetchall()}
    rows = of_devices(await stored(url), told)
    again, books = await judged_again(rows), Books()
    compare_alerts(books, rows, again)
    result.differs = books.faults
    due_to = Counter(party for alert in again.alerts for party in alert.recipients)
    result.due_to = dict(due_to + Counter(dict(beside)))
    result.acknowledged = len(sent)
    result.lost = sum(1 for key in sent if key not in kept)


def _acknowledged(acks: Path) -> list[tuple[str, int, int]]:
    with acks.open() as lines:
        return [(a["device"], a["seq"], a["t"]) for a in map(json.loads, lines)]


async def _rounded(conn: psycopg.AsyncConnection[Any], query: str) -> list[float]:
    row = await (await conn.execute(query)).fetchone()
    return [round(value, 1) for value in row[0]] if row and row[0] else []


def _cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run one load on the embedded broker and print the result as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=2000, help="fixes a second (2000)")
    parser.add_argument("--seconds", type=int, default=60, help="how long (60)")
    parser.add_argument("--devices", type=int, help="how many devices (as many as the rate)")
    parser.add_argument("--breaches", type=int, default=50, help="devices that enter their ban (50)")
    parser.add_argument("--kills", type=int, default=0, help="SIGKILLs of the service under the load (0)")
    parser.add_argument("--source", choices=MQTT_SOURCES, default=MQTT_SOURCES[0])
    args = parser.parse_args()
    if args.breaches and args.seconds >= 2 * REFLECTION_PROBABLE_S:
        parser.error("a breach that lasts two minutes raises another alert: lower --seconds or --breaches 0")
    load = Load(args.rate, args.seconds, args.devices or args.rate, args.breaches, args.kills, args.source)
    result = asyncio.run(_on_embedded_broker(load))
    print(json.dumps({**asdict(result), "faults": result.faults}))
    return 1 if result.faults else 0


async def _on_embedded_broker(load: Load) -> Result:
    with tempfile.TemporaryDirectory(prefix="emon-pipeline-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        try:
            return await run_pipeline(load, folder, broker, lambda text: print(text, file=sys.stderr))
        finally:
            await broker.stop()


if __name__ == "__main__":
    sys.exit(main())
