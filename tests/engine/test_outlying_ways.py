"""A way through a ban to or from one position far off shows no more than that position (docs/adr/0048).

The zone is a circle of 200 m about 0; he stands 30 m outside it, east, and one fix lies beyond it, west::

    :  <- one fix          (     zone     )  . stands here
"""

from __future__ import annotations

import pytest

from emon.replay import Received
from tests.engine.stories import circle_order, fix_at, versions
from tests.engine.test_reflection import HIGH, ORDER, breaches, politie, standing, with_members

BEYOND_M = -400.0


def stander(beyond: Received) -> list[Received]:
    """Ten minutes at 230 m, one fix beyond, ten minutes at 230 m."""
    return [*standing(230, range(10)), beyond, *standing(230, range(11, 20))]


@pytest.mark.parametrize("claim_m", [3.0, 10.0, 49.0])
@pytest.mark.parametrize("orders", [ORDER, HIGH])
def test_one_fix_beyond_the_ban_calls_no_police_however_far(orders: object, claim_m: float) -> None:
    items = stander(fix_at(BEYOND_M, 600, accuracy_m=claim_m))
    found = breaches(items, orders)
    assert {(b["how"], b["certainty"]) for b in found} == {("crossed", "possible")}
    assert politie(items, orders) == []


def test_nor_does_one_that_says_it_stands_there() -> None:
    items = [with_members(item, spd=0.0) for item in stander(fix_at(BEYOND_M, 600))]
    assert politie(items, HIGH) == []


@pytest.mark.parametrize("slow", [0.9, 5.0])
def test_nor_one_whose_speed_does_not_cover_the_step(slow: float) -> None:
    assert politie(stander(with_members(fix_at(BEYOND_M, 600), spd=slow)), HIGH) == []


def test_who_measures_the_speed_of_the_step_has_driven_through() -> None:
    """Off from standing, and 14 m/s where he is next seen: a car, and no error of the receiver."""
    drives = [*standing(230, range(10)), with_members(fix_at(BEYOND_M, 600), spd=14.0)]
    drives += [with_members(fix_at(BEYOND_M - 800.0 * n, 600 + 60 * n), spd=14.0) for n in range(1, 4)]
    (breach,) = breaches(drives)
    assert (breach["how"], breach["certainty"]) == ("crossed", "certain")
    assert politie(drives) == ["certain 12:10:00"]


def test_who_is_on_his_way_has_driven_through_without_a_speed() -> None:
    drives = [fix_at(2000.0 - 600.0 * n, 60 * n) for n in range(8)]  # 200 and -400: from edge to beyond
    (breach,) = breaches([*drives[:3], *drives[4:]], versions(circle_order()))
    assert breach["how"] in ("crossed", "inside")
    straight = [fix_at(1900.0 - 840.0 * n, 30 * n) for n in range(6)]
    (breach,) = breaches(straight)
    assert (breach["how"], breach["certainty"]) == ("crossed", "probable")


def test_who_goes_on_as_he_came_has_driven_through_though_he_was_not_seen_for_long() -> None:
    """The record begins one fix before the ban: three places in one line and at one pace."""
    drives = [fix_at(1250.0 - 833.0 * n, 30 * n) for n in range(5)]
    (breach,) = breaches(drives, versions(circle_order()))
    assert (breach["how"], breach["certainty"]) == ("crossed", "probable")


@pytest.mark.parametrize("orders", [ORDER, HIGH])
def test_one_whose_receiver_wanders_by_more_than_it_claims_has_not_driven(orders: object) -> None:
    """Two places 55 m apart in a minute are no pace at which one comes 630 m in the next."""
    wanders = [fix_at(230.0 + (55.0 if n == 8 else 3.0 * (n % 3)), 60 * n, accuracy_m=6.0) for n in range(10)]
    assert politie([*wanders, fix_at(BEYOND_M, 600), *standing(230, range(11, 20))], orders) == []


def past(claim_m: float, *, pace_m: float = 840.0) -> list[Received]:
    """Drives by the ban's edge at 14 m/s and is next heard through a mast, beyond."""
    return [
        *(fix_at(1_950.0 - pace_m * n, 60 * n) for n in range(3)),
        fix_at(-1_200, 180, accuracy_m=claim_m),
    ]


@pytest.mark.parametrize("claim_m", [150.0, 400.0, 750.0])
def test_who_drove_through_and_is_next_heard_by_a_mast_has_possibly_been_inside(claim_m: float) -> None:
    """How deep is open, not that he went by: both lie outside, and the way between them meets the ban."""
    (breach,) = breaches(past(claim_m), versions(circle_order()))
    assert breach["how"] == "crossed"
    assert breach["certainty"] == "possible" or claim_m < 400.0  # the narrow claim leaves less open


def test_a_mast_beyond_the_ban_heard_by_one_who_stands_beside_it_is_no_way_through() -> None:
    assert breaches(stander(fix_at(-1_200, 600, accuracy_m=750))) == []
