"""The grid of near blocks leaves out none that holds the nearest segment."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emon.geofence import ZoneTable, signed_distances
from emon.geofence.layout import F_BEND
from tests.geofence.asking import polygon
from tests.geofence.shapes import PLACES, at, comb, star

_SIZES_DEG = (0.0003, 0.004, 0.12)
_POSITIONS = 20_000
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@pytest.mark.parametrize("size_deg", _SIZES_DEG)
@pytest.mark.parametrize("place", [place for place in PLACES if abs(place[1]) < 85.0])
def test_blocks_of_the_grid_hold_what_all_blocks_do(place: tuple[float, float], size_deg: float) -> None:
    """To the last bit: the nearest segment is the same, whoever else was asked."""
    rng = np.random.default_rng(70)
    table = ZoneTable()
    size_deg = min(size_deg, 84.95 - abs(place[1]))  # no frame reaches beyond 85°
    for unit in (star(rng, 9), star(rng, 100), star(rng, 700, 0.8), comb(40)):
        table.add(polygon(at(place, size_deg, unit)))
    zones = rng.integers(0, len(table), _POSITIONS)
    east, north = rng.uniform(-1.6, 1.6, (2, _POSITIONS)) * size_deg
    lon = place[0] + east / max(math.cos(math.radians(place[1])), 0.005)
    lon, lat = (lon + 180.0) % 360.0 - 180.0, place[1] + north
    assert table.arrays.frames[: len(table), F_BEND].all(), "each has a frame"
    by_grid = signed_distances(table, zones, lon, lat)
    table.arrays.nears[:] = _ALL
    assert np.array_equal(by_grid, signed_distances(table, zones, lon, lat))
