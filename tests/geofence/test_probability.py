"""The probability of being inside, against the same integral done by strips in a plane of PROJ's."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pyproj
import pytest
import shapely

from emon.geofence import ZoneTable, inside_probabilities, signed_distances
from emon.model.order import AreaZone, CircleZone, CorridorZone, Ring, Zone

NORMAL = NormalDist()
cdf = np.vectorize(NORMAL.cdf, otypes=[float])
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def probability(zone: Zone, lon: float, lat: float, sigma_m: float) -> float:
    table = ZoneTable()
    index = np.array([table.add(zone)])
    return float(inside_probabilities(table, index, [lon], [lat], [sigma_m])[0])


def by_strips(ring: Ring, lon: float, lat: float, sigma_m: float) -> float:
    """The normal mass in a ring: laid out about the fix, cut into strips between its corners' heights.

    Edges are cut so short that their bow is below a millionth of σ, up to latitude 80.
    """
    plane = pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")
    given = np.array(ring)
    span_m = 111_700.0 * float(np.abs(np.diff(given, axis=0)).max())
    parts = math.ceil(span_m / (2.5 * math.sqrt(sigma_m)))
    share = np.linspace(0.0, 1.0, parts, endpoint=False)[:, None, None]
    dense = (given[:-1] + share * np.diff(given, axis=0)).transpose(1, 0, 2).reshape(-1, 2)
    x, y = plane(dense[:, 0], dense[:, 1])
    shape = shapely.Polygon(np.column_stack((x, y)) / sigma_m)
    return mass(shape)


def mass(shape: shapely.Polygon) -> float:
    rings = [np.array(ring.coords) for ring in (shape.exterior, *shape.interiors)]
    edges = np.concatenate([np.concatenate((xy[:-1], xy[1:]), axis=1) for xy in rings])
    edges = edges[
        (np.minimum(edges[:, 1], edges[:, 3]) < 9.0) & (np.maximum(edges[:, 1], edges[:, 3]) > -9.0)
    ]
    heights = np.unique(np.concatenate((np.clip(edges[:, 1], -9.0, 9.0), np.arange(-9.0, 9.1, 0.25))))
    total = 0.0
    for low, high in pairwise(heights):
        y = 0.5 * (low + high) + 0.5 * (high - low) * NODES
        x1, y1, x2, y2 = edges.T
        crossing = np.minimum(y1, y2) <= low, np.maximum(y1, y2) >= high
        met = crossing[0] & crossing[1] & (y1 != y2)
        if not met.any():
            continue
        x = x1[met] + (y[:, None] - y1[met]) / (y2 - y1)[met] * (x2 - x1)[met]
        sign = np.where(y2[met] > y1[met], 1.0, -1.0)  # inside on the left of an upward edge's west
        density = np.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi)
        total += 0.5 * (high - low) * float(np.sum(WEIGHTS * density * (cdf(x) * sign).sum(axis=1)))
    return abs(total)


def star(rng: np.random.Generator, lon: float, lat: float, radius_m: float, corners: int) -> Ring:
    angle = np.sort(rng.uniform(0.0, 2.0 * math.pi, corners))
    r = radius_m * rng.uniform(0.4, 1.0, corners) / 111_000.0
    xy = np.column_stack((lon + r * np.cos(angle) / math.cos(math.radians(lat)), lat + r * np.sin(angle)))
    return tuple(map(tuple, np.concatenate((xy, xy[:1])).tolist()))


@pytest.mark.parametrize("lat", [0.3, 51.9, -78.0])
@pytest.mark.parametrize("radius_m", [3.0, 60.0, 900.0, 9_000.0])
def test_areas_agree_with_strips(radius_m: float, lat: float) -> None:
    rng = np.random.default_rng(int(radius_m))
    table, cases = ZoneTable(), []
    for _ in range(6):
        ring = star(rng, 4.48, lat, radius_m, int(rng.integers(3, 40)))
        index = table.add(AreaZone(((ring,),)))
        for sigma_m in (2.0, 12.0, 300.0):
            at, following = np.array(ring[:-1]), np.array(ring[1:])
            k = int(rng.integers(len(at)))
            edge = at[k] + rng.uniform() * (following - at)[k]
            away = rng.normal(0.0, sigma_m, 2) / 111_000.0
            cases.append(
                (index, ring, edge[0] + away[0] / math.cos(math.radians(lat)), edge[1] + away[1], sigma_m)
            )
    found = inside_probabilities(table, *(np.array([c[k] for c in cases]) for k in (0, 2, 3, 4)))
    for p, (_, ring, fix_lon, fix_lat, sigma_m) in zip(found, cases, strict=True):
        assert p == pytest.approx(by_strips(ring, fix_lon, fix_lat, sigma_m), abs=1e-6 + 2e-4 / sigma_m)
    assert ((found > 1e-6) & (found < 1.0 - 1e-6)).sum() > 5


def test_on_edges_and_at_corners_it_is_smooth() -> None:
    ring = ((4.48, 51.92), (4.481, 51.92), (4.481, 51.921), (4.4803, 51.921), (4.48, 51.92))
    for corner, following in pairwise(ring):
        for share in (0.0, 0.5, 0.999999):
            lon = corner[0] + share * (following[0] - corner[0])
            lat = corner[1] + share * (following[1] - corner[1])
            steps = [-1e-7, -2e-8, -1e-9, -1e-12, 0.0, 1e-12, 1e-9, 2e-8, 1e-7]
            row = [probability(AreaZone(((ring,),)), lon + step, lat + step / 3.0, 5.0) for step in steps]
            assert np.all(np.abs(np.diff(row)) < 0.005)
            assert row[4] == pytest.approx(by_strips(ring, lon, lat, 5.0), abs=2e-6)


def test_a_hole_is_outside() -> None:
    def square(half: float) -> Ring:
        return tuple(
            (4.5 + half * x, 52.0 + half * y) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        )

    zone = AreaZone(((square(0.002), square(0.0005)),))
    whole, hole = by_strips(square(0.002), 4.5003, 52.0, 30.0), by_strips(square(0.0005), 4.5003, 52.0, 30.0)
    assert probability(zone, 4.5003, 52.0, 30.0) == pytest.approx(whole - hole, abs=1e-6)


@pytest.mark.parametrize(("radius_m", "sigma_m"), [(0.5, 8.0), (20.0, 8.0), (500.0, 8.0), (200_000.0, 50.0)])
def test_circles_agree_with_strips(radius_m: float, sigma_m: float) -> None:
    angle = np.linspace(0.0, 2.0 * math.pi, 8_000, endpoint=False)
    for away in (0.0, 0.4, 1.0, 1.7):
        far_m = radius_m + (away - 1.0) * min(4.0 * sigma_m, radius_m)
        east = 90.0
        end = pyproj.Geod(ellps="WGS84").fwd(4.48, 51.92, east, far_m)
        disc = shapely.Polygon(
            np.column_stack((far_m + radius_m * np.cos(angle), radius_m * np.sin(angle))) / sigma_m
        )
        found = probability(CircleZone((4.48, 51.92), radius_m), end[0], end[1], sigma_m)
        wanted = mass(disc) if radius_m < 1_000.0 else NORMAL.cdf((radius_m - far_m) / sigma_m)
        assert found == pytest.approx(wanted, abs=2e-5 if radius_m < 1_000.0 else 1e-3)


def test_a_corridor_agrees_with_a_strip_of_the_plane() -> None:
    zone = CorridorZone(((4.40, 52.0), (4.50, 52.0)), 40.0)
    table = ZoneTable()
    index = np.array([table.add(zone)])
    for offset_m in (0.0, 30.0, 40.0, 55.0, 90.0):
        lat = 52.0 + offset_m / 111_260.0
        depth_m = -float(signed_distances(table, index, np.array([4.45]), np.array([lat]))[0])
        wanted = NORMAL.cdf(depth_m / 10.0) - NORMAL.cdf((depth_m - 80.0) / 10.0)
        assert probability(zone, 4.45, lat, 10.0) == pytest.approx(wanted, abs=1e-4)


def test_a_zone_without_a_plane_of_its_own_agrees_with_one_that_has() -> None:
    """A country's border and a small square that shares its edge look alike to a fix at that edge."""
    large = ((0.0, 50.0), (9.0, 50.0), (9.0, 55.0), (0.0, 55.0), (0.0, 50.0))
    small = ((4.4, 54.9), (4.6, 54.9), (4.6, 55.0), (4.4, 55.0), (4.4, 54.9))
    for lat in (54.9995, 55.0, 55.0001, 55.0004):
        at_border = probability(AreaZone(((large,),)), 4.5, lat, 20.0)
        assert at_border == pytest.approx(probability(AreaZone(((small,),)), 4.5, lat, 20.0), abs=1e-5)


