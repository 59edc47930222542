"""Schedules against a clock on the wall that is read once a minute."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.geofence.schedule import (
    Stretch,
    holding_between,
    intersect,
    join,
    next_change,
    subtract,
    windows_between,
)
from emon.model.instant import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant, to_datetime
from emon.model.order import CircleZone, Condition, Interval, OrderVersion, Schedule, Window
from emon.model.vocabulary import Kind, LegalBasis
from emon.timezones import UnknownTimezone, load_timezone, timezone_names
from tests.orders.strategies import changes, intervals, schedules

DAILY = tuple(range(7))
NIGHTS = Window(DAILY, 22 * 3600, 6 * 3600)
ALWAYS = Window(DAILY, 0, 0)


def at(text: str) -> int:
    return parse_instant(text)


def spoken(stretches: list[Stretch]) -> list[tuple[str, str]]:
    """Readable: minutes are enough for these cases."""
    return [(format_instant(begin)[:16], format_instant(end)[:16]) for begin, end in stretches]


def clock(hhmm: str) -> int:
    hour, minute = hhmm.split(":")
    return int(hour) * 3600 + int(minute) * 60


def window(begin: str, end: str, days: tuple[int, ...] = DAILY) -> Window:
    return Window(days, clock(begin), clock(end))


def order(
    schedule: Schedule | None = None,
    kind: Kind = Kind.EXCLUSION,
    valid_from: str = "2026-01-01T00:00:00Z",
    valid_until: str | None = None,
    withdrawn_at: str | None = None,
    suspensions: tuple[Interval, ...] = (),
) -> tuple[OrderVersion, Condition]:
    condition = Condition("c-1", kind, CircleZone((4.48, 51.92), 300.0), schedule=schedule)
    version = OrderVersion(
        id="o-1",
        version=1,
        wearer="w-1",
        legal_basis=LegalBasis.GEDRAGSAANWIJZING,
        valid_from_us=at(valid_from),
        conditions=(condition,),
        armed_at_us=0,
        valid_until_us=at(valid_until) if valid_until else None,
        withdrawn_at_us=at(withdrawn_at) if withdrawn_at else None,
        suspensions=suspensions,
    )
    return version, condition


# --- the oracle ---------------------------------------------------------------------------------
class Wall:
    """What a wall clock shows minute by minute, without any zone arithmetic of ours."""

    def __init__(self, tz: str, from_us: int, to_us: int) -> None:
        zone = load_timezone(tz)
        self.trace = [
            (instant, to_datetime(instant).astimezone(zone).replace(tzinfo=None))
            for instant in range(from_us, to_us, MINUTE_US)
        ]
        self.shown_at: dict[datetime, list[int]] = {}
        for instant, shown in self.trace:
            self.shown_at.setdefault(shown, []).append(instant)

    def first(self, wall: datetime) -> int:
        """The first minute that shows it, or the first that shows a later time."""
        return self.shown_at[wall][0] if wall in self.shown_at else self._later(wall)

    def last(self, wall: datetime) -> int:
        """The last minute that shows it, or the first that shows a later time."""
        return self.shown_at[wall][-1] if wall in self.shown_at else self._later(wall)

    def _later(self, wall: datetime) -> int:
        return next(instant for instant, shown in self.trace if shown > wall)


@cache
def wall_between(tz: str, from_us: int, to_us: int) -> Wall:
    return Wall(tz, from_us, to_us)


def minutes_held(schedule: Schedule, from_us: int, to_us: int) -> set[int]:
    """Every minute of ``[from_us, to_us)`` at which the schedule holds, found by looking at the clock."""
    wall = wall_between(schedule.tz, from_us - 4 * DAY_US, to_us + 4 * DAY_US)
    begin_day = datetime.combine(wall.trace[0][1].date(), datetime.min.time()) + timedelta(days=1)
    days = [begin_day + timedelta(days=n) for n in range((to_us - from_us) // DAY_US + 5)]
    held: set[int] = set()
    for rule in schedule.windows:
        for day in days:
            if day.weekday() not in rule.days:
                continue
            end_day = day if rule.to_s > rule.from_s else day + timedelta(days=1)
            begin = wall.first(day + timedelta(seconds=rule.from_s))
            end = wall.last(end_day + timedelta(seconds=rule.to_s))
            held.update(range(max(begin, from_us), min(end, to_us), MINUTE_US))
    for gone in schedule.exceptions:
        held.difference_update(range(max(gone.from_us, from_us), min(gone.to_us, to_us), MINUTE_US))
    return held


def as_minutes(stretches: list[Stretch]) -> set[int]:
    return {minute for begin, end in stretches for minute in range(begin, end, MINUTE_US)}


@settings(max_examples=150)
@given(st.data())
def test_a_schedule_holds_when_the_clock_on_the_wall_says_so(data: st.DataObject) -> None:
    tz, change_us = data.draw(changes())
    schedule = data.draw(schedules(tz, change_us))
    from_us = change_us - 2 * DAY_US
    to_us = change_us + 3 * DAY_US
    held = windows_between(schedule, from_us, to_us)
    assert as_minutes(held) == minutes_held(schedule, from_us, to_us)
    assert held == join(held), "sorted, disjoint, not even touching"


@given(st.data())
def test_asking_in_parts_gives_the_same(data: st.DataObject) -> None:
    tz, change_us = data.draw(changes())
    schedule = data.draw(schedules(tz, change_us))
    cuts = sorted(data.draw(st.lists(st.integers(-5 * DAY_US, 5 * DAY_US), min_size=2, max_size=6)))
    parts = [
        stretch
        for begin, end in pairwise(cuts)
        for stretch in windows_between(schedule, change_us + begin, change_us + end)
    ]
    assert join(parts) == windows_between(schedule, change_us + cuts[0], change_us + cuts[-1])


def test_years_at_once_are_the_days_one_by_one() -> None:
    schedule = Schedule("Europe/Amsterdam", (NIGHTS, window("02:10", "02:50", (5, 6))))
    from_us, to_us = at("2020-01-01T00:00:00Z"), at("2032-01-01T00:00:00Z")
    daily = [
        stretch
        for day_us in range(from_us, to_us, DAY_US)
        for stretch in windows_between(schedule, day_us, min(day_us + DAY_US, to_us))
    ]
    assert windows_between(schedule, from_us, to_us) == join(daily)


# --- the contract's rules, one by one -----------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        pytest.param(
            "22:00-06:00", "2026-06-01", [("2026-06-01T20:00", "2026-06-02T04:00")], id="past midnight"
        ),
        pytest.param(
            "22:00-06:00", "2026-03-28", [("2026-03-28T21:00", "2026-03-29T04:00")], id="a short night"
        ),
        pytest.param(
            "22:00-06:00", "2026-10-24", [("2026-10-24T20:00", "2026-10-25T05:00")], id="a long night"
        ),
        pytest.param(
            "01:30-02:30", "2026-03-29", [("2026-03-29T00:30", "2026-03-29T01:00")], id="to does not exist"
        ),
        pytest.param(
            "02:30-04:00", "2026-03-29", [("2026-03-29T01:00", "2026-03-29T02:00")], id="from does not exist"
        ),
        pytest.param("02:10-02:50", "2026-03-29", [], id="neither exists: never holds"),
        pytest.param("02:30-03:00", "2026-03-29", [], id="empty up to the change itself"),
        pytest.param(
            "02:50-02:10",
            "2026-03-28",
            [("2026-03-28T01:50", "2026-03-29T01:00")],
            id="a day's end does not exist",
        ),
        pytest.param(
            "02:30-05:00", "2026-10-25", [("2026-10-25T00:30", "2026-10-25T04:00")], id="from occurs twice"
        ),
        pytest.param(
            "00:30-02:30", "2026-10-25", [("2026-10-24T22:30", "2026-10-25T01:30")], id="to occurs twice"
        ),
        pytest.param(
            "02:15-02:45", "2026-10-25", [("2026-10-25T00:15", "2026-10-25T01:45")], id="both occur twice"
        ),
        pytest.param(
            "12:00-12:00", "2026-10-24", [("2026-10-24T10:00", "2026-10-25T11:00")], id="a day by the clock"
        ),
    ],
)
def test_a_single_window_in_amsterdam(rule: str, day: str, expected: list[tuple[str, str]]) -> None:
    begin, end = rule.split("-")
    weekday = datetime.fromisoformat(day).weekday()
    schedule = Schedule("Europe/Amsterdam", (window(begin, end, (weekday,)),))
    noon_us = at(f"{day}T12:00:00Z")
    held = windows_between(schedule, noon_us - 36 * HOUR_US, noon_us + 36 * HOUR_US)
    assert spoken(held) == expected


def test_half_an_hour_on_lord_howe_island() -> None:
    schedule = Schedule("Australia/Lord_Howe", (window("01:45", "02:15"),))
    back = windows_between(schedule, at("2026-04-04T12:00:00Z"), at("2026-04-05T12:00:00Z"))
    forward = windows_between(schedule, at("2026-10-03T12:00:00Z"), at("2026-10-04T12:00:00Z"))
    assert spoken(back) == [("2026-04-04T14:45", "2026-04-04T15:45")], "1:45 comes twice, 2:15 once"
    assert spoken(forward) == [("2026-10-03T15:15", "2026-10-03T15:30")], "2:15 moves to 2:30"


def test_a_day_that_never_was() -> None:
    """Samoa had no 30 December 2011, a Friday: what begins on it begins when Saturday does."""
    schedule = Schedule("Pacific/Apia", (window("22:00", "06:00", (4,)), window("10:00", "12:00", (4,))))
    held = windows_between(schedule, at("2011-12-28T00:00:00Z"), at("2012-01-03T00:00:00Z"))
    assert spoken(held) == [("2011-12-30T10:00", "2011-12-30T16:00")]


def test_the_day_is_the_local_one_on_which_the_window_begins() -> None:
    schedule = Schedule("Asia/Tokyo", (window("00:00", "06:00", (0,)),))
    held = windows_between(schedule, at("2026-05-17T00:00:00Z"), at("2026-05-20T00:00:00Z"))
    assert spoken(held) == [("2026-05-17T15:00", "2026-05-17T21:00")], "Monday in Tokyo is Sunday in UTC"


def test_windows_that_touch_or_overlap_are_one() -> None:
    schedule = Schedule(
        "Europe/Amsterdam",
        (
            window("20:00", "22:00"),
            window("22:00", "23:00"),
            window("21:30", "22:30"),
            window("23:30", "00:00"),
        ),
    )
    held = windows_between(schedule, at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"))
    assert spoken(held) == [
        ("2026-06-01T18:00", "2026-06-01T21:00"),
        ("2026-06-01T21:30", "2026-06-01T22:00"),
    ]


def test_midnight_is_no_edge_of_a_ban_that_always_holds() -> None:
    schedule = Schedule("Europe/Amsterdam", (ALWAYS,))
    from_us, to_us = at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")
    assert windows_between(schedule, from_us, to_us) == [(from_us, to_us)]


def test_a_week_covered_by_several_windows_has_no_hole_on_any_clock_change() -> None:
    weekend, rest = Window((4,), clock("20:00"), clock("20:00")), Window((5,), clock("20:00"), clock("02:30"))
    monday = window("02:30", "02:30", (0, 1, 2, 3, 4, 6))
    schedule = Schedule("Europe/Amsterdam", (weekend, rest, monday))
    from_us, to_us = at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")
    assert windows_between(schedule, from_us, to_us) == [(from_us, to_us)]


def test_from_friday_evening_to_sunday_afternoon_has_no_hole() -> None:
    """The suspension of the field's own bug report: one stretch, over both clock changes."""
    for friday, length_h in (("2026-03-27", 43), ("2026-10-23", 45)):
        amsterdam = ZoneInfo("Europe/Amsterdam")
        begin = datetime.fromisoformat(f"{friday}T20:00").replace(tzinfo=amsterdam).astimezone(UTC)
        begin_us = at(begin.isoformat())
        schedule = Schedule(
            "Europe/Amsterdam",
            (window("20:00", "00:00", (4,)), window("00:00", "00:00", (5,)), window("00:00", "16:00", (6,))),
        )
        held = windows_between(schedule, begin_us - 2 * DAY_US, begin_us + 4 * DAY_US)
        assert held == [(begin_us, begin_us + length_h * HOUR_US)]


