"""What a fix costs the service by part, without broker and database: from deliveries to what is sent.

    python -m benchmarks.parts                 20,000 wearers, batches of 1,000, one fix a message
    python -m benchmarks.parts --together 50   fifty fixes of a device in a message
    python -m benchmarks.parts --objects       the same by objects, as all went before docs/adr/0035

The wearers are those of ``benchmarks.engine``: each stands or walks some way from a ban of his own, so nearly
every fix changes nothing. Time is the thread's processor's; a minute of everybody, the median of three.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from benchmarks.engine import messages, state_of
from emon.batching import Batch, Cutter
from emon.cli.collector import collect_seldom
from emon.engine import Inputs, Message, needs, step
from emon.ingest.decode import decode
from emon.ingest.deliveries import Delivery
from emon.ingest.lanes import Budgets, Taking
from emon.model.effects import Effects
from emon.model.instant import SECOND_US, parse_instant
from emon.recall import recall
from emon.replay import MemoryArchive
from emon.store.batch import is_quick
from emon.store.quick_sql import write_calls

_START_US = parse_instant("2026-06-01T12:00:00Z")
PARTS = ("decode and lanes", "judge", "rows")


class Run:
    """An engine that goes on from minute to minute, its parts timed."""

    def __init__(self, wearers: int, *, together: int = 1, objects: bool = False) -> None:
        self.state = state_of(wearers)
        self.wearers, self._together, self._objects = wearers, together, objects
        self._archive = MemoryArchive()
        self._budgets = Budgets()
        self._cutter = Cutter(1_000, None)
        self._chance = random.Random(1)
        self._minute = 0
        self._at_us = _START_US
        self._spent: dict[str, float] = {}

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began_s = time.thread_time()
        yield
        self._spent[part] = self._spent.get(part, 0.0) + time.thread_time() - began_s

    async def minute(self) -> dict[str, float]:
        """Microseconds a fix, by part."""
        self._spent = {}
        count = 0
        deliveries = self._deliveries()
        at_once = max(1, 1_000 // self._together)
        for first in range(0, len(deliveries), at_once):
            taken = deliveries[first : first + at_once]
            self._at_us += 1_000
            with self._timed(PARTS[0]):
                batches = list(self._cut(taken))
            for batch in batches:
                count += batch.fixes
                await self._judged(batch)
        return {part: 1e6 * self._spent[part] / count for part in PARTS}

    def _deliveries(self) -> list[Delivery]:
        """Everybody's fixes of the next minutes, as many as go together, a message each."""
        sent: dict[str, list[bytes]] = {}
        for _ in range(self._together):
            for message in messages(self.wearers, self._minute, self._chance):
                sent.setdefault(message.topic, []).append(message.decoded.fixes[0].raw)
            self._minute += 1
        self._at_us = max(self._at_us, _START_US + 60 * SECOND_US * self._minute) + SECOND_US
        return [
            Delivery(topic, raws[0] if len(raws) == 1 else b"[" + b",".join(raws) + b"]", retained=False)
            for topic, raws in sent.items()
        ]

    def _cut(self, taken: Sequence[Delivery]) -> Iterator[Batch]:
        payload_bytes = sum(len(delivery.payload) for delivery in taken)
        topics = [delivery.topic for delivery in taken]
        # Late fixes would wait, being behind; here all are judged, as they are while the inbox is full.
        taking = Taking(topics, payload_bytes, self._budgets, self._at_us, 2**60)
        if not self._objects:
            yield from self._cutter.cut(taken, taking)
            return
        batch = Batch()
        for delivery in taken:
            decoded = decode(delivery.topic, delivery.payload)
            judged, _ = taking.sort_out(delivery.topic, delivery.payload, decoded)
            assert judged is not None
            batch.messages.append(Message(delivery.topic, judged))
            batch.fixes += len(judged.fixes)
        yield batch

    async def _judged(self, batch: Batch) -> None:
        self._at_us += 1
        inputs = Inputs(self._at_us, tuple(batch.messages), columns=batch.columns)
        with self._timed(PARTS[1]):
            past = await recall(self._archive, self.state, needs(self.state, inputs))
            self.state, effects = step(self.state, inputs, past)
        with self._timed(PARTS[2]):
            _rows(effects)
        self._archive.write(effects)


def _rows(effects: Effects) -> None:
    """What the store makes of the fixes for the database."""
    is_quick(effects)
    write_calls(effects, 1, 1)


async def measured(wearers: int, *, together: int = 1, objects: bool = False) -> dict[str, float]:
    """Medians, after two minutes in which everybody is seen for the first time."""
    run = Run(wearers, together=together, objects=objects)
    for _ in range(2):
        await run.minute()
    found = [await run.minute() for _ in range(3)]
    return {part: median(one[part] for one in found) for part in PARTS}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wearers", type=int, default=20_000, metavar="N", help="wearers (20,000)")
    parser.add_argument("--together", type=int, default=1, metavar="N", help="fixes a message (1)")
    parser.add_argument("--objects", action="store_true", help="by objects")
    given = parser.parse_args()
    collect_seldom()  # as the service does
    found = asyncio.run(measured(given.wearers, together=given.together, objects=given.objects))
    for part, cost_us in found.items():
        print(f"{part}: {cost_us:.2f} µs a fix")
    print(f"together: {sum(found.values()):.2f} µs a fix")
    return 0


if __name__ == "__main__":
    sys.exit(main())
