"""One payload to its elements, and the members of one element: JSON as devices really send it.

Every element keeps its own bytes. Only what no device means well is refused: bytes that are not
UTF-8, JSON that is broken, nesting beyond ``JSON_DEPTH_MAX``. All functions are pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from emon.limits import (
    FIXES_PER_MESSAGE_MAX,
    INSTANT_MAX_US,
    INSTANT_MIN_US,
    JSON_DEPTH_MAX,
    TIME_TEXT_LENGTH_MAX,
)
from emon.model.fix import Rejection
from emon.model.instant import parse_instant, to_us
from emon.model.vocabulary import Reason

_BOM = b"\xef\xbb\xbf"
_JSON_SPACE = b" \t\r\n"
_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
# A whole string, a bracket, a comma, or the quote of a string that never ends. Linear in the payload.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},"]', re.DOTALL)
# A pair of surrogates, one that stands alone, or any other escape. Linear in the payload.
_ESCAPE = re.compile(
    rb"(\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_SHORT_UTC = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)

_array = msgspec.json.Decoder(list[msgspec.Raw])
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class UnfitError(Exception):
    """Why an element cannot be taken. Caught in this package and turned into a ``Rejection``."""

    def __init__(self, reason: Reason, detail: str, member: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.member = reason, detail, member

    def rejection(self, device: str | None, topic: str, raw: bytes, index: int | None) -> Rejection:
        """The stored form; ``index`` is the element's place in its array, None without one."""
        place = "" if index is None else f"[{index}]"
        if self.member:
            place = f"{place}.{self.member}" if place else self.member
        return Rejection(device, topic, self.reason, self.detail, place, raw)


def split(payload: bytes) -> tuple[list[bytes], bool]:
    """The elements of a payload and whether they came in an array.

    An object is its own only element. An array that is broken only inside an element (a device that
    writes ``NaN``) is still split, so that the good elements count. Raises ``UnfitError``.
    """
    body = payload.removeprefix(_BOM).strip(_JSON_SPACE)  # RFC 8259, 8.1 allows to ignore a BOM
    if not body:
        raise UnfitError(Reason.UNREADABLE, "the payload is empty")
    if body[:1] == b"{":
        return [payload], False
    if body[:1] != b"[":
        raise _not_an_object(body)
    try:
        elements = [bytes(raw) for raw in _array.decode(body)]
    except (msgspec.MsgspecError, RecursionError) as fault:
        rescued = _split_tokens(body)
        if rescued is None:
            raise UnfitError(Reason.UNREADABLE, _readable(fault)) from None
        elements = rescued
    if len(elements) > FIXES_PER_MESSAGE_MAX:
        count = f"more than {FIXES_PER_MESSAGE_MAX:,} elements in one message"
        raise UnfitError(Reason.TOO_MANY, count)
    return elements, True


def _not_an_object(body: bytes) -> UnfitError:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return UnfitError(Reason.UNREADABLE, _readable(fault))
    kind = {str: "a string", bool: "true or false", type(None): "null"}.get(type(value), "a number")
    return UnfitError(Reason.WRONG_TYPE, f"expected an object or an array of objects, not {kind}")


def _split_tokens(body: bytes) -> list[bytes] | None:
    """Split by brackets and strings alone, without recursion; None where even those are broken.

    The verdict must not depend on how deep the caller's stack is, as a recursive parser's does.
    """
    depth, start, elements = 0, 1, []
    for token in _TOKEN.finditer(body):
        byte, at = body[token.start()], token.start()
        if byte in _OPENING:
            depth += 1
        elif byte in _CLOSING:
            depth -= 1
        elif byte == 0x22 and token.end() - at == 1:
            return None
        if (depth == 1 and byte == 0x2C) or depth == 0:
            element = body[start:at].strip(_JSON_SPACE)
            if not element:
                return None
            elements.append(element)
            start = at + 1
        if depth == 0:
            return elements if byte == 0x5D and at == len(body) - 1 else None
        if len(elements) > FIXES_PER_MESSAGE_MAX:
            return elements
    return None


def check_readable(element: bytes) -> None:
    """Raises ``UnfitError`` for bytes that are not UTF-8 and for nesting that is too deep."""
    if not element.isascii():
        try:
            element.decode()
        except UnicodeDecodeError as fault:
            detail = f"not UTF-8: byte {element[fault.start]:#04x} at offset {fault.start}"
            raise UnfitError(Reason.UNREADABLE, detail) from None
    if element.count(b"{") + element.count(b"[") > JSON_DEPTH_MAX and _depth(element) > JSON_DEPTH_MAX:
        raise UnfitError(Reason.UNREADABLE, f"nested deeper than {JSON_DEPTH_MAX} levels")


def _depth(element: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(element):
        byte = element[token.start()]
        if byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSING:
            depth -= 1
    return deepest


def members_of(element: bytes) -> Mapping[str, msgspec.Raw]:
    """The members of one object, each still raw; of a repeated name the last counts.

    Raises ``UnfitError``.
    """
    check_readable(element)
    body = element.removeprefix(_BOM).strip(_JSON_SPACE)
    try:
        return _members.decode(_paired(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        if body[:1] == b"{":
            raise UnfitError(Reason.UNREADABLE, _readable(fault)) from None
    if body[:1] == b"[":
        raise UnfitError(Reason.WRONG_TYPE, "expected an object, not an array")
    raise _not_an_object(body)


def _paired(body: bytes) -> bytes:
    """With a replacement character for each half of a surrogate pair without its other half. RFC 8259, 8.2
    allows them and parsers do not: a phone that cuts a network's name within an emoji writes one."""
    if b"\\u" not in body:
        return body
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[2] else found[0], body)


def _readable(fault: Exception) -> str:
    """A sentence for a parser's complaint."""
    if isinstance(fault, RecursionError):
        return f"nested deeper than {JSON_DEPTH_MAX} levels"
    if isinstance(fault, UnicodeDecodeError):
        return "not UTF-8"
    return f"not JSON: {str(fault).removeprefix('JSON is malformed: ')}"


def instant_us(value: str | int, member: str = "t") -> int:
    """RFC 3339 text or integer milliseconds since 1970 to microseconds. Raises ``UnfitError``."""
    if isinstance(value, int):
        at_us = value * 1_000
    elif len(value) > TIME_TEXT_LENGTH_MAX:
        raise UnfitError(Reason.OUT_OF_RANGE, f"no instant: {len(value):,} characters", member)
    else:
        at_us = _text_us(value, member)
    if INSTANT_MIN_US <= at_us <= INSTANT_MAX_US:
        return at_us
    raise UnfitError(Reason.OUT_OF_RANGE, "an instant beyond the years 1 to 9999", member)


def _text_us(text: str, member: str) -> int:
    if _SHORT_UTC.fullmatch(text):  # the usual form, read by C; parse_instant decides all others
        try:
            return to_us(datetime.fromisoformat(text))
        except ValueError:
            pass
    try:
        return parse_instant(text)
    except ValueError as fault:
        raise UnfitError(Reason.OUT_OF_RANGE, str(fault), member) from None
