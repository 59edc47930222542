"""A position over all zones: the index finds what each zone by itself says, wherever it is looked."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from emon.geofence import CountryIndex, ZoneTable, relations
from emon.geofence.layout import PIECE_TO
from emon.model.order import AreaZone, CircleZone, CorridorZone, Ring, Zone


def by_each_zone(table: ZoneTable, zones: list[int], lon: np.ndarray, lat: np.ndarray) -> list[list[int]]:
    """The slow answer: every zone asked about every position."""
    found: list[list[int]] = [[] for _ in lon]
    for zone in sorted(zones):
        held = relations(table, np.full(len(lon), zone), lon, lat) <= 0
        for row in np.flatnonzero(held).tolist():
            found[row].append(zone)
    return found


def by_index(index: CountryIndex, lon: np.ndarray, lat: np.ndarray) -> list[list[int]]:
    offsets, zones = index.containing(lon, lat)
    assert offsets[0] == 0
    assert offsets[-1] == len(zones)
    return [zones[a:b].tolist() for a, b in pairwise(offsets)]


def turned(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0


def star(rng: np.random.Generator, lon: float, lat: float, radius_m: float, corners: int) -> Ring:
    angle = (np.arange(corners) + rng.uniform(0.05, 0.95, corners)) * 2.0 * math.pi / corners
    r = radius_m * rng.uniform(0.3, 1.0, corners) / 111_000.0
    wide = 1.0 / max(math.cos(math.radians(lat)), 0.02)
    east, north = r * np.cos(angle) * wide, r * np.sin(angle)
    ring = [
        (turned(lon + x), min(89.97, lat + y)) for x, y in zip(east.tolist(), north.tolist(), strict=True)
    ]
    return (*ring, ring[0])


def scattered(rng: np.random.Generator, lon: float, lat: float, count: int) -> list[Zone]:
    """Areas (some with a hole), circles and corridors of 2 m to 30 km about a place."""
    zones: list[Zone] = []
    wide = 1.0 / max(math.cos(math.radians(lat)), 0.02)
    for k in range(count):
        x = turned(lon + rng.uniform(-0.15, 0.15) * wide)
        y = lat + rng.uniform(-0.1, 0.1)
        size_m = float(10.0 ** rng.uniform(0.3, 3.3)) if k % 12 else 30_000.0
        if k % 5 == 0:
            zones.append(CircleZone((x, y), size_m))
        elif k % 5 == 1:
            zones.append(CorridorZone(((x, y), (turned(x + 0.01 * wide), y + 0.005)), size_m / 5.0))
        else:
            shell = star(rng, x, y, size_m, int(rng.integers(4, 60)))
            hole = tuple((turned(x + (a - x) * 0.2), y + (b - y) * 0.2) for a, b in shell)
            near_180 = max(abs(a - x) for a, _ in shell) > 90.0
            zones.append(AreaZone(((shell, hole) if k % 2 and not near_180 else (shell,),)))
    return zones


def awkward(
    table: ZoneTable, index: CountryIndex, rng: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Corners, middles of edges, and points on the borders of the index's cells, ``count`` of each kind."""
    used = int(table.arrays.ints[: len(table), PIECE_TO].max())
    pieces = table.arrays.pieces[rng.integers(0, used, count)]
    west, south, lon_deg, lat_deg, columns, rows = index._grids[0].plan[:6]
    border_lon = west + rng.integers(0, int(8 * columns) + 1, count) * lon_deg / 8.0
    border_lat = south + rng.integers(0, int(8 * rows) + 1, count) * lat_deg / 8.0
    any_lon = west + rng.uniform(0.0, 1.0, count) * columns * lon_deg
    any_lat = south + rng.uniform(0.0, 1.0, count) * rows * lat_deg
    lon = np.concatenate((pieces[:, 0], pieces[:, 0] + 0.5 * pieces[:, 4], border_lon, border_lon, any_lon))
    lat = np.concatenate((pieces[:, 1], 0.5 * (pieces[:, 1] + pieces[:, 3]), border_lat, any_lat, border_lat))
    return (lon + 180.0) % 360.0 - 180.0, np.clip(lat, -90.0, 90.0)


@pytest.mark.parametrize(
    ("lon", "lat"), [(4.48, 51.92), (179.97, -17.0), (-180.0, 60.0), (0.0, 0.0), (25.0, 84.9), (70.0, 89.95)]
)
def test_it_finds_what_each_zone_says(lon: float, lat: float) -> None:
    rng = np.random.default_rng(round(abs(lon) + 7))
    table = ZoneTable()
    zones = [table.add(zone) for zone in scattered(rng, lon, min(lat, 89.8), 60)]
    index = CountryIndex(table)
    wide, count = 0.25 / max(math.cos(math.radians(lat)), 0.02), 400
    at_lon = (lon + rng.uniform(-wide, wide, 4 * count) + 180.0) % 360.0 - 180.0
    at_lat = np.clip(lat + rng.uniform(-0.2, 0.2, 4 * count), -90.0, 90.0)
    more = awkward(table, index, rng, count)
    at_lon, at_lat = np.concatenate((at_lon, more[0])), np.concatenate((at_lat, more[1]))
    wanted = by_each_zone(table, zones, at_lon, at_lat)
    assert by_index(index, at_lon, at_lat) == wanted
    assert sum(map(len, wanted)) > len(wanted)


