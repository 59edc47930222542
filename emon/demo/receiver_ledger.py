"""What a demo receiver got, kept as JSON Lines and on disk before the sender hears of receipt.

Lines: ``{"kind": "message", "id", "received_at", "content"}`` for each new message,
``{"kind": "repeat", "id", "received_at"}`` for the same id again, ``{"kind": "refused",
"received_at", "reason"}``, and ``{"kind": "confirmed", "id", "received_at"}`` once the service took
the acknowledgement. A message that tells an alert again because nobody answered it has its own id and
counts as a climb; ``{"kind": "heartbeat", "id", "received_at"}`` is a sign of life of the sender and no
message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from emon.clock import now_us
from emon.model.instant import format_instant


class ReceiverCount(msgspec.Struct, frozen=True):
    """``messages``: different alerts received; ``repeats``: further copies under the same id; ``climbs``:
    alerts told again because nobody answered; ``heartbeats``: signs of life, which are no messages;
    ``updates``: messages on an open incident, which are no alerts."""

    messages: int = 0
    repeats: int = 0
    refused: int = 0
    confirmed: int = 0
    climbs: int = 0
    heartbeats: int = 0
    updates: int = 0


class Ledger:
    """Append-only; what an earlier run of the same receiver kept still counts as received."""

    def __init__(self, file: Path) -> None:
        self._contents: dict[str, dict[str, Any]] = {}
        self._confirmed: set[str] = set()
        for line in read_lines(file):
            if line.get("kind") == "message":
                self._contents[line["id"]] = line["content"]
            elif line.get("kind") == "confirmed":
                self._confirmed.add(line["id"])
        self._fd = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":  # a line cut off by a kill
            os.write(self._fd, b"\n")

    def keep(self, message_id: str, content: dict[str, Any]) -> bool:
        """Keep a message; False when this id is here already (a repeat, which is only noted)."""
        new = message_id not in self._contents
        if new:
            self._append("message", id=message_id, content=content)
            self._contents[message_id] = content
        else:
            self._append("repeat", id=message_id)
        return new

    def beat(self, message_id: str) -> None:
        self._append("heartbeat", id=message_id)

    def update(self, message_id: str, content: dict[str, Any]) -> None:
        """Keep an update on an incident; nobody confirms one."""
        self._append("update", id=message_id, content=content)

    def refuse(self, reason: str) -> None:
        self._append("refused", reason=reason)

    def confirm(self, message_id: str) -> None:
        self._append("confirmed", id=message_id)
        self._confirmed.add(message_id)

    def unconfirmed(self) -> dict[str, dict[str, Any]]:
        """Messages kept and not yet confirmed, by id, in order of receipt."""
        return {i: content for i, content in self._contents.items() if i not in self._confirmed}

    def close(self) -> None:
        os.close(self._fd)

    def _append(self, kind: str, **members: Any) -> None:
        line = {"kind": kind, "received_at": format_instant(now_us()), **members}
        os.write(self._fd, json.dumps(line, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
        os.fsync(self._fd)


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The ledger's lines so far; a line cut off by a kill, or still being written, is left out."""
    if not file.exists():
        return
    for line in file.read_bytes().split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def count(file: Path) -> ReceiverCount:
    """How much a receiver has kept."""
    kinds = ("message", "confirmed", "climb", "heartbeat", "update")
    ids: dict[str, set[str]] = {kind: set() for kind in kinds}
    totals = {"repeat": 0, "refused": 0}
    for line in read_lines(file):
        kind = line.get("kind")
        if kind == "message" and is_climb(line.get("content", {})):
            kind = "climb"
        if kind in ids:
            ids[kind].add(line["id"])
        elif kind in totals:
            totals[kind] += 1
    return ReceiverCount(
        messages=len(ids["message"]),
        repeats=totals["repeat"],
        refused=totals["refused"],
        confirmed=len(ids["confirmed"]),
        climbs=len(ids["climb"]),
        heartbeats=len(ids["heartbeat"]),
        updates=len(ids["update"]),
    )


def is_climb(content: dict[str, Any]) -> bool:
    """Whether a kept message tells an alert again: a webhook's member, or a mail's header."""
    data = content.get("data")
    return bool(data.get("climb")) if isinstance(data, dict) else "X-Emon-Climb" in content
