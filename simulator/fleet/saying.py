"""All that a device says of itself in one column: motion, and what upkeep brings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.fleet.upkeep import Word, lies_in

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]


def motion_heard(motion: tuple[Floats, Flags], dead_s: Floats) -> tuple[Floats, Flags]:
    """Motion events ``(t_s, moving)`` less those that a dead battery swallowed; a device that comes to life
    says at once whether it moves."""
    t_s, moving = motion
    if not len(dead_s):
        return motion
    back_s = dead_s[:, 1]
    last = np.searchsorted(t_s, back_s, side="right") - 1
    is_moving = np.append(moving, False)[last]  # who never moved before is still
    alive = ~lies_in(dead_s, t_s)
    all_s, both = np.concatenate([t_s[alive], back_s]), np.concatenate([moving[alive], is_moving])
    order = np.argsort(all_s, kind="stable")
    all_s, both = all_s[order], both[order]
    once = np.append(True, np.diff(all_s) > 0.0)
    return all_s[once], both[once]


def all_said(motion: tuple[Floats, Flags], words: Sequence[Word]) -> tuple[Floats, Codes]:
    """``(t_s, said)``: motion and other words together, rising."""
    t_s = np.concatenate([motion[0], [at_s for at_s, _ in words]])
    said = np.concatenate([motion[1].astype(np.int8), np.array([what for _, what in words], np.int8)])
    order = np.argsort(t_s, kind="stable")
    return t_s[order], said[order]
