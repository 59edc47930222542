"""When a condition holds: local-time windows as exact instants (contract, section 2: schedules).

Theory of operation. A window is a rule about a wall clock; a verdict needs instants. Each window
is therefore turned, one local begin day at a time, into one stretch ``[begin, end)`` of UTC
microseconds:

- "A local time that does not exist, from or to, moves to the next instant that does": the
  instant of the clock change itself.
- "One that occurs twice counts from the first to the last occurrence": ``from`` takes the first,
  ``to`` the last, so a window never has a hole.
- "A window that becomes empty never holds": ``begin >= end`` is dropped.

The stretches of all windows are then joined where they touch or overlap, and exceptions and
suspensions cut out. All arithmetic is on integers in UTC; no local time is ever subtracted
(invariant 10 of the design). Stretches are half-open, sorted and disjoint (invariant 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from emon.limits import NEXT_CHANGE_LOOK_AHEAD_DAYS
from emon.model.instant import DAY_US, SECOND_US
from emon.model.order import Condition, Interval, OrderVersion, Schedule, Window
from emon.model.vocabulary import Kind
from emon.timezones import load_timezone

Stretch = tuple[int, int]
"""``(from_us, to_us)``, half-open, ``from_us < to_us``."""

DAY_S = 86_400
_WEEK_S = 7 * DAY_S
_EPOCH_LOCAL = datetime(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday; Monday is 0
_MARGIN_DAYS = 3  # room for the offset and the window's end at both ends of the calendar
_DAY_MIN = -(_EPOCH_LOCAL - datetime.min).days + _MARGIN_DAYS
_DAY_MAX = (datetime(MAXYEAR, 12, 31) - _EPOCH_LOCAL).days - _MARGIN_DAYS


# --- sets of stretches ------------------------------------------------------------------------
def join(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The union: sorted, disjoint; what touches or overlaps is one. Empty stretches vanish."""
    joined: list[Stretch] = []
    for begin, end in sorted(stretches):
        if begin >= end:
            continue
        if joined and begin <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def intersect(a: list[Stretch], b: list[Stretch]) -> list[Stretch]:
    """What lies in both. Both sorted and disjoint, and so is the answer."""
    common: list[Stretch] = []
    i = j = 0
    while i < len(a) and j < len(b):
        begin, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if begin < end:
            common.append((begin, end))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return common


def subtract(a: list[Stretch], b: list[Stretch]) -> list[Stretch]:
    """What lies in ``a`` and not in ``b``. Both sorted and disjoint, and so is the answer."""
    rest: list[Stretch] = []
    j = 0
    for begin, end in a:
        while j < len(b) and b[j][1] <= begin:
            j += 1
        k = j
        while k < len(b) and b[k][0] < end:
            if begin < b[k][0]:
                rest.append((begin, b[k][0]))
            begin = max(begin, b[k][1])
            k += 1
        if begin < end:
            rest.append((begin, end))
    return rest


# --- from wall clock to instants ----------------------------------------------------------------
def first_instant_s(tz: ZoneInfo, local_s: int) -> int:
    """The first instant at which the clock shows ``local_s``, or the next that exists.

    ``local_s``: wall-clock seconds since local 1970-01-01T00:00. Returns seconds since 1970 UTC.
    """
    return _occurrences(tz, local_s)[0]


def last_instant_s(tz: ZoneInfo, local_s: int) -> int:
    """The last instant at which the clock shows ``local_s``, or the next that exists."""
    return _occurrences(tz, local_s)[1]


def times_shown(tz: ZoneInfo, local_s: int) -> int:
    """How often the clock shows ``local_s``: 0 when it is set forward over it, 2 when set back, else 1."""
    first_s, last_s = _occurrences(tz, local_s)
    if first_s != last_s:
        return 2
    return 1 if first_s + _offset_s(tz, first_s) == local_s else 0


