"""What a load consists of: numbered devices, their bans, and the alerts that are due.

Every device stands beside a ban of its own. A known number of them jump into it half-way, from
15 m outside to 50 m inside between two fixes, and stay: their orders are of high risk, where a
probable breach already tells everyone a certain one would tell, so that each gives exactly one
breach and exactly one alert, however the service batches their fixes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emon.limits import (
    LOAD_CONNECTIONS_MAX,
    LOAD_DEVICES_MAX,
    LOAD_RATE_MAX_PER_S,
    LOAD_SECONDS_MAX,
    PLAUSIBLE_SPEED_MAX_M_S,
    SEQ_MAX,
)
from emon.model.instant import DAY_US, format_instant
from simulator.movement import metres_per_degree, shifted

_ORIGIN = (4.30, 51.80)  # south-west of Rotterdam
_SPACING_M = 500.0
_COLUMNS = 200
_RADIUS_M = 100.0
_OUTSIDE_M = 15.0
_INSIDE_M = 50.0
_STEP_M = 2.5  # a standing receiver's wander, so that no two positions repeat
_ACCURACY_M = 10.0
RAMP_BEGINS = 0.1  # share of the rate with which a ramp starts


class LoadRefused(ValueError):
    """A load that cannot be made or whose alerts could not be known."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """An open-loop load: fix number ``i`` is due at a fixed time, whatever the broker does."""

    rate_per_s: float
    seconds: float
    devices: int
    connections: int
    breaches: int
    ramp: bool = False
    prefix: str = "load"

    def __post_init__(self) -> None:
        """Raises ``LoadRefused`` with everything that is wrong."""
        most_per_s, step_s = LOAD_RATE_MAX_PER_S, _shortest_step_s()
        faults = [
            message
            for wrong, message in (
                (not 0.0 < self.rate_per_s <= most_per_s, f"--rate must be above 0, at most {most_per_s:g}"),
                (
                    not 0.0 < self.seconds <= LOAD_SECONDS_MAX,
                    f"--seconds: above 0, at most {LOAD_SECONDS_MAX:g}",
                ),
                (not 1 <= self.devices <= LOAD_DEVICES_MAX, f"--devices must be 1 to {LOAD_DEVICES_MAX}"),
                (
                    not 1 <= self.connections <= LOAD_CONNECTIONS_MAX,
                    f"--connections: 1 to {LOAD_CONNECTIONS_MAX}",
                ),
                (not 0 <= self.breaches <= self.devices, "--breaches: 0 to the number of devices"),
                (
                    self.breaches > 0 and self.rate_per_s * step_s > self.devices,
                    f"a device would send more often than each {step_s:.2f} s, and its step into the ban"
                    " would be faster than any train: raise --devices or lower --rate, or --breaches 0",
                ),
                (
                    self.breaches > 0 and self.rate_per_s * self.seconds < 6 * self.devices,
                    "each device needs six fixes, three before its step and three after: lower --devices"
                    " or raise --rate or --seconds, or --breaches 0",
                ),
            )
            if wrong
        ]
        if faults:
            raise LoadRefused("; ".join(faults))

    @property
    def fixes(self) -> int:
        """How many fixes the load has: the rate's integral over its seconds."""
        mean = (1.0 + RAMP_BEGINS) / 2.0 if self.ramp else 1.0
        return min(int(self.rate_per_s * self.seconds * mean), SEQ_MAX)

    def due_s(self, number: int) -> float:
        """When fix ``number`` is due, in seconds after the start."""
        if not self.ramp:
            return number / self.rate_per_s
        # number = rate * (b t + (1 - b) t^2 / (2 S)), solved for t
        rise = (1.0 - RAMP_BEGINS) / (2.0 * self.seconds)
        share = number / self.rate_per_s
        return (math.sqrt(RAMP_BEGINS**2 + 4.0 * rise * share) - RAMP_BEGINS) / (2.0 * rise)

    def due_before(self, elapsed_s: float) -> int:
        """How many fixes are due by then."""
        if elapsed_s <= 0.0:
            return 0
        if not self.ramp:
            return min(int(elapsed_s * self.rate_per_s) + 1, self.fixes)
        second = min(elapsed_s, self.seconds)
        sent = RAMP_BEGINS * second + (1.0 - RAMP_BEGINS) * second**2 / (2.0 * self.seconds)
        return min(int(self.rate_per_s * sent) + 1, self.fixes)

    def name(self, device: int) -> str:
        return f"{self.prefix}-{device:07d}"

    def breaching(self, device: int) -> bool:
        """Spread evenly over the devices, so over the connections and the seconds."""
        return (device + 1) * self.breaches // self.devices > device * self.breaches // self.devices


def _shortest_step_s() -> float:
    return (_OUTSIDE_M + _INSIDE_M + 2 * _STEP_M) / (0.9 * PLAUSIBLE_SPEED_MAX_M_S)


class Places:
    """Where each device's fixes lie; all numbers are prepared, a fix costs a few additions."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._half = plan.fixes // 2
        self._homes: list[tuple[float, float, float, float]] = []
        for device in range(plan.devices):
            centre = centre_of(device)
            outside = shifted(centre, _RADIUS_M + _OUTSIDE_M, 0.0)
            inside = shifted(centre, _RADIUS_M - _INSIDE_M, 0.0)
            after = inside if plan.breaching(device) else outside
            self._homes.append((outside[0], after[0], centre[1], _STEP_M / metres_per_degree(centre[1])[1]))

    def at(self, number: int, device: int, turn: int) -> tuple[float, float]:
        """(longitude, latitude) of fix ``number`` of the load, the device's ``turn``-th."""
        before, after, lat, step = self._homes[device]
        return (before if number < self._half else after), lat + step * (turn % 7 - 3) / 3.0


def centre_of(device: int) -> tuple[float, float]:
    """The centre of a device's own ban: a grid 500 m apart."""
    row, column = divmod(device, _COLUMNS)
    return shifted(shifted(_ORIGIN, 0.0, row % _COLUMNS * _SPACING_M), column * _SPACING_M, 0.0)


def load_orders(plan: LoadPlan, start_us: int) -> Iterator[bytes]:
    """The orders document of a load in pieces, to be written to a file one after another."""
    yield b'{"orders": [\n'
    for device in range(plan.devices):
        centre = centre_of(device)
        order: dict[str, Any] = {
            "id": f"o-{plan.name(device)}",
            "version": 1,
            "wearer": f"w-{plan.name(device)}",
            "device": plan.name(device),
            "legal_basis": "gedragsaanwijzing",
            "risk": "high",
            "valid_from": format_instant(start_us - DAY_US),
            "conditions": [
                {
                    "id": "c-1",
                    "kind": "exclusion",
                    "zone": {
                        "type": "Circle",
                        "center": [round(centre[0], 7), round(centre[1], 7)],
                        "radius_m": _RADIUS_M,
                    },
                }
            ],
        }
        yield json.dumps(order, separators=(",", ":")).encode()
        yield b",\n" if device + 1 < plan.devices else b"\n"
    yield b"]}\n"


def payload_of(seq: int, t_ms: int, lon: float, lat: float) -> bytes:
    """One fix as the contract's section 1 writes it, time in integer milliseconds."""
    return b'{"seq":%d,"t":%d,"lat":%.7f,"lon":%.7f,"acc":%.1f}' % (seq, t_ms, lat, lon, _ACCURACY_M)
