"""A database that is away while a fleet sends: what memory it takes, what is done twice, how it comes back.

    python -m benchmarks.away                               writes benchmarks/AWAY.md
    python -m benchmarks.away --seconds 20 --rate 100       the page of a smaller run

nats-server sends what is not acknowledged again after its ``ack_wait`` on the same connection. Work that was
doubled for that shows as repeats: fixes that came to the engine again when they were stored already.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.kills.stage import Stage, looked_for
from benchmarks.parent import run_to_the_end
from benchmarks.storms import LiveFleet, resident_mb
from emon.demo.broker import EmbeddedBroker

PAGE = Path(__file__).with_name("AWAY.md")
_CALM_S = 5.0
_BEGUN_S = 60.0
_DRAIN_WITHIN_S = 300.0
_COUNTED = """
SELECT (SELECT coalesce(sum(fixes), 0) FROM mark_counter)::bigint,
       (SELECT coalesce(sum(repeats), 0) FROM device_counter)::bigint,
       (SELECT count(*) FROM inbox)
"""


@dataclass(frozen=True)
class Away:
    """Megabytes are the service's: before, at most while the database was away, when all was drained."""

    away_s: float
    rate: float
    devices: int
    source: str
    acknowledged: int
    stored: int
    repeats: int
    before_mb: float
    most_mb: float
    after_mb: float
    drained_s: float | None
    load: float


async def measured(seconds: float, rate: float, devices: int, source: str) -> Away:
    """The fleet is heard, the database stops for so long and comes back."""
    with tempfile.TemporaryDirectory(prefix="emon-away-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker = EmbeddedBroker(folder / "broker")
        await broker.start()
        stage = Stage(folder, broker, devices=devices, source=source, say=lambda _: None)
        live = LiveFleet(broker.url("tester"))
        try:
            await stage.start()
            await live.open(name="live")
            sending = asyncio.create_task(live.run(devices, rate))
            pid, url = stage.service.pid, stage.database.uri

            async def heard() -> bool:
                return (await _counted(url))[0] >= rate

            await looked_for(heard, _BEGUN_S)
            await asyncio.sleep(_CALM_S)
            before_mb, largest_mb = resident_mb(pid), 0.0
            await stage.database.stop()
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                await asyncio.sleep(1.0)
                largest_mb = max(largest_mb, resident_mb(pid))
            await stage.database.start()
            back_s = time.monotonic()

            async def drained() -> bool:
                stored, _, waiting = await _counted(url)
                return waiting == 0 and live.sent - stored < 2 * rate

            done = await looked_for(drained, _DRAIN_WITHIN_S, 0.25)
            drained_s = time.monotonic() - back_s
            after_mb = resident_mb(pid)
            sending.cancel()

            async def all_stored() -> bool:
                return live.acked == live.sent and (await _counted(url))[0] >= live.acked

            await looked_for(all_stored, 60.0, 0.25)
            stored, repeats, _ = await _counted(url)
            await live.close()
        finally:
            await stage.stop()
            await broker.stop()
    return Away(
        seconds, rate, devices, source, live.acked, stored, repeats, before_mb, largest_mb, after_mb,
        round(drained_s, 1) if done else None, round(os.getloadavg()[0], 1),
    )  # fmt: skip


def page_of(one: Away) -> str:
    """The figures as a page, what did not come too."""
    drained = f"{one.drained_s:.1f} s" if one.drained_s is not None else f"not within {_DRAIN_WITHIN_S:.0f} s"
    lines = [
        "# A database that is away while a fleet sends",
        "",
        "Written by `python -m benchmarks.away`. nats-server, PostgreSQL with fsync and the service",
        f"(`{one.source}`) on {os.cpu_count()} cores (load average at the end: {one.load:.1f}).",
        f"{one.devices} devices send {one.rate:g} fixes/s all the time; the database is away for",
        f"{one.away_s:g} s. A repeat is a fix that came to the engine",
        "again when it was stored already: what the broker sends again and somebody judges twice.",
        "",
        "| | |",
        "|---|---:|",
        f"| acknowledged by the broker | {one.acknowledged:,} |",
        f"| of these not stored at the end | {max(0, one.acknowledged - one.stored):,} |",
        f"| repeats | {one.repeats:,} |",
        f"| drained after its return | {drained} |",
        f"| service's memory before, MB | {one.before_mb:.0f} |",
        f"| at most while away, MB | {one.most_mb:.0f} |",
        f"| when drained, MB | {one.after_mb:.0f} |",
        "",
    ]
    return "\n".join(lines)


async def _counted(url: str) -> tuple[int, int, int]:
    async with await psycopg.AsyncConnection.connect(url) as conn:
        row = await (await conn.execute(_COUNTED)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=90.0, help="how long it is away (90)")
    parser.add_argument("--rate", type=float, default=200.0, help="fixes a second (200)")
    parser.add_argument("--devices", type=int, default=450, help="how many devices (450)")
    parser.add_argument("--source", default="frames", help="EMON_MQTT_SOURCE (frames)")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page (benchmarks/AWAY.md)")
    given = parser.parse_args()
    found = run_to_the_end(measured(given.seconds, given.rate, given.devices, given.source))
    given.out.write_text(page_of(found), "utf-8")
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
