"""Made-up alerts of a period, so that each test says only what matters to it."""

from __future__ import annotations

import itertools
from typing import Any

from emon.feedback.rows import DecidingFix, Filed, FiledAlert
from emon.model.instant import DAY_US, parse_instant
from emon.model.order import (
    AreaZone,
    CircleZone,
    Condition,
    CorridorZone,
    DeviceUse,
    OrderVersion,
    Zone,
)
from emon.model.resolution import ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, LegalBasis, Source

FROM_US = parse_instant("2026-11-02T00:00:00Z")
TO_US = FROM_US + 7 * DAY_US
SQUARE = AreaZone(
    (
        (
            ((4.47, 51.92), (4.48, 51.92), (4.48, 51.93), (4.47, 51.93), (4.47, 51.92)),
            ((4.474, 51.924), (4.476, 51.924), (4.476, 51.926), (4.474, 51.926), (4.474, 51.924)),
        ),
    )
)
CIRCLE = CircleZone((4.50, 51.90), 400.0)
ROAD = CorridorZone(((4.40, 51.90), (4.42, 51.90), (4.42, 51.91)), 50.0)
_numbers = itertools.count(1)


def fix(lon: float, lat: float, accuracy_m: float = 10.0, source: Source = Source.GNSS) -> DecidingFix:
    return DecidingFix(lon, lat, accuracy_m, source)


def told(cause: ClosingCause | None = None, **changes: Any) -> FiledAlert:
    """An alert on a breach of the square, each of a breach of its own; closed where a cause is given."""
    number = next(_numbers)
    members: dict[str, Any] = {
        "id": f"a-{number}",
        "event": AlertEvent.BREACH,
        "detected_at_us": FROM_US + number * 60_000_000,
        "breach": f"b-{number}",
        "order": "o-1",
        "version": 1,
        "condition": "c-1",
        "wearer": "w-1",
        "device": "d-1",
        "certainty": Certainty.PROBABLE,
        "how": How.INSIDE,
        "cause": cause,
        "outcome": None if cause is None else ClosingOutcome.NO_ACTION,
        "fix": fix(4.4702, 51.9210),
    }
    return FiledAlert(**(members | changes))


def of_device(event: AlertEvent, cause: ClosingCause | None = None, **changes: Any) -> FiledAlert:
    """An alert that has no breach, order or condition."""
    bare = dict.fromkeys(("breach", "order", "version", "condition", "certainty", "how", "fix"))
    return told(cause, event=event, **(bare | changes))


def order(name: str = "o-1", wearer: str = "w-1", *conditions: Condition, **changes: Any) -> OrderVersion:
    members: dict[str, Any] = {
        "version": 1,
        "legal_basis": LegalBasis.SCHORSING,
        "valid_from_us": FROM_US - 30 * DAY_US,
        "conditions": conditions or (ban("c-1", SQUARE),),
        "armed_at_us": FROM_US - 30 * DAY_US,
        "devices": (DeviceUse("d-1"),),
    }
    return OrderVersion(id=name, wearer=wearer, **(members | changes))


def ban(name: str, zone: Zone) -> Condition:
    return Condition(name, Kind.EXCLUSION, zone)


def required(name: str, zone: Zone) -> Condition:
    return Condition(name, Kind.INCLUSION, zone)


def filed(*alerts: FiledAlert, **changes: Any) -> Filed:
    versions = (order(),)
    return Filed(FROM_US, TO_US, alerts, **({"decided": versions, "newest": versions} | changes))
