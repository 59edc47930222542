"""The outbox as the dispatcher sees it: what is due, what became of an attempt. No SQL here.

Theory of operation. A delivery is one alert for one recipient by one channel. It is written in the
transaction that wrote the alert, in the state ``waiting``, and stays so until an attempt is
recorded as ``delivered``; nothing else ends it (invariant 4: deliveries are retried until
received). Claiming changes nothing in the outbox: one service has one dispatcher, and that one
knows what it has in flight. So a crash leaves no claim behind, and a crash between sending and
recording only repeats the delivery under the same id, which every channel sends as its
idempotency key.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk
from emon.model.watch import Unseen


class OutboxUnavailable(Exception):
    """The outbox cannot be read or written now; the dispatcher tries again with growing pauses."""


class Outcome(StrEnum):
    """What became of one attempt.

    ``delivered``: the recipient's machine confirmed receipt (2xx, SMTP 250). ``failed``: nothing
    or a passing fault came back. ``refused``: the recipient answered that it will not take this
    message; it is tried again all the same, for only a person ends an alert, but loudly.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"


class PositionView(msgspec.Struct, frozen=True):
    """The newest usable fix behind the alert. Degrees WGS84, metres (95 % circle)."""

    lon: float
    lat: float
    accuracy_m: float
    fixed_at_us: int


class AlertView(msgspec.Struct, frozen=True):
    """Everything a message about an alert may need.

    Of the four clocks it has ``happened_at`` (the breach's ``opened_at``), ``received_at`` (receipt
    of the deciding fix, None where a timer decided) and ``detected_at`` (committed); the fourth,
    ``delivered_at``, comes with the receipt. ``kind``, ``how``, ``opened_at``, ``closed_at``,
    ``historic`` and ``refuted`` are the breach's at the time of reading, None or False without one.
    ``cause``, ``victim``, ``unseen`` and ``cleared_at_us`` are those of the trouble it tells of.
    """

    id: str
    event: AlertEvent
    priority: int
    at_us: int
    recipients: tuple[str, ...]
    happened_at_us: int
    detected_at_us: int
    received_at_us: int | None = None
    breach: str | None = None
    order: str | None = None
    condition: str | None = None
    certainty: Certainty | None = None
    device: str | None = None
    wearer: str | None = None
    risk: Risk | None = None
    kind: Kind | None = None
    how: How | None = None
    opened_at_us: int | None = None
    closed_at_us: int | None = None
    historic: bool = False
    refuted: bool = False
    position: PositionView | None = None
    cause: str | None = None
    victim: bool = False
    unseen: tuple[Unseen, ...] = ()
    cleared_at_us: int | None = None


class DueDelivery(msgspec.Struct, frozen=True):
    """A waiting delivery whose next attempt is due. ``attempts`` counts those already made."""

    id: str
    recipient: str
    channel: str
    attempts: int
    alert: AlertView


class Attempt(msgspec.Struct, frozen=True):
    """One attempt. ``number`` starts at 1; ``status`` is the HTTP or SMTP code where one came.

    ``next_attempt_at_us`` is None exactly when ``outcome`` is ``delivered``; ``ended_at_us`` is
    then the delivery's ``delivered_at``.
    """

    number: int
    outcome: Outcome
    status: int | None
    detail: str
    started_at_us: int
    ended_at_us: int
    next_attempt_at_us: int | None


class Outbox(Protocol):
    """What the dispatcher needs of the store. Every method may raise ``OutboxUnavailable``."""

    async def claim_due(self, now_us: int, limit: int) -> list[DueDelivery]:
        """The waiting deliveries with ``next_attempt_at <= now_us``, at most ``limit`` **for each
        recipient**, so that the backlog of one never hides the alerts of another.

        Ordered within a recipient by the alert's priority (1 first), its ``at``, the delivery's id.
        Nothing is locked or changed.
        """
        ...

    async def record_attempt(self, delivery_id: str, attempt: Attempt) -> None:
        """Keep the attempt and set the delivery's state, ``attempts``, ``first_attempt_at``,
        ``next_attempt_at``, ``delivered_at`` and ``last_error``, in one transaction.

        Recording the same attempt number of a delivery again changes nothing (the dispatcher
        repeats a call whose answer got lost), and a delivered one never becomes waiting again.
        """
        ...

    async def next_due_us(self, after_us: int) -> int | None:
        """The earliest ``next_attempt_at`` **strictly after** ``after_us`` of a waiting delivery,
        or None. Those at or before it are what ``claim_due`` answers.
        """
        ...
