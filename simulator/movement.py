"""Where a simulated wearer truly is: straight legs at constant speed, and pauses.

The geometry here is the simulator's own (local metres a degree on the ellipsoid) and shares
nothing with the engine's, so that the truth is not computed by what it is to judge.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.path import Path, Surroundings

_A_M = 6_378_137.0  # WGS84 semi-major axis
_E2 = 0.006_694_379_990_14  # WGS84 first eccentricity squared

Point = tuple[float, float]
"""(longitude, latitude) in degrees WGS84."""


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres a degree of longitude and of latitude at this latitude (radii of curvature, WGS84)."""
    phi = math.radians(lat)
    w2 = 1.0 - _E2 * math.sin(phi) ** 2
    prime_vertical_m = _A_M / math.sqrt(w2)
    meridian_m = _A_M * (1.0 - _E2) / w2**1.5
    return math.radians(prime_vertical_m * math.cos(phi)), math.radians(meridian_m)


def shifted(point: Point, east_m: float, north_m: float) -> Point:
    """The point so many metres east and north; good to 1 in 10,000 within some kilometres."""
    lon, lat = point
    east_scale, north_scale = metres_per_degree(lat)
    return lon + east_m / east_scale, lat + north_m / north_scale


def offset_m(origin: Point, point: Point) -> tuple[float, float]:
    """Metres east and north from one point to another, with the scale of their mean latitude."""
    east_scale, north_scale = metres_per_degree((origin[1] + point[1]) / 2.0)
    return (point[0] - origin[0]) * east_scale, (point[1] - origin[1]) * north_scale


def distance_m(origin: Point, point: Point) -> float:
    """Metres between two points some kilometres apart at most."""
    return math.hypot(*offset_m(origin, point))


@dataclass(frozen=True, slots=True)
class Travel:
    """A straight leg to ``to`` at a constant speed."""

    to: Point
    speed_m_s: float
    surroundings: Surroundings = Surroundings.STREET


@dataclass(frozen=True, slots=True)
class Pause:
    """Standing still."""

    pause_s: float
    surroundings: Surroundings = Surroundings.STREET


Leg = Travel | Pause


@dataclass(frozen=True, slots=True)
class Motion:
    """The true state at one instant. ``heading_deg`` is None while standing."""

    point: Point
    speed_m_s: float
    heading_deg: float | None


class Movement:
    """A way through the world. Before its first second and after its last leg the wearer stands."""

    def __init__(self, begin: Point, legs: Sequence[Leg]) -> None:
        self.begin = begin
        self.legs = tuple(legs)
        self._starts_s: list[float] = []
        self._froms: list[Point] = []
        now_s, here = 0.0, begin
        for leg in self.legs:
            self._starts_s.append(now_s)
            self._froms.append(here)
            if isinstance(leg, Pause):
                now_s += leg.pause_s
            else:
                now_s += distance_m(here, leg.to) / leg.speed_m_s
                here = leg.to
        self.ends_at_s = now_s
        self._end = here

    def path(self) -> Path:
        """The same way as vertices with the surroundings of each stretch."""
        t_s, places, codes = [0.0], [self.begin], [int(Surroundings.STREET)]
        for number, leg in enumerate(self.legs):
            ends = self._starts_s[number + 1] if number + 1 < len(self.legs) else self.ends_at_s
            codes[-1] = int(leg.surroundings)
            if ends > t_s[-1]:
                t_s.append(ends)
                places.append(leg.to if isinstance(leg, Travel) else places[-1])
                codes.append(int(leg.surroundings))
        lon, lat = np.array(places, np.float64).T
        return Path(np.array(t_s), lon.copy(), lat.copy(), np.array(codes, np.int8))

    def still(self, until_s: float, least_s: float) -> list[tuple[float, float]]:
        """Stretches of at least so many seconds in which the wearer stands, up to ``until_s``."""
        found: list[tuple[float, float]] = []
        for number, leg in enumerate(self.legs):
            if isinstance(leg, Pause):
                begin_s = self._starts_s[number]
                ends_s = begin_s + leg.pause_s
                if found and found[-1][1] >= begin_s:
                    found[-1] = (found[-1][0], ends_s)
                else:
                    found.append((begin_s, ends_s))
        if found and found[-1][1] >= self.ends_at_s:
            found[-1] = (found[-1][0], until_s)
        else:
            found.append((self.ends_at_s, until_s))
        return [(a, min(b, until_s)) for a, b in found if min(b, until_s) - a >= least_s]

    def at(self, at_s: float) -> Motion:
        """The true position, speed and heading ``at_s`` seconds after the scenario's start."""
        if at_s < 0.0 or not self.legs:
            return Motion(self.begin, 0.0, None)
        if at_s >= self.ends_at_s:
            return Motion(self._end, 0.0, None)
        number = bisect_right(self._starts_s, at_s) - 1
        leg, start = self.legs[number], self._froms[number]
        if isinstance(leg, Pause):
            return Motion(start, 0.0, None)
        east_m, north_m = offset_m(start, leg.to)
        share = (at_s - self._starts_s[number]) * leg.speed_m_s / math.hypot(east_m, north_m)
        lon = start[0] + (leg.to[0] - start[0]) * share
        lat = start[1] + (leg.to[1] - start[1]) * share
        heading_deg = math.degrees(math.atan2(east_m, north_m)) % 360.0
        return Motion((lon, lat), leg.speed_m_s, heading_deg)
