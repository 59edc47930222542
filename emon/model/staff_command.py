"""What a person may ask of a device (ADR 0043)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class StaffAsks(StrEnum):
    """``fix``: a position now. ``pursuit``: the faster rate, for a while. ``plan``: the order's plan again.

    Nothing that the wearer could feel or read: no device shows by any of them what somebody knows.
    """

    FIX = "fix"
    PURSUIT = "pursuit"
    PLAN = "plan"


class StaffCommand(msgspec.Struct, frozen=True):
    """Who asked what of which device, when, and why in his own words."""

    id: str
    device: str
    asks: StaffAsks
    person: str
    party: str
    why: str
    asked_at_us: int
