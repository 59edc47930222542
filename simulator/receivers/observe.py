"""``observe``: what a receiver makes of a true path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.path import Path
from simulator.receivers.asking import checked_instants, jammed_at
from simulator.receivers.observed import Floats, Observed, nothing
from simulator.receivers.parameters import Receiver
from simulator.receivers.parametric import modelled
from simulator.receivers.resample import Resampled, resampled


def observe(
    path: Path,
    asked_t_s: Floats,
    receiver: Receiver | Resampled,
    rng: np.random.Generator,
    *,
    jammed_s: Sequence[tuple[float, float]] = (),
    cold_start: bool = False,
) -> Observed:
    """The fixes that a receiver delivers when it is asked at ``asked_t_s``.

    ``asked_t_s`` f64[n] seconds, finite and rising; a fix bears the instant at which it was asked.
    ``jammed_s``: intervals from and until which no satellite is heard. ``cold_start``: the receiver was
    switched on at the first instant (a resampled one has no such thing). The same path, instants,
    receiver and generator state give the same bytes. Raises ``ValueError`` for instants or intervals
    that make no sense, by name.
    """
    t_s = checked_instants(asked_t_s)
    jammed = jammed_at(t_s, jammed_s)
    if t_s.size == 0:
        return nothing()
    if isinstance(receiver, Resampled):
        return resampled(path, t_s, receiver, rng, jammed)
    return modelled(path, t_s, receiver, rng, jammed, cold_start)
