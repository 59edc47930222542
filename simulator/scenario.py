"""What a scenario is: wearers in a world, the orders over them, and the alerts that are due.

The truth is what the author wrote under ``expected``. Nothing here asks the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent, Certainty, Party
from simulator.movement import Movement
from simulator.receiver import ReceiverModel


class ScenarioRefused(ValueError):
    """A scenario that cannot be played, with every fault by its path."""

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults))
        self.name = name
        self.faults = faults


class Wire(StrEnum):
    """How a device speaks."""

    JSON = "json"
    OWNTRACKS = "owntracks"


@dataclass(frozen=True, slots=True)
class Silence:
    """No connection in ``[from_s, to_s)``; the stored fixes are sent at its end as one array."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """A device and its habits. ``user`` is the OwnTracks user, the topic's middle level."""

    id: str
    wire: Wire = Wire.JSON
    user: str = ""
    interval_s: float = 1.0
    first_s: float = 0.0
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Wearer:
    id: str
    note: str
    device: DevicePlan
    receiver: ReceiverModel
    movement: Movement


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
class Scenario:
    """``orders`` is the orders document as written, its instants still relative to the start."""

    name: str
    title: str
    seed: int
    duration_s: float
    wearers: tuple[Wearer, ...]
    orders: Mapping[str, Any]
    expected: tuple[Expected, ...]

    def wearer_of_order(self, order: str) -> str | None:
        """Who an order of this scenario is about."""
        for entry in self.orders["orders"]:
            if entry["id"] == order:
                return str(entry["wearer"])
        return None
