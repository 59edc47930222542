"""What belongs to a place and is the same at every visit: a bias, masts and where they put people.

Values come from a hash of a lattice over the Earth and the name of a map, not from the generator:
who comes home each night finds the same bias there, and two wearers in a flat share it if their
receivers use one map. Recorded receivers show that: all twelve phone-nights of one kind of phone stood
20 to 35 m to one side of another kind's, in one flat. Size and direction of a bias change smoothly from
lattice point to lattice point, so that a walk along a street meets no step. Nine masts stand about each
place, one a lattice cell at a hashed spot; the k-th best heard serves with chance 0.5^(k + 1).

East is scaled by the cosine of the latitude's whole degree, so that a lattice stays put while somebody moves
within one; across a whole degree it begins anew.
"""

from __future__ import annotations

import hashlib

import numpy as np

from simulator.receivers import kernels
from simulator.receivers.observed import Floats


def map_key(name: str) -> np.uint64:
    """A number for a map's name, the same on every machine."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))


def place_bias(
    key: np.uint64, lon: Floats, lat: Floats, bounds_m: tuple[float, float], spacing_m: float
) -> Floats:
    """The constant error of each place, its size within ``bounds_m``: metres east and north, f64[n, 2]."""
    out = np.zeros((lon.size, 2))
    if bounds_m[1] > 0.0:
        kernels.place_biases(key, lon, lat, *bounds_m, spacing_m, out)
    return out
