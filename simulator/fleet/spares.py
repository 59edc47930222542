"""When a device could be asked for a fix besides those of its plan: each 15 s between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.fleet.firmware import together
from simulator.fleet.plans import PURSUIT_S
from simulator.fleet.upkeep import lies_in
from simulator.path import Path, positions_at
from simulator.receivers.observed import Observed

Floats = NDArray[np.float64]

_APART_S = 5.0  # [own] nearer to the plan's next fix than this, that one answers


def spares(asked_s: Floats, until_s: float, dead_s: Floats) -> Floats:
    """Rising instants between those of the plan, ``asked_s`` (rising), and after the last, up to ``until_s``;
    none while it is dead. All are apart from the plan's by at least 5 s."""
    if not asked_s.size:
        return np.empty(0)
    next_s = np.append(asked_s[1:], until_s)
    count = np.maximum(np.ceil((next_s - _APART_S - asked_s) / PURSUIT_S).astype(np.int64) - 1, 0)
    number = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + 1
    found: Floats = np.round(np.repeat(asked_s, count) + number * PURSUIT_S, 3)
    return found[~lies_in(dead_s, found)]


def carried(seen: Observed, asked_s: Floats, path: Path) -> Observed:
    """What the plan's instants ``asked_s`` give of a recording that was also asked in between: where none is
    new, the newest since the plan's last instant serves, with its error, where the wearer now is.

    Without this a recording would be silent at its own pace for who asks often, and so for his plan too.
    """
    is_asked = np.isin(seen.t_s, asked_s)
    missing_s = asked_s[~np.isin(asked_s, seen.t_s)]
    place = np.searchsorted(asked_s, missing_s)
    since_s = np.where(place > 0, asked_s[np.maximum(place - 1, 0)], -np.inf)
    newest = np.searchsorted(seen.t_s, missing_s) - 1
    serves = (newest >= 0) & (seen.t_s[newest] > since_s)
    at_s, newest = missing_s[serves], newest[serves]
    old = seen.only(np.isin(np.arange(seen.t_s.size), newest))
    then_lon, then_lat, _, _ = positions_at(path, old.t_s)
    lon, lat, _, _ = positions_at(path, at_s)
    late = old._replace(
        t_s=at_s,
        lon=np.round(lon + old.lon - then_lon, 7),
        lat=np.round(lat + old.lat - then_lat, 7),
    )
    return together(seen.only(is_asked), late)
