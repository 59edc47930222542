"""Kernels of fields: what a byte says of a zone and its buffer, so that its arrays need not be read.

A *field* belongs to a zone and the width of a buffer. It is the box around both (boxes.py), cut into
``CELLS_A_SIDE`` squared cells, and of each cell's middle the signed distance to the zone, a byte. From
there to any position of the cell that distance changes by at most a metre a metre (it is 1-Lipschitz):
so the byte bounds the distance of every position, from below and from above. Where both bounds lie on
one side of the edge and of the buffer's line, the flags are known, and for how many metres they hold.
Nothing else is decided here: where the bounds leave it open, the zone itself is asked.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import half_open
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.layout import Boxes, Bytes, Shorts, ZoneArrays
from emon.geofence.near_paths import MARGIN, MARGIN_M
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats
from emon.limits import ON_EDGE_M

CELLS_A_SIDE = 32

# Columns of a box, f32[n, 8]; the same memory as i32[n, 8] has the last two.
B_LON, B_LAT, B_HALF_LON, B_HALF_LAT = 0, 1, 2, 3  # middle and half extents in degrees
B_BUFFER = 4  # the buffer in metres, no less than ON_EDGE_M
B_UNIT = 5  # metres of one step of the field's bytes; 0: the zone is always asked
B_FIELD, B_ZONE = 6, 7  # row of the fields' cells and buffers; index in the table
BOX_COLUMNS = 8

_HALF = 0.5 * CELLS_A_SIDE
_STEPS = 127.0
SHORTEST_M = 0.98 * 110_574.0
"""Metres of a degree of latitude at the equator, where it is shortest; less what a plane errs by."""
CLEAR_MAX_M = 20_000.0
LOWER_DEG = 0.2
"""Within ``CLEAR_MAX_M`` latitude changes by less, and within half a cell of a field."""
_LOWER = math.radians(2.0 * LOWER_DEG)
_NONE, _ONE, _BOTH = np.uint64(0), np.uint64(1), np.uint64(3)


@inlined
def cosine_below(degrees: float) -> float:
    """A little below the cosine of up to a right angle, by at most 5e-7 and what rounding is."""
    y = math.radians(degrees) * math.radians(degrees)
    series = 1.0 / 2.0 - y * (1.0 / 24.0 - y * (1.0 / 720.0 - y * (1.0 / 40_320.0 - y / 3_628_800.0)))
    return max(0.0, 1.0 - y * series - 1e-12)


@inlined
def per_lon_m(lat: float) -> tuple[float, float]:
    """No more, and no less, than the metres of a degree of longitude anywhere within ``LOWER_DEG``."""
    cosine = cosine_below(min(90.0, abs(lat) + LOWER_DEG))
    return SHORTEST_M * cosine, METRES_PER_DEGREE_MAX * (cosine + _LOWER + 1e-6)


@inlined
def zone_of(whole: Shorts, row: np.int64) -> int:
    """Index in the table of an own zone, in 64 bits: kernels have one signature each."""
    zone: int = 0 + whole[row, B_ZONE]
    return zone


@inlined
def east_of(boxes: Boxes, row: np.int64, lon: float) -> float:
    """Degrees of longitude from a box's middle, the short way."""
    east = lon - boxes[row, B_LON]
    return east - 360.0 if east > 180.0 else (east + 360.0 if east < -180.0 else east)


@inlined
def cell_of(boxes: Boxes, row: np.int64, east: float, north: float) -> int:
    """Number of the cell of a position within a box."""
    u = int((east / boxes[row, B_HALF_LON] + 1.0) * _HALF)
    v = int((north / boxes[row, B_HALF_LAT] + 1.0) * _HALF)
    return min(v, CELLS_A_SIDE - 1) * CELLS_A_SIDE + min(u, CELLS_A_SIDE - 1)


