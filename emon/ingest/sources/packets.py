"""MQTT packets as bytes: what a subscriber at QoS 1 sends, and what it reads besides PUBLISH.

MQTT 3.1.1 and 5 (OASIS), section numbers of 5. Pure: bytes in, bytes out. PUBLISH, which comes in
masses, is found by ``frame_scan``; here are the packets that come one at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum

import msgspec
import numpy as np

from emon.model.columns import Ints


class Packet(IntEnum):
    """Control packets by their first byte with the flags they must have (2.1.2, 2.1.3)."""

    CONNECT = 0x10
    CONNACK = 0x20
    PUBLISH = 0x30
    PUBACK = 0x40
    SUBSCRIBE = 0x82
    SUBACK = 0x90
    PINGREQ = 0xC0
    PINGRESP = 0xD0
    DISCONNECT = 0xE0


class Property(IntEnum):
    """The properties of MQTT 5 that we send or read (2.2.2.2)."""

    MESSAGE_EXPIRY = 0x02
    SESSION_EXPIRY = 0x11
    SERVER_KEEP_ALIVE = 0x13
    REASON = 0x1F
    RECEIVE_MAXIMUM = 0x21
    TOPIC_ALIAS_MAXIMUM = 0x22
    MAXIMUM_QOS = 0x24
    RETAIN_AVAILABLE = 0x25
    MAXIMUM_PACKET_SIZE = 0x27


REFUSED_FROM = 0x80  # reason codes of 0x80 or greater are refusals (2.4)
UNSUPPORTED_VERSION = 0x84  # 3.2.2.2
TAKEN_OVER = 0x8E  # 3.14.2.1: another connection with our client id
MALFORMED = 0x81
NEVER_EXPIRES_S = 0xFFFFFFFF  # 3.1.2.11.2: the session does not expire
_UNACCEPTABLE_LEVEL = 1  # MQTT 3.1.1, 3.2.2.3: what a broker that knows only 3.1.1 answers to 5

_MEANINGS = {
    1: "unacceptable protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client id not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    0x95: "packet too large",
    0x97: "quota exceeded",
    0x98: "administrative action",
}

PINGREQ_BYTES = bytes((Packet.PINGREQ, 0))
_PUBACK_HEAD = int(Packet.PUBACK << 8 | 2) << 16  # without a reason code: success (3.4.2.1)

# How a property's value is written (2.2.2.2): bytes of an integer, or one of the three below.
_VARIABLE, _TEXT, _PAIR = 0, -1, -2
_FORMS: Mapping[int, int] = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), _TEXT),
    0x0B: _VARIABLE,
    0x26: _PAIR,
}


class PacketFault(Exception):
    """The broker sent bytes that are no MQTT. The text says which."""


class Answer(msgspec.Struct, frozen=True):
    """CONNACK, SUBACK, PUBACK or DISCONNECT. ``code`` of a SUBACK is that of its first filter."""

    kind: Packet
    packet_id: int = 0
    code: int = 0
    codes: tuple[int, ...] = ()
    session_present: bool = False
    properties: Mapping[int, int | str] = {}

    @property
    def refused(self) -> bool:
        return self.code >= REFUSED_FROM or (self.kind is Packet.CONNACK and self.code != 0)

    @property
    def wants_older(self) -> bool:
        """Whether a CONNACK says that the broker does not speak MQTT 5."""
        return self.kind is Packet.CONNACK and self.code in (UNSUPPORTED_VERSION, _UNACCEPTABLE_LEVEL)

    def told(self) -> str:
        """The code in words, with what the broker added."""
        words = f"{_MEANINGS.get(self.code, 'reason')} ({self.code:#04x})"
        added = self.properties.get(Property.REASON)
        return f"{words}: {added}" if added else words


# --- writing --------------------------------------------------------------------------------------


def connect(
    client_id: str,
    *,
    five: bool,
    keepalive_s: int,
    window: int,
    aliases: int,
    user: str | None = None,
    password: str | None = None,
) -> bytes:
    """CONNECT for a session that stays (3.1.2.4: clean start 0; in 3.1.1 clean session 0), without will."""
    flags = (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + struct.pack(">BBH", 5 if five else 4, flags, keepalive_s)
    if five:
        properties = struct.pack(">BI", Property.SESSION_EXPIRY, NEVER_EXPIRES_S)
        properties += struct.pack(">BH", Property.RECEIVE_MAXIMUM, window)
        properties += struct.pack(">BH", Property.TOPIC_ALIAS_MAXIMUM, aliases)
        body += _variable(len(properties)) + properties
    body += _text(client_id)
    for given in (user, password):
        if given is not None:
            body += _text(given)
    return _packet(Packet.CONNECT, body)


def subscribe(packet_id: int, filters: Sequence[str], *, qos: int, five: bool) -> bytes:
    """SUBSCRIBE. With MQTT 5 retained messages come once, when the subscription is new (3.8.3.1); what has no
    promise (QoS 0: the broker's words on itself) comes on each connection."""
    options = bytes((qos | (0x10 if five and qos else 0),))
    body = struct.pack(">H", packet_id) + (b"\0" if five else b"")
    return _packet(Packet.SUBSCRIBE, body + b"".join(_text(one) + options for one in filters))


def publish(packet_id: int, topic: str, payload: bytes, *, five: bool, expires_s: int) -> bytes:
    """PUBLISH with QoS 1, not retained. ``expires_s`` is said with MQTT 5 only."""
    body = _text(topic) + struct.pack(">H", packet_id)
    if five:
        body += b"\x05" + struct.pack(">BI", Property.MESSAGE_EXPIRY, expires_s)
    return _packet(Packet.PUBLISH | 0x02, body + payload)


def pubacks(packet_ids: Sequence[int] | Ints) -> bytes:
    """PUBACK for each, in the order given."""
    return (np.asarray(packet_ids, dtype=np.int64) | _PUBACK_HEAD).astype(">u4").tobytes()


def disconnect(code: int, *, five: bool) -> bytes:
    """DISCONNECT; 3.1.1 knows no reason."""
    return _packet(Packet.DISCONNECT, bytes((code,)) if five and code else b"")


def _packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + _variable(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 0xFFFF:
        raise ValueError("a text of MQTT has at most 65,535 bytes")
    return struct.pack(">H", len(encoded)) + encoded


def _variable(value: int) -> bytes:
    """A variable byte integer (1.5.5)."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | 0x80 if value else low)
        if not value:
            return bytes(out)


# --- reading --------------------------------------------------------------------------------------


def read_answer(head: int, body: bytes, *, five: bool) -> Answer:
    """One packet that is no PUBLISH. Raises ``PacketFault``."""
    try:
        kind = Packet(head)
        if kind is Packet.PINGRESP:
            return Answer(kind)
        if kind is Packet.CONNACK:
            return _read_connack(body, five)
        if kind is Packet.SUBACK:
            return _read_suback(body, five)
        if kind is Packet.PUBACK:
            return _read_puback(body, five)
        if kind is Packet.DISCONNECT and five:
            code = body[0] if body else 0
            return Answer(kind, code=code, properties=_read_properties(body, 1)[0] if len(body) > 1 else {})
    except (ValueError, IndexError, struct.error) as fault:
        raise PacketFault(f"packet {head:#04x} of {len(body)} bytes: {fault}") from None
    raise PacketFault(f"packet {head:#04x}, which a broker does not send to a subscriber with QoS 1")


def _read_connack(body: bytes, five: bool) -> Answer:
    flags, code = body[0], body[1]
    # A broker that knows only 3.1.1 answers in its own form, without properties.
    properties = _read_properties(body, 2)[0] if five and len(body) > 2 else {}
    return Answer(Packet.CONNACK, code=code, session_present=bool(flags & 1), properties=properties)


def _read_suback(body: bytes, five: bool) -> Answer:
    (packet_id,) = struct.unpack_from(">H", body)
    properties, at = _read_properties(body, 2) if five else ({}, 2)
    codes = tuple(body[at:])
    return Answer(Packet.SUBACK, packet_id, codes[0], codes, properties=properties)


def _read_puback(body: bytes, five: bool) -> Answer:
    (packet_id,) = struct.unpack_from(">H", body)
    code = body[2] if five and len(body) > 2 else 0
    properties = _read_properties(body, 3)[0] if five and len(body) > 3 else {}
    return Answer(Packet.PUBACK, packet_id, code, properties=properties)


def _read_properties(body: bytes, at: int) -> tuple[dict[int, int | str], int]:
    """Properties by id, and where they end. Of a repeated one the last counts."""
    length, at = _read_variable(body, at)
    end = at + length
    if end > len(body):
        raise ValueError(f"its properties end at byte {end}")
    found: dict[int, int | str] = {}
    while at < end:
        number, at = _read_variable(body, at)
        form = _FORMS.get(number)
        if form is None:
            raise ValueError(f"unknown property {number:#04x}")
        value: int | str
        if form == _VARIABLE:
            value, at = _read_variable(body, at)
        elif form > 0:
            value, at = int.from_bytes(body[at : at + form], "big"), at + form
        else:
            value, at = _read_text(body, at)
            if form == _PAIR:
                _, at = _read_text(body, at)
        found[number] = value
    if at != end:
        raise ValueError(f"property {number:#04x} ends at byte {at}, all of them at {end}")
    return found, at


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">H", body, at)
    end = at + 2 + length
    if end > len(body):
        raise ValueError(f"a text ends at byte {end}")
    return body[at + 2 : end].decode("utf-8", "replace"), end


def _read_variable(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(4):
        byte = body[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a variable byte integer has more than four bytes")
