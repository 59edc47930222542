"""What is due, grey and blind, and that no rule is favoured: grey is no miss, and to tell of it not false."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scoring.due import Class
from simulator.scoring.verdict import Word
from tests.simulator.worlds import alert, at, judged, seen, stay, truth, wearer, words, wrong

DAY = 86_400.0


@pytest.mark.parametrize(
    ("a_stay", "eyes", "expected"),
    [
        (stay(1_000, 3_000, 30.0), seen(0, DAY), Class.DUE),
        (stay(1_000, 3_000, 29.9), seen(0, DAY), Class.GREY),
        (stay(1_000, 1_141, 100.0), seen(0, DAY), Class.DUE),
        (stay(1_000, 1_140, 100.0), seen(0, DAY), Class.GREY),
        (stay(1_000, 1_040, 100.0), seen(0, DAY, every_s=15), Class.DUE),
        (stay(1_000, 3_000, 50.0), seen(0, DAY, accuracy_m=60), Class.BLIND),
        (stay(1_000, 3_000, 60.0), seen(0, DAY, accuracy_m=60), Class.DUE),
        (stay(1_000, 3_000, 100.0), seen(3_000, DAY), Class.BLIND),
        (stay(1_000, 3_000, 100.0), seen(2_940, DAY), Class.BLIND),
        (stay(1_000, 1_100, 100.0), seen(3_000, DAY), Class.GREY),
        (stay(1_000, 3_000, 100.0, active=False), seen(0, DAY), Class.INACTIVE),
        (stay(1_000, 3_000, 100.0, kind="outside"), seen(0, DAY), Class.DUE),
        (stay(1_000, 3_000, 100.0, kind="near"), seen(0, DAY), Class.DUE),
        (stay(1_000, 3_000, 100.0, kind="buffer"), seen(0, DAY), Class.GREY),
    ],
    ids=[
        "deep", "shallow", "three-fixes", "two-fixes", "fast-plan", "claims-too-wide", "claims-just-so",
        "unseen", "one-fix", "short-and-unseen", "suspended", "away-from-home", "contact", "buffer",
    ],
)  # fmt: skip
def test_the_class_of_a_stay(a_stay: dict[str, Any], eyes: dict[str, Any], expected: Class) -> None:
    assert judged(truth(wearer(), eyes, a_stay)).outcomes[0].of is expected


@pytest.mark.parametrize("deepest_m", [1.0, 100.0])
def test_grey_and_blind_may_be_told_and_may_be_passed_over(deepest_m: float) -> None:
    world = truth(wearer(), seen(5_000, DAY), stay(1_000, 3_000, deepest_m))
    assert judged(world).passed
    found = judged(world, alert(1_080))
    assert words(found) == [Word.GREY]
    assert found.passed


def test_a_possible_incursion_is_true_where_somebody_went_in_the_gap_and_dispatches_nobody() -> None:
    world = truth(wearer(), seen(0, 900), seen(2_400, DAY), stay(1_000, 2_000, 100.0))
    told = alert(2_400, "possible_incursion", recipients=["meldkamer_em"], certainty="possible")
    assert words(judged(world, told)) == [Word.GREY]
    assert words(judged(truth(wearer(), seen(0, 900)), told)) == [Word.FALSE]
    police = alert(2_400, "possible_incursion", certainty="possible")
    assert wrong(judged(world, police)) == [("wrong_recipients", "alerts.jsonl:1")]


def test_it_does_not_make_up_for_a_due_breach() -> None:
    world = truth(wearer(), seen(0, DAY), stay(1_000, 2_000, 100.0))
    told = alert(1_100, "possible_incursion", recipients=["meldkamer_em"], certainty="possible")
    assert wrong(judged(world, told)) == [("missing", "truth.jsonl:3")]


def test_the_worlds_own_count_of_fixes_counts() -> None:
    """He dipped in and out of a depth of 30 m: no even pace says so, the world does."""
    counted = stay(1_000, 3_000, 100.0, first_fix=at(1_015), shown=at(2_500))
    found = judged(truth(wearer(), seen(0, DAY), counted), alert(2_600))
    assert found.outcomes[0].of is Class.DUE
    assert found.passed
    unshown = stay(1_000, 3_000, 100.0, first_fix=at(1_015))
    assert judged(truth(wearer(), seen(0, DAY), unshown)).outcomes[0].of is Class.BLIND


def test_what_came_too_late_is_told_as_history() -> None:
    late = stay(1_000, 3_000, 100.0, first_fix=at(9_000), shown=at(9_000), late=True)
    world = truth(wearer(), seen(0, DAY), late)
    past = alert(9_010, "historic_breach", recipients=["reclassering", "meldkamer_em"])
    assert judged(world, past).passed
    assert wrong(judged(world)) == [("missing", "truth.jsonl:3")]
    present = judged(world, alert(3_500))
    assert wrong(present) == [("missing", "truth.jsonl:3"), ("wrong_kind", "alerts.jsonl:1")]


def test_approach_is_judged_where_the_truth_knows_the_buffer() -> None:
    told = alert(500, "approach", recipients=["meldkamer_em"], certainty=None)
    world = truth(wearer(), seen(0, DAY), stay(600, 1_000, 50.0, kind="buffer"))
    assert words(judged(world, told)) == [Word.GREY]
    assert words(judged(truth(wearer(), seen(0, DAY)), told)) == [Word.UNJUDGED]
    assert words(judged(world, alert(40_000, "approach", certainty=None))) == [Word.FALSE]


def test_a_breach_that_goes_on_through_a_second_stay_is_not_told_again_and_not_missed() -> None:
    """He was out for a minute between two fixes: one breach, two stays."""
    world = truth(wearer(), seen(0, DAY), stay(1_000, 2_000, 100.0), stay(2_060, 4_000, 100.0))
    told = alert(1_080, breach="b-1")

    def line(**more: Any) -> dict[str, Any]:
        whole = {"type": "breach", "id": "b-1", "how": "inside", "opened_at": at(1_020), "refuted": False}
        return whole | {"closed_at": None} | more

    found = judged(world, told, line())
    assert found.passed
    assert [outcome.carried for outcome in found.outcomes] == [False, True]
    assert judged(world, told, line(closed_at=at(2_100))).passed
    # One that had ended, was refuted, or of which the file says nothing more, is no word about the second.
    missing = [("missing", "truth.jsonl:4")]
    assert wrong(judged(world, told, line(closed_at=at(2_050)))) == missing
    assert wrong(judged(world, told, line(refuted=True))) == missing
    assert wrong(judged(world, told)) == missing


def test_a_breach_that_a_first_touch_opened_and_that_is_told_in_the_stay_after_it_is_of_both() -> None:
    """He came within the radius for some seconds, and four seconds later for minutes."""
    world = truth(wearer(), seen(0, DAY), stay(1_000, 1_014, 2.0), stay(1_018, 2_000, 100.0))
    line = {"type": "breach", "id": "b-1", "how": "inside", "opened_at": at(1_011), "refuted": False}
    told = alert(1_048, breach="b-1")
    found = judged(world, told, line | {"closed_at": at(1_990)})
    assert found.passed
    assert [outcome.carried for outcome in found.outcomes] == [False, True]
    # What had ended before the second began, or was told only after it, is no word about it.
    assert not judged(world, told, line | {"closed_at": at(1_016)}).passed
    assert not judged(world, alert(2_010, breach="b-1"), line | {"closed_at": at(1_990)}).passed


def test_what_was_told_while_it_went_on_is_right_though_the_last_fix_that_showed_it_came_late() -> None:
    late = stay(1_000, 1_190, 100.0, first_fix=at(1_015), shown=at(1_250), late=True)
    found = judged(truth(wearer(), seen(0, DAY), late), alert(1_080))
    assert words(found) == [Word.RIGHT]
    assert found.passed
