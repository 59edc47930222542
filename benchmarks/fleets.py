"""What a fleet costs as it grows: 1,000 to 1,000,000 devices known, PostgreSQL behind the engine.

    python -m benchmarks.fleets                    writes benchmarks/FLEETS.md and its chart
    python -m benchmarks.fleets --sizes 1000 10000 --out FOLDER
    python -m benchmarks.fleets --within 200       at most so many seconds a size (420)

Each size is a process of its own, so that its memory is its own. Start: everything remembered and every
order read from the database and made into the engine's state. Then nobody is heard: an alert for each device,
in one step. Then rounds of batches of 1,000 fixes from devices
taken at random, each a transaction as in the service: what the step needs is recalled, the step made, all
written and committed. The first round meets every device for the first time; the rounds after are shown. A
size that does not come to its end within its time has a row that says so. The page is written after each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import msgspec
import psycopg

from benchmarks.__main__ import progress
from benchmarks.geofence.chart import curve_svg
from benchmarks.geofence.results import Curve, Spread
from emon.demo.database import EmbeddedDatabase
from emon.store.migrate import migrate

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_QUICK = (200, 1_000)
_ROOT = Path(__file__).resolve().parents[1]
_BATCH, _BATCHES, _ROUNDS = 1_000, 5, 4
_WITHIN_S = 420.0
_SOURCE = (
    '{"conditions":[{"id":"c-1","kind":"exclusion","zone":{"center":[%s,%s],"radius_m":300,"type":"Circle"}}],'
    '"devices":[{"id":"d-%s"}],"id":"o-%s","legal_basis":"gedragsaanwijzing",'
    '"valid_from":"2026-05-01T00:00:00.000000Z","version":1,"wearer":"w-%s"}'
)
# As arming writes them, a million in one statement; the trail of arming is not what is measured.
_ORDERS = """
INSERT INTO order_version (id, version, armed_at, wearer, legal_basis, risk, valid_from, source)
SELECT 'o-' || n, 1, '2026-05-01Z', 'w-' || n, 'gedragsaanwijzing', 'medium', '2026-05-01Z',
       convert_to(format(%(source)s, 4 + 0.01 * (n %% 200), 51.5 + 0.0005 * (n / 200), n, n, n), 'UTF8')
