"""Times as people say them, over clock changes too."""

from __future__ import annotations

import pytest

from emon.model.instant import parse_instant
from simulator.moments import Calendar

EVENING = Calendar(parse_instant("2026-03-28T21:00:00+01:00"), "Europe/Amsterdam")
AUTUMN = Calendar(parse_instant("2026-10-25T00:00:00+02:00"), "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("calendar", "said", "seconds"),
    [
        (EVENING, 90, 90.0),
        (EVENING, 0.5, 0.5),
        (EVENING, "1h 30min", 5_400.0),
        (EVENING, "2d", 172_800.0),
        (EVENING, "21:00", 0.0),
        (EVENING, "22:15", 4_500.0),
        (EVENING, "20:00", 79_200.0),  # the next evening, after a night of seven hours
        (EVENING, "su 04:00", 21_600.0),
        (EVENING, "sun 04:00:30", 21_630.0),
        (EVENING, "2026-03-29 01:59", 17_940.0),
        (EVENING, "2026-03-29 03:00", 18_000.0),
        (EVENING, "2026-03-29 02:30", 18_000.0),  # skipped: the instant of the change
        (EVENING, "2026-03-29T03:00:00+02:00", 18_000.0),
        (AUTUMN, "02:30", 9_000.0),  # twice: the first
        (AUTUMN, "2026-10-25T02:30:00+01:00", 12_600.0),
        (AUTUMN, "03:00", 14_400.0),
    ],
)
def test_a_time_is_so_many_seconds_after_the_start(calendar: Calendar, said: object, seconds: float) -> None:
    assert calendar.seconds(said) == seconds


@pytest.mark.parametrize(
    "said", ["", "noon", "25:00", "xx 12:00", "2026-02-30 12:00", "1 h", "-5min", None, True, [], "22:15Z"]
)
def test_what_is_no_time_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"time|day|must be"):
        EVENING.seconds(said)


def test_the_clock_for_people() -> None:
    assert EVENING.clock(18_000.0) == "sun 03:00:00"
