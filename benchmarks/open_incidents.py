"""What updates cost while thousands of incidents are open, and whether they hold an alert up.

    python -m benchmarks.open_incidents                       none, 1,000 and 5,000 open, 45 s each
    python -m benchmarks.open_incidents --open 1000 --seconds 30

Every wearer in a breach sends a fix each 15 s, so every incident has a position to tell each of three
recipients. Among them new breaches are told, of priority 1. The engine's transactions, the dispatcher, what
keeps incidents alive and what sends updates share one process, as in the service; PostgreSQL (`fsync` on) and
the recipients are others. Writes a section of benchmarks/ALERTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.__main__ import progress
from benchmarks.alert_recipients import PARTIES, recipients_running
from benchmarks.parent import run_to_the_end
from benchmarks.planted import name_of, order_of
from benchmarks.sections import machine, put
from benchmarks.shares import OTHERS, Shares, family_of
from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.recipients import Recipients, load_recipients
from emon.demo.database import EmbeddedDatabase
from emon.incidents import Incidents
from emon.limits import INCIDENT_POSITION_EVERY_S
from emon.model.breach import Alert, Breach
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Mark
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store
from emon.update_sender import UpdateSender

OPEN = (0, 1_000, 5_000)
_PAGE = Path(__file__).with_name("ALERTS.md")
_ALERTS_A_SECOND = 4
_TICK_S = 0.1
_DRAIN_S = 120.0
_ALERTS = """
SELECT count(*), percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
           ORDER BY extract(epoch FROM d.first_attempt_at - a.detected_at)::float8 * 1000),
       percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
           ORDER BY extract(epoch FROM d.delivered_at - a.detected_at)::float8 * 1000)
FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id WHERE a.at > %s
"""
# How old the position is when it arrives, counted from the transaction that brought the fix.
_UPDATES = """
SELECT count(*) FILTER (WHERE u.state = 'delivered'), count(*) FILTER (WHERE u.state = 'superseded'),
       percentile_cont(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (
           ORDER BY extract(epoch FROM u.delivered_at - u.made_at)::float8)
FROM incident_update AS u WHERE u.made_at > %s
"""


@dataclass(frozen=True)
class Found:
    """With so many open: updates received a second, replaced ones, seconds from made to received; of alerts
    milliseconds from the commit to the first attempt and to the receipt; shares of the machine."""

    open: int
    updates_a_second: float
    replaced: int
    update_s: tuple[float, float, float] | None
    alerts: int
    tried_ms: tuple[float, float, float]
    delivered_ms: tuple[float, float, float]
    shares: dict[str, float]


class Crowd:
    """Wearers in breach, and the engine's side of their story."""

    def __init__(self, store: Store, recipients: Recipients, wake: Callable[[], None]) -> None:
        self._store = store
        self._recipients = recipients
        self._wake = wake
        self._seq = 0
        self._at_us = 0

    def _now_us(self) -> int:
        """Each batch has an instant of its own, which rises."""
        self._at_us = max(self._at_us + 1, clock.now_us())
        return self._at_us

    async def begin(self, numbers: Iterable[int]) -> None:
        """One batch of the engine: fix, breach and alert of each."""
        at_us, some = self._now_us(), list(numbers)
        breaches = tuple(_breach(number, at_us) for number in some)
        alerts = tuple(_alert(number, at_us) for number in some)
        fixes = tuple(self._fix(number, at_us) for number in some)
        deliveries = [one for alert in alerts for one in self._recipients.deliveries(alert)]
        async with self._store.batch() as tx:
            await tx.write(Effects(at_us, fixes=fixes, breaches=breaches, alerts=alerts), deliveries)
        self._wake()

    async def move(self, numbers: Iterable[int]) -> None:
        """One batch of the engine: a fix of each that changes nothing."""
        at_us = self._now_us()
        async with self._store.batch() as tx:
            await tx.write(Effects(at_us, fixes=tuple(self._fix(one, at_us) for one in numbers)), ())

    def _fix(self, number: int, at_us: int) -> Fix:
        self._seq += 1
        wire = RawFix(
            name_of(number), self._seq, at_us - 1, 4.5 + 1e-6 * (self._seq % 1_000), 51.9, 9.0, b"{}"
        )
        return Fix(wire, at_us, Mark.OK)


def _breach(number: int, at_us: int) -> Breach:
    name = name_of(number)
    return Breach(
        id=derive_id("open", name),
        order=f"o-{name}",
        version=1,
        condition="c-1",
        kind=Kind.EXCLUSION,
        wearer=f"w-{name}",
        opened_at_us=at_us,
        closed_at_us=None,
        certainty=Certainty.CERTAIN,
        how=How.INSIDE,
        historic=False,
        refuted=False,
        deepest_m=20.0,
        device=name,
    )


def _alert(number: int, at_us: int) -> Alert:
    breach = _breach(number, at_us)
    return Alert(
        id=derive_id("alert", breach.id),
        event=AlertEvent.BREACH,
        priority=1,
        at_us=at_us,
        recipients=PARTIES,
        happened_at_us=at_us,
        received_at_us=at_us,
        breach=breach.id,
        order=breach.order,
        condition=breach.condition,
        certainty=breach.certainty,
        device=breach.device,
    )


async def measure(counts: Sequence[int], seconds: float, told: Callable[[str], None]) -> list[Found]:
    found = []
    for count in counts:
        found.append(await _with_open(count, seconds))
        told(str(found[-1]))
    return found


async def _with_open(count: int, seconds: float) -> Found:
    """In a database of its own: all begin, are told, and then go on."""
    new = int(_ALERTS_A_SECOND * seconds)
    async with recipients_running() as (reached, server):
        recipients = load_recipients(json.dumps(reached).encode())
        with tempfile.TemporaryDirectory(prefix="emon-incidents-") as folder:
            Path(folder).chmod(0o755)  # the database's own user must reach its folder when we are root
            database = EmbeddedDatabase(Path(folder) / "pg")
            await database.start()
            try:
                await migrate(database.uri)
                store = await Store.open(database.uri)
                document = json.dumps({"orders": [order_of(one) for one in range(count + new)]})
                await store.arm(parse_document(document.encode(), armed_at_us=0))
                await store.claim_engine()
                async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
                    parts = _Parts(store, recipients, channels)
                    try:
                        pids = {"service": [os.getpid()], "recipients": [server.pid]}
                        pids["database"] = family_of(database.pid or 0)
                        return await parts.play(count, new, seconds, pids)
                    finally:
                        await parts.stop()
                        await store.close()
            finally:
                await database.stop()


class _Parts:
    """Of the service all that tells and updates."""

    def __init__(self, store: Store, recipients: Recipients, channels: Any) -> None:
        self._store = store
        self._dispatcher = Dispatcher(store, channels, clock.now_us)
        self._sender = UpdateSender(store, channels, clock.now_us)
        self._incidents = Incidents(store, now_us=clock.now_us, on_said=self._sender.wake)
        self._crowd = Crowd(store, recipients, self._dispatcher.wake)
        self._running = [
            asyncio.create_task(part.run()) for part in (self._dispatcher, self._sender, self._incidents)
        ]

    async def stop(self) -> None:
        self._dispatcher.stop()
        for task in self._running[1:]:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def play(self, count: int, new: int, seconds: float, pids: dict[str, list[int]]) -> Found:
        for first in range(0, count, 250):
            await self._crowd.begin(range(first, min(count, first + 250)))
        await self._all_told()
        await self._walk(count, 0, INCIDENT_POSITION_EVERY_S)  # so that each has its turn
        began_us, shares = clock.now_us(), Shares(pids)
        await self._walk(count, new, seconds)
        had = shares.of_the_machine()
        await self._all_told()
        return await self._found(count, began_us, seconds, had)

    async def _walk(self, count: int, new: int, seconds: float) -> None:
        """Everybody a fix each 15 s, spread evenly; beside it new breaches, each in a batch of its own."""
        began_s, moved, begun = time.monotonic(), 0, 0
        while (passed_s := time.monotonic() - began_s) < seconds:
            to = int(count * passed_s / INCIDENT_POSITION_EVERY_S)
            if to > moved:
                await self._crowd.move({number % count for number in range(moved, to)})
                moved = to
            if new and begun < int(new * passed_s / seconds):
                await self._crowd.begin((count + begun,))
                begun += 1
            await asyncio.sleep(_TICK_S)

    async def _all_told(self) -> None:
        async with asyncio.timeout(_DRAIN_S):
            while (await self._store.counts()).deliveries_waiting:
                await asyncio.sleep(_TICK_S)

    async def _found(self, count: int, began_us: int, seconds: float, had: dict[str, float]) -> Found:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began_us / SECOND_US))
        async with await psycopg.AsyncConnection.connect(self._store.url) as conn:
            alerts = await (await conn.execute(_ALERTS, (since,))).fetchone()
            updates = await (await conn.execute(_UPDATES, (since,))).fetchone()
        assert alerts is not None
        assert updates is not None
        return Found(
            count,
            updates[0] / seconds,
            updates[1],
            None if updates[2] is None or updates[2][0] is None else tuple(updates[2]),
            alerts[0],
            tuple(alerts[1]),
            tuple(alerts[2]),
            had,
        )


