"""Where a wearer truly is at the instants a receiver is asked, and what it meets there."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulator.receivers.observed import Codes, Floats
from simulator.receivers.parameters import Receiver

SOURCE_NAMES = ("gnss", "wifi", "cell", "far", "hold")
"""What may answer, in the order of the modes' codes."""
_NUMBERS = (
    *SOURCE_NAMES,
    *("stay_s", "lost_share", "lost_s"),
    *("fast_m", "slow_m", "white_m", "wild", "claim68_m", "claim_spread"),
)


class Truth(NamedTuple):
    """Where the wearer truly is at each instant, and what its conditions are: all of length n."""

    t_s: Floats
    lon: Floats
    lat: Floats
    surroundings: Codes
    speed_m_s: Floats
    met: dict[str, Floats]


def conditions_met(receiver: Receiver, surroundings: Codes) -> dict[str, Floats]:
    """Each number of the conditions at each instant: f64[n]; those of episodes begin with their name."""
    return {name: column[surroundings] for name, column in _tables(receiver).items()}


@lru_cache(maxsize=256)
def _tables(receiver: Receiver) -> dict[str, Floats]:
    """Each field of the conditions as an array by surroundings code."""
    found = {name: np.array([getattr(c, name) for c in receiver.conditions], float) for name in _NUMBERS}
    for kind, bounds in (("astray", ("off_m", "claim68_m")), ("poor", ("claim68_m", "off_per_claim"))):
        episodes = [getattr(c, kind) for c in receiver.conditions]
        for name in ("share", "stay_s"):
            found[f"{kind}_{name}"] = np.array([getattr(episode, name) for episode in episodes], float)
        for name in bounds:
            pairs = [getattr(episode, name) or (np.nan, np.nan) for episode in episodes]
            found[f"{kind}_{name}_low"] = np.array([pair[0] for pair in pairs], float)
            found[f"{kind}_{name}_high"] = np.array([pair[1] for pair in pairs], float)
    found["poor_ramp_s"] = np.array([c.poor.ramp_s for c in receiver.conditions], float)
    return found
