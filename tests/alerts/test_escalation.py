"""Climbing as arithmetic: each rung once, at its instant, whatever the looks, stops and clocks were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.alerts.escalation import Climb, ladder_for, plan, step_of_clock, steps_within
from emon.alerts.ladder import DEFAULT_LADDER, LOW_LADDER, UNANSWERED, Ladder, Rung
from emon.alerts.lifecycle import Needs
from emon.model.instant import DAY_US, SECOND_US, parse_instant

START_US = parse_instant("2026-10-25T00:30:00Z")  # the night on which the clock goes back
OWED = ("politie", "reclassering")


def after(seconds: float) -> int:
    return START_US + round(seconds * SECOND_US)


def test_nothing_climbs_before_its_minute_and_everything_at_it() -> None:
    early = plan(DEFAULT_LADDER, START_US, 0, OWED, after(60) - 1)
    assert (early.climb, early.next_us) == (None, after(60))
    due = plan(DEFAULT_LADDER, START_US, 0, OWED, after(60))
    assert due.climb == Climb(1, 1, after(60), OWED, (UNANSWERED, "meldkamer_em"))
    assert due.next_us == after(180)


def test_the_last_rung_comes_again_for_ever() -> None:
    due_s = []
    for step in range(1, 6):
        made = plan(DEFAULT_LADDER, START_US, step - 1, OWED, after(DEFAULT_LADDER.due_s(step)))
        assert made.climb is not None
        assert (made.climb.first, made.climb.step) == (step, step)
        assert made.climb.tell == (UNANSWERED, "meldkamer_em")
        due_s.append((made.climb.due_us - START_US) // SECOND_US)
    assert due_s == [60, 180, 360, 540, 720]


def test_where_nobody_owes_an_answer_it_rests() -> None:
    rests = plan(DEFAULT_LADDER, START_US, 2, (), after(10**6))
    assert (rests.climb, rests.next_us) == (None, None)


def test_rungs_that_passed_while_nobody_looked_are_one_stroke_that_tells_everybody() -> None:
    ladder = Ladder("l", (Rung(60, ("a",)), Rung(180, ("b",)), Rung(600, ("c", "a"))), 900)
    made = plan(ladder, START_US, 0, ("politie",), START_US + 7 * DAY_US)
    assert made.climb is not None
    steps = 3 + (7 * 86_400 - 600) // 900
    assert (made.climb.first, made.climb.step) == (1, steps)
    assert made.climb.tell == ("a", "b", "c")
    assert made.next_us == made.climb.due_us + 900 * SECOND_US
    assert plan(ladder, START_US, steps, ("politie",), START_US + 7 * DAY_US).climb is None


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=40),
    st.sampled_from(
        [
            DEFAULT_LADDER,
            LOW_LADDER,
            Ladder("a", (Rung(1, ()),), 1),
            Ladder("b", (Rung(7, ()), Rung(8, ("x",))), 3),
        ]
    ),
)
def test_however_often_and_rarely_one_looks_each_rung_is_climbed_once(
    pauses: list[int], ladder: Ladder
) -> None:
    rungs: list[int] = []
    now_s, climbed = 0, 0
    for pause_s in pauses:
        now_s += pause_s
        made = plan(ladder, START_US, climbed, OWED, after(now_s))
        if made.climb is not None:
            assert made.climb.due_us <= after(now_s)
            rungs += range(made.climb.first, made.climb.step + 1)
            climbed = made.climb.step
        assert made.next_us is not None
        assert after(now_s) < made.next_us, "never due again at once"
    assert rungs == list(range(1, steps_within(ladder, now_s) + 1))
    if rungs:
        assert ladder.due_s(rungs[-1]) <= now_s < ladder.due_s(rungs[-1] + 1)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(-7_200, 7_200)), min_size=1, max_size=30))
def test_a_clock_that_is_set_neither_loses_nor_doubles_a_climb(looks: list[tuple[int, int]]) -> None:
    """Before each look so many true seconds pass, and somebody sets the wall clock by so many."""
    true_s, wall_us, counted_us, climbed, seen = 0, START_US, START_US, 0, 0
    before = (wall_us, 0)
    for pause_s, set_s in looks:
        true_s += pause_s
        wall_us += (pause_s + set_s) * SECOND_US
        counted_us += step_of_clock(*before, wall_us, true_s * SECOND_US)
        before = (wall_us, true_s * SECOND_US)
        made = plan(DEFAULT_LADDER, counted_us, climbed, OWED, wall_us)
        if made.climb is not None:
            seen += made.climb.step - made.climb.first + 1
            climbed = made.climb.step
        assert climbed == seen == steps_within(DEFAULT_LADDER, true_s)


def test_what_was_climbed_is_not_named_again() -> None:
    ladder = Ladder("l", (Rung(60, ("a",)), Rung(180, ("b",)), Rung(600, ("c",))), 900)
    named = []
    for climbed, passed_s in ((1, 180), (1, 600), (2, 5_000), (3, 1_500), (9, 50_000)):
        made = plan(ladder, START_US, climbed, OWED, after(passed_s))
        assert made.climb is not None
        named.append(made.climb.tell)
    assert named == [("b",), ("b", "c"), ("c",), ("c",), ("c",)]


@pytest.mark.parametrize("priority", [1, 2, 3, 4, 5])
def test_the_default_hurries_what_is_urgent_and_floods_nobody(priority: int) -> None:
    ladder = ladder_for(DEFAULT_LADDER, priority)
    assert steps_within(ladder, 3_600) == (0 if priority >= 4 else 21)
    assert ladder.needs is (Needs.EACH if priority == 1 else Needs.ANY)


def test_a_policy_that_says_more_is_taken_at_its_word() -> None:
    own = Ladder("default", (Rung(30, ("piket",)),), 60, Needs.EACH)
    assert ladder_for(own, 5) == own
    silent = Ladder("own", (Rung(30, ("piket",)),), 60)
    assert ladder_for(silent, 5).rungs == silent.rungs
