"""How deep somebody truly is on the wrong side, at any instant of his path, and where that changes.

Depth is metres on the wrong side of a zone's edge or within a radius, negative on the right side. It
changes by no more than the metres that are walked, so that two depths and the way between them
say whether an edge can lie there: nothing is sampled that could slip through.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from emon.geofence import ZoneTable, signed_distances
from emon.geofence.relation import distances_m
from simulator.limits import TRUTH_STEP_MAX_M

Floats = npt.NDArray[np.float64]

EDGE_M = 0.25  # a stay of less way than this may be passed over, and an edge lies within it
_INSTANT_S = 1e-3
_CURVE = 1.0005  # a leg straight in longitude and latitude over its geodesic, up to 100 km


class Way(Protocol):
    """A path: vertices at rising seconds, straight in longitude and latitude between them."""

    @property
    def t_s(self) -> Floats: ...
    @property
    def lon(self) -> Floats: ...
    @property
    def lat(self) -> Floats: ...


class Gauge(Protocol):
    """Depth at instants, and the most that it can change between two."""

    def depths_m(self, t_s: Floats) -> Floats: ...
    def reach_m(self, t_s: Floats) -> Floats: ...


class Samples(NamedTuple):
    """Depths at rising instants, close enough that no edge lies hidden between two of one sign."""

    t_s: Floats
    depth_m: Floats


class ZoneGauge:
    """Depth in a zone, or out of it where ``outside`` is the wrong side."""

    def __init__(self, way: Way, table: ZoneTable, zone: int, *, outside: bool = False) -> None:
        self._way, self._table, self._zone = way, table, zone
        self._sign = 1.0 if outside else -1.0
        self._walked = _walked_m(way)

    def depths_m(self, t_s: Floats) -> Floats:
        lon, lat = place(self._way, t_s)
        return self._sign * signed_distances(self._table, np.full(len(t_s), self._zone), lon, lat)

    def reach_m(self, t_s: Floats) -> Floats:
        """f64[n-1]: between each instant and the next."""
        return np.diff(np.interp(t_s, self._way.t_s, self._walked))


class NearGauge:
    """Depth within a radius of another's path."""

    def __init__(self, way: Way, other: Way, radius_m: float) -> None:
        self._ways = (way, other)
        self._walked = (_walked_m(way), _walked_m(other))
        self._radius_m = radius_m

    def depths_m(self, t_s: Floats) -> Floats:
        return self._radius_m - distances_m(*place(self._ways[0], t_s), *place(self._ways[1], t_s))

    def reach_m(self, t_s: Floats) -> Floats:
        both = zip(self._ways, self._walked, strict=True)
        return np.asarray(sum(np.diff(np.interp(t_s, way.t_s, walked)) for way, walked in both))


def place(way: Way, t_s: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude at instants; before the first vertex and after the last he stands there."""
    lon = np.interp(t_s, way.t_s, np.unwrap(way.lon, period=360.0))
    return (lon + 180.0) % 360.0 - 180.0, np.interp(t_s, way.t_s, way.lat)


def sampled(gauge: Gauge, t_s: Floats) -> Samples:
    """Depths at ``t_s`` and at what lies between as far as an edge could be there."""
    t_s, depth_m = t_s, gauge.depths_m(t_s)
    while True:
        reach_m = gauge.reach_m(t_s)
        hidden = np.abs(depth_m[:-1]) + np.abs(depth_m[1:]) <= reach_m
        split = hidden & (reach_m > EDGE_M) & (np.diff(t_s) > _INSTANT_S)
        if not split.any():
            return Samples(t_s, depth_m)
        t_s, depth_m = _halved(gauge, t_s, depth_m, split)


def deepest(gauge: Gauge, samples: Samples, from_s: float, to_s: float) -> float:
    """The greatest depth between two instants, to half of ``TRUTH_STEP_MAX_M``."""
    within = (samples.t_s > from_s) & (samples.t_s < to_s)
    t_s = np.concatenate(([from_s], samples.t_s[within], [to_s]))
    depth_m = gauge.depths_m(t_s)
    while True:
        reach_m = gauge.reach_m(t_s)
        at_most_m = (depth_m[:-1] + depth_m[1:] + reach_m) / 2
        split = (at_most_m > depth_m.max() + TRUTH_STEP_MAX_M / 2) & (np.diff(t_s) > _INSTANT_S)
        if not split.any():
            return float(max(0.0, depth_m.max()))
        t_s, depth_m = _halved(gauge, t_s, depth_m, split)


def stretches(samples: Samples) -> list[tuple[float, float]]:
    """The stretches on the wrong side, edge included; ends between two samples by proportion."""
    t_s, depth_m = samples
    wrong = depth_m >= 0.0
    if not len(t_s):
        return []
    turns = np.flatnonzero(wrong[1:] != wrong[:-1])
    share = depth_m[turns] / (depth_m[turns] - depth_m[turns + 1])
    edges = list(t_s[turns] + share * (t_s[turns + 1] - t_s[turns]))
    if wrong[0]:
        edges.insert(0, t_s[0])
    if wrong[-1]:
        edges.append(t_s[-1])
    return [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def _halved(
    gauge: Gauge, t_s: Floats, depth_m: Floats, split: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    where = np.flatnonzero(split)
    middle_s = (t_s[where] + t_s[where + 1]) / 2
    return (
        np.insert(t_s, where + 1, middle_s),
        np.insert(depth_m, where + 1, gauge.depths_m(middle_s)),
    )


def _walked_m(way: Way) -> Floats:
    """Metres from the first vertex to each."""
    legs_m = distances_m(way.lon[:-1], way.lat[:-1], way.lon[1:], way.lat[1:]) * _CURVE
    return np.concatenate(([0.0], np.cumsum(legs_m)))
