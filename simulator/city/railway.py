"""A railway line: stations along a curve, underground in the middle of the city."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.city.streets import Codes, Floats
from simulator.path import Surroundings

TOP_M_S = 30.0  # a regional train between stops a few kilometres apart
SPEEDING_UP_M_S2 = 0.7
STOP_S = 50.0
_PIECE_M = 150.0


class Railway(NamedTuple):
    """``x``, ``y`` f64[k] metres of the line, ``at_m`` the way to each; ``station_m`` of each station,
    rising; ``station`` the numbers of their places; ``tunnel_m`` from where to where it is underground."""

    x: Floats
    y: Floats
    at_m: Floats
    station_m: Floats
    station: NDArray[np.intp]
    tunnel_m: tuple[float, float]


class Ride(NamedTuple):
    """Vertices of a ride: seconds from departure, place, and surroundings from each to the next."""

    t_s: Floats
    x: Floats
    y: Floats
    around: Codes


def ride(line: Railway, board: int, alight: int) -> Ride:
    """From one station to another (numbers along the line), stopping at those between."""
    step = 1 if alight > board else -1
    t_parts: list[Floats] = []
    m_parts: list[Floats] = []
    now_s = 0.0
    for here in range(board, alight, step):
        start_m, stop_m = float(line.station_m[here]), float(line.station_m[here + step])
        t_s, way_m = _between(abs(stop_m - start_m))
        t_parts.append(now_s + t_s)
        m_parts.append(start_m + step * way_m)
        now_s += float(t_s[-1]) + STOP_S
    t_s, at_m = np.concatenate(t_parts), np.concatenate(m_parts)
    return Ride(t_s, *_place(line, at_m), _around(line, at_m))


def _between(length_m: float) -> tuple[Floats, Floats]:
    """Seconds and metres from one stop to the next: faster, steady, slower."""
    ramp_m = min(TOP_M_S**2 / (2.0 * SPEEDING_UP_M_S2), length_m / 2.0)
    top_m_s = float(np.sqrt(2.0 * SPEEDING_UP_M_S2 * ramp_m))
    pieces = max(2, int(np.ceil(length_m / _PIECE_M)))
    way_m = np.linspace(0.0, length_m, pieces + 1)
    early = np.sqrt(2.0 * np.minimum(way_m, ramp_m) / SPEEDING_UP_M_S2)
    late = np.sqrt(2.0 * np.minimum(length_m - way_m, ramp_m) / SPEEDING_UP_M_S2)
    steady = np.clip(way_m - ramp_m, 0.0, length_m - 2.0 * ramp_m) / top_m_s
    ramp_s = top_m_s / SPEEDING_UP_M_S2
    return early + steady + (ramp_s - late), way_m


def _place(line: Railway, at_m: Floats) -> tuple[Floats, Floats]:
    return np.interp(at_m, line.at_m, line.x), np.interp(at_m, line.at_m, line.y)


def _around(line: Railway, at_m: Floats) -> Codes:
    middle_m = np.append((at_m[:-1] + at_m[1:]) / 2.0, at_m[-1])
    under = (middle_m >= line.tunnel_m[0]) & (middle_m <= line.tunnel_m[1])
    return np.where(under, Surroundings.TUNNEL, Surroundings.TRAIN).astype(np.int8)
