"""Shapely on each wearer's own zones, as well as we can write it.

Everything it needs is ready before the clock starts: shapes are prepared, boxes are an array, and the
projection to a plane of metres is given away. Containment is asked in degrees, where the edges are
straight as ours are; the buffer in the plane, with its width times the plane's scale at the zone, so
that it is as wide as ours to some millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from benchmarks.geofence.zones import METRIC, Country, Floats, Ints, Shapes

Flags = npt.NDArray[np.uint64]

_shapely: Any = shapely  # its stubs know of no arrays of distances

_IN, _NEAR = np.uint64(1), np.uint64(2)
_BOTH = np.uint64(3)


@dataclass(frozen=True)
class Batch:
    """Fixes in order of arrival; ``x`` and ``y`` are metres in the plane."""

    wearer: Ints
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.wearer)

    def first(self, count: int) -> Batch:
        places = (column[:count].copy() for column in (self.lon, self.lat, self.x, self.y))
        return Batch(self.wearer[:count].copy(), *places)


def plane_scale(country: Country) -> Floats:
    """Metres of the plane in a metre of the ground at each zone, f64[zones]."""
    corners = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(country.degrees), 0))
    factors = pyproj.Proj(METRIC).get_factors(corners[:, 0], corners[:, 1])
    return np.asarray(factors.meridional_scale)


class OwnZones:
    """Zones ``own`` i64[wearers, each] of a country's wearers."""

    def __init__(self, country: Country, own: Ints) -> None:
        self.own = own
        self._degrees, self._metric = country.degrees, country.metric
        self.scale = plane_scale(country)
        self.buffers = country.buffers_m * self.scale
        boxes = shapely.bounds(country.metric)
        boxes[:, :2] -= self.buffers[:, None]
        boxes[:, 2:] += self.buffers[:, None]
        self._boxes = np.ascontiguousarray(boxes[own].transpose(2, 0, 1))  # [side, wearers, each]
        shifts = 2 * np.arange(own.shape[1], dtype=np.uint64)
        self._in, self._near, self._both = _IN << shifts, _NEAR << shifts, _BOTH << shifts

    def cheapest(self, batch: Batch) -> Flags:
        """Boxes of all, then prepared ``contains_xy``, then prepared ``dwithin`` of those outside."""
        who = batch.wearer
        west, south, east, north = self._boxes
        x, y = batch.x[:, None], batch.y[:, None]
        fix, k = np.nonzero((west[who] <= x) & (x <= east[who]) & (south[who] <= y) & (y <= north[who]))
        zone = self.own[who[fix], k]
        held = shapely.contains_xy(self._degrees[zone], batch.lon[fix], batch.lat[fix])
        flags = np.zeros(len(who), dtype=np.uint64)
        np.bitwise_or.at(flags, fix[held], self._both[k[held]])
        out = ~held
        fix, k, zone = fix[out], k[out], zone[out]
        points = shapely.points(batch.x[fix], batch.y[fix])
        near = _shapely.dwithin(self._metric[zone], points, self.buffers[zone])
        np.bitwise_or.at(flags, fix[near], self._near[k[near]])
        return flags

    def contains_and_distance(self, batch: Batch) -> Flags:
        """Vectorised, every zone of every fix."""
        zone = self.own[batch.wearer]
        held = shapely.contains_xy(self._degrees[zone], batch.lon[:, None], batch.lat[:, None])
        points: Shapes = _shapely.points(batch.x, batch.y)
        away = shapely.distance(self._metric[zone], points[:, None])
        near: Flags = np.where(away <= self.buffers[zone], self._near, 0)
        return _any_of(np.where(held, self._in, 0) | near)

    @cached_property
    def _as_they_come(self) -> Shapes:
        """The shapes in the plane as a file or a database gives them: not prepared."""
        shapes: Shapes = _shapely.from_wkb(_shapely.to_wkb(self._metric))
        return shapes

    def loop(self, batch: Batch, *, prepared: bool) -> Flags:
        """For each fix, for each of his zones, ``contains`` and ``distance``; people do not prepare."""
        shapes = self._metric if prepared else self._as_they_come
        flags = np.zeros(len(batch), dtype=np.uint64)
        columns = (batch.wearer.tolist(), batch.x.tolist(), batch.y.tolist())
        for i, (wearer, x, y) in enumerate(zip(*columns, strict=True)):
            point, found = shapely.Point(x, y), 0
            for k, zone in enumerate(self.own[wearer].tolist()):
                shape = shapes[zone]
                if shape.contains(point):
                    found |= 3 << 2 * k
                elif shape.distance(point) <= self.buffers[zone]:
                    found |= 2 << 2 * k
            flags[i] = found
        return flags

    def crossed(self, before: Batch, after: Batch) -> Flags:
        """Bit k: the way from one fix to the next of the same wearer meets zone k; ``intersects`` of all."""
        zone = self.own[after.wearer]
        met = shapely.intersects(self._degrees[zone], _ways(before, after)[:, None])
        return _any_of(np.where(met, self._paths, 0))

    def crossed_in_boxes(self, before: Batch, after: Batch) -> Flags:
        """As ``crossed``, of the pairs whose boxes meet."""
        who = after.wearer
        west, south, east, north = self._boxes
        low_x, high_x = np.minimum(before.x, after.x)[:, None], np.maximum(before.x, after.x)[:, None]
        low_y, high_y = np.minimum(before.y, after.y)[:, None], np.maximum(before.y, after.y)[:, None]
        meets = (west[who] <= high_x) & (low_x <= east[who]) & (south[who] <= high_y) & (low_y <= north[who])
        fix, k = np.nonzero(meets)
        ways = _ways(before, after)
        met = shapely.intersects(self._degrees[self.own[who[fix], k]], ways[fix])
        flags = np.zeros(len(who), dtype=np.uint64)
        np.bitwise_or.at(flags, fix[met], self._paths[k[met]])
        return flags

    @property
    def _paths(self) -> Flags:
        return _IN << np.arange(self.own.shape[1], dtype=np.uint64)

    def lines_m(self, batch: Batch, row: int, k: int) -> float:
        """Metres, by Shapely, from a fix to the nearer of its zone's outline and its buffer's end."""
        zone = int(self.own[batch.wearer[row], k])
        point = shapely.Point(batch.x[row], batch.y[row])
        outline = shapely.distance(shapely.get_exterior_ring(self._metric[zone]), point)
        beyond = shapely.distance(self._metric[zone], point) - self.buffers[zone]
        return float(min(outline, abs(beyond)) / self.scale[zone])