@inlined
def bounded_m(
    boxes: Boxes, row: np.int64, value: float, cell: int, east: float, north: float, longest_m: float
) -> tuple[float, float]:
    """Signed distance of a position within a box and by how much that may err, from its cell's byte.

    ``longest_m`` is no less than the metres of a degree of longitude.
    """
    v, u = cell // CELLS_A_SIDE, cell % CELLS_A_SIDE
    x = (east - ((u + 0.5) / _HALF - 1.0) * boxes[row, B_HALF_LON]) * longest_m
    y = (north - ((v + 0.5) / _HALF - 1.0) * boxes[row, B_HALF_LAT]) * METRES_PER_DEGREE_MAX
    unit = boxes[row, B_UNIT]
    distance = (value + 0.5) * unit
    margin = MARGIN_M + MARGIN * (abs(distance) + unit)
    return distance, 0.5 * unit + math.sqrt(x * x + y * y) + margin


@inner
def by_field(
    boxes: Boxes,
    whole: Shorts,
    cells: Bytes,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
    least_m: float,
) -> tuple[np.uint64, float, np.uint64]:
    """Flags of a position over own zones, the metres for which they hold, and which zones must be asked.

    A zone is asked (bit k) where its field holds for no more than ``least_m``; its flags are then missing.
    A zone whose box the position is beside keeps it away at least as far as the box.
    """
    shortest_m, longest_m = per_lon_m(lat)
    flags, left, clear, beside2 = _NONE, _NONE, CLEAR_MAX_M, CLEAR_MAX_M * CLEAR_MAX_M
    for k in range(count):
        row = start + k
        east, north = east_of(boxes, row, lon), lat - boxes[row, B_LAT]
        x, y = abs(east) - boxes[row, B_HALF_LON], abs(north) - boxes[row, B_HALF_LAT]
        if (x > 0.0) | (y > 0.0):
            x, y = max(0.0, x) * shortest_m, max(0.0, y) * SHORTEST_M
            beside2 = min(beside2, x * x + y * y)
            continue
        distance, unsure = 0.0, math.inf
        if boxes[row, B_UNIT] > 0.0:
            cell = cell_of(boxes, row, east, north)
            value = cells[whole[row, B_FIELD], cell]
            distance, unsure = bounded_m(boxes, row, value, cell, east, north, longest_m)
        buffer_m = boxes[row, B_BUFFER]
        held = min(abs(distance - ON_EDGE_M), abs(distance - buffer_m)) - unsure
        if held > least_m:
            clear = min(clear, held)
            inside = _BOTH if distance < ON_EDGE_M else _ONE << _ONE
            flags |= (inside if distance < buffer_m else _NONE) << np.uint64(2 * k)
        else:
            left |= _ONE << np.uint64(k)
    return flags, min(clear, math.sqrt(beside2)), left


@compiled
def lay_field(
    zones: ZoneArrays, zone: int, box: Boxes, room: Floats, cells: Bytes, farthest_m: float
) -> float:
    """Fill ``cells`` of one field, i8[CELLS_A_SIDE²]; metres of a step, 0 where one is beyond ``farthest_m``.

    ``box`` is f32[1, 8], ``room`` is for a number a cell.
    """
    most = 1e-3
    for v in range(CELLS_A_SIDE):
        for u in range(CELLS_A_SIDE):
            lon = half_open(box[0, B_LON] + ((u + 0.5) / _HALF - 1.0) * box[0, B_HALF_LON])
            lat = box[0, B_LAT] + ((v + 0.5) / _HALF - 1.0) * box[0, B_HALF_LAT]
            distance = signed_m(zones, zone, lon, lat)
            most = max(most, abs(distance))
            room[v * CELLS_A_SIDE + u] = distance
    if most > farthest_m:
        return 0.0
    unit = float(np.float32(most / _STEPS * 1.000001))
    for k in range(CELLS_A_SIDE * CELLS_A_SIDE):
        cells[k] = np.int8(math.floor(room[k] / unit))
    return unit
