"""What is due, what is grey, what is blind (docs/simulator-score.md).

A fix *shows* a stay if it was taken while the wearer was truly at least as deep as the fix claims to
err at 95 %, and ``DUE_DEPTH_MIN_M`` at least, and the condition held. A stay is

- **due** with ``DUE_FIXES`` such fixes: whatever a sound rule does with noise, it has had its evidence;
- **blind** if it was deep and long enough for so many at the plan's pace, and they never came;
- **grey** else: a true touch, short or shallow. To tell of it is right, to pass over it is no miss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from emon.limits import PLAN_S
from emon.model.instant import SECOND_US
from simulator.limits import DUE_DEPTH_MIN_M, DUE_FIXES
from simulator.scoring.facts import BUFFER, Seen, Stay


class Class(StrEnum):
    DUE = "due"
    BLIND = "blind"
    GREY = "grey"
    INACTIVE = "inactive"


def class_of(stay: Stay) -> Class:
    """The class of a stay whose fixes are counted (``counted_stay``)."""
    if not stay.active:
        return Class.INACTIVE
    if stay.kind == BUFFER:
        return Class.GREY
    if stay.shown_us is not None:
        return Class.DUE
    long_enough = stay.to_us - stay.from_us >= DUE_FIXES * PLAN_S * SECOND_US
    return Class.BLIND if long_enough and stay.deepest_m >= DUE_DEPTH_MIN_M else Class.GREY


def counted_stay(stay: Stay, seen: Sequence[Seen]) -> Stay:
    """The stay with its first and its deciding fix, where its line names neither.

    Fixes are taken to have come at the even pace of each stretch, and the wearer to have been at his
    deepest all the while: so a line written by hand needs no more than a depth. ``seen`` are his
    stretches, rising.
    """
    if stay.counted:
        return stay
    first: int | None = None
    shown: list[int] = []
    for stretch in seen:
        step_us = max(1, round(stretch.every_s * SECOND_US))
        ahead = max(0, math.ceil((stay.from_us - stretch.from_us) / step_us))
        at_us = stretch.from_us + ahead * step_us
        end_us = min(stay.to_us, stretch.to_us)
        if at_us >= end_us:
            continue
        first = at_us if first is None else first
        if stay.deepest_m >= max(DUE_DEPTH_MIN_M, stretch.accuracy_m):
            missing = DUE_FIXES - len(shown)
            shown += [at_us + i * step_us for i in range(missing) if at_us + i * step_us < end_us]
        if len(shown) == DUE_FIXES:
            break
    shown_us = shown[-1] if len(shown) == DUE_FIXES else None
    return replace(stay, counted=True, first_fix_us=first, shown_us=shown_us)
