"""The limits of the contract (section 3), each from both of its sides: at it, and a second beyond."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from emon.model.instant import SECOND_US
from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, shown, versions

Lines = list[dict[str, Any]]


def ban_from(minute: int, kind: str = "exclusion", to: str = "23:00") -> dict[str, Any]:
    """A circle of 200 m that holds from so many minutes after noon."""
    begins = f"{12 + minute // 60:02d}:{minute % 60:02d}"
    condition = {
        "id": "c-1",
        "kind": kind,
        "zone": {"type": "Circle", "center": [LON, LAT], "radius_m": 200},
        "schedule": {"tz": "UTC", "windows": [{"from": begins, "to": to}]},
    }
    return circle_order(conditions=[condition])


def judged(
    order: dict[str, Any], items: Sequence[Received], until_s: float | None = None
) -> tuple[Lines, Lines]:
    until_us = None if until_s is None else NOON_US + round(until_s * SECOND_US)
    lines = list(lines_of(asyncio.run(replay(versions(order), items, until_us=until_us))))
    return shown(lines, "breach"), shown(lines, "alert")


@pytest.mark.parametrize(("age_s", "how"), [(900, ["schedule"]), (901, [])])
def test_an_edge_finds_him_inside_by_a_fix_at_most_900_s_old(age_s: int, how: list[str]) -> None:
    breaches, _ = judged(ban_from(60), [fix_at(10, 3_600 - age_s)], until_s=4_000)
    assert [breach["how"] for breach in breaches] == how


@pytest.mark.parametrize(("age_s", "how"), [(900, ["absent"]), (901, [])])
def test_a_window_finds_him_away_by_a_fix_at_most_900_s_old(age_s: int, how: list[str]) -> None:
    order = ban_from(60, "inclusion", "14:00")
    breaches, _ = judged(order, [fix_at(9_000, 3_600 - age_s)], until_s=8_000)
    assert [breach["how"] for breach in breaches] == how


@pytest.mark.parametrize(("age_s", "how"), [(900, "left_early"), (901, "late_home")])
def test_who_was_home_at_most_900_s_before_the_edge_has_left_early(age_s: int, how: str) -> None:
    order = ban_from(60, "inclusion", "14:00")
    (breach,), _ = judged(
        order, [fix_at(10, 3_600 - age_s), *(fix_at(9_000 + s, 4_000 + s) for s in (0, 60))]
    )
    assert breach["how"] == how


@pytest.mark.parametrize(("away_s", "closed"), [(3_598, "12:59:58"), (3_600, "13:00:00"), (None, "13:00:00")])
def test_one_fix_outside_before_the_ban_ends_is_where_the_breach_ended(
    away_s: int | None, closed: str
) -> None:
    """ "the first fix of the run that shows the opposite, or the edge": nothing shows him inside after it."""
    items = [*(fix_at(10 + s / 60, s) for s in range(3_300, 3_560, 60))]
    items += [] if away_s is None else [fix_at(900, away_s)]
    (breach,), alerts = judged(ban_from(0, to="13:00"), items, until_s=4_000)
    assert breach["closed_at"][11:19] == closed
    (cleared,) = (alert for alert in alerts if alert["event"] == "breach_cleared")
    assert cleared["at"][11:19] == "13:00:00"


@pytest.mark.parametrize(("gap_s", "how"), [(120, "crossed"), (121, "reachable")])
def test_a_way_between_fixes_at_most_120_s_apart_is_crossed(gap_s: int, how: str) -> None:
    (breach,), _ = judged(circle_order(), [fix_at(900, 0), fix_at(-900, gap_s)])
    assert breach["how"] == how


@pytest.mark.parametrize(("gap_s", "found"), [(180, 0), (181, 1), (1_980, 1), (1_981, 0)])
def test_a_visit_is_possible_while_fixes_are_owed_for_at_most_1800_s(gap_s: int, found: int) -> None:
    """On the same side at 500 m: 600 m there and back, which 181 s allow."""
    breaches, _ = judged(circle_order(), [fix_at(500, 0), fix_at(501, gap_s)])
    assert [breach["how"] for breach in breaches] == ["reachable"] * found


@pytest.mark.parametrize(("late_s", "historic"), [(300, False), (301, True)])
def test_what_the_newest_fix_showed_300_s_ago_is_present(late_s: int, historic: bool) -> None:
    items = [fix_at(10 + s / 60, s, received_s=120 + late_s) for s in (0, 60, 120)]
    (breach,), (alert,) = judged(circle_order(), items)
    assert breach["historic"] is historic
    assert ("politie" in alert["recipients"]) is not historic


@pytest.mark.parametrize(("late_s", "historic"), [(300, False), (301, True)])
def test_a_crossing_that_a_late_fix_makes_of_a_possible_incursion_is_judged_as_any(
    late_s: int, historic: bool
) -> None:
    """From one side to the other in three minutes, then a fix from within these: the way was a minute's."""
    late = fix_at(620, 119, received_s=179 + late_s)
    breaches, alerts = judged(circle_order(), [fix_at(600, 0), late, fix_at(-600, 179)])
    (crossed,) = (breach for breach in breaches if breach["how"] == "crossed")
    assert crossed["historic"] is historic
    told = [alert["event"] for alert in alerts if alert["breach"] == crossed["id"]]
    assert told == ["possible_incursion", "historic_breach" if historic else "breach"]


@pytest.mark.parametrize(("late_s", "certainty"), [(300, "certain"), (301, "probable")])
def test_an_edge_is_present_however_old_its_fix_and_less_certain_beyond_300_s(
    late_s: int, certainty: str
) -> None:
    items = [fix_at(10 + s / 60, 3_600 - late_s - s) for s in (60, 0)]
    (breach,), _ = judged(ban_from(60), items, until_s=3_600)
    assert (breach["how"], breach["historic"], breach["certainty"]) == ("schedule", False, certainty)


def test_an_edge_at_the_instant_of_a_fix_comes_before_it_though_the_fix_was_taken_first() -> None:
    (breach,), (alert, *_) = judged(ban_from(60), [fix_at(10, 3_540), fix_at(12, 3_600)])
    assert (breach["how"], breach["opened_at"]) == ("schedule", "2026-06-01T13:00:00.000000Z")
    assert alert["at"] == "2026-06-01T13:00:00.000000Z"


def test_only_the_part_of_a_way_counts_that_lies_where_the_condition_holds() -> None:
    """He is past the circle when the ban begins; the same way a minute later meets it."""
    before = [fix_at(900, 3_500), fix_at(-900, 3_610)]
    after = [fix_at(900, 3_590), fix_at(-900, 3_700)]
    assert judged(ban_from(60), before)[0] == []
    assert [breach["how"] for breach in judged(ban_from(60), after)[0]] == ["crossed"]


def test_incursions_are_told_once_a_local_day_and_again_after_midnight() -> None:
    """22:00Z is midnight in Amsterdam in June."""
    items = [fix_at(500 + i, 35_000 + 400 * i) for i in range(5)]
    breaches, alerts = judged(circle_order(), items)
    assert [breach["how"] for breach in breaches] == ["reachable"] * 4
    days = [alert["at"][11:19] for alert in alerts if alert["event"] == "possible_incursion"]
    assert days == ["21:50:00", "22:03:20"]
