"""Kernels for how deep in a zone a path comes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emon.geofence.ellipsoid import half_open
from emon.geofence.jit import allocating, inner
from emon.geofence.layout import CORRIDOR, KIND, ZoneArrays
from emon.geofence.near import near_signed_m
from emon.geofence.relate import signed_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX

_DEPTHS_MAX = 160
_DEPTHS_CORRIDOR_MAX = 40
"""Depths looked at along one path; within a corridor's bend each may itself be a search."""

_Depth = Callable[[ZoneArrays, int, float, float, float, float, float], float]
_Deepest = Callable[[ZoneArrays, int, float, float, float, float, float, float], float]


@inner
def speed_m(lat: float, dlon: float, dlat: float) -> float:
    """No path covers more metres in a unit of its fraction than this."""
    lowest = 0.0
    if lat * (lat + dlat) > 0.0:
        lowest = min(abs(lat), abs(lat + dlat))
    return METRES_PER_DEGREE_MAX * math.hypot(dlon * math.cos(math.radians(lowest)), dlat)


@inner
def depth_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, t: float
) -> float:
    """How far inside the zone the path is at ``t``; negative outside."""
    return -signed_m(zones, zone, half_open(lon + t * dlon), lat + t * dlat)


@inner
def near_depth_m(
    zones: ZoneArrays, zone: int, lon: float, lat: float, dlon: float, dlat: float, t: float
) -> float:
    """As ``depth_m``, by the zone's frame; NaN where that does not reach."""
    return -near_signed_m(zones, zone, half_open(lon + t * dlon), lat + t * dlat)


def _deepest_by(depth: _Depth) -> _Deepest:
    """The kernel of the greatest depth, over one of the two kernels of depths."""

    @allocating
    def deepest(
        zones: ZoneArrays,
        zone: int,
        lon: float,
        lat: float,
        dlon: float,
        dlat: float,
        first: float,
        last: float,
    ) -> float:
        """Greatest depth of the path between two fractions, NaN where one cannot be said.

        Depth changes by at most a metre a metre, so between two known depths it can rise to half their
        sum and the way between; the stretch where it can rise highest is halved first.
        """
        limit = _DEPTHS_CORRIDOR_MAX if zones.ints[zone, KIND] == CORRIDOR else _DEPTHS_MAX
        speed = speed_m(lat, dlon, dlat)
        begins, ends = np.empty(limit), np.empty(limit)
        at_begin, at_end = np.empty(limit), np.empty(limit)
        begins[0], ends[0] = first, last
        at_begin[0] = depth(zones, zone, lon, lat, dlon, dlat, first)
        at_end[0] = depth(zones, zone, lon, lat, dlon, dlat, last)
        if math.isnan(at_begin[0] + at_end[0]):
            return math.nan
        best = max(0.0, at_begin[0], at_end[0])
        count = 1
        while count < limit:
            highest, widest = -math.inf, 0
            for k in range(count):
                peak = 0.5 * (at_begin[k] + at_end[k] + speed * (ends[k] - begins[k]))
                if peak > highest:
                    highest, widest = peak, k
            if not highest > best + max(1e-4, 1e-6 * best):
                break
            middle = 0.5 * (begins[widest] + ends[widest])
            deep = depth(zones, zone, lon, lat, dlon, dlat, middle)
            if math.isnan(deep):
                return math.nan
            best = max(best, deep)
            begins[count], ends[count] = middle, ends[widest]
            at_begin[count], at_end[count] = deep, at_end[widest]
            ends[widest], at_end[widest] = middle, deep
            count += 1
        return best

    return deepest


deepest_m = _deepest_by(depth_m)
near_deepest_m = _deepest_by(near_depth_m)
