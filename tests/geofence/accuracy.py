"""How far signed distance and relation are from the truth, measured for docs/geofence-accuracy.md.

The truth is PROJ's geodesics to the nearest point of the true curve, found along densely sampled edges,
and rational arithmetic for the side. One *cell* is a kind of zone, a size, a place and a band of distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.relation import relations, signed_distances
from emon.geofence.zones import ZoneTable
from emon.limits import ON_EDGE_M
from emon.model.order import CircleZone, CorridorZone, Zone
from tests.geofence import exact
from tests.geofence.asking import polygon
from tests.geofence.oracle import GEOD, edges_of, geodesic_m, outline_distance_m

Floats = npt.NDArray[np.float64]
Ring = list[tuple[float, float]]

KINDS = ("polygon", "circle", "corridor")
SIZES_M = {"10 m": 10.0, "1 km": 1e3, "20 km": 20e3, "300 km": 300e3}
PLACES = {
    "equator": (-78.5, 0.01),
    "52° north": (4.48, 51.92),
    "75° south": (-68.2, -75.1),
    "180th meridian": (179.9999, -17.0),
    "beside the South Pole": (12.0, -89.93),
    "over the North Pole": (-31.0, 89.99999),
}
BANDS_M = {
    "0.4 to 0.6 mm": (0.0004, 0.0006),
    "up to 1 m": (0.0, 1.0),
    "1 m to 1 km": (1.0, 1e3),
    "1 to 10 km": (1e3, 10e3),
    "10 to 50 km": (10e3, 50e3),
    "50 to 300 km": (50e3, 300e3),
    "beyond 300 km": (300e3, 15_000e3),
}
POINTS = 24
"""Positions a cell, as many as fall into its band."""


class Cell(NamedTuple):
    kind: str
    size: str
    place: str
    band: str


class Found(NamedTuple):
    """The greatest errors of a cell: of signed distance in metres and as a share of the distance, and how
    far from the limit of "on" a relation was wrong."""

    error_m: float
    share: float
    relation_m: float


def cells() -> list[Cell]:
    """All of them, always in the same order."""
    return [Cell(*names) for names in product(KINDS, SIZES_M, PLACES, BANDS_M)]


def bound_m(given_m: npt.ArrayLike) -> Floats:
    """Contract, section 5: what a distance may be off by."""
    distance_m = np.asarray(given_m, dtype=np.float64)
    bound: Floats = np.select(
        [distance_m <= 10e3, distance_m <= 50e3, distance_m <= 300e3],
        [0.001, 0.020, 1e-5 * distance_m],
        0.01 * distance_m,
    )
    return bound


def measured(cell: Cell) -> Found:
    """The greatest errors in one cell; the same at each call."""
    # A seed of the cell's place in the list, so that one cell can be measured alone.
    rng = np.random.default_rng([20, cells().index(cell)])
    truth = _Truth(cell, rng)
    table = ZoneTable()
    table.add(truth.zone)
    lon, lat, wanted = (np.array(column) for column in zip(*truth.positions(BANDS_M[cell.band]), strict=True))
    index = np.zeros(len(lon), dtype=np.int64)
    away = np.abs(wanted)
    error = np.abs(signed_distances(table, index, lon, lat) - wanted)
    if np.any(error > bound_m(away)):
        raise AssertionError(f"{cell}: {error.max():.6f} m at {away[np.argmax(error)]:.6f} m")
    found = relations(table, index, lon, lat)
    true_side = found * wanted > 0.0
    wrong = np.where(found == 0, away - ON_EDGE_M, np.where(true_side, ON_EDGE_M - away, ON_EDGE_M + away))
    return Found(
        float(error.max()), float((error / np.maximum(away, 1e-12)).max()), float(max(0.0, wrong.max()))
    )


class _Truth:
    """A zone of a cell, and the true signed distance from anywhere to it."""

    def __init__(self, cell: Cell, rng: np.random.Generator) -> None:
        self._rng, self._kind = rng, cell.kind
        self._place, self._radius_m = PLACES[cell.place], 0.5 * SIZES_M[cell.size]
        lon, lat = self._place
        if cell.kind == "circle":
            self.zone: Zone = CircleZone(self._place, self._radius_m)
        elif cell.kind == "corridor":
            turn = float(rng.uniform(0.0, 180.0))
            line = [GEOD.fwd(lon, lat, turn + half, self._radius_m)[:2] for half in (0.0, 180.0)]
            self._edges = edges_of([line])[:1]
            self._width_m = 0.1 * self._radius_m
            self.zone = CorridorZone((line[0], line[1]), self._width_m)
        else:
            shell, hole = self._ring(12, 0.7, 1.0), self._ring(5, 0.2, 0.3)
            self._edges = edges_of([shell, hole])
            self._shape = exact.shape_of([shell, hole])
            self.zone = polygon(shell, hole)

    def _ring(self, corners: int, least: float, most: float) -> Ring:
        """Corners by geodesics about the place."""
        radii_m = self._rng.uniform(least, most, corners) * self._radius_m
        turns = np.arange(corners) * 360.0 / corners + self._rng.uniform(-0.3, 0.3, corners) * 360.0 / corners
        places = (
            GEOD.fwd(*self._place, turn, radius_m) for turn, radius_m in zip(turns, radii_m, strict=True)
        )
        return [(float(lon), float(lat)) for lon, lat, _ in places]

    def positions(self, band_m: tuple[float, float]) -> Iterator[tuple[float, float, float]]:
        """Positions whose true distance lies in a band, and that distance."""
        count = 0
        for _ in range(40 * POINTS):
            low, high = max(band_m[0], 1e-4), band_m[1]
            away_m = float(np.exp(self._rng.uniform(np.log(low), np.log(high))))
            lon, lat, _ = GEOD.fwd(*self._on_outline(), float(self._rng.uniform(0.0, 360.0)), away_m)
            wanted = self._signed_m(lon, lat)
            if band_m[0] <= abs(wanted) <= band_m[1]:
                yield lon, lat, wanted
                count += 1
                if count == POINTS:
                    return
        raise AssertionError(f"only {count} positions lie {band_m} m from {self.zone}")

    def _on_outline(self) -> tuple[float, float]:
        if self._kind == "circle":
            lon, lat, _ = GEOD.fwd(*self._place, float(self._rng.uniform(0.0, 360.0)), self._radius_m)
            return lon, lat
        lon, lat, dlon, dlat = self._edges[self._rng.integers(len(self._edges))]
        share = float(self._rng.uniform())
        at_lon, at_lat = float(lon + share * dlon), float(lat + share * dlat)
        if self._kind == "corridor":
            ahead, _, _ = GEOD.inv(at_lon, at_lat, lon + (share + 1e-6) * dlon, lat + (share + 1e-6) * dlat)
            at_lon, at_lat, _ = GEOD.fwd(at_lon, at_lat, ahead + 90.0, self._width_m)
        return at_lon, at_lat

    def _signed_m(self, lon: float, lat: float) -> float:
        if self._kind == "circle":
            return float(geodesic_m(lon, lat, *self._place)) - self._radius_m
        away_m = outline_distance_m(self._edges, lon, lat)
        if self._kind == "corridor":
            return away_m - self._width_m
        return -away_m if exact.relation(self._shape, lon, lat) == exact.INSIDE else away_m


# --- the page -------------------------------------------------------------------------------------

_WORDS = """\
# How far the geofence is from the truth

