"""What may be asked of a receiver: instants that rise, and intervals in which satellites are jammed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.receivers.observed import Flags, Floats


def checked_instants(asked_t_s: Floats) -> Floats:
    """The instants as contiguous f64; ``ValueError`` names the first that is not finite or falls."""
    t_s = np.ascontiguousarray(asked_t_s, dtype=np.float64)
    if t_s.ndim != 1:
        raise ValueError(f"asked_t_s has {t_s.ndim} dimensions; must have 1")
    bad = np.flatnonzero(~np.isfinite(t_s))
    if bad.size:
        raise ValueError(f"asked_t_s[{bad[0]}] is {t_s[bad[0]]}; must be finite")
    falls = np.flatnonzero(np.diff(t_s) <= 0.0)
    if falls.size:
        i = int(falls[0]) + 1
        raise ValueError(f"asked_t_s[{i}] is {t_s[i]:g}, not after {t_s[i - 1]:g}; instants must rise")
    return t_s


def jammed_at(t_s: Floats, jammed_s: Sequence[tuple[float, float]]) -> Flags:
    """Which instants lie in one of the intervals (from included, until not): bool[n]."""
    jammed = np.zeros(t_s.size, np.bool_)
    for number, (from_s, until_s) in enumerate(jammed_s):
        if not from_s < until_s:  # also where one is NaN
            raise ValueError(f"jammed_s[{number}] runs from {from_s} until {until_s}; must end later")
        jammed |= (t_s >= from_s) & (t_s < until_s)
    return jammed