def _any_of(flags: Flags) -> Flags:
    """All bits of each row, u64[n]."""
    return np.asarray(np.bitwise_or.reduce(flags, axis=1), dtype=np.uint64)


def _ways(before: Batch, after: Batch) -> Shapes:
    ends = np.stack((before.lon, before.lat, after.lon, after.lat), axis=1).reshape(-1, 2, 2)
    return np.asarray(shapely.linestrings(ends))


class OneByOne:
    """One fix at a time over prepared zones, for a caller that has a single fix in Python."""

    def __init__(self, country: Country, own: Ints, buffers: Floats) -> None:
        boxes = shapely.bounds(country.metric)
        boxes[:, :2] -= buffers[:, None]
        boxes[:, 2:] += buffers[:, None]
        self._zones = [
            [
                (*boxes[zone].tolist(), country.metric[zone], float(buffers[zone]), k)
                for k, zone in enumerate(row)
            ]
            for row in own.tolist()
        ]

    def flags_at(self, wearer: int, x: float, y: float) -> int:
        """The loop over prepared zones: ``contains``, and ``dwithin`` where that says no."""
        flags, point = 0, shapely.Point(x, y)
        for _, _, _, _, shape, buffer, k in self._zones[wearer]:
            if shape.contains(point):
                flags |= 3 << 2 * k
            elif shape.dwithin(point, buffer):
                flags |= 2 << 2 * k
        return flags

    def flags_in_box_at(self, wearer: int, x: float, y: float) -> int:
        """As ``flags_at``, of the zones in whose box the fix lies."""
        flags = 0
        for west, south, east, north, shape, buffer, k in self._zones[wearer]:
            if west <= x <= east and south <= y <= north:
                point = shapely.Point(x, y)
                if shape.contains(point):
                    flags |= 3 << 2 * k
                elif shape.dwithin(point, buffer):
                    flags |= 2 << 2 * k
        return flags
