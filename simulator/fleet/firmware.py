"""What a device does while satellites give it nothing: it says that it lives, and asks masts and Wi-Fi.

Makers differ. SCRAM, Attenti and the bracelets of the UK's Ministry of Justice keep in touch while they
have no position and take positions from the network each 3 min [field]; older ones send what they have,
and nothing else. Which share does what nobody publishes: the shares here are assumptions [own]. What a
position from a mast is worth is calibrated: the kind ``bracelet`` of ``kinds.py``, its satellites taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.fleet.plans import CELL_S
from simulator.path import Surroundings
from simulator.receivers.kinds import KINDS
from simulator.receivers.observed import CELL, Observed
from simulator.receivers.parameters import Conditions, Receiver

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MUTE_SHARE = 0.1  # [own] old devices in the field: a message is a fix or an event
MASTS_SHARE = 0.8  # [own] of the others, how many fall back on the network


@dataclass(frozen=True, slots=True)
class Firmware:
    """``beats``: whenever the plan asks and there is no fix, it says `online`. ``masts``: after
    ``falls_back_s`` without a fix it asks the network for a position, each 180 s."""

    beats: bool = True
    masts: bool = True
    falls_back_s: float = CELL_S  # [field] "3 min on cell positions"


_UNDERGROUND = (Surroundings.DEEP, Surroundings.TUNNEL, Surroundings.GARAGE)


def _without_satellites(code: int, met: Conditions) -> Conditions:
    """Wi-Fi and masts in the shares that they have to each other; overground there is always one."""
    network = met.wifi + met.cell + met.far
    shares = (
        (0.0, 1.0, 0.0) if network == 0.0 else (met.wifi / network, met.cell / network, met.far / network)
    )
    lost_share = met.lost_share if code in _UNDERGROUND else 0.0
    wifi, cell, far = shares
    return replace(met, gnss=0.0, wifi=wifi, cell=cell, far=far, hold=0.0, lost_share=lost_share)


NETWORK: Receiver = replace(
    KINDS["bracelet"],
    name="bracelet-network",
    conditions=tuple(_without_satellites(code, met) for code, met in enumerate(KINDS["bracelet"].conditions)),
)
"""What masts and Wi-Fi alone give a bracelet."""


def firmware_of(rng: np.random.Generator, mute_share: float) -> Firmware:
    """The firmware of one device, drawn. ``mute_share`` of them say nothing without a fix."""
    mute, masts = rng.random(2)
    return Firmware(bool(mute >= mute_share), bool(mute >= mute_share and masts < MASTS_SHARE))


def fallback_asks(asked_s: Floats, seen_s: Floats, firmware: Firmware) -> Floats:
    """Of the plan's instants those at which the network is asked: long enough without a fix."""
    if not firmware.masts or not asked_s.size:
        return np.empty(0)
    before = np.searchsorted(seen_s, asked_s, side="right") - 1
    last_s = np.append(asked_s[0], seen_s)[before + 1]
    found: Floats = asked_s[asked_s - last_s >= firmware.falls_back_s]
    return found


def together(seen: Observed, more: Observed) -> Observed:
    """Both together, rising; no instant is in both."""
    order = np.argsort(np.concatenate([seen.t_s, more.t_s]), kind="stable")
    columns: list[Any] = [*zip(seen, more, strict=True)]
    return Observed(*(np.concatenate(pair)[order] for pair in columns))


def heartbeats(asked_s: Floats, taken: Observed, firmware: Firmware) -> Floats:
    """When it says `online`: at the plan's instants that gave no fix."""
    if not firmware.beats:
        return np.empty(0)
    without = asked_s[~np.isin(asked_s, taken.t_s)]
    before = np.searchsorted(taken.t_s, without, side="right") - 1
    if not taken.t_s.size:
        return without
    waits = (before >= 0) & (taken.source[before] == CELL) & (without - taken.t_s[before] < CELL_S)
    found: Floats = without[~waits]
    return found