def test_an_exception_is_cut_out_to_the_microsecond() -> None:
    lifted = Interval(at("2026-06-01T21:00:00.000001Z"), at("2026-06-01T22:30:00Z"))
    schedule = Schedule("Europe/Amsterdam", (NIGHTS,), (lifted,))
    held = windows_between(schedule, at("2026-06-01T12:00:00Z"), at("2026-06-02T12:00:00Z"))
    assert held == [
        (at("2026-06-01T20:00:00Z"), lifted.from_us),
        (lifted.to_us, at("2026-06-02T04:00:00Z")),
    ]


def test_nothing_is_asked_of_an_empty_or_reversed_stretch() -> None:
    schedule = Schedule("Europe/Amsterdam", (ALWAYS,))
    assert windows_between(schedule, 5, 5) == windows_between(None, 6, 5) == []
    assert windows_between(None, 5, 6) == [(5, 6)]


def test_the_ends_of_the_calendar_are_answered() -> None:
    schedule = Schedule("Europe/Amsterdam", (NIGHTS,))
    last_us = at("9999-12-31T23:59:59Z")
    for begin_us, end_us in (
        (at("0001-01-01T00:00:00Z"), at("0001-01-20T00:00:00Z")),
        (last_us - 20 * DAY_US, last_us),
    ):
        assert len(windows_between(schedule, begin_us, end_us)) >= 14
    version, condition = order(schedule, valid_until="9999-12-31T23:59:59Z")
    assert next_change(version, condition, at("2026-06-01T12:00:00Z")) == at("2026-06-01T20:00:00Z")


