"""Whom an alert climbs to that nobody acknowledges, and when: rungs, then the last one for ever.

Pure. A rung names parties, contacts and shifts; who of a shift is on duty is found at the instant of the
climb. All seconds count from the alert's own instant, so a restart or a clock that is set changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from emon.alerts.decision_table import DEFAULT_LADDER_NAME, LOW_LADDER_NAME, Hours
from emon.alerts.lifecycle import Needs
from emon.limits import (
    CLIMB_AGAIN_S,
    CLIMB_FIRST_S,
    CLIMB_LOW_FIRST_S,
    CLIMB_LOW_REPEAT_S,
    CLIMB_REPEAT_S,
)
from emon.model.vocabulary import Party

UNANSWERED = "unanswered"
"""On a rung: those of the alert's recipients of whom no person has acknowledged it yet."""


class Contact(msgspec.Struct, frozen=True):
    """A named person or desk of a party with a route of its own, beside the party's.

    How it is reached stands with the recipients (``Recipients.contacts``), which hold the secrets.
    """

    name: str
    party: Party
    title: str = ""


class Turn(msgspec.Struct, frozen=True):
    """Who is on duty when. ``hours`` None: whenever no turn before it is."""

    contacts: tuple[str, ...]
    hours: Hours | None = None


class Shift(msgspec.Struct, frozen=True):
    """A rota: the first turn that holds has the duty. The last one always holds."""

    name: str
    turns: tuple[Turn, ...]

    def on_duty(self, at_us: int) -> tuple[str, ...]:
        """The contacts on duty at an instant."""
        for turn in self.turns:
            if turn.hours is None or turn.hours.hold(at_us):
                return turn.contacts
        return ()


class Rung(msgspec.Struct, frozen=True):
    """``at_s`` seconds after the alert was raised it is told to these: names of parties, contacts and
    shifts, and ``UNANSWERED``."""

    at_s: int
    tell: tuple[str, ...]


class Ladder(msgspec.Struct, frozen=True):
    """Rungs in rising order; the last one comes again every ``repeat_s`` seconds, for ever."""

    name: str
    rungs: tuple[Rung, ...]
    repeat_s: int
    needs: Needs | None = None
    """Whose answers end the climbing; None: each party's at priority 1, any one's below it."""

    @property
    def acknowledge_s(self) -> int:
        """Within so many seconds a person is to acknowledge, or the alert climbs."""
        return self.rungs[0].at_s

    @property
    def longest_pause_s(self) -> int:
        """At most so long lies between the alert and its first climb, or between two of them."""
        instants = [0, *(rung.at_s for rung in self.rungs)]
        return max(self.repeat_s, *(later - before for before, later in pairwise(instants)))

    def due_s(self, climb: int) -> int:
        """When climb number ``climb`` is due (1: the first), in seconds after the alert was raised."""
        if climb <= len(self.rungs):
            return self.rungs[climb - 1].at_s
        return self.rungs[-1].at_s + (climb - len(self.rungs)) * self.repeat_s

    def rung(self, climb: int) -> Rung:
        """The rung of climb number ``climb`` (1: the first)."""
        return self.rungs[min(climb, len(self.rungs)) - 1]


def told_at(
    names: Sequence[str], shifts: Sequence[Shift], unanswered: Sequence[str], at_us: int
) -> tuple[str, ...]:
    """Parties and contacts that a rung's ``tell`` stands for at an instant, each once, in its order.

    ``unanswered``: recipients of the alert whom ``UNANSWERED`` stands for.
    """
    by_name = {shift.name: shift for shift in shifts}
    found: dict[str, None] = {}
    for name in names:
        if name == UNANSWERED:
            found.update(dict.fromkeys(unanswered))
        elif name in by_name:
            found.update(dict.fromkeys(by_name[name].on_duty(at_us)))
        else:
            found[name] = None
    return tuple(found)


_FIRST = Rung(CLIMB_FIRST_S, (UNANSWERED, Party.MELDKAMER_EM))
_AGAIN = Rung(CLIMB_AGAIN_S, (UNANSWERED, Party.MELDKAMER_EM))
DEFAULT_LADDER = Ladder(DEFAULT_LADDER_NAME, (_FIRST, _AGAIN), CLIMB_REPEAT_S)
LOW_LADDER = Ladder(
    LOW_LADDER_NAME, (Rung(CLIMB_LOW_FIRST_S, (UNANSWERED, Party.MELDKAMER_EM)),), CLIMB_LOW_REPEAT_S
)
"""Of what is over, or only to be known. Hurried it would be a flood in which what matters drowns; but
even that waits for a person, and is told again when a shift has ended and then daily."""

DEFAULT_LADDERS = (DEFAULT_LADDER, LOW_LADDER)
"""What a policy has unless its file gives ladders of these names."""
