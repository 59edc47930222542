"""What one step of the engine costs a fix: in batches, and one fix at a time.

    python -m benchmarks.engine                   20,000 wearers, batches of 1,000 and of 1
    python -m benchmarks.engine --profile         and where the time of the batches goes

Everything from decoded messages to effects: what the step must be given of the past, the step itself, and
the reading of that past from an archive in memory. Writing to the archive is not counted, as storing is
measured elsewhere (``benchmarks.pipeline``), and messages are objects: the service takes most in columns,
which ``benchmarks.step`` lays beside it. Each wearer has one ban of 300 m and stands or walks some
hundred metres to two kilometres from it, a fix a minute with 5 m of drift. Time is the thread's processor's.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import math
import pstats
import random
import sys
import time
from collections.abc import Iterator, Sequence

from emon.cli.collector import collect_seldom
from emon.engine import Inputs, Message, needs, step
from emon.ingest.decode import decode
from emon.model.instant import SECOND_US, parse_instant
from emon.orders.document import parse_document
from emon.recall import recall
from emon.replay import MemoryArchive
from emon.state import State, initial_state, with_orders

_START_US = parse_instant("2026-06-01T12:00:00Z")
_M_PER_DEG = 111_320.0
BATCH_TARGET_US, SINGLE_TARGET_US = (
    3.0,
    60.0,
)  # [issue 6] at 20,000 wearers, in batches of 1,000; one at a time
_EDGE_M, _SWING_M, _ROUND_MINUTES = 350.0, 200.0, 10  # from 250 m outside to 150 m inside of a ban of 300 m


def state_of(wearers: int) -> State:
    """Everybody's order armed, and nothing received yet."""
    orders = [
        {
            "id": f"o-{number}",
            "version": 1,
            "wearer": f"w-{number}",
            "device": f"d-{number}",
            "legal_basis": "gedragsaanwijzing",
            "valid_from": "2026-05-01T00:00:00Z",
            "conditions": [
                {
                    "id": "c-1",
                    "kind": "exclusion",
                    "zone": {"type": "Circle", "center": list(_centre(number)), "radius_m": 300},
                }
            ],
        }
        for number in range(wearers)
    ]
    versions = parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=None)
    return with_orders(initial_state(_START_US - SECOND_US), list(enumerate(versions, start=1)))


def _centre(number: int) -> tuple[float, float]:
    return 4.0 + 0.01 * (number % 200), 51.5 + 0.005 * (number // 200)


def messages(wearers: int, minute: int, chance: random.Random, busy: float = 0.0) -> list[Message]:
    """A fix of everybody, in a random order. ``busy``: that share of them walks into the ban and out of it
    again, once in ten minutes."""
    found = []
    for number in chance.sample(range(wearers), wearers):
        lon, lat = _centre(number)
        away_m = 500.0 + 7.5 * (number % 200) + chance.gauss(0.0, 5.0)
        if number % 1_000 < 1_000 * busy:
            turn = math.cos(2.0 * math.pi * (minute + number) / _ROUND_MINUTES)
            away_m = _EDGE_M + _SWING_M * turn + chance.gauss(0.0, 5.0)
        walked_m = 80.0 * minute if number % 10 < 2 and number % 1_000 >= 1_000 * busy else 0.0
        payload = {
            "seq": minute + 1,
            "t": _START_US // 1_000 + 60_000 * minute,
            "lat": lat + walked_m / _M_PER_DEG,
            "lon": lon + away_m / (_M_PER_DEG * 0.62),
            "acc": 10.0,
        }
        topic = f"emon/v1/d-{number}/fix"
        found.append(Message(topic, decode(topic, json.dumps(payload).encode())))
    return found


def batches(found: Sequence[Message], size: int) -> Iterator[tuple[Message, ...]]:
    for first in range(0, len(found), size):
        yield tuple(found[first : first + size])


class Run:
    """One engine that goes on from minute to minute."""

    def __init__(self, wearers: int, busy: float = 0.0) -> None:
        self.wearers, self._busy = wearers, busy
        self.state = state_of(wearers)
        self.archive = MemoryArchive()
        self.at_us = _START_US
        self.minute = 0
        self._chance = random.Random(1)

    async def minute_us(self, size: int) -> float:
        """Microseconds a fix, of everybody's fixes of the next minute. Of all, since whoever sends nothing
        falls silent, and whoever's minute it is pays for the looks at all devices that fall due in it."""
        found = messages(self.wearers, self.minute, self._chance, self._busy)
        self.at_us = max(self.at_us, _START_US + 60 * SECOND_US * self.minute) + SECOND_US
        self.minute += 1
        spent_s = 0.0
        for batch in batches(found, size):
            spent_s += await self._step_s(batch)
        return spent_s / len(found) * 1e6

    async def _step_s(self, batch: tuple[Message, ...]) -> float:
        """One step, and the seconds it took."""
        self.at_us += 1_000
        inputs = Inputs(self.at_us, batch)
        begun_s = time.thread_time()
        past = await recall(self.archive, self.state, needs(self.state, inputs))
        self.state, effects = step(self.state, inputs, past)
        spent_s = time.thread_time() - begun_s
        self.archive.write(effects)
        return spent_s


async def measured(wearers: int, *, profile: bool) -> int:
    run = Run(wearers)
    for _ in range(2):  # the first minute finds no memory, the second no fix before
        await run.minute_us(1_000)
    batch = sorted([await run.minute_us(1_000) for _ in range(3)])
    print(f"{wearers:,} wearers, batches of 1,000: {batch[1]:.1f} µs a fix (aim {BATCH_TARGET_US:g})")
    if profile:
        watched = cProfile.Profile()
        watched.enable()
        await run.minute_us(1_000)
        watched.disable()
        pstats.Stats(watched).sort_stats("tottime").print_stats(25)
    single = sorted([await run.minute_us(1) for _ in range(3)])
    print(f"{wearers:,} wearers, one at a time: {single[1]:.1f} µs a fix (aim {SINGLE_TARGET_US:g})")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wearers", type=int, default=20_000, metavar="N", help="wearers (20,000)")
    parser.add_argument("--profile", action="store_true", help="where the time of a minute in batches goes")
    given = parser.parse_args()
    collect_seldom()  # as the service does
    return asyncio.run(measured(given.wearers, profile=given.profile))


if __name__ == "__main__":
    sys.exit(main())
