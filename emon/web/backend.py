"""What the web needs of the store, as one Protocol, and what the composition root hands over.

Every view holds instants in microseconds since 1970 UTC; the routes turn them into text. Nothing
here reads the clock, a socket or a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk

if TYPE_CHECKING:
    from emon.web.live import LiveFeed


class BackendUnavailable(Exception):
    """The database cannot be read or written now. Requests answer 503, streams stay and wait."""


class ArmConflict(Exception):
    """A version of an order exists with another content; ``faults`` are (path, message) pairs."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in faults))
        self.faults = tuple(faults)


class Cursor(msgspec.Struct, frozen=True, order=True):
    """How far a reader has come: the newest feed row and the newest change of a position it knows.

    Its text, ``FEED.POSITIONS``, is the id of server-sent events. Both parts only ever rise.
    """

    feed_seq: int
    change_seq: int

    def __str__(self) -> str:
        return f"{self.feed_seq}.{self.change_seq}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor of an event id, or None when it is none of ours."""
        feed, separator, change = text.partition(".")
        parts = (feed, change)
        if not separator or not all(p.isascii() and p.isdigit() and len(p) <= 18 for p in parts):
            return None
        return cls(int(feed), int(change))


class DeviceNow(msgspec.Struct, frozen=True):
    """The newest usable fix of a device. Degrees WGS84, metres (95 % circle), metres a second."""

    device: str
    fixed_at_us: int
    received_at_us: int
    recorded_at_us: int
    lon: float
    lat: float
    accuracy_m: float
    source: str
    mark: str
    change_seq: int
    speed_m_s: float | None = None
    heading_deg: float | None = None
    battery: float | None = None
    online: bool | None = None


class DeliveryState(msgspec.Struct, frozen=True):
    """How far the alert has come on its way to one recipient."""

    recipient: str
    channel: str
    state: str
    attempts: int
    first_attempt_at_us: int | None = None
    delivered_at_us: int | None = None
    next_attempt_at_us: int | None = None
    last_error: str | None = None


class Taken(msgspec.Struct, frozen=True):
    """A person of a party took the alert in hand. ``via`` is ``page`` or the recipient's channel."""

    party: str
    person: str
    acknowledged_at_us: int
    via: str


class BreachNow(msgspec.Struct, frozen=True):
    """A breach as it stands now."""

    id: str
    order: str
    version: int
    condition: str
    kind: Kind
    wearer: str
    device: str
    opened_at_us: int
    closed_at_us: int | None
    certainty: Certainty
    how: How
    historic: bool
    refuted: bool
    deepest_m: float


class AlertNow(msgspec.Struct, frozen=True):
    """An alert with its breach as it stands now, its deliveries and acknowledgements."""

    id: str
    event: AlertEvent
    priority: int
    at_us: int
    recipients: tuple[str, ...]
    happened_at_us: int
    detected_at_us: int
    received_at_us: int | None = None
    order: str | None = None
    condition: str | None = None
    certainty: Certainty | None = None
    device: str | None = None
    wearer: str | None = None
    risk: Risk | None = None
    breach: BreachNow | None = None
    deliveries: tuple[DeliveryState, ...] = ()
    acknowledgements: tuple[Taken, ...] = ()


class FeedRow(msgspec.Struct, frozen=True):
    """Something that changed: ``kind`` is alert, breach, delivery, acknowledgement or order."""

    feed_seq: int
    kind: str
    ref: str
    alert_id: str | None = None


class UserRecord(msgspec.Struct, frozen=True):
    """A person who may log in. ``role`` is the party the person works for."""

    name: str
    password_hash: str
    role: str
    disabled: bool = False


class Backend(Protocol):
    """Reads and writes of the page and the API. Every method may raise ``BackendUnavailable``."""

    async def cursor(self) -> Cursor:
        """The newest of both counts; (0, 0) in an empty database."""
        ...

    async def orders(self) -> list[OrderVersion]:
        """Of each order the newest armed version, by id, also when it has ended."""
        ...

    async def devices_now(self) -> list[DeviceNow]:
        """The newest usable fix of every device that an order names, by device."""
        ...

    async def open_breaches(self) -> list[BreachNow]:
        """Not closed and not refuted, by ``opened_at``, id."""
        ...

    async def alerts(self, *, open_only: bool, before: tuple[int, str] | None, limit: int) -> list[AlertNow]:
        """Newest first by (``detected_at_us``, id), those before ``before`` where it is given.

        Open: nobody has acknowledged it, or its breach is open and not refuted.
        """
        ...

    async def alerts_by_id(self, ids: Sequence[str]) -> list[AlertNow]:
        """Those of the ids that exist, in any order."""
        ...

    async def breaches_by_id(self, ids: Sequence[str]) -> list[BreachNow]:
        """Those of the ids that exist, in any order."""
        ...

    async def feed_after(self, feed_seq: int, limit: int) -> list[FeedRow]:
        """Rows above ``feed_seq``, rising."""
        ...

    async def positions_after(self, change_seq: int, limit: int) -> list[DeviceNow]:
        """Devices whose ``change_seq`` is above, rising. All that share one ``change_seq`` come
        together, also beyond ``limit``."""
        ...

    async def counts(self) -> dict[str, object]:
        """Counters of the whole engine, for staff."""
        ...

    async def acknowledge(self, alert_id: str, party: str, person: str, via: str) -> Taken | None:
        """Record it; the first of each party counts, and that one comes back. None: no such alert."""
        ...

    async def arm(self, versions: Sequence[OrderVersion]) -> list[OrderVersion]:
        """Arm all or none and give them back with their ``armed_at_us``. Raises ``ArmConflict``."""
        ...

    async def user(self, name: str) -> UserRecord | None:
        """The person of this name."""
        ...


@dataclass(frozen=True)
class Services:
    """What the composition root hands to ``create_app``.

    ``status`` answers ``/health``: a mapping with ``ok`` (bool) and whatever else helps whoever
    watches; it must hold nothing about a person, because nobody has logged in. ``secrets`` are the
    parties' Standard Webhooks secrets, which sign their acknowledgements. ``allowed_hosts`` are the
    names a browser may have asked for (None: any); a page on the internet whose name points to this
    machine is none of them. ``secure_cookie`` is for a service behind TLS.
    """

    backend: Backend
    live: LiveFeed
    now_us: Callable[[], int]
    cookie_secret: bytes
    status: Callable[[], Mapping[str, object]]
    secrets: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: frozenset[str] | None = frozenset({"127.0.0.1", "localhost", "[::1]"})
    secure_cookie: bool = False
