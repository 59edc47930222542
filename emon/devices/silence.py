"""Silence: no message of any kind for longer than the plan and a grace allow, while somebody must be watched.

The plan allows twice its interval and a minute. How long it is waited on from there depends on what the
silence can hide (``grace.py``, ``docs/adr/0016``): 3 to 15 minutes after the newest message in all.
Told once a silence; a message clears it. The broker's last will is no message: nobody sent it. Silences
that an outage covers are kept on file like any other and told by the outage alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from emon.devices.duty import overdue_us, stretches
from emon.model.instant import SECOND_US
from emon.model.machine import Machine
from emon.model.watch import Duty, SilenceState, Watch
from emon.plan import Shift


class Given(StrEnum):
    """``message``: it is heard. ``overdue``: the time the plan allows is over; ``grace_over``: and so is
    the grace. ``covered``: it is overdue, or was, and an outage tells of it. ``outage_over``: most of
    that outage's devices are heard again. ``released``: no order in force has it worn any more."""

    MESSAGE = "message"
    OVERDUE = "overdue"
    GRACE_OVER = "grace_over"
    COVERED = "covered"
    OUTAGE_OVER = "outage_over"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert. ``wait``: the time allowed
    counts from now. ``grace``: how long it is waited on is settled."""

    GRACE = "grace"
    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"
    WAIT = "wait"


UNHEARD, HEARD, LATE, SILENT, COVERED, MISSING = SilenceState
_M, _O, _G, _C, _V, _R = Given

SILENCE = Machine(
    "silence",
    SilenceState,
    Given,
    Done,
    {
        (UNHEARD, _M): (HEARD, (Done.WAIT,)),
        (UNHEARD, _O): (UNHEARD, ()),  # never heard: the order waits for its device, see orders.py
        (UNHEARD, _G): (UNHEARD, ()),
        (UNHEARD, _C): (UNHEARD, ()),
        (UNHEARD, _V): (UNHEARD, ()),
        (UNHEARD, _R): (UNHEARD, ()),
        (HEARD, _M): (HEARD, ()),
        (HEARD, _O): (LATE, (Done.GRACE,)),
        (HEARD, _G): (HEARD, ()),
        (HEARD, _C): (COVERED, (Done.OPEN,)),
        (HEARD, _V): (HEARD, ()),
        (HEARD, _R): (HEARD, ()),
        (LATE, _M): (HEARD, (Done.WAIT,)),
        (LATE, _O): (LATE, ()),
        (LATE, _G): (SILENT, (Done.OPEN, Done.TELL)),
        (LATE, _C): (COVERED, (Done.OPEN,)),
        (LATE, _V): (LATE, ()),
        (LATE, _R): (HEARD, (Done.WAIT,)),
        (SILENT, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (SILENT, _O): (SILENT, ()),
        (SILENT, _G): (SILENT, ()),
        (SILENT, _C): (COVERED, ()),
        (SILENT, _V): (SILENT, ()),
        (SILENT, _R): (HEARD, (Done.CLEAR, Done.WAIT)),
        (COVERED, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (COVERED, _O): (COVERED, ()),
        (COVERED, _G): (COVERED, ()),
        (COVERED, _C): (COVERED, ()),
        (COVERED, _V): (MISSING, (Done.WAIT,)),
        (COVERED, _R): (HEARD, (Done.CLEAR, Done.WAIT)),
        (MISSING, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (MISSING, _O): (SILENT, (Done.TELL,)),
        (MISSING, _G): (MISSING, ()),
        (MISSING, _C): (COVERED, ()),
        (MISSING, _V): (MISSING, ()),
        (MISSING, _R): (HEARD, (Done.CLEAR, Done.WAIT)),
    },
)
"""A device that an outage covered and that was told before is told again only as one that is still
missing when the outage is over."""


def silence_due(watch: Watch, duties: Sequence[Duty], shift: Shift) -> tuple[int, Given] | None:
    """The next instant at which silence has something to decide, and what; None: there is none."""
    if watch.heard_us is None:
        return None
    if watch.silence is not None and watch.silence_state in (SILENT, COVERED):
        ends_us = released_us(watch, duties)
        return None if ends_us is None else (ends_us, Given.RELEASED)
    counted_us = max(watch.heard_us, watch.back_us)
    if watch.silence_state is LATE:
        return _grace_due(watch, duties, counted_us, shift)
    for stretch in stretches(duties, counted_us):
        from_us = max(counted_us, stretch.from_us)
        due_us = overdue_us(watch, stretch.duties, from_us, shift)
        if watch.silence is not None and stretch.until_us is not None and stretch.until_us <= due_us:
            return stretch.until_us, Given.RELEASED
        if stretch.until_us is None or due_us < stretch.until_us:
            return due_us, Given.OVERDUE
    if watch.silence is not None:
        return counted_us, Given.RELEASED
    return None


def _grace_due(watch: Watch, duties: Sequence[Duty], counted_us: int, shift: Shift) -> tuple[int, Given]:
    """When the grace of a late device ends, or, before that, the stretch in which it is late."""
    for stretch in stretches(duties, counted_us):
        from_us = max(counted_us, stretch.from_us)
        allowed_us = overdue_us(watch, stretch.duties, from_us, shift)
        if stretch.until_us is not None and stretch.until_us <= allowed_us:
            continue
        due_us = max(allowed_us, shift(from_us, watch.wait_s * SECOND_US))
        if stretch.until_us is not None and stretch.until_us <= due_us:
            return stretch.until_us, Given.RELEASED
        return due_us, Given.GRACE_OVER
    return counted_us, Given.RELEASED


def released_us(watch: Watch, duties: Sequence[Duty]) -> int | None:
    """When the duty ends during which the open silence began; None: it goes on."""
    counted_us = max(watch.heard_us or 0, watch.back_us)
    for stretch in stretches(duties, counted_us):
        return stretch.until_us
    return counted_us
