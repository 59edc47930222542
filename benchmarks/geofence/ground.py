"""What several rows stand on: zones and their watch, minutes of movement, answers compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.geofence.movement import MIX, Crowd
from benchmarks.geofence.results import Prepare, Tally
from benchmarks.geofence.rivals_shapely import Batch, Flags, OwnZones
from benchmarks.geofence.scale import Scale
from benchmarks.geofence.zones import ZONES_EACH, Country, Floats, Ints, to_plane
from emon.geofence import Watch

Told = Callable[[str], None]
"""Hears what is being done, for the one who waits."""


@dataclass(frozen=True)
class Ground:
    """Handed from row to row."""

    scale: Scale
    country: Country
    told: Told


def own_zones(country: Country, each: int = ZONES_EACH) -> Ints:
    """i64[wearers, each]: a wearer's own, and for more than six those of who comes next in his town."""
    first = ZONES_EACH * np.arange(country.wearers, dtype=np.int64)[:, None]
    return (first + np.arange(each)) % (ZONES_EACH * country.wearers)


def watch_over(country: Country, wearers: int, each: int = ZONES_EACH) -> Watch:
    """A watch of so many wearers; beyond the country's, wearer w has the zones of w modulo those."""
    watch = Watch(country.table, wearers)
    own = own_zones(country, each)
    lists = list(zip(own.tolist(), country.buffers_m[own].tolist(), strict=True))
    for wearer in range(wearers):
        watch.set(wearer, *lists[wearer % len(lists)])
    return watch


@dataclass
class Minutes:
    """Batches of a crowd's movement; ``before`` is the minute ahead of the last one, in the last's order."""

    crowd: Crowd
    batches: list[Batch] = field(default_factory=list)
    starts: list[Batch] = field(default_factory=list)

    @classmethod
    def of(cls, country: Country, wearers: int, shares: tuple[float, float, float] = MIX) -> Minutes:
        return cls(Crowd(country, wearers, shares))

    @property
    def before(self) -> Batch:
        return self.starts[-1]

    @property
    def last(self) -> Batch:
        return self.batches[-1]

    def move(self, minutes: int) -> None:
        """New batches, everybody once in each; the last has its places in the rivals' plane too."""
        self.batches, self.starts = [], []
        for minute in range(minutes):
            lon, lat = self.crowd.lon, self.crowd.lat
            self.crowd.minute()
            who = self.crowd.arrivals()
            final = minute == minutes - 1
            self.batches.append(self._batch(who, self.crowd.lon[who], self.crowd.lat[who], final))
            if final:
                self.starts = [self._batch(who, lon[who], lat[who], final)]

    def moving(self, minutes: int) -> Prepare:
        """``move`` before each repetition."""
        return lambda _: self.move(minutes)

    @staticmethod
    def _batch(who: Ints, lon: Floats, lat: Floats, planar: bool) -> Batch:
        if not planar:
            return Batch(who, lon, lat, lon, lat)
        x, y = to_plane(lon, lat).T.copy()
        return Batch(who, lon, lat, x, y)


def warmed(ground: Ground, watch: Watch, shares: tuple[float, float, float] = MIX) -> Minutes:
    """Movement and a watch that has seen it for some time, as in service."""
    minutes = Minutes.of(ground.country, len(watch), shares)
    for _ in range(ground.scale.warm_minutes):
        minutes.crowd.minute()
        who = minutes.crowd.arrivals()
        watch.flags(who, minutes.crowd.lon[who], minutes.crowd.lat[who])
    return minutes


def compare_flags(tally: Tally, rival: OwnZones, batch: Batch, ours: Flags, theirs: Flags) -> None:
    """Count, and measure by the rival's own means how far the fix lies from a line that decides."""
    each = rival.own.shape[1]
    tally.add(len(batch) * each, 0)
    for row in np.flatnonzero(ours != theirs).tolist():
        unlike = int(ours[row] ^ theirs[row])
        for k in range(each):
            if unlike >> 2 * k & 3:
                tally.add(0, 1, rival.lines_m(batch, row, k))
