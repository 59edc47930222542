"""Kernels of a country's index: a grid of cells that know the zones over them (country.py).

A *coarse* cell has a list of the zones that hold all of it and, where an outline runs through it, a
block of 8 × 8 *fine* cells with lists of their own. An entry of a list is a zone that holds the cell
whole, one that is asked exactly, or one of which the edges that run through the cell lie beside the
list: then the cell's middle is known to be in or out, and a position is on the same side where the
straight way between them crosses an even number of edges.

Edges are kept in units of the cell, from its middle, as ``f32``: half a cell's 10⁻⁷. A position so near
to an edge that this, the closed edge or the test's rounding could matter is asked exactly.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import block_crossings, fetch_ahead
from emon.geofence.layout import (
    AREA,
    C_AX,
    C_AY,
    C_BX,
    C_BY,
    F_LAT,
    F_LON,
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
from emon.geofence.near import OUTSIDE_NEAR, verdict
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats, Ints
from emon.limits import ON_EDGE_M

# Columns of ``plan``, f64[8]: where the grid lies, in degrees and coarse cells.
G_WEST, G_SOUTH, G_LON_DEG, G_LAT_DEG, G_COLUMNS, G_ROWS, G_NEAR = 0, 1, 2, 3, 4, 5, 6
"""``G_NEAR``: fine cells within which a position counts as near to an edge."""
PLAN = 8
FINE = 8
"""Fine cells a side of a coarse one."""
# What an entry says, in the two highest bits of its word.
WHOLE, ASK, MIDDLE_OUT, MIDDLE_IN = 0, 1, 2, 3
_KIND_SHIFT, _COUNT_SHIFT = np.uint64(62), np.uint64(34)
_COUNT_MASK, _ZONE_MASK = np.uint64((1 << 28) - 1), np.uint64((1 << 34) - 1)
_OUT = -1
_CLIP = 2.0
"""Edges are cut off so many cells from the middle; their ends there are in no cell's reach."""
_SURE = 1.02
_ROUNDING = 1e-12
LISTED = 1 << 30
"""In ``blocks``, once laid out: the coarse cell has a list. The rest is its block's number and 1."""
_IN_DOUBT = 1 << 40
STAGE = 256
"""Positions that wait together for memory."""


@inlined
def _half_m(lat: float, lon_deg: float, lat_deg: float) -> float:
    """More than the metres from a cell's middle to any of its corners."""
    lowest = max(0.0, abs(lat) - 0.5 * lat_deg)
    east = lon_deg * math.cos(math.radians(lowest))
    return 0.5 * _SURE * METRES_PER_DEGREE_MAX * math.sqrt(east * east + lat_deg * lat_deg) + 0.01


@inner
def _side(zones: ZoneArrays, zone: int, lon: float, lat: float, half_m: float) -> int:
    """Whether a zone holds a cell whole or not at all, by its distance from the middle; ASK between."""
    distance = signed_m(zones, zone, half_open(lon), min(90.0, max(-90.0, lat)))
    margin = half_m + 0.01 + 0.011 * abs(distance)
    if distance > margin:
        return _OUT
    return WHOLE if distance < -margin else ASK


@inlined
def _meets(x1: float, y1: float, x2: float, y2: float, half: float) -> bool:
    """Whether a line comes into the square about the origin."""
    if max(x1, x2) < -half or min(x1, x2) > half or max(y1, y2) < -half or min(y1, y2) > half:
        return False
    dx, dy = x2 - x1, y2 - y1
    return abs(dx * y1 - dy * x1) <= half * (abs(dx) + abs(dy))


