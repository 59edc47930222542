"""Checks of single members, each naming its path; and an object whose members all are asked for.

A check takes ``(value, path, faults)`` and returns the value as the canonical tree holds it, or
None after it has put what is wrong into ``faults``. Nothing is raised: every fault of a document
is to be named at once (contract, section 2).
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeVar

from emon.limits import DEVICE_ID_LENGTH_MAX, ID_LENGTH_MAX, TEXT_LENGTH_MAX
from emon.model.instant import format_instant, parse_instant
from emon.model.order import Fault
from emon.orders.tree import JsonObject, canonical_number

T = TypeVar("T")
Check = Callable[[object, str, "Faults"], T | None]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_DEVICE_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{DEVICE_ID_LENGTH_MAX}}}\Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FORBIDDEN_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHOWN_MAX = 48  # characters of a wrong value that a message repeats


class Faults:
    """Everything found wrong so far, in the order of the document."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, path: str, message: str) -> None:
        self.found.append(Fault(path, message))

    def __len__(self) -> int:
        return len(self.found)


class Members:
    """One JSON object under check.

    Each member is asked for by name; ``close`` then reports what nobody asked for, with the
    nearest name that exists. ``null`` counts as absent: the contract writes ``"until": null``.
    """

    def __init__(self, value: JsonObject, path: str, faults: Faults) -> None:
        self._value = value
        self._path = path
        self._faults = faults
        self._asked: list[str] = []

    def path(self, name: str) -> str:
        return join_path(self._path, name)

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def required(self, name: str, check: Check[T]) -> T | None:
        if self.has(name):
            return self.optional(name, check)
        self._asked.append(name)
        self._faults.add(self.path(name), "missing" if name not in self._value else "must not be null")
        return None

    def optional(self, name: str, check: Check[T]) -> T | None:
        self._asked.append(name)
        value = self._value.get(name)
        return None if value is None else check(value, self.path(name), self._faults)

    def close(self) -> None:
        """Report repeated and unknown members. Call once every known one has been asked for."""
        for name in self._value.repeated:
            self._faults.add(self.path(name), "occurs more than once in its object")
        for name in self._value:
            if name not in self._asked:
                self._faults.add(self.path(name), "unknown member" + nearest_of(name, self._asked))


def join_path(path: str, name: str) -> str:
    """``orders[0].id``; a name that is no plain word stands in brackets and quotes."""
    if not _PLAIN_NAME.match(name):
        return f"{path}[{shown(name)}]"
    return f"{path}.{name}" if path else name


def members_of(value: object, path: str, faults: Faults) -> Members | None:
    if isinstance(value, JsonObject):
        return Members(value, path, faults)
    faults.add(path, f"must be an object, not {kind_of(value)}")
    return None


def items_of(value: object, path: str, faults: Faults, *, at_least: int = 0) -> list[object] | None:
    if not isinstance(value, list):
        faults.add(path, f"must be a list, not {kind_of(value)}")
        return None
    if len(value) < at_least:
        faults.add(path, f"must hold at least {at_least}, holds {len(value)}")
        return None
    return value


# --- text -------------------------------------------------------------------------------------
def check_text(value: object, path: str, faults: Faults) -> str | None:
    """Free text: a name, a contact, a reason."""
    if not isinstance(value, str):
        faults.add(path, f"must be text, not {kind_of(value)}")
    elif len(value) > TEXT_LENGTH_MAX:
        faults.add(path, f"{len(value)} characters; at most {TEXT_LENGTH_MAX}")
    elif _FORBIDDEN_IN_TEXT.search(value) or not _encodable(value):
        faults.add(path, "holds a control character or half a surrogate pair")
    else:
        return value
    return None


def check_id(value: object, path: str, faults: Faults) -> str | None:
    """The id of an order, a wearer, a condition, a protected person or a zone."""
    if not isinstance(value, str):
        faults.add(path, f"must be text, not {kind_of(value)}")
    elif not 1 <= len(value) <= ID_LENGTH_MAX:
        faults.add(path, f"{len(value)} characters; an id has 1 to {ID_LENGTH_MAX}")
    elif _CONTROL.search(value) or not _encodable(value):
        faults.add(path, "holds a control character or half a surrogate pair")
    elif value != value.strip():
        faults.add(path, "begins or ends with a blank")
    else:
        return value
    return None


def check_device_id(value: object, path: str, faults: Faults) -> str | None:
    """A device's id as it stands in its topic (contract, section 1)."""
    if not isinstance(value, str):
        faults.add(path, f"must be text, not {kind_of(value)}")
    elif not _DEVICE_ID.match(value):
        faults.add(path, f"{shown(value)}: a device is 1 to {DEVICE_ID_LENGTH_MAX} of A-Z, a-z, 0-9, _ and -")
    else:
        return value
    return None


def one_of(words: Iterable[StrEnum] | Iterable[str]) -> Check[str]:
    """A check for a closed list of words."""
    known = [str(word) for word in words]

    def check(value: object, path: str, faults: Faults) -> str | None:
        if not isinstance(value, str):
            faults.add(path, f"must be text, not {kind_of(value)}")
        elif value not in known:
            nearest = nearest_of(value, known) or f"; one of {', '.join(known)}"
            faults.add(path, f"unknown word {shown(value)}{nearest}")
        else:
            return value
        return None

    return check


def check_instant(value: object, path: str, faults: Faults) -> str | None:
    """RFC 3339 with an offset, returned in UTC with six decimals.

    The text is normalised: an instant written with another offset is the same content, and arming
    it again must change nothing.
    """
    if not isinstance(value, str):
        faults.add(path, f"must be an instant as text, not {kind_of(value)}")
        return None
    try:
        return format_instant(parse_instant(value))
    except ValueError as fault:
        faults.add(path, str(fault))
    except OverflowError:
        faults.add(path, f"{shown(value)} lies outside the years 1 to 9999")
    return None


# --- numbers ------------------------------------------------------------------------------------
def read_number(value: object) -> int | float | None:
    """The number in canonical spelling, None where it is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return canonical_number(value)


def number_between(low: float, high: float, unit: str = "", *, above: bool = False) -> Check[int | float]:
    """A check for a finite number from ``low`` (itself excluded when ``above``) to ``high``."""

    def check(value: object, path: str, faults: Faults) -> int | float | None:
        number = read_number(value)
        if number is None:
            faults.add(path, f"must be a finite number, not {kind_of(value)}")
        elif not low <= number <= high or (above and number == low):
            least = f"above {low:g}" if above else f"{low:g}"
            faults.add(path, f"{number:.15g} is out of range: {least} to {high:g}{unit}")
        else:
            return number
        return None

    return check


def integer_between(low: int, high: int, unit: str = "") -> Check[int]:
    """A check for a whole number from ``low`` to ``high``; 3.0 is one, as JSON knows no difference."""

    def check(value: object, path: str, faults: Faults) -> int | None:
        number = read_number(value)
        if not isinstance(number, int):
            faults.add(path, f"must be a whole number, not {kind_of(value)}")
        elif not low <= number <= high:
            faults.add(path, f"{number:.15g} is out of range: {low} to {high}{unit}")
        else:
            return number
        return None

    return check


def check_flag(value: object, path: str, faults: Faults) -> bool | None:
    if isinstance(value, bool):
        return value
    faults.add(path, f"must be true or false, not {kind_of(value)}")
    return None


# --- words for messages -------------------------------------------------------------------------
def nearest_of(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:_SHOWN_MAX].lower(), list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
    return json.dumps(cut, ensure_ascii=not cut.isprintable())


def kind_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list) else "an object"
