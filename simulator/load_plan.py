"""What a load consists of: numbered devices, their bans, and the alerts that are due.

Every device stands beside a ban of its own. A known number of them jump into it half-way, from
15 m outside to 50 m inside between two fixes, and stay. So a reflection does too: for two minutes
that is a possible breach, exactly one and with exactly one alert, to the monitoring centre, however
the service batches their fixes. Who stays longer raises one alert more at two and one at eight
minutes (docs/adr/0012).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emon.limits import FIXES_PER_MESSAGE_MAX, PLAUSIBLE_SPEED_MAX_M_S, SEQ_MAX
from emon.model.instant import DAY_US, format_instant
from simulator.limits import LOAD_CONNECTIONS_MAX, LOAD_DEVICES_MAX, LOAD_RATE_MAX_PER_S, LOAD_SECONDS_MAX
from simulator.load_mix import offset_m
from simulator.movement import metres_per_degree, shifted

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ORIGIN = (4.30, 51.80)  # south-west of Rotterdam
_SPACING_M = 500.0
_COLUMNS = 200
_RADIUS_M = 100.0
_OUTSIDE_M = 15.0
_INSIDE_M = 50.0
_STEP_M = 2.5  # a standing receiver's wander, so that no two positions repeat
RAMP_BEGINS = 0.1  # share of the rate with which a ramp starts


class LoadRefused(ValueError):
    """A load that cannot be made or whose alerts could not be known."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """An open-loop load: message number ``i`` is due at a fixed time, whatever the broker does.

    A message holds ``batch`` successive fixes of one device and is due when its last fix is; it is an
    object or an array of JSON, or with ``packed`` records of ``fixb``. ``mixed``: some walk and some drive
    (``load_mix``), none into a ban; else all stand.
    """

    rate_per_s: float
    seconds: float
    devices: int
    connections: int
    breaches: int
    ramp: bool = False
    prefix: str = "load"
    batch: int = 1
    packed: bool = False
    mixed: bool = False

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
                (
                    not 1 <= self.batch <= FIXES_PER_MESSAGE_MAX,
                    f"--batch must be 1 to {FIXES_PER_MESSAGE_MAX}",
                ),
                (
                    self.batch >= 1 and not self._mean_rate_per_s * self.seconds >= self.batch,
                    "not one message would be full: lower --batch or raise --rate or --seconds",
                ),
                (not 0 <= self.breaches <= self.devices, "--breaches: 0 to the number of devices"),
                (self.mixed and self.breaches > 0, "--mixed: nobody enters a ban; give --breaches 0"),
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
                (
                    self.breaches > 0 and self.rate_per_s * self.seconds < 2 * self.devices * self.batch,
                    "each device needs two messages, one before its step and one after: lower --devices"
                    " or --batch, or raise --rate or --seconds, or --breaches 0",
                ),
            )
            if wrong
        ]
        if faults:
            raise LoadRefused("; ".join(faults))

    @property
    def fixes(self) -> int:
        """How many fixes the load has: the rate's integral over its seconds, in whole messages."""
        return min(int(self._mean_rate_per_s * self.seconds), SEQ_MAX) // self.batch * self.batch

    @property
    def _mean_rate_per_s(self) -> float:
        return self.rate_per_s * ((1.0 + RAMP_BEGINS) / 2.0 if self.ramp else 1.0)

    @property
    def messages(self) -> int:
        return self.fixes // self.batch

    def due_s(self, message: int) -> float:
        """When a message is due, in seconds after the start."""
        return float(self.dues_s(np.array([message]))[0])

    def dues_s(self, messages: Ints) -> Floats:
        """When each message is due, in seconds after the start: at its last fix."""
        share: Floats = ((messages + 1) * self.batch - 1) / self.rate_per_s
        if not self.ramp:
            return share
        # number = rate * (b t + (1 - b) t^2 / (2 S)), solved for t
        rise = (1.0 - RAMP_BEGINS) / (2.0 * self.seconds)
        found: Floats = (np.sqrt(RAMP_BEGINS**2 + 4.0 * rise * share) - RAMP_BEGINS) / (2.0 * rise)
        return found

    def due_before(self, elapsed_s: float) -> int:
        """How many messages are due by then."""
        if elapsed_s <= 0.0:
            return 0
        second = min(elapsed_s, self.seconds) if self.ramp else elapsed_s
        rise = RAMP_BEGINS * second + (1.0 - RAMP_BEGINS) * second**2 / (2.0 * self.seconds)
        fixes = int(self.rate_per_s * (rise if self.ramp else second)) + 1
        return min(fixes, self.fixes) // self.batch

    def name(self, device: int) -> str:
        return f"{self.prefix}-{device:07d}"

    def breaching(self, device: Ints) -> npt.NDArray[np.bool_]:
        """Which devices step in: spread evenly, so over the connections and the seconds."""
        found: npt.NDArray[np.bool_] = (device + 1) * self.breaches // self.devices > (
            device * self.breaches // self.devices
        )
        return found


def _shortest_step_s() -> float:
    return (_OUTSIDE_M + _INSIDE_M + 2 * _STEP_M) / (0.9 * PLAUSIBLE_SPEED_MAX_M_S)


class Places:
    """Where each device's fixes lie, in units of 1e-7 degrees as a packed fix has them."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._half = plan.messages // 2
        centres = [centre_of(row * _COLUMNS) for row in range(_COLUMNS)]
        scales = [metres_per_degree(lat) for _, lat in centres]
        self._west = np.array([lon for lon, _ in centres])
        self._lat = np.array([lat for _, lat in centres])
        self._per_metre_east = np.array([1.0 / east for east, _ in scales])
        self._step = np.array([_STEP_M / north for _, north in scales])

    def at(self, messages: Ints, t_ms: Ints | None = None) -> tuple[Ints, Ints]:
        """Longitudes and latitudes of the fixes of each message, two arrays of (messages, batch). ``t_ms``:
        their times, where devices move."""
        plan = self._plan
        turn, device = np.divmod(messages, plan.devices)
        row = device // _COLUMNS % _COLUMNS
        inside = (messages >= self._half) & plan.breaching(device)
        beyond_m = np.where(inside, -_INSIDE_M, _OUTSIDE_M)
        north: Floats | float = 0.0
        if plan.mixed and t_ms is not None:
            beyond_m, north_m = offset_m(device, t_ms)
            north = north_m * (self._step[row] / _STEP_M)[:, None]
        east_m = device % _COLUMNS * _SPACING_M + _RADIUS_M + beyond_m
        lon = self._west[row] + east_m * self._per_metre_east[row]
        turns = turn[:, None] * plan.batch + np.arange(plan.batch)
        lat = self._lat[row][:, None] + north + self._step[row][:, None] * (turns % 7 - 3) / 3.0
        return (
            np.broadcast_to(np.rint(lon * 1e7).astype(np.int64)[:, None], lat.shape),
            np.rint(lat * 1e7).astype(np.int64),
        )


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
