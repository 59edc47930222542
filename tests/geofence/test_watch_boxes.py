"""Boxes around own zones: what they leave out is far, wherever on Earth and for every kind of zone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emon.geofence import Watch, ZoneTable, path_touches, signed_distances
from emon.geofence.boxes import box_around
from emon.limits import ON_EDGE_M
from emon.model.order import AreaZone, CircleZone, CorridorZone, Zone


def some_zones(lon: float, lat: float) -> list[Zone]:
    """Areas, circles and corridors of 5 m to 60 km about a place."""
    wide = 1.0 / max(math.cos(math.radians(lat)), 0.02)
    found: list[Zone] = []
    for size in (0.00005, 0.004, 0.3):
        corners = ((-1.0, -1.0), (1.0, -0.8), (0.9, 1.0), (-0.7, 0.6), (-1.0, -1.0))
        ring = tuple(
            ((lon + x * size * wide + 180.0) % 360.0 - 180.0, min(90.0, lat + y * size)) for x, y in corners
        )
        found += [
            AreaZone(((ring,),)),
            CircleZone((lon, lat), size * 100_000.0),
            CorridorZone((ring[0], ring[1], ring[2]), size * 20_000.0),
        ]
    return found


@pytest.mark.parametrize(
    ("lon", "lat"), [(4.48, 51.92), (179.9995, -17.0), (-60.0, 84.4), (10.0, 89.95), (0, 0)]
)
def test_flags_are_those_of_the_distances(lon: float, lat: float) -> None:
    rng = np.random.default_rng(3)
    table = ZoneTable()
    zones = [table.add(zone) for zone in some_zones(lon, lat)]
    buffers = [0.0, 50.0, 3_000.0] * 3
    watch = Watch(table, 1)
    watch.set(0, zones, buffers)
    reach = np.repeat([0.00007, 0.0005, 0.01, 0.05, 0.5], 400)
    east = rng.uniform(-1.5, 1.5, len(reach)) * reach / max(math.cos(math.radians(lat)), 0.02)
    at_lon = (lon + east + 180.0) % 360.0 - 180.0
    at_lat = np.clip(lat + rng.uniform(-1.5, 1.5, len(reach)) * reach, -90.0, 90.0)
    wanted = np.zeros(len(reach), dtype=np.uint64)
    for k, (zone, buffer_m) in enumerate(zip(zones, buffers, strict=True)):
        distance = signed_distances(table, np.full(len(reach), zone), at_lon, at_lat)
        wanted |= (distance <= ON_EDGE_M).astype(np.uint64) << np.uint64(2 * k)
        wanted |= (distance <= max(buffer_m, ON_EDGE_M)).astype(np.uint64) << np.uint64(2 * k + 1)
    nobody = np.zeros(len(reach), dtype=np.int64)
    assert np.array_equal(watch.flags(nobody, at_lon, at_lat, certificates=False), wanted)
    assert np.array_equal(watch.flags(nobody, at_lon, at_lat), wanted)
    assert len(np.unique(wanted)) > 20


@pytest.mark.parametrize(("lon", "lat"), [(4.48, 51.92), (179.9995, -17.0), (-60.0, 84.4), (10.0, 89.95)])
def test_touched_is_path_touches_of_each_zone(lon: float, lat: float) -> None:
    rng = np.random.default_rng(4)
    table = ZoneTable()
    zones = [table.add(zone) for zone in some_zones(lon, lat)]
    watch = Watch(table, 1)
    watch.set(0, zones, [100.0] * len(zones))
    reach = np.repeat([0.0005, 0.01, 0.05, 0.5], 150)
    ends = []
    for _ in range(2):
        east = rng.uniform(-1.5, 1.5, len(reach)) * reach / max(math.cos(math.radians(lat)), 0.02)
        ends.append((lon + east + 180.0) % 360.0 - 180.0)
        ends.append(np.clip(lat + rng.uniform(-1.5, 1.5, len(reach)) * reach, -90.0, 90.0))
    wanted = np.zeros(len(reach), dtype=np.uint64)
    for k, zone in enumerate(zones):
        wanted |= path_touches(table, np.full(len(reach), zone), *ends).astype(np.uint64) << np.uint64(k)
    assert np.array_equal(watch.touched(np.zeros(len(reach), dtype=np.int64), *ends), wanted)
    assert len(np.unique(wanted)) > 8


def test_a_corridor_reaches_by_its_width_beyond_the_ends_of_its_line() -> None:
    """Once its bounding circle was that of the line alone, and a position by its end was let go."""
    table = ZoneTable()
    zone = table.add(CorridorZone(((4.40, 51.9), (4.41, 51.9)), 200.0))
    watch = Watch(table, 1)
    watch.set(0, [zone])
    lon, lat, nobody = np.array([4.4115, 4.3985]), np.full(2, 51.9), np.zeros(2, dtype=np.int64)
    for certificates in (False, True):
        assert watch.flags(nobody, lon, lat, certificates=certificates).tolist() == [3, 3]
    assert watch.touched(nobody, lon, lat, lon, lat + 1e-5).tolist() == [1, 1]
    assert path_touches(table, np.full(2, zone), lon, lat, lon, lat + 1e-5).tolist() == [True, True]


@pytest.mark.parametrize("lat", [89.8, 89.93, 89.995, 90.0])
def test_a_box_beside_a_pole_ends_some_way_from_the_zone(lat: float) -> None:
    """All longitudes at most, and never the other half of the Earth: an index would lay out all of it."""
    table = ZoneTable()
    zones = [table.add(zone) for zone in (CircleZone((-30.0, lat), 400.0), *some_zones(10.0, lat)[:3])]
    rng = np.random.default_rng(5)
    lon, near = rng.uniform(-180.0, 180.0, 4_000), 90.0 - 10.0 ** rng.uniform(-4.0, 0.0, 4_000)
    for zone in zones:
        for buffer_m in (0.0, 3_000.0):
            middle_lon, middle_lat, half_lon, half_lat = box_around(table.arrays, zone, buffer_m)
            assert middle_lat - half_lat > lat - 0.1
            distance = signed_distances(table, np.full(len(lon), zone), lon, near)
            east = (lon - middle_lon + 180.0) % 360.0 - 180.0
            beside = (abs(east) > half_lon) | (abs(near - middle_lat) > half_lat)
            assert distance[beside].min() > buffer_m + ON_EDGE_M
            assert beside.any()
