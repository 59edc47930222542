"""A true path seen by a parametric receiver.

The order of work: where the wearer truly was; which source answers each time (stays that end by
chance, losses, dozing, jamming, cold starts); what each source makes of the place; what is told.
"""

from __future__ import annotations

import numpy as np

from emon.limits import ACCURACY_MAX_M, R95_PER_R68
from simulator.path import Path, positions_at
from simulator.receivers import kernels
from simulator.receivers.observed import CELL, GNSS, WIFI, Flags, Floats, Observed
from simulator.receivers.parameters import Receiver

_SOURCE_OF_MODE = np.array([GNSS, WIFI, CELL, CELL, GNSS], np.int8)


def modelled(
    path: Path, t_s: Floats, receiver: Receiver, rng: np.random.Generator, jammed: Flags, cold_start: bool
) -> Observed:
    """The fixes of a parametric receiver asked at ``t_s`` (checked, not empty); see ``observe``."""
    lon, lat, codes, speed_m_s = positions_at(path, t_s)
    key = np.uint64(rng.integers(2**64, dtype=np.uint64))
    met, own, uses = receiver.met, receiver.own, receiver.uses
    keys = (key, *receiver.keys)
    mode, settling = np.empty(t_s.size, np.int8), np.zeros((t_s.size, 2))
    kernels.modes(t_s, codes, speed_m_s, jammed, cold_start, met, own, key, mode, settling)
    seen = np.zeros((t_s.size, 3))
    if uses.gnss:
        noise = rng.standard_normal((t_s.size, kernels.NORMALS))
        kernels.satellite(t_s, lon, lat, codes, mode, met, own, keys, noise, settling, seen)
    if uses.wifi:
        kernels.wifi(t_s, lon, lat, mode, own, keys, seen)
    if uses.cell:
        kernels.near_masts(t_s, lon, lat, speed_m_s, mode, own, keys, seen)
    if uses.far:
        kernels.far_masts(lon, lat, mode, own, keys, seen)
    out, keep = np.empty((4, t_s.size)), np.zeros(t_s.size, np.bool_)
    kernels.told(
        *(t_s, lon, lat, speed_m_s, mode, own, receiver.levels, R95_PER_R68, ACCURACY_MAX_M, key),
        *(seen, out, keep),
    )
    rows = np.flatnonzero(keep)
    lon, lat, accuracy_m, speed_m_s = out[:, rows]
    return Observed(t_s[rows], lon, lat, accuracy_m, _SOURCE_OF_MODE[mode[rows]], speed_m_s)
