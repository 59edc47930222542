"""Breach: when what the fixes show of a condition begins and ends.

Exclusion, inclusion and contact run the same machine: *wrong* is inside a ban, outside a required place,
or within the radius of the protected person's device. How much a fix weighs is not said here but where
the input is chosen (`emon/geofence/walk.py`, ADR 0003, 0006 and 0012; for the meetings of two people
`emon/geofence/pairing.py`, ADR 0008); nor are ways between two fixes, which begin and end in one stroke
(`crossed`, `reachable`, a passing). Silence is no input: it never ends a breach.

A *run* is fixes on the wrong side, one after another, with none on the right side between them. An *edge* is
an instant at which the condition begins or ceases to hold, or another version of the order takes its place.

Two words of a breach are not found here. At each decision the fixes then known are run through this machine
again from before the breach, late ones at their own time: a breach that it does not give any more is
*refuted*, marked and never erased. And it is *historic* when its newest fix on the wrong side is older than
300 seconds, or a newer one shows the right side; a breach that was present never becomes it. One that an
edge opens is present at that edge, however old the fix behind it: that age lowers the certainty alone. A
historic breach that a newer fix shows to go on becomes present. While it is historic the police do not hear
of it.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.machine import Machine


class Phase(StrEnum):
    """``none``: no breach is shown. ``in_breach``: one is. ``opposed``: one fix showed the opposite; the
    next decides."""

    NONE = "none"
    IN_BREACH = "in_breach"
    OPPOSED = "opposed"


class Shown(StrEnum):
    """By a fix: ``right``: on the right side. ``unknown``: neither, or on the wrong side while the
    condition does not hold. ``wrong``: on the wrong side while it holds. ``conclusive``: so, and
    with the fixes before it enough to begin. By an edge of the schedule or a new version:
    ``edge_right`` and ``edge_wrong``: the newest fix is on that side of what holds from here on.
    ``edge_conclusive``: wrong, not too old, and enough to begin. ``edge_unknown``: no fix tells.
    ``edge_another``: no fix tells, and of a contact another person or radius counts from here on.
    ``edge_end``: the condition ceases to hold."""

    RIGHT = "right"
    UNKNOWN = "unknown"
    WRONG = "wrong"
    CONCLUSIVE = "conclusive"
    EDGE_RIGHT = "edge_right"
    EDGE_UNKNOWN = "edge_unknown"
    EDGE_WRONG = "edge_wrong"
    EDGE_CONCLUSIVE = "edge_conclusive"
    EDGE_ANOTHER = "edge_another"
    EDGE_END = "edge_end"


class Done(StrEnum):
    """``begin`` and ``begin_at_edge``: a breach, from the first fix of the run or from the edge.
    ``support``: it is shown again, and may rise in certainty. ``oppose``: what was seen last speaks
    against it. ``forget``: what spoke against it did so of another person or radius. ``carry``: it goes
    on under the new version. ``end_at_first_right``: it ended where
    the opposite was first shown. ``end_at_edge``: it ends there."""

    BEGIN = "begin"
    BEGIN_AT_EDGE = "begin_at_edge"
    SUPPORT = "support"
    OPPOSE = "oppose"
    FORGET = "forget"
    CARRY = "carry"
    END_AT_FIRST_RIGHT = "end_at_first_right"
    END_AT_EDGE = "end_at_edge"


_NONE, _IN_BREACH, _OPPOSED = Phase

BREACH = Machine(
    "breach",
    Phase,
    Shown,
    Done,
    {
        (_NONE, Shown.RIGHT): (_NONE, ()),
        (_NONE, Shown.UNKNOWN): (_NONE, ()),
        (_NONE, Shown.WRONG): (_NONE, ()),
        (_NONE, Shown.CONCLUSIVE): (_IN_BREACH, (Done.BEGIN,)),
        (_NONE, Shown.EDGE_RIGHT): (_NONE, ()),
        (_NONE, Shown.EDGE_UNKNOWN): (_NONE, ()),
        (_NONE, Shown.EDGE_WRONG): (_NONE, ()),
        (_NONE, Shown.EDGE_CONCLUSIVE): (_IN_BREACH, (Done.BEGIN_AT_EDGE,)),
        (_NONE, Shown.EDGE_ANOTHER): (_NONE, ()),
        (_NONE, Shown.EDGE_END): (_NONE, ()),
        (_IN_BREACH, Shown.RIGHT): (_OPPOSED, (Done.OPPOSE,)),
        (_IN_BREACH, Shown.UNKNOWN): (_IN_BREACH, ()),
        (_IN_BREACH, Shown.WRONG): (_IN_BREACH, (Done.SUPPORT,)),
        (_IN_BREACH, Shown.CONCLUSIVE): (_IN_BREACH, (Done.SUPPORT,)),
        (_IN_BREACH, Shown.EDGE_RIGHT): (_NONE, (Done.END_AT_EDGE,)),
        (_IN_BREACH, Shown.EDGE_UNKNOWN): (_IN_BREACH, ()),
        (_IN_BREACH, Shown.EDGE_WRONG): (_IN_BREACH, (Done.CARRY,)),
        (_IN_BREACH, Shown.EDGE_CONCLUSIVE): (_IN_BREACH, (Done.CARRY,)),
        (_IN_BREACH, Shown.EDGE_ANOTHER): (_IN_BREACH, ()),
        (_IN_BREACH, Shown.EDGE_END): (_NONE, (Done.END_AT_EDGE,)),
        (_OPPOSED, Shown.RIGHT): (_NONE, (Done.END_AT_FIRST_RIGHT,)),
        (_OPPOSED, Shown.UNKNOWN): (_OPPOSED, ()),
        (_OPPOSED, Shown.WRONG): (_IN_BREACH, (Done.SUPPORT,)),
        (_OPPOSED, Shown.CONCLUSIVE): (_IN_BREACH, (Done.SUPPORT,)),
        (_OPPOSED, Shown.EDGE_RIGHT): (_NONE, (Done.END_AT_FIRST_RIGHT,)),
        (_OPPOSED, Shown.EDGE_UNKNOWN): (_OPPOSED, ()),
        (_OPPOSED, Shown.EDGE_WRONG): (_IN_BREACH, (Done.CARRY,)),
        (_OPPOSED, Shown.EDGE_CONCLUSIVE): (_IN_BREACH, (Done.CARRY,)),
        (_OPPOSED, Shown.EDGE_ANOTHER): (_IN_BREACH, (Done.FORGET,)),
        (_OPPOSED, Shown.EDGE_END): (_NONE, (Done.END_AT_FIRST_RIGHT,)),
    },
)
"""One fix on the right side may be an outlier; the second ends the breach where the first one was. So does
an edge that ends it anyway: nothing shows that it went on between that fix and the edge."""
