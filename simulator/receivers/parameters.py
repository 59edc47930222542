"""The parameters of a receiver: frozen values with units, refused by name when they make no sense.

The kinds that exist, with the source of each number, are in ``kinds.py``; defaults have theirs here, in the
same words. Claimed radii here are
those of a 68 % circle (the names say 68), as receivers report them and the tracks' README tabulates
them; ``Observed.accuracy_m`` is 1.6214 times as large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np

from simulator.path import Surroundings
from simulator.receivers.observed import Floats
from simulator.receivers.places import map_key
from simulator.receivers.tables import Table, table_of

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Astray:
    """Episodes in which the position lies far off to one side: multipath, a wrong reflection.

    ``share`` of the time and mean length ``stay_s``; each episode has one offset, its size
    log-uniform in ``off_m``. ``claim68_m`` bounds the confident claim made meanwhile; without it the
    claim is what it would have been.
    """

    share: float = 0.0
    stay_s: float = 30.0  # [README] excursions are mostly one fix of 30 s long
    off_m: Bounds = (20.0, 70.0)  # [README] counted above 20 m, the largest 71 m
    claim68_m: Bounds | None = None


@dataclass(frozen=True, slots=True)
class Poor:
    """Episodes in which reception is bad and the receiver knows: it claims a radius log-uniform in
    ``claim68_m`` and drifts, within ``ramp_s``, off by ``off_per_claim`` of it (log-uniform too)."""

    share: float = 0.0
    stay_s: float = 40.0  # [own] a bridge, a row of high houses
    claim68_m: Bounds = (22.0, 75.0)  # [README] claims of 20 to 100 m are some percent of the moving ones
    off_per_claim: Bounds = (0.1, 1.2)  # [README] those claims hold 96 to 99.5 % of the fixes
    ramp_s: float = 10.0  # [own] receivers filter: no step


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a receiver makes of one kind of surroundings.

    ``gnss``, ``wifi``, ``cell``, ``far`` and ``hold`` share the fixes (they sum to 1): own satellites,
    Wi-Fi, a near mast, a mast kilometres away, the last position again with a growing claim; one lasts
    ``stay_s`` in the mean. ``lost_share`` of the time there is no fix at all, ``lost_s`` on end.
    The satellite error an axis is Gauss-Markov of deviation ``fast_m`` and ``slow_m`` and white
    noise ``white_m``, times a slow log-normal swing of log-deviation ``wild``; above the receiver's knee it
    grows with the claim's power ``error_per_claim``. It claims ``claim68_m`` in the median, with
    log-deviation ``claim_spread`` within a session and ``session_claim`` from one to the next.
    """

    gnss: float = 1.0
    wifi: float = 0.0
    cell: float = 0.0
    far: float = 0.0
    hold: float = 0.0
    stay_s: float = 60.0  # [own] a source serves for a minute
    lost_share: float = 0.0
    lost_s: float = 60.0  # [own] as long as a short tunnel
    fast_m: float = 3.0  # this and the next four: every kind sets its own; here a plain receiver's [own]
    slow_m: float = 2.0
    white_m: float = 0.3
    wild: float = 0.5
    claim68_m: float = 6.0
    claim_spread: float = 0.5
    error_per_claim: float = 0.65  # [README] moving: 3.2 m at claims of 5 to 10 m, 13 m at 50 to 100 m
    session_claim: float = 0.0
    astray: Astray = field(default_factory=Astray)
    poor: Poor = field(default_factory=Poor)


