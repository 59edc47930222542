"""The breach issue's second way to be due: "the straight line between the true positions at two delivered
fixes at most 120 s apart runs at least 100 m inside".

Only where somebody truly was counts here, and when fixes of it came: no fix's own position is read.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.rivals import Fence
from emon.geofence import signed_distances
from emon.limits import CROSSING_GAP_MAX_S
from emon.model.instant import SECOND_US
from simulator.path import Floats, Path, lengths_m, positions_at
from simulator.scoring.facts import Stay

LINE_M = 100.0  # [issue 6] "runs at least 100 m inside"
_STEP_M = 1.0  # a line is looked at so often: its length inside errs by so much an edge


def longest_line_m(fence: Fence, path: Path, taken_s: Floats, stay: Stay, start_us: int) -> float:
    """The most that such a line runs inside, of the lines that overlap a stay; 0 where there is none.

    ``taken_s``: when each fix that came while the condition held was taken, in any order.
    """
    from_s, to_s = (stay.from_us - start_us) / SECOND_US, (stay.to_us - start_us) / SECOND_US
    t_s = np.unique(taken_s)
    before, after = t_s[:-1], t_s[1:]
    near = (after - before <= CROSSING_GAP_MAX_S) & (after >= from_s) & (before <= to_s)
    longest_m = 0.0
    for one_s, other_s in zip(before[near].tolist(), after[near].tolist(), strict=True):
        longest_m = max(longest_m, _inside_m(fence, path, one_s, other_s))
    return round(longest_m, 1)


def _inside_m(fence: Fence, path: Path, one_s: float, other_s: float) -> float:
    lon, lat, _, _ = positions_at(path, np.array([one_s, other_s]))
    length_m = float(lengths_m(lon[:1], lat[:1], lon[1:], lat[1:])[0])
    steps = int(np.ceil(length_m / _STEP_M))
    if not steps:
        return 0.0
    share = (np.arange(steps) + 0.5) / steps
    at_lon, at_lat = lon[0] + share * (lon[1] - lon[0]), lat[0] + share * (lat[1] - lat[0])
    inside = signed_distances(fence.table, np.full(steps, fence.zone), at_lon, at_lat) <= 0.0
    return length_m * float(inside.mean())
