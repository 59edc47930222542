"""How soon a recipient is tried after the fix that decides it, among so many fixes a second of others.

    python -m benchmarks.first_attempt                 40,000 devices; 10,000 and 1,000 fixes/s, at rest
    python -m benchmarks.first_attempt --rates 10000 0 --seconds 20 --devices 40000

Broker, service, PostgreSQL, publisher and recipients are real, each a process of its own. Beside the load
some devices drive into their bans at known instants all through the span that is measured; of each alert that
they bring it is said when the fix that decided it was sent, received and stored, and when each recipient
was first tried. The highest rate comes first: a fleet that has sent nothing for minutes is silent, and what
it sends then is no crowd's everyday. Writes a section of benchmarks/ALERTS.md after each rate, so that what
was measured stands there however it ends; ends by itself within ``--within`` seconds (280), and a rate that
there is no time for is left out.
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
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.__main__ import progress
from benchmarks.alert_recipients import recipients_running
from benchmarks.parent import run_to_the_end
from benchmarks.pipeline import ServiceProcess, until
from benchmarks.planted import LEAD_S, TAIL_S, Planted, order_of
from benchmarks.sections import machine, put
from benchmarks.shares import Shares, family_of
from emon.demo.broker import EmbeddedBroker
from emon.demo.database import EmbeddedDatabase
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store
from simulator.mqtt import Link

RATES = (10_000, 1_000, 0)
WITHIN_S = 280.0
DEVICES = 40_000  # of which each keeps its budget of one fix in 4 s at 10,000 fixes/s
_PAGE = Path(__file__).with_name("ALERTS.md")
_ROOT = Path(__file__).resolve().parents[1]
_PLANTED_A_SECOND = 10
_WARM_S = 4.0  # of the load before the span that is measured
_FIRST_RATE, _FIRST_FIXES = 4_000, 3  # of each device: the first ones are looked at one by one
_SETTLE_WITHIN_S = 60.0
_LEGS = ("sent to received", "received to stored", "stored to tried", "received to tried", "sent to tried")

# The deciding fix of an alert is the device's newest of that batch; its transaction's commit is the
# database's own note of it.
_ATTEMPTS = """
SELECT a.device, f.seq, extract(epoch FROM a.received_at)::float8 * 1000000,
       extract(epoch FROM pg_xact_commit_timestamp(a.xmin))::float8 * 1000000,
       extract(epoch FROM d.first_attempt_at)::float8 * 1000000
FROM alert AS a JOIN delivery AS d ON d.alert_id = a.id AND d.climb = 0
JOIN LATERAL (SELECT max(seq) AS seq FROM fix
              WHERE device = a.device AND received_at = a.received_at) AS f ON true
WHERE a.device LIKE 'planted-%' AND f.seq IS NOT NULL AND d.first_attempt_at IS NOT NULL
"""
_OWED = """
SELECT (SELECT count(*) FROM delivery WHERE delivered_at IS NULL) + (SELECT count(*) FROM audit_pending)
     + (SELECT count(*) FROM inbox)
