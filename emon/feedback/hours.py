"""How much of people's time there was: operator-hours, shifts and wearer-days. Pure.

An operator-hour is an hour in which one person, or one desk, of the monitoring centre was on duty: by the
policy's shifts where it has some with contacts of the centre, else by the sessions of its people at the page,
from log-in to log-out and at most ``SESSION_HOURS``. Without either nobody's hours are on file, and the load
per operator-hour is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from emon.alerts.decision_table import Hours
from emon.alerts.ladder import Shift, Turn
from emon.feedback.rows import Filed, Login
from emon.limits import FEEDBACK_DUTY_STEP_S, SESSION_HOURS
from emon.model.instant import DAY_US, HOUR_US, SECOND_US
from emon.model.order import OrderVersion, Window
from emon.model.vocabulary import Party

_STEP_US = FEEDBACK_DUTY_STEP_S * SECOND_US
_DAYS = tuple(range(7))
_LOCAL = "Europe/Amsterdam"


class HoursFrom(StrEnum):
    """Where operator-hours were read."""

    SHIFTS = "shifts"
    SESSIONS = "sessions"
    NOWHERE = "nowhere"


class OnDuty(msgspec.Struct, frozen=True):
    """One turn of a shift in the period: how long it lasted, and how many alerts came to the centre."""

    shift: str
    turn: str
    hours: float
    alerts: int


class DutyHours(msgspec.Struct, frozen=True):
    """``operator_hours`` None: not known."""

    hours_from: HoursFrom
    operator_hours: float | None
    shifts: tuple[OnDuty, ...]


def _window(name: str, begin: int, end: int) -> Turn:
    return Turn((name,), Hours(_LOCAL, (Window(_DAYS, begin * 3_600, end * 3_600),)))


PLAIN_SHIFTS = (Shift("day", (_window("07-15", 7, 15), _window("15-23", 15, 23), Turn(("23-07",)))),)
"""By which alerts are grouped where the policy names no shift of the centre; nobody's hours come of them."""


def duty_hours(filed: Filed) -> DutyHours:
    """Operator-hours of the period, and the load of each turn."""
    centre = {one.name for one in filed.contacts if one.party is Party.MELDKAMER_EM}
    shifts = [s for s in filed.shifts if any(centre.intersection(turn.contacts) for turn in s.turns)]
    told_us = [alert.detected_at_us for alert in filed.alerts if alert.centre]
    turns = _turns(shifts or PLAIN_SHIFTS, filed.from_us, filed.to_us, told_us)
    on_duty = tuple(
        OnDuty(shift.name, ", ".join(turn.contacts), us / HOUR_US, count) for shift, turn, us, count in turns
    )
    if shifts:
        worked_us = sum(us * len(centre.intersection(turn.contacts)) for _, turn, us, _ in turns)
        return DutyHours(HoursFrom.SHIFTS, worked_us / HOUR_US, on_duty)
    worked_us = _session_us(filed.logins, filed.from_us, filed.to_us)
    if not filed.logins:
        return DutyHours(HoursFrom.NOWHERE, None, on_duty)
    return DutyHours(HoursFrom.SESSIONS, worked_us / HOUR_US, on_duty)


def _turns(
    shifts: Sequence[Shift], from_us: int, to_us: int, told_us: Iterable[int]
) -> list[tuple[Shift, Turn, int, int]]:
    """Each turn with its microseconds in the period and the alerts that came in it.

    The period is walked in steps, and a turn has a step that begins in it.
    """
    lasted: dict[tuple[int, int], int] = {}
    came: dict[tuple[int, int], int] = {}
    told = list(told_us)
    for s, shift in enumerate(shifts):
        for at_us in range(from_us, to_us, _STEP_US):
            t = _turn_at(shift, at_us)
            lasted[s, t] = lasted.get((s, t), 0) + min(_STEP_US, to_us - at_us)
        for at_us in told:
            t = _turn_at(shift, at_us)
            came[s, t] = came.get((s, t), 0) + 1
    return [
        (shift, turn, lasted.get((s, t), 0), came.get((s, t), 0))
        for s, shift in enumerate(shifts)
        for t, turn in enumerate(shift.turns)
    ]


def _turn_at(shift: Shift, at_us: int) -> int:
    for place, turn in enumerate(shift.turns):
        if turn.hours is None or turn.hours.hold(at_us):
            return place
    return len(shift.turns) - 1


def _session_us(logins: Sequence[Login], from_us: int, to_us: int) -> int:
    """Microseconds in which people were logged in; who has several sessions at once is one person."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for name in sorted({one.name for one in logins}):
        since: int | None = None
        for one in sorted((one for one in logins if one.name == name), key=lambda one: (one.at_us, one.out)):
            end_us = one.at_us if since is None else min(one.at_us, since + SESSION_HOURS * HOUR_US)
            if since is not None:
                spans.setdefault(name, []).append((since, end_us))
            since = None if one.out else one.at_us
        if since is not None:
            spans.setdefault(name, []).append((since, since + SESSION_HOURS * HOUR_US))
    return sum(_covered_us(found, from_us, to_us) for found in spans.values())


def wearer_days(newest: Iterable[OrderVersion], from_us: int, to_us: int) -> tuple[int, float]:
    """How many wearers had a device and an order in force, and for how many days altogether."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for version in newest:
        ends_us = to_us if version.ends_at_us is None else min(to_us, version.ends_at_us)
        for use in version.devices:
            begin_us = max(version.valid_from_us, use.from_us or version.valid_from_us)
            end_us = ends_us if use.until_us is None else min(ends_us, use.until_us)
            if max(begin_us, from_us) < end_us:
                spans.setdefault(version.wearer, []).append((begin_us, end_us))
    worn_us = sum(_covered_us(found, from_us, to_us) for found in spans.values())
    return len(spans), worn_us / DAY_US


def _covered_us(spans: Iterable[tuple[int, int]], from_us: int, to_us: int) -> int:
    """How much of the period the spans cover together."""
    covered, reached = 0, from_us
    for begin_us, end_us in sorted(spans):
        begin_us, end_us = max(begin_us, reached), min(end_us, to_us)
        if begin_us < end_us:
            covered += end_us - begin_us
            reached = end_us
    return covered
