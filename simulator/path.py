"""Where somebody truly is at any instant: a path, and the surroundings of each stretch of it.

The geometry is the simulator's own, as in ``movement.py``: a stretch is straight in longitude and latitude,
and its length is measured with the scale of its mean latitude. Nothing of the engine is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

_SAME_PLACE_M = 1.0
_A_M = 6_378_137.0  # WGS84 semi-major axis
_E2 = 0.006_694_379_990_14  # WGS84 first eccentricity squared


class Surroundings(IntEnum):
    """What is around a receiver: the codes of ``Path.surroundings``."""

    OPEN = 0
    STREET = 1
    CANYON = 2  # between tower blocks
    INDOOR = 3
    DEEP = 4  # deep indoors, a basement: no satellites
    TUNNEL = 5  # underground, of a road or a railway
    CAR = 6
    TRAIN = 7
    GARAGE = 8  # a parking garage
    BUS = 9


class Path(NamedTuple):
    """Vertices at rising seconds; movement between two is straight and of constant speed.

    ``t_s`` f64[k], seconds since the scenario's start, rising; ``lon``, ``lat`` f64[k], degrees WGS84;
    ``surroundings`` i8[k], codes of ``Surroundings``: those of the stretch from vertex i to i + 1. The last
    one repeats. At least one vertex; before the first and after the last the wearer stands there.
    """

    t_s: Floats
    lon: Floats
    lat: Floats
    surroundings: Codes


def checked(path: Path) -> Path:
    """The path itself; ``ValueError`` names the column and the vertex that is wrong."""
    count = len(path.t_s)
    if count == 0:
        raise ValueError("path: no vertex; must have at least one")
    columns: tuple[NDArray[Any], ...] = path
    for name, column in zip(Path._fields, columns, strict=True):
        if column.shape != (count,):
            raise ValueError(f"{name} has shape {column.shape}; must be ({count},) as t_s")
    bounds = {"t_s": np.inf, "lon": 180.0, "lat": 90.0}
    for name, most in bounds.items():
        column = getattr(path, name)
        wrong = ~(np.abs(column) <= most) | ~np.isfinite(column)
        if wrong.any():
            vertex = int(np.argmax(wrong))
            raise ValueError(f"{name}[{vertex}] is {column[vertex]}; must be finite and within ±{most:g}")
    late = np.diff(path.t_s) <= 0.0
    if late.any():
        vertex = int(np.argmax(late)) + 1
        raise ValueError(f"t_s[{vertex}] is {path.t_s[vertex]}; must rise from {path.t_s[vertex - 1]}")
    unknown = (path.surroundings < 0) | (path.surroundings >= len(Surroundings))
    if unknown.any():
        vertex = int(np.argmax(unknown))
        raise ValueError(f"surroundings[{vertex}] is {path.surroundings[vertex]}; no such code")
    return path


def positions_at(path: Path, t_s: ArrayLike) -> tuple[Floats, Floats, Codes, Floats]:
    """``(lon, lat, surroundings, speed_m_s)`` at the seconds ``t_s`` (n, in any order): each of length n.

    At a vertex the stretch that begins there counts. Raises ``ValueError`` for seconds that are not finite.
    """
    asked_s = np.atleast_1d(np.asarray(t_s, np.float64))
    if not np.isfinite(asked_s).all():
        row = int(np.argmin(np.isfinite(asked_s)))
        raise ValueError(f"t_s[{row}] is {asked_s[row]}; must be finite")
    last = len(path.t_s) - 1
    at = np.searchsorted(path.t_s, asked_s, side="right") - 1
    moves = (at >= 0) & (at < last)
    begin = np.clip(at, 0, last)
    end = np.where(moves, begin + 1, begin)
    whole_s = np.where(moves, path.t_s[end] - path.t_s[begin], 1.0)
    share = np.where(moves, (asked_s - path.t_s[begin]) / whole_s, 0.0)
    lon1, lat1, lon2, lat2 = path.lon[begin], path.lat[begin], path.lon[end], path.lat[end]
    speed_m_s = lengths_m(lon1, lat1, lon2, lat2) / whole_s
    lon, lat = lon1 + (lon2 - lon1) * share, lat1 + (lat2 - lat1) * share
    return lon, lat, path.surroundings[begin], speed_m_s


def speeds_m_s(path: Path) -> Floats:
    """The speed on each stretch: f64[k - 1]."""
    way_m = lengths_m(path.lon[:-1], path.lat[:-1], path.lon[1:], path.lat[1:])
    return way_m / np.diff(path.t_s)


def lengths_m(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Metres between points some kilometres apart at most, with the scale of their mean latitude."""
    east_scale, north_scale = scales_m((lat1 + lat2) / 2.0)
    return np.hypot((lon2 - lon1) * east_scale, (lat2 - lat1) * north_scale)


def scales_m(lat: Floats) -> tuple[Floats, Floats]:
    """Metres a degree of longitude and of latitude at these latitudes, as ``movement.metres_per_degree``."""
    phi = np.radians(lat)
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    prime_vertical_m = _A_M / np.sqrt(w2)
    return np.radians(prime_vertical_m * np.cos(phi)), np.radians(prime_vertical_m * (1.0 - _E2) / w2)


def between(path: Path, from_s: float, to_s: float) -> Path:
    """The part of a path from one second to another, with vertices at both; ``ValueError`` if none."""
    if not from_s < to_s:
        raise ValueError(f"from_s is {from_s}, to_s is {to_s}; must rise")
    kept = (path.t_s > from_s) & (path.t_s < to_s)
    lon, lat, code, _ = positions_at(path, np.array([from_s, to_s]))
    codes = np.concatenate([code[:1], path.surroundings[kept]])
    return Path(
        np.concatenate([[from_s], path.t_s[kept], [to_s]]),
        np.concatenate([lon[:1], path.lon[kept], lon[1:]]),
        np.concatenate([lat[:1], path.lat[kept], lat[1:]]),
        np.append(codes, codes[-1]),
    )


def delayed(path: Path, by_s: float) -> Path:
    """The same path so many seconds later."""
    return path._replace(t_s=path.t_s + by_s)


def joined(paths: Sequence[Path]) -> Path:
    """Paths one after another; where one ends at the second and place where the next begins, once.

    Between the end of one and a later begin of the next the wearer stands: the next must begin where the
    last one ended, to a metre. Raises ``ValueError`` for none, for times that overlap, and for a jump.
    """
    if not paths:
        raise ValueError("paths: none; must be at least one")
    kept = [paths[0]]
    for number, path in enumerate(paths[1:], 1):
        before = kept[-1]
        jump_m = float(lengths_m(before.lon[-1:], before.lat[-1:], path.lon[:1], path.lat[:1])[0])
        if jump_m > _SAME_PLACE_M:
            raise ValueError(f"paths[{number}] begins {jump_m:.1f} m from where the one before it ends")
        if path.t_s[0] < before.t_s[-1]:
            raise ValueError(f"paths[{number}] begins at {path.t_s[0]}, before {before.t_s[-1]}")
        if path.t_s[0] == before.t_s[-1]:
            kept[-1] = Path(before.t_s[:-1], before.lon[:-1], before.lat[:-1], before.surroundings[:-1])
        kept.append(path)
    columns = [np.concatenate(column) for column in zip(*kept, strict=True)]
    return Path(columns[0], columns[1], columns[2], columns[3].astype(np.int8))
