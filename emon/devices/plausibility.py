"""Implausible fixes: several within a short time, as a failing receiver or a forger makes them.

One jump is a reflection, and two that agree with a third are believed after all (``REANCHOR_FIXES``): it
takes ``IMPLAUSIBLE_FIXES`` of them within ``IMPLAUSIBLE_WITHIN_S``, by the fixes' own time.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.care import TrustState
from emon.model.machine import Machine


class Given(StrEnum):
    """``several``: the last of so many implausible fixes within so long. ``calm``: a usable fix so long
    after the last implausible one. ``released``: no order in force has the device worn any more."""

    SEVERAL = "several"
    CALM = "calm"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert."""

    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"


TRUSTED, DOUBTED = TrustState

PLAUSIBILITY = Machine(
    "plausibility",
    TrustState,
    Given,
    Done,
    {
        (TRUSTED, Given.SEVERAL): (DOUBTED, (Done.OPEN, Done.TELL)),
        (TRUSTED, Given.CALM): (TRUSTED, ()),
        (TRUSTED, Given.RELEASED): (TRUSTED, ()),
        (DOUBTED, Given.SEVERAL): (DOUBTED, ()),
        (DOUBTED, Given.CALM): (TRUSTED, (Done.CLEAR,)),
        (DOUBTED, Given.RELEASED): (TRUSTED, (Done.CLEAR,)),
    },
)
