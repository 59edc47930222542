"""A position over all zones of a country: which of them hold it.

For shared zones (stadiums, stations, centres) and for a look-up by place. The grid is built once for a
table's zones; zones that come later are kept in a small grid of their own until they are many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.boxes import box_around
from emon.geofence.columns import columns_of, whole_number, whole_numbers
from emon.geofence.layout import LANES, Boxes, Masks, Shorts
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats, Ints
from emon.geofence.zones import ZoneTable
from emon.limits import COUNTRY_CELLS_MAX, COUNTRY_CLOSE_M, COUNTRY_FINE_A_ZONE

_YOUNG_MIN = 64
_YOUNG_SHARE = 0.1
"""Zones added are laid out again with all others once they are so many of them."""
_NEVER_NEAR = 1e3
"""Cells from the middle at which the edges lie that only fill up a block."""
_FINE = 8  # of country_kernels, which compiles when imported


_KNOWN = "the table has {} zones"


class _Grid(NamedTuple):
    """The arrays that ``country_kernels.contain_each`` takes."""

    plan: Floats
    blocks: Shorts
    starts: Shorts
    entries: Masks
    edges: Boxes


class CountryIndex:
    """An index of a table's zones by place.

    ``zones`` are indices of the table, all of it by default. Some kilobytes a zone and a tenth of a
    millisecond; ``nbytes`` and ``benchmarks/REPORT.md`` say how much.

    Raises ``IndexError`` for an unknown zone.
    """

    def __init__(self, table: ZoneTable, zones: Sequence[int] | Ints | None = None) -> None:
        self._table = table
        given = np.arange(len(table)) if zones is None else np.asarray(zones)
        self._zones: Ints = np.unique(whole_numbers("zones", given, given.size, len(table), _KNOWN))
        self._young: list[int] = []
        self._grids = [_laid(table, self._zones)]
        self._stale = False

    def __len__(self) -> int:
        return len(self._zones) + len(self._young)

    @property
    def nbytes(self) -> int:
        """Memory of the grids, without the table's."""
        return sum(array.nbytes for grid in self._grids for array in grid)

    def add(self, zone_index: int) -> None:
        """Take in one more zone of the table; one that is in already stays.

        The next question lays out those that came since the last full layout, at most a tenth of all,
        so that adding n zones one by one costs as much as laying out about ten times n at once.
        Raises ``IndexError`` for an unknown zone.
        """
        zone_index = whole_number("zone_index", zone_index, len(self._table), _KNOWN)
        at = int(np.searchsorted(self._zones, zone_index))
        if (at < len(self._zones) and self._zones[at] == zone_index) or zone_index in self._young:
            return
        self._young.append(zone_index)
        self._stale = True

    def containing(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Ints, Ints]:
        """``offsets`` i64[n + 1] and ``zones`` i64[m]: those that hold position i, ascending, lie from
        ``offsets[i]`` to ``offsets[i + 1]``.

        As ``relations``: closed, decided within 0.2 mm. Raises ``ValueError`` by column and row for a
        position that is none.
        """
        lon, lat = columns_of(lon=lon, lat=lat)
        self._settle()
        answers = [_contained(self._table, grid, lon, lat) for grid in self._grids]
        if len(answers) == 1:
            return answers[0]
        row = np.concatenate([np.repeat(np.arange(len(lon)), np.diff(offsets)) for offsets, _ in answers])
        zones = np.concatenate([found for _, found in answers])
        order = np.lexsort((zones, row))
        offsets: Ints = sum((offsets for offsets, _ in answers), np.zeros(len(lon) + 1, dtype=np.int64))
        return offsets, zones[order]

    def _settle(self) -> None:
        """Lay out what was added since the last question."""
        if not self._stale:
            return
        young = np.array(sorted(self._young), dtype=np.int64)
        if len(young) > max(_YOUNG_MIN, _YOUNG_SHARE * len(self._zones)):
            self._zones = np.unique(np.concatenate((self._zones, young)))
            self._young = []
            self._grids = [_laid(self._table, self._zones)]
        else:
            self._grids = [self._grids[0], _laid(self._table, young)]
        self._stale = False