@inner
def _entry(
    zones: ZoneArrays, zone: int, lon: float, lat: float, lon_deg: float, lat_deg: float, near: float
) -> np.int64:
    """What a fine cell keeps of a zone whose outline may run through it: 4 × edges + kind, or _OUT."""
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
    found = verdict(
        zones.frames,
        zones.frame_ints,
        zones.slab_starts,
        zones.slab_edges,
        zones.edges,
        zones.cells,
        zone,
        short_way(lon - zones.frames[zone, F_LON]),
        lat - zones.frames[zone, F_LAT],
    )
    if found >= OUTSIDE_NEAR:
        return np.int64(ASK)
    if count == 0:
        return np.int64(WHOLE) if found else np.int64(_OUT)
    return np.int64(4 * count + (MIDDLE_IN if found else MIDDLE_OUT))


@inner
def _word(zone: int, kind: np.int64, edges: np.int64) -> np.uint64:
    return (np.uint64(kind) << _KIND_SHIFT) | (np.uint64(edges) << _COUNT_SHIFT) | np.uint64(zone)


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
    """Note the entries of zones from the ``first`` on; the zone at which the room was not enough.

    ``boxes`` f64[n, 4] are middles and half extents (watch.py). ``blocks`` gets a number for each coarse
    cell with fine ones, ``state`` counts blocks and entries. An entry's key is its coarse cell, or the
    count of those and its fine cell.
    """
    columns, rows = int(plan[G_COLUMNS]), int(plan[G_ROWS])
    lon_deg, lat_deg = plan[G_LON_DEG], plan[G_LAT_DEG]
    for n in range(first, len(numbers)):
        west = boxes[n, 0] - boxes[n, 2] - plan[G_WEST]
        west -= 360.0 * math.floor(west / 360.0 + _ROUNDING)
        west = max(0.0, west)  # the westernmost begins where the grid does, give or take a rounding
        from_column, from_row = (
            int(west / lon_deg),
            int((boxes[n, 1] - boxes[n, 3] - plan[G_SOUTH]) / lat_deg),
        )
        to_column = int((west + 2.0 * boxes[n, 2]) / lon_deg)
        to_row = int((boxes[n, 1] + boxes[n, 3] - plan[G_SOUTH]) / lat_deg)
        to_column = min(to_column, from_column + columns - 1)
        from_row, to_row = max(0, from_row), min(rows - 1, to_row)
        kept_blocks, kept_entries = state[0], state[1]
        for row in range(from_row, to_row + 1):
            for wide in range(from_column, to_column + 1):
                if state[1] + FINE * FINE > len(keys):  # all of a zone is noted, or none
                    _forget(blocks, state, kept_blocks, kept_entries, from_row, row, columns)
                    return n
                _note(zones, numbers[n], plan, row, wide % columns, blocks, state, keys, words)
    return len(numbers)


@inner
def _forget(
    blocks: Shorts, state: Ints, kept_blocks: int, kept_entries: int, from_row: int, to_row: int, columns: int
) -> None:
    """Take back what was noted of a zone that finds no room."""
    for cell in range(from_row * columns, (to_row + 1) * columns):
        if blocks[cell] >= kept_blocks:
            blocks[cell] = -1
    state[0], state[1] = kept_blocks, kept_entries


@inner
def _note(
    zones: ZoneArrays,
    zone: int,
    plan: Floats,
    row: int,
    column: int,
    blocks: Shorts,
    state: Ints,
    keys: Ints,
    words: Masks,
) -> None:
    """The entries of one zone in one coarse cell."""
    columns, cells = int(plan[G_COLUMNS]), int(plan[G_COLUMNS]) * int(plan[G_ROWS])
    lon_deg, lat_deg = plan[G_LON_DEG], plan[G_LAT_DEG]
    lon = plan[G_WEST] + (column + 0.5) * lon_deg
    lat = plan[G_SOUTH] + (row + 0.5) * lat_deg
    cell = row * columns + column
    side = _side(zones, zone, lon, lat, _half_m(lat, lon_deg, lat_deg))
    if side == _OUT:
        return
    if side == WHOLE:
        keys[state[1]], words[state[1]] = cell, _word(zone, np.int64(WHOLE), np.int64(0))
        state[1] += 1
        return
    fine_lon, fine_lat = lon_deg / FINE, lat_deg / FINE
    for v in range(FINE):
        for u in range(FINE):
            x = lon + (u + 0.5 - 0.5 * FINE) * fine_lon
            y = lat + (v + 0.5 - 0.5 * FINE) * fine_lat
            side = _side(zones, zone, x, y, _half_m(y, fine_lon, fine_lat))
            entry = np.int64(side)
            if side == ASK:
                entry = _entry(zones, zone, x, y, fine_lon, fine_lat, plan[G_NEAR])
            if entry < 0:
                continue
            if blocks[cell] < 0:
                blocks[cell] = state[0]
                state[0] += 1
            keys[state[1]] = cells + blocks[cell] * FINE * FINE + v * FINE + u
            words[state[1]] = _word(zone, entry & 3, entry >> 2)
            state[1] += 1


