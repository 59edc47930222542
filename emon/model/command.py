"""Commands to devices, and what devices answer (contract, section 1: ``cmd`` and ``cmd/reply``)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from emon.model.ids import derive_id


class Asks(StrEnum):
    """What a command asks of a device."""

    FIX = "fix"
    RATE = "rate"
    VIBRATE = "vibrate"
    MESSAGE = "message"


class Result(StrEnum):
    """What a device says became of a command."""

    DONE = "done"
    REFUSED = "refused"


class Command(msgspec.Struct, frozen=True):
    """One command to one device.

    ``at_us`` is the instant of the decision that asks, ``until_us`` the last at which it may still be
    sent: what comes later would be obeyed for a reason that has passed. ``reason`` is for the file,
    never for the device. ``rate_s`` and ``for_s`` belong to ``rate``: a fix each so many seconds,
    for so many seconds.
    """

    id: str
    device: str
    asks: Asks
    at_us: int
    until_us: int
    reason: str
    rate_s: int | None = None
    for_s: int | None = None


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A device's answer. ``command`` is the id it names, ``replied_at_us`` its own clock's instant;
    ``rate_s`` the interval between fixes that it says it keeps from now on, in seconds."""

    device: str
    command: str
    result: Result
    raw: bytes
    rate_s: float | None = None
    replied_at_us: int | None = None

    @property
    def id(self) -> str:
        """Derived from the content: the same answer delivered again has the same id."""
        rate, at = repr(self.rate_s), repr(self.replied_at_us)
        return derive_id("reply", self.device, self.command, self.result, rate, at)


class Wish(msgspec.Struct, frozen=True):
    """The engine would like a fix of this device now. ``reason`` is one of a closed list, in words."""

    at_us: int
    device: str
    reason: str


class Chase(msgspec.Struct, frozen=True):
    """Whether a breach of the device's wearer is open and present from ``at_us`` on."""

    at_us: int
    device: str
    breach: str
    on: bool
