"""Checked access to parsed YAML or JSON that collects every fault instead of stopping at one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from emon.model.order import Fault

E = TypeVar("E", bound=StrEnum)


class Reading:
    """One mapping of a document and its path; every getter names its own fault and goes on."""

    def __init__(self, value: object, path: str, faults: list[Fault], known: Iterable[str]) -> None:
        self.path = path
        self._faults = faults
        self._members: Mapping[str, Any] = {}
        if not isinstance(value, Mapping):
            self.refuse("", f"must be a mapping, not {_kind(value)}")
            return
        self._members = value
        names = list(known)
        for key in value:
            if key not in names:
                self.refuse(str(key), f"is unknown here; known are {', '.join(names)}")

    def refuse(self, member: str, message: str) -> None:
        self._faults.append(Fault(self.place(member), message))

    def place(self, member: str) -> str:
        if not member:
            return self.path
        return f"{self.path}.{member}" if self.path else member

    def has(self, member: str) -> bool:
        return member in self._members

    def get(self, member: str) -> Any:
        return self._members.get(member)

    def text(self, member: str, default: str | None = None) -> str:
        value = self._members.get(member)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value.strip():
            return value
        self.refuse(member, "is missing" if value is None else f"must be text, not {_kind(value)}")
        return ""

    def number(
        self,
        member: str,
        default: float | None = None,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float,
    ) -> float:
        """A finite number in the given range; ``above`` excludes its bound, ``least`` does not."""
        value = self._members.get(member)
        if value is None and default is not None:
            return default
        number = self._finite(member, value)
        if number is None:
            return 1.0 if default is None else default
        low_fault = (above is not None and number <= above) or (least is not None and number < least)
        if low_fault or number > most:
            bound = f"above {above:g}" if above is not None else f"at least {least or 0.0:g}"
            self.refuse(member, f"must be {bound} and at most {most:g}, not {number:g}")
            return 1.0 if default is None else default
        return number

    def flag(self, member: str) -> bool:
        value = self._members.get(member, False)
        if not isinstance(value, bool):
            self.refuse(member, f"must be true or false, not {_kind(value)}")
            return False
        return value

    def word(self, member: str, words: type[E], default: E | None = None) -> E | None:
        """A word of a closed list."""
        value = self._members.get(member)
        if value is None:
            if default is None:
                self.refuse(member, "is missing")
            return default
        return self.word_of(member, value, words)

    def word_of(self, member: str, value: object, words: type[E]) -> E | None:
        if isinstance(value, str) and value in {word.value for word in words}:
            return words(value)
        self.refuse(member, f"must be one of {', '.join(words)}, not {value!r}"[:300])
        return None

    def items(self, member: str, *, required: bool = False) -> list[Any]:
        value = self._members.get(member)
        if value is None:
            if required:
                self.refuse(member, "is missing")
            return []
        if not isinstance(value, list):
            self.refuse(member, f"must be a list, not {_kind(value)}")
            return []
        if required and not value:
            self.refuse(member, "is empty")
        return value

    def mapping(self, member: str, known: Iterable[str]) -> Reading:
        """A member that is a mapping itself; where it is absent, an empty one."""
        value = self._members.get(member, {})
        return Reading(value, self.place(member), self._faults, known)

    def entry(self, member: str, number: int, value: object, known: Iterable[str]) -> Reading:
        return Reading(value, f"{self.place(member)}[{number}]", self._faults, known)

    def pair(self, member: str, value: object) -> tuple[float, float] | None:
        """Two finite numbers."""
        if not isinstance(value, list) or len(value) != 2:
            self.refuse(member, "must be two numbers in brackets")
            return None
        first, second = (self._finite(f"{member}[{n}]", value[n]) for n in range(2))
        return None if first is None or second is None else (first, second)

    def _finite(self, member: str, value: object) -> float | None:
        if value is None:
            self.refuse(member, "is missing")
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            self.refuse(member, f"must be a number, not {_kind(value)}")
        elif not math.isfinite(value):
            self.refuse(member, f"must be finite, not {value}")
        else:
            return float(value)
        return None


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a mapping" if isinstance(value, Mapping) else type(value).__name__)