@inlined
def _edge_blocks(word: np.uint64) -> np.int64:
    """Blocks of eight that an entry's edges take."""
    return (np.int64((word >> _COUNT_SHIFT) & _COUNT_MASK) + LANES - 1) // LANES


@compiled
def count_edges(words: Masks, order: Ints, keys: Ints, starts: Shorts) -> np.int64:
    """Where each key's entries and blocks of edges begin: ``starts`` i32[keys + 1, 2], of sorted entries."""
    edges, k = np.int64(0), 0
    for i in range(len(order)):
        key = keys[order[i]]
        while k <= key:
            starts[k, 0], starts[k, 1] = i, edges
            k += 1
        edges += _edge_blocks(words[order[i]])
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
    coarse = int(plan[G_COLUMNS]) * int(plan[G_ROWS])
    for cell in range(len(middles)):
        lon, lat = middles[cell, 0], middles[cell, 1]
        at = starts[coarse + cell, 1]
        for e in range(starts[coarse + cell, 0], starts[coarse + cell + 1, 0]):
            if np.int64((entries[e] >> _COUNT_SHIFT) & _COUNT_MASK) == 0:
                continue
            zone, lane = np.int64(entries[e] & _ZONE_MASK), 0
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


@compiled
def contain_each(
    zones: ZoneArrays,
    plan: Floats,
    blocks: Shorts,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    lon: Floats,
    lat: Floats,
    first: int,
    cells: Ints,
    places: Floats,
    found: Ints,
    offsets: Ints,
) -> int:
    """The zones that hold each position from the ``first`` on; where ``found`` had no more room.

    ``cells`` i64[STAGE, 2] and ``places`` f64[STAGE, 2] are room. Positions are taken STAGE at a time, so
    that memory is asked for all of them before the first is answered.
    """
    total = offsets[first]
    for begin in range(first, len(lon), STAGE):
        end = min(begin + STAGE, len(lon))
        _place(plan, blocks, starts, lon, lat, begin, end, cells, places)
        for i in range(end - begin):
            if cells[i, 1] >= 0:
                fetch_ahead(entries, starts[cells[i, 1], 0], 0)
                fetch_ahead(edges, starts[cells[i, 1], 1], 0)
                fetch_ahead(edges, starts[cells[i, 1], 1], 1)
        doubts = False
        for i in range(begin, end):
            offsets[i] = total
            cell, fine = cells[i - begin, 0], cells[i - begin, 1]
            kept, most = total, 0
            if cell >= 0:
                most = starts[cell + 1, 0] - starts[cell, 0]
            if fine >= 0:
                most += starts[fine + 1, 0] - starts[fine, 0]
            if total + most > len(found):
                if doubts:
                    offsets[i] = _settle(zones, lon, lat, begin, i, total, found, offsets)
                return i
            if cell >= 0:
                for e in range(starts[cell, 0], starts[cell + 1, 0]):
                    found[total] = np.int64(entries[e] & _ZONE_MASK)
                    total += 1
            if fine >= 0:
                x, y = places[i - begin, 0], places[i - begin, 1]
                total, doubt = _of_fine(plan[G_NEAR], starts, entries, edges, fine, x, y, found, total)
                doubts |= doubt
                if cell >= 0:
                    _sort(found, kept, total)
        if doubts:
            total = _settle(zones, lon, lat, begin, end, total, found, offsets)
    offsets[len(lon)] = total
    return len(lon)