Written by `make docs`, which measures (`tests/geofence/accuracy.py`). `tests/geofence/test_accuracy.py`
measures some of it again at each run of the tests and holds this page to it.

The truth is the shortest of PROJ's geodesics to the true curve of each edge, straight in longitude and
latitude, found by dense steps and golden section; the side comes from rational arithmetic on the stored
numbers. A circle's truth is one geodesic. There are zones of each kind, size across and place: polygons of
12 corners with a hole of 5, circles, and corridors of one edge, a twentieth of their length wide to either
side, drawn in any direction. {points} positions about each zone, inside and outside, lie in each band of
distance from its outline. A table's cell is the greatest error of all that it sums up, rounded up.

## Signed distance, by the zone's size

{size}

## Signed distance, by place

Of zones up to 20 km across.

{place}

## Signed distance, by kind

Of zones up to 20 km across.

{kind}

## Relation

`on` means within half a millimetre of the edge. Of all these positions, the answer was never wrong farther
than {relation} mm from that limit; allowed are 0.2 mm. None was called inside that lies outside, or outside
that lies inside.
"""


def page(found: dict[Cell, Found]) -> str:
    """The page's text, from all cells."""
    small = {cell: value for cell, value in found.items() if cell.size != "300 km"}
    return _WORDS.format(
        points=POINTS,
        size=_table(found, "size", list(SIZES_M)),
        place=_table(small, "place", list(PLACES)),
        kind=_table(small, "kind", list(KINDS)),
        relation=_rounded_up(1e3 * max(value.relation_m for value in found.values())),
    )


def stated(text: str) -> dict[tuple[str, str], float]:
    """What a page says of each band and each size, place or kind: millimetres, or parts per million."""
    found, names = {}, []
    for line in text.splitlines():
        fields = [field.strip() for field in line.strip("|").split("|")]
        if fields[0] == "from the outline":
            names = fields[2:]
        elif fields[0] in BANDS_M:
            for name, value in zip(names, fields[2:], strict=True):
                found[fields[0], name] = float(value.split()[0])
    return found


def figure(cell: Cell, found: Found) -> float:
    """What the page's tables sum up of a cell: millimetres, or parts per million of far distances."""
    return found.error_m * 1e3 if _in_millimetres(cell.band) else found.share * 1e6


def _in_millimetres(band: str) -> bool:
    return BANDS_M[band][1] <= 50e3


def _table(found: dict[Cell, Found], column: str, names: list[str]) -> str:
    lines = [f"| from the outline | allowed | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for band, (_, high_m) in BANDS_M.items():
        allowed_m = float(bound_m(high_m))
        unit, allowed = (
            ("mm", allowed_m * 1e3) if _in_millimetres(band) else ("ppm", allowed_m / high_m * 1e6)
        )
        worst = [
            max(figure(c, v) for c, v in found.items() if c.band == band and getattr(c, column) == name)
            for name in names
        ]
        row = " | ".join(f"{_rounded_up(value)} {unit}" for value in worst)
        lines.append(f"| {band} | {allowed:g} {unit} | {row} |")
    return "\n".join(lines)


def _rounded_up(value: float) -> str:
    """To thousandths; whole numbers from a hundred on."""
    return f"{np.ceil(value):.0f}" if value >= 100.0 else f"{np.ceil(value * 1e3) / 1e3:.3f}"
