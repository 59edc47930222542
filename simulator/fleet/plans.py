"""When a device asks for a position: its plan, sleep after stillness, masts, pursuit (contract section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emon.limits import OWED_GRACE_S, PLAN_S
from simulator.fleet.kernels import asked_in_turn

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STILL_AFTER_S = 60.0  # [own] without motion for a minute a device says `still`
SLEEP_AFTER_S = 600.0  # [contract] section 3: 10 minutes after `still`
SLEEP_S = 3_600.0  # [contract] section 3
CELL_S = 180.0  # [contract] section 3: while the newest fix is a mast's
PURSUIT_S = 15.0  # [contract] section 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a device asks. ``plan_s`` as the order's; ``sleeps`` False asks on while it lies still.

    ``pursuit_s`` are rising spans in which it was told to ask each 15 s. Raises ``ValueError`` for
    intervals that are not above 0.
    """

    plan_s: float = float(PLAN_S)
    sleeps: bool = True
    pursuit_s: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.plan_s < np.inf:
            raise ValueError(f"plan_s is {self.plan_s}; must be finite and above 0")
        for from_s, to_s in self.pursuit_s:
            if not from_s < to_s:
                raise ValueError(f"pursuit_s is {from_s:g} to {to_s:g}; must rise")


def joined_spans(spans: Floats, gap_s: float = 0.0) -> Floats:
    """Spans f64[m, 2] in their order, those joined that lie no more than ``gap_s`` apart."""
    if not len(spans):
        return spans
    ordered = spans[np.argsort(spans[:, 0], kind="stable")]
    end = np.maximum.accumulate(ordered[:, 1])
    begins = np.append(True, ordered[1:, 0] > end[:-1] + gap_s)
    first = np.flatnonzero(begins)
    return np.stack([ordered[first, 0], end[np.append(first[1:] - 1, len(end) - 1)]], axis=1)


def motion_events(moving_s: Floats, span_s: tuple[float, float]) -> tuple[Floats, Flags]:
    """``(t_s, moving)`` of the events `moving` and `still` that the spans of true motion give."""
    spans = joined_spans(moving_s, STILL_AFTER_S)
    if not len(spans):
        return np.array([span_s[0] + STILL_AFTER_S]), np.zeros(1, np.bool_)
    t_s = np.stack([spans[:, 0], spans[:, 1] + STILL_AFTER_S], axis=1).ravel()
    moving = np.tile([True, False], len(spans))
    if spans[0, 0] > span_s[0] + STILL_AFTER_S:
        t_s, moving = np.append(span_s[0] + STILL_AFTER_S, t_s), np.append(False, moving)
    within = t_s < span_s[1]
    return t_s[within], moving[within]


class Regimes(NamedTuple):
    """The plan over time: ``steps`` f64[r] the interval between ``edges`` f64[r + 1] and the next."""

    edges: Floats
    steps: Floats


def candidates(regimes: Regimes, phase_s: float) -> tuple[Floats, Floats]:
    """``(t_s, step_s)``: instants at which the device would ask if each fix came from satellites, and the
    interval of its plan then. It asks at once when it wakes; ``phase_s`` after the begin it asks first.
    """
    edges, steps = regimes
    begin = np.maximum(edges[:-1], edges[0] + phase_s)
    # A sleeper asks an hour after it fell asleep; whoever wakes asks at once.
    begin = np.where(steps == SLEEP_S, edges[:-1] + SLEEP_S, begin)
    count = np.maximum(np.ceil((edges[1:] - begin) / steps), 0.0).astype(np.int64)
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    step_s = np.repeat(steps, count)
    return np.repeat(begin, count) + within * step_s, step_s


def regimes_of(plan: Plan, events: tuple[Floats, Flags], span_s: tuple[float, float]) -> Regimes:
    """How often the device asks when, by its motion events ``(t_s, moving)``."""
    t_s, moving = events
    asleep = np.empty((0, 2))
    if plan.sleeps:
        ends = np.append(t_s[1:], span_s[1])
        still = np.flatnonzero(~moving)
        asleep = np.stack([t_s[still] + SLEEP_AFTER_S, ends[still]], axis=1)
        asleep = asleep[asleep[:, 0] < asleep[:, 1]]
    hunted = np.array(plan.pursuit_s, np.float64).reshape(-1, 2)
    edges = np.unique(np.concatenate([np.array(span_s), asleep.ravel(), hunted.ravel()]))
    edges = edges[(edges >= span_s[0]) & (edges <= span_s[1])]
    middle = (edges[:-1] + edges[1:]) / 2.0
    steps = np.where(_covered(asleep, middle), SLEEP_S, plan.plan_s)
    return Regimes(edges, np.where(_covered(hunted, middle), PURSUIT_S, steps))


def _covered(spans: Floats, t_s: Floats) -> Flags:
    found: Flags = np.searchsorted(spans.ravel(), t_s, side="right") % 2 == 1
    return found


def kept_by_plan(t_s: Floats, step_s: Floats, from_mast: Flags, plan: Plan) -> Flags:
    """Which of the fixes at rising instants the device takes: after a mast's it waits 180 s."""
    kept = np.empty(t_s.size, np.bool_)
    asked_in_turn(t_s, np.where(from_mast & (step_s == plan.plan_s), CELL_S, 0.0), kept)
    return kept


def watched_spans(regimes: Regimes, taken_s: Floats, from_mast: Flags) -> Floats:
    """Spans f64[k, 2] in which no fix was owed: no gap longer than twice the longest interval of the plan
    that held in it, and a minute. A span ends one interval after its last fix, or at the next fix.

    ``taken_s`` rising, within the regimes.
    """
    if not taken_s.size:
        return np.empty((0, 2))
    # The world's end stands for a fix: who is asleep then owes none before it.
    all_s, mast = np.append(taken_s, regimes.edges[-1]), np.append(from_mast, False)
    at = np.searchsorted(regimes.edges, all_s, side="right") - 1
    at = np.clip(at, 0, len(regimes.steps) - 1)
    here_s = np.where(mast, np.maximum(regimes.steps[at], CELL_S), regimes.steps[at])
    # Who fell asleep after a fix owes nothing for an hour, also if he woke before it was over.
    slept = np.append(0, np.cumsum(regimes.steps == SLEEP_S))
    longest_s = np.where(slept[at[1:] + 1] > slept[at[:-1]], SLEEP_S, here_s[:-1])
    cuts = np.flatnonzero(np.diff(all_s) > 2.0 * longest_s + OWED_GRACE_S)
    begin_s = all_s[np.append(0, cuts + 1)]
    end_s = np.append(np.minimum(all_s[cuts] + here_s[cuts], all_s[cuts + 1]), all_s[-1])
    spans: Floats = np.stack([begin_s, end_s], axis=1)[begin_s < end_s]
    return spans
