"""FIXES files for the commands that judge them (contract, section 5)."""

from __future__ import annotations

import sys
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
    from emon.engine import Message
    from emon.ingest.decode import decode
    from emon.ingest.sources.files import LineKind, read_lines
    from emon.model.fix import Decoded
    from emon.replay import Received

    received: list[Received] = []
    left_out = 0
    for line in read_lines(Path("/dev/stdin") if name == "-" else Path(name)):
        if line.kind is LineKind.SERVICE and line.received_at_us is not None:
            received.append(Received(line.received_at_us, service=line.payload == b"up"))
            continue
        if line.rejection is not None:
            decoded = Decoded(rejections=(line.rejection,))
        else:
            decoded = decode(line.topic, line.payload)
        for rejection in decoded.rejections:
            fault = f"{rejection.reason}: {rejection.detail}"
            print(f"emon {command}: {name}:{line.number}: {fault}", file=sys.stderr)
        if line.received_at_us is None:
            left_out += 1
        else:
            received.append(Received(line.received_at_us, Message(line.topic, decoded)))
    return received, left_out