FROM generate_series(1, %(devices)s) AS n;
INSERT INTO order_device (order_id, version, device) SELECT id, 1, 'd-' || substr(id, 3) FROM order_version;
"""


class Fleet(msgspec.Struct, frozen=True):
    """``start_s``: orders read and made into a state; ``start_mb``, ``end_mb``: the most memory by then;
    ``silent_us``: microseconds a device of the step that tells of each that it is not heard; ``first_us``: of
    its first fix; ``fix_us``: microseconds a fix of each round after; ``cpu_us``: of this process alone."""

    devices: int
    start_s: float
    start_mb: float
    end_mb: float
    silent_us: float
    first_us: float
    fix_us: list[float]
    cpu_us: list[float]


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """A section of ``make bench``."""
    return asyncio.run(_report(_QUICK if quick else SIZES, folder, told, _WITHIN_S))


async def _report(sizes: Sequence[int], folder: Path, told: Callable[[str], None], within_s: float) -> Path:
    place = Path(tempfile.mkdtemp(prefix="emon-fleets-"))
    place.chmod(0o755)  # the database's own user must reach its folder when we are root
    server = EmbeddedDatabase(place / "database")
    found: dict[int, Fleet | None] = {}
    try:
        await server.start()
        for size in sizes:
            found[size] = await _one(server, size, within_s)
            told(f"{size:,} devices: {found[size]}")
            page = _write(found, folder, within_s)
    finally:
        await server.stop()
        shutil.rmtree(place, ignore_errors=True)
    return page


def _write(found: dict[int, Fleet | None], folder: Path, within_s: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "charts").mkdir(exist_ok=True)
    whole = [fleet for fleet in found.values() if fleet is not None]
    if len(whole) > 1:
        (folder / "charts" / "fleets.svg").write_text(curve_svg(_curve(whole)), "utf-8")
    page = folder / "FLEETS.md"
    page.write_text(page_of(found, within_s), "utf-8")
    return page


async def _one(server: EmbeddedDatabase, devices: int, within_s: float) -> Fleet | None:
    name = f"fleet_{devices}"
    with psycopg.connect(server.uri, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    url = server.uri_of(name)
    try:
        await migrate(url)
        with psycopg.connect(url, autocommit=True) as conn:
            for table in ("order_version", "order_device"):
                conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            given = {"source": _SOURCE, "devices": devices}
            psycopg.ClientCursor(conn).execute(_ORDERS.encode(), given)
            conn.execute("ANALYZE")
        command = [sys.executable, "-m", "benchmarks.fleets", "--child", url, "--sizes", str(devices)]
        try:
            done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=within_s, check=True)
        except subprocess.TimeoutExpired:
            return None
        return msgspec.json.decode(done.stdout, type=Fleet)
    finally:
        with psycopg.connect(server.uri, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def child(url: str, devices: int) -> Fleet:
    """The engine over a database that knows so many devices."""
    from emon.cli.collector import collect_seldom
    from emon.model.instant import SECOND_US
    from emon.state import initial_state, with_orders
    from emon.store.store import Store

    collect_seldom()  # as the service does
    store = await Store.open(url)
    await store.claim_engine()
    now_us = time.time_ns() // 1_000
    began_s = time.perf_counter()
    state = initial_state(now_us - 1, await store.remembered())
    async with store.batch() as transaction:
        state = with_orders(state, await transaction.orders_after(state.arm_seq))
    start_s = time.perf_counter() - began_s
    start_mb = _most_mb()
    engine = Engine(store, state, now_us + SECOND_US, devices)
    silent_us = await engine.silent_us()
    rounds = [await engine.round_us() for _ in range(_ROUNDS)]
    await store.close()
    later = rounds[1:]
    return Fleet(
        devices,
        start_s,
        start_mb,
        _most_mb(),
        silent_us,
        rounds[0][0],
        [one[0] for one in later],
        [one[1] for one in later],
    )


class Engine:
    """One engine whose fleet sends from round to round: the same devices each round, a minute later."""

    def __init__(self, store: object, state: object, at_us: int, devices: int) -> None:
        self._store, self._state, self._devices = store, state, devices
        self._at_us, self._first_us = at_us, at_us
        chance = random.Random(devices)
        many = min(devices, _BATCH * _BATCHES)
        self._chosen = chance.sample(range(1, devices + 1), many)
        self._chance = chance
        self._minute = 0

    async def silent_us(self) -> float:
        """Microseconds for each device of the step that finds that none was heard."""
        began_s = time.perf_counter()
        await self._stepped(())
        return 1e6 * (time.perf_counter() - began_s) / self._devices

    async def _stepped(self, messages: Sequence[object]) -> None:
        from emon.engine import Inputs, needs, step
        from emon.recall import recall

        self._at_us += 1_000
        inputs = Inputs(self._at_us, tuple(messages))  # type: ignore[arg-type]
        async with self._store.batch() as transaction:  # type: ignore[attr-defined]
            past = await recall(transaction, self._state, needs(self._state, inputs))  # type: ignore[arg-type]
            self._state, effects = step(self._state, inputs, past)  # type: ignore[arg-type]
            await transaction.write(effects, ())

    async def round_us(self) -> tuple[float, float]:
        """Microseconds a fix, by the wall clock and by this process's processor time."""
        from benchmarks.engine import batches
        from emon.engine import Message
        from emon.ingest.decode import decode

        found = []
        at_ms = (self._first_us + 60_000_000 * self._minute) // 1_000
        for number in self._chosen:
            lon, lat = 4 + 0.01 * (number % 200), 51.5 + 0.0005 * (number // 200)
            away = 0.008 + 0.0001 * self._chance.random()
            payload = {"seq": self._minute + 1, "t": at_ms, "lat": lat, "lon": lon + away, "acc": 10.0}
            topic = f"emon/v1/d-{number}/fix"
            found.append(Message(topic, decode(topic, json.dumps(payload).encode())))
        self._at_us = max(self._at_us, at_ms * 1_000 + 500_000)
        self._minute += 1
        began_s, cpu_s = time.perf_counter(), time.process_time()
        for batch in batches(found, _BATCH):
            await self._stepped(batch)
        count = len(found)
        return 1e6 * (time.perf_counter() - began_s) / count, 1e6 * (time.process_time() - cpu_s) / count


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def _curve(fleets: Sequence[Fleet]) -> Curve:
    def line(values: Callable[[Fleet], Sequence[float]]) -> tuple[Spread, ...]:
        return tuple(Spread(tuple(values(one))) for one in fleets)

    lines = {
        "a fix, all of it": line(lambda one: [1e3 * us for us in one.fix_us]),
        "a fix, our processor": line(lambda one: [1e3 * us for us in one.cpu_us]),
        "start, a device": line(lambda one: [1e9 * one.start_s / one.devices]),
    }
    return Curve(
        key="fleets",
        title="What a fleet costs as it grows",
        x_name="devices known",
        x=tuple(float(one.devices) for one in fleets),
        lines=lines,
        each="fix, or device at the start",
    )


def page_of(found: dict[int, Fleet | None], within_s: float) -> str:
    lines = [
        "# What a fleet costs as it grows",
        "",
        "Written by `python -m benchmarks.fleets`.",
        "",
        "The engine in one process, PostgreSQL 18 with `fsync` on behind it, one ban a device, batches of",
        "1,000 fixes from up to 5,000 devices taken at random, each a transaction as in the service (recall,",
        f"step, write, commit). {os.cpu_count()} cores shared with other work (load average",
        f"{os.getloadavg()[0]:.1f} at the end).",
        "",
        "| devices known | start, s | memory then, MB | at the end, MB "
        "| told that it is not heard, µs a device | first fix of a device, µs | a fix later, µs "
        "| of it our processor, µs |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size, one in found.items():
        if one is None:
            lines.append(f"| {size:,} | not at its end within {within_s:.0f} s | | | | | | |")
            continue
        lines.append(
            f"| {size:,} | {one.start_s:.1f} | {one.start_mb:,.0f} | {one.end_mb:,.0f} "
            f"| {one.silent_us:.0f} | {one.first_us:.0f} "
            f"| {median(one.fix_us):.0f} | {median(one.cpu_us):.0f} |"
        )
    return "\n".join([*lines, "", "![Cost as fleets grow](charts/fleets.svg)", ""])


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleets", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="devices known")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder of the page (benchmarks)"
    )
    parser.add_argument("--within", type=float, default=_WITHIN_S, metavar="S", help="for each size (420)")
    parser.add_argument("--child", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(msgspec.json.encode(asyncio.run(child(given.child, given.sizes[0]))).decode())
        return 0
    print(asyncio.run(_report(given.sizes, given.out, progress("fleets"), given.within)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
