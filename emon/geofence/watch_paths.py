"""Kernels of a watch for paths: which of his own zones each wearer's way touches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.geofence.certificates import W_FLAGS, holds, list_of
from emon.geofence.depths import speed_m
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.field_kernels import (
    B_BUFFER,
    B_UNIT,
    LOWER_DEG,
    SHORTEST_M,
    bounded_m,
    east_of,
    fetch_cell,
    fetch_finer,
    per_lon_m,
    zone_of,
)
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import fetch_ahead, lowest_bit
from emon.geofence.layout import B_HALF_LAT, B_HALF_LON, B_LAT, Boxes, Masks, Shorts, Steps, ZoneArrays
from emon.geofence.near_paths import NO, OPEN, YES
from emon.geofence.touch import touches
from emon.geofence.watch_ahead import BLOCK, MASKS, fetch_boxes, fetch_zones
from emon.geofence.watch_kernels import AHEAD
from emon.geofence.wgs84 import SEMI_MINOR_M, Floats, Ints
from emon.limits import ON_EDGE_M

_BOX_DEG_PER_M = 57.29577951308232 / SEMI_MINOR_M
"""A box reaches beyond its zone, either way, at least so far for each metre of the buffer (boxes.py)."""
_OPEN = 2 * MASKS
TURN = 2 * _OPEN
"""First the paths that wait for cells, then those that wait for zones; which of them, ``MASKS`` further."""
_FIRST: Any = np.int64(0)  # in 64 bits: a bare constant would be another signature
_OPENED: Any = np.int64(_OPEN)
_LEAP_MAX_M = 10_000.0
"""With the half of a path it stays within ``LOWER_DEG`` of the path's middle."""
_LEAPS_MAX = 24
_ONE, _NONE = np.uint64(1), np.uint64(0)


