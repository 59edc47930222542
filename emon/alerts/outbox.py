"""The outbox as the dispatcher sees it: what is due, what became of an attempt. No SQL here.

Theory of operation. A delivery is one alert for one recipient by one channel. It is written in the
transaction that wrote the alert, in the state ``waiting``, and stays so until an attempt is
recorded as ``delivered``; nothing else ends it (invariant 4: deliveries are retried until
received). Claiming changes nothing in the outbox: one service has one dispatcher, and that one
knows what it has in flight. So a crash leaves no claim behind, and a crash between sending and
recording only repeats the delivery under the same id, which every channel sends as its
idempotency key.

**Order.** All messages of one breach (or of one fault of the platform) to one recipient are a
*line*. Of a line only the first that waits is ever given out, so that nobody hears that a breach is
over while he is still being told that it began. Urgency is inherited: when news joins a line whose
first message waits for its next attempt, that one becomes due at once, in the lane of the most
urgent that stands behind it (ADR 0026). A message that its recipient refuses as such *stands aside*
once that is on file: it is tried on, and those behind it go in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from emon.alerts.incident import Given, Say
from emon.model.answer import PoliceAnswer
from emon.model.order import Owner
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, LegalBasis, Risk
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
    """The newest usable fix behind the alert. Degrees WGS84, metres (95 % circle), clockwise from north."""

    lon: float
    lat: float
    accuracy_m: float
    fixed_at_us: int
    speed_m_s: float | None = None
    heading_deg: float | None = None


class ZoneView(msgspec.Struct, frozen=True):
    """How the position lies to the condition's zone: metres to its outline, negative inside, and the way to
    it, clockwise from north (None: it cannot be said)."""

    distance_m: float
    bearing_deg: float | None = None


class AlertView(msgspec.Struct, frozen=True):
    """Everything a message about an alert may need.

    Of the four clocks it has ``happened_at`` (the breach's ``opened_at``), ``received_at`` (receipt
    of the deciding fix, None where a timer decided) and ``detected_at`` (committed); the fourth,
    ``delivered_at``, comes with the receipt. ``kind``, ``how``, ``opened_at``, ``closed_at``,
    ``historic`` and ``refuted`` are the breach's at the time of reading, None or False without one.
    ``cause``, ``victim``, ``unseen`` and ``cleared_at_us`` are those of the trouble it tells of. ``secret``:
    the condition's zone is. ``owner``: who is responsible for the order. ``before``: so many breaches of the
    same condition opened before this one, ``last_before_us`` the last of them. ``worn_for``: of an alert on a
    device that names no order, the orders for which it is worn, or carried by whom they protect (``victim``).
    ``by_the_hour``: its times are told to the hour alone. ``map_form``: the address of a map that its reader
    uses, with ``{lat}`` and ``{lon}`` for the place. ``protected``: whom the order protects. ``legal_basis``:
    of the one order that it names or is worn for. ``ended_by_fix``: a fix shows that a breach has ended.
    ``told_at_us``: when the message leaves, from then the age of its position counts; None: as it was
    detected. ``last_known``: positions have ceased, and this is the last of them. ``acts``: its reader is
    one of those who call the wearer or send somebody.
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
    secret: bool = False
    zone: ZoneView | None = None
    owner: Owner | None = None
    before: int | None = None
    last_before_us: int | None = None
    worn_for: tuple[str, ...] = ()
    by_the_hour: bool = False
    map_form: str | None = None
    legal_basis: LegalBasis | None = None
    protected: str | None = None
    ended_by_fix: bool = False
    told_at_us: int | None = None
    last_known: bool = False
    acts: bool = True


class AnswerView(msgspec.Struct, frozen=True):
    """What the police answered, who of them, and when. ``withheld``: they wrote more, which its
    reader may not see."""

    answer: PoliceAnswer
    party: str
    person: str
    note: str
    answered_at_us: int
    withheld: bool = False


class UpdateView(msgspec.Struct, frozen=True):
    """One update on an incident (``incident.py``), whose breach the alert beside it names. ``number``: of
    this recipient's updates on it. ``answer``: of what the police say."""

    number: int
    say: Say
    because: Given
    made_at_us: int
    answer: AnswerView | None = None


