"""Polygons to try the geofence with: random ones, and those that were hard for others."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ring = list[tuple[float, float]]
Rings = list[Ring]

PLACES = ((4.48, 51.92), (179.99995, -17.0), (-180.0, 0.0), (0.0, 0.0), (-60.0, 84.6), (12.0, -89.5))
"""A city, the 180th meridian from both sides, the origin, the last latitude with a plane, one without."""


def wrapped(lon: float) -> float:
    """A longitude within ±180; one that is already there keeps every bit."""
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def at(place: tuple[float, float], size_deg: float, unit: Floats) -> Ring:
    """A ring drawn in units, laid at a place: a unit is ``size_deg`` of latitude, as long eastwards."""
    lon, lat = place
    wide = size_deg / max(math.cos(math.radians(lat)), 0.005)
    return [(wrapped(lon + float(x) * wide), lat + float(y) * size_deg) for x, y in unit]


def star(rng: np.random.Generator, corners: int, inner: float = 0.3) -> Floats:
    """Corners at random radii and uneven angles about the middle: never crosses itself."""
    turn = 2.0 * math.pi / corners
    angle = (np.arange(corners) + rng.uniform(-0.45, 0.45, corners)) * turn
    radius = rng.uniform(inner, 1.0, corners)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)


def comb(teeth: int) -> Floats:
    """Level and upright edges only, many on one line."""
    xy = [(-1.0, -1.0), (1.0, -1.0)]
    for k in range(teeth, 0, -1):
        right, left = 2.0 * k / teeth - 1.0, 2.0 * (k - 0.5) / teeth - 1.0
        xy += [(right, 0.5), (left, 0.5)]
        if k > 1:
            xy += [(left, 0.0), (2.0 * (k - 1) / teeth - 1.0, 0.0)]
    return np.array(xy)


def stairs(steps: int) -> Floats:
    """Vertices on a lattice, so that parallels and meridians through one pass through others."""
    xy = [(float(i), float(j)) for i in range(steps) for j in (i, i + 1)]
    return np.array([*xy, (float(steps), float(steps)), (float(steps), 0.0)]) / steps


def needle(rng: np.random.Generator, thin: float) -> Floats:
    """A thin triangle in any direction."""
    turn = rng.uniform(0.0, 2.0 * math.pi)
    tip = np.array([math.cos(turn), math.sin(turn)])
    side = thin * np.array([-tip[1], tip[0]])
    return np.stack((tip, -tip + side, -tip - side))


def spiral(turns: float, points: int) -> Floats:
    """A band wound up: a ray crosses it many times."""
    t = np.linspace(0.0, 1.0, points)
    angle = 2.0 * math.pi * turns * t
    outer = (0.15 + 0.85 * t)[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    inner = (0.15 + 0.85 * t - 0.4 / turns)[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return np.concatenate((outer, inner[::-1]))


def run(corners: Floats, cuts: int) -> Floats:
    """The same outline with each edge cut, at places that rounding moves: runs nearly in one line."""
    share = np.arange(cuts)[None, :, None] / cuts
    step = np.roll(corners, -1, axis=0) - corners
    return (corners[:, None, :] + share * step[:, None, :]).reshape(-1, 2)


def holed(place: tuple[float, float], size_deg: float) -> list[Rings]:
    """A square with a hole; with one that touches the shell at a point; with two that touch each other."""
    shell = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    diamond = np.array([(0.0, -0.5), (0.5, 0.0), (0.0, 0.5), (-0.5, 0.0)])
    corner = np.array([(-1.0, -1.0), (-0.5, -0.8), (-0.8, -0.5)])
    left, right = diamond * 0.5 + (-0.25, 0.0), diamond * 0.5 + (0.25, 0.0)
    plans = ([shell, diamond], [shell, corner], [shell, left, right], [shell, left, right, corner * 0.999])
    return [[at(place, size_deg, ring) for ring in plan] for plan in plans]


def polygons(rng: np.random.Generator, place: tuple[float, float]) -> list[Rings]:
    """One of every kind at a place, of a tenth of a millimetre to 60 km."""
    found: list[Rings] = []
    for size_deg in (1e-9, 2e-5, 1e-3, 0.02, 0.25):
        if size_deg == 0.25 and abs(place[1]) > 89.0:
            continue
        found += [[at(place, size_deg, star(rng, corners))] for corners in (3, 4, 7, 30)]
        found.append([at(place, size_deg, comb(5))])
        found.append([at(place, size_deg, stairs(4) - 0.5)])
        found.append([at(place, size_deg, spiral(3.0, 40))])
        if size_deg > 1e-9:
            found += [[at(place, size_deg, needle(rng, thin))] for thin in (1e-2, 1e-6)]
            found.append([at(place, size_deg, run(stairs(2) - 0.5, 5))])
            found += holed(place, size_deg)
    return found
