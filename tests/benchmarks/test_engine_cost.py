"""The measure of a step's cost runs, and judges what it sends."""

from __future__ import annotations

import asyncio

from benchmarks.engine import Run


def test_a_minute_in_batches_and_one_by_one_is_taken_whole() -> None:
    async def minutes() -> tuple[Run, float, float]:
        run = Run(30)
        return run, await run.minute_us(10), await run.minute_us(1)

    run, batch_us, single_us = asyncio.run(minutes())
    assert batch_us > 0.0
    assert single_us > 0.0
    assert run.archive.counts.fixes == 60
    assert run.archive.counts.rejections == {}