def _occurrences(tz: ZoneInfo, local_s: int) -> tuple[int, int]:
    """First and last instant that show ``local_s``; equal but for a clock set back."""
    wall = (_EPOCH_LOCAL + timedelta(seconds=local_s)).replace(tzinfo=tz)
    first_s = local_s - _seconds(wall.utcoffset())
    last_s = local_s - _seconds(wall.replace(fold=1).utcoffset())
    if first_s <= last_s:
        return first_s, last_s
    # The clock was set forward over it. Python then reads fold=0 with the offset before the
    # change and fold=1 with the one after, so the change lies in (last_s, first_s].
    moved_s = _first_showing(tz, local_s, last_s, first_s)
    return moved_s, moved_s


def _first_showing(tz: ZoneInfo, local_s: int, before_s: int, at_latest_s: int) -> int:
    """The first instant in ``(before_s, at_latest_s]`` whose wall clock is past ``local_s``."""
    while at_latest_s - before_s > 1:
        middle_s = (before_s + at_latest_s) // 2
        if middle_s + _offset_s(tz, middle_s) >= local_s:
            at_latest_s = middle_s
        else:
            before_s = middle_s
    return at_latest_s


def _offset_s(tz: ZoneInfo, at_s: int) -> int:
    return _seconds((_EPOCH + timedelta(seconds=at_s)).astimezone(tz).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    if offset is None:  # a ZoneInfo always has one; the type of tzinfo does not say so
        raise AssertionError("a time zone without an offset")
    return offset.days * DAY_S + offset.seconds


@lru_cache(maxsize=65_536)
def window_on(tz_name: str, day: int, from_s: int, to_s: int) -> Stretch:
    """One window on one local begin day, as instants in microseconds, before any joining.

    ``day``: local days since 1970-01-01. The answer is empty (``begin >= end``) where a clock
    change swallows the window. Cached: wearers share zones, days and curfews; a memo of a pure
    function, it changes no answer.
    """
    tz = load_timezone(tz_name)
    begin_local_s = day * DAY_S + from_s
    end_local_s = day * DAY_S + to_s + (DAY_S if to_s <= from_s else 0)
    begin_s = first_instant_s(tz, begin_local_s)
    end_s = last_instant_s(tz, end_local_s)
    return begin_s * SECOND_US, end_s * SECOND_US


def days_between(tz_name: str, from_us: int, to_us: int) -> range:
    """Every local begin day whose windows may reach into ``[from_us, to_us)``.

    A window lasts at most a day by the clock; one day more on either side covers clock changes.
    """
    tz = load_timezone(tz_name)
    first = _local_day(tz, from_us) - 2
    last = _local_day(tz, to_us) + 1
    return range(max(first, _DAY_MIN), min(last, _DAY_MAX) + 1)


def _local_day(tz: ZoneInfo, at_us: int) -> int:
    at_s = min(max(at_us // SECOND_US, _DAY_MIN * DAY_S), _DAY_MAX * DAY_S)
    return (at_s + _offset_s(tz, at_s)) // DAY_S


@lru_cache(maxsize=4_096)
def _weekly(windows: tuple[Window, ...]) -> tuple[tuple[tuple[int, int], ...], ...] | None:
    """``(from_s, to_s)`` of the windows by weekday of their begin, None when they cover the week.

    Local times that follow each other without a hole give instants without one (``to`` takes the
    last occurrence, ``from`` the first), so a covered week is simply always.
    """
    by_day: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    covered: list[Stretch] = []
    for window in windows:
        for day in window.days:
            by_day[day].append((window.from_s, window.to_s))
            begin_s = day * DAY_S + window.from_s
            end_s = day * DAY_S + window.to_s + (DAY_S if window.to_s <= window.from_s else 0)
            covered += [(begin_s, end_s), (begin_s - _WEEK_S, end_s - _WEEK_S)]
    if any(begin <= 0 and end >= _WEEK_S for begin, end in join(covered)):
        return None
    return tuple(tuple(dict.fromkeys(day)) for day in by_day)


# --- what the engine asks -----------------------------------------------------------------------
def windows_between(schedule: Schedule | None, from_us: int, to_us: int) -> list[Stretch]:
    """When the schedule holds within ``[from_us, to_us)``, exceptions taken out.

    Returns sorted disjoint half-open stretches in microseconds UTC, joined and clipped; without a
    schedule the whole stretch. Raises ``UnknownTimezone`` for a zone that orders never pass.
    """
    if from_us >= to_us:
        return []
    if schedule is None:
        return [(from_us, to_us)]
    weekly = _weekly(schedule.windows)
    held = [(from_us, to_us)] if weekly is None else _stretches(schedule.tz, weekly, from_us, to_us)
    return subtract(held, _of(schedule.exceptions)) if schedule.exceptions else held


def _stretches(
    tz_name: str, weekly: tuple[tuple[tuple[int, int], ...], ...], from_us: int, to_us: int
) -> list[Stretch]:
    found: list[Stretch] = []
    for day in days_between(tz_name, from_us, to_us):
        for from_s, to_s in weekly[(day + _EPOCH_WEEKDAY) % 7]:
            begin, end = window_on(tz_name, day, from_s, to_s)
            if begin < to_us and end > from_us and begin < end:
                found.append((max(begin, from_us), min(end, to_us)))
    return join(found)


def _of(intervals: tuple[Interval, ...]) -> list[Stretch]:
    return join((interval.from_us, interval.to_us) for interval in intervals)


def holding_between(version: OrderVersion, condition: Condition, from_us: int, to_us: int) -> list[Stretch]:
    """When a condition of an order's version holds within ``[from_us, to_us)``.

    From ``valid_from`` to the first of ``valid_until`` and ``withdrawn_at``, in its windows, less
    exceptions and the order's suspensions (under both "contact conditions … go on"). Returns
    sorted disjoint half-open stretches in microseconds UTC. Which version is in force at all, and
    as armed when, is not asked here.
    """
    begin = max(from_us, version.valid_from_us)
    ends_at = version.ends_at_us
    end = to_us if ends_at is None else min(to_us, ends_at)
    if condition.kind is Kind.CONTACT:
        schedule = condition.schedule
        return windows_between(replace(schedule, exceptions=()) if schedule else None, begin, end)
    held = windows_between(condition.schedule, begin, end)
    if version.suspensions and held:
        return subtract(held, _of(version.suspensions))
    return held


def next_change(version: OrderVersion, condition: Condition, after_us: int) -> int | None:
    """The first instant later than ``after_us`` at which holding begins or ceases.

    None when it never changes again. A week repeats itself, so a schedule that shows no change
    for ``NEXT_CHANGE_LOOK_AHEAD_DAYS`` after the last dated edge (validity, exception,
    suspension) has none.
    """
    dated = _dated_edges(version, condition, after_us)
    weekly_us = NEXT_CHANGE_LOOK_AHEAD_DAYS * DAY_US if _has_weekly_edges(condition) else 1
    seen_to = after_us
    for start in [after_us, *dated]:
        # A dated edge is itself a change where holding differs just before it, hence the -1.
        look_from = max(seen_to, start - 1)
        changed_at = _change_within(version, condition, look_from, start + weekly_us)
        if changed_at is not None:
            return changed_at
        seen_to = max(seen_to, start + weekly_us - 1)
    return None


def _dated_edges(version: OrderVersion, condition: Condition, after_us: int) -> list[int]:
    """Every edge with a date of its own, later than ``after_us``, while the order is in force."""
    intervals = list(condition.schedule.exceptions) if condition.schedule is not None else []
    intervals += version.suspensions
    edges = {version.valid_from_us}
    edges.update(interval.from_us for interval in intervals)
    edges.update(interval.to_us for interval in intervals)
    ends_at = version.ends_at_us
    if ends_at is not None:
        edges = {edge for edge in edges if edge < ends_at} | {ends_at}
    return sorted(edge for edge in edges if edge > after_us)


def _has_weekly_edges(condition: Condition) -> bool:
    return condition.schedule is not None and _weekly(condition.schedule.windows) is not None


def _change_within(version: OrderVersion, condition: Condition, from_us: int, to_us: int) -> int | None:
    """The first change in ``(from_us, to_us]``, looked for in growing stretches: it is near."""
    span_us = 2 * DAY_US
    while from_us < to_us:
        end = min(from_us + span_us, to_us)
        # One microsecond beyond the end shows whether the end itself is a change.
        held = holding_between(version, condition, from_us, end + 1)
        if held and held[0][0] > from_us:
            return held[0][0]
        if held and held[0][1] <= end:
            return held[0][1]
        from_us, span_us = end, span_us * 4
    return None
