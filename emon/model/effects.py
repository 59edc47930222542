"""What one step of the engine hands to the transaction: everything it decided, nothing done yet."""

from __future__ import annotations

import msgspec

from emon.model.breach import Alert, Breach
from emon.model.care import Care
from emon.model.columns import QuietFixes
from emon.model.command import Command, Reply
from emon.model.fix import DeviceEvent, DeviceStatus, Fix, Rejection
from emon.model.watch import ServiceStop, Trouble, Watch


class Effects(msgspec.Struct, frozen=True):
    """Rows of one transaction. ``at_us`` is the ``received_at`` of everything in it.

    ``breaches`` are whole final rows, to be inserted or to replace the row of the same id;
    ``repeats`` counts exact repeats by device; alerts and commands are new rows only. ``watches``,
    ``troubles`` and ``cares`` replace the rows of the same device or id; ``stop`` is the service's stop
    that goes on or ends. ``quiet``: further fixes, as columns.
    """

    at_us: int
    fixes: tuple[Fix, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    statuses: tuple[DeviceStatus, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    repeats: tuple[tuple[str, int], ...] = ()
    breaches: tuple[Breach, ...] = ()
    alerts: tuple[Alert, ...] = ()
    replies: tuple[Reply, ...] = ()
    watches: tuple[Watch, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    stop: ServiceStop | None = None
    commands: tuple[Command, ...] = ()
    cares: tuple[tuple[str, Care], ...] = ()
    quiet: QuietFixes | None = None

    @property
    def fix_count(self) -> int:
        return len(self.fixes) + (0 if self.quiet is None else self.quiet.size)

    def all_fixes(self) -> tuple[Fix, ...]:
        """Those in columns too, as objects."""
        return self.fixes if self.quiet is None else (*self.fixes, *self.quiet.fixes())


class NewDelivery(msgspec.Struct, frozen=True):
    """One alert for one recipient by one channel, to be written with the alert it belongs to; or, where
    ``climb`` is above 0, with the climb that tells it again. ``party``: of a contact, whose it is."""

    alert_id: str
    recipient: str
    channel: str
    climb: int = 0
    party: str | None = None

    @property
    def id(self) -> str:
        """The idempotency key every channel sends: one alert, one recipient, one climb."""
        told = f"{self.alert_id}:{self.recipient}"
        return f"{told}:{self.climb}" if self.climb else told
