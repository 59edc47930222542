"""Inclusions (contract, section 3), each rule on the smallest timeline that shows it: late home, left
early, absent; windows joined over versions, exceptions and suspensions; history and refutation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, shown, versions

Lines = list[dict[str, Any]]
HOME = {"type": "Circle", "center": [LON, LAT], "radius_m": 100}
FAR_M = 5_000.0  # farther than ten minutes of driving would lie


def curfew(
    windows: Sequence[tuple[str, str]] = (("12:10", "13:00"),),
    excused: Sequence[tuple[str, str]] = (),
    zone: dict[str, Any] = HOME,
    **changes: Any,
) -> dict[str, Any]:
    schedule: dict[str, Any] = {"tz": "UTC", "windows": [{"from": a, "to": b} for a, b in windows]}
    if excused:
        schedule["except"] = [
            {"from": f"2026-06-01T{a}:00Z", "to": f"2026-06-01T{b}:00Z", "reason": "hearing"}
            for a, b in excused
        ]
    condition = {"id": "c-1", "kind": "inclusion", "zone": zone, "schedule": schedule}
    return circle_order(conditions=[condition], **changes)


ORDER = versions(curfew())


def judged(
    items: Sequence[Received], orders: Sequence[OrderVersion] = ORDER, until_s: float | None = None
) -> tuple[Lines, Lines]:
    until_us = None if until_s is None else NOON_US + round(until_s * SECOND_US)
    lines = list(lines_of(asyncio.run(replay(orders, items, until_us=until_us))))
    return shown(lines, "breach"), shown(lines, "alert")


def minutes(east_m: float, first: int, last: int, **options: Any) -> list[Received]:
    """A fix a minute at one place, from one minute after noon to another."""
    return [fix_at(east_m + 0.1 * (m % 5), 60 * m, **options) for m in range(first, last + 1)]


def at(minute: int) -> str:
    return f"2026-06-01T{12 + minute // 60:02d}:{minute % 60:02d}:00.000000Z"


def told(alerts: Lines) -> list[tuple[str, int, str]]:
    return [(a["event"], a["priority"], ",".join(a["recipients"])) for a in alerts]


BOTH = "reclassering,meldkamer_em"


def test_late_home_begins_at_the_edge_and_ends_with_the_first_fix_inside() -> None:
    (breach,), alerts = judged([*minutes(FAR_M, 5, 20), *minutes(0, 21, 25)])
    assert (breach["kind"], breach["how"], breach["certainty"]) == ("inclusion", "late_home", "certain")
    assert (breach["opened_at"], breach["closed_at"]) == (at(10), at(21))
    assert breach["deepest_m"] == pytest.approx(FAR_M - 100, rel=0.01)
    assert told(alerts) == [("breach", 3, BOTH), ("breach_cleared", 4, BOTH)]


def test_the_edge_decides_at_its_own_instant_without_a_fix() -> None:
    (breach,), alerts = judged(minutes(FAR_M, 0, 5), until_s=620)
    assert (breach["how"], breach["historic"], breach["closed_at"]) == ("late_home", False, None)
    assert alerts[0]["at"] == at(10)


def test_by_the_window_s_first_fix_it_begins_there_and_is_only_possible_if_he_could_have_been_home() -> None:
    (near,), _ = judged(minutes(800, 15, 30), until_s=1_800)
    assert (near["how"], near["opened_at"], near["certainty"]) == ("late_home", at(15), "possible")
    (far,), _ = judged(minutes(FAR_M, 15, 30), until_s=1_800)
    assert (far["how"], far["opened_at"], far["certainty"]) == ("late_home", at(15), "certain")


def test_a_fix_older_than_a_quarter_of_an_hour_says_nothing_at_the_edge() -> None:
    late = versions(curfew((("12:30", "13:00"),)))
    assert judged(minutes(FAR_M, 0, 5), late, until_s=4_000) == ([], [])


def test_who_never_comes_is_absent_by_the_same_line_and_alert() -> None:
    items = minutes(FAR_M, 5, 70)
    (before,), _ = judged(items, until_s=1_800)
    (breach,), alerts = judged(items)
    assert (before["how"], breach["how"]) == ("late_home", "absent")
    assert (breach["id"], breach["closed_at"]) == (before["id"], at(60))
    assert [a["event"] for a in alerts] == ["breach", "breach_cleared"]


def test_absent_needs_no_fix_in_the_window_at_all() -> None:
    (breach,), _ = judged(minutes(FAR_M, 0, 5), until_s=4_000)
    assert (breach["how"], breach["opened_at"], breach["closed_at"]) == ("absent", at(10), at(60))


def test_one_fix_at_home_is_enough_not_to_be_absent() -> None:
    items = [*minutes(FAR_M, 5, 30), fix_at(0, 1_860), *minutes(FAR_M, 32, 70)]
    (breach,), _ = judged(items)
    assert (breach["how"], breach["closed_at"]) == ("late_home", at(60))


def test_a_window_without_fixes_is_no_breach() -> None:
    assert judged([*minutes(0, 0, 5), *minutes(FAR_M, 65, 70)]) == ([], [])


def test_left_early_begins_with_the_first_fix_outside_and_ends_with_the_window() -> None:
    (breach,), alerts = judged([*minutes(0, 5, 30), *minutes(400, 31, 65)])
    assert (breach["how"], breach["opened_at"], breach["closed_at"]) == ("left_early", at(31), at(60))
    assert told(alerts) == [("breach", 3, BOTH), ("breach_cleared", 4, BOTH)]


def test_home_shortly_before_the_edge_and_out_after_it_is_left_early() -> None:
    (breach,), _ = judged([*minutes(0, 0, 8), *minutes(400, 12, 20)], until_s=1_200)
    assert (breach["how"], breach["opened_at"]) == ("left_early", at(12))


def test_home_long_before_the_edge_and_out_after_it_is_late_home() -> None:
    late = versions(curfew((("12:30", "13:00"),)))
    (breach,), _ = judged([*minutes(0, 0, 8), *minutes(FAR_M, 32, 35)], late, until_s=2_100)
    assert (breach["how"], breach["opened_at"]) == ("late_home", at(32))


def test_who_came_late_and_leaves_again_has_done_two_things() -> None:
    items = [*minutes(FAR_M, 5, 20), *minutes(0, 21, 30), *minutes(FAR_M, 31, 40)]
    breaches, _ = judged(items)
    assert [(b["how"], b["opened_at"]) for b in breaches] == [("late_home", at(10)), ("left_early", at(31))]


def test_out_of_hours_nothing_is_judged() -> None:
    assert judged(minutes(FAR_M, 61, 90)) == ([], [])


def test_a_receiver_that_drifts_over_the_edge_of_the_home_breaks_nothing() -> None:
    items = [fix_at([0, 95, 104, 90, 125, 60][m % 6], 60 * m, accuracy_m=20) for m in range(5, 60)]
    assert judged(items) == ([], [])


def test_a_home_smaller_than_the_error_is_not_left_by_being_there() -> None:
    small = versions(curfew(zone={**HOME, "radius_m": 10}))
    assert judged(minutes(0, 5, 55, accuracy_m=80.0), small) == ([], [])


def test_a_permit_excuses_while_it_lasts_and_its_end_is_an_edge() -> None:
    permitted = versions(curfew(excused=(("12:20", "12:40"),)))
    items = [*minutes(0, 5, 19), *minutes(FAR_M, 20, 55)]
    breaches, _ = judged(items, permitted)
    assert [(b["how"], b["opened_at"]) for b in breaches] == [("late_home", at(40))]


def test_a_suspension_excuses_as_a_permit_does_and_closes_what_is_open() -> None:
    suspension = {
        "from": "2026-06-01T12:20:00Z",
        "to": "2026-06-01T12:40:00Z",
        "reason": "hospital",
        "by": ["a", "b"],
    }
    breaches, _ = judged(minutes(FAR_M, 5, 70), versions(curfew(suspensions=[suspension])))
    assert [(b["how"], b["opened_at"], b["closed_at"]) for b in breaches] == [
        ("absent", at(10), at(20)),
        ("absent", at(40), at(60)),
    ]


def test_windows_that_touch_are_one() -> None:
    touching = versions(curfew((("12:10", "12:30"), ("12:30", "13:00"))))
    (breach,), _ = judged(minutes(FAR_M, 5, 70), touching)
    assert (breach["how"], breach["opened_at"], breach["closed_at"]) == ("absent", at(10), at(60))


def test_a_window_goes_on_over_a_new_version_and_so_does_the_breach() -> None:
    both = versions(
        curfew(),
        curfew(version=2, valid_from="2026-06-01T12:30:00Z", risk="high"),
    )
    (breach,), alerts = judged(minutes(FAR_M, 5, 70), both)
    assert (breach["how"], breach["version"], breach["closed_at"]) == ("absent", 1, at(60))
    assert [a["event"] for a in alerts] == ["breach", "breach_cleared"]


def test_who_was_home_under_the_old_version_has_left_early_under_the_new() -> None:
    both = versions(curfew(), curfew(version=2, valid_from="2026-06-01T12:30:00Z"))
    (breach,), _ = judged([*minutes(0, 5, 35), *minutes(400, 36, 50)], both)
    assert (breach["how"], breach["version"], breach["opened_at"]) == ("left_early", 2, at(36))


def test_a_new_version_under_which_he_is_not_home_is_an_edge() -> None:
    elsewhere = {**HOME, "center": [LON + 0.1, LAT]}
    both = versions(curfew(), curfew(version=2, valid_from="2026-06-01T12:30:00Z", zone=elsewhere))
    (breach,), _ = judged(minutes(0, 5, 40), both)
    assert (breach["how"], breach["version"], breach["opened_at"]) == ("late_home", 2, at(30))


def test_stored_fixes_are_history_for_the_same_two() -> None:
    items = [*minutes(0, 5, 15), *minutes(FAR_M, 16, 25, received_s=3_000), *minutes(0, 40, 50)]
    (breach,), alerts = judged(items)
    assert (breach["how"], breach["historic"], breach["closed_at"]) == ("left_early", True, at(40))
    assert told(alerts) == [("historic_breach", 3, BOTH)]


def test_a_late_fix_at_home_turns_coming_late_into_leaving_early() -> None:
    live = [fix_at(160, 900), *minutes(0, 17, 20)]
    (before,), _ = judged(live)
    (after,), _ = judged([*live, fix_at(0, 840, received_s=1_300)])
    assert (before["how"], after["how"]) == ("late_home", "left_early")
    assert (after["id"], after["refuted"]) == (before["id"], False)


def test_stored_fixes_that_show_him_home_before_the_edge_refute_and_tell_all_who_were_told() -> None:
    """Outside at the edge by an old fix; stored fixes then show that he was home well before."""
    items = [*minutes(FAR_M, 0, 2), *minutes(0, 4, 12, received_s=700)]
    (breach,), alerts = judged(items)
    assert breach["refuted"] is True
    assert told(alerts)[-1] == ("breach_cleared", 4, BOTH)


def test_the_night_the_clock_goes_back_lasts_nine_hours() -> None:
    night = circle_order(
        conditions=[
            {
                "id": "c-1",
                "kind": "inclusion",
                "zone": HOME,
                "schedule": {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]},
            }
        ]
    )
    edge_s = 145 * 86_400 + 8 * 3_600  # 24 October 20:00Z, from 1 June 12:00Z
    items = [fix_at(FAR_M, edge_s + s) for s in range(-300, 9 * 3_600 + 600, 300)]
    (breach,), _ = judged(items, versions(night))
    assert (breach["opened_at"], breach["closed_at"]) == (
        "2026-10-24T20:00:00.000000Z",
        "2026-10-25T05:00:00.000000Z",
    )
    assert breach["how"] == "absent"


def test_masts_whose_circle_reaches_home_show_nobody_away() -> None:
    at_home = minutes(0.0, 5, 20)
    reaches = [fix_at(426.0, 23 * 60, accuracy_m=848.3), fix_at(533.0, 26 * 60, accuracy_m=700.0)]
    assert judged([*at_home, *reaches]) == ([], [])
    beyond = [fix_at(1_000.0, 23 * 60, accuracy_m=848.3), fix_at(1_100.0, 26 * 60, accuracy_m=700.0)]
    (breach,), _ = judged([*at_home, *beyond])
    assert breach["how"] == "left_early"
