"""What a report is made of: rows as the database answers them."""

from __future__ import annotations

import msgspec

from emon.alerts.ladder import Contact, Shift
from emon.model.order import OrderVersion
from emon.model.resolution import ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Source


class DecidingFix(msgspec.Struct, frozen=True, gc=False):
    """The fix that an alert was decided by. Degrees WGS84; ``accuracy_m``: the 95 % circle it claimed."""

    lon: float
    lat: float
    accuracy_m: float
    source: Source


class FiledAlert(msgspec.Struct, frozen=True, gc=False):
    """One alert of the period. ``version``: of its order, when it was decided. ``cause`` and ``outcome``:
    what a person closed it with, None while it is open. ``centre``: whether it went to the monitoring centre.
    """

    id: str
    event: AlertEvent
    detected_at_us: int
    centre: bool = True
    breach: str | None = None
    order: str | None = None
    version: int | None = None
    condition: str | None = None
    wearer: str | None = None
    device: str | None = None
    certainty: Certainty | None = None
    how: How | None = None
    cause: ClosingCause | None = None
    outcome: ClosingOutcome | None = None
    fix: DecidingFix | None = None


class Login(msgspec.Struct, frozen=True):
    """A person of the monitoring centre logged in or out."""

    name: str
    at_us: int
    out: bool


class Filed(msgspec.Struct, frozen=True):
    """Everything that a report of ``[from_us, to_us)`` is made of.

    ``decided``: the versions that the alerts name. ``newest``: of each order the newest version. ``shifts``
    and ``contacts``: of the policy in force. ``models``: the model of each device, as far as it is known.
    """

    from_us: int
    to_us: int
    alerts: tuple[FiledAlert, ...] = ()
    decided: tuple[OrderVersion, ...] = ()
    newest: tuple[OrderVersion, ...] = ()
    logins: tuple[Login, ...] = ()
    shifts: tuple[Shift, ...] = ()
    contacts: tuple[Contact, ...] = ()
    models: dict[str, str] = {}
