"""The zones that are asked: 20,000 wearers with six each, in towns of a country like the Netherlands.

A wearer's zones are his home (60 to 150 m across from its middle), his work (150 to 400 m) some
kilometres away, and four bans of 150 to 1,000 m at 0.5 to 30 km from home, near ones as frequent as far
ones on a logarithmic scale. Buffers are 50 m about the home, else 100, 200 or 500 m. An outline has
20 to 200 vertices on a lobed, slightly ragged line, as if drawn by hand.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from benchmarks.geofence.scale import SEED
from emon.geofence import ZoneTable
from emon.model.order import AreaZone

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

ZONES_EACH = 6
VERTICES = (20, 200)
COUNTRY_DEG = (3.4, 50.8, 7.1, 53.5)  # west, south, east, north
METRIC = "+proj=tmerc +lat_0=52.15 +lon_0=5.25 +k=0.9999 +ellps=WGS84"
"""The rivals' plane: lengths are true to 2 parts in 10,000 all over the country."""
_TOWN = 40  # wearers; so that whoever follows another in number lives near him
_M_PER_DEG = 111_200.0


@dataclass(frozen=True)
class Country:
    """Zones of all wearers: zone ``ZONES_EACH * w + k`` is wearer w's k-th. Shapes are prepared."""

    table: ZoneTable
    homes: Floats  # [wearers, 2], degrees
    works: Floats
    buffers_m: Floats  # [zones]
    degrees: Shapes  # [zones], Shapely polygons in degrees
    metric: Shapes  # the same in METRIC, metres
    add_us: float  # median microseconds to add one zone to the table

    @property
    def wearers(self) -> int:
        return len(self.homes)

    @property
    def zone_bytes(self) -> float:
        """Memory of the table a zone, all room for growth included."""
        return self.table.nbytes / len(self.table)


def outline(chance: np.random.Generator, vertices: int, radius_m: float, lon: float, lat: float) -> Floats:
    """A closed ring f64[vertices + 1, 2] in degrees about a middle; radii are 0.5 to 1.4 times the given."""
    angle = 2.0 * np.pi * (np.arange(vertices) + chance.uniform(-0.3, 0.3, vertices)) / vertices
    two, three = chance.uniform(0.0, 2.0 * np.pi, 2)
    radius = 1.0 + 0.22 * np.cos(2 * angle + two) + 0.12 * np.cos(3 * angle + three)
    radius *= radius_m * chance.uniform(0.96, 1.04, vertices)
    ring = np.empty((vertices + 1, 2))
    ring[:-1, 0] = lon + radius * np.cos(angle) / (_M_PER_DEG * math.cos(math.radians(lat)))
    ring[:-1, 1] = lat + radius * np.sin(angle) / _M_PER_DEG
    ring[-1] = ring[0]
    return ring


def zone_of_ring(ring: Floats) -> AreaZone:
    """The zone of one ring."""
    return AreaZone(((tuple(map(tuple, ring.tolist())),),))


def moved(places: Floats, east_m: Floats, north_m: Floats) -> Floats:
    """Places in degrees, so many metres away; to a part in a hundred, which is enough to lay out a town."""
    out = places + 0.0
    out[:, 0] += east_m / (_M_PER_DEG * np.cos(np.radians(places[:, 1])))
    out[:, 1] += north_m / _M_PER_DEG
    return out


def _about(chance: np.random.Generator, places: Floats, distance_m: Floats) -> Floats:
    angle = chance.uniform(0.0, 2.0 * np.pi, len(places))
    return moved(places, distance_m * np.cos(angle), distance_m * np.sin(angle))


def _log_uniform(chance: np.random.Generator, low: float, high: float, count: int) -> Floats:
    return np.exp(chance.uniform(math.log(low), math.log(high), count))


def build(wearers: int, told: Callable[[int, int], None]) -> Country:
    """Draw and compile all zones, which is some minutes for 120,000; ``told`` hears how many are done."""
    chance = np.random.default_rng(SEED)
    west, south, east, north = COUNTRY_DEG
    towns = chance.uniform((west, south), (east, north), (-(-wearers // _TOWN), 2))
    towns = np.repeat(towns, _TOWN, axis=0)[:wearers]
    homes = moved(towns, *chance.normal(0.0, 2_000.0, (2, wearers)))
    works = _about(chance, homes, _log_uniform(chance, 1_000.0, 15_000.0, wearers))
    middles = np.empty((wearers, ZONES_EACH, 2))
    radii, buffers = np.empty((wearers, ZONES_EACH)), np.empty((wearers, ZONES_EACH))
    middles[:, 0], middles[:, 1] = homes, works
    radii[:, 0], radii[:, 1] = (
        chance.uniform(60.0, 150.0, wearers),
        chance.uniform(150.0, 400.0, wearers),
    )
    for k in range(2, ZONES_EACH):
        middles[:, k] = _about(chance, homes, _log_uniform(chance, 500.0, 30_000.0, wearers))
        radii[:, k] = _log_uniform(chance, 150.0, 1_000.0, wearers)
    buffers[:, 0] = 50.0
    buffers[:, 1:] = chance.choice((100.0, 200.0, 500.0), (wearers, ZONES_EACH - 1))
    table, rings, taken = ZoneTable(), [], []
    counts = chance.integers(VERTICES[0], VERTICES[1] + 1, wearers * ZONES_EACH)
    places = zip(counts.tolist(), radii.ravel().tolist(), middles.reshape(-1, 2).tolist(), strict=True)
    for number, (count, radius_m, (lon, lat)) in enumerate(places):
        ring = outline(chance, count, radius_m, lon, lat)
        zone = zone_of_ring(ring)
        start = time.perf_counter()
        table.add(zone)
        taken.append(time.perf_counter() - start)
        rings.append(ring)
        if number % 1_000 == 0:
            told(number, len(counts))
    degrees, metric = as_shapes(rings)
    return Country(table, homes, works, buffers.ravel(), degrees, metric, 1e6 * float(np.median(taken)))


def as_shapes(rings: list[Floats], plane: str = METRIC) -> tuple[Shapes, Shapes]:
    """Prepared Shapely polygons of rings, in degrees and in a plane of metres."""
    numbers = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    corners = np.concatenate(rings)
    found = []
    for points in (corners, to_plane(corners[:, 0], corners[:, 1], plane)):
        shapes: Shapes = np.atleast_1d(shapely.polygons(shapely.linearrings(points, indices=numbers)))  # type: ignore[arg-type]  # of rings
        shapely.prepare(shapes)
        found.append(shapes)
    return found[0], found[1]


def to_plane(lon: Floats, lat: Floats, plane: str = METRIC) -> Floats:
    """Metres east and north, f64[n, 2]."""
    project = pyproj.Transformer.from_crs("EPSG:4326", plane, always_xy=True).transform
    return np.stack(project(lon, lat), axis=1)


def plane_at(lon: float, lat: float) -> str:
    """A plane about a point, true to a part in a million within ten kilometres."""
    return f"+proj=tmerc +lat_0={lat} +lon_0={lon} +k=1 +ellps=WGS84"


def held_pairs(offsets: Ints, zones: Ints) -> Ints:
    """What ``CountryIndex.containing`` answers as pairs of point and zone, i64[m, 2]."""
    return np.stack((np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), zones), axis=1)
