"""A fix, a device event and a reply as JSON objects (contract, section 1).

The fast path is one typed decode in C. Where it fails, the slow path reads member by member and
finds the precise place and reason, or finds that only an optional member is broken: such a member
is ignored (it stays in the fix's raw bytes), because only a required one makes a fix unfit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from emon.ingest.elements import UnfitError, check_readable, instant_us, members_of
from emon.limits import (
    ACCURACY_MAX_M,
    ACCURACY_MIN_M,
    COMMAND_ID_LENGTH_MAX,
    HDOP_MAX,
    HEADING_MAX_DEG,
    PLAN_MAX_S,
    PLAN_MIN_S,
    SATELLITES_MAX,
    SEQ_MAX,
    SPEED_MAX_M_S,
)
from emon.model.command import Reply, Result
from emon.model.fix import DeviceEvent, RawFix
from emon.model.vocabulary import DEVICE_EVENT_STATES, Reason, Source

_Seq = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
_Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
_Longitude = Annotated[float, Meta(ge=-180.0, le=180.0)]
_Accuracy = Annotated[float, Meta(ge=ACCURACY_MIN_M, le=ACCURACY_MAX_M)]
_Speed = Annotated[float, Meta(ge=0.0, le=SPEED_MAX_M_S)]
_Heading = Annotated[float, Meta(ge=0.0, le=HEADING_MAX_DEG)]
_Satellites = Annotated[int, Meta(ge=0, le=SATELLITES_MAX)]
_Hdop = Annotated[float, Meta(ge=0.0, le=HDOP_MAX)]
_Battery = Annotated[float, Meta(ge=0.0, le=1.0)]


class _WireFix(msgspec.Struct, gc=False):
    seq: _Seq
    t: str | int
    lat: _Latitude
    lon: _Longitude
    acc: _Accuracy
    spd: _Speed | None = None
    hdg: _Heading | None = None
    src: Source = Source.GNSS
    sat: _Satellites | None = None
    hdop: _Hdop | None = None
    bat: _Battery | None = None


_decode_fix = msgspec.json.Decoder(_WireFix).decode
_integer = msgspec.json.Decoder(int)
_number = msgspec.json.Decoder(float)
_text = msgspec.json.Decoder(str)
_text_or_integer: msgspec.json.Decoder[str | int] = msgspec.json.Decoder(str | int)
_source = msgspec.json.Decoder(Source)

_T = TypeVar("_T")
_KINDS = {"{": "an object", "[": "an array", '"': "a string", "t": "true", "f": "false", "n": "null"}


def fix_from(element: bytes, device: str) -> RawFix:
    """One JSON object to a fix, with the element's bytes. Raises ``UnfitError``."""
    check_readable(element)
    try:
        wire = _decode_fix(element)
    except msgspec.MsgspecError:
        wire = _read_fix(members_of(element))
    return RawFix(
        device,
        wire.seq,
        instant_us(wire.t),
        wire.lon,
        wire.lat,
        wire.acc,
        element,
        wire.src,
        wire.spd,
        wire.hdg,
        wire.sat,
        wire.hdop,
        wire.bat,
    )


def event_from(element: bytes, device: str) -> DeviceEvent:
    """One JSON object to a device event, with the element's bytes. Raises ``UnfitError``."""
    members = members_of(element)
    event = required_text(members, "event")
    states = DEVICE_EVENT_STATES.get(event)
    if states is None:
        raise UnfitError(Reason.OUT_OF_RANGE, f"no such event: {event[:64]!r}", "event")
    state = required_text(members, "state")
    if state not in states:
        detail = f"{event} has no state {state[:64]!r}; it has {', '.join(states)}"
        raise UnfitError(Reason.OUT_OF_RANGE, detail, "state")
    seq = required_seq(members)
    fixed_at_us = instant_us(required_instant(members))
    return DeviceEvent(device, seq, fixed_at_us, event, state, element)


def reply_from(element: bytes, device: str) -> Reply:
    """One JSON object to a reply, with the element's bytes. Raises ``UnfitError``.

    Only ``id`` is required. A reply without ``result`` says that the command was carried out; of a
    word that is none of ours nobody can say that, so it counts as refused.
    """
    members = members_of(element)
    command = required_text(members, "id")
    if not 1 <= len(command) <= COMMAND_ID_LENGTH_MAX or not command.isprintable():
        detail = f"a command's id is 1 to {COMMAND_ID_LENGTH_MAX} printable characters"
        raise UnfitError(Reason.OUT_OF_RANGE, detail, "id")
    result = Result.DONE if _optional(members, "result", _text) in (None, "done") else Result.REFUSED
    rate_s = _optional(members, "rate_s", _number)
    if rate_s is not None and not PLAN_MIN_S <= rate_s <= PLAN_MAX_S:
        rate_s = None
    return Reply(device, command, result, element, rate_s, _optional_instant_us(members, "t"))


