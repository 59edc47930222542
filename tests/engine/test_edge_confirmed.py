"""An edge found him inside by fixes too old for `certain`; one fresh deep fix makes it so (docs/adr/0052).

The zone is a circle of 200 m; the ban begins at 13:00.
"""

from __future__ import annotations

import pytest

from emon.replay import Received
from tests.engine.stories import fix_at
from tests.engine.test_boundaries import ban_from, judged
from tests.engine.test_reflection import with_members

EDGE_S = 3_600
OLD = [fix_at(10 + minute, EDGE_S - 800 + 60 * minute) for minute in range(4)]  # the newest is 620 s old


def told(items: list[Received]) -> list[tuple[str, str, bool]]:
    _, alerts = judged(ban_from(60), items)
    told = [alert for alert in alerts if alert["event"] == "breach"]
    return [(alert["at"][11:19], alert["certainty"], "politie" in alert["recipients"]) for alert in told]


def test_one_fresh_deep_fix_is_enough_after_what_was_certain_and_old() -> None:
    """Half an hour later nothing of the fixes before the edge is remembered but their newest."""
    assert told([*OLD, fix_at(15, EDGE_S + 1_800)]) == [
        ("13:00:00", "probable", False),
        ("13:30:00", "certain", True),
    ]


@pytest.mark.parametrize(
    "fresh",
    [
        pytest.param(fix_at(185, EDGE_S + 1_800), id="near the edge"),
        pytest.param(fix_at(15, EDGE_S + 1_800, accuracy_m=400), id="coarse"),
        pytest.param(with_members(fix_at(13, EDGE_S + 1_800), src="wifi"), id="a network repeats itself"),
    ],
)
def test_one_that_says_less_is_not(fresh: Received) -> None:
    assert [certainty for _, certainty, _ in told([*OLD, fresh])] == ["probable"]


def test_one_fix_before_the_edge_and_one_long_after_it_are_two_witnesses() -> None:
    """Too far apart for one error (docs/adr/0073); a minute apart a reflection would explain both."""
    found = told([*OLD[-1:], fix_at(15, EDGE_S + 1_800)])
    assert found == [("13:00:00", "possible", False), ("13:30:00", "certain", True)]
    soon = told([fix_at(270, EDGE_S - 680), *OLD[-1:], fix_at(15, EDGE_S + 60)])
    assert "certain" not in [certainty for _, certainty, _ in soon]


def test_nor_once_a_fix_has_shown_him_outside() -> None:
    """What he did before the edge says nothing of a coming back."""
    items = [*OLD, fix_at(400, EDGE_S + 1_740), fix_at(15, EDGE_S + 1_800)]
    assert [certainty for _, certainty, _ in told(items)] == ["probable"]


def test_a_mast_that_is_good_for_a_kilometre_is_not_outside() -> None:
    items = [*OLD, fix_at(400, EDGE_S + 1_000, accuracy_m=850), fix_at(15, EDGE_S + 1_800)]
    assert told(items)[-1] == ("13:30:00", "certain", True)


def test_a_mast_between_leads_nobody_out() -> None:
    """He lies inside, a mast is heard, he is seen inside again: two deep fixes, and no jump."""
    mast = fix_at(400, EDGE_S - 600, accuracy_m=850)
    after = [fix_at(14, EDGE_S - 180), fix_at(15, EDGE_S - 120), fix_at(16, EDGE_S + 1)]
    inside, beside = ([fix_at(m, EDGE_S - 840 + 60 * n) for n in range(3)] for m in (10, 240))
    assert told([*inside, mast, *after]) == [("13:00:00", "certain", True)]
    assert [certainty for _, certainty, _ in told([*beside, mast, *after])] == ["possible", "probable"]


def test_nothing_hangs_on_the_order_of_receipt() -> None:
    late = [*OLD[:2], *(fix_at(10 + m, EDGE_S - 800 + 60 * m, received_s=EDGE_S + 1_800) for m in (2, 3))]
    breaches, _ = judged(ban_from(60), [*late, fix_at(15, EDGE_S + 1_800)])
    whole, _ = judged(ban_from(60), [*OLD, fix_at(15, EDGE_S + 1_800)])
    assert [b["certainty"] for b in breaches] == [b["certainty"] for b in whole] == ["certain"]


def test_a_mast_that_was_heard_longer_ago_than_evidence_lasts_leads_nobody_out() -> None:
    """He lies inside, a mast is heard, and then nothing for an hour: the fixes before the mast are forgotten,
    and the mast alone does not say that he was outside (docs/adr/0073)."""
    mast = fix_at(283, EDGE_S - 2_400, accuracy_m=850)
    inside = [fix_at(10, EDGE_S - 2_460 - 60 * n) for n in range(3, 0, -1)]
    after = [with_members(fix_at(12 + n, EDGE_S + 970 + 60 * n), spd=0.0) for n in range(3)]
    assert told([*inside, mast, *after])[:2] == [
        ("13:16:10", "possible", False),
        ("13:17:10", "certain", True),
    ]


def test_a_mast_within_it_still_leaves_a_reflection_open() -> None:
    mast = fix_at(283, EDGE_S + 600, accuracy_m=850)
    after = [with_members(fix_at(12 + n, EDGE_S + 970 + 60 * n), spd=0.0) for n in range(3)]
    assert "certain" not in [certainty for _, certainty, _ in told([mast, *after])]
