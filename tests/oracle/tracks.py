"""Recorded tracks with bans laid beside and across them, and what the contract says of the two (section 3).

Receivers err and the oracle has no model of errors: it says nothing where one decides. Distances are PROJ's
and Shapely's, in a plane about the zone. A step that no journey explains makes its ends a matter of opinion
(``odd``).
"""

from __future__ import annotations

import bisect
import gzip
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer

from tests.oracle.times import S, instant, text_of

GEOD = Geod(ellps="WGS84")
GAP_CROSSED = 120 * S
OWED_AFTER, REACH_GAP, REACH_SPEED_M_S = 180 * S, 1_800 * S, 14.0
JOURNEY_M_S = 60.0
PLACED_M = 100.0
KNOWS_A_SIDE_M = 600.0

Line = dict[str, Any]


@dataclass
class Place:
    """A recorded fix with its distance to the zone, negative inside."""

    t: int
    lon: float
    lat: float
    acc: float
    d: float
    odd: bool = False

    @property
    def inside(self) -> bool:
        return self.d <= 0.0

    @property
    def sigmas(self) -> float:
        return -self.d / math.hypot(max(self.acc, 10.0) / 2.4477, 8.0)


def recorded(folder: Path, name: str, chance: random.Random, count: int) -> list[Line]:
    """So many fixes in a row of a track, rising in time, one for each instant."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt") as file:
        lines = [json.loads(line) for line in file]
    first = chance.randrange(max(1, len(lines) - count))
    by_instant: dict[int, Line] = {}
    for line in sorted(lines[first : first + count], key=lambda line: (instant(line["t"]), line["seq"])):
        by_instant.setdefault(instant(line["t"]), line)
    return list(by_instant.values())


class Ban:
    """A circle, or a polygon whose edges are straight in longitude and latitude."""

    def __init__(self, chance: random.Random, lon: float, lat: float) -> None:
        size_m, beside_m = chance.choice((60, 150, 300, 600)), chance.choice((0, 0, 20, 60, 150))
        away_m = size_m + beside_m if beside_m else chance.uniform(0, size_m)
        self.lon, self.lat, _ = GEOD.fwd(lon, lat, chance.uniform(0, 360), away_m)
        plane = CRS.from_proj4(f"+proj=aeqd +lat_0={self.lat} +lon_0={self.lon} +datum=WGS84 +units=m")
        self._to_plane = Transformer.from_crs("EPSG:4326", plane, always_xy=True).transform
        self.radius_m: float | None = None
        if chance.random() < 0.5:
            self.tree: Line = {"type": "Circle", "center": [self.lon, self.lat], "radius_m": size_m}
            self.radius_m, self.area_m2 = float(size_m), math.pi * size_m**2
            return
        ring = [GEOD.fwd(self.lon, self.lat, 40 * n, size_m * chance.uniform(0.6, 1.2))[:2] for n in range(9)]
        self.tree = {"type": "Polygon", "coordinates": [[list(corner) for corner in (*ring, ring[0])]]}
        edges = shapely.get_coordinates(shapely.LineString((*ring, ring[0])).segmentize(5e-4))
        self._area = shapely.Polygon(np.column_stack(self._to_plane(*edges.T)))
        self.area_m2 = self._area.area
        shapely.prepare(self._area)

    def distances_m(self, lon: Any, lat: Any) -> Any:
        """To the edge, negative inside."""
        x, y = self._to_plane(lon, lat)
        if self.radius_m is not None:
            return np.hypot(x, y) - self.radius_m
        spots = shapely.points(x, y)
        metres = shapely.distance(self._area.exterior, spots)
        return np.where(shapely.contains(self._area, spots), -metres, metres)

    def deepest_on_way_m(self, a: Place, b: Place) -> float:
        """How far the straight way between two fixes runs inside, at most; below 0 where it does not."""
        length_m = GEOD.inv(a.lon, a.lat, b.lon, b.lat)[2]
        if a.d + b.d > 1.02 * length_m + 1.0:
            return (1.02 * length_m - a.d - b.d) / 2
        share = np.linspace(0.0, 1.0, min(4_000, int(length_m)) + 2)
        lon, lat = a.lon + share * (b.lon - a.lon), a.lat + share * (b.lat - a.lat)
        return -float(self.distances_m(lon, lat).min())

    def way_by_m(self, a: Place, b: Place) -> float:
        """The shortest way from a by the edge to b."""
        if self.radius_m is not None:
            turn = np.linspace(0.0, 2.0 * math.pi, 2_000)
            rim = self.radius_m * np.column_stack((np.cos(turn), np.sin(turn)))
        else:
            rim = shapely.get_coordinates(self._area.exterior.segmentize(2.0))
        ends = np.column_stack(self._to_plane([a.lon, b.lon], [a.lat, b.lat]))
        return float(sum(np.hypot(*(rim - end).T) for end in ends).min())


def places_of(track: Sequence[Line], ban: Ban) -> list[Place]:
    far_m = ban.distances_m([fix["lon"] for fix in track], [fix["lat"] for fix in track])
    places = [
        Place(instant(fix["t"]), fix["lon"], fix["lat"], fix["acc"], float(metres))
        for fix, metres in zip(track, far_m, strict=True)
    ]
    for a, b in pairwise(places):
        if GEOD.inv(a.lon, a.lat, b.lon, b.lat)[2] > JOURNEY_M_S * max(1.0, (b.t - a.t) / S):
            a.odd = b.odd = True
    return places


def faults(places: Sequence[Place], ban: Ban, breaches: Sequence[Line]) -> Iterator[str]:
    """What the lines of a replay say that the tracks do not, and the other way round."""
    for line in breaches:
        if line["refuted"] or (line["historic"] and line["how"] == "inside"):
            yield f"received at once, and yet refuted or historic: {line}"
        check = {"inside": _stay, "crossed": _crossing, "reachable": _reach}[line["how"]]
        yield from (f"{fault}: {line}" for fault in check(places, ban, line))
    yield from _untold(places, ban, breaches)


def _stay(places: Sequence[Place], ban: Ban, line: Line) -> Iterator[str]:
    opened, closed = _span(line)
    by_instant = {place.t: place for place in places}
    if opened not in by_instant or by_instant[opened].d > 0.001:
        yield "it does not begin at a fix inside"
    if line["closed_at"] and (closed not in by_instant or by_instant[closed].d < -0.001):
        yield "it does not end at a fix outside"
    within = [place for place in places if opened <= place.t < closed]
    if any(place.odd for place in within):
        return
    deepest_m = max(-place.d for place in within)
    if abs(deepest_m - line["deepest_m"]) > 0.01:
        yield f"the deepest fix lies {deepest_m} m inside"
    for a, b in pairwise(within):
        if not a.inside and not b.inside and max(a.acc, b.acc) < KNOWS_A_SIDE_M:
            yield "two fixes in a row lie outside"


def _crossing(places: Sequence[Place], ban: Ban, line: Line) -> Iterator[str]:
    _, closed = _span(line)
    last = next((place for place in places if place.t == closed), None)
    if last is None or last.inside:
        yield "the second fix does not lie outside"
        return
    before = [p for p in places if closed - GAP_CROSSED <= p.t < closed]
    if any(place.inside or place.odd for place in before):
        return
    if all(ban.deepest_on_way_m(place, last) < -0.5 for place in before):
        yield "no straight way meets the zone"


def _reach(places: Sequence[Place], ban: Ban, line: Line) -> Iterator[str]:
    opened, closed = _span(line)
    ends = [place for place in places if place.t in (opened, closed)]
    if len(ends) != 2 or any(end.inside for end in ends) or closed - opened <= GAP_CROSSED:
        yield "it does not lie between two fixes outside, more than 120 s apart"
        return
    if line["certainty"] != "possible":
        yield "it is more than possible"
    fastest_m = 1.03 * REACH_SPEED_M_S * (closed - opened) / S
    if ban.deepest_on_way_m(*ends) < -0.5 and ban.way_by_m(*ends) > fastest_m:
        yield "nobody is as fast"


def _untold(places: Sequence[Place], ban: Ban, breaches: Sequence[Line]) -> Iterator[str]:
    """Two deep fixes, or a way, of which no line tells."""
    told = [_span(line) for line in breaches]
    instants = [place.t for place in places]
    for a, b in pairwise(places):
        if a.odd or b.odd or (a.lon, a.lat) == (b.lon, b.lat) or b.t - a.t > 900 * S:
            continue
        if min(a.sigmas, b.sigmas) > 4.0 and _wide(ban, a, b) and not _among(told, a, b):
            yield f"two fixes deep inside: {a}, {b}"
    good = [place for place in places if place.acc <= PLACED_M]
    for a, b in pairwise(good):
        between = places[bisect.bisect_right(instants, a.t) : bisect.bisect_left(instants, b.t)]
        if any(place.inside or place.odd for place in (a, *between, b)) or _among(told, a, b):
            continue
        if ban.deepest_on_way_m(a, b) > 0.01 or (not between and _in_reach(ban, a, b)):
            yield f"a way through it: {a}, {b}"


def _among(told: Sequence[tuple[int, int]], a: Place, b: Place) -> bool:
    """Whether a line covers what lies between two fixes."""
    return any(opened <= b.t and closed >= a.t for opened, closed in told)


def _in_reach(ban: Ban, a: Place, b: Place) -> bool:
    owed = b.t - a.t - OWED_AFTER
    return 0 < owed <= REACH_GAP and ban.way_by_m(a, b) < 0.97 * REACH_SPEED_M_S * (b.t - a.t) / S


def _wide(ban: Ban, a: Place, b: Place) -> bool:
    """Whether the zone is not small against the error."""
    sigma_m = math.hypot(max(a.acc, b.acc, 10.0) / 2.4477, 8.0)
    return bool(ban.area_m2 > 2.0 * math.pi * sigma_m**2)


def _span(line: Line) -> tuple[int, int]:
    return instant(line["opened_at"]), instant(line["closed_at"]) if line["closed_at"] else 2**62


def swapped(track: Sequence[Line], at: int) -> list[Line]:
    """The same fixes, by another device from an instant on."""
    return [fix | {"device": "d-1" if instant(fix["t"]) < at else "d-2"} for fix in track]


def stored(track: Sequence[Line], chance: random.Random) -> list[Line]:
    """The same fixes, stored by the device and sent in blocks, some of them much later."""
    found: list[Line] = []
    while len(found) < len(track):
        block = track[len(found) : len(found) + chance.choice((1, 1, 3, 10, 40))]
        received = text_of(instant(block[-1]["t"]) + chance.choice((0, 5, 200, 1_500)) * S)
        found += [fix | {"received_at": received} for fix in block]
    return found
