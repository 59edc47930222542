"""Kernels of a watch for paths: which of his own zones each wearer's way touches."""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.geofence.depths import speed_m
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.field_kernels import (
    B_BUFFER,
    B_FIELD,
    B_HALF_LAT,
    B_HALF_LON,
    B_LAT,
    B_UNIT,
    bounded_m,
    cell_of,
    east_of,
    per_lon_m,
    zone_of,
)
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import fetch_ahead
from emon.geofence.layout import Boxes, Bytes, Masks, Shorts, ZoneArrays
from emon.geofence.touch import touches
from emon.geofence.watch_ahead import BLOCK, fetch_boxes, fetch_cells, list_of
from emon.geofence.watch_kernels import AHEAD, W_FLAGS, holds
from emon.geofence.wgs84 import SEMI_MINOR_M, Floats, Ints
from emon.limits import ON_EDGE_M

_BOX_DEG_PER_M = 57.29577951308232 / SEMI_MINOR_M
"""A box reaches beyond its zone, either way, at least so far for each metre of the buffer (boxes.py)."""
_FIRST: Any = np.int64(0)  # in 64 bits: a bare constant would be another signature
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


@inner
def _touched(
    zones: ZoneArrays,
    boxes: Boxes,
    whole: Shorts,
    cells: Bytes,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    found: Floats,
) -> np.uint64:
    """Which of a wearer's zones a path touches.

    One whose box, drawn in by the buffer that it has, the path passes by is not touched. No point of the
    path is farther from its middle than half its length, so that a field bounds the distance of them all.
    """
    flags = _NONE
    length_m = speed_m(lat, dlon, dlat)
    mid_lon, mid_lat = half_open(lon + 0.5 * dlon), lat + 0.5 * dlat
    _, longest_m = per_lon_m(mid_lat)
    for k in range(count):
        row = start + k
        east, north = east_of(boxes, row, mid_lon), mid_lat - boxes[row, B_LAT]
        x, y = abs(east) - boxes[row, B_HALF_LON], abs(north) - boxes[row, B_HALF_LAT]
        drawn_in = boxes[row, B_BUFFER] * _BOX_DEG_PER_M
        if (x + drawn_in > 0.5 * abs(dlon)) | (y + drawn_in > 0.5 * abs(dlat)):
            continue
        if (x <= 0.0) & (y <= 0.0) & (boxes[row, B_UNIT] > 0.0):
            cell = cell_of(boxes, row, east, north)
            value = cells[whole[row, B_FIELD], cell]
            distance, unsure = bounded_m(boxes, row, value, cell, east, north, longest_m)
            if distance - unsure > 0.5 * length_m + 2.0 * ON_EDGE_M:
                continue
            if distance + unsure < 0.0:
                flags |= _ONE << np.uint64(k)
                continue
        if touches(zones, zone_of(whole, row), lon, lat, dlon, dlat, length_m, found):
            flags |= _ONE << np.uint64(k)
    return flags


@compiled
def touched_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Bytes,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    certificates: bool,
    turn: Ints,
    found: Floats,
    out: Masks,
) -> None:
    """Which of his own zones each wearer's path touches, a bit each. ``turn`` is room for ``BLOCK`` numbers.

    A certificate holds within an ellipse in degrees, so a path between two points of it stays there:
    it touches the zones that hold its ends, and no other.
    """
    paths, last = len(wearer), _FIRST
    for i in range(paths):
        if i + AHEAD < paths:
            fetch_ahead(rows, wearer[i + AHEAD], 0)
        w = wearer[i]
        if certificates and holds(rows, w, lon1[i], lat1[i]) and holds(rows, w, lon2[i], lat2[i]):
            out[i] = _even_bits(words[w, W_FLAGS])
            continue
        turn[last] = i
        last += 1
        if last == BLOCK:
            _asked(zones, words, boxes, whole, cells, wearer, lon1, lat1, lon2, lat2, turn, last, found, out)
            last = _FIRST
    _asked(zones, words, boxes, whole, cells, wearer, lon1, lat1, lon2, lat2, turn, last, found, out)


@inner
def _asked(
    zones: ZoneArrays,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Bytes,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    turn: Ints,
    last: int,
    found: Floats,
    out: Masks,
) -> None:
    """Answer the paths ``turn[:last]`` that no certificate does; what they read is fetched together."""
    for m in range(last):
        fetch_boxes(words, boxes, wearer[turn[m]])
    for m in range(last):
        i = turn[m]
        middle = half_open(lon1[i] + 0.5 * short_way(lon2[i] - lon1[i]))
        fetch_cells(words, boxes, whole, cells, wearer[i], middle, 0.5 * (lat1[i] + lat2[i]))
    for m in range(last):
        i = turn[m]
        start, count = list_of(words, wearer[i])
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        lon, lat = half_open(lon1[i]), lat1[i]
        out[i] = _touched(zones, boxes, whole, cells, start, count, lon, lat, dlon, dlat, found)
