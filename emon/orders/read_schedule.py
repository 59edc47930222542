"""Schedules and intervals of time as they stand in a document."""

from __future__ import annotations

import re
from typing import Any

from emon.model.instant import parse_instant
from emon.model.order import Interval, Schedule, Window
from emon.orders.members import (
    Faults,
    check_id,
    check_instant,
    check_text,
    items_of,
    members_of,
    nearest_of,
    one_of,
    shown,
)
from emon.orders.tree import JsonValue
from emon.timezones import timezone_names

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\Z", re.ASCII)
_ALWAYS = (Window(tuple(range(7)), 0, 0),)
_check_day = one_of(DAYS)


# --- reading ------------------------------------------------------------------------------------
def read_schedule(value: object, path: str, faults: Faults) -> dict[str, JsonValue] | None:
    """A schedule as the canonical tree holds it.

    Without ``windows`` it always holds but for its exceptions, as a condition without a schedule
    does. An empty list of windows is refused: it could mean always as well as never.
    """
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree = _present(
        tz=members.required("tz", _check_timezone),
        windows=members.optional("windows", _read_windows),
    )
    exceptions = members.optional("except", read_exceptions)
    if exceptions:
        tree["except"] = exceptions
    members.close()
    return tree


def read_exceptions(value: object, path: str, faults: Faults) -> list[JsonValue] | None:
    """The ``except`` of a schedule: intervals with a reason."""
    items = items_of(value, path, faults) or []
    return [_read_interval(item, f"{path}[{i}]", faults, signed=False) for i, item in enumerate(items)]


def read_suspensions(value: object, path: str, faults: Faults) -> list[JsonValue] | None:
    """The ``suspensions`` of an order: intervals with a reason and who decided them."""
    items = items_of(value, path, faults) or []
    return [_read_interval(item, f"{path}[{i}]", faults, signed=True) for i, item in enumerate(items)]


def _read_interval(value: object, path: str, faults: Faults, *, signed: bool) -> JsonValue:
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree = _present(
        **{"from": members.required("from", check_instant), "to": members.required("to", check_instant)},
        reason=members.optional("reason", check_text) or None,
        by=members.optional("by", _read_names) or None if signed else None,
    )
    members.close()
    check_order_of(tree.get("from"), tree.get("to"), "from", members.path("to"), faults)
    return tree


def check_order_of(begin: object, end: object, begin_name: str, path: str, faults: Faults) -> None:
    """Put a fault at ``path`` where two canonical instants do not follow each other."""
    if isinstance(begin, str) and isinstance(end, str) and parse_instant(end) <= parse_instant(begin):
        faults.add(path, f"{end} is not after {begin_name}, {begin}")


def _read_windows(value: object, path: str, faults: Faults) -> list[JsonValue] | None:
    items = items_of(value, path, faults)
    if items == []:
        faults.add(path, "holds no window: leave it out for always, withdraw the condition for never")
    return [_read_window(item, f"{path}[{i}]", faults) for i, item in enumerate(items or [])]


def _read_window(value: object, path: str, faults: Faults) -> JsonValue:
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree = _present(
        days=members.optional("days", _read_days) or None,
        **{"from": members.required("from", _check_time), "to": members.required("to", _check_time)},
    )
    members.close()
    return tree


def _read_days(value: object, path: str, faults: Faults) -> list[JsonValue] | None:
    """The days in the week's order; all seven are written as none, which means the same."""
    items = items_of(value, path, faults) or []
    days = [_check_day(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]
    for i, day in enumerate(days):
        if day is not None and day in days[:i]:
            faults.add(f"{path}[{i}]", f'"{day}" occurs more than once')
    named: list[JsonValue] = [day for day in DAYS if day in days]
    return named if len(named) < len(DAYS) else None


def _read_names(value: object, path: str, faults: Faults) -> list[JsonValue] | None:
    items = items_of(value, path, faults) or []
    return [check_id(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]


def _check_time(value: object, path: str, faults: Faults) -> str | None:
    """``HH:MM`` or ``HH:MM:SS``; seconds of zero are dropped."""
    if not isinstance(value, str) or not _TIME.match(value):
        hint = "; midnight is 00:00" if isinstance(value, str) and value.startswith("24:00") else ""
        faults.add(path, f"must be a local time HH:MM or HH:MM:SS, 00:00 to 23:59:59{hint}")
        return None
    return value[:5] if value[5:] == ":00" else value


def _check_timezone(value: object, path: str, faults: Faults) -> str | None:
    if isinstance(value, str) and value in timezone_names():
        return value
    if not isinstance(value, str):
        return check_text(value, path, faults)
    nearest = nearest_of(value, sorted(timezone_names())) or ', such as "Europe/Amsterdam"'
    faults.add(path, f"{shown(value)} is no IANA time zone{nearest}")
    return None


def _present(**members: Any) -> dict[str, Any]:
    """Only what is there: an absent member has no place in the canonical tree."""
    return {name: value for name, value in members.items() if value is not None}


# --- building -----------------------------------------------------------------------------------
def build_schedule(tree: dict[str, Any]) -> Schedule:
    """The schedule of a canonical tree. Raises ``KeyError``, ``TypeError`` or ``ValueError`` else."""
    windows = tuple(
        Window(
            tuple(DAYS.index(day) for day in window.get("days", DAYS)),
            _seconds(window["from"]),
            _seconds(window["to"]),
        )
        for window in tree.get("windows", ())
    )
    return Schedule(tree["tz"], windows or _ALWAYS, build_intervals(tree.get("except", ())))


def build_intervals(trees: Any) -> tuple[Interval, ...]:
    """Exceptions or suspensions of a canonical tree."""
    return tuple(
        Interval(parse_instant(tree["from"]), parse_instant(tree["to"]), tree.get("reason", ""))
        for tree in trees
    )


def _seconds(time: str) -> int:
    hour, minute, second = (time + ":00").split(":")[:3]
    return int(hour) * 3600 + int(minute) * 60 + int(second)