@inlined
def _even_bits(flags: np.uint64) -> np.uint64:
    """Bits 0, 2, 4, … side by side: which zones hold, of flags that say holds and buffer in turn."""
    bits = flags & np.uint64(0x5555555555555555)
    bits = (bits | bits >> np.uint64(1)) & np.uint64(0x3333333333333333)
    bits = (bits | bits >> np.uint64(2)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    bits = (bits | bits >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    bits = (bits | bits >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (bits | bits >> np.uint64(16)) & np.uint64(0x00000000FFFFFFFF)


@inlined
def _bounds_m(
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    row: np.int64,
    lon: float,
    lat: float,
    shortest_m: float,
    longest_m: float,
) -> tuple[float, float]:
    """Signed distance to an own zone with cells, and by how much it may err; beside the box, the box's."""
    east, north = east_of(boxes, row, lon), lat - boxes[row, B_LAT]
    x, y = abs(east) - boxes[row, B_HALF_LON], abs(north) - boxes[row, B_HALF_LAT]
    if (x <= 0.0) & (y <= 0.0):
        return bounded_m(boxes, whole, cells, row, east, north, longest_m)
    x_m, y_m = max(0.0, x) * shortest_m, max(0.0, y) * SHORTEST_M
    return min(_LEAP_MAX_M, math.sqrt(x_m * x_m + y_m * y_m)), 0.0


@inner
def _walked(
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    row: np.int64,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    length_m: float,
) -> int:
    """Whether a path touches an own zone with cells, or ``OPEN``.

    First its middle is looked at, and how far that is from the zone beside half the length. Else the path is
    walked from its start by leaps no longer than the distance to the zone is for certain. Where
    that is next to nothing a step goes on all the same: one position inside for certain is still an answer.
    """
    shortest_m, longest_m = per_lon_m(lat + 0.5 * dlat)
    x, y = half_open(lon + 0.5 * dlon), lat + 0.5 * dlat
    away, unsure = _bounds_m(boxes, whole, cells, row, x, y, shortest_m, longest_m)
    if away + unsure < 0.0:
        return YES
    if away - unsure > 0.5 * length_m + 2.0 * ON_EDGE_M:
        return NO
    if abs(dlat) > LOWER_DEG:
        return OPEN
    gone_m, answer = 0.0, NO
    for _ in range(_LEAPS_MAX):
        t = gone_m / length_m if length_m > 0.0 else 0.0
        x, y = half_open(lon + t * dlon), lat + t * dlat
        away, unsure = _bounds_m(boxes, whole, cells, row, x, y, shortest_m, longest_m)
        if away + unsure < 0.0:
            return YES
        leap_m = away - unsure - 2.0 * ON_EDGE_M
        if leap_m <= 0.25 * unsure:
            answer, leap_m = OPEN, unsure
        if gone_m >= length_m:
            return answer
        gone_m = min(length_m, gone_m + leap_m)
    return OPEN


@inlined
def _met(
    boxes: Boxes, start: np.int64, count: np.int64, lon: float, lat: float, dlon: float, dlat: float
) -> np.uint64:
    """Which of a wearer's zones a path can touch, a bit each: those whose box it comes to.

    The box is drawn in by the buffer that it has.
    """
    met = _NONE
    mid_lon, mid_lat = half_open(lon + 0.5 * dlon), lat + 0.5 * dlat
    for k in range(count):
        row = start + k
        east, north = east_of(boxes, row, mid_lon), mid_lat - boxes[row, B_LAT]
        drawn_in = boxes[row, B_BUFFER] * _BOX_DEG_PER_M
        x, y = abs(east) - boxes[row, B_HALF_LON] + drawn_in, abs(north) - boxes[row, B_HALF_LAT] + drawn_in
        if (x <= 0.5 * abs(dlon)) & (y <= 0.5 * abs(dlat)):
            met |= _ONE << np.uint64(k)
    return met


@inner
def _by_zones(
    zones: ZoneArrays,
    words: Masks,
    whole: Shorts,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    turn: Ints,
    opened: int,
    wanted: Ints,
    found: Floats,
    out: Masks,
) -> None:
    """Add to the answers of the paths that wait for zones, which ``turn`` has up to ``opened``."""
    fetch_zones(zones, words, whole, wearer, lon1, lat1, turn, _OPENED, opened, wanted)
    fetch_zones(zones, words, whole, wearer, lon2, lat2, turn, _OPENED, opened, wanted)
    for m in range(_OPEN, opened):
        i = turn[m]
        start, _ = list_of(words, wearer[i])
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        lon, lat = half_open(lon1[i]), lat1[i]
        length_m, left = speed_m(lat, dlon, dlat), np.uint64(turn[m + MASKS])
        while left != _NONE:
            k = lowest_bit(left)
            left &= left - _ONE
            if touches(zones, zone_of(whole, start + k), lon, lat, dlon, dlat, length_m, found):
                out[i] |= _ONE << np.uint64(k)


@inlined
def _fetch(
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    start: np.int64,
    met: np.uint64,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    finer: bool,
) -> None:
    """The cells of a path's ends and middle in the zones that it can touch, or their finer cells."""
    while met != _NONE:
        row = start + lowest_bit(met)
        met &= met - _ONE
        if boxes[row, B_UNIT] == 0.0:
            continue
        for part in range(3):
            x, y = half_open(lon + 0.5 * part * dlon), lat + 0.5 * part * dlat
            east, north = east_of(boxes, row, x), y - boxes[row, B_LAT]
            if (abs(east) <= boxes[row, B_HALF_LON]) & (abs(north) <= boxes[row, B_HALF_LAT]):
                if finer:
                    fetch_finer(boxes, whole, cells, row, east, north)
                else:
                    fetch_cell(boxes, whole, cells, row, east, north)


@inner
def _by_fields(
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    turn: Ints,
    last: int,
    opened: int,
    out: Masks,
) -> int:
    """Answer the paths ``turn[:last]``; the end of those that then wait for zones."""
    for m in range(last):
        fetch_boxes(words, boxes, wearer[turn[m]])
    some = _FIRST
    for m in range(last):
        i = turn[m]
        start, count = list_of(words, wearer[i])
        dlon, dlat, lon = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i], half_open(lon1[i])
        met = _met(boxes, start, count, lon, lat1[i], dlon, dlat)
        out[i] = _NONE
        if met == _NONE:
            continue
        turn[some], turn[some + MASKS] = i, np.int64(met)
        some += 1
    for turned in range(2):
        for m in range(some):
            i, met = turn[m], np.uint64(turn[m + MASKS])
            start, _ = list_of(words, wearer[i])
            dlon, dlat, lon = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i], half_open(lon1[i])
            _fetch(boxes, whole, cells, start, met, lon, lat1[i], dlon, dlat, turned == 1)
    for m in range(some):
        i, met, left = turn[m], np.uint64(turn[m + MASKS]), _NONE
        start, _ = list_of(words, wearer[i])
        dlon, dlat, lon = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i], half_open(lon1[i])
        length_m = speed_m(lat1[i], dlon, dlat)
        while met != _NONE:
            k = lowest_bit(met)
            met &= met - _ONE
            answer = OPEN
            if boxes[start + k, B_UNIT] > 0.0:
                answer = _walked(boxes, whole, cells, start + k, lon, lat1[i], dlon, dlat, length_m)
            if answer == YES:
                out[i] |= _ONE << np.uint64(k)
            elif answer == OPEN:
                left |= _ONE << np.uint64(k)
        if left != _NONE:
            turn[opened], turn[opened + MASKS] = i, np.int64(left)
            opened += 1
    return opened


@compiled
def touched_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    certificates: bool,
    turn: Ints,
    wanted: Ints,
    found: Floats,
    out: Masks,
) -> None:
    """Which of his own zones each wearer's path touches, a bit each.

    ``turn`` is room for ``TURN`` numbers, ``wanted`` as ``watch_ahead`` says. A certificate is convex in
    degrees, so a path between two positions of it stays there: it touches the zones that hold its ends,
    and no other.
    """
    paths, last, opened = len(wearer), _FIRST, _OPENED
    for i in range(paths + 1):
        if i < paths:
            if i + AHEAD < paths:
                fetch_ahead(rows, wearer[i + AHEAD], 0)
            w = wearer[i]
            u = np.uint64(w)
            if certificates and holds(rows, u, lon1[i], lat1[i]) and holds(rows, u, lon2[i], lat2[i]):
                out[i] = _even_bits(words[w, W_FLAGS])
                continue
            turn[last] = i
            last += 1
        if last == BLOCK or i == paths:
            opened = _by_fields(
                words, boxes, whole, cells, wearer, lon1, lat1, lon2, lat2, turn, last, opened, out
            )
            last = _FIRST
        if opened >= _OPEN + BLOCK or i == paths:
            _by_zones(zones, words, whole, wearer, lon1, lat1, lon2, lat2, turn, opened, wanted, found, out)
            opened = _OPENED
