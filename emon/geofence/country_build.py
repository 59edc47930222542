"""Kernels that lay out a country's index; country_kernels.py says what there is and asks it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emon.geofence.country_kernels import (
    ASK,
    COUNT_MASK,
    COUNT_SHIFT,
    FINE,
    G_COLUMNS,
    G_LAT_DEG,
    G_LON_DEG,
    G_NEAR,
    G_ROWS,
    G_SOUTH,
    G_WEST,
    KIND_SHIFT,
    MIDDLE_IN,
    MIDDLE_OUT,
    WHOLE,
    ZONE_MASK,
    edge_blocks,
)
from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import greater, least, lesser, most, truncated
from emon.geofence.layout import (
    AREA,
    C_AX,
    C_AY,
    C_BX,
    C_BY,
    F_REACH,
    KIND,
    LANES,
    LAT1,
    LAT2,
    LON1,
    LON2,
    PIECE_FROM,
    PIECE_TO,
    Boxes,
    Masks,
    Shorts,
    ZoneArrays,
)
from emon.geofence.near_paths import near_m
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats, Ints

_OUT, _OPEN = -1, -2
_CLIP = 2.0
"""Edges are cut off so many cells from the middle; their ends there are in no cell's reach."""
_SURE = 1.02
_ROUNDING = 1e-12
_GROUP, _GROUP_FROM = 16, 32
"""Coarse cells a side that are asked together, where a zone's box has so many of them there."""

_Signed = Callable[[ZoneArrays, int, float, float], float]
_Side = Callable[[ZoneArrays, int, float, float, float], tuple[int, bool]]
_Note = Callable[[ZoneArrays, int, Floats, int, int, Shorts, Ints, Ints, Masks], bool]
_Scan = Callable[[ZoneArrays, Ints, Floats, Floats, int, Shorts, Ints, Ints, Masks], int]


@inlined
def _half_m(lat: float, lon_deg: float, lat_deg: float) -> float:
    """More than the metres from a cell's middle to any of its corners."""
    lowest = most(0.0, abs(lat) - 0.5 * lat_deg)
    east = lon_deg * math.cos(math.radians(lowest))
    return 0.5 * _SURE * METRES_PER_DEGREE_MAX * math.sqrt(east * east + lat_deg * lat_deg) + 0.01


@inlined
def _meets(x1: float, y1: float, x2: float, y2: float, half: float) -> bool:
    """Whether a line comes into the square about the origin."""
    if most(x1, x2) < -half or least(x1, x2) > half or most(y1, y2) < -half or least(y1, y2) > half:
        return False
    dx, dy = x2 - x1, y2 - y1
    return abs(dx * y1 - dy * x1) <= half * (abs(dx) + abs(dy))


@inner
def _entry(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    lon_deg: float,
    lat_deg: float,
    near: float,
    inside: bool,
) -> np.int64:
    """What a fine cell keeps of a zone whose outline may run through it: 4 × edges + kind, or _OUT.

    ``inside``: whether the zone holds the cell's middle.
    """
    half = 0.5 + 2.0 * near
    if zones.ints[zone, KIND] != AREA or zones.frames[zone, F_REACH] < 0.0:
        return np.int64(ASK)
    count = 0
    for i in range(zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]):
        x1, y1 = short_way(zones.pieces[i, LON1] - lon) / lon_deg, (zones.pieces[i, LAT1] - lat) / lat_deg
        x2, y2 = short_way(zones.pieces[i, LON2] - lon) / lon_deg, (zones.pieces[i, LAT2] - lat) / lat_deg
        if _meets(x1, y1, x2, y2, near):
            return np.int64(ASK)  # which side the middle is on must not hang by a rounding
        count += _meets(x1, y1, x2, y2, half)
    if count == 0:
        return np.int64(WHOLE) if inside else np.int64(_OUT)
    return np.int64(4 * count + (MIDDLE_IN if inside else MIDDLE_OUT))


@inner
def _word(zone: int, kind: np.int64, edges: np.int64) -> np.uint64:
    return (np.uint64(kind) << KIND_SHIFT) | (np.uint64(edges) << COUNT_SHIFT) | np.uint64(zone)


@inner
def _forget(
    blocks: Shorts, state: Ints, kept_blocks: int, kept_entries: int, from_row: int, to_row: int, columns: int
) -> None:
    """Take back what was noted of a zone that finds no room."""
    for cell in range(from_row * columns, (to_row + 1) * columns):
        if blocks[cell] >= kept_blocks:
            blocks[cell] = -1
    state[0], state[1] = kept_blocks, kept_entries


