"""How often the archive is asked for a late fix, and that the answers are what each asker got by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from emon.engine import Inputs, Past, needs, step
from emon.limits import TRACK_FIXES_MAX
from emon.model.fix import Fix
from emon.recall import recall
from emon.replay import MemoryArchive, Received
from emon.state import State, initial_state, with_orders
from tests.engine.stories import NOON_US, circle_order, fix_at, versions


class Asked(MemoryArchive):
    """Counts the questions about fixes."""

    def __init__(self) -> None:
        super().__init__()
        self.since: list[list[tuple[str, int]]] = []
        self.newest = 0

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]:
        self.newest += 1
        return await super().tracks(devices, limit)

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]:
        self.since.append(list(spans))
        return await super().fixes_since(spans)


def begun(minutes: int) -> tuple[Asked, State]:
    """A device that was heard each minute, one by one, the tenth fix of each hundred absurd."""
    archive, state = Asked(), initial_state(NOON_US - 1, quietly=False)
    state = with_orders(state, list(enumerate(versions(circle_order()), start=1)))
    for minute in range(minutes):
        east_m = 90_000.0 if minute % 100 == 10 else 600.0 + minute % 3
        item = fix_at(east_m, 60.0 * minute, seq=minute)
        state, _ = taken(archive, state, [item], item.received_at_us)
    return archive, state


def taken(archive: Asked, state: State, items: Sequence[Received], at_us: int) -> tuple[State, Past]:
    inputs = Inputs(max(at_us, state.at_us + 1), tuple(item.message for item in items))
    past = asyncio.run(recall(archive, state, needs(state, inputs)))
    state, effects = step(state, inputs, past)
    archive.write(effects)
    return state, past


@pytest.mark.parametrize("late_minute", [5.5, 10.5, 60.5])
def test_a_fix_before_all_that_memory_holds_is_one_question_about_fixes(late_minute: float) -> None:
    archive, state = begun(late_minutes := 70 + TRACK_FIXES_MAX)
    archive.since.clear()
    archive.newest = 0
    late = fix_at(601.0, 60.0 * late_minute, seq=10_000)
    _, past = taken(archive, state, [late], NOON_US + 60_000_000 * late_minutes)
    assert archive.newest == 0
    assert len(archive.since) == 1
    at_us = late.message.decoded.fixes[0].fixed_at_us
    alone = asyncio.run(MemoryArchive.fixes_since(archive, [("d-1", at_us)]))["d-1"]
    assert past.tracks["d-1"] == tuple(fix for fix in alone if fix.wire.seq != 10_000)
    assert past.tracks["d-1"][0].usable
    assert past.tracks["d-1"][0].wire.fixed_at_us < at_us


def test_a_device_that_memory_does_not_know_is_asked_for_its_newest() -> None:
    archive, _ = begun(70)
    state = with_orders(
        initial_state(NOON_US + 70 * 60_000_000, quietly=False),
        list(enumerate(versions(circle_order()), start=1)),
    )
    archive.since.clear()
    archive.newest = 0
    _, past = taken(archive, state, [fix_at(601.0, 4_300.0, seq=10_000)], NOON_US + 4_300 * 1_000_000)
    assert archive.newest == 1
    assert len(past.tracks["d-1"]) == TRACK_FIXES_MAX
