"""The packets in what a socket gave, found in one pass by a compiled scanner.

One row a packet, offsets into the buffer; nothing is copied. A packet that is not all there yet is
left for the next read. Everything is checked before it is used as an offset: a length that lies
outside its packet is a fault, never a read beyond it. Section numbers are of MQTT 5.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined

HEAD, BODY, END, TOPIC, TOPIC_END, PAYLOAD, PACKET_ID, ALIAS = range(8)
"""Columns of a row. From TOPIC on they hold something for PUBLISH alone; without QoS or alias: 0."""
COLUMNS = 8


class ScanFault(IntEnum):
    """Why the bytes are no MQTT that may come to us."""

    NONE = 0
    LENGTH = 1
    KIND = 2
    QOS = 3
    TOPIC = 4
    PACKET_ID = 5
    PROPERTIES = 6
    SHORT = 7


FAULTS = {
    ScanFault.LENGTH: "a remaining length of more than four bytes",
    ScanFault.KIND: "a packet type or flags that a broker does not send to a subscriber with QoS 1",
    ScanFault.QOS: "a PUBLISH with a QoS that was not granted",
    ScanFault.TOPIC: "a PUBLISH whose topic ends beyond the packet",
    ScanFault.PACKET_ID: "a PUBLISH with QoS 1 and no packet id",
    ScanFault.PROPERTIES: "a PUBLISH whose properties cannot be read",
    ScanFault.SHORT: "a packet that is shorter than its type allows",
}

_TORN = -1
_BAD = -2


@inlined
def _variable(buffer: Any, at: int, end: int) -> tuple[int, int]:
    """A variable byte integer (1.5.5): its value and where it ends; there _TORN or _BAD."""
    value = 0
    for place in range(4):
        if at + place >= end:
            return 0, _TORN
        byte: Any = np.int64(buffer[at + place])
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return 0, _BAD


@inlined
def _after_text(buffer: Any, at: int, end: int) -> int:
    """Where a text or binary with its two bytes of length ends; _BAD beyond ``end``."""
    if at + 2 > end:
        return _BAD
    after: Any = at + 2 + (np.int64(buffer[at]) << 8 | np.int64(buffer[at + 1]))
    return after if after <= end else _BAD


@inlined
def _after_property(buffer: Any, number: int, at: int, end: int) -> int:
    """Where the value of a property of PUBLISH ends (3.3.2.3); _BAD beyond ``end`` or for another one."""
    after = _BAD
    if number == 0x01:  # payload format indicator
        after = at + 1
    elif number == 0x02:  # message expiry interval
        after = at + 4
    elif number == 0x23:  # topic alias
        after = at + 2
    elif number == 0x0B:  # subscription identifier
        _, after = _variable(buffer, at, end)
    elif number in (0x03, 0x08, 0x09):  # content type, response topic, correlation data
        after = _after_text(buffer, at, end)
    elif number == 0x26:  # user property
        after = _after_text(buffer, at, end)
        if after >= 0:
            after = _after_text(buffer, after, end)
    return after if 0 <= after <= end else _BAD


@inlined
def _properties(buffer: Any, at: int, end: int) -> tuple[int, int]:
    """Where the properties of a PUBLISH end (_BAD for a fault) and its topic alias, 0 for none."""
    length, at = _variable(buffer, at, end)
    if at < 0 or at + length > end:
        return _BAD, 0
    stop = at + length
    alias: Any = 0
    while at < stop:
        number = buffer[at]  # every identifier of PUBLISH has one byte
        after = _after_property(buffer, number, at + 1, stop)
        if after < 0:
            return _BAD, 0
        if number == 0x23:
            alias = np.int64(buffer[at + 1]) << 8 | np.int64(buffer[at + 2])
            if alias == 0:  # 3.3.2.3.4: not permitted
                return _BAD, 0
        at = after
    return stop, alias


@inlined
def _publication(buffer: Any, head: int, at: int, end: int, five: bool, row: Any) -> int:
    """The parts of a PUBLISH whose body is [at, end) into its row. Returns a ``ScanFault``."""
    qos = (head >> 1) & 3
    if qos > 1:
        return 3
    topic_end = _after_text(buffer, at, end)
    if topic_end < 0:
        return 4
    row[3], row[4] = at + 2, topic_end
    at = topic_end
    row[6], row[7] = 0, 0
    if qos == 1:
        if at + 2 > end:
            return 5
        packet_id = np.int64(buffer[at]) << 8 | np.int64(buffer[at + 1])
        if packet_id == 0:  # 2.2.1
            return 5
        row[6] = packet_id
        at += 2
    if five:
        at, alias = _properties(buffer, at, end)
        if at < 0:
            return 6
        row[7] = alias
    row[5] = at
    return 0


@inlined
def _other_fault(head: int, length: int, five: bool) -> int:
    """Whether a packet that is no PUBLISH may come, by its first byte and length. A ``ScanFault``."""
    if head == 0x20 or head == 0x40:  # CONNACK, PUBACK
        return 0 if length >= 2 else 7
    if head == 0x90:  # SUBACK
        return 0 if length >= 3 else 7
    if head == 0xD0:  # PINGRESP
        return 0 if length == 0 else 7
    if head == 0xE0 and five:  # DISCONNECT
        return 0
    return 2


@compiled
def scan(buffer: Any, start: int, end: int, five: bool, rows: Any) -> tuple[int, int, int]:
    """Find the whole packets of ``buffer[start:end]``, uint8, as rows (int64, ``COLUMNS`` wide).

    Returns how many rows were written, where the first packet begins that is not among them, and a
    ``ScanFault`` for that one. With all rows written there may be more: call again from there.
    """
    count, at = 0, start
    while at < end and count < rows.shape[0]:
        length, body = _variable(buffer, at + 1, end)
        if body == -1:
            break
        if body == -2:
            return count, at, 1
        stop = body + length
        if stop > end:
            break
        row = rows[count]
        head: Any = np.int64(buffer[at])
        row[0], row[1], row[2] = head, body, stop
        if head & 0xF0 == 0x30:
            fault = _publication(buffer, head, body, stop, five, row)
        else:
            fault = _other_fault(head, length, five)
        if fault != 0:
            return count, at, fault
        count += 1
        at = stop
    return count, at, 0
