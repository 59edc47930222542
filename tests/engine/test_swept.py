"""A passing of which a fix barely inside is the middle: by itself it opens nothing, before and after it he is
outside. With it he is seen no worse than without it: one more fix inside never removes a breach."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.replay import lines_of, replay
from tests.engine.stories import circle_order, fix_at, shown, versions
from tests.soak import times_longer

ORDER = circle_order(
    conditions=[
        {
            "id": "c-1",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300},
        }
    ]
)
_LEVELS = {"possible": 1, "probable": 2, "certain": 3}


def breaches(*way: tuple[float, float]) -> list[dict[str, Any]]:
    """Of fixes at (second, metres east of the middle of a ban of 300 m)."""
    came = [fix_at(east_m, at_s) for at_s, east_m in way]
    return shown(list(lines_of(asyncio.run(replay(versions(ORDER), came)))), "breach")


def test_who_goes_on_past_a_fix_barely_inside_is_told_of_as_possible() -> None:
    (breach,) = breaches((0, 900.0), (60, 450.0), (120, 296.0), (180, 560.0), (240, 900.0))
    assert (breach["how"], breach["certainty"]) == ("crossed", "possible")
    assert "12:01:5" in breach["opened_at"]  # his way met the edge just before the fix inside
    assert breach["closed_at"].startswith("2026-06-01T12:03:00")
    assert breach["deepest_m"] == pytest.approx(4.0, abs=1.0)


def test_who_stays_about_is_not() -> None:
    assert breaches((0, 360.0), (60, 345.0), (120, 296.0), (180, 350.0), (240, 360.0)) == []


def test_a_step_of_more_than_two_minutes_is_no_way() -> None:
    assert [b["how"] for b in breaches((0, 450.0), (130, 296.0), (190, 560.0))] != ["crossed"]
    assert breaches((0, 450.0), (60, 296.0), (185, 560.0)) == []


def test_what_is_seen_without_the_fix_is_seen_with_it() -> None:
    """He comes from the west and goes east, right through; the fix at the far edge makes nothing less."""
    (without,) = breaches((0, -500.0), (60, -310.0), (120, 310.0), (180, 500.0))
    (withal,) = breaches((0, -500.0), (60, -310.0), (110, 296.0), (120, 310.0), (180, 500.0))
    assert without["how"] == "crossed"
    assert withal == without


_STEP = st.tuples(st.sampled_from([20, 30, 60, 90]), st.floats(-600.0, 600.0))


@settings(max_examples=60 * times_longer())
@given(st.lists(_STEP, min_size=3, max_size=6), st.integers(0, 4), st.floats(-299.0, 299.0))
def test_one_more_fix_inside_never_removes_a_breach(
    steps: list[tuple[int, float]], place: int, east_m: float
) -> None:
    way, at_s = [], 0
    for step_s, at_m in steps:
        at_s += step_s
        way.append((float(at_s), at_m))
    place = min(place, len(way) - 2)
    between_s = (way[place][0] + way[place + 1][0]) / 2.0
    before, after = breaches(*way), breaches(*sorted([*way, (between_s, east_m)]))
    for one in before:
        if one["how"] == "reachable":
            continue
        ends = [other for other in after if _overlap(one, other) and _LEVELS[other["certainty"]] >= 1]
        assert ends, (one, after)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    last = "9999"
    return other["opened_at"] <= (one["closed_at"] or last) and one["opened_at"] <= (
        other["closed_at"] or last
    )
