"""What judging a fix costs: `python -m benchmarks.step`, which writes benchmarks/STEP.md; some two minutes.

The wearers are those of ``benchmarks.engine``, most of whom nothing happens to; a second table lets more and
more of them walk in and out of their bans. Time is the thread's processor's, without broker and database.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.engine import BATCH_TARGET_US, SINGLE_TARGET_US, Run
from benchmarks.parts import PARTS
from benchmarks.parts import Run as Parts
from benchmarks.sections import machine
from emon.cli.collector import collect_seldom

BATCH = 1_000
BUSY = (0.0, 0.001, 0.01, 0.05)
WEARERS, QUICK_WEARERS = 20_000, 500
MINUTES = 5
_WAYS: tuple[tuple[str, int, bool], ...] = (
    ("one fix a message, in columns, as the service takes them", 1, False),
    ("one fix a message, by objects", 1, True),
)


class Cost(NamedTuple):
    """Microseconds a fix: the median of some minutes, the least and the most."""

    half: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.half:.2f} ({self.least:.2f} – {self.most:.2f})"


def of(found: Sequence[float]) -> Cost:
    return Cost(median(found), min(found), max(found))


async def by_parts(wearers: int, minutes: int, *, together: int, objects: bool) -> dict[str, Cost]:
    """What a fix costs by part, after two minutes in which everybody is seen for the first time."""
    run = Parts(wearers, together=together, objects=objects)
    for _ in range(2):
        await run.minute()
    found = [await run.minute() for _ in range(minutes)]
    return {part: of([one[part] for one in found]) for part in PARTS}


async def of_steps(wearers: int, minutes: int, busy: float, size: int) -> Cost:
    """What a step costs a fix, by objects, where a share of the wearers walks in and out of bans."""
    run = Run(wearers, busy)
    for _ in range(2):
        await run.minute_us(BATCH)
    return of([await run.minute_us(size) for _ in range(minutes)])


def page(
    ways: Sequence[tuple[str, dict[str, Cost]]],
    steps: Sequence[tuple[float, Cost, Cost]],
    wearers: int,
    minutes: int,
) -> str:
    """The text of STEP.md. ``steps``: by share of busy wearers, in batches and one at a time."""
    judged = ways[0][1]["judge"].half
    single = steps[0][2].half
    lines = [
        "# What judging a fix costs",
        "",
        "Written by `python -m benchmarks.step`.",
        "",
        f"{wearers:,} wearers, batches of {BATCH:,}; microseconds of processor time a fix, the median of"
        f" {minutes} minutes of everybody (least – most). {machine()}",
        "",
        "| | decode and lanes | judge | rows for the database |",
        "|---|---:|---:|---:|",
        *(f"| {words} | {' | '.join(str(found[part]) for part in PARTS)} |" for words, found in ways),
        "",
        f"Asked of the whole step in batches: {BATCH_TARGET_US:g} µs; as the service takes fixes it is"
        f" {judged:.2f} ({_kept(judged, BATCH_TARGET_US)}). One at a time {SINGLE_TARGET_US:g} µs are asked:"
        f" {single:.1f} ({_kept(single, SINGLE_TARGET_US)}).",
        "",
        "To most wearers nothing happens, and their fixes are judged together. Where a share of them walks"
        " into a ban and out of it once in ten minutes, a hundred and forty-four times a day, by objects:",
        "",
        "| of a hundred wearers | in batches | one at a time |",
        "|---:|---:|---:|",
        *(f"| {100 * busy:g} | {batch} | {single} |" for busy, batch, single in steps),
        "",
    ]
    return "\n".join(lines)


def _kept(found: float, asked: float) -> str:
    return "kept" if found <= asked else "not kept"


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """Measure and write ``STEP.md`` into ``folder``."""
    wearers = QUICK_WEARERS if quick else WEARERS
    collect_seldom()  # as the service does
    text = measured(wearers, MINUTES, told)
    target = folder / "STEP.md"
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def measured(wearers: int, minutes: int, told: Callable[[str], None]) -> str:
    """The text of the page."""
    ways = []
    for words, together, objects in _WAYS:
        told(words)
        ways.append((words, asyncio.run(by_parts(wearers, minutes, together=together, objects=objects))))
    steps = []
    for busy in BUSY:
        told(f"{100 * busy:g} of a hundred wearers in and out of bans")
        batch, single = (asyncio.run(of_steps(wearers, minutes, busy, size)) for size in (BATCH, 1))
        steps.append((busy, batch, single))
    return page(ways, steps, wearers, minutes)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few wearers, into .cache/benchmarks-quick")
    given = parser.parse_args()
    here = Path(__file__).parent
    folder = here.parent / ".cache" / "benchmarks-quick" if given.quick else here
    print(run(given.quick, folder, lambda what: print(what, file=sys.stderr, flush=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
