"""The decision table in words, for pages and docs: what a row asks for and what follows."""

from __future__ import annotations

from collections.abc import Iterable

from emon.alerts.decision_table import Hours, Row, When
from emon.alerts.ladder import Ladder
from emon.alerts.policy import Policy
from emon.orders.read_schedule import DAYS
from emon.policies.table_words import AS_IN_FILES, TableWords
from emon.policies.written import clock_text

COLUMNS = AS_IN_FILES.columns


def table_of(policy: Policy, words: TableWords = AS_IN_FILES) -> list[tuple[str, ...]]:
    """A line a row, in the order in which they are asked."""
    return [
        (
            row.name,
            _named(words, row.when.events, words.events_joined),
            "; ".join(_asks(row.when, words)),
            str(row.priority),
            ", ".join(_recipients(row, words)),
            _seconds(policy.ladder_of(row.name).acknowledge_s, words),
            climbs(policy.ladder_of(row.name), words),
        )
        for row in policy.rows
    ]


def climbs(ladder: Ladder, words: TableWords = AS_IN_FILES) -> str:
    """A ladder in one line."""
    steps = [f"{_seconds(rung.at_s, words)}: {_named(words, rung.tell)}" for rung in ladder.rungs]
    return f"{ladder.name} ({'; '.join(steps)}; {words.then_each} {_seconds(ladder.repeat_s, words)})"


def _named(words: TableWords, names: Iterable[str], joined: str = ", ") -> str:
    return joined.join(words.names.get(str(name), str(name)) for name in names)


def _recipients(row: Row, words: TableWords) -> list[str]:
    told = [words.told] if row.told else []
    others = [words.others] if row.others else []
    return [*filter(None, [_named(words, row.recipients)]), *told, *others, *row.also]


def _asks(when: When, words: TableWords) -> list[str]:
    named = zip(words.members, (when.kinds, when.certainties, when.risks, when.legal_bases), strict=True)
    asks = [f"{what} {_named(words, given, f' {words.either} ')}" for what, given in named if given]
    if when.recalls_police is not None:
        asks.append(words.recalls[when.recalls_police])
    if when.hours is not None:
        asks.append(hours_text(when.hours, words))
    return asks


def hours_text(hours: Hours, words: TableWords = AS_IN_FILES) -> str:
    """Local times in one line."""
    windows = []
    for window in hours.windows:
        every = len(window.days) == len(DAYS)
        days = "" if every else ",".join(words.days[day] for day in window.days) + " "
        windows.append(f"{days}{clock_text(window.from_s)}-{clock_text(window.to_s)}")
    return f"{f' {words.both} '.join(windows)} {hours.tz}"


def _seconds(seconds: int, words: TableWords) -> str:
    if seconds % 3_600 == 0:
        return f"{seconds // 3_600} {words.hour}"
    return f"{seconds // 60} min" if seconds % 60 == 0 and seconds >= 600 else f"{seconds} s"
