"""Kernels of certificates: where a wearer's flags were found, and how far from there none can change.

A *certificate* is the part of a disc that lies within a box. The disc is about the position at which the
flags were found; its radius is the smallest distance to a line of any zone in whose box the position
lies, for a distance changes by at most a metre a metre. The box comes from the other zones: each has a box
of its own around it and its buffer (boxes.py), and a wearer who stays on the same side of one of that
box's four sides stays outside. So a zone on his left does not keep him from going to the right.

The disc is shortened by more than distances and the measured movement can err; the box needs no
distance at all, since it compares degrees with degrees. Both are convex in longitude and latitude, so a path
between two positions of a certificate stays within it.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.field_kernels import cosine_below
from emon.geofence.jit import inlined
from emon.geofence.lanes import four_within
from emon.geofence.layout import SIDES_FROM, Masks
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats

# Columns of a wearer's row, f64[wearers, 8]: one cache line. The last four are read as whole words.
W_LON, W_LAT = 0, 1  # where the flags were found
W_CLEAR2 = 2  # square of the metres within which they hold; negative: nowhere
W_PER_LON_M = 3  # no less than the metres of a degree of longitude there
W_SIDES_LON, W_SIDES_LAT = SIDES_FROM, SIDES_FROM + 1  # two f32 each: degrees to the west and east, …
W_FLAGS = 6
W_LIST = 7  # 64 times the first row of the wearer's boxes, and how many they are
WEARER_COLUMNS = 8

_LATITUDE_MAX_DEG = 88.0
_LESS, _LESS_DEG = 1.0 - 1e-6, 1e-9
"""Sides are drawn in by so much: more than their rounding to ``f32`` and that of a difference of degrees."""
_HALF = np.uint64(32)
_COUNT_BITS, _COUNT = np.uint64(6), np.uint64(63)


@inlined
def list_of(words: Masks, wearer: np.int64) -> tuple[np.int64, np.int64]:
    """First row of a wearer's boxes, and how many there are."""
    word = words[wearer, W_LIST]
    return np.int64(word >> _COUNT_BITS), np.int64(word & _COUNT)


@inlined
def _packed(low_deg: float, high_deg: float) -> np.uint64:
    """Two sides in a word, the first in its low half."""
    low, high = np.float32(low_deg * _LESS - _LESS_DEG), np.float32(high_deg * _LESS - _LESS_DEG)
    return np.uint64(low.view(np.uint32)) | np.uint64(high.view(np.uint32)) << _HALF


@inlined
def holds(rows: Floats, wearer: np.uint64, lon: float, lat: float) -> bool:
    """Whether a wearer's certificate covers a position. Unsigned: no index is from the end, nor looked at."""
    east, north = lon - rows[wearer, W_LON], lat - rows[wearer, W_LAT]
    x, y = east * rows[wearer, W_PER_LON_M], north * METRES_PER_DEGREE_MAX
    return (x * x + y * y <= rows[wearer, W_CLEAR2]) & four_within(rows, wearer, east, north)


@inlined
def certify(
    rows: Floats,
    words: Masks,
    wearer: int | np.int64,
    lon: float,
    lat: float,
    flags: np.uint64,
    clear_m: float,
    sides: tuple[float, float, float, float],
) -> None:
    """Keep flags, where they were found and how far they hold: metres, and degrees to the four sides.

    A degree of longitude is taken where it is longest in reach.
    """
    words[wearer, W_FLAGS] = flags
    rows[wearer, W_CLEAR2] = -1.0
    if clear_m <= 0.0 or abs(lat) > _LATITUDE_MAX_DEG:
        return
    rows[wearer, W_LON], rows[wearer, W_LAT] = lon, lat
    longer = math.radians(clear_m / 110_000.0) + 1e-6  # no cosine grows by more than its argument falls
    rows[wearer, W_PER_LON_M] = METRES_PER_DEGREE_MAX * (cosine_below(abs(lat)) + longer)
    words[wearer, W_SIDES_LON] = _packed(sides[0], sides[1])
    words[wearer, W_SIDES_LAT] = _packed(sides[2], sides[3])
    rows[wearer, W_CLEAR2] = clear_m * clear_m
