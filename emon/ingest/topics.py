"""MQTT topics of the wire: who sent what (contract, section 1), and what the service subscribes to."""

from __future__ import annotations

import re
from enum import StrEnum

from emon.limits import DEVICE_ID_LENGTH_MAX

_DEVICE = rf"[A-Za-z0-9_-]{{1,{DEVICE_ID_LENGTH_MAX}}}"
_DEVICE_ID = re.compile(_DEVICE, re.ASCII)
_TOPIC = re.compile(
    rf"emon/v1/({_DEVICE})/(fixb?|event|status|cmd(?:/reply)?)"
    rf"|owntracks/[^/]+/({_DEVICE})(?:/event)?",
    re.ASCII,
)


class Channel(StrEnum):
    """What a topic carries."""

    FIX = "fix"
    FIXB = "fixb"
    EVENT = "event"
    STATUS = "status"
    CMD = "cmd"
    REPLY = "cmd/reply"
    OWNTRACKS = "owntracks"


_CHANNELS = {channel.value: channel for channel in Channel}

SUBSCRIPTIONS: tuple[str, ...] = (
    "emon/v1/+/fix",
    "emon/v1/+/fixb",
    "emon/v1/+/event",
    "emon/v1/+/status",
    "emon/v1/+/cmd/reply",
    "owntracks/+/+",
    "owntracks/+/+/event",
)
"""Filters of the service's session, all with QoS 1. Never ``$share/…``: nats-server grants shared
subscriptions and delivers nothing to them. Phones send transitions one level below their position
(``owntracks/USER/DEVICE/event``), so that level belongs to the device too."""


def is_device_id(text: str) -> bool:
    """Whether the text may stand for ``{device}``: 1 to 64 of ``[A-Za-z0-9_-]``."""
    return _DEVICE_ID.fullmatch(text) is not None


def parse_topic(topic: str) -> tuple[Channel, str] | None:
    """The channel and the device of a topic, or None for a topic that is none of ours."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        return None
    device, channel, phone = match.groups()
    if phone is not None:
        return Channel.OWNTRACKS, phone
    return _CHANNELS[channel], device


def topic_for(channel: Channel, device: str) -> str:
    """The topic on which a device sends (or, for ``CMD``, receives).

    Raises ``ValueError`` for OwnTracks, whose topics also name a user, and for a malformed device.
    """
    if channel is Channel.OWNTRACKS:
        raise ValueError("an OwnTracks topic also needs the user: owntracks/{user}/{device}")
    if not is_device_id(device):
        raise ValueError(f"no device id: {device!r}")
    return f"emon/v1/{device}/{channel.value}"