@dataclass(frozen=True, slots=True)
class Wifi:
    """Positions from Wi-Fi: a scan each ``scan_s`` finds a new target of deviation ``sigma_m`` an axis
    about a biased place, correlated over ``drift_s``; what is reported runs after it (``relax_s``).
    ``scan_share`` of the variance is new at each scan. ``session`` is the log-deviation of ``sigma_m`` from
    one session to the next."""

    scan_s: float = 30.0  # [own] with each fix of the plan
    sigma_m: float = 1.0  # [README] Android's barely move
    drift_s: float = 600.0  # [README] the slow time constant
    relax_s: float = 5.0  # [own]
    bias_m: Bounds = (0.0, 3.0)  # [README] half of the fixes within 1.6 m of the reference
    claim68_m: float = 15.7  # [track still-home-android] the claim of half of its fixes, to the decimetre
    claim_spread: float = 0.02  # [own] nearly always the same claim
    scan_share: float = 0.0
    session: float = 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Positions from a near mast: few values that repeat, each held for ``stay_s`` in the mean."""

    spacing_m: float = 400.0  # [own] of a town
    stay_s: float = 600.0  # [README] they stay on each for minutes
    claim68_m: Bounds = (600.0, 1200.0)  # [README] 900 m in the median, 1200 m at most
    bold_share: float = 0.0
    bold_claim68_m: Bounds = (9.0, 20.0)  # [track still-home-android-cell] 9 m and somewhat more


@dataclass(frozen=True, slots=True)
class Far:
    """Positions kilometres away that come back: two masts for each stretch of ``region_m``. Within a stay
    at one, ``flicker_share`` of the fixes come from the satellites again: the position hops to and fro.
    ``wander_m`` is the deviation of one fix there from the next; without it the fixes repeat."""

    off_m: Bounds = (1_000.0, 30_000.0)  # [README] up to 35 km, most that no claim explains 15 to 28 km
    claim68_m: Bounds = (100.0, 4_000.0)  # [README] 26 m to 4 km
    region_m: float = 8_000.0  # [own] the two places stay for some stations
    flicker_share: float = 0.1  # [track daytrip-android] to and fro, fix by fix
    wander_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Cold:
    """After so long without satellites the first fix takes ``first_fix_s`` and errs by up to ``off_m``,
    settling within ``settle_s``; ``warm_s`` is as long a loss as leaves no trace."""

    warm_s: float = 120.0  # [own] the clock and the filter hold so long
    cold_s: float = 4 * 3_600.0  # [own] broadcast ephemerides serve for two to four hours
    first_fix_s: float = 35.0  # [own] 30 s is one frame of ephemerides, read without a fault
    off_m: float = 40.0  # [README] the first and last minutes of a stay err the most
    settle_s: float = 20.0  # [own] as the fast drift


class Uses(NamedTuple):
    """Which sources a receiver ever answers from."""

    gnss: bool
    wifi: bool
    cell: bool
    far: bool


@dataclass(frozen=True, slots=True)
class Receiver:
    """A kind of receiver: its conditions by ``Surroundings`` code, and what is its own everywhere.

    ``wild_s`` and ``claim_s`` are the time constants of swing and claim. Above a claim of ``knee68_m`` the
    error grows with the claim; below it bolder claims mean no smaller error.
    ``levels68_m`` are the only claims it makes, if any. ``bias_m`` is the constant error of satellite
    positions at a place. ``quiet_m``: moves less than that are not delivered. ``doze_share`` of the
    time it says nothing while the wearer stands, ``doze_s`` on end: phones do, bracelets do not.
    ``map_name`` names what network and place make of it: receivers of one map share biases and masts.
    One call of ``observe`` is one session, and sessions differ: ``session`` is the log-deviation of the
    satellites' error from one to the next (claims go with it, see ``Conditions``), ``session_poor`` that
    of how often reception is poor or lost, ``session_m`` the deviation an axis of an offset that stays.

    The last five fields follow from the others: they are what the kernels read.
    """

    name: str
    conditions: tuple[Conditions, ...]
    map_name: str
    fast_s: float = 25.0  # [README] 20 to 60 s still, 12 to 30 s moving
    slow_s: float = 700.0  # [README] 12 min in the median of 16 nights
    wild_s: float = 90.0  # [README] most of the deviation comes from short stretches
    claim_s: float = 60.0  # [own] as long as a street's width of sky stays the same
    knee68_m: float = 10.0  # [README] treat claims below about 10 m as 10 m at least
    floor68_m: float = 3.0  # [README] the least claim of Android
    levels68_m: tuple[float, ...] = ()
    bias_m: Bounds = (0.0, 4.0)  # [own] what differs from house to house
    bias_spacing_m: float = 60.0  # [own] some houses on
    wifi: Wifi = field(default_factory=Wifi)
    cell: Cell = field(default_factory=Cell)
    far: Far = field(default_factory=Far)
    cold: Cold = field(default_factory=Cold)
    hold_growth68_m_s: float = 13.0  # [track daytrip-android] 13.00 m/s in the median, underground
    hold_claim68_max_m: float = 6_500.0  # [track daytrip-android] up to 7.3 km
    quiet_m: float = 0.0
    doze_share: float = 0.0
    doze_s: float = 3_600.0  # [README] silent for 5 to 340 min
    session: float = 0.0
    session_poor: float = 0.0
    session_m: float = 0.0
    met: Table = field(init=False, repr=False, compare=False)
    own: np.void = field(init=False, repr=False, compare=False)
    levels: Floats = field(init=False, repr=False, compare=False)
    keys: tuple[np.uint64, ...] = field(init=False, repr=False, compare=False)
    uses: Uses = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise ValueError(f"receiver {self.name!r}: " + "; ".join(faults))
        set_ = object.__setattr__
        set_(self, "met", table_of(self.conditions))
        set_(self, "own", table_of([self], skip=_NOT_IN_THE_TABLE)[0])
        set_(self, "levels", np.array(self.levels68_m, np.float64))
        maps = (self.map_name, *(f"{self.map_name} {network}" for network in ("wifi", "cell", "far")))
        set_(self, "keys", tuple(map_key(name) for name in maps))
        shares = {name: any(getattr(met, name) > 0.0 for met in self.conditions) for name in Uses._fields}
        set_(self, "uses", Uses(**shares))


_DERIVED = ("met", "own", "levels", "keys", "uses")
_NOT_IN_THE_TABLE = ("name", "conditions", "map_name", "levels68_m", *_DERIVED)


def _faults(receiver: Receiver) -> list[str]:
    faults = _bad_numbers("", receiver)
    for part in ("wifi", "cell", "far", "cold"):
        faults += _bad_numbers(f"{part}.", getattr(receiver, part))
    if len(receiver.conditions) != len(Surroundings):
        faults.append(f"conditions: {len(receiver.conditions)} given, not {len(Surroundings)}")
    for code, met in enumerate(receiver.conditions):
        where = f"conditions[{code}]."
        faults += _bad_numbers(where, met)
        faults += _bad_numbers(f"{where}astray.", met.astray) + _bad_numbers(f"{where}poor.", met.poor)
        total = met.gnss + met.wifi + met.cell + met.far + met.hold
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            faults.append(f"{where}gnss, wifi, cell, far and hold sum to {total:g}, not to 1")
    if any(low >= high for low, high in zip(receiver.levels68_m, receiver.levels68_m[1:], strict=False)):
        faults.append("levels68_m must rise")
    return faults


_SOURCES = ("gnss", "wifi", "cell", "far", "hold")
_ABOVE_ZERO = ("_s", "claim68_m", "spacing_m", "region_m", "floor68_m", "knee68_m")


def _bad_numbers(where: str, part: object) -> list[str]:
    faults = []
    for name in (f.name for f in fields(part) if f.init):  # type: ignore[arg-type]
        value = getattr(part, name)
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if not isinstance(number, int | float):
                continue
            if not math.isfinite(number) or number < 0.0:
                faults.append(f"{where}{name} is {number}; must be 0 or more")
            elif (name in _SOURCES or name.endswith("share")) and number > 1.0:
                faults.append(f"{where}{name} is {number}; a share is at most 1")
            elif number == 0.0 and name.endswith(_ABOVE_ZERO) and not name.endswith("_m_s"):
                faults.append(f"{where}{name} is 0; must be above 0")
        if isinstance(value, tuple) and len(value) == 2 and name.endswith("_m") and value[0] > value[1]:
            faults.append(f"{where}{name} is {value}; the lower bound comes first")
    return faults