def _contained(table: ZoneTable, grid: _Grid, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
    from emon.geofence.country_kernels import STAGE
    from emon.geofence.country_kernels import contain_each as contain

    offsets = np.zeros(len(lon) + 1, dtype=np.int64)
    cells, places = np.empty((STAGE, 2), dtype=np.int64), np.empty((STAGE, 2))
    found: Ints = np.empty(2 * len(lon) + 64, dtype=np.int64)
    done = 0
    while True:
        done = int(contain(table.arrays, *grid, lon, lat, done, cells, places, found, offsets))
        if done == len(lon):
            return offsets, found[: offsets[-1]].copy()
        if done < 0:
            from emon.geofence.country_kernels import exact_contain_each as contain

            done = -done - 1
            continue
        found = np.concatenate((found, np.empty(len(found) + len(table), dtype=np.int64)))


def _laid(table: ZoneTable, numbers: Ints) -> _Grid:
    """The grid of some zones, ascending."""
    from emon.geofence.country_build import count_edges, fill_edges, scan
    from emon.geofence.country_kernels import LISTED

    zones = table.arrays
    boxes = np.array([box_around(zones, int(zone), 0.0) for zone in numbers]).reshape(-1, 4)
    boxes[boxes[:, 2] >= 180.0, 0::2] = 0.0, 180.0
    plan = _plan(boxes)
    coarse = int(plan[4] * plan[5])
    blocks: Shorts = np.full(coarse, -1, dtype=np.int32)
    state = np.zeros(3, dtype=np.int64)
    keys: Ints = np.empty(1024, dtype=np.int64)
    words: Masks = np.empty(1024, dtype=np.uint64)
    done = 0
    while done < len(numbers):
        done = int(scan(zones, numbers, boxes, plan, done, blocks, state, keys, words))
        if state[2]:
            from emon.geofence.country_build import exact_scan as scan

            state[2] = 0
        elif done < len(numbers):
            keys, words = np.concatenate((keys, keys)), np.concatenate((words, words))
    keys, words = keys[: state[1]], words[: state[1]]
    order = np.argsort(keys, kind="stable")
    fine = int(state[0]) * _FINE * _FINE
    starts: Shorts = np.zeros((coarse + fine + 1, 2), dtype=np.int32)
    blocks_of_edges = int(count_edges(words, order, keys, starts))
    edges = _aligned(blocks_of_edges)
    entries = np.ascontiguousarray(words[order])
    fill_edges(zones, plan, _middles(plan, blocks, fine), entries, starts, edges)
    listed = np.diff(starts[: coarse + 1, 0]) > 0
    return _Grid(plan, (blocks + 1) | (listed * np.int32(LISTED)), starts, entries, edges)


def _aligned(blocks: int) -> Boxes:
    """Blocks of edges that are never near, each on two cache lines."""
    room = np.full((blocks + 1) * 4 * LANES, _NEVER_NEAR, dtype=np.float32)
    start = -room.ctypes.data % 64 // 4
    return room[start : start + blocks * 4 * LANES].reshape(blocks, 4, LANES)


def _plan(boxes: Floats) -> Floats:
    """Where the grid lies, and how fine: a zone of middling size is some fine cells wide."""
    if not len(boxes):
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1e-6, 0.0])
    south = max(-90.0, float((boxes[:, 1] - boxes[:, 3]).min()))
    north = min(90.0, float((boxes[:, 1] + boxes[:, 3]).max()))
    west, span = _longitudes(boxes)
    lowest = 0.0 if south < 0.0 < north else min(abs(south), abs(north))
    highest = min(89.0, max(abs(south), abs(north)))
    shrink = math.cos(math.radians(min(lowest, highest)))
    size_deg = float(np.median(2.0 * np.sqrt(boxes[:, 2] * shrink * boxes[:, 3])))
    lat_deg = max(_FINE * size_deg / COUNTRY_FINE_A_ZONE, 1e-6)
    lat_deg = max(lat_deg, math.sqrt((north - south) * span * shrink / COUNTRY_CELLS_MAX))
    columns = max(1, min(int(span * shrink / lat_deg), COUNTRY_CELLS_MAX))
    rows = max(1, min(math.ceil((north - south) / lat_deg), COUNTRY_CELLS_MAX))
    lon_deg, lat_deg = span / columns, (north - south) / rows * (1.0 + 1e-9)
    if span < 360.0:
        lon_deg *= 1.0 + 1e-9
    shortest_m = (
        0.98 * METRES_PER_DEGREE_MAX * min(lat_deg, lon_deg * math.cos(math.radians(highest))) / _FINE
    )
    near = COUNTRY_CLOSE_M / shortest_m + 1e-6
    return np.array([west, south, lon_deg, lat_deg, columns, rows, near, 0.0])


def _longitudes(boxes: Floats) -> tuple[float, float]:
    """West end in [-180, 180) and length of the shortest range that holds all boxes."""
    begins = np.sort(np.mod(boxes[:, 0] - boxes[:, 2], 360.0))
    order = np.argsort(np.mod(boxes[:, 0] - boxes[:, 2], 360.0), kind="stable")
    ends = np.maximum.accumulate(begins + 2.0 * boxes[order, 2])
    reach = np.maximum(np.concatenate(([-np.inf], ends[:-1])), ends[-1] - 360.0)
    gaps = begins - reach
    widest = int(np.argmax(gaps))
    if gaps[widest] <= 1e-6:
        return -180.0, 360.0
    west = (float(begins[widest]) + 180.0) % 360.0 - 180.0
    return west, 360.0 - float(gaps[widest])


def _middles(plan: Floats, blocks: Shorts, fine: int) -> Floats:
    """Degrees of the middles of all fine cells, f64[fine, 2]."""
    west, south, lon_deg, lat_deg, columns = plan[:5]
    cells = np.flatnonzero(blocks >= 0)
    row, column = np.divmod(cells, int(columns))
    steps = (np.arange(_FINE) + 0.5 - 0.5 * _FINE) / _FINE
    middles = np.empty((fine // _FINE**2, _FINE, _FINE, 2))
    block = blocks[cells]
    middles[block, :, :, 0] = (west + (column + 0.5) * lon_deg)[:, None, None] + (steps * lon_deg)[
        None, None, :
    ]
    middles[block, :, :, 1] = (south + (row + 0.5) * lat_deg)[:, None, None] + (steps * lat_deg)[
        None, :, None
    ]
    return middles.reshape(-1, 2)
