"""Checks of single members of a policy file; each names its place (``emon.orders.members`` says how)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emon.alerts.decision_table import Hours
from emon.limits import CLIMB_MAX_S, POLICY_NAME_CHARS_MAX, PRIORITY_LOWEST
from emon.orders.members import Check, Faults, integer_between, items_of, kind_of, nearest_of, one_of, shown
from emon.orders.read_schedule import build_schedule, read_schedule
from emon.orders.tree import JsonObject

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 _.-]{{0,{POLICY_NAME_CHARS_MAX - 1}}}\Z", re.ASCII)

check_priority = integer_between(1, PRIORITY_LOWEST, ", 1 is the highest")
check_deadline = integer_between(1, CLIMB_MAX_S, " seconds")


def check_name(value: object, path: str, faults: Faults) -> str | None:
    """The name of a row, a ladder, a shift or a contact."""
    if isinstance(value, str) and _NAME.match(value):
        return value
    made_of = f"1 to {POLICY_NAME_CHARS_MAX} letters, digits, blanks, dots, _ and -, a letter or digit first"
    faults.add(path, f"must be a name ({made_of}), not {kind_of(value)}")
    return None


def words_of(words: Iterable[str], *more: str) -> Check[list[str]]:
    """A check for a list with at least one of a closed list of words, each once."""
    check = one_of([*map(str, words), *more])

    def read(value: object, path: str, faults: Faults) -> list[str] | None:
        items = items_of(value, path, faults, at_least=1)
        found = [check(item, f"{path}[{i}]", faults) for i, item in enumerate(items or [])]
        _once(found, path, faults)
        return [word for word in found if word is not None] or None

    return read


def names_of(known: Sequence[str], what: str) -> Check[list[str]]:
    """A check for a list with at least one of the names that the file itself gives, each once."""

    def read(value: object, path: str, faults: Faults) -> list[str] | None:
        items = items_of(value, path, faults, at_least=1)
        found: list[str | None] = []
        for i, item in enumerate(items or []):
            if isinstance(item, str) and item in known:
                found.append(item)
                continue
            given = shown(item) if isinstance(item, str) else kind_of(item)
            near = nearest_of(item, known) if isinstance(item, str) else ""
            faults.add(f"{path}[{i}]", f"{given} is no {what}" + (near or f"; known are {_listed(known)}"))
            found.append(None)
        _once(found, path, faults)
        return [name for name in found if name is not None] or None

    return read


def _once(found: Sequence[str | None], path: str, faults: Faults) -> None:
    for i, word in enumerate(found):
        if word is not None and word in found[:i]:
            faults.add(f"{path}[{i}]", f'"{word}" occurs more than once')


def _listed(known: Sequence[str]) -> str:
    return ", ".join(known) if known else "none"


def read_hours(value: object, path: str, faults: Faults) -> Hours | None:
    """Local times as an order's schedule gives them (contract, section 2), without exceptions."""
    if isinstance(value, JsonObject) and "except" in value:
        faults.add(f"{path}.except", "hours of a policy have no exceptions")
        return None
    before = len(faults)
    tree = read_schedule(value, path, faults)
    if tree is None or len(faults) > before:
        return None
    if "windows" not in tree:
        faults.add(f"{path}.windows", "missing: hours without windows would hold always")
        return None
    schedule = build_schedule(tree)
    return Hours(schedule.tz, schedule.windows)
