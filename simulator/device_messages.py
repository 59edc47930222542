"""Messages as they leave a device, beside the truth that only the simulator knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from emon.limits import R95_PER_R68
from emon.model.instant import SECOND_US, to_datetime
from simulator.movement import Point
from simulator.scenario import DevicePlan, Wire


@dataclass(frozen=True, slots=True)
class SentFix:
    """One fix as sent, beside the truth that only the simulator knows.

    ``wire`` is the JSON object of the device's own format, ``plain`` the same fix as the contract's
    section 1 writes it (with an OwnTracks radius turned into the 95 % one).
    """

    device: str
    seq: int
    fixed_at_us: int
    true_point: Point
    wire: dict[str, Any]
    plain: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sending:
    """One MQTT message: when it arrives, the fixes in it, and what else it says as members of a line."""

    at_us: int
    topic: str
    payload: bytes
    fixes: tuple[SentFix, ...]
    said: tuple[dict[str, Any], ...] = ()

    def later(self, by_us: int) -> Sending:
        return replace(self, at_us=self.at_us + by_us)


def topic_of(plan: DevicePlan) -> str:
    """Where its fixes are published."""
    if plan.wire is Wire.OWNTRACKS:
        return f"owntracks/{plan.user}/{plan.id}"
    return f"emon/v1/{plan.id}/{'fixb' if plan.wire is Wire.PACKED else 'fix'}"


def owntracks_body(device: str, fixed_at_us: int, plain: dict[str, Any], battery: float) -> dict[str, Any]:
    """The ``location`` message as the phone's app sends it: whole metres of the 68 % radius, km/h."""
    return {
        "_type": "location",
        "tid": device[-2:],
        "tst": fixed_at_us // SECOND_US,
        "lat": plain["lat"],
        "lon": plain["lon"],
        "acc": max(1, round(plain["acc"] / R95_PER_R68)),
        "vel": round(plain["spd"] * 3.6),
        "batt": int(battery * 100),
        "conn": "m",
        "t": "u",
    }


def stamp(instant_us: int) -> str:
    """RFC 3339 UTC with milliseconds, as the devices of the contract write it."""
    return to_datetime(instant_us).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
