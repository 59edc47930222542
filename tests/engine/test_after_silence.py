"""Fixes farther apart than evidence lasts (docs/adr/0064): each that shows a breach again is worth a word.

The zone is a circle of 200 m that holds always.
"""

from __future__ import annotations

import pytest

from emon.replay import Received
from tests.engine.stories import circle_order, fix_at
from tests.engine.test_boundaries import judged
from tests.engine.test_reflection import with_members

GAP_S = 1_200
FIRST = [fix_at(2_000, -GAP_S), fix_at(10, 0)]


def told(items: list[Received]) -> list[tuple[str, str]]:
    _, alerts = judged(circle_order(), items)
    return [(alert["at"][11:16], alert["certainty"]) for alert in alerts if alert["event"] == "breach"]


@pytest.mark.parametrize("gap_s", [901, 3_600])
def test_the_second_fix_inside_makes_it_probable_and_the_third_certain(gap_s: int) -> None:
    items = [fix_at(2_000, -gap_s), *(fix_at(10 + n, n * gap_s) for n in range(4))]
    assert [certainty for _, certainty in told(items)] == ["possible", "probable", "certain"]


def test_who_sends_again_within_a_quarter_of_an_hour_is_certain_then() -> None:
    items = [*FIRST, fix_at(12, GAP_S), fix_at(9, GAP_S + 60)]
    assert told(items) == [("12:00", "possible"), ("12:20", "probable"), ("12:21", "certain")]


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(fix_at(185, GAP_S), id="near the edge"),
        pytest.param(fix_at(12, GAP_S, accuracy_m=400), id="coarse"),
        pytest.param(with_members(fix_at(10, GAP_S), src="wifi"), id="a network repeats itself"),
    ],
)
def test_a_fix_that_shows_little_is_worth_no_word(again: Received) -> None:
    assert told([*FIRST, again]) == [("12:00", "possible")]


def test_a_fix_outside_between_leaves_one_witness() -> None:
    assert told([*FIRST, fix_at(900, GAP_S), fix_at(12, 2 * GAP_S)]) == [("12:00", "possible")]


def test_nothing_hangs_on_the_order_of_receipt() -> None:
    """The second comes with the fourth: with the third as far from it as from the first."""
    late = fix_at(11, GAP_S, received_s=3 * GAP_S)
    items = [*FIRST, late, fix_at(12, 2 * GAP_S), fix_at(13, 3 * GAP_S)]
    breaches, _ = judged(circle_order(), items)
    assert breaches[-1]["certainty"] == "certain"
