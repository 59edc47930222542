"""Rows of each wearer's own zones: the path from fix to fix, and one fix at a time."""

from __future__ import annotations

import numpy as np

from benchmarks.geofence.ground import Ground, Minutes, compare_flags, own_zones, warmed, watch_over
from benchmarks.geofence.results import Figure, Ratio, Section, Tally, interleaved
from benchmarks.geofence.rivals_shapely import Batch, Flags, OneByOne, OwnZones
from benchmarks.geofence.zones import ZONES_EACH, Country
from emon.geofence import Watch

_PATHS = """\
The way of each wearer from one minute's fix to the next over his six zones: which does it touch? The flags of
the minute were asked before, as a service does, so that most paths lie within a certificate. The second rival
asks only pairs whose boxes meet."""


class _Paths:
    """All ways to say which zones a path touches, on the same minute."""

    def __init__(self, country: Country, watch: Watch, minutes: Minutes, some: int) -> None:
        self._watch, self._rival = watch, OwnZones(country, own_zones(country))
        self.minutes, self._some = minutes, some
        self._found: dict[str, Flags] = {}
        self.tallies = {name: Tally() for name in ("plain", "all", "boxes")}

    def compare(self) -> None:
        for name, tally in self.tallies.items():
            if name in self._found:
                theirs = self._found[name]
                unlike = self._found["ours"][: len(theirs)] ^ theirs
                tally.add(len(theirs) * ZONES_EACH, int(np.bitwise_count(unlike).sum()))

    def prepare(self, _: int) -> None:
        """A minute on; its flags are asked first, outside the clock, as a service does."""
        self.compare()
        self.minutes.move(1)
        last = self.minutes.last
        self._watch.flags(last.wearer, last.lon, last.lat)

    def _ends(self, count: int) -> tuple[Batch, Batch]:
        return self.minutes.before.first(count), self.minutes.last.first(count)

    def ours(self) -> int:
        return self._ours("ours", certificates=True)

    def plain(self) -> int:
        return self._ours("plain", certificates=False)

    def _ours(self, name: str, *, certificates: bool) -> int:
        before, after = self.minutes.before, self.minutes.last
        ends = (before.lon, before.lat, after.lon, after.lat)
        self._found[name] = self._watch.touched(after.wearer, *ends, certificates=certificates)
        return len(after)

    def everything(self) -> int:
        self._found["all"] = self._rival.crossed(*self._ends(self._some))
        return len(self._found["all"])

    def boxes(self) -> int:
        self._found["boxes"] = self._rival.crossed_in_boxes(self.minutes.before, self.minutes.last)
        return len(self._found["boxes"])


def path_rows(ground: Ground) -> Section:
    """Whether the way from one fix to the next touches the wearer's own zones."""
    ground.told("own zones: paths")
    country, scale = ground.country, ground.scale
    watch = watch_over(country, country.wearers)
    ways = _Paths(country, watch, warmed(ground, watch), scale.distance_fixes)
    runs = (ways.ours, ways.plain, ways.everything, ways.boxes)
    own, plain, every, boxed = interleaved(runs, scale.repetitions, ways.prepare)
    ways.compare()
    found = {name: tally.answers for name, tally in ways.tallies.items()}
    what, lines = "path crossing, own zones", "prepared `intersects` on LineStrings"
    ratios = (
        Ratio("path", what, lines, own, every, 30.0, found["all"]),
        Ratio("path-boxes", what, "the same after a box prefilter", own, boxed, None, found["boxes"]),
        Ratio("path-plain", what, "ourselves without certificates", own, plain, None, found["plain"]),
        Ratio("path-plain-all", "the same without certificates", lines, plain, every, None, found["all"]),
    )
    return Section("Own zones: paths", _PATHS, ratios)


class _Singles:
    """All ways to the flags of one fix, in a loop of Python."""

    def __init__(self, country: Country, watch: Watch, minutes: Minutes, some: int) -> None:
        own = own_zones(country)
        self._watch, self._wide, self.minutes, self._some = watch, OwnZones(country, own), minutes, some
        self._rival = OneByOne(country, own, self._wide.buffers)
        self._degrees: list[tuple[int, float, float]] = []
        self._plane: list[tuple[int, float, float]] = []
        self._found: dict[str, list[int]] = {}
        self.tallies = {name: Tally() for name in ("prepared", "boxes")}

    def compare(self) -> None:
        for name, tally in self.tallies.items():
            if name in self._found:
                ours, theirs = (np.array(self._found[way], dtype=np.uint64) for way in ("ours", name))
                compare_flags(tally, self._wide, self.minutes.last.first(len(theirs)), ours, theirs)

    def prepare(self, _: int) -> None:
        """A minute on; the wearers who are not asked one by one are asked too, outside the clock."""
        self.compare()
        self.minutes.move(1)
        last, rest = self.minutes.last, slice(self._some, None)
        self._watch.flags(last.wearer[rest], last.lon[rest], last.lat[rest])
        some = last.first(self._some)
        who = some.wearer.tolist()
        self._degrees = list(zip(who, some.lon.tolist(), some.lat.tolist(), strict=True))
        self._plane = list(zip(who, some.x.tolist(), some.y.tolist(), strict=True))

    def ours(self) -> int:
        ask = self._watch.flags_at
        self._found["ours"] = [ask(*fix) for fix in self._degrees]
        return len(self._degrees)

    def prepared(self) -> int:
        ask = self._rival.flags_at
        self._found["prepared"] = [ask(*fix) for fix in self._plane]
        return len(self._plane)

    def boxes(self) -> int:
        ask = self._rival.flags_in_box_at
        self._found["boxes"] = [ask(*fix) for fix in self._plane]
        return len(self._plane)


def single_rows(ground: Ground) -> Section:
    """One fix from Python, as a caller without batches asks."""
    ground.told("own zones: one fix from Python")
    country, scale = ground.country, ground.scale
    watch = watch_over(country, country.wearers)
    ways = _Singles(country, watch, warmed(ground, watch), scale.loop_fixes)
    runs = (ways.ours, ways.prepared, ways.boxes)
    one, looped, boxed = interleaved(runs, scale.repetitions, ways.prepare)
    ways.compare()
    found = {name: tally.answers for name, tally in ways.tallies.items()}
    what, loop = "one fix over its own zones", "loop over prepared zones, `contains` and `dwithin`"
    ratios = (
        Ratio("single", what, loop, one, looped, 10.0, found["prepared"]),
        Ratio("single-boxes", what, "the same after a box prefilter", one, boxed, None, found["boxes"]),
    )
    text = "`Watch.flags_at` in a Python loop, so that the loop's own cost is in both."
    figure = Figure("single-ns", "one fix over its own zones, from Python", one, "ns", 2_000.0)
    return Section("One fix from Python", text, ratios, (figure,))
