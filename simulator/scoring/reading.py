"""Read a truth: JSON Lines, one fact a line, refused with every fault by file and line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from emon.limits import PLAN_S
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, Party
from simulator.scoring.contradictions import OF_NOBODY, contradictions
from simulator.scoring.facts import (
    MUST_NOT,
    RULINGS,
    STAYS,
    Held,
    Ruling,
    Seen,
    Stay,
    Truth,
    TruthRefused,
    Wearer,
    World,
)

_ACCURACY_M = 10.0
"""Of a stretch whose line names none: NIJ asks for 10 m at 90 % under open sky."""

Word = TypeVar("Word", bound=StrEnum)


class _Fault(Exception):
    """One sentence about one line."""


class Line:
    """The members of one line, taken one by one; what is left over at the end is unknown."""

    def __init__(self, members: dict[str, Any], number: int) -> None:
        self.members, self.number, self.known = members, number, {"type"}

    def _of(self, name: str) -> Any:
        self.known.add(name)
        return self.members.get(name)

    def text(self, name: str, *, optional: bool = False) -> str:
        value = self._of(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not value:
            raise _Fault(f"{name} must be a text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._of(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise _Fault(f"{name} must be a list of texts")
        return tuple(value)

    def words(self, name: str, vocabulary: type[Word], *, optional: bool = False) -> frozenset[Word]:
        texts = self.texts(name)
        if not texts and not optional:
            raise _Fault(f"{name} must name at least one")
        if len(set(texts)) != len(texts):
            raise _Fault(f"{name} names one twice")
        return frozenset(_word(name, text, vocabulary) for text in texts)

    def word(self, name: str, vocabulary: type[Word]) -> Word:
        return _word(name, self.text(name), vocabulary)

    def number_of(self, name: str, default: float | None = None, *, above: float | None = None) -> float:
        value = self._of(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _Fault(f"{name} must be a number")
        if value < 0 or (above is not None and value <= above):
            raise _Fault(f"{name} is {value:g}; must be {'above' if above is not None else 'at least'} 0")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self._of(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _Fault(f"{name} must be true or false")
        return value

    def instant(self, name: str) -> int:
        value = self._of(name)
        if not isinstance(value, str):
            raise _Fault(f"{name} must be an RFC 3339 instant")
        try:
            return parse_instant(value)
        except ValueError as fault:
            raise _Fault(f"{name}: {fault}") from None

    def instant_or_none(self, name: str) -> int | None:
        return None if self._of(name) is None else self.instant(name)

    def stretch(self, end: str = "to") -> tuple[int, int]:
        from_us, to_us = self.instant("from"), self.instant(end)
        if to_us <= from_us:
            raise _Fault(f"{end} must be after from")
        return from_us, to_us

    def finish(self) -> None:
        unknown = sorted(set(self.members) - self.known)
        if unknown:
            raise _Fault(f"unknown member {', '.join(unknown)}")


def _word(name: str, text: str, vocabulary: type[Word]) -> Word:
    try:
        return vocabulary(text)
    except ValueError:
        raise _Fault(f"{name}: {text!r} is none of {', '.join(vocabulary)}") from None


def _world(line: Line) -> World:
    return World(line.text("name", optional=True), int(line.number_of("seed", 0.0)), line.number)


def _wearer(line: Line) -> Wearer:
    return Wearer(
        line.text("wearer"),
        line.number_of("days", above=0.0),
        line.texts("orders"),
        line.texts("devices"),
        line.words("complete", AlertEvent, optional=True),
        line.number,
    )


def _stay(line: Line) -> Stay:
    from_us, to_us = line.stretch()
    named = "shown" in line.members or "first_fix" in line.members
    counted = line.flag("counted", named)
    if named and not counted:
        raise _Fault("counted must be true where first_fix or shown is named")
    return Stay(
        str(line.members["type"]),
        line.text("wearer"),
        line.text("order"),
        line.text("condition"),
        from_us,
        to_us,
        line.number_of("deepest_m"),
        line.flag("active", True),
        counted,
        line.instant_or_none("first_fix"),
        line.instant_or_none("shown"),
        line.flag("late", False),
        line.words("recipients", Party, optional=True),
        line.number,
    )


def _seen(line: Line) -> Seen:
    from_us, to_us = line.stretch()
    every_s = line.number_of("every_s", float(PLAN_S), above=0.0)
    return Seen(
        line.text("wearer"), from_us, to_us, every_s, line.number_of("accuracy_m", _ACCURACY_M), line.number
    )


def _held(line: Line) -> Held:
    from_us, to_us = line.stretch()
    return Held(line.text("wearer"), line.text("order"), line.text("condition"), from_us, to_us, line.number)


def _ruling(line: Line) -> Ruling:
    kind = str(line.members["type"])
    forbids = kind == MUST_NOT
    from_us, by_us = line.stretch("by")
    event = line.word("event", AlertEvent)
    return Ruling(
        kind,
        event,
        line.text("wearer", optional=event in OF_NOBODY),
        line.text("order", optional=True),
        line.text("condition", optional=True),
        from_us,
        by_us,
        line.words("recipients", Party, optional=forbids),
        None if line.members.get("certainty") is None else line.word("certainty", Certainty),
        line.number,
    )


_READERS: dict[str, Callable[[Line], Any]] = {
    "world": _world,
    "wearer": _wearer,
    "seen": _seen,
    "held": _held,
    **dict.fromkeys(STAYS, _stay),
    **dict.fromkeys(RULINGS, _ruling),
}


def truth_of_lines(lines: Iterable[str], name: str) -> Truth:
    """The truth that these lines state; ``name`` is the file's, for faults.

    Raises ``TruthRefused`` with every line that cannot be read and every contradiction.
    """
    facts: list[Any] = []
    faults: list[tuple[int, str]] = []
    for number, text in enumerate(lines, start=1):
        if text.strip():
            try:
                facts.append(_fact(text, number))
            except _Fault as fault:
                faults.append((number, str(fault)))
    if faults:
        raise TruthRefused(name, faults)
    return truth_of_facts(facts, name)


def truth_of_facts(facts: Iterable[Any], name: str = "") -> Truth:
    """A truth of facts made in memory. Raises ``TruthRefused`` for contradictions."""
    listed = list(facts)
    wearers: dict[str, Wearer] = {}
    faults: list[tuple[int, str]] = []
    for fact in listed:
        if isinstance(fact, Wearer):
            first = wearers.setdefault(fact.wearer, fact)
            if first is not fact:
                faults.append((fact.line, f"wearer {fact.wearer} stands already in line {first.line}"))
    worlds = [fact for fact in listed if isinstance(fact, World)]
    faults += [(world.line, "a file has one world") for world in worlds[1:]]
    truth = Truth(
        name,
        worlds[0] if worlds else World(),
        wearers,
        tuple(fact for fact in listed if isinstance(fact, Stay)),
        tuple(fact for fact in listed if isinstance(fact, Seen)),
        tuple(fact for fact in listed if isinstance(fact, Held)),
        tuple(fact for fact in listed if isinstance(fact, Ruling)),
    )
    faults += contradictions(truth)
    if faults:
        raise TruthRefused(name, faults)
    return truth


def read_truth(path: Path) -> Truth:
    """Raises ``TruthRefused`` and ``OSError``."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise TruthRefused(str(path), [(1, f"not UTF-8: {fault.reason}")]) from None
    return truth_of_lines(text.splitlines(), str(path))


def _fact(text: str, number: int) -> Any:
    try:
        members = json.loads(text)
    except ValueError as fault:
        raise _Fault(f"not JSON: {fault}") from None
    if not isinstance(members, dict):
        raise _Fault("must be an object")
    reader = _READERS.get(str(members.get("type")))
    if reader is None:
        raise _Fault(f"type {members.get('type')!r} is none of {', '.join(_READERS)}")
    line = Line(members, number)
    fact = reader(line)
    line.finish()
    return fact
