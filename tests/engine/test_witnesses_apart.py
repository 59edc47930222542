"""Two fixes share an error unless they lie some time or some way apart (docs/adr/0052).

The zone is a circle of 200 m about 0. He comes from the east on a straight course, so that no reflection
explains him; what is asked is when his deep fixes are two witnesses.
"""

from __future__ import annotations

import pytest

from tests.engine.stories import fix_at
from tests.engine.test_reflection import HIGH, breaches, measured, politie

WALKS = [fix_at(430, 0), fix_at(345, 60), fix_at(260, 120), fix_at(170, 180)]


def test_a_walker_seen_each_15_s_is_certain_45_s_after_his_first_deep_fix() -> None:
    seen = [*WALKS, *(fix_at(170 - n, 180 + 15 * n) for n in range(1, 6))]
    assert politie(seen, HIGH)[0] == "probable 12:03:15"
    assert politie(seen) == ["certain 12:03:45"]


def test_one_who_is_led_in_for_half_a_minute_beside_the_edge_is_not() -> None:
    """As found: claims of 5 m, 30 to 36 m inside, of somebody who walked past 20 m outside."""
    led = [fix_at(170 - n, 180 + 15 * n, accuracy_m=5.0) for n in range(1, 3)]
    passes = [*WALKS, *led, *(fix_at(235 + 20 * n, 225 + 15 * n) for n in range(4))]
    assert politie(passes) == []
    assert [breach["certainty"] for breach in breaches(passes)] == ["probable"]


@pytest.mark.parametrize(("apart_s", "certain"), [(44, False), (45, True), (60, True)])
def test_two_fixes_are_two_witnesses_from_45_s_on(apart_s: int, certain: bool) -> None:
    assert bool(politie([*WALKS, fix_at(165, 180 + apart_s)])) is certain


def test_deeper_than_an_error_without_a_jump_leads_two_are_enough_at_once() -> None:
    """40 m is a jump off the course of one who walks, and that is another rule's (docs/adr/0012)."""
    stops = [fix_at(430 - 85 * n, 60 * n) for n in range(4)]
    assert politie([*stops, fix_at(159, 235), fix_at(158, 250)]) == ["certain 12:04:10"]


def test_of_a_receiver_that_stands_and_was_not_seen_before_they_are_not() -> None:
    """As found: an hour without a position, two fixes 78 m inside in 15 s, then where he had been before."""
    woken = measured([fix_at(122, 0, accuracy_m=5.5), fix_at(123, 15, accuracy_m=5.5)])
    outside = measured([fix_at(293 + n, 30 + 15 * n) for n in range(3)])
    assert politie([*woken, *outside]) == []
    assert politie([*woken, *measured([fix_at(121, 45, accuracy_m=5.5)])]) == ["certain 12:00:45"]


@pytest.mark.parametrize(("apart_m", "certain"), [(9, False), (60, True)])
def test_or_where_they_lie_farther_apart_than_an_error_may(apart_m: int, certain: bool) -> None:
    assert bool(politie([*WALKS, fix_at(170 - apart_m, 195)])) is certain