"""


@dataclass(frozen=True)
class Found:
    """At one rate. ``legs_ms``: of each leg median, 99 % and most; ``shares``: of the whole machine."""

    rate: int
    made_a_second: float
    kept: bool
    attempts: int
    legs_ms: dict[str, tuple[float, float, float]]
    shares: dict[str, float]


class World:
    """Everything up, and all devices known."""

    def __init__(
        self, folder: Path, broker: EmbeddedBroker, database: EmbeddedDatabase, devices: int
    ) -> None:
        self.folder, self.broker, self.database, self.devices = folder, broker, database, devices
        self.service: ServiceProcess | None = None
        self.recipients = 0

    async def load(self, rate: int, seconds: float, begin_s: float, *arguments: str) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator.cli", "load", "--rate", str(rate), "--breaches", "0"),
            *("--seconds", str(seconds), "--devices", str(self.devices), "--prefix", "crowd"),
            *("--in", str(begin_s), *(arguments or ("--url", self.broker.url("tester")))),
            cwd=_ROOT, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def settled(self) -> None:
        """Until nothing waits to be delivered, sealed or judged."""

        async def done() -> bool:
            async with await psycopg.AsyncConnection.connect(self.database.uri) as conn:
                row = await (await conn.execute(_OWED)).fetchone()
            return row is not None and row[0] == 0

        await until(done, _SETTLE_WITHIN_S)

    def pids(self, load: Process | None) -> dict[str, list[int]]:
        assert self.service is not None
        found = {
            "service": [self.service.pid],
            "database": family_of(self.database.pid or 0),
            "broker": list(self.broker.process_ids),
            "recipients": [self.recipients],
            "this benchmark": [os.getpid()],
        }
        return found if load is None else {**found, "publisher": [load.pid]}


@asynccontextmanager
async def _world(devices: int, planted: int, told: Callable[[str], None]) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emon-first-attempt-")))
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        stack.push_async_callback(broker.stop)
        database = EmbeddedDatabase(folder / "database", settings={"track_commit_timestamp": "on"})
        await database.start()
        stack.push_async_callback(database.stop)
        world = World(folder, broker, database, devices)
        reached, recipients = await stack.enter_async_context(recipients_running())
        world.recipients = recipients.pid
        (folder / "policy.json").write_text(json.dumps(reached))
        await migrate(database.uri)
        await _armed(world, planted)
        told(f"{devices + planted:,} orders armed")
        world.service = ServiceProcess(folder, _environ(world))
        await world.service.start()
        stack.push_async_callback(world.service.end, signal.SIGTERM)
        first = await world.load(_FIRST_RATE, _FIRST_FIXES * devices / _FIRST_RATE, 0.0)
        await first.communicate()
        await world.settled()
        told("every device has been seen, and what arming did is sealed")
        yield world


def _environ(world: World) -> dict[str, str]:
    return {
        "EMON_MQTT_URL": world.broker.service_url,
        "EMON_MQTT_SOURCE": "frames",
        "EMON_DATABASE_URL": world.database.uri,
        "EMON_POLICY": str(world.folder / "policy.json"),
        "EMON_HTTP_LISTEN": "127.0.0.1:0",
        "EMON_DATA_DIR": str(world.folder / "service"),
    }


async def _armed(world: World, planted: int) -> None:
    path = world.folder / "orders.json"
    await (await world.load(world.devices, 1.0, 0.0, "--orders-out", str(path))).communicate()
    orders = json.dumps({"orders": [order_of(number) for number in range(planted)]})
    store = await Store.open(world.database.uri)
    for document in (path.read_bytes(), orders.encode()):
        await store.arm(parse_document(document, armed_at_us=0))
    await store.close()


async def measure(
    rates: Sequence[int],
    seconds: float,
    devices: int,
    told: Callable[[str], None],
    *,
    found_one: Callable[[list[Found]], None] = lambda _: None,
    within_s: float = WITHIN_S,
) -> list[Found]:
    """Each rate on the same database, the one after the other, as long as there is time for it. ``found_one``
    hears of all that is found so far after each."""
    count = int(seconds * _PLANTED_A_SECOND)
    end_s = time.monotonic() + within_s
    found: list[Found] = []
    async with _world(devices, count * len(rates), told) as world:
        link = Link(BrokerAddress.parse(world.broker.url("tester")), "planted")
        await link.open(give_up_after_s=10.0)
        for place, rate in enumerate(rates):
            takes_s = LEAD_S + seconds + TAIL_S + _WARM_S
            if time.monotonic() + takes_s > end_s:
                told(f"{rate:,}/s is left out: it takes {takes_s:.0f} s and more, which there is no time for")
                continue
            planted = Planted(link, range(place * count, (place + 1) * count))
            found.append(await _at(world, planted, rate, seconds))
            told(_line(found[-1]))
            found_one(found)
        await link.close()
    return found


async def _at(world: World, planted: Planted, rate: int, seconds: float) -> Found:
    """The span measured begins when the load is warm; planted devices are under way by then."""
    ahead_s = LEAD_S + 1.0
    from_s = time.time() + ahead_s
    load = None
    if rate:
        load = await world.load(rate, seconds + TAIL_S + _WARM_S, max(0.0, ahead_s - _WARM_S))
    walking = asyncio.create_task(planted.walk(from_s, seconds))
    await asyncio.sleep(max(0.0, from_s - time.time()))
    shares = Shares(world.pids(load))
    await walking
    had, to_us = shares.of_the_machine(), time.time_ns() // 1_000
    said: dict[str, Any] = {}
    if load is not None:
        out, _ = await load.communicate()
        said = json.loads(out) if out.strip() else {}
    await world.settled()
    legs = await _legs(world.database.uri, planted, int(from_s * 1e6), to_us)
    return Found(
        rate=rate,
        made_a_second=float(said.get("rate_per_s", 0.0)),
        kept=bool(said.get("kept_rate", True)),
        attempts=len(legs),
        legs_ms={name: _of(legs[:, place]) for place, name in enumerate(_LEGS)},
        shares=had,
    )


async def _legs(url: str, planted: Planted, from_us: int, to_us: int) -> np.ndarray[Any, Any]:
    """Of each first attempt its legs, in milliseconds."""
    async with await psycopg.AsyncConnection.connect(url) as conn:
        rows = await (await conn.execute(_ATTEMPTS)).fetchall()
    legs = []
    for device, seq, received_us, stored_us, tried_us in rows:
        sent_us = planted.sent_us.get((device, seq))
        if sent_us is not None and from_us <= sent_us <= to_us:
            legs.append(
                (
                    received_us - sent_us, stored_us - received_us, tried_us - stored_us,
                    tried_us - received_us, tried_us - sent_us,
                )
            )  # fmt: skip
    return np.array(legs) / 1e3


def _of(values: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    return float(np.percentile(values, 50)), float(np.percentile(values, 99)), float(values.max())


def _line(found: Found) -> str:
    legs = ", ".join(f"{name} {p50:.1f} / {p99:.1f}" for name, (p50, p99, _) in found.legs_ms.items())
    shares = ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items())
    made = f"made {found.made_a_second:,.0f}{'' if found.kept else ', behind'}"
    return f"{found.rate:,}/s ({made}), {found.attempts} attempts: {legs}; {shares}"


def section_of(found: Sequence[Found], devices: int, seconds: float) -> str:
    """The figures as a section of a page."""
    names = list(dict.fromkeys(name for one in found for name in one.shares))
    lines = [
        "## From a fix to the first attempt, among a crowd's fixes",
        "",
        "Written by `python -m benchmarks.first_attempt`. Broker (nats-server), service",
        "(`EMON_MQTT_SOURCE=frames`), PostgreSQL 18 with `fsync`, publisher and three recipients by signed",
        "webhook, each a process of its own on one machine.",
        f"{devices:,} devices send one fix a message at the rate of the row; beside them",
        f"{_PLANTED_A_SECOND} devices a second drive into their bans, for {seconds:.0f} s. Sent: handed to",
        "the connection to the broker. Received: as the service stamped its batch. Stored: the database's",
        "own note of the commit. Tried: when the first attempt on a recipient began. Milliseconds, median",
        "/ 99 %.",
        "",
        machine(),
        "",
        f"| fixes/s | made | attempts | {' | '.join(_LEGS)} |",
        f"|---:|---:|---:|{'---|' * len(_LEGS)}",
    ]
    for one in found:
        legs = " | ".join(f"{one.legs_ms[name][0]:.1f} / {one.legs_ms[name][1]:.1f}" for name in _LEGS)
        made = f"{one.made_a_second:,.0f}" if one.kept else f"{one.made_a_second:,.0f}, behind"
        lines.append(f"| {one.rate:,} | {made} | {one.attempts:,} | {legs} |")
    lines += [
        "",
        f"Of the machine's {os.cpu_count()} cores together each had, in that span (others: what is not of",
        "this benchmark):",
        "",
        f"| fixes/s | {' | '.join(names)} |",
        f"|---:|{'---:|' * len(names)}",
    ]
    for one in found:
        shares = " | ".join(f"{one.shares[name]:.0%}" if name in one.shares else "" for name in names)
        lines.append(f"| {one.rate:,} | {shares} |")
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), metavar="N")
    parser.add_argument("--seconds", type=float, default=20.0, help="the span measured at each rate (20)")
    parser.add_argument("--devices", type=int, default=DEVICES, help="that send the load (40,000)")
    parser.add_argument("--out", type=Path, default=_PAGE, help="the page (benchmarks/ALERTS.md)")
    parser.add_argument("--within", type=float, default=WITHIN_S, metavar="S", help="seconds in all (280)")
    given = parser.parse_args()

    def write(found: list[Found]) -> None:
        put(given.out, "first attempt", section_of(found, given.devices, given.seconds))

    told = progress("first attempt")
    work = measure(given.rates, given.seconds, given.devices, told, found_one=write, within_s=given.within)
    found = run_to_the_end(work)
    print(section_of(found, given.devices, given.seconds) if found else "there was no time for any rate")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
