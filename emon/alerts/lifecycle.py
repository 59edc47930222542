"""Alert: from the instant it is raised until a person closes it. Nothing else ends it.

Whom an alert was for must each answer, or any one of them, as the policy's ladder says (`escalation.py`):
the acknowledgement of one party does not answer for another where both are asked. Beside this way stand
things that happen to what the alert tells of, and none of them ends it: the breach is over, a surer alert of
the same breach was raised, it was joined with another, its order was suspended. Time alone is an input too,
so that the table says in each state that it changes nothing: an alert cannot expire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from emon.model.machine import Machine
from emon.model.vocabulary import SEES_NO_WEARERS, AlertEvent, Party

NOT_HERS_TO_MEND = (AlertEvent.PLATFORM, AlertEvent.RECIPIENT_DOWN)


class Stage(StrEnum):
    """``raised``: written, and no recipient's machine has it yet. ``delivered``: one has. ``taken``: a person
    has it in hand, and the answer of another party is still owed. ``acknowledged``: nobody's answer is
    owed. ``resolved``: a person has closed it, with cause and outcome."""

    RAISED = "raised"
    DELIVERED = "delivered"
    TAKEN = "taken"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Given(StrEnum):
    """``receipt``: a recipient's machine confirmed. ``answered``: a person of a party that was told took it
    in hand, and another's answer is still owed; ``all_answered``: so, and nobody's is. ``overdue``: a rung's
    instant has come. ``cleared``: what it tells of is over. ``risen``: a surer alert of the same breach was
    raised to all it was for. ``merged``: it was joined with another. ``suspended``: its order was suspended.
    ``closed``: a person closes it, with all that must be said; ``closed_in_part``: with something missing,
    such as how the protected person is. ``time``: any time passes."""

    RECEIPT = "receipt"
    ANSWERED = "answered"
    ALL_ANSWERED = "all_answered"
    OVERDUE = "overdue"
    CLEARED = "cleared"
    RISEN = "risen"
    MERGED = "merged"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    CLOSED_IN_PART = "closed_in_part"
    TIME = "time"


class Done(StrEnum):
    """``note``: it stands in its life. ``climb``: those who owe an answer are told again, and others with
    them. ``hand_over``: from here on the other alert climbs in its place. ``rest``: it climbs no more.
    ``take``: whoever closes it has taken it in hand. ``file``: cause and outcome are kept. ``repeat``: the
    first word stands, and that it was said again is kept. ``refuse``: nothing changes, and why is said."""

    NOTE = "note"
    CLIMB = "climb"
    HAND_OVER = "hand_over"
    REST = "rest"
    TAKE = "take"
    FILE = "file"
    REPEAT = "repeat"
    REFUSE = "refuse"


_RAISED, _DELIVERED, _TAKEN, _ACKED, _RESOLVED = Stage
_R, _A, _AA, _O, _C, _S, _M, _P, _X, _XP, _T = Given
_NOTE = (Done.NOTE,)

ALERT = Machine(
    "alert",
    Stage,
    Given,
    Done,
    {
        (_RAISED, _R): (_DELIVERED, _NOTE),
        (_RAISED, _A): (_TAKEN, _NOTE),  # seen on the page before any receipt came
        (_RAISED, _AA): (_ACKED, (Done.NOTE, Done.REST)),
        (_RAISED, _O): (_RAISED, (Done.CLIMB,)),  # nobody has it: whom the ladder names may be reached
        (_RAISED, _C): (_RAISED, _NOTE),
        (_RAISED, _S): (_RAISED, (Done.NOTE, Done.HAND_OVER)),
        (_RAISED, _M): (_RAISED, (Done.NOTE, Done.HAND_OVER)),
        (_RAISED, _P): (_RAISED, _NOTE),
        (_RAISED, _X): (_RESOLVED, (Done.TAKE, Done.FILE, Done.REST)),
        (_RAISED, _XP): (_RAISED, (Done.REFUSE,)),
        (_RAISED, _T): (_RAISED, ()),
        (_DELIVERED, _R): (_DELIVERED, _NOTE),
        (_DELIVERED, _A): (_TAKEN, _NOTE),
        (_DELIVERED, _AA): (_ACKED, (Done.NOTE, Done.REST)),
        (_DELIVERED, _O): (_DELIVERED, (Done.CLIMB,)),
        (_DELIVERED, _C): (_DELIVERED, _NOTE),  # over, and still nobody has looked: it climbs on
        (_DELIVERED, _S): (_DELIVERED, (Done.NOTE, Done.HAND_OVER)),
        (_DELIVERED, _M): (_DELIVERED, (Done.NOTE, Done.HAND_OVER)),
        (_DELIVERED, _P): (_DELIVERED, _NOTE),
        (_DELIVERED, _X): (_RESOLVED, (Done.TAKE, Done.FILE, Done.REST)),
        (_DELIVERED, _XP): (_DELIVERED, (Done.REFUSE,)),
        (_DELIVERED, _T): (_DELIVERED, ()),
        (_TAKEN, _R): (_TAKEN, _NOTE),
        (_TAKEN, _A): (_TAKEN, _NOTE),
        (_TAKEN, _AA): (_ACKED, (Done.NOTE, Done.REST)),
        (_TAKEN, _O): (_TAKEN, (Done.CLIMB,)),  # for those alone who still owe their answer
        (_TAKEN, _C): (_TAKEN, _NOTE),
        (_TAKEN, _S): (_TAKEN, (Done.NOTE, Done.HAND_OVER)),
        (_TAKEN, _M): (_TAKEN, (Done.NOTE, Done.HAND_OVER)),
        (_TAKEN, _P): (_TAKEN, _NOTE),
        (_TAKEN, _X): (_RESOLVED, (Done.TAKE, Done.FILE, Done.REST)),
        (_TAKEN, _XP): (_TAKEN, (Done.REFUSE,)),
        (_TAKEN, _T): (_TAKEN, ()),
        (_ACKED, _R): (_ACKED, _NOTE),
        (_ACKED, _A): (_ACKED, _NOTE),  # a party whose answer was not owed gives it too
        (_ACKED, _AA): (_ACKED, _NOTE),
        (_ACKED, _O): (_ACKED, ()),  # nobody owes an answer: what remains is to close it
        (_ACKED, _C): (_ACKED, _NOTE),
        (_ACKED, _S): (_ACKED, _NOTE),
        (_ACKED, _M): (_ACKED, _NOTE),
        (_ACKED, _P): (_ACKED, _NOTE),
        (_ACKED, _X): (_RESOLVED, (Done.TAKE, Done.FILE)),
        (_ACKED, _XP): (_ACKED, (Done.REFUSE,)),
        (_ACKED, _T): (_ACKED, ()),
        (_RESOLVED, _R): (_RESOLVED, _NOTE),  # what is closed is delivered all the same
        (_RESOLVED, _A): (_RESOLVED, _NOTE),
        (_RESOLVED, _AA): (_RESOLVED, _NOTE),
        (_RESOLVED, _O): (_RESOLVED, ()),
        (_RESOLVED, _C): (_RESOLVED, _NOTE),
        (_RESOLVED, _S): (_RESOLVED, _NOTE),
        (_RESOLVED, _M): (_RESOLVED, _NOTE),
        (_RESOLVED, _P): (_RESOLVED, _NOTE),
        (_RESOLVED, _X): (_RESOLVED, (Done.REPEAT,)),
        (_RESOLVED, _XP): (_RESOLVED, (Done.REFUSE,)),
        (_RESOLVED, _T): (_RESOLVED, ()),
    },
)


class Needs(StrEnum):
    """Whose answer is owed: ``each`` party's that the alert was for, or ``any`` one's."""

    EACH = "each"
    ANY = "any"


class Fact(StrEnum):
    """What is on file of an alert's life. ``said_again`` is a person's word that was said already."""

    RAISED = "raised"
    RECEIPT = "receipt"
    ACKNOWLEDGED = "acknowledged"
    SAID_AGAIN = "said_again"
    CLIMBED = "climbed"
    CLEARED = "cleared"
    RISEN = "risen"
    MERGED = "merged"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Happened(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One thing that happened to an alert. ``party`` and ``person``: whose word it was, or who had the
    receipt.

    ``step``: of a climb and of a receipt for one. ``told``: whom a climb told; ``owed``: who owed an answer.
    ``other``: the surer alert, or the one it was joined with. ``detail``: words, as they were given.
    """

    at_us: int
    fact: Fact
    party: str | None = None
    person: str | None = None
    via: str | None = None
    step: int | None = None
    owed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    other: str | None = None
    cause: str | None = None
    outcome: str | None = None
    victim_outcome: str | None = None
    times: int | None = None
    detail: str | None = None


