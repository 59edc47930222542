"""Make each read so often, then once more for its plan."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from benchmarks.storage.asked import READS, Asked, Read
from benchmarks.storage.ground import Ground
from benchmarks.storage.shapes import Shape, is_read, shape_of, together
from emon.store import connect as c

_TIMES_MAX = 200
_SECONDS_MAX = 4.0
_SEED = 20


class Measured(msgspec.Struct, frozen=True):
    """``p50_ms``, ``p99_ms``: of the whole read, its rows decoded. ``times``: how often it was made."""

    read: Read
    statements: int
    times: int
    p50_ms: float
    p99_ms: float
    shape: Shape


async def measure(
    url: str, ground: Ground, told: Callable[[str], None] = lambda _: None, reads: Sequence[Read] = READS
) -> list[Measured]:
    """All reads in turn over one connection."""
    conn = await c.connect(url, purpose="bench", statement_timeout_s=120)
    try:
        found = []
        for read in reads:
            found.append(await _one(Asked(url, conn), ground, read))
            told(f"{read.name}: {found[-1].p50_ms:.1f} ms, {found[-1].p99_ms:.1f} ms")
        return found
    finally:
        await conn.close()


async def _one(asked: Asked, ground: Ground, read: Read) -> Measured:
    chance = random.Random(_SEED)
    took: list[float] = []
    began = time.perf_counter()
    while len(took) < _TIMES_MAX and (len(took) < 3 or time.perf_counter() - began < _SECONDS_MAX):
        start = time.perf_counter()
        if read.undo:
            async with asked.conn.transaction(force_rollback=True):
                await read.make(asked, ground, chance)
        else:
            await read.make(asked, ground, chance)
        took.append(1e3 * (time.perf_counter() - start))
    shapes = await plan_of(asked, ground, read, chance)
    took.sort()
    return Measured(
        read, len(shapes), len(took), median(took), took[int(0.99 * (len(took) - 1) + 0.5)], together(shapes)
    )


async def plan_of(asked: Asked, ground: Ground, read: Read, chance: random.Random) -> list[Shape]:
    """The shapes of the statements that this read sends."""
    asked.statements.clear()
    async with asked.conn.transaction(force_rollback=True) if read.undo else asked.noting(), asked.noting():
        await read.make(asked, ground, chance)
    sent = [statement for statement in asked.statements if is_read(statement)]
    shapes = []
    for statement in sent:
        async with asked.conn.transaction(force_rollback=True):
            shapes.append(await shape_of(asked.conn, statement))
    return shapes
