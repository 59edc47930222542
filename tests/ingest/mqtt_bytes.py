"""MQTT as a broker would write it, for tests that speak as one: written apart from the code under test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Publication:
    """A PUBLISH and what a reader must find in it."""

    topic: bytes
    payload: bytes
    packet_id: int = 0  # 0: QoS 0
    alias: int = 0
    retained: bool = False
    again: bool = False
    others: bytes = b""  # further properties, already written

    def written(self, *, five: bool) -> bytes:
        head = 0x30 | self.again << 3 | (2 if self.packet_id else 0) | self.retained
        body = length16(self.topic) + (self.packet_id.to_bytes(2, "big") if self.packet_id else b"")
        if five:
            properties = self.others + (b"\x23" + self.alias.to_bytes(2, "big") if self.alias else b"")
            body += variable(len(properties)) + properties
        return packet(head, body + self.payload)


def packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + variable(len(body)) + body


def length16(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def variable(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes((value % 0x80 | 0x80,))
        value //= 0x80
    return out + bytes((value,))
