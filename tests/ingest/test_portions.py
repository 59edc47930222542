"""The size of a portion of the inbox: it finds what a backlog costs, whatever that is."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.inbox import Inbox
from emon.ingest.lanes import Lane, Waiting
from emon.ingest.portions import PortionCost, next_portion
from emon.limits import (
    LIVE_WITHIN_S,
    PORTION_AIM_ALONE_S,
    PORTION_AIM_MAX_S,
    PORTION_AIM_MIN_S,
    PORTION_FIXES_FIRST,
    PORTION_FIXES_MAX,
    PORTION_FIXES_MIN,
)
from emon.model.instant import SECOND_US

AT_US = 1_780_000_000_000_000
PORTIONS = 60


def sizes(fixed_us: float, each_us: float, aim_us: int, noise: float = 0.2) -> list[int]:
    """The sizes of the second half of so many portions, when one costs so much, more or less."""
    random, cost, size, found = Random(7), PortionCost(), PORTION_FIXES_FIRST, []
    for _ in range(PORTIONS):
        took_us = (fixed_us + each_us * size) * random.uniform(1.0 - noise, 1.0 + noise)
        cost = cost.learnt(size, round(took_us))
        size = next_portion(cost, size, aim_us)
        found.append(size)
    return found[PORTIONS // 2 :]


def mean(numbers: list[int]) -> float:
    return sum(numbers) / len(numbers)


@given(
    st.lists(
        st.tuples(st.integers(1, PORTION_FIXES_MAX), st.integers(-(10**6), 10**9)), min_size=1, max_size=20
    ),
    st.sampled_from([8_000, 250_000]),
)
def test_a_portion_stays_within_its_bounds_and_moves_by_no_more_than_two(
    portions: list[tuple[int, int]], aim_us: int
) -> None:
    cost = PortionCost()
    for fixes, took_us in portions:
        cost = cost.learnt(fixes, took_us)
        fixed_us, each_us = cost.line()
        assert fixed_us >= 0.0
        assert each_us >= 0.0
        after = next_portion(cost, fixes, aim_us)
        assert PORTION_FIXES_MIN <= after <= PORTION_FIXES_MAX
        assert after <= max(2 * fixes, PORTION_FIXES_MIN)
        assert after >= min(fixes // 2, PORTION_FIXES_MAX)


def test_a_portion_of_stored_tracks_takes_as_long_as_it_may() -> None:
    """A commit of 3 ms and 50 µs a fix: 10 ms are some 140 fixes."""
    found = sizes(3_000, 50, 10_000)
    assert 70 <= mean(found) <= 280
    assert mean([round(3_000 + 50 * size) for size in found]) < 20_000


def test_a_backlog_whose_portions_cost_the_same_whatever_their_size_is_taken_in_large_ones() -> None:
    """After kills a device's whole evening was folded again for each twenty late fixes, for minutes."""
    found = sizes(125_000, 250, 25_000)
    assert mean(found) >= 250
    per_s = [1e6 * size / (125_000 + 250 * size) for size in found]
    assert mean([round(one) for one in per_s]) > 5 * 1e6 * PORTION_FIXES_MIN / (
        125_000 + 250 * PORTION_FIXES_MIN
    )


def test_a_cost_that_changes_is_followed() -> None:
    cost, size = PortionCost(), PORTION_FIXES_FIRST
    seen = []
    for each_us in (*[20.0] * 30, *[2_000.0] * 10):
        cost = cost.learnt(size, round(2_000 + each_us * size))
        size = next_portion(cost, size, 10_000)
        seen.append(size)
    assert seen[29] > 200
    assert seen[-1] <= 2 * PORTION_FIXES_MIN
    assert all(after >= before // 2 for before, after in pairwise(seen))


def inbox_after(live_ms: float, portions: int = 40) -> float:
    """Milliseconds of a portion at 4 ms and 50 µs a fix, while live batches take so long."""
    inbox, now_us = Inbox(), AT_US
    inbox.put([Waiting("d-1", "emon/v1/d-1/fix", b"", 100_000, Lane.LATE)], now_us)
    took_us = 0
    for _ in range(portions):
        now_us += SECOND_US
        inbox.noted_live(now_us, 1, round(1_000 * live_ms))
        took_us = 4_000 + 50 * inbox.portion
        inbox.took(1, inbox.portion, AT_US, took_us, now_us)
    return took_us / 1_000


@pytest.mark.parametrize(
    ("live_ms", "at_least_ms", "at_most_ms"),
    [(1.0, 5.0, 10.0), (6.0, 10.0, 15.0), (15.0, 25.0, 36.0), (500.0, 1_000 * PORTION_AIM_MAX_S - 10, 54.0)],
)
def test_a_portion_beside_live_fixes_takes_twice_what_a_live_batch_does(
    live_ms: float, at_least_ms: float, at_most_ms: float
) -> None:
    assert 1_000 * PORTION_AIM_MIN_S < 10.0
    assert at_least_ms <= inbox_after(live_ms) <= at_most_ms


def test_a_crowd_of_live_messages_does_not_lengthen_portions() -> None:
    inbox = Inbox()
    inbox.noted_live(AT_US, 1, 5_000)
    for _ in range(100):
        inbox.noted_live(AT_US, 1_000, 400_000)
    for _ in range(20):
        inbox.took(1, inbox.portion, AT_US, 4_000 + 50 * inbox.portion, AT_US)
    assert 4_000 + 50 * inbox.portion <= 11_000


def test_alone_a_portion_is_large() -> None:
    inbox = Inbox()
    inbox.noted_live(AT_US, 1, 5_000)
    later_us = AT_US + (LIVE_WITHIN_S + 1) * SECOND_US
    for _ in range(20):
        inbox.took(1, inbox.portion, AT_US, 4_000 + 500 * inbox.portion, later_us)
    assert 4_000 + 500 * inbox.portion >= 0.8 * PORTION_AIM_ALONE_S * SECOND_US
