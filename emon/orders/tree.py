"""Bytes to a JSON tree that forgets nothing a check needs, and back to canonical bytes."""

from __future__ import annotations

import json
import math

from emon.limits import ORDERS_BYTES_MAX
from emon.model.order import Fault

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None

_INTEGER_DIGITS_MAX = 20  # longer ones are read as floats: still refused by range, never slow


class JsonObject(dict[str, "JsonValue"]):
    """A JSON object that remembers which of its names occurred twice (RFC 8259, section 4)."""

    repeated: tuple[str, ...] = ()


class DocumentRefused(ValueError):
    """A document that cannot be armed or read: every fault, each with its path.

    ``str()`` gives one fault a line, as the commands print them.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def read_tree(data: bytes, *, bytes_max: int = ORDERS_BYTES_MAX) -> JsonValue:
    """The JSON value in ``data``. Raises ``DocumentRefused`` when it cannot be read at all.

    NaN and the infinities, which JSON does not have but some writers emit, come through as floats
    so that the check of their member can name the path.
    """
    if len(data) > bytes_max:
        raise _unreadable(f"{len(data)} bytes; at most {bytes_max} are read")
    try:
        text = data.decode("utf-8-sig")  # RFC 8259, section 8.1: a byte order mark may be ignored
    except UnicodeDecodeError as fault:
        raise _unreadable(f"not UTF-8 at byte {fault.start}") from None
    try:
        tree: JsonValue = json.loads(text, object_pairs_hook=object_of, parse_int=integer_of)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise _unreadable(f"not JSON at {place}: {_reason(text, fault)}") from None
    except RecursionError:
        raise _unreadable("nested too deeply; no document of ours needs more than some ten levels") from None
    return tree


def _reason(text: str, fault: json.JSONDecodeError) -> str:
    """The parser's words, or plainer ones for what people do wrong most often."""
    if not text.strip():
        return "there is nothing in it"
    if fault.msg == "Extra data":
        return "a second value begins here, where one document is read; JSON Lines are for FIXES and POINTS"
    here = text[fault.pos : fault.pos + 1]
    if here in ("]", "}") and text[: fault.pos].rstrip().endswith(","):
        return f"a comma stands before the closing {here}"
    return fault.msg


def write_canonical(tree: JsonValue) -> bytes:
    """Canonical JSON: names sorted, no blanks, UTF-8. Equal trees give equal bytes."""
    return json.dumps(
        tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def canonical_number(number: float) -> int | float:
    """One spelling a number: 500, 500.0 and 5e2 are the same content, and so are 0 and -0.0."""
    return int(number) if math.isfinite(number) and number == int(number) else number


def _unreadable(message: str) -> DocumentRefused:
    return DocumentRefused((Fault("", message),))


def object_of(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    """An object as it is parsed, which knows what members stood in it more than once."""
    made = JsonObject(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        repeated: dict[str, None] = {}
        for name, _ in pairs:
            if name in seen:
                repeated[name] = None
            seen.add(name)
        made.repeated = tuple(repeated)
    return made


def integer_of(digits: str) -> int | float:
    """Of very many digits a float, and not the parser's advice to a programmer."""
    return int(digits) if len(digits) <= _INTEGER_DIGITS_MAX else float(digits)
