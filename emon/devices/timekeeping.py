"""A device's clock: fixes whose stamp their receipt makes impossible (mark ``clock``).

While it is wrong its fixes are kept and judge nothing, so the wearer goes unseen with every lamp green.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.care import ClockState
from emon.model.machine import Machine


class Given(StrEnum):
    """``impossible``: a fix from 2099 or 1970. ``timely``: one whose stamp agrees with its receipt; a
    stored one that comes late says nothing about the clock now. ``released``: no order in force has
    the device worn any more."""

    IMPOSSIBLE = "impossible"
    TIMELY = "timely"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert."""

    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"


RIGHT, WRONG = ClockState

TIMEKEEPING = Machine(
    "clock",
    ClockState,
    Given,
    Done,
    {
        (RIGHT, Given.IMPOSSIBLE): (WRONG, (Done.OPEN, Done.TELL)),
        (RIGHT, Given.TIMELY): (RIGHT, ()),
        (RIGHT, Given.RELEASED): (RIGHT, ()),
        (WRONG, Given.IMPOSSIBLE): (WRONG, ()),
        (WRONG, Given.TIMELY): (RIGHT, (Done.CLEAR,)),
        (WRONG, Given.RELEASED): (RIGHT, (Done.CLEAR,)),
    },
)