class Life(msgspec.Struct, frozen=True):
    """An alert as its facts make it. ``owed``: whose answer is still wanted, in the alert's order."""

    stage: Stage
    owed: tuple[str, ...]
    handed_over: bool = False
    climbs: int = 0

    @property
    def may_climb(self) -> bool:
        """Whether an overdue rung is climbed."""
        _, done = ALERT.step(self.stage, Given.OVERDUE)
        return Done.CLIMB in done and bool(self.owed) and not self.handed_over


_PLAIN = {
    Fact.RECEIPT: Given.RECEIPT,
    Fact.CLIMBED: Given.OVERDUE,
    Fact.CLEARED: Given.CLEARED,
    Fact.RISEN: Given.RISEN,
    Fact.MERGED: Given.MERGED,
    Fact.SUSPENDED: Given.SUSPENDED,
    Fact.CLOSED: Given.CLOSED,
}


def given_by(life: Life, one: Happened, needs: Needs) -> Given:
    """The input that a fact is to the alert as it stands. ``raised`` and what was said again are none to
    its table but the passing of time."""
    if one.fact is Fact.ACKNOWLEDGED:
        if not owed_after(life.owed, one.party, needs):
            return Given.ALL_ANSWERED
        return Given.RECEIPT if one.party in SEES_NO_WEARERS else Given.ANSWERED
    return _PLAIN.get(one.fact, Given.TIME)


