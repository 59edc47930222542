"""What the fixes of two people could show of how near they were to each other.

One person's fixes show nothing of a contact: she may be anywhere. A *moment* is a fix of either at which
the other's newest fix is no older than the contract lets a position be (section 3, ``proximity``). Where
one of the two has none so new, there is no reception of the contact, however well the other is seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.relation import distances_m
from emon.limits import CONTACT_PAIR_AGE_MAX_S
from simulator.scoring.gauge import Floats, Way, place


class Fixes(NamedTuple):
    """When fixes were taken and when they came (seconds), and their claimed 95 % radius; f64[n] each."""

    t_s: Floats
    received_s: Floats
    accuracy_m: Floats


class Side(NamedTuple):
    """One of the two: where this one truly was, and what of it came."""

    way: Way
    fixes: Fixes


def moments(one: Side, other: Side, radius_m: float) -> tuple[Fixes, Floats]:
    """Every moment of two people, and how deep within the radius fixes without error would show them.

    A moment comes when the later of both fixes does, and claims what two independent circles come to. Its
    depth is of where each truly was when its own fix was taken: what she walked since counts against it.
    """
    pairs = np.unique(np.concatenate([_paired(one, other), _paired(other, one)[:, ::-1]]), axis=0)
    his, hers = one.fixes, other.fixes
    a, b = pairs[:, 0], pairs[:, 1]
    apart_m = distances_m(*place(one.way, his.t_s[a]), *place(other.way, hers.t_s[b]))
    found = Fixes(
        np.maximum(his.t_s[a], hers.t_s[b]),
        np.maximum(his.received_s[a], hers.received_s[b]),
        np.hypot(his.accuracy_m[a], hers.accuracy_m[b]),
    )
    return found, radius_m - apart_m


def _paired(new: Side, old: Side) -> npt.NDArray[np.intp]:
    """i64[n, 2]: each fix of ``new`` with the newest of ``old`` by then, where that is new enough."""
    by = np.argsort(old.fixes.t_s, kind="stable")
    taken_s = old.fixes.t_s[by]
    last = np.searchsorted(taken_s, new.fixes.t_s, side="right") - 1
    known = np.flatnonzero(last >= 0)
    near = known[new.fixes.t_s[known] - taken_s[last[known]] <= CONTACT_PAIR_AGE_MAX_S]
    return np.column_stack([near, by[last[near]]]).astype(np.intp)
