"""When a device owes a fix: its plan over time, and the clock that stands still with the service.

Contract, section 3: "a fix each 60 s, or ``plan_s`` of the order's device; 15 s from a reply that
confirms it; 180 s while the newest fix is ``cell``; 3,600 s from 10 minutes after ``motion: still``
until ``moving``. Fixes are owed when a gap is longer than twice the plan's interval plus a minute."

Theory. A gap begins at its last fix. Where the plan changes within it, one that asks for less (an
hourly fix after one a minute) is counted from the beginning of the gap, and one that asks for more
from its own beginning: nobody can have kept a plan before it held. An instant of the gap is owed when
the plan in force there, so counted, has run out. Pure; instants in microseconds.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from typing import NamedTuple

from emon.limits import CELL_PLAN_S, OWED_GRACE_S, PLAN_S, STILL_AFTER_S, STILL_PLAN_S
from emon.model.instant import SECOND_US
from emon.model.watch import ServiceStop, Turn

Shift = Callable[[int, int], int]
"""(instant, duration) → the instant at which a clock has run so long since."""


class Pace(NamedTuple):
    """A plan from an instant on."""

    from_us: int
    every_s: int


Span = tuple[int, int]
"""``[from_us, to_us)``."""


def allowed_us(every_s: int) -> int:
    """The longest gap that a plan allows."""
    return (2 * every_s + OWED_GRACE_S) * SECOND_US


def plain_shift(from_us: int, duration_us: int) -> int:
    """A clock that never stands still."""
    return from_us + duration_us


class ServiceClock:
    """A clock that stands still while the service is down. ``stops``: those that have ended."""

    __slots__ = ("_stops", "_ups", "up_us")

    def __init__(self, stops: Sequence[ServiceStop]) -> None:
        self._stops = [(stop.down_us, stop.up_us) for stop in stops if stop.up_us is not None]
        self._ups = [up_us for _, up_us in self._stops]
        self.up_us = self._ups[-1] if self._ups else 0

    def shift(self, from_us: int, duration_us: int) -> int:
        """What would fall due at the very beginning of a stop falls due at its end."""
        at_us, left_us = from_us, duration_us
        for down_us, up_us in self._stops[bisect.bisect_right(self._ups, from_us) :]:
            if left_us < down_us - at_us:
                break
            left_us -= max(0, down_us - at_us)
            at_us = up_us
        return at_us + left_us


def paces(bases: Sequence[Pace], turns: Sequence[Turn], *, cell: bool, from_us: int) -> list[Pace]:
    """The plan from an instant on, as far as it is known now; the first begins there.

    ``bases``: the plans that orders ask for, rising; the first reaches back to the beginning.
    ``turns`` rise. Where several hold, the one that asks for least does: a device that lies still, or
    has no satellites, sends no more often because the order would like it to.
    """
    bases = bases or (Pace(from_us, PLAN_S),)
    cuts = {from_us}
    cuts.update(base.from_us for base in bases)
    still = still_spans(turns)
    for still_us, moves_us in still:
        cuts.add(still_us)
        if moves_us is not None:
            cuts.add(moves_us)
    cuts.update(turn.at_us for turn in turns if turn.every_s is not None)
    found: list[Pace] = []
    for at_us in sorted(cut for cut in cuts if cut >= from_us):
        every_s = _every_s(bases, turns, still, at_us, cell=cell)
        if not found or found[-1].every_s != every_s:
            found.append(Pace(at_us, every_s))
    return found


def still_spans(turns: Sequence[Turn]) -> list[tuple[int, int | None]]:
    """When a device has been still for long enough to send hourly. A repeated word changes nothing."""
    spans: list[tuple[int, int | None]] = []
    since_us: int | None = None
    for turn in turns:
        if turn.still is True and since_us is None:
            since_us = turn.at_us
        elif turn.still is False and since_us is not None:
            spans.append((since_us + STILL_AFTER_S * SECOND_US, turn.at_us))
            since_us = None
    if since_us is not None:
        spans.append((since_us + STILL_AFTER_S * SECOND_US, None))
    return [(a_us, b_us) for a_us, b_us in spans if b_us is None or a_us < b_us]


def _every_s(
    bases: Sequence[Pace],
    turns: Sequence[Turn],
    still: Sequence[tuple[int, int | None]],
    at_us: int,
    *,
    cell: bool,
) -> int:
    every_s = bases[0].every_s
    for base in bases:
        if base.from_us <= at_us:
            every_s = base.every_s
    confirmed = [turn.every_s for turn in turns if turn.every_s is not None and turn.at_us <= at_us]
    if confirmed:
        every_s = confirmed[-1]
    if cell:
        every_s = max(every_s, CELL_PLAN_S)
    if any(a_us <= at_us and (b_us is None or at_us < b_us) for a_us, b_us in still):
        every_s = max(every_s, STILL_PLAN_S)
    return every_s


def owed_from(plan: Sequence[Pace], shift: Shift = plain_shift) -> int:
    """The first owed instant of a gap that begins with the plan and has no end yet."""
    for from_us, due_us, to_us in _dues(plan, shift):
        if to_us is None or max(from_us, due_us) < to_us:
            return max(from_us, due_us)
    raise ValueError("a plan has no end")


def owed_spans(plan: Sequence[Pace], to_us: int, shift: Shift = plain_shift) -> list[Span]:
    """When fixes are owed in a gap that begins with the plan and ends at ``to_us``."""
    spans: list[Span] = []
    for from_us, due_us, end_us in _dues(plan, shift):
        begin_us = max(from_us, due_us)
        stop_us = to_us if end_us is None else min(end_us, to_us)
        if begin_us >= stop_us:
            continue
        if spans and spans[-1][1] == begin_us:
            spans[-1] = (spans[-1][0], stop_us)
        else:
            spans.append((begin_us, stop_us))
    return spans


def _dues(plan: Sequence[Pace], shift: Shift) -> list[tuple[int, int, int | None]]:
    """Of each pace its beginning, when the gap is owed under it, and its end."""
    start_us = plan[0].from_us
    dues: list[tuple[int, int, int | None]] = []
    due_us = 0
    for i, pace in enumerate(plan):
        counted_us = shift(start_us, allowed_us(pace.every_s))
        if i > 0 and pace.every_s < plan[i - 1].every_s:
            due_us = min(due_us, shift(pace.from_us, allowed_us(pace.every_s)))
        else:
            due_us = counted_us
        end_us = plan[i + 1].from_us if i + 1 < len(plan) else None
        dues.append((pace.from_us, due_us, end_us))
    return dues
