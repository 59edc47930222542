"""Fixes farther apart than evidence lasts (docs/adr/0064): each that shows a breach again is worth a word.

The zone is a circle of 200 m that holds always.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, circle_order, fix_at, shown, versions
from tests.engine.test_boundaries import ban_from, judged
from tests.engine.test_determinism import everything, judged_with_lapses
from tests.engine.test_reflection import with_members
from tests.soak import times_longer

GAP_S = 1_200
LEVELS = ["possible", "probable", "certain"]
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
        pytest.param(fix_at(190, GAP_S), id="near the edge"),
        pytest.param(fix_at(12, GAP_S, accuracy_m=400), id="coarse"),
        pytest.param(with_members(fix_at(10, GAP_S), src="wifi"), id="a network repeats itself"),
    ],
)
def test_a_fix_that_shows_little_is_worth_no_word(again: Received) -> None:
    assert told([*FIRST, again]) == [("12:00", "possible")]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(fix_at(190, GAP_S - 120), id="near the edge"),
        pytest.param(fix_at(10, GAP_S - 120, accuracy_m=400), id="coarse"),
        pytest.param(with_members(fix_at(900, GAP_S - 120, accuracy_m=1_500), src="cell"), id="a mast"),
        pytest.param(with_members(fix_at(10, GAP_S - 120), src="wifi"), id="the first again"),
    ],
)
def test_what_shows_little_between_two_that_show_it_takes_no_word_away(between: Received) -> None:
    assert told([*FIRST, between, fix_at(12, GAP_S)])[1:] in ([("12:20", "probable")], [("12:20", "certain")])


def test_one_more_fix_inside_never_makes_a_word_weaker() -> None:
    """Fixes deep inside and near the edge, minutes and hours apart; then the same with one more of them."""
    chance = random.Random(64)
    for _ in range(150 * times_longer()):
        at_s, items = 0.0, [fix_at(2_000, -3_600)]
        for _ in range(chance.randint(2, 5)):
            items.append(_inside(chance, at_s))
            at_s += chance.choice((60, 300, 850, 950, 1_200, 3_600))
        more = _inside(chance, chance.uniform(1, at_s - 1) // 1 + 0.5)
        known = {at: LEVELS.index(word) for at, word in told(items)}
        now = {at: LEVELS.index(word) for at, word in told([*items, more])}
        for at in known:
            assert max(now[a] for a in now if a <= at) >= known[at], (items, more)


def _inside(chance: random.Random, at_s: float) -> Received:
    return fix_at(chance.choice((0, 40, 80, 175, 184, 190)) + chance.random(), at_s)


def test_a_fix_outside_between_leaves_one_witness() -> None:
    assert told([*FIRST, fix_at(900, GAP_S), fix_at(12, 2 * GAP_S)]) == [("12:00", "possible")]


def test_nothing_hangs_on_the_order_of_receipt() -> None:
    """The second comes with the fourth: with the third as far from it as from the first."""
    late = fix_at(11, GAP_S, received_s=3 * GAP_S)
    items = [*FIRST, late, fix_at(12, 2 * GAP_S), fix_at(13, 3 * GAP_S)]
    breaches, _ = judged(circle_order(), items)
    assert breaches[-1]["certainty"] == "certain"


def test_a_zone_that_was_changed_meanwhile_is_what_both_fixes_are_judged_by() -> None:
    """Of two deep fixes the first lies near the edge of the zone that holds at the second."""
    for radius_m, words in ((250, ["possible", "probable"]), (100, ["possible"])):
        zone = {"type": "Circle", "center": [LON, LAT], "radius_m": radius_m}
        changed = circle_order(
            version=2,
            armed_at="2026-06-01T12:10:00Z",
            conditions=[{"id": "c-1", "kind": "exclusion", "zone": zone}],
        )
        items = [fix_at(2_000, -GAP_S), fix_at(95, 0), fix_at(10, GAP_S)]
        lines = list(lines_of(asyncio.run(replay(versions(circle_order(), changed), items))))
        alerts = [line for line in shown(lines, "alert") if line["event"] == "breach"]
        assert [alert["certainty"] for alert in alerts] == words


def test_the_fix_by_which_an_edge_found_him_inside_makes_the_next_one_certain() -> None:
    """He lies still at a place that is forbidden from one o'clock; his device has a position now and then. He
    was there before it was forbidden, and he is there now (docs/adr/0073)."""
    items = [fix_at(10 + n, 3_000 + n * GAP_S) for n in range(3)]
    _, alerts = judged(ban_from(60), items)
    assert [(alert["at"][11:16], alert["certainty"]) for alert in alerts] == [
        ("13:00", "possible"),
        ("13:10", "certain"),
    ]
    _, alerts = judged(ban_from(60), [items[0], fix_at(190, 4_200)])
    assert [alert["certainty"] for alert in alerts] == ["possible"]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(fix_at(80, 3_660), id="deep"),
        pytest.param(fix_at(184, 3_660), id="less deep"),
        pytest.param(fix_at(190, 3_660), id="near the edge"),
        pytest.param(with_members(fix_at(900, 3_660, accuracy_m=1_500), src="cell"), id="a mast"),
    ],
)
def test_what_comes_between_the_edge_and_the_next_takes_nothing_away(between: Received) -> None:
    _, alerts = judged(ban_from(60), [fix_at(10, 3_000), between, fix_at(12, 4_200)])
    assert [a["certainty"] for a in alerts if a["event"] == "breach"][-1] == "certain"


def test_a_fix_outside_after_the_edge_takes_its_witness_away() -> None:
    items = [fix_at(10, 3_000), fix_at(900, 3_660), fix_at(12, 4_800)]
    _, alerts = judged(ban_from(60), items)
    assert {a["certainty"] for a in alerts if a["event"] == "breach"} == {"possible"}


@pytest.mark.parametrize("asleep", [True, False])
def test_who_stays_out_when_he_must_be_home_is_told_of_in_the_same_words(asleep: bool) -> None:
    order = ban_from(-60, "inclusion")
    gap_s = 3_600 if asleep else 60
    items = [fix_at(10, -60), *(fix_at(5_000 + n, 900 + n * gap_s) for n in range(3))]
    breaches, _ = judged(order, items)
    assert [breach["certainty"] for breach in breaches] == ["certain"]


def test_neither_restarts_nor_batches_change_it() -> None:
    items = [*FIRST, *(fix_at(10 + n, n * GAP_S, received_s=n // 2 * 2 * GAP_S + 60) for n in range(1, 6))]
    order = versions(circle_order())
    whole = everything(asyncio.run(replay(order, items)))
    assert "certain" in str(whole)
    for lapses in ([True] * 9, [True, False] * 5, [False, False, True] * 3):
        assert everything(asyncio.run(replay(order, items))) == whole
        assert asyncio.run(judged_with_lapses(order, items, lapses)) == whole