def owed_after(owed: tuple[str, ...], party: str | None, needs: Needs) -> tuple[str, ...]:
    """Whose answer is owed once a person of the party has given it. Where any one's will do, the answer of
    a party that was told only later, by a climb, does too; but that the protected person has read of it puts
    nothing in anybody's hand."""
    if needs is Needs.ANY and party not in SEES_NO_WEARERS:
        return ()
    return tuple(one for one in owed if one != party)


def asked_of(recipients: Sequence[str], told: Iterable[str], event: AlertEvent) -> tuple[str, ...]:
    """Whose answer is wanted of an alert: the parties that were told of it, in its order. A party without a
    route is answered for by whoever was told in its place; what a contact was told, its party answers. Of
    our own troubles the protected person is told, and not asked: she can mend nothing, and to hear of one
    every three minutes of a night helps her nothing."""
    parties = {one for one in told if one in set(Party)}
    if event in NOT_HERS_TO_MEND and not parties <= SEES_NO_WEARERS:
        parties -= SEES_NO_WEARERS
        recipients = [party for party in recipients if party not in SEES_NO_WEARERS]
    named = [party for party in recipients if party in parties]
    return (*named, *sorted(parties - {*named})) or tuple(recipients)


def life_of(recipients: Iterable[str], needs: Needs, happened: Iterable[Happened]) -> Life:
    """The alert's state by its facts, in any order. Pure: the same facts give the same life.

    The table decides; this only feeds it in the order in which things happened.
    """
    owed = tuple(dict.fromkeys(recipients))
    life = Life(Stage.RAISED, owed)
    for one in sorted(happened, key=_when):
        life = lived(life, one, needs)
    return life


def lived(life: Life, one: Happened, needs: Needs) -> Life:
    """The alert after one more fact."""
    stage, done = ALERT.step(life.stage, given_by(life, one, needs))
    owed = owed_after(life.owed, one.party, needs) if one.fact is Fact.ACKNOWLEDGED else life.owed
    return Life(
        stage,
        () if stage is Stage.RESOLVED else owed,
        life.handed_over or Done.HAND_OVER in done,
        life.climbs + (Done.CLIMB in done),
    )


def _when(one: Happened) -> tuple[int, int]:
    return (one.at_us, _ORDER[one.fact])


_ORDER = {fact: place for place, fact in enumerate(Fact)}