def _side_by(signed: _Signed) -> _Side:
    """The kernel of a cell's side, over one of the two kernels of signed distances."""

    @inner
    def side(zones: ZoneArrays, zone: int, lon: float, lat: float, half_m: float) -> tuple[int, bool]:
        """Whether a zone holds a cell whole or not at all, by its distance; ASK between, _OPEN unknown.

        And whether it holds the cell's middle.
        """
        distance = signed(zones, zone, half_open(lon), least(90.0, most(-90.0, lat)))
        if math.isnan(distance):
            return _OPEN, False
        margin = half_m + 0.01 + 0.011 * abs(distance)
        if distance > margin:
            return _OUT, False
        return WHOLE if distance < -margin else ASK, distance < 0.0

    return side


def _note_by(side: _Side) -> _Note:
    """The kernel that notes a zone in a cell, over one of the kernels of sides."""

    @inner
    def note(
        zones: ZoneArrays,
        zone: int,
        plan: Floats,
        row: int,
        column: int,
        blocks: Shorts,
        state: Ints,
        keys: Ints,
        words: Masks,
    ) -> bool:
        """The entries of one zone in one coarse cell; False where one cannot be said."""
        columns, cells = truncated(plan[G_COLUMNS]), truncated(plan[G_COLUMNS]) * truncated(plan[G_ROWS])
        lon_deg, lat_deg = plan[G_LON_DEG], plan[G_LAT_DEG]
        lon = plan[G_WEST] + (column + 0.5) * lon_deg
        lat = plan[G_SOUTH] + (row + 0.5) * lat_deg
        cell = row * columns + column
        at, _ = side(zones, zone, lon, lat, _half_m(lat, lon_deg, lat_deg))
        if at == _OPEN:
            return False
        if at == _OUT:
            return True
        if at == WHOLE:
            keys[state[1]], words[state[1]] = cell, _word(zone, np.int64(WHOLE), np.int64(0))
            state[1] += 1
            return True
        fine_lon, fine_lat = lon_deg / FINE, lat_deg / FINE
        for v in range(FINE):
            for u in range(FINE):
                x = lon + (u + 0.5 - 0.5 * FINE) * fine_lon
                y = lat + (v + 0.5 - 0.5 * FINE) * fine_lat
                at, inside = side(zones, zone, x, y, _half_m(y, fine_lon, fine_lat))
                if at == _OPEN:
                    return False
                entry = np.int64(at)
                if at == ASK:
                    entry = _entry(zones, zone, x, y, fine_lon, fine_lat, plan[G_NEAR], inside)
                if entry < 0:
                    continue
                if blocks[cell] < 0:
                    blocks[cell] = state[0]
                    state[0] += 1
                keys[state[1]] = cells + blocks[cell] * FINE * FINE + v * FINE + u
                words[state[1]] = _word(zone, entry & 3, entry >> 2)
                state[1] += 1
        return True

    return note


def _scanner_by(side: _Side) -> _Scan:
    """The kernel that notes zones, over one of the kernels of sides."""
    note = _note_by(side)

    @inner
    def scanner(
        zones: ZoneArrays,
        numbers: Ints,
        boxes: Floats,
        plan: Floats,
        first: int,
        blocks: Shorts,
        state: Ints,
        keys: Ints,
        words: Masks,
    ) -> int:
        columns, rows = truncated(plan[G_COLUMNS]), truncated(plan[G_ROWS])
        lon_deg, lat_deg = plan[G_LON_DEG], plan[G_LAT_DEG]
        for n in range(first, len(numbers)):
            west = boxes[n, 0] - boxes[n, 2] - plan[G_WEST]
            west -= 360.0 * math.floor(west / 360.0 + _ROUNDING)
            west = most(0.0, west)  # the westernmost begins where the grid does, give or take a rounding
            from_column, from_row = (
                truncated(west / lon_deg),
                truncated((boxes[n, 1] - boxes[n, 3] - plan[G_SOUTH]) / lat_deg),
            )
            to_column = truncated((west + 2.0 * boxes[n, 2]) / lon_deg)
            to_row = truncated((boxes[n, 1] + boxes[n, 3] - plan[G_SOUTH]) / lat_deg)
            to_column = lesser(to_column, from_column + columns - 1)
            from_row, to_row = greater(0, from_row), lesser(rows - 1, to_row)
            kept_blocks, kept_entries = state[0], state[1]
            for south in range(from_row, to_row + 1, _GROUP):
                north = lesser(south + _GROUP, to_row + 1)
                for left in range(from_column, to_column + 1, _GROUP):
                    right = lesser(left + _GROUP, to_column + 1)
                    at = ASK
                    if (north - south) * (right - left) >= _GROUP_FROM:
                        wide, high = (right - left) * lon_deg, (north - south) * lat_deg
                        lon = plan[G_WEST] + left * lon_deg + 0.5 * wide
                        lat = plan[G_SOUTH] + south * lat_deg + 0.5 * high
                        at, _ = side(zones, numbers[n], lon, lat, _half_m(lat, wide, high))
                    if at == _OUT:
                        continue
                    for k in range((north - south) * (right - left)):
                        row, column = south + k // (right - left), (left + k % (right - left)) % columns
                        if state[1] + FINE * FINE > len(keys):  # all of a zone is noted, or none
                            _forget(blocks, state, kept_blocks, kept_entries, from_row, north - 1, columns)
                            return n
                        if at == WHOLE:
                            keys[state[1]] = row * columns + column
                            words[state[1]] = _word(numbers[n], np.int64(WHOLE), np.int64(0))
                            state[1] += 1
                        elif not note(zones, numbers[n], plan, row, column, blocks, state, keys, words):
                            _forget(blocks, state, kept_blocks, kept_entries, from_row, north - 1, columns)
                            state[2] = 1
                            return n
        return len(numbers)

    return scanner


