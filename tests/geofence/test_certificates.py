"""Certificates: within them, up to their very sides and rim, no flag is another one."""

from __future__ import annotations

import numpy as np
import pytest

from emon.geofence import Watch, ZoneTable
from emon.geofence.certificates import W_CLEAR2, W_LAT, W_LON, W_PER_LON_M, W_SIDES_LAT, W_SIDES_LON
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX
from emon.model.order import CircleZone
from tests.geofence import shapes
from tests.geofence.asking import polygon

PLACES = [(4.48, 51.92), (179.9999, -17.0), (-60.0, 84.7), (0.0, 0.0)]
ROUND = np.linspace(0.0, 2.0 * np.pi, 33)


def rim(watch: Watch) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the first wearer's certificate that lie as far out as it goes, a hair within."""
    row, words = watch._rows[0], watch._words[0]
    west, east = words[W_SIDES_LON : W_SIDES_LON + 1].view(np.float32).astype(float)
    south, north = words[W_SIDES_LAT : W_SIDES_LAT + 1].view(np.float32).astype(float)
    clear_m = np.sqrt(row[W_CLEAR2])
    x = np.clip(np.cos(ROUND) * clear_m / row[W_PER_LON_M], -west, east)
    y = np.clip(np.sin(ROUND) * clear_m / METRES_PER_DEGREE_MAX, -south, north)
    return row[W_LON] + (1.0 - 1e-7) * x, row[W_LAT] + (1.0 - 1e-7) * y


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_no_flag_is_another_up_to_the_rim(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(60)
    table = ZoneTable()
    certified = probed = 0
    for _ in range(40):
        own, buffers = [], []
        for _ in range(int(rng.integers(1, 7))):
            size_deg = 10.0 ** rng.uniform(-4.0, -1.5)
            away = rng.normal(0.0, 0.03, 2) * (rng.uniform() < 0.8)
            lon = (place[0] + away[0] / np.cos(np.radians(place[1])) + 180.0) % 360.0 - 180.0
            middle = (float(lon), place[1] + float(away[1]))
            zone = CircleZone(middle, 9e4 * size_deg)
            star = polygon(shapes.at(middle, size_deg, shapes.star(rng, 9)))
            own.append(table.add(zone if rng.uniform() < 0.5 else star))
            buffers.append(float(rng.choice([0.0, 1.0, 100.0, 3_000.0])))
        watch = Watch(table, 1)
        watch.set(0, own, buffers)
        for _ in range(20):
            spread = rng.normal(0.0, 10.0 ** rng.uniform(-4.0, -1.5), 2)
            lon = (place[0] + spread[0] / np.cos(np.radians(place[1])) + 180.0) % 360.0 - 180.0
            flags = watch.flags_at(0, float(lon), place[1] + float(spread[1]))
            if watch._rows[0, W_CLEAR2] < 0.01:  # or so near a line that degrees are too coarse
                continue
            certified += 1
            lons, lats = rim(watch)
            good = np.abs(lons) <= 180.0
            nobody = np.zeros(int(good.sum()), dtype=np.int64)
            asked = watch.asked
            assert np.all(watch.flags(nobody, lons[good], lats[good]) == np.uint64(flags))
            assert watch.asked == asked  # all of them within it
            afresh = watch.flags(nobody, lons[good], lats[good], certificates=False)
            assert np.all(afresh == np.uint64(flags))
            touched = watch.touched(
                nobody[1:],
                lons[good][:-1],
                lats[good][:-1],
                lons[good][1:],
                lats[good][1:],
                certificates=False,
            )
            inside = sum((flags >> 2 * k & 1) << k for k in range(len(own)))
            assert np.all(touched == np.uint64(inside))
            probed += int(good.sum())
    assert certified > 600
    assert probed > 15_000


def test_a_zone_to_the_west_keeps_nobody_from_going_east() -> None:
    table = ZoneTable()
    west = table.add(CircleZone((4.48, 51.92), 100.0))
    watch = Watch(table, 1)
    watch.set(0, [west])
    assert watch.flags_at(0, 4.4816, 51.92) == 0  # some metres from the box around it
    asked = watch.asked
    assert watch.flags_at(0, 4.55, 51.97) == 0
    assert watch.flags_at(0, 4.55, 51.87) == 0
    assert watch.asked == asked
    assert watch.flags_at(0, 4.4814, 51.92) == 3
    assert watch.asked == asked + 1


def test_a_box_around_nearly_all_of_a_parallel_is_met_from_both_sides() -> None:
    """The short way from its middle says which side is near; the other may be nearer the way he goes."""
    ring = [(-179.0, 80.0), (-90.0, 80.0), (0.0, 80.0), (90.0, 80.0), (179.0, 80.0)]
    back = [(lon, 81.0) for lon, _ in reversed(ring)]
    table = ZoneTable()
    band = table.add(polygon([*ring, *back, ring[0]]))
    watch = Watch(table, 1)
    watch.set(0, [band])
    lon = np.concatenate((np.linspace(179.0, 180.0, 500), np.linspace(-180.0, -178.9, 500)))
    lat, nobody = np.full(len(lon), 80.5), np.zeros(len(lon), dtype=np.int64)
    for order in (slice(None), slice(None, None, -1)):
        found = watch.flags(nobody, lon[order], lat)
        assert np.array_equal(found, watch.flags(nobody, lon[order], lat, certificates=False))
        assert set(found.tolist()) == {0, 3}
