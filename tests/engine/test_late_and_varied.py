"""Late fixes and new versions together, each case the smallest timeline that an oracle of the contract's
words (``tests/oracle``) once judged otherwise than the engine did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from emon.model.order import OrderVersion
from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, circle_order, fix_at, shown, versions
from tests.engine.test_determinism import everything, judged_with_lapses

Lines = list[dict[str, Any]]


def circle(east_m: float, radius_m: float) -> list[dict[str, Any]]:
    center = [LON + east_m / 68_676.0, LAT]
    zone = {"type": "Circle", "center": center, "radius_m": radius_m}
    return [{"id": "c-1", "kind": "exclusion", "zone": zone}]


def varied(at_minute: int, *, first: float = 200, then: tuple[float, float]) -> tuple[OrderVersion, ...]:
    """A circle of ``first`` metres, and from a minute after noon another, ``then``: metres east, radius."""
    armed_at = f"2026-06-01T12:{at_minute:02d}:00Z"
    return versions(
        circle_order(conditions=circle(0, first)),
        circle_order(version=2, armed_at=armed_at, conditions=circle(*then)),
    )


def judged(orders: Sequence[OrderVersion], items: Sequence[Received]) -> tuple[Lines, Lines]:
    lines = list(lines_of(asyncio.run(replay(orders, items))))
    return shown(lines, "breach"), shown(lines, "alert")


def test_who_is_told_by_the_decision_that_closes_hears_that_it_closed() -> None:
    """Live: one fix inside. Stored: a second, which makes it certain, and two outside."""
    items = [fix_at(10, 0), *(fix_at(m, s, received_s=600) for m, s in ((20, 180), (900, 270), (910, 450)))]
    _, alerts = judged(versions(circle_order()), items)
    last = [(a["event"], "politie" in a["recipients"]) for a in alerts if "12:10:00" in a["at"]]
    assert sorted(last) == [("breach", True), ("breach_cleared", True)]


def test_a_fix_that_its_own_version_saw_outside_opens_nothing_for_another() -> None:
    """ "opened_at: the time of the first fix of the run": the wider version does not judge the first."""
    items = [fix_at(900, 0), fix_at(10, 60, received_s=1_500)]
    (breach,), _ = judged(varied(14, then=(0, 1_200)), items)
    assert (breach["opened_at"], breach["version"]) == ("2026-06-01T12:01:00.000000Z", 2)


def test_a_late_fix_that_another_version_judges_does_not_move_the_beginning() -> None:
    items = [fix_at(10, 90), fix_at(-10, 0, received_s=1_500)]
    (breach,), _ = judged(varied(10, then=(5_000, 200)), items)
    assert breach["opened_at"] == "2026-06-01T12:01:30.000000Z"


def test_outside_fixes_of_the_old_version_end_the_run_also_under_the_new() -> None:
    """In, out, out by the narrow version; then in by the wide one that judges the rest: two visits."""
    items = [
        fix_at(10, 0, received_s=2_000),
        fix_at(900, 240),
        fix_at(910, 480),
        fix_at(905, 810, received_s=1_990),
    ]
    breaches, _ = judged(varied(15, then=(0, 1_200)), items)
    inside = [b for b in breaches if b["how"] == "inside"]
    assert [(b["opened_at"][11:19], b["closed_at"] and b["closed_at"][11:19]) for b in inside] == [
        ("12:00:00", "12:04:00"),
        ("12:13:30", None),
    ]


def test_a_new_version_under_which_it_goes_on_starts_the_count_outside_anew() -> None:
    """Seen outside the old circle, which is inside the new: the next fix outside is the first again."""
    items = [fix_at(10, 0), fix_at(1_000, 300), fix_at(-1_000, 3_600)]
    (breach,), _ = judged(varied(6, then=(1_000, 300)), items)
    assert breach["closed_at"] is None


def test_a_fix_on_the_right_side_makes_history_also_where_a_later_one_is_inside_again() -> None:
    """Crossed, seen outside, then inside, all in one message: the crossing is over and done with."""
    items = [fix_at(m, s, received_s=300) for m, s in ((900, 0), (-900, 60), (-910, 120), (10, 290))]
    crossed, inside = judged(versions(circle_order()), items)[0]
    assert (crossed["how"], crossed["historic"]) == ("crossed", True)
    assert (inside["how"], inside["historic"]) == ("inside", False)


def test_an_incursion_that_a_late_fix_rules_out_is_refuted_though_another_breach_touches_it() -> None:
    """A permit from 12:05; the gap that began a second before it is filled by a fix outside."""
    permit = {"from": "2026-06-01T12:05:00Z", "to": "2026-06-01T12:35:00Z", "reason": "hearing"}
    schedule = {"tz": "UTC", "windows": [{"from": "00:00", "to": "00:00"}], "except": [permit]}
    order = circle_order(conditions=[{**circle(0, 200)[0], "schedule": schedule}])
    items = [
        fix_at(10, 0),
        fix_at(900, 299, received_s=599),
        fix_at(910, 599, received_s=1_300),
        fix_at(905, 418, received_s=1_918),
        fix_at(20, 60, received_s=1_918),
    ]
    breaches, alerts = judged(versions(order), items)
    assert [(b["how"], b["refuted"]) for b in breaches] == [("inside", False), ("reachable", True)]
    assert [a["event"] for a in alerts][-1] == "breach_cleared"


def test_an_incursion_that_ends_where_a_breach_does_outlives_a_restart() -> None:
    """Found by a restart after every message: the gap ends with the fix that begins to close the breach."""
    orders = varied(20, then=(1_000, 300))
    items = [fix_at(1_017, 630, received_s=690), fix_at(-987, 1_529), fix_at(-991, 1_830, received_s=1_831)]
    whole = everything(asyncio.run(replay(orders, items)))
    assert asyncio.run(judged_with_lapses(orders, items, [True] * 9)) == whole
    assert sum('"refuted": false' in line for line in whole) == 3


def test_a_stay_that_late_fixes_find_in_a_gap_is_past_and_never_told_to_the_police() -> None:
    """Live: outside, a gap, outside, told as a possible incursion. Stored: two fixes deep inside."""
    live = [fix_at(900, 0), fix_at(905, 460)]
    stored = [fix_at(m, s, received_s=2_400) for m, s in ((10, 60), (20, 120))]
    (breach,), alerts = judged(versions(circle_order(risk="high")), [*live, *stored])
    assert (breach["how"], breach["certainty"], breach["historic"]) == ("inside", "certain", True)
    told = [(a["event"], a["recipients"]) for a in alerts if a["breach"] == breach["id"]]
    assert told == [
        ("possible_incursion", ["meldkamer_em"]),
        ("historic_breach", ["reclassering", "meldkamer_em"]),
    ]


def test_a_stay_that_late_fixes_find_in_a_gap_and_that_goes_on_is_present() -> None:
    live = [fix_at(900, 0), fix_at(905, 460), fix_at(900, 520)]
    back = [fix_at(m, s) for m, s in ((10, 2_380), (20, 2_440))]
    stored = [fix_at(m, s, received_s=2_400) for m, s in ((10, 60), (20, 120))]
    breaches, alerts = judged(versions(circle_order()), [*live, *stored, *back])
    assert [(b["how"], b["historic"]) for b in breaches if b["how"] == "inside"] == [
        ("inside", True),
        ("inside", False),
    ]
    assert sum("politie" in a["recipients"] for a in alerts) == 1


@pytest.mark.parametrize(("radius_m", "certainty"), [(800, {"possible"}), (1_000, {"possible", "probable"})])
@pytest.mark.parametrize("phase_s", range(0, 60, 10))
def test_a_passing_is_a_present_contact_wherever_her_fixes_lie(
    radius_m: float, certainty: set[str], phase_s: float
) -> None:
    """ "judged as a crossing is": the second fix beyond the radius shows it and makes no history of it; one
    of hers in the middle takes nothing away."""
    near = [{"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": radius_m}]
    waits = [fix_at(-1_500 - s % 7, s) for s in range(0, 600, 60)]
    his = [*waits, fix_at(-1_500, 600), *(fix_at(1_500 + s % 7, s) for s in (700, 760, 820, 880))]
    hers = [fix_at(0.1 * (s % 9), s + phase_s, device="v-1") for s in range(0, 900, 60)]
    (breach,), alerts = judged(versions(circle_order(conditions=near)), [*his, *hers])
    assert (breach["how"], breach["historic"]) == ("proximity", False)
    assert breach["certainty"] in certainty
    raised = [(a["event"], a["certainty"]) for a in alerts if a["breach"]]
    assert raised[0] == ("proximity", breach["certainty"])
    assert {event for event, _ in raised[1:]} <= {"breach_cleared"}
