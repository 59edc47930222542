"""Kernels of a watch for what the frames of its zones leave open: within corridors, and zones without one.

They ask the exact kernels, which nobody waits for to be compiled before there is something for them to do.
Their answers are those of watch_kernels.py wherever both can give one.
"""

from __future__ import annotations

import numpy as np

from emon.geofence.certificates import W_FLAGS, certify, holds, list_of
from emon.geofence.ellipsoid import half_open
from emon.geofence.field_kernels import B_FIELD, HEAD, Sides, by_field, zone_of
from emon.geofence.jit import compiled, inner
from emon.geofence.lanes import lowest_bit
from emon.geofence.layout import Boxes, Masks, Shorts, Steps, ZoneArrays
from emon.geofence.near_paths import FAR_M, MARGIN, MARGIN_FAR, MARGIN_M
from emon.geofence.relate import signed_m
from emon.geofence.watch_kernels import LEFT
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import ON_EDGE_M

_ONE, _NONE = np.uint64(1), np.uint64(0)


@inner
def _exactly(
    zones: ZoneArrays,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: np.int64,
    lon: float,
    lat: float,
) -> tuple[np.uint64, float, Sides]:
    """A wearer's flags, by fields and by exact distance, and the metres and sides for which they hold."""
    start, count = list_of(words, wearer)
    x = half_open(lon)
    flags, clear_m, left, sides = by_field(boxes, whole, cells, start, count, x, lat)
    while left != _NONE:
        k = lowest_bit(left)
        left &= left - _ONE
        buffer_m = heads[whole[start + k, B_FIELD], HEAD]
        distance = signed_m(zones, zone_of(whole, start + k), x, lat)
        if distance <= ON_EDGE_M:
            flags |= _ONE << np.uint64(2 * k)
        if distance <= buffer_m:
            flags |= _ONE << np.uint64(2 * k + 1)
        away = abs(distance)
        margin = MARGIN_M + away * (MARGIN if away < FAR_M else MARGIN_FAR)
        clear_m = min(clear_m, abs(distance - ON_EDGE_M) - margin, abs(distance - buffer_m) - margin)
    return flags, clear_m, sides


@compiled
def flag_left(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    share: int,
    shares: int,
    certificates: bool,
    out: Masks,
) -> None:
    """Flags of the fixes of one share that are ``LEFT``."""
    for i in range(len(wearer)):
        if out[i] != LEFT or wearer[i] % shares != share:
            continue
        w = wearer[i]
        if certificates and holds(rows, np.uint64(w), lon[i], lat[i]):
            out[i] = words[w, W_FLAGS]
            continue
        flags, clear_m, sides = _exactly(zones, words, boxes, whole, heads, cells, w, lon[i], lat[i])
        out[i] = flags
        if certificates:
            certify(rows, words, w, lon[i], lat[i], flags, clear_m, sides)


@compiled
def answered_left(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: int,
    lon: float,
    lat: float,
) -> np.int64:
    """As ``watch_kernels.answered``, of any zone."""
    w = np.int64(wearer)
    flags, clear_m, sides = _exactly(zones, words, boxes, whole, heads, cells, w, lon, lat)
    certify(rows, words, w, lon, lat, flags, clear_m, sides)
    return np.int64(flags)
