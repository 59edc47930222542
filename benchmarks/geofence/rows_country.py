"""Rows of a position over all zones of a country."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.geofence.ground import Ground
from benchmarks.geofence.movement import Crowd
from benchmarks.geofence.results import Figure, Ratio, Run, Section, Spread, Tally, interleaved
from benchmarks.geofence.rivals_country import CountryTree, Pairs
from benchmarks.geofence.scale import SEED
from benchmarks.geofence.zones import COUNTRY_DEG, Floats, Ints, held_pairs
from emon.geofence import CountryIndex

_TEXT = """\
{zones:,} polygons of 20 to 200 vertices. Half of the positions are fixes of wearers of the movement above,
who live and work in these zones, half are uniform over the country; in random order. The answer is every
zone that holds the position. `STRtree` finds boxes, then prepared `contains_xy` decides."""


class _Positions:
    """All ways to find the zones of positions, on the same ones."""

    def __init__(self, ground: Ground, index: CountryIndex, zones: Ints) -> None:
        country, self._scale = ground.country, ground.scale
        self._index, self._tree = index, CountryTree(country.degrees[zones])
        self._chance = np.random.default_rng([SEED, len(zones)])
        self._crowd = Crowd(country, country.wearers)
        self._lon, self._lat = np.zeros(0), np.zeros(0)
        self._ours: tuple[Ints, Ints] | None = None
        self._theirs: dict[str, Pairs] = {}
        self.tallies = {name: Tally() for name in ("boxes", "query", "sjoin")}

    def compare(self) -> None:
        if self._ours is None:
            return
        pairs = held_pairs(*self._ours)
        count = self._scale.country_rival_points
        for name, theirs in self._theirs.items():
            self.tallies[name].add(count, _unlike(pairs[pairs[:, 0] < count], theirs))

    def prepare(self, _: int) -> None:
        self.compare()
        self._crowd.minute()
        chance, half = self._chance, self._scale.country_points // 2
        who = chance.integers(len(self._crowd), size=half)
        west, south, east, north = COUNTRY_DEG
        lon = np.concatenate((self._crowd.lon[who], chance.uniform(west, east, half)))
        lat = np.concatenate((self._crowd.lat[who], chance.uniform(south, north, half)))
        order = chance.permutation(len(lon))
        self._lon, self._lat = lon[order], lat[order]

    def ours(self) -> int:
        self._ours = self._index.containing(self._lon, self._lat)
        return len(self._lon)

    def rival(self, name: str, ask: Callable[[Floats, Floats], Pairs]) -> Run:
        count = self._scale.country_rival_points

        def run() -> int:
            self._theirs[name] = ask(self._lon[:count], self._lat[:count])
            return count

        return run

    def runs(self) -> tuple[Run, ...]:
        tree = self._tree
        return (
            self.ours,
            self.rival("boxes", tree.boxes_then_contains),
            self.rival("query", tree.query),
            self.rival("sjoin", tree.sjoin),
        )


def country_rows(ground: Ground) -> Section:
    """All zones of a country beside Shapely's tree and geopandas."""
    ground.told("country: index and tree")
    country, scale = ground.country, ground.scale
    zones = np.arange(scale.country_zones)
    start = time.perf_counter()
    index = CountryIndex(country.table, zones)
    built_s = time.perf_counter() - start
    ways = _Positions(ground, index, zones)
    ground.told("country: positions")
    own, boxes, query, sjoin = interleaved(ways.runs(), scale.repetitions, ways.prepare)
    ways.compare()
    found = {name: tally.answers for name, tally in ways.tallies.items()}
    what, tree = "all zones of a country", "`STRtree` for boxes, then prepared `contains_xy`"
    ratios = (
        Ratio("country-boxes", what, tree, own, boxes, 30.0, found["boxes"]),
        Ratio("country-query", what, "`STRtree.query` with a predicate", own, query, 30.0, found["query"]),
        Ratio("country-sjoin", what, "`geopandas.sjoin`", own, sjoin, 30.0, found["sjoin"]),
    )
    figures = (
        Figure("country-rate", "positions a second over all zones, millions", _millions(own), "M/s"),
        Figure("country-bytes", "index, memory a zone", Spread((index.nbytes / len(zones),)), "bytes"),
        Figure("country-build", "index, time to lay it out", Spread((built_s,)), "s"),
    )
    return Section("All zones of a country", _TEXT.format(zones=len(zones)), ratios, figures)


def _unlike(mine: Ints, theirs: Ints) -> int:
    """Pairs that one has and the other has not."""
    ours, others = {tuple(pair) for pair in mine.tolist()}, {tuple(pair) for pair in theirs.tolist()}
    return len(ours ^ others)


def _millions(ns: Spread) -> Spread:
    return Spread(tuple(1e3 / value for value in ns.values))
