"""No position: messages and no usable fix, told after ten minutes, or sooner when jammed."""

from __future__ import annotations

import pytest

from emon.replay import Received
from tests.devices.fleet import events, fleet, heard, judged, minutes, troubles, word
from tests.engine.stories import NOON_US, received

ONE = fleet(1)


def words(event: str, state: str, from_s: int, to_s: int) -> list[Received]:
    """The same kind of word a minute, so that the device is heard."""
    return [word(0, event, state, at_s) for at_s in range(from_s, to_s, 60)]


def cause(items: list[Received], until_s: float) -> str | None:
    (trouble,) = troubles(judged(ONE, items, until_s), "no_position")
    return trouble.cause


def test_ten_minutes_of_messages_without_a_fix() -> None:
    items = [*heard(0, 0), *words("charging", "on", 60, 1_200)]
    assert events(judged(ONE, items, 1_200)) == [("no_position", 600.0, "d-0")]


def test_sooner_when_it_says_that_it_is_jammed_and_fixes_are_owed() -> None:
    items = [*heard(0, 0), word(0, "jamming", "on", 20), *words("charging", "on", 60, 600)]
    assert events(judged(ONE, items, 600)) == [("no_position", 180.0, "d-0")]
    late = [*heard(0, 0), *words("charging", "on", 60, 600), word(0, "jamming", "on", 400)]
    assert events(judged(ONE, late, 600)) == [("no_position", 400.0, "d-0")]


def test_a_silent_device_is_silent_and_not_without_position() -> None:
    assert events(judged(ONE, heard(0, 0, 60), 3_000)) == [("silence", 960.0, "d-0")]


def test_a_device_that_is_heard_again_has_ten_minutes_more_for_its_fix() -> None:
    items = [*heard(0, 0), *words("charging", "on", 960, 2_000)]
    assert events(judged(ONE, items, 1_900)) == [("silence", 900.0, "d-0"), ("no_position", 1_560.0, "d-0")]
    # Late, and back before it was told.
    items = [*heard(0, 0), *words("charging", "on", 840, 2_000)]
    assert events(judged(ONE, items, 1_900)) == [("no_position", 1_440.0, "d-0")]


def test_a_usable_fix_clears_it_and_it_is_told_once() -> None:
    items = [*heard(0, 0), *words("charging", "on", 60, 1_000), *minutes(0, 1_000, 1_500)]
    archive = judged(ONE, items, 1_500)
    assert events(archive) == [("no_position", 600.0, "d-0")]
    (trouble,) = troubles(archive, "no_position")
    assert trouble.cleared_at_us is not None
    assert (trouble.cleared_at_us - trouble.opened_at_us) == 400_000_000


def test_a_stored_fix_from_long_ago_is_no_position_now() -> None:
    items = [*heard(0, 0), *words("charging", "on", 60, 1_000)]
    late = Received(heard(0, 900)[0].received_at_us, heard(0, 30)[0].message)
    (trouble,) = troubles(judged(ONE, [*items, late], 1_000), "no_position")
    assert trouble.cleared_at_us is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([word(0, "jamming", "on", 30)], "jamming"),
        ([word(0, "shielding", "on", 30)], "shielding"),
        ([word(0, "jamming", "on", 30), word(0, "jamming", "off", 40)], "no_fix"),
        ([word(0, "motion", "moving", 30)], "no_fix"),
        ([], "no_fix"),
    ],
)
def test_the_cause_is_what_the_device_said(said: list[Received], found: str) -> None:
    assert cause([*heard(0, 0), *said, *words("charging", "on", 60, 1_000)], 1_000) == found


def test_who_lies_still_where_he_was_seen_is_told_after_half_a_day() -> None:
    words_s = range(60, 50_000, 120)
    items = [*heard(0, 0), word(0, "motion", "still", 30), *(word(0, "charging", "on", s) for s in words_s)]
    archive = judged(ONE, items, 50_000)
    assert events(archive) == [("no_position", 43_200.0, "d-0")]
    assert troubles(archive, "no_position")[0].cause == "indoors"


def test_who_lies_still_and_was_never_seen_is_told_like_anybody() -> None:
    items = [word(0, "motion", "still", 30), *words("charging", "on", 60, 9_000)]
    assert events(judged(ONE, items, 1_000)) == [("no_position", 630.0, "d-0")]


def test_who_gets_up_indoors_has_ten_minutes_for_a_fix() -> None:
    still = [*heard(0, 0), word(0, "motion", "still", 30), *words("charging", "on", 60, 6_000)]
    items = [*still, word(0, "motion", "moving", 3_000)]
    archive = judged(ONE, items, 5_000)
    assert events(archive) == [("no_position", 3_600.0, "d-0")]
    assert troubles(archive, "no_position")[0].cause == "no_fix"
    # A jammer is told at once all the same.
    assert events(judged(ONE, [*items, word(0, "jamming", "on", 3_100)], 3_500)) == [
        ("no_position", 3_100.0, "d-0")
    ]


def test_in_and_out_of_one_hall_is_told_once() -> None:
    """Lost again within an hour of the return: on file, and told by the alert before."""
    items = [*heard(0, 0, 1_000, 2_500, 8_000), *words("charging", "on", 60, 9_000)]
    archive = judged(ONE, items, 9_000)
    assert events(archive) == [("no_position", 600.0, "d-0")]
    found = troubles(archive, "no_position")
    assert [t.opened_at_us - NOON_US for t in found] == [s * 1_000_000 for s in (600, 1_600, 3_100, 8_600)]
    assert {t.alert for t in found} == {archive.alerts[0].id}


def test_lost_again_later_is_told_again_and_so_is_a_jammer() -> None:
    hour = [*heard(0, 0, 1_000), *minutes(0, 1_060, 5_000), *words("charging", "on", 60, 7_000)]
    assert [at_s for _, at_s, _ in events(judged(ONE, hour, 7_000))] == [600.0, 5_560.0]
    jammed = [*heard(0, 0, 1_000), word(0, "jamming", "on", 1_010), *words("charging", "on", 60, 2_000)]
    assert [at_s for _, at_s, _ in events(judged(ONE, jammed, 2_000))] == [600.0, 1_180.0]


def test_a_whole_day_in_and_out_is_told_twice() -> None:
    hall = [fix for s in range(0, 86_400, 1_200) for fix in heard(0, s)]
    items = [*hall, *(word(0, "charging", "on", s) for s in range(60, 86_400, 120))]
    assert [at_s for _, at_s, _ in events(judged(ONE, items, 86_000))] == [600.0, 43_800.0]


def test_fixes_that_cannot_be_used_are_the_cause() -> None:
    # To and fro over 1,800 km, so that no three agree.
    jumps = [heard(0, 60 * n, east_m=-9e5 if n % 2 else 9e5)[0] for n in range(1, 16)]
    assert cause([*heard(0, 0, east_m=0.0), *jumps], 1_000) == "implausible"
    ahead = [
        received("d-0", {"seq": n, "t": 4_102_444_800_000, "lat": 52.0, "lon": 5.0, "acc": 9.0}, at_us)
        for n, at_us in enumerate(NOON_US + 60_000_000 * n for n in range(1, 16))
    ]
    assert cause([*heard(0, 0), *ahead], 1_000) == "clock"
