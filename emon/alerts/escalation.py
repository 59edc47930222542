"""Which rungs of its ladder an alert is due to climb, by what is on file and what o'clock it is.

Pure. A rung's instant is the instant from which the alert is counted plus the rung's seconds; both are on
file, so that a restart changes nothing and nobody sleeps on a deadline. The last rung comes again each
``repeat_s`` for ever: only a person's answer ends it.

"An unacknowledged top alert escalates at 60 s and 180 s" (EN 50518 practice; domain figures, row 16).

Rungs whose instants passed while nobody looked (the service was down) are climbed in one stroke: each is
counted, everybody they name is told, and each of them once, not once for every rung that was missed.

Where each party answers for itself, a climb goes towards those that have not answered:

====================  ======================================================================
who still owes        who is told at a rung
====================  ======================================================================
any party             it, and whom the rung names, but nobody of a party that has answered
and the centre not    so, and the centre too, though it has answered: it is above all others
the centre alone      the centre, after a shift and then daily: all others have taken the alert
                      in hand, and what is left is to look at it and to close it
====================  ======================================================================

The protected person is told again while what she is warned of goes on, and no more once its end was told.

So nothing that a person has not closed or answered ever stops to climb; only what has been taken in hand no
longer hurries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from emon.alerts.ladder import DEFAULT_LADDER, LOW_LADDER, UNANSWERED, Ladder
from emon.alerts.lifecycle import Fact, Happened, Needs
from emon.model.instant import SECOND_US
from emon.model.vocabulary import SEES_NO_WEARERS, Party

EACH_TO = 1
"""Up to this priority each party answers for itself: that Reclassering has read of it moves no police car.
Below it one person who looks is enough."""
LOW_FROM = 4
"""From this priority on an alert does not hurry."""
ABOVE_ALL = Party.MELDKAMER_EM
"""It watches over all others: it hears of a party that does not answer also when it has answered itself."""


class Climb(msgspec.Struct, frozen=True):
    """Rungs ``first`` to ``step`` (1 is the lowest) are due, the last since ``due_us``. ``tell``: the names
    on them, of parties, contacts and shifts, once each (``ladder.told_at`` finds whom they stand for)."""

    first: int
    step: int
    due_us: int
    owed: tuple[str, ...]
    tell: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True):
    """``climb``: what is due now, or None. ``next_us``: the next rung's instant; None: it climbs no more."""

    climb: Climb | None
    next_us: int | None


RESTS = Plan(None, None)


def plan(ladder: Ladder, counted_from_us: int, climbed: int, owed: Sequence[str], now_us: int) -> Plan:
    """What is due of an alert that is counted from ``counted_from_us`` and has climbed ``climbed`` rungs.

    ``owed``: whose answer is wanted; empty: it rests. Asking again with the rungs counted gives nothing new.
    """
    if not owed:
        return RESTS
    passed_s = (now_us - counted_from_us) // SECOND_US
    reached = steps_within(ladder, passed_s)
    next_us = counted_from_us + ladder.due_s(max(reached, climbed) + 1) * SECOND_US
    if reached <= climbed:
        return Plan(None, next_us)
    last = len(ladder.rungs)
    rungs = ladder.rungs[min(climbed, last - 1) : min(reached, last)]
    tell = tuple(dict.fromkeys(name for rung in rungs for name in rung.tell))
    due_us = counted_from_us + ladder.due_s(reached) * SECOND_US
    return Plan(Climb(climbed + 1, reached, due_us, tuple(owed), tell), next_us)


def plan_at_ease(ladder: Ladder, eased_us: int, climbed: int, owed: Sequence[str], now_us: int) -> Plan:
    """What is due of an alert of which the centre's own answer alone is wanted since ``eased_us``: the rungs
    of a ladder that does not hurry count from there. Asked only when the instant on file has come.
    """
    passed = steps_within(ladder, (now_us - eased_us) // SECOND_US)
    next_us = eased_us + ladder.due_s(passed + 1) * SECOND_US
    if passed == 0:
        return Plan(None, next_us)
    due_us = eased_us + ladder.due_s(passed) * SECOND_US
    return Plan(Climb(climbed + 1, climbed + 1, due_us, tuple(owed), (UNANSWERED,)), next_us)


def eased_at_us(owed: Sequence[str], needs: Needs, happened: Iterable[Happened]) -> int | None:
    """Since when the centre alone owes an answer that all others have given; None while it is otherwise.

    An alert that nobody but the centre was asked about never rests so: there nobody has it in hand.
    """
    if needs is not Needs.EACH or tuple(owed) != (ABOVE_ALL,):
        return None
    others = [one.at_us for one in happened if one.fact is Fact.ACKNOWLEDGED and one.party != ABOVE_ALL]
    return max(others, default=None)


def towards(
    names: Sequence[str],
    party_of: Mapping[str, str],
    owed: Sequence[str],
    needs: Needs,
    happened: Iterable[Happened],
) -> tuple[str, ...]:
    """Of those whom a rung tells (parties and contacts) the ones that a climb still goes to.

    ``party_of``: whose a contact is. Never nobody: where all that a rung names have answered, those are told
    who have not.
    """
    if needs is not Needs.EACH:
        return tuple(names)
    answered = {one.party for one in happened if one.fact is Fact.ACKNOWLEDGED}
    answered -= {ABOVE_ALL, *owed}
    return tuple(name for name in names if party_of.get(name, name) not in answered) or tuple(owed)


def not_alarmed_again(names: Sequence[str], party_of: Mapping[str, str], *, is_over: bool) -> tuple[str, ...]:
    """Without the protected person and hers, once what the alert warns of is over and its end has been told:
    that end climbs by itself, and she is not told all night that somebody comes too close who has left.
    Whoever watches over all hears then that she has not answered, and calls her."""
    if not is_over:
        return tuple(names)
    others = tuple(name for name in names if party_of.get(name, name) not in SEES_NO_WEARERS)
    return others or ((str(ABOVE_ALL),) if names else ())


def steps_within(ladder: Ladder, passed_s: int) -> int:
    """How many rungs' instants lie within so many seconds of the alert; counted, not walked: a week too."""
    last_s = ladder.rungs[-1].at_s
    if passed_s >= last_s:
        return len(ladder.rungs) + (passed_s - last_s) // ladder.repeat_s
    return sum(rung.at_s <= passed_s for rung in ladder.rungs)


def step_of_clock(wall_us: int, monotonic_us: int, new_wall_us: int, new_monotonic_us: int) -> int:
    """By how much the wall clock was set between two looks, microseconds: what it ran more than the clock
    that is never set. A deadline that was reckoned by the old time is moved by as much."""
    return (new_wall_us - wall_us) - (new_monotonic_us - monotonic_us)


def ladder_for(ladder: Ladder, priority: int) -> Ladder:
    """The ladder that an alert of this priority climbs by, and whose answers it wants: the policy's word,
    and what stands for it where the policy's file says nothing."""
    if ladder == DEFAULT_LADDER and priority >= LOW_FROM:
        ladder = LOW_LADDER
    if ladder.needs is None:
        return replace(ladder, needs=Needs.EACH if priority <= EACH_TO else Needs.ANY)
    return ladder
