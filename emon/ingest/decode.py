"""One MQTT message to fixes, events, statuses, replies and rejections. Never raises, whatever came.

What cannot be taken becomes a ``Rejection`` with its reason, place and bytes, one element at a time:
in an array the good elements count. ``Rejection.raw`` and ``RawFix.raw`` decode again by themselves under
the same topic, which is how rejected fixes of a device that becomes known are taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from emon.ingest.elements import UnfitError, split
from emon.ingest.fixb import fix_from_record, join_records, split_records
from emon.ingest.objects import event_from, fix_from, reply_from
from emon.ingest.owntracks import fix_from_owntracks
from emon.ingest.topics import Channel, parse_topic
from emon.limits import PAYLOAD_BYTES_MAX
from emon.model.fix import Decoded, DeviceStatus, Rejection
from emon.model.vocabulary import Reason

Element = TypeVar("Element")

_NOTHING = Decoded()
_STATUS = {b"online": True, b"offline": False}
_TOPIC_SHOWN_MAX = 256  # characters of a foreign topic that are kept


def decode(topic: str, payload: bytes) -> Decoded:
    """What the message held. Pure; the same topic and payload always give the same answer.

    A command is ours and holds nothing here. An empty payload on a retained topic (``status``,
    OwnTracks) clears the broker's retained message and is no fault of the device.
    """
    parsed = parse_topic(topic)
    if parsed is None:
        return _foreign(topic, payload[:PAYLOAD_BYTES_MAX])
    channel, device = parsed
    if len(payload) > PAYLOAD_BYTES_MAX:
        detail = f"{len(payload):,} bytes; at most {PAYLOAD_BYTES_MAX:,}"
        kept = payload[:PAYLOAD_BYTES_MAX]
        return Decoded(rejections=(Rejection(device, topic, Reason.OUT_OF_RANGE, detail, "", kept),))
    if channel is Channel.FIX:
        fixes, rejections = _each(topic, device, payload, fix_from)
        return Decoded(fixes=fixes, rejections=rejections)
    if channel is Channel.FIXB:
        fixes, rejections = _each(topic, device, payload, fix_from_record, _records)
        return Decoded(fixes=fixes, rejections=rejections)
    if channel is Channel.EVENT:
        events, rejections = _each(topic, device, payload, event_from)
        return Decoded(events=events, rejections=rejections)
    if channel is Channel.STATUS:
        return _status(topic, device, payload)
    if channel is Channel.REPLY:
        replies, rejections = _each(topic, device, payload, reply_from)
        return Decoded(replies=replies, rejections=rejections)
    if channel is Channel.OWNTRACKS and payload:
        fixes, rejections = _each(topic, device, payload, fix_from_owntracks)
        return Decoded(fixes=fixes, rejections=rejections)
    return _NOTHING


def joined(topic: str, elements: Sequence[bytes]) -> bytes:
    """A payload of several fixes by their own bytes (``RawFix.raw``), under their topic."""
    if len(elements) == 1:
        return elements[0]
    parsed = parse_topic(topic)
    if parsed is not None and parsed[0] is Channel.FIXB:
        return join_records(elements)
    return b"[" + b",".join(elements) + b"]"


def _each(
    topic: str,
    device: str,
    payload: bytes,
    read: Callable[[bytes, str], Element | None],
    cut: Callable[[bytes], tuple[list[bytes], bool]] = split,
) -> tuple[tuple[Element, ...], tuple[Rejection, ...]]:
    """Every element of a payload by itself: what could be read, and what is rejected."""
    try:
        elements, in_array = cut(payload)
    except UnfitError as unfit:
        return (), (unfit.rejection(device, topic, payload, None),)
    found: list[Element] = []
    rejections: list[Rejection] = []
    for index, element in enumerate(elements):
        try:
            one = read(element, device)
        except UnfitError as unfit:
            rejections.append(unfit.rejection(device, topic, element, index if in_array else None))
        else:
            if one is not None:
                found.append(one)
    return tuple(found), tuple(rejections)


def _records(payload: bytes) -> tuple[list[bytes], bool]:
    """The records of a packed message, each told by its place."""
    return split_records(payload), True


def _status(topic: str, device: str, payload: bytes) -> Decoded:
    word = payload.strip().strip(b'"')
    if not word:
        return _NOTHING
    online = _STATUS.get(word)
    if online is None:
        detail = f"expected online or offline, not {ascii(word[:32])[1:]}"
        return Decoded(rejections=(Rejection(device, topic, Reason.OUT_OF_RANGE, detail, "", payload),))
    return Decoded(statuses=(DeviceStatus(device, online),))


def _foreign(topic: str, payload: bytes) -> Decoded:
    """A topic of nobody. Shown printable: databases refuse NUL and lone surrogates in text."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in topic[:_TOPIC_SHOWN_MAX])
    detail = "no topic of the wire; a device id is 1 to 64 of A-Z a-z 0-9 _ -"
    return Decoded(rejections=(Rejection(None, shown, Reason.UNKNOWN_TOPIC, detail, "", payload),))
