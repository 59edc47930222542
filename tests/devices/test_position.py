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
    assert events(judged(ONE, heard(0, 0, 60), 3_000)) == [("silence", 240.0, "d-0")]


def test_a_device_that_is_heard_again_has_ten_minutes_more_for_its_fix() -> None:
    items = [*heard(0, 0), *words("charging", "on", 900, 2_000)]
    assert events(judged(ONE, items, 1_900)) == [("silence", 180.0, "d-0"), ("no_position", 1_500.0, "d-0")]


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


def test_who_lies_still_is_indoors() -> None:
    items = [*heard(0, 0), word(0, "motion", "still", 30), *words("charging", "on", 60, 9_000)]
    archive = judged(ONE, items, 9_000)
    assert events(archive) == [("no_position", 600.0, "d-0")]
    assert troubles(archive, "no_position")[0].cause == "indoors"


def test_fixes_that_cannot_be_used_are_the_cause() -> None:
    # To and fro over 1,800 km, so that no three agree.
    jumps = [heard(0, 60 * n, east_m=-9e5 if n % 2 else 9e5)[0] for n in range(1, 16)]
    assert cause([*heard(0, 0, east_m=0.0), *jumps], 1_000) == "implausible"
    ahead = [
        received("d-0", {"seq": n, "t": 4_102_444_800_000, "lat": 52.0, "lon": 5.0, "acc": 9.0}, at_us)
        for n, at_us in enumerate(NOON_US + 60_000_000 * n for n in range(1, 16))
    ]
    assert cause([*heard(0, 0), *ahead], 1_000) == "clock"
