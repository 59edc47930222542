"""What a device said that changes its plan, kept small.

Only changes are kept: a device that lies still may say so each hour. A word that comes late may lie
between two that were kept as one, so from the oldest new word on all words are taken anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emon.ingest.admit import clock_is_wrong
from emon.limits import TURNS_KEPT
from emon.model.fix import KeptEvent
from emon.model.watch import Turn

MOTION = "motion"


def motion_turns(said: Iterable[KeptEvent]) -> list[Turn]:
    """Motion events as turns, in order. One whose clock is impossible says nothing about when."""
    placed = sorted(
        (one.wire.fixed_at_us, one.wire.seq, one.wire.state)
        for one in said
        if one.wire.event == MOTION and not clock_is_wrong(one.wire.fixed_at_us, one.received_at_us)
    )
    return [Turn(at_us, still=state == "still") for at_us, _, state in placed]


def with_motion(turns: Sequence[Turn], said: Sequence[Turn]) -> tuple[Turn, ...]:
    """``turns`` with the motions of ``said``, which holds every one from its first on."""
    if not said:
        return tuple(turns)
    others = [turn for turn in turns if turn.still is None]
    motions = [turn for turn in turns if turn.still is not None and turn.at_us < said[0].at_us]
    for turn in said:
        if not motions or motions[-1].still is not turn.still:
            motions.append(turn)
    return tuple(sorted([*others, *motions], key=lambda turn: turn.at_us))


def trimmed(turns: tuple[Turn, ...], from_us: int) -> tuple[tuple[Turn, ...], int]:
    """The newest turns, and from when on they are complete."""
    if len(turns) <= TURNS_KEPT:
        return turns, from_us
    kept, older = turns[-TURNS_KEPT:], turns[:-TURNS_KEPT]
    # What was in force where they begin goes on.
    motion = [turn for turn in older if turn.still is not None][-1:]
    rate = [turn for turn in older if turn.every_s is not None][-1:]
    lead = sorted([*motion, *rate], key=lambda turn: turn.at_us)
    return (*lead, *kept), kept[0].at_us
