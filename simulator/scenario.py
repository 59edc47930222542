"""What a scenario is: people in a world, the orders over them, what goes wrong, and what is due.

The truth is what the author wrote under ``expected`` or ``truth``. Nothing here asks the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent, Certainty, Party
from simulator.device_habits import PURSUIT_S, Habits
from simulator.faults.kinds import ScenarioFault
from simulator.moments import Calendar
from simulator.movement import Movement
from simulator.receiver import ReceiverModel
from simulator.spans import Span


class ScenarioRefused(ValueError):
    """A scenario that cannot be played, with every fault by its path."""

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults))
        self.name = name
        self.faults = faults


class Wire(StrEnum):
    """How a device speaks."""

    JSON = "json"
    PACKED = "packed"
    OWNTRACKS = "owntracks"


@dataclass(frozen=True, slots=True)
class DeviceNote:
    """A device event (contract, section 1) that its author lets happen."""

    at_s: float
    event: str
    state: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that reaches the device, and its reply; None while it never answers.

    ``rate`` confirmed means pursuit, a fix each 15 s for ``for_s``, or, where a slower ``rate_s`` than
    that is asked for, the device's own plan again: it knows these two.
    """

    at_s: float
    id: str
    asks: str
    reply_after_s: float | None
    for_s: float
    rate_s: float = PURSUIT_S


@dataclass(frozen=True, slots=True)
class Battery:
    """``level`` of 1 at the start, empty after ``lasts_s`` from full, full after ``charges_s`` from empty."""

    level: float
    lasts_s: float
    charges_s: float
    charging: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Blind:
    """No position although the device is heard; ``cause`` is its own word for it, or empty."""

    span: Span
    cause: str


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """A device and its habits. ``user`` is the OwnTracks user, the topic's middle level.

    Without ``habits`` it takes a fix each ``interval_s`` and sends it at once. ``silences``: no
    connection; what was taken is kept and sent at the end. ``off``: no power, so no fix either.
    """

    id: str
    wire: Wire = Wire.JSON
    user: str = ""
    interval_s: float = 1.0
    first_s: float = 0.0
    silences: tuple[Span, ...] = ()
    habits: Habits | None = None
    off: tuple[Span, ...] = ()
    blind: tuple[Blind, ...] = ()
    notes: tuple[DeviceNote, ...] = ()
    commands: tuple[Command, ...] = ()
    battery: Battery | None = None
    reboots_s: tuple[float, ...] = ()
    noisy: tuple[tuple[Span, int], ...] = ()
    rolled_over: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverKind:
    """A receiver of simulator/receivers by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded track by the name of its file in the folder of tracks, instead of a movement."""

    name: str


@dataclass(frozen=True, slots=True)
class Wearer:
    """``movement`` is where the person truly is; ``device_way`` where the device is, if elsewhere."""

    id: str
    note: str
    device: DevicePlan
    receiver: ReceiverModel | ReceiverKind | Recording
    movement: Movement
    device_way: Movement | None = None

    @property
    def way(self) -> Movement:
        return self.movement if self.device_way is None else self.device_way


@dataclass(frozen=True, slots=True)
class Expected:
    """One alert that is due, or with ``optional`` one that may come and is no fault.

    ``between_s`` bounds the alert's ``at`` in seconds after the start; ``certainty`` None leaves it
    open. ``recipients`` must be exactly those of the alert.
    """

    wearer: str
    order: str
    condition: str
    event: AlertEvent
    between_s: tuple[float, float]
    recipients: frozenset[Party]
    certainty: Certainty | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of ``truth``: a stay (``inside`` …) or a ruling (``must`` …), times in seconds.

    ``by_s`` of a stay is when it must have been told at the latest; None where nobody need be told.
    """

    kind: str
    wearer: str
    order: str
    condition: str
    from_s: float
    to_s: float
    recipients: frozenset[Party]
    event: AlertEvent | None = None
    certainty: Certainty | None = None
    deepest_m: float = 0.0
    active: bool = True
    late: bool = False
    by_s: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """``orders`` is the orders document as written, its instants still relative to the start.

    ``calendar`` has the scenario's own start where it names one (``dated``), else a sample.
    """

    name: str
    title: str
    seed: int
    duration_s: float
    wearers: tuple[Wearer, ...]
    orders: Mapping[str, Any]
    expected: tuple[Expected, ...] = ()
    note: str = ""
    dated: bool = False
    calendar: Calendar = field(default_factory=lambda: Calendar(0, "Europe/Amsterdam"))
    faults: tuple[ScenarioFault, ...] = ()
    truth: tuple[Told, ...] | None = None
    complete: frozenset[AlertEvent] = frozenset()
    service_stops: tuple[Span, ...] = ()

    def wearer_of_order(self, order: str) -> str | None:
        """Who an order of this scenario is about."""
        for entry in self.orders["orders"]:
            if entry["id"] == order:
                return str(entry["wearer"])
        return None
