"""FIXES files for the commands that judge them (contract, section 5)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.replay import Received


def recorded_messages(name: str, command: str) -> tuple[list[Received], int]:
    """The recorded messages in the file's order, and how many lines were left out; ``-`` is
    standard input.

    A line that cannot be read, or holds what would be rejected, is named on standard error. It is
    left out where the time of its receipt cannot be told. Raises ``OSError``.
    """
    messages = [message for _, message in recorded_lines(name, command)]
    received = [message for message in messages if message is not None]
    return received, len(messages) - len(received)


def recorded_lines(name: str, command: str) -> Iterator[tuple[int, Received | None]]:
    """The same one by one, each with its line's number; None for a line that is left out."""
    from emon.engine import Message
    from emon.ingest.decode import decode
    from emon.ingest.sources.files import LineKind, read_lines
    from emon.model.fix import Decoded
    from emon.replay import Received

    for line in read_lines(Path("/dev/stdin") if name == "-" else Path(name)):
        if line.kind is LineKind.SERVICE and line.received_at_us is not None:
            yield line.number, Received(line.received_at_us, service=line.payload == b"up")
            continue
        if line.rejection is not None:
            decoded = Decoded(rejections=(line.rejection,))
        else:
            decoded = decode(line.topic, line.payload)
        for rejection in decoded.rejections:
            fault = f"{rejection.reason}: {rejection.detail}"
            print(f"emon {command}: {name}:{line.number}: {fault}", file=sys.stderr)
        if line.received_at_us is None:
            yield line.number, None
        else:
            yield line.number, Received(line.received_at_us, Message(line.topic, decoded))
