"""The decision table in words, for pages and docs: what a row asks for and what follows."""

from __future__ import annotations

from emon.alerts.decision_table import Hours, Row, When
from emon.alerts.ladder import Ladder
from emon.alerts.policy import Policy
from emon.orders.read_schedule import DAYS
from emon.policies.written import clock_text

COLUMNS = ("row", "event", "and", "priority", "recipients", "to acknowledge", "climbs")


def table_of(policy: Policy) -> list[tuple[str, ...]]:
    """A line a row, in the order in which they are asked."""
    return [
        (
            row.name,
            ", ".join(row.when.events),
            "; ".join(_asks(row.when)),
            str(row.priority),
            ", ".join(_recipients(row)),
            _seconds(policy.ladder_of(row.name).acknowledge_s),
            climbs(policy.ladder_of(row.name)),
        )
        for row in policy.rows
    ]


def climbs(ladder: Ladder) -> str:
    """A ladder in one line."""
    steps = [f"{_seconds(rung.at_s)}: {', '.join(rung.tell)}" for rung in ladder.rungs]
    return f"{ladder.name} ({'; '.join(steps)}; then each {_seconds(ladder.repeat_s)})"


def _recipients(row: Row) -> list[str]:
    told = ["all who were told"] if row.told else []
    others = ["every other recipient"] if row.others else []
    return [*map(str, row.recipients), *told, *others, *row.also]


def _asks(when: When) -> list[str]:
    named = [
        ("kind", when.kinds),
        ("certainty", when.certainties),
        ("risk", when.risks),
        ("legal basis", when.legal_bases),
    ]
    asks = [f"{what} {' or '.join(words)}" for what, words in named if words]
    if when.recalls_police is not None:
        told = "was" if when.recalls_police else "was not"
        asks.append(f"refuted, and politie {told} told")
    if when.hours is not None:
        asks.append(hours_text(when.hours))
    return asks


def hours_text(hours: Hours) -> str:
    """Local times in one line."""
    windows = []
    for window in hours.windows:
        days = "" if len(window.days) == len(DAYS) else ",".join(DAYS[day] for day in window.days) + " "
        windows.append(f"{days}{clock_text(window.from_s)}-{clock_text(window.to_s)}")
    return f"{' and '.join(windows)} {hours.tz}"


def _seconds(seconds: int) -> str:
    if seconds % 3_600 == 0:
        return f"{seconds // 3_600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 and seconds >= 600 else f"{seconds} s"
