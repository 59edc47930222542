"""A command as a device gets it (contract, section 1: ``emon/v1/{device}/cmd``; ``docs/wire.md``)."""

from __future__ import annotations

import msgspec

from emon.model.command import Command
from emon.model.instant import format_instant

_encode = msgspec.json.Encoder().encode


def payload_of(command: Command) -> bytes:
    """The JSON object. The same command always gives the same bytes.

    What moved the engine to ask (``reason``) is not in it: a device is in the hands of its wearer.
    """
    members: dict[str, object] = {
        "id": command.id,
        "cmd": command.asks.value,
        "until": format_instant(command.until_us),
    }
    if command.rate_s is not None:
        members["rate_s"] = command.rate_s
    if command.for_s is not None:
        members["for_s"] = command.for_s
    return _encode(members)
