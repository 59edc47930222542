"""Pursuit: a faster rate while a breach is open, and the order's plan again after it.

"15 s in pursuit" (SCRAM, Attenti, Ministry of Justice; domain figures, row 5). A rate holds when the
device confirms it, and only for the time the command names: a device whose breach ended while it was
out of reach goes back by itself.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.care import PursuitState
from emon.model.machine import Machine


class Given(StrEnum):
    """``opened``: a breach of its wearer is open and present. ``closed``: none is left. ``confirmed``
    and ``refused``: the reply to the last rate command. ``due``: time to ask again, or for the device
    to have gone back by itself."""

    OPENED = "opened"
    CLOSED = "closed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    DUE = "due"


class Done(StrEnum):
    """``faster``: a command to send at the pursuit's rate. ``back``: one for the order's plan.
    ``fallen_back``: the device keeps the order's plan again without having said so."""

    FASTER = "faster"
    BACK = "back"
    FALLEN_BACK = "fallen_back"


NORMAL, ASKED, FAST, RETURNING = PursuitState
_O, _C, _Y, _N, _D = Given

PURSUIT = Machine(
    "pursuit",
    PursuitState,
    Given,
    Done,
    {
        (NORMAL, _O): (ASKED, (Done.FASTER,)),
        (NORMAL, _C): (NORMAL, ()),
        (NORMAL, _Y): (NORMAL, ()),
        (NORMAL, _N): (NORMAL, ()),
        (NORMAL, _D): (NORMAL, ()),
        (ASKED, _O): (ASKED, ()),
        (ASKED, _C): (RETURNING, (Done.BACK,)),  # it may have obeyed without our hearing of it
        (ASKED, _Y): (FAST, ()),
        (ASKED, _N): (ASKED, ()),  # refused now; it is asked again while the breach lasts
        (ASKED, _D): (ASKED, (Done.FASTER,)),
        (FAST, _O): (FAST, ()),
        (FAST, _C): (RETURNING, (Done.BACK,)),
        (FAST, _Y): (FAST, ()),
        (FAST, _N): (FAST, ()),
        (FAST, _D): (ASKED, (Done.FASTER,)),  # asked again before the time it was given runs out
        (RETURNING, _O): (ASKED, (Done.FASTER,)),
        (RETURNING, _C): (RETURNING, ()),
        (RETURNING, _Y): (NORMAL, ()),
        (RETURNING, _N): (RETURNING, ()),
        (RETURNING, _D): (NORMAL, (Done.FALLEN_BACK,)),
    },
)
