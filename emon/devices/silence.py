"""Silence: no message of any kind for longer than the plan allows, while somebody must be watched.

"no message of any kind within twice the plan's interval plus a minute", once a silence; a message
clears it. The broker's last will is no message: nobody sent it. Silences that an outage covers are
kept on file like any other and told by the outage alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from emon.devices.duty import overdue_us, stretches
from emon.model.machine import Machine
from emon.model.watch import Duty, SilenceState, Watch
from emon.plan import Shift


class Given(StrEnum):
    """``message``: it is heard. ``overdue``: the time allowed is over. ``covered``: so it is, or was,
    and an outage tells of it. ``outage_over``: most of that outage's devices are heard again.
    ``released``: no order in force has it worn any more."""

    MESSAGE = "message"
    OVERDUE = "overdue"
    COVERED = "covered"
    OUTAGE_OVER = "outage_over"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert. ``wait``: the time allowed
    counts from now."""

    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"
    WAIT = "wait"


UNHEARD, HEARD, SILENT, COVERED, MISSING = SilenceState
_M, _O, _C, _V, _R = Given

SILENCE = Machine(
    "silence",
    SilenceState,
    Given,
    Done,
    {
        (UNHEARD, _M): (HEARD, (Done.WAIT,)),
        (UNHEARD, _O): (UNHEARD, ()),  # never heard: the order waits for its device, see orders.py
        (UNHEARD, _C): (UNHEARD, ()),
        (UNHEARD, _V): (UNHEARD, ()),
        (UNHEARD, _R): (UNHEARD, ()),
        (HEARD, _M): (HEARD, ()),
        (HEARD, _O): (SILENT, (Done.OPEN, Done.TELL)),
        (HEARD, _C): (COVERED, (Done.OPEN,)),
        (HEARD, _V): (HEARD, ()),
        (HEARD, _R): (HEARD, ()),
        (SILENT, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (SILENT, _O): (SILENT, ()),
        (SILENT, _C): (COVERED, ()),
        (SILENT, _V): (SILENT, ()),
        (SILENT, _R): (HEARD, (Done.CLEAR, Done.WAIT)),
        (COVERED, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (COVERED, _O): (COVERED, ()),
        (COVERED, _C): (COVERED, ()),
        (COVERED, _V): (MISSING, (Done.WAIT,)),
        (COVERED, _R): (HEARD, (Done.CLEAR, Done.WAIT)),
        (MISSING, _M): (HEARD, (Done.CLEAR, Done.WAIT)),
        (MISSING, _O): (SILENT, (Done.TELL,)),
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


def released_us(watch: Watch, duties: Sequence[Duty]) -> int | None:
    """When the duty ends during which the open silence began; None: it goes on."""
    counted_us = max(watch.heard_us or 0, watch.back_us)
    for stretch in stretches(duties, counted_us):
        return stretch.until_us
    return counted_us
