"""The measure of a step's cost runs, and judges what it sends."""

from __future__ import annotations

import asyncio

from benchmarks import step
from benchmarks.engine import Run
from benchmarks.parts import PARTS


def test_a_minute_in_batches_and_one_by_one_is_taken_whole() -> None:
    async def minutes() -> tuple[Run, float, float]:
        run = Run(30)
        return run, await run.minute_us(10), await run.minute_us(1)

    run, batch_us, single_us = asyncio.run(minutes())
    assert batch_us > 0.0
    assert single_us > 0.0
    assert run.archive.counts.fixes == 60
    assert run.archive.counts.rejections == {}


def test_who_is_busy_walks_in_and_out_of_the_ban() -> None:
    async def minutes() -> Run:
        run = Run(20, busy=0.005)  # five of the first thousand
        for _ in range(12):
            await run.minute_us(10)
        return run

    breaches = asyncio.run(minutes()).archive.breaches()
    assert {breach.wearer for breach in breaches} == {f"w-{number}" for number in range(5)}


def test_the_page_has_every_way_and_every_share() -> None:
    told: list[str] = []
    text = step.measured(30, 1, told.append)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(told) == 2 + len(step.BUSY)
    assert len(rows) == 2 + len(told)
    assert "| 0.1 |" in text
    assert text.count("kept)") == 2


def test_a_target_is_said_to_be_kept_or_not() -> None:
    ways = [("as ever", dict.fromkeys(PARTS, step.of([2.0, 4.0, 3.0])))]
    text = step.page(ways, [(0.0, step.of([2.0]), step.of([61.0]))], 10, 3)
    assert "it is 3.00 (kept)" in text
    assert "61.0 (not kept)" in text
    assert "3.00 (2.00 – 4.00)" in text
