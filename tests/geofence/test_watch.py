"""A wearer's flags by certificate are the flags found afresh: for every way of moving, for ever."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from emon.geofence import Watch, ZoneTable, path_touches, signed_distances
from emon.limits import ON_EDGE_M, OWN_ZONES_MAX, WATCH_THREAD_FIXES_MIN
from emon.model.order import AreaZone, CircleZone, CorridorZone, Zone
from tests.geofence import shapes
from tests.geofence.asking import multipolygon, polygon
from tests.geofence.oracle import GEOD

Floats = npt.NDArray[np.float64]
WEARERS = 60
STEPS = int(os.environ.get("EMON_WATCH_STEPS", "800"))
"""More of them than a test run has time for: EMON_WATCH_STEPS=100000."""
PLACES = [(4.48, 51.92), (179.9999, -17.0), (-60.0, 84.7), (12.0, -89.3), (0.0, 89.99)]


def zones_at(rng: np.random.Generator, place: tuple[float, float], count: int) -> list[Zone]:
    """Areas with and without holes, circles and corridors of 5 m to 30 km, some kilometres about."""
    found: list[Zone] = []
    for k in range(count):
        lon, lat, _ = GEOD.fwd(*place, rng.uniform(0.0, 360.0), 10.0 ** rng.uniform(0.0, 4.3))
        size_deg = 10.0 ** rng.uniform(-4.3, -0.9)
        ring = shapes.at((lon, min(89.999, lat)), size_deg, shapes.star(rng, int(rng.integers(3, 25))))
        ring = [(x, min(90.0, y)) for x, y in ring]
        if k % 4 == 0 or abs(lat) + size_deg > 89.9:
            found.append(CircleZone((lon, lat), size_deg * 80_000.0))
        elif k % 8 == 1:
            found.append(CorridorZone(tuple(ring[:3]), size_deg * 3_000.0))
        elif k % 8 == 2:
            found.append(
                multipolygon(*([r] for r in (ring, shapes.at((lon, lat - 0.02), 0.001, shapes.stairs(3)))))
            )
        else:
            found.append(polygon(*shapes.holed((lon, lat), size_deg)[k % 3]))
    return found


def expected(table: ZoneTable, own: list[int], buffers: list[float], lon: Floats, lat: Floats) -> list[int]:
    """What the flags are, one distance at a time."""
    flags = [0] * len(lon)
    for k, (zone, buffer_m) in enumerate(zip(own, buffers, strict=True)):
        away_m = signed_distances(table, np.full(len(lon), zone), lon, lat)
        for i in range(len(lon)):
            inside, near = away_m[i] <= ON_EDGE_M, away_m[i] <= max(buffer_m, ON_EDGE_M)
            flags[i] |= (int(inside) | 2 * int(near)) << 2 * k
    return flags


class Crowd:
    """Wearers who stand, drift, walk, drive and jump, and at times stop on a line."""

    def __init__(self, rng: np.random.Generator, place: tuple[float, float], table: ZoneTable) -> None:
        self.rng, self.place, self.table = rng, place, table
        self.watch = Watch(table, WEARERS)
        self.own: list[list[int]] = [[] for _ in range(WEARERS)]
        self.buffers: list[list[float]] = [[] for _ in range(WEARERS)]
        self.lon = np.full(WEARERS, place[0])
        self.lat = np.full(WEARERS, place[1])
        for wearer in range(WEARERS):
            self.give(wearer)

    def give(self, wearer: int) -> None:
        count = int(self.rng.choice([0, 1, 3, 6, OWN_ZONES_MAX]))
        self.own[wearer] = [int(zone) for zone in self.rng.integers(0, len(self.table), count)]
        self.buffers[wearer] = [float(b) for b in self.rng.choice([0.0, 0.0004, 1.0, 200.0, 5_000.0], count)]
        self.watch.set(wearer, self.own[wearer], self.buffers[wearer])

    def move(self) -> None:
        """Each by a step of his own: a millimetre to kilometres, or to a place near by, or none."""
        length_m = 10.0 ** self.rng.uniform(-3.0, 1.0 + 3.0 * (self.rng.uniform(size=WEARERS) > 0.8))
        length_m[self.rng.uniform(size=WEARERS) < 0.1] = 0.0
        turn = self.rng.uniform(0.0, 360.0, WEARERS)
        self.lon, self.lat, _ = GEOD.fwd(self.lon, self.lat, turn, length_m)
        jumps = self.rng.uniform(size=WEARERS) < 0.02
        away_m = 10.0 ** self.rng.uniform(0.0, 5.0, WEARERS)
        lon, lat = np.full(WEARERS, self.place[0]), np.full(WEARERS, self.place[1])
        lon, lat, _ = GEOD.fwd(lon, lat, turn, away_m)
        self.lon, self.lat = np.where(jumps, lon, self.lon), np.where(jumps, lat, self.lat)

    def stop_on_a_line(self, zones: list[Zone], wearer: int) -> None:
        """Put a wearer on the edge or the buffer's line of a zone of his, as near as floats are."""
        if not self.own[wearer]:
            return
        k = int(self.rng.integers(len(self.own[wearer])))
        zone = zones[self.own[wearer][k]]
        if isinstance(zone, CircleZone):
            radius_m = zone.radius_m + float(self.rng.choice([0.0, self.buffers[wearer][k]]))
            lon, lat, _ = GEOD.fwd(*zone.center, self.rng.uniform(0.0, 360.0), radius_m)
        else:
            ring = zone.parts[0][0] if isinstance(zone, AreaZone) else zone.line
            lon, lat = ring[int(self.rng.integers(len(ring)))]
        self.lon[wearer], self.lat[wearer] = lon, lat


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_certificates_change_no_flag(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(40)
    zones = zones_at(rng, place, 40)
    table = ZoneTable()
    for zone in zones:
        table.add(zone)
    zones = list(dict.fromkeys(zones))
    crowd = Crowd(rng, place, table)
    wearers = np.arange(WEARERS)
    seen: set[int] = set()
    asked = 0
    for step in range(STEPS):
        before = crowd.lon, crowd.lat
        crowd.move()
        for wearer in rng.integers(0, WEARERS, 6):
            crowd.stop_on_a_line(zones, int(wearer))
        if step % 3 == 0:  # other zones midway: what was certified before counts no longer
            crowd.give(int(rng.integers(WEARERS)))
        asked -= crowd.watch.asked
        found = crowd.watch.flags(wearers, crowd.lon, crowd.lat)
        asked += crowd.watch.asked
        assert np.array_equal(found, crowd.watch.flags(wearers, crowd.lon, crowd.lat, certificates=False))
        paths = (wearers, *before, crowd.lon, crowd.lat)
        touched = crowd.watch.touched(*paths)
        assert np.array_equal(touched, crowd.watch.touched(*paths, certificates=False))
        wearer = int(rng.integers(WEARERS))
        at = crowd.lon[wearer : wearer + 1], crowd.lat[wearer : wearer + 1]
        assert [int(found[wearer])] == expected(table, crowd.own[wearer], crowd.buffers[wearer], *at)
        assert int(found[wearer]) == crowd.watch.flags_at(wearer, float(at[0][0]), float(at[1][0]))
        seen.update(found.tolist())
    assert len(seen) > 60
    assert asked < 0.8 * WEARERS * STEPS or abs(place[1]) > 88.0  # else nothing was tried here


def test_a_batch_of_a_wearer_s_fixes_is_answered_as_one_by_one() -> None:
    """Fixes of one wearer in one batch, in any order: the certificate of one never misleads another."""
    rng = np.random.default_rng(41)
    table = ZoneTable()
    zones = zones_at(rng, (4.48, 51.92), 24)
    own = [table.add(zone) for zone in zones]
    buffers = rng.choice([0.0, 30.0, 400.0], len(own)).tolist()
    lon = 4.48 + np.cumsum(rng.normal(0.0, 1e-5, 4_000) * (rng.uniform(size=4_000) < 0.4))
    lat = 51.92 + np.cumsum(rng.normal(0.0, 1e-5, 4_000) * (rng.uniform(size=4_000) < 0.4))
    mixed = rng.permutation(4_000)
    for order in (np.arange(4_000), mixed):
        batch, single = Watch(table, 2), Watch(table, 2)
        for watch in (batch, single):
            watch.set(1, own, buffers)
        found = batch.flags(np.ones(4_000, dtype=np.int64), lon[order], lat[order])
        assert found.tolist() == [
            single.flags_at(1, x, y) for x, y in zip(lon[order], lat[order], strict=True)
        ]
        assert found.tolist() == expected(table, own, buffers, lon[order], lat[order])
        assert batch.asked < 4_000


def test_32_zones_use_all_64_bits() -> None:
    table = ZoneTable()
    own = [table.add(CircleZone((4.48, 51.92), 100.0 + k)) for k in range(OWN_ZONES_MAX)]
    watch = Watch(table, 1)
    watch.set(0, own)
    for _ in range(2):
        assert watch.flags_at(0, 4.48, 51.92) == 2**64 - 1
        assert watch.flags([0], [4.48], [51.92]).tolist() == [2**64 - 1]
    assert watch.flags_at(0, 4.5, 51.92) == 0
    assert watch.touched([0], [4.4], [51.92], [4.5], [51.92]).tolist() == [2**32 - 1]


def test_other_zones_void_the_certificate() -> None:
    table = ZoneTable()
    small, wide = (table.add(CircleZone((4.48, 51.92), radius_m)) for radius_m in (10.0, 5_000.0))
    watch = Watch(table, 2)
    for _ in range(3):
        watch.set(0, [small])
        assert [watch.flags_at(0, 4.49, 51.92) for _ in range(2)] == [0, 0]
        watch.set(0, [wide, small])
        assert [watch.flags_at(0, 4.49, 51.92) for _ in range(2)] == [3, 3]
        watch.set(0, [small], [800.0])
        assert [watch.flags_at(0, 4.49, 51.92) for _ in range(2)] == [2, 2]
        watch.set(0, [])
        assert [watch.flags_at(0, 4.49, 51.92) for _ in range(2)] == [0, 0]
    assert watch.flags_at(1, 4.48, 51.92) == 0


def test_what_one_zone_does_in_degrees_its_turn_round_the_earth_does_too() -> None:
    """180 and -180 are one meridian: for the certificate, too."""
    table = ZoneTable()
    watch = Watch(table, 1)
    watch.set(0, [table.add(CircleZone((-180.0, 10.0), 50.0))], [500.0])
    for lon in (180.0, -180.0, 180.0, math.nextafter(180.0, 0.0), -180.0):
        assert watch.flags_at(0, lon, 10.0) == 3
        assert watch.flags([0, 0], [lon, -lon], [10.001, 10.001]).tolist() == [2, 2]


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("certificates", [True, False])
def test_what_threads_answer_together_one_answers(certificates: bool, threads: int) -> None:
    """Wearers come often in a batch, so that certificates are renewed that other fixes of it ask."""
    rng = np.random.default_rng(42)
    table = ZoneTable()
    for zone in zones_at(rng, (4.48, 51.92), 30):
        table.add(zone)
    one, many = Crowd(np.random.default_rng(7), (4.48, 51.92), table), Watch(table, WEARERS)
    for wearer in range(WEARERS):
        many.set(wearer, one.own[wearer], one.buffers[wearer])
    count = threads * WATCH_THREAD_FIXES_MIN + 5
    for _ in range(5):
        who = rng.integers(0, WEARERS, count)
        lon, lat = 4.48 + rng.normal(0.0, 1e-3, count), 51.92 + rng.normal(0.0, 1e-3, count)
        whole = one.watch.flags(who, lon, lat, certificates=certificates)
        with ThreadPoolExecutor(threads) as pool:
            found = many.flags(who, lon, lat, certificates=certificates, threads=threads, run=pool.map)
        assert np.array_equal(found, whole)
    assert count < many.asked <= 5 * count
    assert (many.asked == 5 * count) is not certificates
    assert len(np.unique(whole)) > 10


@pytest.mark.parametrize("place", PLACES[:4], ids=str)
def test_touched_is_path_touches_of_every_own_zone(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(43)
    table = ZoneTable()
    for zone in zones_at(rng, place, 30):
        table.add(zone)
    crowd = Crowd(rng, place, table)
    wearers = np.arange(WEARERS)
    seen: set[int] = set()
    for _ in range(25):
        lon, lat = crowd.lon.copy(), crowd.lat.copy()
        crowd.move()
        found = crowd.watch.touched(wearers, lon, lat, crowd.lon, crowd.lat)
        for wearer in range(WEARERS):
            own = np.array(crowd.own[wearer], dtype=np.int64)
            ends = (np.full(len(own), column[wearer]) for column in (lon, lat, crowd.lon, crowd.lat))
            bits = path_touches(table, own, *ends)
            assert int(found[wearer]) == sum(1 << k for k in np.flatnonzero(bits).tolist())
        seen.update(found.tolist())
    assert len(seen) > 15
