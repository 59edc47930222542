"""What belongs to a place and is the same at every visit: a bias, masts and where they put people.

Values come from a hash of a lattice over the Earth and the name of a map, not from the generator:
who comes home each night finds the same bias there, and two wearers in a flat share it if their
receivers use one map. Recorded receivers show that: all twelve phone-nights of one kind of phone stood
20 to 35 m to one side of another kind's, in one flat.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from simulator.receivers.observed import Floats

METRES_PER_DEGREE = 111_195.0
"""Of a great circle on the mean sphere (6,371 km): errors need no ellipsoid."""
_Words = NDArray[np.uint64]


def map_key(name: str) -> int:
    """A number for a map's name, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def uniforms(key: int, column: NDArray[np.int64], row: NDArray[np.int64], salt: int) -> Floats:
    """A number in (0, 1) for each lattice point: f64, any shape.

    SplitMix64's finaliser (Steele, Lea, Flood 2014) over key, point and salt.
    """
    word = np.full(column.shape, (key ^ (salt * 0x9E3779B97F4A7C15)) & (2**64 - 1), np.uint64)
    for part in (column, row):
        word = _mixed(word + np.uint64(0x9E3779B97F4A7C15) + part.astype(np.uint64))
    return ((word >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _mixed(word: _Words) -> _Words:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def metres(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Coordinates of a lattice whose cells are about as wide as high: metres east, metres north.

    East is scaled by the cosine of the latitude's whole degree, so that a lattice stays put while
    somebody moves within one; across a whole degree the lattice begins anew.
    """
    band = np.floor(lat) + 0.5
    return lon * METRES_PER_DEGREE * np.cos(np.radians(band)), lat * METRES_PER_DEGREE


def place_bias(
    key: int, lon: Floats, lat: Floats, bounds_m: tuple[float, float], spacing_m: float
) -> tuple[Floats, Floats]:
    """The constant error of each place: metres east and north, f64[n].

    Its size lies between ``bounds_m``; size and direction change smoothly over ``spacing_m``, so that
    a walk along a street meets no step and whoever stands still keeps one value.
    """
    if bounds_m[1] == 0.0:
        return np.zeros(lon.size), np.zeros(lon.size)
    if lon.size > 1 and np.all(lon == lon[0]) and np.all(lat == lat[0]):
        one = place_bias(key, lon[:1], lat[:1], bounds_m, spacing_m)
        return np.full(lon.size, one[0][0]), np.full(lon.size, one[1][0])
    east, north = metres(lon, lat)
    x, y = east / spacing_m, north / spacing_m
    left, low = np.floor(x), np.floor(y)
    fx, fy = x - left, y - low
    column, row = left.astype(np.int64), low.astype(np.int64)
    cos, sin, size = np.zeros(lon.size), np.zeros(lon.size), np.zeros(lon.size)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (fx if dx else 1.0 - fx) * (fy if dy else 1.0 - fy)
        angle = 2.0 * np.pi * uniforms(key, column + dx, row + dy, 1)
        cos += weight * np.cos(angle)
        sin += weight * np.sin(angle)
        size += weight * uniforms(key, column + dx, row + dy, 2)
    length = np.maximum(np.hypot(cos, sin), 1e-9)
    reach_m = bounds_m[0] + (bounds_m[1] - bounds_m[0]) * size
    return reach_m * sin / length, reach_m * cos / length


def mast(
    key: int, lon: Floats, lat: Floats, choice: Floats, spacing_m: float
) -> tuple[Floats, Floats, Floats]:
    """The position that a network gives someone here: degrees, and a number in (0, 1) that is its own.

    Nine masts stand about each place, one a lattice cell at a hashed spot; ``choice`` in [0, 1) picks
    the best heard first: rank k with chance 0.5^(k + 1). A mast's position is the same for all.
    """
    east, north = metres(lon, lat)
    column = np.floor(east / spacing_m).astype(np.int64)[:, None] + np.tile([-1, 0, 1], 3)
    row = np.floor(north / spacing_m).astype(np.int64)[:, None] + np.repeat([-1, 0, 1], 3)
    at_x = (column + uniforms(key, column, row, 3)) * spacing_m
    at_y = (row + uniforms(key, column, row, 4)) * spacing_m
    # A mast behind a house is heard less than its distance says, always by the same.
    heard = np.hypot(at_x - east[:, None], at_y - north[:, None]) * (0.5 + uniforms(key, column, row, 5))
    rank = np.minimum(-np.log2(1.0 - choice), 8.0).astype(np.intp)
    picked = np.argsort(heard, axis=1, kind="stable")[np.arange(lon.size), rank]
    here = np.arange(lon.size), picked
    band = np.cos(np.radians(np.floor(lat) + 0.5))
    return (
        at_x[here] / (METRES_PER_DEGREE * band),
        at_y[here] / METRES_PER_DEGREE,
        uniforms(key, column, row, 6)[here],
    )