_near_scan = _scanner_by(_side_by(near_m))
_exact_scan = _scanner_by(_side_by(signed_m))


@compiled
def scan(
    zones: ZoneArrays,
    numbers: Ints,
    boxes: Floats,
    plan: Floats,
    first: int,
    blocks: Shorts,
    state: Ints,
    keys: Ints,
    words: Masks,
) -> int:
    """Note the entries of zones from the ``first`` on; the zone at which the room was not enough, or,
    with ``state[2]`` set, of which the frames leave something open: ``exact_scan`` goes on from there.

    ``boxes`` f64[n, 4] are middles and half extents (watch.py). ``blocks`` gets a number for each coarse
    cell with fine ones, ``state`` counts blocks and entries. An entry's key is its coarse cell, or the
    count of those and its fine cell.
    """
    return _near_scan(zones, numbers, boxes, plan, first, blocks, state, keys, words)


@compiled
def exact_scan(
    zones: ZoneArrays,
    numbers: Ints,
    boxes: Floats,
    plan: Floats,
    first: int,
    blocks: Shorts,
    state: Ints,
    keys: Ints,
    words: Masks,
) -> int:
    """As ``scan``, of any zones."""
    return _exact_scan(zones, numbers, boxes, plan, first, blocks, state, keys, words)


@compiled
def count_edges(words: Masks, order: Ints, keys: Ints, starts: Shorts) -> np.int64:
    """Where each key's entries and blocks of edges begin: ``starts`` i32[keys + 1, 2], of sorted entries."""
    edges, k = np.int64(0), 0
    for i in range(len(order)):
        key = keys[order[i]]
        while k <= key:
            starts[k, 0], starts[k, 1] = i, edges
            k += 1
        edges += edge_blocks(words[order[i]])
    while k < len(starts):
        starts[k, 0], starts[k, 1] = len(order), edges
        k += 1
    return edges


@inlined
def _cut_x(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    """A point moved along its line until it is no farther than the clip east or west."""
    if abs(x) <= _CLIP:
        return x, y
    edge = math.copysign(_CLIP, x)
    return edge, y + (edge - x) / (to_x - x) * (to_y - y)


@compiled
def fill_edges(
    zones: ZoneArrays, plan: Floats, middles: Floats, entries: Masks, starts: Shorts, edges: Boxes
) -> None:
    """The edges of the fine cells' entries, in blocks of eight. ``middles`` f64[fine cells, 2] are degrees.

    ``edges`` f32[blocks, 4, LANES] comes filled with what is never near.
    """
    fine_lon, fine_lat = plan[G_LON_DEG] / FINE, plan[G_LAT_DEG] / FINE
    half = 0.5 + 2.0 * plan[G_NEAR]
    coarse = truncated(plan[G_COLUMNS]) * truncated(plan[G_ROWS])
    for cell in range(len(middles)):
        lon, lat = middles[cell, 0], middles[cell, 1]
        at = starts[coarse + cell, 1]
        for e in range(starts[coarse + cell, 0], starts[coarse + cell + 1, 0]):
            if np.int64((entries[e] >> COUNT_SHIFT) & COUNT_MASK) == 0:
                continue
            zone, lane = np.int64(entries[e] & ZONE_MASK), 0
            for i in range(zones.ints[zone, PIECE_FROM], zones.ints[zone, PIECE_TO]):
                x1 = short_way(zones.pieces[i, LON1] - lon) / fine_lon
                y1 = (zones.pieces[i, LAT1] - lat) / fine_lat
                x2 = short_way(zones.pieces[i, LON2] - lon) / fine_lon
                y2 = (zones.pieces[i, LAT2] - lat) / fine_lat
                if _meets(x1, y1, x2, y2, half):
                    ax, ay = _cut_x(x1, y1, x2, y2)
                    bx, by = _cut_x(x2, y2, x1, y1)
                    edges[at, C_AY, lane], edges[at, C_AX, lane] = _cut_x(ay, ax, by, bx)
                    edges[at, C_BY, lane], edges[at, C_BX, lane] = _cut_x(by, bx, ay, ax)
                    lane += 1
                    if lane == LANES:
                        at, lane = at + 1, 0
            at += lane > 0