def _optional_instant_us(members: Mapping[str, msgspec.Raw], name: str) -> int | None:
    """An instant, or None where it is absent or broken."""
    value = _optional(members, name, _text_or_integer)
    try:
        return None if value is None else instant_us(value, name)
    except UnfitError:
        return None


def _read_fix(members: Mapping[str, msgspec.Raw]) -> _WireFix:
    return _WireFix(
        required_seq(members),
        required_instant(members),
        required_number(members, "lat", -90.0, 90.0),
        required_number(members, "lon", -180.0, 180.0),
        required_number(members, "acc", ACCURACY_MIN_M, ACCURACY_MAX_M),
        optional_number(members, "spd", SPEED_MAX_M_S),
        optional_number(members, "hdg", HEADING_MAX_DEG),
        _optional(members, "src", _source) or Source.GNSS,
        _optional_satellites(members),
        optional_number(members, "hdop", HDOP_MAX),
        optional_number(members, "bat", 1.0),
    )


def required_text(members: Mapping[str, msgspec.Raw], name: str) -> str:
    """A JSON string. Raises ``UnfitError``."""
    return _required(members, name, _text, "a string")


def required_instant(members: Mapping[str, msgspec.Raw], name: str = "t") -> str | int:
    """The unread form of an instant: RFC 3339 text or integer milliseconds. Raises ``UnfitError``."""
    return _required(members, name, _text_or_integer, "a string or an integer")


def required_integer(members: Mapping[str, msgspec.Raw], name: str) -> int:
    """Raises ``UnfitError`` for a member that is absent or no JSON integer (1.0 is none)."""
    return _required(members, name, _integer, "an integer")


def required_seq(members: Mapping[str, msgspec.Raw], name: str = "seq") -> int:
    """A uint32. Raises ``UnfitError``."""
    seq = required_integer(members, name)
    if 0 <= seq <= SEQ_MAX:
        return seq
    raise UnfitError(Reason.OUT_OF_RANGE, f"{_short(seq)} is not in 0 to {SEQ_MAX}", name)


def required_number(members: Mapping[str, msgspec.Raw], name: str, least: float, most: float) -> float:
    """A finite JSON number in [least, most]. Raises ``UnfitError``."""
    value = _required(members, name, _number, "a number")
    if least <= value <= most:
        return value
    raise UnfitError(Reason.OUT_OF_RANGE, f"{value!r} is not in {least:g} to {most:g}", name)


def optional_number(members: Mapping[str, msgspec.Raw], name: str, most: float) -> float | None:
    """A number in [0, most], or None where it is absent or broken."""
    value = _optional(members, name, _number)
    return value if value is not None and 0.0 <= value <= most else None


def _optional_satellites(members: Mapping[str, msgspec.Raw]) -> int | None:
    value = _optional(members, "sat", _integer)
    return value if value is not None and 0 <= value <= SATELLITES_MAX else None


def _required(
    members: Mapping[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[_T], expected: str
) -> _T:
    raw = members.get(name)
    if raw is None:
        raise UnfitError(Reason.MISSING, f"{name} is missing", name)
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _wrong(bytes(raw), name, expected) from None


def _optional(members: Mapping[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[_T]) -> _T | None:
    raw = members.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _wrong(raw: bytes, name: str, expected: str) -> UnfitError:
    """Null counts as absent; a number that did not fit is out of range; all else has the wrong type."""
    first = chr(raw[0])
    if first == "n":
        return UnfitError(Reason.MISSING, f"{name} is null", name)
    if first in "-0123456789" and expected != "a string":
        if expected != "a number" and any(byte in b".eE" for byte in raw):
            return UnfitError(Reason.WRONG_TYPE, f"expected {expected}, not a fraction", name)
        shown = raw[:32].decode("ascii") + ("…" if len(raw) > 32 else "")
        return UnfitError(Reason.OUT_OF_RANGE, f"{shown} is too large", name)
    return UnfitError(Reason.WRONG_TYPE, f"expected {expected}, not {_KINDS.get(first, 'a number')}", name)


def _short(value: int) -> str:
    """An integer for a message: beyond 64 bits only its size, so that no message grows with it."""
    return (
        str(value) if value.bit_length() <= 64 else f"an integer of {math.ceil(value.bit_length() / 8)} bytes"
    )
