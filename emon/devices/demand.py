"""A position on demand: one fix-now command out at a time, and what becomes of it.

"position on demand within 3 min, else an alert" (NIJ; domain figures, row 4). Contract, section 5: "A
fix taken after a fix-now command answers it; for a device without any reply line in the file, commands
are not timed." Such a device is asked all the same: nobody knows that it cannot answer.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.care import DemandState
from emon.model.machine import Machine


class Given(StrEnum):
    """``wanted``: the engine would like a fix now. ``answered``: a fix taken after the command, or a
    reply that it was carried out. ``overdue``: neither in time. ``lapsed``: the same of a device that
    never answered a command. ``released``: no order in force has it worn any more."""

    WANTED = "wanted"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    RELEASED = "released"


class Done(StrEnum):
    """``send``: a command. ``open`` and ``clear``: the trouble on file. ``tell``: an alert."""

    SEND = "send"
    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"


IDLE, ASKED, UNANSWERED = DemandState
_W, _A, _O, _L, _R = Given

DEMAND = Machine(
    "position on demand",
    DemandState,
    Given,
    Done,
    {
        (IDLE, _W): (ASKED, (Done.SEND,)),
        (IDLE, _A): (IDLE, ()),
        (IDLE, _O): (IDLE, ()),
        (IDLE, _L): (IDLE, ()),
        (IDLE, _R): (IDLE, ()),
        (ASKED, _W): (ASKED, ()),  # one is out: its answer will do
        (ASKED, _A): (IDLE, ()),
        (ASKED, _O): (UNANSWERED, (Done.OPEN, Done.TELL)),
        (ASKED, _L): (IDLE, ()),
        (ASKED, _R): (IDLE, ()),
        (UNANSWERED, _W): (UNANSWERED, (Done.SEND,)),  # it may be back: asked again, told once
        (UNANSWERED, _A): (IDLE, (Done.CLEAR,)),
        (UNANSWERED, _O): (UNANSWERED, ()),
        (UNANSWERED, _L): (UNANSWERED, ()),
        (UNANSWERED, _R): (IDLE, (Done.CLEAR,)),
    },
)
