"""The kinds of fault that a scenario may have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.movement import Point
from simulator.spans import Span


class FaultKind(StrEnum):
    """``telecom_outage``: no connection in a region. ``broker_gone``: for nobody; both store fixes and
    send them all at the end, which is the return flood. ``service_stopped``: the broker keeps what
    comes. ``noisy_tenth``: a share of the devices repeat their messages. ``jammer``: no position near
    somebody who carries one. ``week_rollover``: dates 1,024 weeks early. ``wrong_time_zone``: an order
    armed with another zone than the court meant. ``swapped_devices``: two people wear each other's."""

    TELECOM_OUTAGE = "telecom_outage"
    BROKER_GONE = "broker_gone"
    SERVICE_STOPPED = "service_stopped"
    NOISY_TENTH = "noisy_tenth"
    JAMMER = "jammer"
    WEEK_ROLLOVER = "week_rollover"
    WRONG_TIME_ZONE = "wrong_time_zone"
    SWAPPED_DEVICES = "swapped_devices"


@dataclass(frozen=True, slots=True)
class ScenarioFault:
    """One fault. ``center`` None means everywhere; ``names`` are devices, or the order."""

    kind: FaultKind
    span: Span
    center: Point | None = None
    radius_m: float = 0.0
    names: tuple[str, ...] = ()
    share: float = 0.1
    times: int = 100
    carried_by: str = ""
    tz: str = ""
