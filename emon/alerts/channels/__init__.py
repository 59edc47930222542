"""Routes to recipients, one file each. A channel belongs to one recipient and sends one message."""

from __future__ import annotations

from typing import Protocol

import msgspec

from emon.alerts.outbox import DueDelivery, Outcome
from emon.limits import RECIPIENT_DETAIL_CHARS_MAX
from emon.model.answer import PoliceAnswer


class SendResult(msgspec.Struct, frozen=True):
    """What the recipient answered. ``retry_after_s``: the pause it asked for, if any.

    ``acknowledged``: the party and person who took the alert in hand, ``answered``: the party, person and
    word about its incident, where the answer said so.
    ``of_message``: what was refused is this message, and not whatever we send.
    """

    outcome: Outcome
    status: int | None
    detail: str
    retry_after_s: float | None = None
    acknowledged: tuple[str, str] | None = None
    of_message: bool = False
    answered: tuple[str, str, PoliceAnswer] | None = None


class Channel(Protocol):
    """One recipient's route. Faults of network or recipient are results, not exceptions."""

    async def send(self, delivery: DueDelivery) -> SendResult:
        """Send once under the delivery's id as idempotency key. May be cancelled at any time."""
        ...

    async def close(self) -> None:
        """Give back connections. Nothing may be sent afterwards."""
        ...


def short_detail(text: str) -> str:
    """What a recipient answered, as one printable line of bounded length."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * RECIPIENT_DETAIL_CHARS_MAX])
    return " ".join(line.split())[:RECIPIENT_DETAIL_CHARS_MAX]