def test_squares_that_lie_on_the_cells_borders() -> None:
    """A chequerboard in binary fractions of a degree: corners and edges fall on the lines of any grid."""
    table = ZoneTable()
    step = 2.0**-7
    for i in range(-6, 6):
        for j in range(-6, 6):
            x, y = i * step, 0.5 + j * step
            ring = ((x, y), (x + step, y), (x + step, y + step), (x, y + step), (x, y))
            table.add(AreaZone(((ring,),)))
    grid = np.arange(-56, 57) * step / 8.0
    lon, lat = (axis.ravel() for axis in np.meshgrid(grid, 0.5 + grid))
    wanted = by_each_zone(table, list(range(len(table))), lon, lat)
    assert by_index(CountryIndex(table), lon, lat) == wanted
    assert max(map(len, wanted)) == 4  # where four squares meet


def test_zones_over_a_pole_and_around_the_earth() -> None:
    table = ZoneTable()
    cap = tuple((float(lon), 70.0) for lon in range(-180, 180, 5))
    table.add(AreaZone(((cap,),)))
    table.add(CircleZone((100.0, 89.0), 200_000.0))
    table.add(
        AreaZone((((((-170.0, -5.0), (170.0, -5.0), (170.0, 5.0), (-170.0, 5.0), (-170.0, -5.0)),),))[0:1])
    )
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(-180.0, 180.0, 3000), np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, 3000)))
    lat[:1500] = rng.uniform(65.0, 90.0, 1500)
    wanted = by_each_zone(table, [0, 1, 2], lon, lat)
    assert by_index(CountryIndex(table), lon, lat) == wanted
    assert {tuple(row) for row in wanted} >= {(), (0,), (0, 1), (2,)}


def test_one_large_zone_over_many_small_ones() -> None:
    """The large one's cells have lists of their own, and answers stay ascending."""
    rng = np.random.default_rng(8)
    table = ZoneTable()
    for k in range(200):
        table.add(CircleZone((4.0 + 0.01 * (k % 20), 52.0 + 0.006 * (k // 20)), 400.0 + k))
    table.add(AreaZone(((((3.0, 51.0), (6.0, 51.0), (6.0, 53.0), (3.0, 53.0), (3.0, 51.0)),),)))
    table.add(CircleZone((4.1, 52.03), 90.0))
    lon, lat = rng.uniform(3.9, 4.3, 2000), rng.uniform(51.95, 52.1, 2000)
    assert by_index(CountryIndex(table), lon, lat) == by_each_zone(table, list(range(202)), lon, lat)


def test_zones_added_later_are_found_and_change_nothing_else() -> None:
    rng = np.random.default_rng(9)
    table = ZoneTable()
    zones = [table.add(zone) for zone in scattered(rng, 4.48, 51.92, 120)]
    lon, lat = 4.48 + rng.uniform(-0.3, 0.3, 800), 51.92 + rng.uniform(-0.2, 0.2, 800)
    index = CountryIndex(table, zones[:20])
    layouts = set()
    for k in range(20, 120):
        index.add(zones[k])
        index.add(zones[k])  # again: it stays
        if k % 9 == 0 or k == 119:
            assert by_index(index, lon, lat) == by_each_zone(table, zones[: k + 1], lon, lat)
            layouts.add(len(index._grids))
        assert len(index) == k + 1
    assert layouts == {1, 2}  # both with a grid of the young ones beside, and laid out anew


def test_an_index_of_nothing_finds_nothing() -> None:
    index = CountryIndex(ZoneTable())
    offsets, zones = index.containing([4.0, 5.0], [52.0, 52.0])
    assert offsets.tolist() == [0, 0, 0]
    assert len(zones) == 0
    offsets, zones = index.containing([], [])
    assert offsets.tolist() == [0]


def test_many_zones_over_one_point_find_room() -> None:
    table = ZoneTable()
    for k in range(500):
        table.add(CircleZone((4.0, 52.0), 100.0 + k))
    offsets, zones = CountryIndex(table).containing(np.full(40, 4.0), np.full(40, 52.0))
    assert np.diff(offsets).tolist() == [500] * 40
    assert zones[-500:].tolist() == list(range(500))


def test_the_answer_says_where_input_is_wrong() -> None:
    table = ZoneTable()
    table.add(CircleZone((4.0, 52.0), 100.0))
    index = CountryIndex(table)
    with pytest.raises(ValueError, match=r"lat\[1\] is nan; must be within ±90"):
        index.containing([4.0, 4.0], [52.0, math.nan])
    with pytest.raises(ValueError, match="columns of one length"):
        index.containing([4.0, 4.0], [52.0])
    with pytest.raises(IndexError, match="zone_index is 1; the table has 1 zones"):
        index.add(1)
    with pytest.raises(IndexError, match=r"zones\[1\] is -1"):
        CountryIndex(table, [0, -1])