def test_around_a_pole_only_the_true_outline_counts() -> None:
    cap = tuple((lon, 88.0) for lon in range(-180, 180, 10))
    assert probability(AreaZone(((cap,),)), 33.0, 89.99, 100.0) == 1.0
    assert probability(AreaZone(((cap,),)), 33.0, 88.0, 100.0) == pytest.approx(0.5, abs=0.01)
    assert probability(AreaZone(((cap,),)), 33.0, 88.0 + 100.0 / 111_660.0, 100.0) == pytest.approx(
        0.84, abs=0.01
    )


def test_distance_bounds_what_is_far() -> None:
    ring = ((4.48, 51.92), (4.49, 51.92), (4.49, 51.93), (4.48, 51.93), (4.48, 51.92))
    zone = AreaZone(((ring,),))
    assert probability(zone, 4.485, 51.925, 5.0) == 1.0
    assert probability(zone, 4.60, 51.925, 5.0) == 0.0
    assert 0.0 < probability(zone, 4.60, 51.925, 3_000.0) < 0.01


@pytest.mark.parametrize(
    ("sigma_m", "fault"),
    [
        (0.0, r"sigma_m\[1\] is 0; must be above 0"),
        (-1.0, r"sigma_m\[1\] is -1"),
        (math.nan, r"sigma_m\[1\] is nan"),
        (math.inf, r"sigma_m\[1\] is inf"),
        (600_000.0, "up to 500000"),
    ],
)
def test_a_sigma_that_is_none_is_refused_by_its_row(sigma_m: float, fault: str) -> None:
    table = ZoneTable()
    table.add(CircleZone((4.0, 52.0), 10.0))
    with pytest.raises(ValueError, match=fault):
        inside_probabilities(table, [0, 0], [4.0, 4.0], [52.0, 52.0], [1.0, sigma_m])


def test_columns_of_other_lengths_are_refused() -> None:
    table = ZoneTable()
    table.add(CircleZone((4.0, 52.0), 10.0))
    with pytest.raises(ValueError, match="sigma_m has shape"):
        inside_probabilities(table, [0], [4.0], [52.0], [1.0, 2.0])
    assert inside_probabilities(table, [], [], [], []).shape == (0,)
