"""A night that nobody answers, played at a pace: does every alert climb until the morning, and in time?

    python -m benchmarks.played_night                        8 hours at 60 times their pace: 8 minutes
    python -m benchmarks.played_night --hours 1 --pace 120   30 seconds

The service's own dispatcher, escalation, heartbeats and watch over recipients tell three real HTTP
recipients what a night brings a fleet of so many wearers; the database is PostgreSQL. Nobody answers and
nobody closes, so each alert must climb by its ladder to the end. The clock that all of them read runs at the
pace; nothing else is hurried, so an hour's work has to fit into a minute. Of every delivery it is said how
late its first attempt began, in real time. Writes a section of benchmarks/ALERTS.md, also of a night that was
broken off; exits 1 if one alert was lost, came twice or stopped climbing.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import psycopg

from benchmarks.__main__ import progress
from benchmarks.alerts_night import PARTIES, Night, memory_kb_now, night, tomorrow_us
from benchmarks.parent import run_to_the_end
from benchmarks.sections import machine, put
from emon.alerts.escalation import ladder_for
from emon.alerts.ladder import DEFAULT_LADDER
from emon.demo.database import EmbeddedDatabase
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.migrate import migrate
from emon.store.store import Store

HOURS, PACE, WEARERS = 8.0, 60.0, 1_000
A_WEARER_AND_DAY = 0.35  # alerts; domain: 0.3 to 0.4 in three programmes
_TICK_S = 0.005
_BEAT_US, _WATCH_US = 60 * SECOND_US, 10 * SECOND_US
_PAGE = Path(__file__).with_name("ALERTS.md")
_CENTRE, _BOTH = (Party.MELDKAMER_EM,), (Party.RECLASSERING, Party.MELDKAMER_EM)
# What a night brings, in a hundred: event, priority, recipients of the default policy.
_BRINGS: tuple[tuple[int, AlertEvent, int, tuple[Party, ...]], ...] = (
    (5, AlertEvent.BREACH, 1, PARTIES),
    (20, AlertEvent.BREACH, 3, _BOTH),
    (5, AlertEvent.STRAP_TAMPER, 2, _CENTRE),
    (15, AlertEvent.APPROACH, 3, _CENTRE),
    (25, AlertEvent.SILENCE, 3, _CENTRE),
    (10, AlertEvent.NO_POSITION, 3, _CENTRE),
    (20, AlertEvent.BATTERY_LOW, 4, _CENTRE),
)
_DELIVERIES = """
SELECT d.alert_id, d.climb, a.priority, (extract(epoch FROM a.at) * 1000000)::bigint,
       (extract(epoch FROM d.first_attempt_at) * 1000000)::bigint, d.delivered_at IS NOT NULL
FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id
"""
_CLIMBED = "SELECT alert_id, max(step) FROM climb GROUP BY alert_id"


@dataclass
class Played:
    """``late_ms``: median, 99 % and most, in real time. ``stopped``: alerts that had a climb due and made
    none. ``memory_mb``: of this process at the beginning of each hour of the night."""

    hours: float
    pace: float
    wearers: int
    alerts: int = 0
    deliveries: int = 0
    climbs: int = 0
    lost: int = 0
    twice: int = 0
    stopped: int = 0
    heartbeats: int = 0
    late_ms: tuple[float, float, float] = (0.0, 0.0, 0.0)
    memory_mb: list[float] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def is_sound(self) -> bool:
        return self.alerts > 0 and not (self.lost or self.twice or self.stopped)


Brought = tuple[int, tuple[str, AlertEvent, int, Sequence[Party]]]


def night_of(wearers: int, hours: float, seed: int) -> list[Brought]:
    """What comes when: (instant in µs since the start, alert), one at least, in its order."""
    random = Random(seed)
    count = max(1, round(wearers * A_WEARER_AND_DAY * hours / 24.0))
    weights = [share for share, *_ in _BRINGS]
    instants = sorted(round(random.uniform(0.0, hours * 3_600.0) * SECOND_US) for _ in range(count))
    kinds = random.choices(_BRINGS, weights, k=count)
    return [
        (at_us, (f"night-{number}", event, priority, to))
        for number, (at_us, (_, event, priority, to)) in enumerate(zip(instants, kinds, strict=True))
    ]


async def play(
    store: Store,
    folder: Path,
    brought: Sequence[Brought],
    outcome: Played,
    told: Callable[[str], None] = lambda _: None,
) -> Played:
    """Play it to its end and fill in the outcome. A cancelled one is filled in as far as it came."""
    began_s = time.monotonic()
    async with night(store, tomorrow_us(), folder) as (parts, _):
        for server in parts.servers.values():
            server.whole = False
        ticking = asyncio.create_task(_tick(parts, outcome.pace))
        try:
            await _pass(parts, brought, outcome, told)
        finally:
            ticking.cancel()
            outcome.took_s = time.monotonic() - began_s
            await _drained(parts, outcome)
            _judge(parts, outcome)
    return outcome


async def _tick(parts: Night, pace: float) -> None:
    began_s = time.monotonic()
    while True:
        await asyncio.sleep(_TICK_S)
        now_us = round((time.monotonic() - began_s) * pace * SECOND_US)
        parts.clocks.go(now_us - parts.clocks.steady_us)


async def _pass(
    parts: Night, brought: Sequence[Brought], outcome: Played, told: Callable[[str], None]
) -> None:
    coming = list(brought)[::-1]
    end_us = round(outcome.hours * 3_600.0 * SECOND_US)
    hour_us = beat_us = watch_us = 0
    while (now_us := parts.clocks.steady_us) < end_us:
        due = []
        while coming and coming[-1][0] <= now_us:
            due.append(coming.pop()[1])
        if due:
            outcome.alerts += len(await parts.raise_alerts(*due))
        outcome.climbs += len(await parts.escalator.step())
        if now_us >= watch_us:
            await parts.down_watch.step()
            watch_us = now_us + _WATCH_US
        if now_us >= beat_us:
            outcome.heartbeats += len(await parts.heartbeats.beat())
            beat_us = now_us + _BEAT_US
        if now_us >= hour_us:
            outcome.memory_mb.append(memory_kb_now() / 1_024.0)
            hour_us += 3_600 * SECOND_US
            told(f"hour {len(outcome.memory_mb)}: {outcome.alerts} alerts, {outcome.climbs:,} climbs")
        await _until_next(parts, coming, min(beat_us, watch_us, end_us), outcome.pace)


async def _until_next(parts: Night, coming: Sequence[Brought], other_us: int, pace: float) -> None:
    """Until the next alert, climb or look is due; never without a pause for all others."""
    next_us = await parts.store.next_escalation_us()
    dues = [other_us]
    if next_us is not None:
        dues.append(next_us - parts.clocks.wall_us + parts.clocks.steady_us)
    if coming:
        dues.append(coming[-1][0])
    left_s = (min(dues) - parts.clocks.steady_us) / SECOND_US / pace
    await asyncio.sleep(max(0.0, left_s))


async def _drained(parts: Night, outcome: Played) -> None:
    """What was due when the night ended climbs and is sent; the clock stands."""
    for _ in range(2):  # what still waited to be received climbs once it was
        while await parts.store.claim_due(parts.clocks.wall_us, 1):
            parts.dispatcher.wake()
            await asyncio.sleep(0.01)
        outcome.climbs += len(await parts.escalator.step())
    await parts.sent()


def _judge(parts: Night, outcome: Played) -> None:
    """Everything on file against what the recipients got, and against the ladders."""
    with psycopg.connect(parts.store.url) as conn:
        rows = conn.execute(_DELIVERIES.encode()).fetchall()
        steps: dict[str, int] = dict(conn.execute(_CLIMBED.encode()).fetchall())
    heard = Counter(hook for server in parts.servers.values() for _, hook, _ in server.messages)
    names = {derive_id("night", f"night-{number}") for number in range(outcome.alerts)}
    outcome.deliveries = len(rows)
    outcome.lost = sum(not done for *_, done in rows) + len(names - {row[0] for row in rows})
    outcome.twice = sum(count - 1 for count in heard.values())
    raised = {alert: (priority, at_us) for alert, _, priority, at_us, _, _ in rows}
    ladders = {priority: ladder_for(DEFAULT_LADDER, priority) for priority, _ in raised.values()}
    outcome.stopped = sum(
        at_us + ladders[priority].due_s(steps.get(alert, 0) + 1) * SECOND_US <= parts.clocks.wall_us
        for alert, (priority, at_us) in raised.items()
    )
    late_us = [
        tried_us - at_us - (ladders[priority].due_s(climb) * SECOND_US if climb else 0)
        for _, climb, priority, at_us, tried_us, _ in rows
        if tried_us is not None
    ]
    if late_us:
        real_ms = np.array(late_us) / outcome.pace / 1_000.0
        p50, p99 = np.percentile(real_ms, (50, 99))
        outcome.late_ms = (float(p50), float(p99), float(real_ms.max()))


def section_of(played: Played) -> str:
    """The figures as a section of a page."""
    p50, p99, most = played.late_ms
    memory = ", ".join(f"{mb:.0f}" for mb in played.memory_mb)
    return "\n".join(
        [
            "## A night that nobody answers",
            "",
            f"Written by `python -m benchmarks.played_night`: {played.hours:g} hours at {played.pace:g}",
            f"times their pace, in {played.took_s:.0f} s. What a night brings {played.wearers:,} wearers is",
            "told to three HTTP recipients, and nobody answers or closes anything. Late: from the instant at",
            "which an alert was raised or its climb was due to the first attempt, in real time.",
            "",
            machine(),
            "",
            "| alerts | climbs | deliveries | heartbeats | lost | came twice | stopped climbing "
            "| late, ms, p50 / p99 / most |",
            "|---:|---:|---:|---:|---:|---:|---:|---|",
            f"| {played.alerts:,} | {played.climbs:,} | {played.deliveries:,} | {played.heartbeats:,} "
            f"| {played.lost} | {played.twice} | {played.stopped} | {p50:.0f} / {p99:.0f} / {most:.0f} |",
            "",
            f"Memory of the process at the beginning of each hour, MB: {memory}.",
            "It holds the recipients too, which note the id of each message.",
            "",
        ]
    )


async def _main(given: argparse.Namespace, outcome: Played) -> None:
    with TemporaryDirectory(prefix="emon-night-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        database = EmbeddedDatabase(folder / "database")
        await database.start()
        try:
            await migrate(database.uri)
            store = await Store.open(database.uri)
            await store.claim_engine()
            brought = night_of(given.wearers, given.hours, given.seed)
            await play(store, folder, brought, outcome, progress("night"))
            await store.close()
        finally:
            await database.stop()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=HOURS, help="of the night (8)")
    parser.add_argument("--pace", type=float, default=PACE, help="times as fast as a clock (60)")
    parser.add_argument("--wearers", type=int, default=WEARERS, help="whose night it is (1,000)")
    parser.add_argument("--seed", type=int, default=1, help="what comes when (1)")
    parser.add_argument("--out", type=Path, default=_PAGE, help="the page (benchmarks/ALERTS.md)")
    given = parser.parse_args()
    logging.getLogger("emon").setLevel(logging.ERROR)  # that each alert climbs is what is asked here
    outcome = Played(given.hours, given.pace, given.wearers)
    try:
        run_to_the_end(_main(given, outcome))
    finally:
        if outcome.deliveries:
            print(section_of(outcome))
            put(given.out, "played night", section_of(outcome))
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
