"""Alerts that are wrong on purpose: the score says what is wrong with each, by name and line."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scoring.due import Class
from simulator.scoring.verdict import Word
from tests.simulator.worlds import alert, breach, judged, ruling, seen, stay, truth, wearer, words, wrong

DAY = 86_400.0
DUE = stay(1_000, 3_000, 100.0)
"""Line 4: 33 minutes, 100 m deep, a fix a minute: first at 1,020 s, plain at 1,140 s, late after 1,380 s."""
WORLD = truth(wearer(), wearer("w-2"), seen(0, DAY), DUE)
MISSING = ("missing", "truth.jsonl:4")


def test_the_right_alert_is_right() -> None:
    found = judged(WORLD, alert(1_080))
    assert (words(found), wrong(found)) == ([Word.RIGHT], [])
    assert found.outcomes[0].of is Class.DUE
    assert found.passed


def test_no_alert_is_missing() -> None:
    found = judged(WORLD)
    assert wrong(found) == [MISSING]
    assert "w-1: o-1/c-1, inside from 2026-06-01T00:16:40" in found.findings[0].sentence


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ([alert(1_500)], [("late", "alerts.jsonl:1")]),
        ([alert(3_500)], [("late", "alerts.jsonl:1")]),
        ([alert(9_000)], [("late", "alerts.jsonl:1"), MISSING]),
        ([alert(990)], [("early", "alerts.jsonl:1")]),
        ([alert(400)], [("early", "alerts.jsonl:1"), MISSING]),
        ([alert(1_080), alert(1_090, breach="c" * 16)], [("doubled", "alerts.jsonl:2")]),
        ([alert(1_080, "proximity")], [MISSING, ("wrong_kind", "alerts.jsonl:1")]),
        ([alert(1_080, "approach")], [MISSING]),
        ([alert(1_080, order="o-2")], [MISSING, ("wrong_wearer", "alerts.jsonl:1")]),
        ([alert(1_080, device="d-2")], [MISSING, ("wrong_wearer", "alerts.jsonl:1")]),
        ([alert(1_080, wearer="w-2")], [MISSING, ("wrong_wearer", "alerts.jsonl:1")]),
        ([alert(1_080, condition="c-9")], [MISSING, ("wrong_condition", "alerts.jsonl:1")]),
        ([alert(1_080, order="o-9", device="d-1")], [MISSING, ("wrong_order", "alerts.jsonl:1")]),
        ([alert(1_080), alert(40_000, breach="c" * 16)], [("unfounded", "alerts.jsonl:2")]),
        ([alert(1_080), alert(40_000, order="o-2", device="d-2")], [("unfounded", "alerts.jsonl:2")]),
        ([alert(3_100, "historic_breach", recipients=["reclassering"])],
         [MISSING, ("wrong_kind", "alerts.jsonl:1")]),
        ([alert(3_100, "historic_breach")], [MISSING, ("wrong_recipients", "alerts.jsonl:1")]),
        ([alert(1_080), alert(1_300, "breach_cleared")], [("cleared_too_soon", "alerts.jsonl:2")]),
        ([alert(1_080), alert(3_060, "breach_cleared", breach="c" * 16)],
         [("cleared_nothing", "alerts.jsonl:2")]),
        ([alert(1_080), alert(3_060, "breach_cleared"), alert(3_070, "breach_cleared")],
         [("doubled", "alerts.jsonl:3")]),
    ],
    ids=[
        "late", "late-after-the-end", "much-too-late", "a-little-early", "before-the-breach", "doubled",
        "wrong-kind", "approach-is-not-a-breach", "wrong-wearer-by-order", "wrong-wearer-by-device",
        "wrong-wearer-by-name", "wrong-condition", "wrong-order", "phantom", "phantom-of-another",
        "as-history", "history-to-the-police", "cleared-too-soon", "cleared-nothing", "cleared-twice",
    ],
)  # fmt: skip
def test_each_wrong_is_named(alerts: list[dict[str, Any]], expected: list[tuple[str, str]]) -> None:
    assert wrong(judged(WORLD, *alerts)) == expected


def test_what_is_missing_names_the_alert_that_came_instead() -> None:
    found = judged(WORLD, alert(1_080, condition="c-9"))
    assert "see alerts.jsonl:1 (wrong_condition)" in found.findings[0].sentence
    assert "(truth.jsonl:4)" in found.findings[1].sentence


def test_a_step_is_no_double() -> None:
    """A rise in certainty, or a recipient more, may be told; the same again may not."""
    possible = alert(1_080, certainty="possible", recipients=["meldkamer_em"])
    certain = alert(1_140)
    again = alert(1_200)
    found = judged(WORLD, possible, certain, again)
    assert words(found) == [Word.RIGHT, Word.STEP, Word.DOUBLED]
    assert found.outcomes[0].police is not None
    assert wrong(found) == [("doubled", "alerts.jsonl:3")]


def test_clearing_is_right_when_the_stay_is_over_or_the_alert_was_false() -> None:
    assert words(judged(WORLD, alert(1_080), alert(3_060, "breach_cleared"))) == [Word.RIGHT, Word.RIGHT]
    refuted = judged(
        WORLD, alert(1_080), alert(40_000, breach="c" * 16), alert(40_060, "breach_cleared", breach="c" * 16)
    )
    assert words(refuted) == [Word.RIGHT, Word.FALSE, Word.RIGHT]


def test_a_suspended_condition_is_named() -> None:
    world = truth(wearer(), seen(0, DAY), stay(1_000, 3_000, 100.0, active=False))
    found = judged(world, alert(1_080))
    assert wrong(found) == [("suspended", "alerts.jsonl:1")]
    assert words(found) == [Word.FALSE]
    assert judged(world).passed


def test_recipients_that_a_stay_demands() -> None:
    world = truth(wearer(), seen(0, DAY), DUE | {"recipients": ["politie", "beschermde"]})
    found = judged(world, alert(1_080))
    assert wrong(found) == [("wrong_recipients", "alerts.jsonl:1")]
    assert "never told beschermde" in found.findings[0].sentence


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"recipients": ["politie"]}, "wrong_recipients"),
        ({"recipients": ["politie", "politie", "reclassering", "meldkamer_em"]}, "wrong_recipients"),
        ({"certainty": "probable"}, "wrong_certainty"),
        ({"event": "historic_breach"}, "wrong_kind"),
        ({"condition": "c-2"}, "wrong_condition"),
        ({"order": "o-2", "device": "d-2"}, "wrong_wearer"),
    ],
)
def test_against_what_must_be_told(changed: dict[str, Any], name: str) -> None:
    world = truth(wearer(), wearer("w-2"), ruling("must", 100, 200, certainty="certain"))
    assert judged(world, alert(150)).passed
    found = judged(world, alert(150, **changed))
    assert sorted(wrong(found)) == [("missing", "truth.jsonl:3"), (name, "alerts.jsonl:1")]


@pytest.mark.parametrize(("at_s", "name"), [(99.0, "early"), (201.0, "late")])
def test_a_must_has_its_time(at_s: float, name: str) -> None:
    found = judged(truth(wearer(), ruling("must", 100, 200)), alert(at_s))
    assert sorted(wrong(found)) == sorted([("missing", "truth.jsonl:2"), (name, "alerts.jsonl:1")])


def test_a_must_told_twice_is_doubled_and_a_may_is_free() -> None:
    world = truth(wearer(), ruling("must", 100, 200))
    assert wrong(judged(world, alert(110), alert(120))) == [("doubled", "alerts.jsonl:2")]
    free = truth(wearer(), ruling("may", 100, 200))
    assert judged(free).passed
    assert words(judged(free, alert(110))) == [Word.GREY]


def test_a_must_is_not_starved_by_a_may_or_by_a_wider_must() -> None:
    world = truth(wearer(), ruling("may", 100, 300), ruling("must", 100, 300), ruling("must", 100, 200))
    assert judged(world, alert(150), alert(250)).passed


def test_what_must_not_be_told_is_forbidden() -> None:
    ban = ruling("must_not", 0, 5_000, recipients=["politie"])
    world = truth(wearer(), wearer("w-2"), seen(0, DAY), DUE, ban)
    assert judged(world, alert(1_080, recipients=["meldkamer_em"])).passed
    found = judged(world, alert(1_080))
    assert ("forbidden", "alerts.jsonl:1") in wrong(found)


def test_only_what_the_truth_is_complete_for_can_be_false() -> None:
    silence = alert(500, "silence", order=None, condition=None, certainty=None, breach=None)
    assert words(judged(WORLD, alert(1_080), silence)) == [Word.UNJUDGED, Word.RIGHT]
    complete = truth(wearer(complete=["silence"]), seen(0, DAY))
    assert words(judged(complete, silence)) == [Word.FALSE]


def test_a_breach_tells_its_opening_where_two_stays_are_near() -> None:
    """A late alert of the first comes while the second goes on; its breach says which it means."""
    world = truth(wearer(), seen(0, DAY), stay(1_000, 2_000, 100.0), stay(2_100, 3_000, 100.0))
    found = judged(
        world, breach(1_020), alert(2_150), breach(2_110, id="c" * 16), alert(2_160, breach="c" * 16)
    )
    assert [outcome.first is not None for outcome in found.outcomes] == [True, True]
    assert wrong(found) == [("late", "alerts.jsonl:2")]
    assert found.verdicts[0].alert.how == "inside"
