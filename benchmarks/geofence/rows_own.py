"""Rows of each wearer's own zones: flags with and without certificates, and their curves."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.geofence.ground import Ground, Minutes, compare_flags, own_zones, warmed, watch_over
from benchmarks.geofence.results import Curve, Figure, Ratio, Run, Section, Spread, Tally, interleaved
from benchmarks.geofence.rivals_shapely import Batch, Flags, OwnZones
from emon.geofence import Watch

_TEXT = """\
{wearers:,} wearers with six zones each (20 to 200 vertices, buffers of 50 to 500 m); 70 % standing with 5 m
drift, 20 % walking, 10 % driving, a fix a minute in random order. One question is one fix over its wearer's
six zones; the answer says of each whether it holds the fix and whether its buffer does. {asked:.1f} % of
the fixes were found afresh, the others by certificate."""


_CHEAPEST = "box prefilter, prepared `contains_xy` and `dwithin`"
_LINES = ("with certificates", "without", "cheapest Shapely")


class _Flags:
    """All ways to the flags, on the same minutes."""

    def __init__(self, watch: Watch, rival: OwnZones, minutes: Minutes) -> None:
        self.watch, self.rival, self.minutes = watch, rival, minutes
        self.ours = np.zeros(0, dtype=np.uint64)
        self.asked = 0
        self.theirs: dict[str, tuple[Batch, Flags]] = {}
        self.tallies = {name: Tally() for name in ("plain", "cheapest", "distance", "loop", "prepared")}

    def compare(self) -> None:
        """Everybody's last answers with ours."""
        for name, (batch, flags) in self.theirs.items():
            compare_flags(self.tallies[name], self.rival, batch, self.ours[: len(batch)], flags)
        self.theirs.clear()

    def certified(self) -> int:
        before = self.watch.asked
        for batch in self.minutes.batches:
            self.ours = self.watch.flags(batch.wearer, batch.lon, batch.lat)
        self.asked += self.watch.asked - before
        return sum(map(len, self.minutes.batches))

    def plain(self) -> int:
        batch = self.minutes.last
        self.theirs["plain"] = batch, self.watch.flags(batch.wearer, batch.lon, batch.lat, certificates=False)
        return len(batch)

    def cheapest(self) -> int:
        batch = self.minutes.last
        self.theirs["cheapest"] = batch, self.rival.cheapest(batch)
        return len(batch)

    def contains_and_distance(self, fixes: int) -> int:
        batch = self.minutes.last.first(fixes)
        self.theirs["distance"] = batch, self.rival.contains_and_distance(batch)
        return len(batch)

    def loop(self, fixes: int, *, prepared: bool) -> int:
        batch = self.minutes.last.first(fixes)
        name = "prepared" if prepared else "loop"
        self.theirs[name] = batch, self.rival.loop(batch, prepared=prepared)
        return len(batch)


def own_rows(ground: Ground) -> Section:
    """Flags of a fix over its wearer's zones: the first table of the report."""
    ground.told("own zones: flags")
    country, scale = ground.country, ground.scale
    watch, rival = watch_over(country, country.wearers), OwnZones(country, own_zones(country))
    ways = _Flags(watch, rival, warmed(ground, watch))

    def prepare(_: int) -> None:
        ways.compare()
        ways.minutes.move(scale.minutes)

    runs: tuple[Run, ...] = (
        ways.certified,
        ways.plain,
        ways.cheapest,
        lambda: ways.contains_and_distance(scale.distance_fixes),
        lambda: ways.loop(scale.loop_fixes, prepared=False),
        lambda: ways.loop(scale.loop_fixes, prepared=True),
    )
    ours, plain, cheapest, distance, loop, ready = interleaved(runs, scale.repetitions, prepare)
    ways.compare()
    found = {name: tally.answers for name, tally in ways.tallies.items()}
    same, two, people = (
        "the same without certificates",
        "vectorised contains + distance",
        "the loop that people write",
    )
    ratios = (
        Ratio("own-cheapest", "own zones, flags", _CHEAPEST, ours, cheapest, 20.0, found["cheapest"]),
        Ratio("own-distance", "own zones, flags", two, ours, distance, 200.0, found["distance"]),
        Ratio("own-loop", "own zones, flags", people, ours, loop, 500.0, found["loop"]),
        Ratio(
            "own-prepared", "own zones, flags", f"{people}, prepared", ours, ready, None, found["prepared"]
        ),
        Ratio("plain-cheapest", same, _CHEAPEST, plain, cheapest, 3.0, found["cheapest"]),
        Ratio("plain-distance", same, two, plain, distance, 30.0, found["distance"]),
        Ratio(
            "own-plain",
            "own zones, flags",
            "the same without certificates",
            ours,
            plain,
            None,
            found["plain"],
        ),
    )
    certified = (scale.repetitions + 1) * scale.minutes * country.wearers
    share = 100.0 * ways.asked / certified
    text = _TEXT.format(wearers=country.wearers, asked=share)
    return Section("Own zones: flags inside and in buffer", text, ratios, _profile(ways, scale.repetitions))


