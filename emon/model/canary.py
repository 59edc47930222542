"""What the engine made of a fix of the service's own bracelet."""

from __future__ import annotations

import msgspec


class CanaryWord(msgspec.Struct, frozen=True):
    """``seq`` and ``fixed_at_us`` are the fix's own; ``alert`` is the id of the alert that it raised."""

    seq: int
    fixed_at_us: int
    received_at_us: int
    alert: str