def test_golden_cases_of_other_projects() -> None:
    """Facts from Traccar's calendar tests and issues, and a London night computed with tzdata."""
    cases = json.loads((Path(__file__).parents[1] / "data" / "schedule_cases.json").read_text("utf-8"))
    for case in cases["cases"]:
        schedule = Schedule(case["tz"], (window(case["from"], case["to"], tuple(case["days"])),))
        for check in case["checks"]:
            instant_us = at(check["at"])
            held = windows_between(schedule, instant_us, instant_us + 1)
            assert bool(held) is check["holds"], (case["id"], check)


# --- stretches ----------------------------------------------------------------------------------
POINTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


@given(POINTS, POINTS)
def test_stretches_are_sets_of_instants(a: list[Stretch], b: list[Stretch]) -> None:
    def points(stretches: list[Stretch]) -> set[int]:
        return {p for begin, end in stretches for p in range(begin, end)}

    left, right = join(a), join(b)
    assert points(left) == points(a)
    assert points(intersect(left, right)) == points(a) & points(b)
    assert points(subtract(left, right)) == points(a) - points(b)
    for made in (left, intersect(left, right), subtract(left, right)):
        assert all(begin < end for begin, end in made)
        assert all(one[1] <= two[0] for one, two in pairwise(made))


# --- when a condition holds ---------------------------------------------------------------------
def test_an_order_holds_from_its_begin_to_the_first_of_its_ends() -> None:
    version, condition = order(
        valid_until="2026-03-01T00:00:00Z",
        withdrawn_at="2026-02-01T00:00:00Z",
        valid_from="2026-01-01T00:00:00Z",
    )
    held = holding_between(version, condition, at("2025-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
    assert spoken(held) == [("2026-01-01T00:00", "2026-02-01T00:00")]


def test_an_order_withdrawn_before_it_began_never_holds() -> None:
    version, condition = order(withdrawn_at="2025-12-01T00:00:00Z")
    assert holding_between(version, condition, 0, at("2030-01-01T00:00:00Z")) == []
    assert next_change(version, condition, 0) is None


@pytest.mark.parametrize(("kind", "stretches"), [(Kind.EXCLUSION, 2), (Kind.INCLUSION, 2), (Kind.CONTACT, 1)])
def test_a_suspension_lifts_places_and_never_contact(kind: Kind, stretches: int) -> None:
    suspended = Interval(at("2026-05-01T18:00:00Z"), at("2026-05-03T14:00:00Z"), "leave")
    version, condition = order(kind=kind, suspensions=(suspended,))
    held = holding_between(version, condition, at("2026-05-01T00:00:00Z"), at("2026-05-10T00:00:00Z"))
    assert len(held) == stretches


# --- the next change ----------------------------------------------------------------------------
@given(st.data())
def test_the_next_change_is_where_holding_changes(data: st.DataObject) -> None:
    tz, change_us = data.draw(changes())
    schedule = data.draw(st.none() | schedules(tz, change_us))
    suspensions = tuple(data.draw(st.lists(intervals(change_us), max_size=2)))
    version, condition = order(
        schedule,
        valid_from=format_instant(change_us - 3 * DAY_US),
        valid_until=data.draw(st.none() | st.just(format_instant(change_us + 30 * DAY_US))),
        suspensions=suspensions,
    )
    horizon_us = change_us + 40 * DAY_US
    after_us = change_us + data.draw(st.integers(-5 * 1440, 5 * 1440)) * MINUTE_US
    held = holding_between(version, condition, after_us - 60 * DAY_US, horizon_us)
    edges = [edge for stretch in held for edge in stretch if after_us < edge < horizon_us]
    changed_us = next_change(version, condition, after_us)
    if edges:
        assert changed_us == edges[0]
    else:
        assert changed_us is None or changed_us >= horizon_us


def test_a_change_is_found_at_the_end_of_a_suspension_of_years() -> None:
    suspended = Interval(at("2026-02-01T00:00:00Z"), at("2029-02-01T12:00:00Z"))
    always, condition = order(suspensions=(suspended,))
    assert next_change(always, condition, suspended.from_us) == suspended.to_us
    nights, condition = order(Schedule("Europe/Amsterdam", (NIGHTS,)), suspensions=(suspended,))
    assert next_change(nights, condition, suspended.from_us) == at("2029-02-01T21:00:00Z")


def test_an_order_of_the_far_future_begins_there() -> None:
    version, condition = order(Schedule("Europe/Amsterdam", (NIGHTS,)), valid_from="2040-06-01T00:00:00Z")
    assert next_change(version, condition, at("2026-01-01T00:00:00Z")) == at("2040-06-01T00:00:00Z")


def test_a_ban_that_always_holds_changes_at_its_end_alone() -> None:
    version, condition = order(Schedule("Europe/Amsterdam", (ALWAYS,)), valid_until="2046-01-01T00:00:00Z")
    assert next_change(version, condition, at("2026-06-01T00:00:00Z")) == at("2046-01-01T00:00:00Z")
    assert next_change(version, condition, at("2046-01-01T00:00:00Z")) is None
    endless, condition = order()
    assert next_change(endless, condition, at("2026-06-01T00:00:00Z")) is None


# --- time zones ---------------------------------------------------------------------------------
def test_every_listed_time_zone_loads() -> None:
    assert {"Europe/Amsterdam", "UTC", "Europe/Kiev"} <= timezone_names()
    assert all(load_timezone(name).key == name for name in timezone_names())


@pytest.mark.parametrize(
    "name", ["Mars/Base", "../../etc/passwd", "", "europe/amsterdam", "Factory", "Europe"]
)
def test_no_other_name_is_looked_for(name: str) -> None:
    with pytest.raises(UnknownTimezone):
        load_timezone(name)