@inner
def _settle(
    zones: ZoneArrays, lon: Floats, lat: Floats, begin: int, end: int, total: int, found: Ints, offsets: Ints
) -> int:
    """Ask exactly for what is in doubt (``_IN_DOUBT`` added), and leave out what does not hold."""
    kept = offsets[begin]
    for i in range(begin, end):
        first, last = offsets[i], offsets[i + 1] if i + 1 < end else total
        offsets[i] = kept
        for k in range(first, last):
            zone = found[k] & (_IN_DOUBT - 1)
            if zone == found[k] or signed_m(zones, zone, half_open(lon[i]), lat[i]) <= ON_EDGE_M:
                found[kept] = zone
                kept += 1
    return kept


@inlined
def _place(
    plan: Floats,
    blocks: Shorts,
    starts: Shorts,
    lon: Floats,
    lat: Floats,
    begin: int,
    end: int,
    cells: Ints,
    places: Floats,
) -> None:
    """Of each position the coarse cell if it has a list, the fine cell (-1 for none), its place there."""
    columns, rows = plan[G_COLUMNS], plan[G_ROWS]
    west, south = plan[G_WEST], plan[G_SOUTH]
    per_lon, per_lat = FINE / plan[G_LON_DEG], FINE / plan[G_LAT_DEG]
    width, coarse = np.int64(columns), np.int64(columns) * np.int64(rows)
    for i in range(begin, end):
        k = i - begin
        east = lon[i] - west
        east = east + 360.0 if east < 0.0 else east
        east = east - 360.0 if east >= 360.0 else east
        x, y = east * per_lon, (lat[i] - south) * per_lat
        cells[k, 0], cells[k, 1] = -1, -1
        if not ((x < FINE * columns) & (y >= 0.0) & (y < FINE * rows)):
            continue
        u, v = np.int64(x), np.int64(y)
        cell = (v // FINE) * width + u // FINE
        block = np.int64(blocks[cell])
        if block & LISTED:
            cells[k, 0] = cell
        block = (block & (LISTED - 1)) - 1
        if block >= 0:
            fine = coarse + (block * FINE + v % FINE) * FINE + u % FINE
            cells[k, 1] = fine
            places[k, 0], places[k, 1] = x - u - 0.5, y - v - 0.5
            fetch_ahead(starts, fine, 0)


@inlined
def _of_fine(
    near: float,
    starts: Shorts,
    entries: Masks,
    edges: Boxes,
    fine: int,
    x: float,
    y: float,
    found: Ints,
    total: int,
) -> tuple[int, bool]:
    """Add the zones that hold a position at ``x``, ``y`` of a fine cell, from its middle."""
    doubts = False
    b = starts[fine, 1]
    for e in range(starts[fine, 0], starts[fine + 1, 0]):
        word = entries[e]
        kind = np.int64(word >> _KIND_SHIFT)
        inside, doubt = kind != MIDDLE_OUT, kind == ASK
        for _ in range(_edge_blocks(word)):
            crossed = block_crossings(edges, b, x, y, near)
            doubt |= crossed == 2
            inside ^= crossed == 1
            b += 1
        if inside | doubt:
            zone = np.int64(word & _ZONE_MASK)
            found[total] = zone + _IN_DOUBT if doubt else zone
            total += 1
            doubts |= doubt
    return total, doubts


@inner
def _sort(found: Ints, low: int, high: int) -> None:
    """Put a few zones in order."""
    for i in range(low + 1, high):
        value, k = found[i], i
        while k > low and found[k - 1] & (_IN_DOUBT - 1) > value & (_IN_DOUBT - 1):
            found[k] = found[k - 1]
            k -= 1
        found[k] = value