def _profile(ways: _Flags, repetitions: int) -> tuple[Figure, ...]:
    """Of who stands, walks and drives: the share found afresh, and what a fix of theirs costs."""
    figures: list[Figure] = []
    for mode, name in enumerate(("stand", "walk", "drive")):
        shares, costs = [], []
        for _ in range(repetitions):
            ways.minutes.move(1)
            batch = ways.minutes.last
            some = ways.minutes.crowd.modes[batch.wearer] == mode
            who, lon, lat = batch.wearer[some], batch.lon[some], batch.lat[some]
            before, start = ways.watch.asked, time.thread_time_ns()
            ways.watch.flags(who, lon, lat)
            costs.append((time.thread_time_ns() - start) / max(1, len(who)))
            shares.append(100.0 * (ways.watch.asked - before) / max(1, len(who)))
            others = batch.wearer[~some], batch.lon[~some], batch.lat[~some]
            ways.watch.flags(*others)  # everybody is asked each minute, as in service
        figures += [
            Figure(f"afresh-{name}", f"of those who {name}, found afresh", Spread(tuple(shares)), "%"),
            Figure(f"cost-{name}", f"a fix of those who {name}, by themselves", Spread(tuple(costs)), "ns"),
        ]
    return tuple(figures)


def standing_curve(ground: Ground) -> Curve:
    """Cost as more and more wearers stand; the others walk and drive two to one."""
    lines: dict[str, list[Spread]] = {name: [] for name in _LINES}
    country, scale = ground.country, ground.scale
    rival = OwnZones(country, own_zones(country))
    for share in scale.standing:
        ground.told(f"own zones: {100 * share:.0f} % standing")
        watch = watch_over(country, country.wearers)
        rest = 1.0 - share
        ways = _Flags(watch, rival, warmed(ground, watch, (share, rest * 2.0 / 3.0, rest / 3.0)))
        runs = (ways.certified, ways.plain, ways.cheapest)
        spreads = interleaved(runs, scale.curve_repetitions, ways.minutes.moving(scale.minutes))
        for line, spread in zip(lines.values(), spreads, strict=True):
            line.append(spread)
    return Curve(
        "standing",
        "Own zones, flags: cost over the share who stand",
        "% standing",
        tuple(100.0 * share for share in scale.standing),
        {name: tuple(line) for name, line in lines.items()},
        log_x=False,
    )


def zones_curve(ground: Ground) -> Curve:
    """Cost as a wearer has more zones, in the usual mix."""
    lines: dict[str, list[Spread]] = {name: [] for name in _LINES}
    country, scale = ground.country, ground.scale
    for each in scale.zones_each:
        ground.told(f"own zones: {each} a wearer")
        watch, rival = watch_over(country, country.wearers, each), OwnZones(country, own_zones(country, each))
        ways = _Flags(watch, rival, warmed(ground, watch))
        runs = (ways.certified, ways.plain, ways.cheapest)
        spreads = interleaved(runs, scale.curve_repetitions, ways.minutes.moving(scale.minutes))
        for line, spread in zip(lines.values(), spreads, strict=True):
            line.append(spread)
    return Curve(
        "zones",
        "Own zones, flags: cost over the zones of a wearer",
        "zones a wearer",
        tuple(map(float, scale.zones_each)),
        {name: tuple(line) for name, line in lines.items()},
    )
