"""Kernels of fields: what a number says of a zone and its buffer, so that its arrays need not be read.

A *field* belongs to a zone and the width of a buffer. It is the box around both (boxes.py), cut into
``CELLS_A_SIDE`` squared cells, and of each cell's middle the signed distance to the zone, in steps of some
centimetres. From there to any position of the cell that distance changes by at most a metre a metre (it is
1-Lipschitz): so the steps bound the distance of every position, from below and from above. Where both
bounds lie on one side of the edge and of the buffer's line, the flags are known, and for how many metres
they hold. A cell that the edge or the buffer's line runs through is cut once more, into ``FINER`` squared.
Nothing else is decided here: where the bounds leave it open, the zone itself is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emon.geofence.ellipsoid import half_open
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import boxes_beside, fetch_ahead, least, lesser, lowest_bit, most, truncated
from emon.geofence.layout import (
    B_HALF_LAT,
    B_HALF_LON,
    B_LAT,
    B_LON,
    FAR_DEG,
    LANES,
    Boxes,
    Shorts,
    Steps,
    ZoneArrays,
)
from emon.geofence.near_paths import MARGIN, MARGIN_M, near_m
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats
from emon.limits import ON_EDGE_M

CELLS_A_SIDE = 32
FINER = 4
"""Finer cells a side of a cell that a line runs through."""

# A field's rows, i16[n, 16], 32 bytes each; the same memory as f64[n, 4] has the first.
HEAD = 0  # the buffer in metres, no less than ON_EDGE_M, as it was given
CELLS_FROM = 1  # two rows for each row of cells, from the south-west
FINER_FROM = 65  # a row for each cell that is cut once more
IN_A_ROW = 16
CUT = 16_384
"""A cell of so many steps, or more, is cut once more: into the row of that number less this."""

# Columns of a box after those of layout.py, f32[n, 8]; the same memory as i32[n, 8] has the last two.
B_BUFFER = 4  # the buffer in metres, no less than ON_EDGE_M
B_UNIT = 5  # metres of one step; 0: there are no cells, and the zone is always asked
B_FIELD, B_ZONE = 6, 7  # first row of the field; index in the table

_HALF = 0.5 * CELLS_A_SIDE
_NORTH_M = METRES_PER_DEGREE_MAX / _HALF
_STEPS = 16_000.0
_MARGIN_CUT_M = 0.05
"""A cell is cut although a line misses it by so much: no matter, but no more open for rounding."""
SHORTEST_M = 0.98 * 110_574.0
"""Metres of a degree of latitude at the equator, where it is shortest; less what a plane errs by."""
CLEAR_MAX_M = 20_000.0
LOWER_DEG = 0.2
"""Within ``CLEAR_MAX_M`` latitude changes by less, and within half a cell of a field."""
Sides = tuple[float, float, float, float]
"""Degrees to the west, east, south and north up to which no box is met."""
_Signed = Callable[[ZoneArrays, int, float, float], float]
_Layer = Callable[[ZoneArrays, int, Boxes, Floats, Steps, float, float], int]
_LOWER = math.radians(2.0 * LOWER_DEG)
_NONE, _ONE, _BOTH = np.uint64(0), np.uint64(1), np.uint64(3)


@inlined
def cosine_below(degrees: float) -> float:
    """A little below the cosine of up to a right angle, by at most 5e-7 and what rounding is."""
    y = math.radians(degrees) * math.radians(degrees)
    series = 1.0 / 2.0 - y * (1.0 / 24.0 - y * (1.0 / 720.0 - y * (1.0 / 40_320.0 - y / 3_628_800.0)))
    return most(0.0, 1.0 - y * series - 1e-12)


@inlined
def per_lon_m(lat: float) -> tuple[float, float]:
    """No more, and no less, than the metres of a degree of longitude anywhere within ``LOWER_DEG``."""
    cosine = cosine_below(least(90.0, abs(lat) + LOWER_DEG))
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
def _place(boxes: Boxes, row: np.int64, east: float, north: float) -> tuple[float, float, int, int]:
    """Of a position within a box how far it lies in cells, and column and row of its cell."""
    x, y = (east / boxes[row, B_HALF_LON] + 1.0) * _HALF, (north / boxes[row, B_HALF_LAT] + 1.0) * _HALF
    return x, y, lesser(truncated(x), CELLS_A_SIDE - 1), lesser(truncated(y), CELLS_A_SIDE - 1)


@inlined
def fetch_cell(boxes: Boxes, whole: Shorts, cells: Steps, row: np.int64, east: float, north: float) -> None:
    """Begin to bring the cell of a position within a box."""
    _, _, u, v = _place(boxes, row, east, north)
    fetch_ahead(cells, whole[row, B_FIELD] + CELLS_FROM + (v * CELLS_A_SIDE + u) // IN_A_ROW, 0)


@inlined
def fetch_finer(boxes: Boxes, whole: Shorts, cells: Steps, row: np.int64, east: float, north: float) -> None:
    """Begin to bring the finer cells of that cell, which must be at hand, if it has some."""
    _, _, u, v = _place(boxes, row, east, north)
    at = v * CELLS_A_SIDE + u
    value = np.int64(cells[whole[row, B_FIELD] + CELLS_FROM + at // IN_A_ROW, at % IN_A_ROW])
    if value >= CUT:
        fetch_ahead(cells, whole[row, B_FIELD] + FINER_FROM + value - CUT, 0)


@inlined
def _narrowed(
    low_m: float, high_m: float, value: np.int64, unit: float, x_m: float, y_m: float
) -> tuple[float, float]:
    """Least and most that a distance can be, by what is known and by a middle so many metres away."""
    distance = (value + 0.5) * unit
    unsure = 0.5 * unit + math.sqrt(x_m * x_m + y_m * y_m) + MARGIN_M + MARGIN * (abs(distance) + unit)
    return most(low_m, distance - unsure), least(high_m, distance + unsure)


@inlined
def bounded_m(
    boxes: Boxes, whole: Shorts, cells: Steps, row: np.int64, east: float, north: float, longest_m: float
) -> tuple[float, float]:
    """Signed distance of a position within a box and by how much that may err, from its cell.

    Each middle bounds it, so that of finer cells those beside the position's own leave less open: the three
    towards which it lies, in the row that is at hand.
    ``longest_m`` is no less than the metres of a degree of longitude.
    """
    x, y, u, v = _place(boxes, row, east, north)
    unit, field, at = boxes[row, B_UNIT], whole[row, B_FIELD], v * CELLS_A_SIDE + u
    wide_m, high_m = boxes[row, B_HALF_LON] * longest_m / _HALF, boxes[row, B_HALF_LAT] * _NORTH_M
    value = np.int64(cells[field + CELLS_FROM + at // IN_A_ROW, at % IN_A_ROW])
    x, y = x - u, y - v
    if value >= CUT:
        finer = field + FINER_FROM + value - CUT
        x, y, wide_m, high_m = FINER * x, FINER * y, wide_m / FINER, high_m / FINER
        i, j = lesser(truncated(x), FINER - 1), lesser(truncated(y), FINER - 1)
        x, y = x - (i + 0.5), y - (j + 0.5)
        value = np.int64(cells[finer, j * FINER + i])
        low, high = _narrowed(-math.inf, math.inf, value, unit, x * wide_m, y * high_m)
        k, n = i + (1 if x > 0.0 else -1), j + (1 if y > 0.0 else -1)
        x_beside, y_beside = abs(x) - 1.0, abs(y) - 1.0
        across, along = (k >= 0) & (k < FINER), (n >= 0) & (n < FINER)
        if across:
            value = np.int64(cells[finer, j * FINER + k])
            low, high = _narrowed(low, high, value, unit, x_beside * wide_m, y * high_m)
        if along:
            value = np.int64(cells[finer, n * FINER + i])
            low, high = _narrowed(low, high, value, unit, x * wide_m, y_beside * high_m)
        if across & along:
            value = np.int64(cells[finer, n * FINER + k])
            low, high = _narrowed(low, high, value, unit, x_beside * wide_m, y_beside * high_m)
    else:
        x, y = x - 0.5, y - 0.5
        low, high = _narrowed(-math.inf, math.inf, value, unit, x * wide_m, y * high_m)
    return 0.5 * (low + high), 0.5 * (high - low)


@inner
def by_field(
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
) -> tuple[np.uint64, float, np.uint64, Sides]:
    """Flags of a position over own zones, the metres and sides for which they hold, and which must be asked.

    A zone must be asked (bit k) where its field leaves it open; its flags are then missing.
    A zone whose box the position is beside keeps it away from the nearer side of that box.
    """
    shortest_m, longest_m = per_lon_m(lat)
    flags, left, within, clear, beside2 = _NONE, _NONE, _NONE, CLEAR_MAX_M, CLEAR_MAX_M * CLEAR_MAX_M
    to_west, to_east, to_south, to_north = FAR_DEG, FAR_DEG, FAR_DEG, FAR_DEG
    for first in range(0, count, LANES):
        some, sides, square = boxes_beside(
            boxes, start + first, count - first, lon, lat, shortest_m, SHORTEST_M
        )
        within |= some << np.uint64(first)
        to_west, to_east = least(to_west, sides[0]), least(to_east, sides[1])
        to_south, to_north = least(to_south, sides[2]), least(to_north, sides[3])
        beside2 = least(beside2, square)
    while within != _NONE:
        k = lowest_bit(within)
        within &= within - _ONE
        row = start + k
        distance, unsure = 0.0, math.inf
        if boxes[row, B_UNIT] > 0.0:
            east, north = east_of(boxes, row, lon), lat - boxes[row, B_LAT]
            distance, unsure = bounded_m(boxes, whole, cells, row, east, north, longest_m)
        buffer_m = boxes[row, B_BUFFER]
        held = least(abs(distance - ON_EDGE_M), abs(distance - buffer_m)) - unsure
        if held > 0.0:
            clear = least(clear, held)
            inside = _BOTH if distance < ON_EDGE_M else _ONE << _ONE
            flags |= (inside if distance < buffer_m else _NONE) << np.uint64(2 * k)
        else:
            left |= _ONE << np.uint64(k)
    return flags, least(clear, math.sqrt(beside2)), left, (to_west, to_east, to_south, to_north)


def _layer_by(signed: _Signed) -> _Layer:
    """The kernel that lays a field, over one of the two kernels of signed distances."""

    @inner
    def away_m(zones: ZoneArrays, zone: int, box: Boxes, x: float, y: float) -> float:
        """Signed distance of a place of a box, in cells from its south-west corner."""
        lon = half_open(box[0, B_LON] + (x / _HALF - 1.0) * box[0, B_HALF_LON])
        return signed(zones, zone, lon, box[0, B_LAT] + (y / _HALF - 1.0) * box[0, B_HALF_LAT])

    @inner
    def layer(
        zones: ZoneArrays,
        zone: int,
        box: Boxes,
        room: Floats,
        cells: Steps,
        farthest_m: float,
        buffer_m: float,
    ) -> int:
        farthest = 1e-3
        for v in range(CELLS_A_SIDE):
            for u in range(CELLS_A_SIDE):
                distance = away_m(zones, zone, box, u + 0.5, v + 0.5)
                if math.isnan(distance):
                    return 0
                farthest = most(farthest, abs(distance))
                room[v * CELLS_A_SIDE + u] = distance
        if farthest > farthest_m:
            return CELLS_FROM
        _, longest_m = per_lon_m(np.float64(box[0, B_LAT]))  # good for all of the box
        x_m, y_m = box[0, B_HALF_LON] * longest_m, box[0, B_HALF_LAT] * METRES_PER_DEGREE_MAX
        corner_m = math.sqrt(x_m * x_m + y_m * y_m) / CELLS_A_SIDE
        unit = float(np.float32((farthest + corner_m) / _STEPS * 1.000001))
        rows = FINER_FROM + 0
        for k in range(CELLS_A_SIDE * CELLS_A_SIDE):
            distance = room[k]
            value = math.floor(distance / unit)
            line_m = least(abs(distance - ON_EDGE_M), abs(distance - buffer_m))
            if line_m <= corner_m + MARGIN * abs(distance) + 2.0 * unit + _MARGIN_CUT_M:
                v, u = k // CELLS_A_SIDE, k % CELLS_A_SIDE
                for i in range(FINER * FINER):
                    x, y = u + (i % FINER + 0.5) / FINER, v + (i // FINER + 0.5) / FINER
                    distance = away_m(zones, zone, box, x, y)
                    if math.isnan(distance):
                        return 0
                    cells[rows, i] = np.int16(math.floor(distance / unit))
                value = CUT + rows - FINER_FROM
                rows += 1
            cells[CELLS_FROM + k // IN_A_ROW, k % IN_A_ROW] = np.int16(value)
        box[0, B_UNIT] = unit
        return rows

    return layer


_near_layer = _layer_by(near_m)
_exact_layer = _layer_by(signed_m)


@compiled
def lay_field(
    zones: ZoneArrays, zone: int, box: Boxes, room: Floats, cells: Steps, farthest_m: float, buffer_m: float
) -> int:
    """Fill the rows of one field after its head, and the box's unit; how many rows there are with it.

    One, and the unit 0, where a middle is farther than ``farthest_m`` from the zone. ``box`` is f32[1, 8],
    ``room`` is for a number a cell. None where the zone's frame leaves a distance open: ``exact_field``
    then lays it, which nobody waits for before.
    """
    return _near_layer(zones, zone, box, room, cells, farthest_m, buffer_m)


@compiled
def exact_field(
    zones: ZoneArrays, zone: int, box: Boxes, room: Floats, cells: Steps, farthest_m: float, buffer_m: float
) -> int:
    """As ``lay_field``, of any zone."""
    return _exact_layer(zones, zone, box, room, cells, farthest_m, buffer_m)
