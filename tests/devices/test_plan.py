"""When fixes are owed: one plan, several within one gap, and a clock that stands still."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emon.model.instant import SECOND_US
from emon.model.watch import ServiceStop, Turn
from emon.plan import Pace, ServiceClock, owed_from, owed_spans, paces

MINUTE = [Pace(0, 60)]


def us(seconds: float) -> int:
    return round(seconds * SECOND_US)


def owed(plan: list[Pace], to_s: float) -> list[tuple[float, float]]:
    return [(a / SECOND_US, b / SECOND_US) for a, b in owed_spans(plan, us(to_s))]


def of(turns: list[Turn], *, cell: bool = False, base_s: int = 60) -> list[tuple[float, int]]:
    plan = paces([Pace(0, base_s)], turns, cell=cell, from_us=0)
    return [(pace.from_us / SECOND_US, pace.every_s) for pace in plan]


def test_fixes_are_owed_beyond_twice_the_interval_and_a_minute() -> None:
    assert owed(MINUTE, 180) == []
    assert owed(MINUTE, 400) == [(180.0, 400.0)]
    assert owed([Pace(0, 3_600)], 9_000) == [(7_260.0, 9_000.0)]


def test_a_plan_that_asks_for_less_counts_from_the_beginning_of_the_gap() -> None:
    assert owed([Pace(0, 60), Pace(us(100), 3_600)], 8_000) == [(7_260.0, 8_000.0)]


def test_a_plan_that_asks_for_more_counts_from_its_own() -> None:
    assert owed([Pace(0, 3_600), Pace(us(3_000), 60)], 4_000) == [(3_180.0, 4_000.0)]
    # It never makes owed later what the one before already had.
    assert owed([Pace(0, 60), Pace(us(170), 15)], 400) == [(180.0, 400.0)]


def test_what_was_owed_before_a_plan_that_asks_for_less_stays_so() -> None:
    assert owed([Pace(0, 60), Pace(us(600), 3_600)], 8_000) == [(180.0, 600.0), (7_260.0, 8_000.0)]


def test_the_plan_is_what_the_device_said_and_its_newest_fix_is() -> None:
    assert of([]) == [(0.0, 60)]
    assert of([], cell=True) == [(0.0, 180)]
    assert of([], cell=True, base_s=900) == [(0.0, 900)]
    still = [Turn(us(10), still=True), Turn(us(500), still=True)]
    assert of(still) == [(0.0, 60), (610.0, 3_600)]
    assert of([*still, Turn(us(2_000), still=False)]) == [(0.0, 60), (610.0, 3_600), (2_000.0, 60)]
    assert of([Turn(us(10), still=True), Turn(us(600), still=False)]) == [(0.0, 60)]
    assert of([Turn(us(30), every_s=15)]) == [(0.0, 60), (30.0, 15)]


stops = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 50)), max_size=5)


@given(stops, st.integers(0, 450), st.integers(0, 300))
def test_a_clock_that_stands_still_runs_as_long_as_asked(
    found: list[tuple[int, int]], from_s: int, lasts_s: int
) -> None:
    """Against counting seconds one by one; stops that overlap are none of the service's."""
    apart: list[tuple[int, int]] = []
    for down, lasts in sorted(found):
        if not apart or apart[-1][1] < down:
            apart.append((down, down + lasts))
    clock = ServiceClock([ServiceStop(us(a), us(b)) for a, b in apart])
    at_s, left_s = from_s, lasts_s
    while left_s > 0 or any(a <= at_s < b for a, b in apart):
        left_s -= not any(a <= at_s < b for a, b in apart)
        at_s += 1
    assert clock.shift(us(from_s), us(lasts_s)) == us(at_s)


@given(st.lists(st.tuples(st.integers(1, 2_000), st.sampled_from([15, 60, 180, 3_600])), max_size=6))
def test_the_first_owed_instant_begins_the_owed_time(changes: list[tuple[int, int]]) -> None:
    plan, at_s = [Pace(0, 60)], 0
    for after_s, every_s in changes:
        at_s += after_s
        plan.append(Pace(us(at_s), every_s))
    first_us = owed_from(plan)
    assert owed_spans(plan, first_us) == []
    assert owed_spans(plan, first_us + 1) == [(first_us, first_us + 1)]
