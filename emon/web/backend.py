"""What the web needs of the store, as a Protocol, and what the composition root hands over.

The rows and the faults are the store's own (``emon.store.pages``, ``emon.store.errors``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from emon.alerts.key_ring import KeyRing
from emon.alerts.links import Links
from emon.alerts.need import Need
from emon.feedback.rows import Filed
from emon.model.answer import PoliceAnswer
from emon.model.breach import Breach
from emon.model.command import Command
from emon.model.order import OrderVersion
from emon.model.resolution import Closing
from emon.model.staff_command import StaffCommand
from emon.store.answers import Answered
from emon.store.device_file import CommandNow, SaidNow
from emon.store.incident_reads import KeptIncident
from emon.store.ledger import LedgerInputs
from emon.store.lives import KeptLife
from emon.store.notices import NoticeNow
from emon.store.pages import AlertNow, Counts, DeviceNow, FeedRow, Standing
from emon.store.policies import KeptPolicy, PolicyUse
from emon.store.suspensions import SuspensionRequest
from emon.store.users import User
from emon.store.words_of_people import ClosedTogether, Resolved, Taken

if TYPE_CHECKING:
    from emon.web.live import LiveFeed

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Cursor(msgspec.Struct, frozen=True):
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

    def joined(self, other: Cursor) -> Cursor:
        """Whoever has read up to both."""
        return Cursor(max(self.feed_seq, other.feed_seq), max(self.change_seq, other.change_seq))

    def covers(self, other: Cursor) -> bool:
        """Whether whoever is here has seen what ``other`` marks."""
        return self.feed_seq >= other.feed_seq and self.change_seq >= other.change_seq


class Backend(Protocol):
    """Reads and writes of the page and the API. Every method may raise ``DatabaseUnavailable``."""

    async def cursor(self) -> Cursor:
        """The newest of both counts; (0, 0) in an empty database."""
        ...

    async def orders(self) -> list[OrderVersion]:
        """Of each order the newest armed version, by id, also when it has ended."""
        ...

    async def devices_now(self) -> list[DeviceNow]:
        """The newest usable fix of every device that an order names, by device."""
        ...

    @property
    def needs(self) -> Sequence[Need]:
        """What each party may see, by the policy."""
        ...

    async def contact_orders(self) -> list[OrderVersion]:
        """The newest version of each order in which somebody carries a device for her protection."""
        ...

    async def positions_of(self, devices: Sequence[str]) -> list[DeviceNow]:
        """The newest usable fix of each that has one, by device."""
        ...

    async def open_breaches(self) -> list[Breach]:
        """Not closed and not refuted, by ``opened_at``, id."""
        ...

    async def breaches_by_id(self, ids: Sequence[str]) -> list[Breach]:
        """Those of the ids that exist, in any order."""
        ...

    async def told_of_breaches(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Of each breach the parties that were told of it; one that nobody was told of is absent."""
        ...

    async def secret_conditions(self, orders: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Of these orders the conditions (order, condition) whose place is secret in any version."""
        ...

    async def explanation(self, breach_id: str) -> dict[str, Any] | None:
        """Everything that made a breach (docs/explanation.md), or None where there is none of this id.
        Raises ``NotExplained``."""
        ...

    async def court_file(self, alert_id: str, party: str, at_us: int) -> dict[str, Any] | None:
        """The file of an alert as the party may have it (docs/court.md), or None where there is no such
        alert. Raises ``NotForThem``."""
        ...

    async def may_have_file(self, alert_id: str, party: str) -> bool:
        """Whether the party may have that file at all."""
        ...

    async def alerts(self, *, status: str, before: tuple[int, str] | None, limit: int) -> list[AlertNow]:
        """Newest first by (``detected_at_us``, id), those before ``before`` where it is given.

        ``status``: ``open``, ``acknowledged``, ``unresolved``, ``resolved`` or ``all``, as docs/api.md says.
        """
        ...

    async def urgent_alerts(
        self, *, status: str, after: Standing | None, limit: int
    ) -> list[tuple[Standing, AlertNow]]:
        """Those that nobody has closed, the most urgent first, each with where it stood, those after
        ``after`` where it is given. ``status``: ``open``, ``acknowledged`` or ``unresolved``.
        """
        ...

    async def alerts_by_id(self, ids: Sequence[str]) -> list[AlertNow]:
        """Those of the ids that exist, in any order."""
        ...

    async def feed_after(self, feed_seq: int, limit: int) -> list[FeedRow]:
        """Rows above ``feed_seq``, rising."""
        ...

    async def positions_after(self, change_seq: int, limit: int) -> list[DeviceNow]:
        """Devices whose ``change_seq`` is above, rising; all that share one come together."""
        ...

    async def device_commands(self, device: str, limit: int) -> list[CommandNow]:
        """What a device was asked, newest first."""
        ...

    async def device_said(self, device: str, limit: int) -> list[SaidNow]:
        """When its strap, case or battery was not well, newest first."""
        ...

    async def ask_device(self, asked: StaffCommand) -> Command:
        """Keep what a person asks of a device, and send it. Raises ``NotWatched``, ``AskedAlready``,
        ``AskedTooOften``."""
        ...

    async def counts(self) -> Counts:
        """Counters of the whole engine, for staff."""
        ...

    async def acknowledge(self, alert_id: str, party: str, person: str, via: str, at_us: int) -> Taken:
        """Record it; the first of each party counts, and that one comes back. Raises
        ``AlertUnknown``, ``NotTheirs``."""
        ...

    async def close_alert(
        self, alert_id: str, party: str, person: str, closing: Closing, via: str, at_us: int
    ) -> Resolved:
        """Close it. Raises ``AlertUnknown``, ``NotTheirs``, ``ClosingIncomplete``, ``ClosedOtherwise``."""
        ...

    async def close_breach(
        self, breach_id: str, party: str, person: str, closing: Closing, via: str, at_us: int
    ) -> ClosedTogether:
        """Close a breach's open alerts. Raises ``AlertUnknown``, ``NotTheirs``, ``ClosingIncomplete``."""
        ...

    async def life(self, alert_id: str) -> KeptLife:
        """Everything that happened to an alert. Raises ``AlertUnknown``."""
        ...

    async def use_link(self, link: str, alert_id: str, party: str, person: str, at_us: int) -> Taken:
        """As ``acknowledge``, by a link that counts once. Raises ``LinkUsed`` too."""
        ...

    async def told_beside(self, link: str) -> int:
        """For how many alerts the message of a link stands beside its own."""
        ...

    async def link_used(self, link: str) -> bool:
        """Whether the link has counted. Changes nothing."""
        ...

    async def incident(self, incident: str, limit: int) -> KeptIncident:
        """An incident with its newest updates. Raises ``IncidentUnknown``."""
        ...

    async def answer_incident(
        self,
        incident: str,
        party: str,
        person: str,
        answer: PoliceAnswer,
        note: str,
        via: str,
        at_us: int,
        *,
        by_message: str | None = None,
    ) -> Answered:
        """Keep what the police say of it. Raises ``IncidentUnknown``, ``NotTheirs``, ``LinkUsed``."""
        ...

    async def arm(self, versions: Sequence[OrderVersion]) -> list[OrderVersion]:
        """Arm all or none and give them back as they stand. Raises ``OrderConflict``."""
        ...

    async def ledger_inputs(self, order: str, from_us: int, to_us: int) -> LedgerInputs:
        """What the ledger of blind time of one order is made of."""
        ...

    async def outages_now(self) -> list[str]:
        """The alerts of outages that are not over."""
        ...

    async def unseen_orders(self, from_us: int, to_us: int, limit: int) -> tuple[list[str], int]:
        """The orders whose devices were unseen for the longest time, and how many there are."""
        ...

    async def policy_in_force(self) -> KeptPolicy | None:
        """The policy that decides now, or None before any service started with one."""
        ...

    async def policy_version(self, version: str) -> KeptPolicy | None:
        """A policy that decides or once did, or None."""
        ...

    async def policy_uses(self, limit: int) -> list[PolicyUse]:
        """Which policy decided since when, newest first."""
        ...

    async def ask_suspension(self, asked: SuspensionRequest) -> SuspensionRequest:
        """Keep a request; a short one is armed at once."""
        ...

    async def confirm_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        """A second person confirms it, and it is armed."""
        ...

    async def withdraw_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        """One that waits is given up."""
        ...

    async def end_suspension(self, order: str, at_us: int) -> OrderVersion:
        """End whatever suspends the order now."""
        ...

    async def suspension_requests(self, limit: int) -> list[SuspensionRequest]:
        """What people asked for, newest first."""
        ...

    async def notices(self, limit: int) -> list[NoticeNow]:
        """What those concerned were told of suspensions, newest first."""
        ...

    async def feedback_rows(self, from_us: int, to_us: int) -> Filed:
        """What a report of the period's alerts is made of. Raises ``TooMuchAsked``."""
        ...

    async def user(self, name: str) -> User | None:
        """The person of this name."""
        ...

    async def record_login(self, name: str, party: str | None, deed: str, address: str, at_us: int) -> None:
        """Keep a log-in, a log-out or a refusal; ``party`` is None where no account has the name."""
        ...


@dataclass(frozen=True)
class Services:
    """What the composition root hands to ``create_app``.

    ``status`` answers ``/health``: a mapping with ``ok`` (bool) and whatever else helps whoever
    watches; it must hold nothing about a person, because nobody has logged in. ``keys`` are the
    parties' Standard Webhooks keys, which sign their acknowledgements; ``links``
    reads the links of messages. ``allowed_hosts`` are the
    names a browser may have asked for, without port (None: any); a page on the internet whose name
    points to this machine is none of them. ``secure_cookie`` is for a service behind TLS.
    """

    backend: Backend
    live: LiveFeed
    now_us: Callable[[], int]
    cookie_secret: bytes
    status: Callable[[], Mapping[str, object]]
    keys: Mapping[str, KeyRing] = field(default_factory=dict)
    links: Links | None = None
    allowed_hosts: frozenset[str] | None = LOOPBACK_HOSTS
    secure_cookie: bool = False
