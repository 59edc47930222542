"""The breach issue's second way to be due: "the straight line between the true positions at two delivered
fixes at most 120 s apart runs at least 100 m inside".

Only where somebody truly was counts here, and when fixes of it came: no fix's own position is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.detection.rivals import Fence
from emon.geofence import signed_distances
from emon.limits import CROSSING_GAP_MAX_S
from emon.model.instant import SECOND_US
from simulator.path import Floats, Path, lengths_m, positions_at
from simulator.scoring.facts import Stay

LINE_M = 100.0  # [issue 6] "runs at least 100 m inside"
_STEP_M = 1.0  # a line is looked at so often: its length inside errs by so much an edge


class Line(NamedTuple):
    """How far a straight line between two true positions runs inside, and from when to when: its time is
    straight between the two fixes, microseconds."""

    inside_m: float
    from_us: int
    to_us: int


def longest_line_m(lines: Sequence[Line]) -> float:
    """The most that one of them runs inside; 0 where there is none."""
    return round(max((line.inside_m for line in lines), default=0.0), 1)


def lines_of(fence: Fence, path: Path, taken_s: Floats, stay: Stay, start_us: int) -> list[Line]:
    """The lines that overlap a stay and run inside.

    ``taken_s``: when each fix that came while the condition held was taken, in any order.
    """
    from_s, to_s = (stay.from_us - start_us) / SECOND_US, (stay.to_us - start_us) / SECOND_US
    t_s = np.unique(taken_s)
    before, after = t_s[:-1], t_s[1:]
    near = (after - before <= CROSSING_GAP_MAX_S) & (after >= from_s) & (before <= to_s)
    found = [
        _line(fence, path, one_s, other_s, start_us)
        for one_s, other_s in zip(before[near].tolist(), after[near].tolist(), strict=True)
    ]
    return [line for line in found if line is not None]


def _line(fence: Fence, path: Path, one_s: float, other_s: float, start_us: int) -> Line | None:
    lon, lat, _, _ = positions_at(path, np.array([one_s, other_s]))
    length_m = float(lengths_m(lon[:1], lat[:1], lon[1:], lat[1:])[0])
    steps = int(np.ceil(length_m / _STEP_M))
    if not steps:
        return None
    share = (np.arange(steps) + 0.5) / steps
    at_lon, at_lat = lon[0] + share * (lon[1] - lon[0]), lat[0] + share * (lat[1] - lat[0])
    inside = signed_distances(fence.table, np.full(steps, fence.zone), at_lon, at_lat) <= 0.0
    if not inside.any():
        return None
    within = np.flatnonzero(inside)
    from_s, to_s = (one_s + (other_s - one_s) * edge / steps for edge in (within[0], within[-1] + 1))
    from_us, to_us = (start_us + round(float(at_s) * SECOND_US) for at_s in (from_s, to_s))
    return Line(length_m * float(inside.mean()), from_us, to_us)
