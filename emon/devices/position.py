"""No position: messages come, and no usable fix among them.

"motion without fix 10 min" (Ministry of Justice; domain figures, row 6): a receiver indoors or in a
tunnel may be without satellites for so long. Who lies still where he was last seen is where he was:
of him it is told after half a day (``docs/adr/0016``). When the device says that it is jammed or shielded,
there is nothing to wait for: then as soon as fixes are owed. In and out of one hall is one episode: lost
again within an hour of its return, a position is told by the alert before, twice a day at most. The cause
is one of a closed list and chosen from what the device said, never guessed from the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from emon.devices.duty import overdue_us, stretches
from emon.limits import (
    NO_POSITION_AFTER_S,
    NO_POSITION_AGAIN_S,
    NO_POSITION_JOIN_S,
    NO_POSITION_STILL_S,
)
from emon.model.instant import SECOND_US
from emon.model.machine import Machine
from emon.model.watch import Cause, Duty, PositionState, SilenceState, Watch
from emon.plan import Shift

_AFTER_US = NO_POSITION_AFTER_S * SECOND_US
_STILL_US = NO_POSITION_STILL_S * SECOND_US
_JOIN_US = NO_POSITION_JOIN_S * SECOND_US
_AGAIN_US = NO_POSITION_AGAIN_S * SECOND_US


class Given(StrEnum):
    """``position``: a usable fix that is recent enough. ``overdue``: none for too long, though it is
    heard; ``again``: so it is, soon after the last time. ``released``: no order in force has it worn any
    more."""

    POSITION = "position"
    OVERDUE = "overdue"
    AGAIN = "again"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert; ``join``: the alert before tells of
    it. ``wait``: the time allowed counts from now."""

    OPEN = "open"
    TELL = "tell"
    JOIN = "join"
    CLEAR = "clear"
    WAIT = "wait"


KNOWN, LOST = PositionState

POSITION = Machine(
    "position",
    PositionState,
    Given,
    Done,
    {
        (KNOWN, Given.POSITION): (KNOWN, ()),
        (KNOWN, Given.OVERDUE): (LOST, (Done.OPEN, Done.TELL)),
        (KNOWN, Given.AGAIN): (LOST, (Done.OPEN, Done.JOIN)),
        (KNOWN, Given.RELEASED): (KNOWN, ()),
        (LOST, Given.POSITION): (KNOWN, (Done.CLEAR,)),
        (LOST, Given.OVERDUE): (LOST, ()),
        (LOST, Given.AGAIN): (LOST, ()),
        (LOST, Given.RELEASED): (KNOWN, (Done.CLEAR, Done.WAIT)),
    },
)


def position_due(watch: Watch, duties: Sequence[Duty], shift: Shift) -> tuple[int, Given] | None:
    """The next instant at which a missing position has something to decide, and what.

    None while the device is silent, or has said nothing since its newest usable fix: of that the
    silence tells. What lies in the past is due now.
    """
    if watch.heard_us is None or watch.first_heard_us is None:
        return None
    counted_us = counted_from(watch)
    found = stretches(duties, counted_us)
    if watch.position_state is LOST:
        until_us = found[0].until_us if found else counted_us
        return None if until_us is None else (until_us, Given.RELEASED)
    if watch.silence_state is not SilenceState.HEARD:
        return None
    if watch.place is not None and watch.heard_us <= watch.place.received_at_us:
        return None
    after_us = _STILL_US if watch.is_still and watch.place is not None else _AFTER_US
    for stretch in found:
        due_us = _due_us(watch, stretch.duties, max(counted_us, stretch.from_us), shift, after_us)
        if stretch.until_us is None or due_us < stretch.until_us:
            return due_us, Given.AGAIN if _is_joined(watch, counted_us, due_us) else Given.OVERDUE
    return None


def _is_joined(watch: Watch, counted_us: int, due_us: int) -> bool:
    """Whether a position lost since ``counted_us`` belongs to what was told of it before."""
    if watch.returned_us is None or watch.lost_told_us is None or _is_cut_off(watch):
        return False
    return counted_us - watch.returned_us <= _JOIN_US and due_us - watch.lost_told_us < _AGAIN_US


def is_recent(watch: Watch, duties: Sequence[Duty], shift: Shift, at_us: int) -> bool:
    """Whether its newest usable fix is recent enough to be its position."""
    if watch.place is None:
        return False
    fixed_us = min(watch.place.fixed_at_us, watch.place.received_at_us)
    return _due_us(watch, duties, fixed_us, shift, _AFTER_US) > at_us


def counted_from(watch: Watch) -> int:
    """Where the gap in its positions is counted from: no earlier than when it began to move."""
    place = watch.place
    if place is None:
        return max(watch.first_heard_us or 0, watch.back_us)
    seen_us = max(min(place.fixed_at_us, place.received_at_us), watch.back_us)
    moved = next((turn for turn in reversed(watch.turns) if turn.still is not None), None)
    if moved is None or moved.still or _is_cut_off(watch):
        return seen_us
    return max(seen_us, min(moved.at_us, watch.heard_us or 0))


def _due_us(watch: Watch, duties: Sequence[Duty], from_us: int, shift: Shift, after_us: int) -> int:
    owed_us = overdue_us(watch, duties, from_us, shift)
    return owed_us if _is_cut_off(watch) else max(owed_us, shift(from_us, after_us))


def _is_cut_off(watch: Watch) -> bool:
    return _on(watch.jamming) or _on(watch.shielding)


def _on(word: object) -> bool:
    return bool(getattr(word, "on", False))


def cause_of(watch: Watch) -> Cause:
    """Why there is no usable fix, by what the device said since the last one."""
    if _on(watch.jamming):
        return Cause.JAMMING
    if _on(watch.shielding):
        return Cause.SHIELDING
    if watch.implausible and watch.implausible >= watch.wrong_clock:
        return Cause.IMPLAUSIBLE
    if watch.wrong_clock:
        return Cause.CLOCK
    motions = [turn.still for turn in watch.turns if turn.still is not None]
    return Cause.INDOORS if motions and motions[-1] else Cause.NO_FIX
