"""Windows that clock changes swallow or stretch, that overlap, and exceptions that lift nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from emon.geofence.schedule import (
    DAY_S,
    Stretch,
    days_between,
    intersect,
    join,
    times_shown,
    window_on,
    windows_between,
)
from emon.limits import SUSPENSION_BY_ONE_MAX_S
from emon.model.instant import SECOND_US
from emon.model.order import Fault, Schedule, Window
from emon.timezones import load_timezone

_EPOCH_DAY = date(1970, 1, 1)
_WEEK_S = 7 * DAY_S
_DATES_NAMED = 3
_HOW = {0: "does not exist and moves to the next time that does", 2: "occurs twice; {} counts"}


def schedule_remarks(schedule: Schedule, span: Stretch, path: str) -> Iterable[Fault]:
    """What is unwise in a schedule while its order is in force, ``span`` in microseconds UTC."""
    for i, window in enumerate(schedule.windows):
        place = f"{path}.windows[{i}]"
        if window.from_s == window.to_s != 0:
            yield Fault(place, "from and to are the same: it lasts a whole day, not no time at all")
        yield from _clock_change_remarks(schedule.tz, window, span, place)
        for k in range(i):
            if intersect(_week(window), _week(schedule.windows[k])):
                yield Fault(place, f"overlaps windows[{k}]: the two count as one")
    plain = Schedule(schedule.tz, schedule.windows)
    for i, lifted in enumerate(schedule.exceptions):
        begin, end = max(lifted.from_us, span[0]), min(lifted.to_us, span[1])
        if not windows_between(plain, begin, end):
            yield Fault(f"{path}.except[{i}]", "lifts nothing: no window of the order holds then")
        elif lifted.to_us - lifted.from_us > SUSPENSION_BY_ONE_MAX_S * SECOND_US:
            hours = SUSPENSION_BY_ONE_MAX_S // 3600
            yield Fault(
                f"{path}.except[{i}]",
                f"lasts longer than {hours} h, and an exception names nobody who decided it: a suspension "
                "names two",
            )


def _clock_change_remarks(tz_name: str, window: Window, span: Stretch, path: str) -> Iterable[Fault]:
    tz = load_timezone(tz_name)
    empty: list[date] = []
    odd: dict[tuple[str, int], list[date]] = {}
    for day in days_between(tz_name, *span):
        on = _EPOCH_DAY + timedelta(days=day)
        begin_us, end_us = window_on(tz_name, day, window.from_s, window.to_s)
        if on.weekday() not in window.days or end_us <= span[0] or begin_us >= span[1]:
            continue
        if begin_us >= end_us:
            empty.append(on)
            continue
        end_s = day * DAY_S + window.to_s + (DAY_S if window.to_s <= window.from_s else 0)
        for edge, local_s in (("from", day * DAY_S + window.from_s), ("to", end_s)):
            shown = times_shown(tz, local_s)
            if shown != 1:
                odd.setdefault((edge, shown), []).append(_EPOCH_DAY + timedelta(days=local_s // DAY_S))
    if empty:
        yield Fault(
            path, f"is empty and does not hold on {_dates(empty)}, when the clock is set forward over it"
        )
    for (edge, shown), dates in odd.items():
        which = "the first" if edge == "from" else "the last"
        yield Fault(f"{path}.{edge}", f"on {_dates(dates)} this time {_HOW[shown].format(which)}")


def _week(window: Window) -> list[Stretch]:
    """The window by the clock, in seconds of a week that runs in a circle."""
    length_s = (window.to_s - window.from_s - 1) % DAY_S + 1
    begins = [day * DAY_S + window.from_s for day in window.days]
    laid = join((begin + turn, begin + turn + length_s) for begin in begins for turn in (-_WEEK_S, 0))
    return intersect(laid, [(0, _WEEK_S)])


def _dates(dates: Sequence[date]) -> str:
    named = ", ".join(day.isoformat() for day in dates[:_DATES_NAMED])
    more = len(dates) - _DATES_NAMED
    return f"{named} and {more} more" if more > 0 else named