class DueDelivery(msgspec.Struct, frozen=True):
    """A waiting delivery whose next attempt is due. ``attempts`` counts those already made.

    ``raised_to``: the most urgent priority that stands behind it in its line, where there is any.
    ``climb``: 0, or the step that tells the alert again because nobody answered; ``owed``: whose answer
    was wanted then.
    ``earlier``: the newest of what this recipient was to hear before of the same breach: delivery and when
    its alert was committed (microseconds), in order. ``joined``: the alerts that it tells beside its own,
    because their condition flaps (``flapping.py``). ``update``: where it is no alert but an update on the
    incident that ``alert`` belongs to; its ``alert.position`` is then the update's.
    """

    id: str
    recipient: str
    channel: str
    attempts: int
    alert: AlertView
    raised_to: int | None = None
    climb: int = 0
    owed: tuple[str, ...] = ()
    earlier: tuple[tuple[str, int], ...] = ()
    joined: tuple[str, ...] = ()
    update: UpdateView | None = None

    @property
    def lane(self) -> int:
        """The priority by which it leaves: its alert's, or one that it holds up."""
        priority = self.alert.priority
        return priority if self.raised_to is None else min(priority, self.raised_to)


class Attempt(msgspec.Struct, frozen=True):
    """One attempt. ``number`` starts at 1; ``status`` is the HTTP or SMTP code where one came.

    ``next_attempt_at_us`` is None exactly when ``outcome`` is ``delivered``; ``ended_at_us`` is
    then the delivery's ``delivered_at``. ``acknowledged``: the party and the person who took the alert in
    hand, and ``answered``: the party, the person and the word about its incident, where the receipt said so.
    ``set_aside``: the recipient refused this message as such, and later ones of its line need not wait.
    """

    number: int
    outcome: Outcome
    status: int | None
    detail: str
    started_at_us: int
    ended_at_us: int
    next_attempt_at_us: int | None
    acknowledged: tuple[str, str] | None = None
    set_aside: bool = False
    answered: tuple[str, str, PoliceAnswer] | None = None


class Records(Protocol):
    """Where attempts are kept. May raise ``OutboxUnavailable``."""

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        """See ``Outbox.record_attempts``."""
        ...


class Outbox(Records, Protocol):
    """What the dispatcher needs of the store. Every method may raise ``OutboxUnavailable``."""

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        """The waiting deliveries with ``next_attempt_at <= now_us`` that are the first of their
        lines, at most ``limit`` **for each recipient**, so that the backlog of one never hides the
        alerts of another.

        ``held``: what the caller has already, with its lane; those are left out unless their lane
        has changed. Ordered within a recipient by lane (1 first), the alert's ``at``, the order in
        which they were written. Nothing is locked or changed.
        """
        ...

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        """Keep the attempts (delivery's id, attempt; one a delivery) and set each delivery's state,
        ``attempts``, ``first_attempt_at``, ``next_attempt_at``, ``delivered_at`` and ``last_error``,
        all in one transaction. Whether something that stood behind one of them is due now.

        Recording the same attempt number of a delivery again changes nothing (the dispatcher
        repeats a call whose answer got lost), and a delivered one never becomes waiting again.
        """
        ...

    async def release(self, recipient: str, now_us: int) -> None:
        """The recipient is back: what waits for its next attempt is due at ``now_us``."""
        ...

    async def postpone(self, delivery_id: str, until_us: int) -> bool:
        """A delivery that was not tried is due at ``until_us``; news in its line makes it due again. Whether
        it is: not where what climbs, or priority 1, waits behind it."""
        ...

    async def join(self, delivery_id: str, in_flight: Collection[str]) -> bool:
        """Let the newest of this delivery's recipient and condition tell the others that were never
        tried and may be joined (``flapping.may_join``), but for those in flight. Whether it is told by
        another one now, or tells others: then it is to be claimed again.
        """
        ...

    async def next_due_us(self, after_us: int) -> int | None:
        """The earliest ``next_attempt_at`` **strictly after** ``after_us`` of a waiting delivery,
        or None. Those at or before it are what ``claim_due`` answers.
        """
        ...
