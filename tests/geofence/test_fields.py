"""Fields: what a cell's steps say of the distance holds, and flags by it are those of the distances."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from emon.geofence import Watch, ZoneTable, signed_distances
from emon.geofence.certificates import W_CLEAR2
from emon.geofence.field_kernels import (
    B_FIELD,
    B_UNIT,
    CELLS_A_SIDE,
    CELLS_FROM,
    CUT,
    FINER,
    FINER_FROM,
)
from emon.geofence.layout import B_HALF_LAT, B_HALF_LON, B_LAT, B_LON, Boxes
from emon.geofence.watch_kernels import fielded
from emon.geofence.wgs84 import Floats
from emon.limits import ON_EDGE_M
from emon.model.order import CircleZone, CorridorZone, Zone
from tests.geofence import shapes
from tests.geofence.asking import polygon

PLACES = [(4.48, 51.92), (179.9999, -17.0), (0.0, 0.0), (-60.0, 84.0)]


def zones_at(rng: np.random.Generator, place: tuple[float, float]) -> list[tuple[Zone, float]]:
    """Of 10 m to 200 km across, with buffers of nothing to 20 km."""
    found: list[tuple[Zone, float]] = []
    for size_deg, buffer_m in ((1e-4, 0.0), (0.004, 200.0), (0.004, 0.0), (0.1, 3_000.0), (0.9, 20_000.0)):
        found.append((polygon(shapes.at(place, size_deg, shapes.star(rng, 9))), buffer_m))
        found.append((CircleZone(place, size_deg * 90_000.0), buffer_m))
    return found


def away_m(table: ZoneTable, zone: int, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return signed_distances(table, np.full(len(lon), zone), (lon + 180.0) % 360.0 - 180.0, lat)


def middles(table: ZoneTable, box: Boxes) -> tuple[Floats, Floats, Floats, int]:
    """Steps, longitudes and latitudes of all middles of a field's cells; of cut ones those of the finer."""
    rows = table.fields.cells[int(box.view(np.int32)[B_FIELD]) :]
    found, cut = [], 0
    for at in range(CELLS_A_SIDE * CELLS_A_SIDE):
        v, u = divmod(at, CELLS_A_SIDE)
        value = int(rows[CELLS_FROM + at // 16, at % 16])
        if value < CUT:
            found.append((value, u + 0.5, v + 0.5))
            continue
        cut += 1
        finer = rows[FINER_FROM + value - CUT].tolist()
        found += [
            (step, u + (k % FINER + 0.5) / FINER, v + (k // FINER + 0.5) / FINER)
            for k, step in enumerate(finer)
        ]
    value, x, y = np.array(found, dtype=np.float64).T
    half = CELLS_A_SIDE / 2
    lon = float(box[B_LON]) + (x / half - 1.0) * float(box[B_HALF_LON])
    return value, lon, float(box[B_LAT]) + (y / half - 1.0) * float(box[B_HALF_LAT]), cut


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_steps_hold_the_distance_of_their_cell_s_middle(place: tuple[float, float]) -> None:
    table = ZoneTable()
    laid = 0
    for zone, buffer_m in zones_at(np.random.default_rng(50), place):
        number = table.add(zone)
        box = table.fields.box(table.arrays, number, buffer_m)
        if box[B_UNIT] == 0.0:
            continue
        laid += 1
        values, lon, lat, cut = middles(table, box)
        assert 30 < cut < CELLS_A_SIDE**2 / 2
        away, unit = away_m(table, number, lon, lat), float(box[B_UNIT])
        assert np.all(values * unit <= away + 1e-6)
        assert np.all(away <= (values + 1.0) * unit + 1e-6)
    assert laid >= 8


def within_fields(
    place: tuple[float, float], *, seed: int, positions: int
) -> Iterator[tuple[Watch, Boxes, float, Floats, Floats, Floats]]:
    """Of each zone that has a field: who is watched for it, the field's box, the zone's buffer, positions all
    over that box (longitudes, latitudes), and how far they are from the zone."""
    rng, table = np.random.default_rng(seed), ZoneTable()
    for zone, buffer_m in zones_at(rng, place):
        number = table.add(zone)
        box = table.fields.box(table.arrays, number, buffer_m)
        if box[B_UNIT] == 0.0:
            continue
        watch = Watch(table, 1)
        watch.set(0, [number], [buffer_m])
        share = rng.uniform(-1.0, 1.0, (2, positions))
        lon = float(box[B_LON]) + share[0] * float(box[B_HALF_LON])
        lat = float(box[B_LAT]) + share[1] * float(box[B_HALF_LAT])
        yield watch, box, buffer_m, lon, lat, away_m(table, number, lon, lat)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_cell_that_is_not_cut_is_open_nowhere(place: tuple[float, float]) -> None:
    """Whole cells lie on one side of both lines; and where a finer cell is open, a line is near."""
    for watch, box, buffer_m, lon, lat, away in within_fields(place, seed=52, positions=2_000):
        asked = np.array(
            [open_at(watch, (x + 180.0) % 360.0 - 180.0, y) for x, y in zip(lon, lat, strict=True)]
        )
        line = np.minimum(np.abs(away), np.abs(away - max(buffer_m, ON_EDGE_M)))
        east_m = float(box[B_HALF_LON]) * 111_700.0 * np.cos(np.radians(max(0.0, abs(place[1]) - 1.5)))
        corner_m = np.hypot(east_m, float(box[B_HALF_LAT]) * 111_700.0) / CELLS_A_SIDE
        assert np.all(line[asked] <= 2.2 * corner_m / FINER + 0.1 + 1e-3 * np.abs(away[asked]))
        assert asked.mean() < 0.25


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_field_certifies_no_further_than_the_nearest_line_and_by_it_nearly_so_far(
    place: tuple[float, float],
) -> None:
    """Beside a line the middles around a position fall short by less than its own alone must."""
    for watch, box, buffer_m, lon, lat, away in within_fields(place, seed=53, positions=1_500):
        line = np.minimum(np.abs(away - ON_EDGE_M), np.abs(away - max(buffer_m, ON_EDGE_M)))
        held = np.array(
            [held_m(watch, (x + 180.0) % 360.0 - 180.0, y) for x, y in zip(lon, lat, strict=True)]
        )
        known = held > 0.0
        assert np.all(held[known] <= line[known])
        wide_m = 2.0 * float(box[B_HALF_LAT]) * 111_000.0 / CELLS_A_SIDE / FINER
        beside = known & (line < 2.0 * wide_m)
        if wide_m > 1.0:  # in smaller cells the margins are what is short
            assert (line - held)[beside].mean() < 0.25 * wide_m


def held_m(watch: Watch, lon: float, lat: float) -> float:
    """The metres for which the fields of the watch's first wearer settle a position; 0 where they do not."""
    return 0.0 if open_at(watch, lon, lat) else float(np.sqrt(max(0.0, watch._rows[0, W_CLEAR2])))


def open_at(watch: Watch, lon: float, lat: float) -> bool:
    """Whether the fields of the watch's first wearer leave a position open."""
    rows, words, boxes, whole, _, cells = watch._arrays
    rows[0, W_CLEAR2] = -1.0
    return int(fielded(rows, words, boxes, whole, cells, 0, lon, lat)) < 0


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_flags_by_fields_are_those_of_the_distances(place: tuple[float, float]) -> None:
    """Anywhere about a zone, and on the very lines between cells."""
    rng = np.random.default_rng(51)
    table = ZoneTable()
    for zone, buffer_m in zones_at(rng, place):
        number = table.add(zone)
        watch = Watch(table, 1)
        watch.set(0, [number], [buffer_m])
        box = table.fields.box(table.arrays, number, buffer_m).astype(np.float64)
        share = rng.uniform(-1.2, 1.2, (2, 600))
        share[:, :200] = rng.integers(0, CELLS_A_SIDE + 1, (2, 200)) / (CELLS_A_SIDE / 2) - 1.0
        lon = (box[B_LON] + share[0] * box[B_HALF_LON] + 180.0) % 360.0 - 180.0
        lat = box[B_LAT] + share[1] * box[B_HALF_LAT]
        away = away_m(table, number, lon, lat)
        wanted = (away <= ON_EDGE_M) + 2 * (away <= max(buffer_m, ON_EDGE_M))
        nobody = np.zeros(len(lon), dtype=np.int64)
        for certificates in (False, True):
            found = watch.flags(nobody, lon, lat, certificates=certificates)
            assert np.array_equal(found, wanted.astype(np.uint64))
        assert [watch.flags_at(0, x, y) for x, y in zip(lon[:50], lat[:50], strict=True)] == [
            int(flag) for flag in wanted[:50]
        ]


def test_watches_share_fields_and_a_corridor_or_a_pole_has_none() -> None:
    table = ZoneTable()
    circle = table.add(CircleZone((4.48, 51.92), 300.0))
    line = table.add(CorridorZone(((4.4, 51.9), (4.5, 51.95)), 90.0))
    cap = table.add(CircleZone((0.0, 90.0), 5_000.0))
    for _ in range(3):
        Watch(table, 1).set(0, [circle, line, cap, circle], [100.0, 0.0, 0.0, 200.0])
    assert len(table.fields) == 4
    boxes = [table.fields.box(table.arrays, *pair) for pair in ((circle, 100.0), (line, 0.0), (cap, 0.0))]
    assert [bool(box[B_UNIT] > 0.0) for box in boxes] == [True, False, False]
    assert table.nbytes > table.fields.nbytes > 4 * CELLS_A_SIDE**2
