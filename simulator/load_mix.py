"""How the devices of a mixed load move: seven of ten stand, two walk, one drives.

Where a device is follows from the instant alone, so that one load goes on where another has ended. All keep
to lines that run past their own ban and never lead towards it: nothing is to be told of any of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# As in the geofence's benchmark (``benchmarks/geofence/movement.py``): the same shares and speeds, and of
# those who stand as many close to an edge.
WALKS, DRIVES = 7, 9  # of ten: device numbers whose last digit is from here on
_NEAR_ONE_IN = 20
_NEAR_M, _APART_M, _ROAD_M = 15.0, 150.0, 2_500.0  # from the ban's edge
_SPEED_M_S = (0.0, 1.4, 14.0)
_WAY_M = (1.0, 400.0, 4_000.0)  # of which each goes up and down
_APART = 0.618033988749895  # golden ratio: where on their way they are is spread evenly


def offset_m(device: Ints, t_ms: Ints) -> tuple[Floats, Floats]:
    """Metres east of the ban's eastern edge (one a device), and north of its centre (one an instant, each
    device's in a row)."""
    digit = device % 10
    mode = (digit >= WALKS).astype(np.int64) + (digit >= DRIVES)
    near = (mode == 0) & (device // 10 % _NEAR_ONE_IN == 0)
    east = np.where(near, _NEAR_M, np.where(mode == 2, _ROAD_M, _APART_M))
    way, speed = np.array(_WAY_M)[mode][:, None], np.array(_SPEED_M_S)[mode][:, None]
    turn = (t_ms / 1e3) * speed / (2.0 * way) + (device * _APART % 1.0)[:, None]
    north = np.where(mode[:, None] > 0, way * (2.0 * np.abs(turn % 1.0 - 0.5) - 0.5), 0.0)
    return east, north
