"""Incident: a breach that somebody was told of while it was present, until it ends. Whoever was told hears
how it goes on.

Its id is the breach's, over all alerts of it. What is on file is its input: a newer fix, a fix that is owed,
how it ended, a closing by people, an answer of the police. An update is no alert: nobody must answer it, it
climbs no ladder, and where a newer one is there the older is not told any more.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from emon.limits import INCIDENT_POSITION_EVERY_S
from emon.model.instant import SECOND_US
from emon.model.machine import Machine


class Course(StrEnum):
    """``followed``: fixes come as they are due. ``unseen``: they are owed. ``over``: it ended, by what the
    fixes show or because people closed every alert of it; a breach that goes on after all is followed
    again."""

    FOLLOWED = "followed"
    UNSEEN = "unseen"
    OVER = "over"


class Given(StrEnum):
    """While the breach is open: ``same``: no newer fix, or the last position was told just now. ``moved``:
    a newer fix. ``owed``: fixes are owed; ``belated``: so, and there is a newer one all the same. It ended:
    ``left``: a fix shows the right side. ``lapsed``: an edge ended it, such as a window's end. ``withdrawn``:
    it was refuted. ``closed``: people have closed every alert of it. Beside them ``answered``: the police
    have answered."""

    SAME = "same"
    MOVED = "moved"
    OWED = "owed"
    BELATED = "belated"
    LEFT = "left"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    ANSWERED = "answered"


class Say(StrEnum):
    """``position``: where he is now. ``signal_lost``, ``signal_back``: positions cease and come again.
    ``left``, ``lapsed``: it ended so. ``goes_on``: it was told to be over, and is not. ``stand_down``:
    nobody is asked to go there any more; told where the police were told. ``answer``: what the police
    say."""

    POSITION = "position"
    SIGNAL_LOST = "signal_lost"
    SIGNAL_BACK = "signal_back"
    LEFT = "left"
    LAPSED = "lapsed"
    GOES_ON = "goes_on"
    STAND_DOWN = "stand_down"
    ANSWER = "answer"


_FOLLOWED, _UNSEEN, _OVER = Course
_S, _M, _O, _B, _L, _P, _W, _C, _A = Given
_STAND_DOWN = (Say.STAND_DOWN,)

INCIDENT = Machine(
    "incident",
    Course,
    Given,
    Say,
    {
        (_FOLLOWED, _S): (_FOLLOWED, ()),  # nothing new is no message
        (_FOLLOWED, _M): (_FOLLOWED, (Say.POSITION,)),
        (_FOLLOWED, _O): (_UNSEEN, (Say.SIGNAL_LOST,)),
        (_FOLLOWED, _B): (_UNSEEN, (Say.SIGNAL_LOST,)),  # it tells that last position too
        (_FOLLOWED, _L): (_OVER, (Say.LEFT, *_STAND_DOWN)),
        (_FOLLOWED, _P): (_OVER, (Say.LAPSED, *_STAND_DOWN)),
        (_FOLLOWED, _W): (_OVER, _STAND_DOWN),  # that there was no breach, an alert says to all
        (_FOLLOWED, _C): (_OVER, _STAND_DOWN),
        (_FOLLOWED, _A): (_FOLLOWED, (Say.ANSWER,)),
        (_UNSEEN, _S): (_UNSEEN, ()),
        (_UNSEEN, _M): (_FOLLOWED, (Say.SIGNAL_BACK,)),
        (_UNSEEN, _O): (_UNSEEN, ()),
        (_UNSEEN, _B): (_UNSEEN, (Say.POSITION,)),  # a newer last place; he is not followed again
        (_UNSEEN, _L): (_OVER, (Say.LEFT, *_STAND_DOWN)),
        (_UNSEEN, _P): (_OVER, (Say.LAPSED, *_STAND_DOWN)),
        (_UNSEEN, _W): (_OVER, _STAND_DOWN),
        (_UNSEEN, _C): (_OVER, _STAND_DOWN),
        (_UNSEEN, _A): (_UNSEEN, (Say.ANSWER,)),
        (_OVER, _S): (_FOLLOWED, (Say.GOES_ON,)),
        (_OVER, _M): (_FOLLOWED, (Say.GOES_ON,)),
        (_OVER, _O): (_UNSEEN, (Say.GOES_ON, Say.SIGNAL_LOST)),
        (_OVER, _B): (_UNSEEN, (Say.GOES_ON, Say.SIGNAL_LOST)),
        (_OVER, _L): (_OVER, ()),  # said once
        (_OVER, _P): (_OVER, ()),
        (_OVER, _W): (_OVER, ()),
        (_OVER, _C): (_OVER, ()),
        (_OVER, _A): (_OVER, (Say.ANSWER,)),
    },
)

PASSING = (Say.POSITION, Say.SIGNAL_LOST, Say.SIGNAL_BACK)
"""Worth nothing once a newer update says where he is: of these, one that waits is not told any more."""
REPLACES = frozenset(set(Say) - {Say.ANSWER})
"""Updates in whose favour a passing one that waits is left out. An answer says nothing of where he is."""


class Facts(msgspec.Struct, frozen=True):
    """What is on file of an incident at an instant. Microseconds.

    ``fix_told_us``: the newest fix that was told, ``position_told_us`` when a position was. ``fix_us``: the
    device's newest usable fix, None without one. ``owed``: its plan has run out. ``ended_us`` and
    ``by_fix``: when the breach ended, and whether a fix shows it. ``resolved``: people have closed every
    alert of it. ``answers``: those that were not told yet, in order.
    """

    course: Course
    fix_told_us: int
    position_told_us: int
    now_us: int
    fix_us: int | None = None
    owed: bool = False
    ended_us: int | None = None
    by_fix: bool = False
    refuted: bool = False
    resolved: bool = False
    answers: tuple[int, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """One thing to be said. ``because``: the input that made it so. ``answer``: which one."""

    say: Say
    because: Given
    answer: int | None = None


class Next(msgspec.Struct, frozen=True):
    """The incident after a look. ``rests``: nothing more is to be said until something happens."""

    course: Course
    said: tuple[Said, ...]
    rests: bool


def state_of(facts: Facts) -> Given:
    """The input that the state of things is. A person's word goes before the fixes, and an end before
    everything that is still moving."""
    if facts.resolved:
        return Given.CLOSED
    if facts.refuted:
        return Given.WITHDRAWN
    if facts.ended_us is not None:
        return Given.LEFT if facts.by_fix else Given.LAPSED
    newer = facts.fix_us is not None and facts.fix_us > facts.fix_told_us
    if newer and not _was_told_just_now(facts):
        return Given.BELATED if facts.owed else Given.MOVED
    return Given.OWED if facts.owed else Given.SAME


def _was_told_just_now(facts: Facts) -> bool:
    """Within the pause between two positions; an instant ahead of the clock is of a clock that was set."""
    passed_us = facts.now_us - facts.position_told_us
    return 0 <= passed_us < INCIDENT_POSITION_EVERY_S * SECOND_US


def look(facts: Facts) -> Next:
    """What is to be said now. The same facts give the same; with it on file, looking again says nothing."""
    course, said = facts.course, []
    for answer in facts.answers:
        course, words = INCIDENT.step(course, Given.ANSWERED)
        said += [Said(say, Given.ANSWERED, answer) for say in words]
    given = state_of(facts)
    course, words = INCIDENT.step(course, given)
    said += [Said(say, given) for say in words]
    return Next(course, tuple(said), rests=course is Course.OVER)