def section_of(found: Sequence[Found], seconds: float) -> str:
    """The figures as a section of a page."""
    lines = [
        "## Updates while thousands of incidents are open",
        "",
        "Written by `python -m benchmarks.open_incidents`. Every wearer in a breach sends a fix each",
        f"{INCIDENT_POSITION_EVERY_S} s, so each incident has a new position for each of three recipients by",
        f"signed webhook; {seconds:.0f} s of it. Among them {_ALERTS_A_SECOND} new breaches a second are",
        "told, of priority 1. The engine's transactions, the dispatcher and the updates share one process",
        "(service); PostgreSQL 18 with `fsync` and the recipients are others. Replaced: not sent, as a newer",
        "one was there.",
        "",
        machine(),
        "",
        "| open | updates received/s | replaced | made to received, s, p50 / p99 "
        "| alerts: first attempt, ms, p50 / p99 | alerts: received, ms, p50 / p99 / most "
        "| service | database | others |",
        "|---:|---:|---:|---|---|---|---:|---:|---:|",
    ]
    for one in found:
        made = "" if one.update_s is None else f"{one.update_s[0]:.2f} / {one.update_s[1]:.2f}"
        shares = " | ".join(f"{one.shares[name]:.0%}" for name in ("service", "database", OTHERS))
        lines.append(
            f"| {one.open:,} | {one.updates_a_second:,.0f} | {one.replaced:,} | {made} "
            f"| {one.tried_ms[0]:.0f} / {one.tried_ms[1]:.0f} | {one.delivered_ms[0]:.0f} / "
            f"{one.delivered_ms[1]:.0f} / {one.delivered_ms[2]:.0f} | {shares} |"
        )
    return "\n".join([*lines, "", f"Shares are of the machine's {os.cpu_count()} cores together.", ""])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--open", type=int, nargs="+", default=list(OPEN), metavar="N")
    parser.add_argument("--seconds", type=float, default=45.0, help="at each (45)")
    parser.add_argument("--out", type=Path, default=_PAGE, help="the page (benchmarks/ALERTS.md)")
    given = parser.parse_args()
    text = section_of(
        run_to_the_end(measure(given.open, given.seconds, progress("open incidents"))), given.seconds
    )
    print(text)
    put(given.out, "open incidents", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
