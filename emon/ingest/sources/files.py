"""FIXES files: JSON Lines of what was received, for ``emon replay`` (contract, section 5).

A line is turned into the message that would have carried it, so that ``decode`` judges it exactly as it
judges one from a broker. The order of lines is nothing, and a bad line never ends the reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec

from emon.ingest.decode import decode
from emon.ingest.elements import UnfitError, instant_us, members_of
from emon.ingest.objects import required_instant, required_text
from emon.ingest.topics import Channel, is_device_id, topic_for
from emon.limits import LINE_BYTES_MAX, PAYLOAD_BYTES_MAX
from emon.model.fix import Rejection
from emon.model.vocabulary import Reason

_BOM = b"\xef\xbb\xbf"
_SERVICE_STATES = ("down", "up")


class LineKind(StrEnum):
    """What a line carries."""

    FIX = "fix"
    EVENT = "event"
    STATUS = "status"
    REPLY = "reply"
    SERVICE = "service"
    BAD = "bad"


class Line(msgspec.Struct, frozen=True):
    """One line. ``decode(topic, payload)`` reads it, but for a service line and a bad one.

    A service line has the topic ``""`` and the payload ``down`` or ``up``. A bad line has a rejection, and a
    ``received_at_us`` only where the line gives one that can be read.
    """

    number: int
    kind: LineKind
    received_at_us: int | None
    device: str | None
    topic: str
    payload: bytes
    rejection: Rejection | None = None


def read_lines(path: Path) -> Iterator[Line]:
    """The file's lines with their numbers from 1; empty ones are left out.

    Raises ``OSError`` for a file that cannot be read, never for what stands in it.
    """
    with path.open("rb") as file:
        for number, text in _numbered(file):
            content = text.removeprefix(_BOM).strip() if number == 1 else text.strip()
            if content:
                yield read_line(number, content)


def read_line(number: int, content: bytes) -> Line:
    """One line without its end. Never raises."""
    try:
        if len(content) > LINE_BYTES_MAX:
            raise UnfitError(Reason.OUT_OF_RANGE, f"a line of more than {LINE_BYTES_MAX:,} bytes")
        members = _said(members_of(content))
    except UnfitError as unfit:
        return _bad(number, content[:PAYLOAD_BYTES_MAX], unfit, None, None)
    device: str | None = None
    received_at_us: int | None = None
    try:
        received_at_us = _received_at_us(members)
        if "service" in members and "device" not in members:
            return _service(number, members, received_at_us)
        device = _device(members)
        return _of_device(number, content, members, device, received_at_us)
    except UnfitError as unfit:
        return _bad(number, content, unfit, device, received_at_us)


def _said(members: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw]:
    """Without those that are ``null``, of which writers of tables fill each line: they are as absent."""
    return {name: raw for name, raw in members.items() if bytes(raw) != b"null"}


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines of bounded length: of a longer one the beginning, which is then too long."""
    number = 0
    while text := file.readline(LINE_BYTES_MAX + 2):
        number += 1
        whole = text
        while not whole.endswith(b"\n") and (whole := file.readline(LINE_BYTES_MAX)):
            pass
        yield number, text


def _of_device(
    number: int,
    content: bytes,
    members: Mapping[str, msgspec.Raw],
    device: str,
    received_at_us: int | None,
) -> Line:
    measured = "seq" in members  # a fix may have members of any other name
    if "status" in members and not measured:
        status = required_text(members, "status").encode()
        return _message(number, LineKind.STATUS, Channel.STATUS, device, status, received_at_us)
    if "reply" in members and not measured:
        reply = bytes(members["reply"])
        return _message(number, LineKind.REPLY, Channel.REPLY, device, reply, received_at_us)
    if received_at_us is None and "t" in members:
        received_at_us = _fixed_at_us(members)
    if "event" in members:
        return _message(number, LineKind.EVENT, Channel.EVENT, device, content, received_at_us)
    return _message(number, LineKind.FIX, Channel.FIX, device, content, received_at_us)


def _message(
    number: int,
    kind: LineKind,
    channel: Channel,
    device: str,
    payload: bytes,
    received_at_us: int | None,
) -> Line:
    """The message a line stands for. Without an instant of receipt it can only be rejected."""
    topic = topic_for(channel, device)
    if received_at_us is not None:
        return Line(number, kind, received_at_us, device, topic, payload)
    for rejection in decode(topic, payload).rejections:
        return Line(number, LineKind.BAD, None, device, topic, payload, rejection)
    raise UnfitError(Reason.MISSING, "received_at is missing", "received_at")


def _service(number: int, members: Mapping[str, msgspec.Raw], received_at_us: int | None) -> Line:
    state = required_text(members, "service")
    if state not in _SERVICE_STATES:
        raise UnfitError(Reason.OUT_OF_RANGE, f"expected down or up, not {state[:32]!r}", "service")
    if received_at_us is None:
        raise UnfitError(Reason.MISSING, "received_at is missing", "received_at")
    return Line(number, LineKind.SERVICE, received_at_us, None, "", state.encode())


def _received_at_us(members: Mapping[str, msgspec.Raw]) -> int | None:
    if "received_at" not in members:
        return None
    return instant_us(required_instant(members, "received_at"), "received_at")


def _fixed_at_us(members: Mapping[str, msgspec.Raw]) -> int | None:
    """``t``, or None where ``decode`` will say what is wrong with it."""
    try:
        return instant_us(required_instant(members, "t"))
    except UnfitError:
        return None


def _device(members: Mapping[str, msgspec.Raw]) -> str:
    device = required_text(members, "device")
    if not is_device_id(device):
        detail = f"a device id is 1 to 64 of A-Z a-z 0-9 _ -, not {device[:64]!r}"
        raise UnfitError(Reason.OUT_OF_RANGE, detail, "device")
    return device


def _bad(
    number: int, content: bytes, unfit: UnfitError, device: str | None, received_at_us: int | None
) -> Line:
    rejection = unfit.rejection(device, f"line {number}", content, None)
    return Line(number, LineKind.BAD, received_at_us, device, rejection.topic, content, rejection)
