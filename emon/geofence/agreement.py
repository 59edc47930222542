"""What fixes on the wrong side are worth together: whether they open a breach, and how certain it is.

Neighbouring fixes share their error, so a run is not as many witnesses as it has fixes. Against it
stands the *reflection*: a receiver that lies still outside, as receivers do most of the day, is led
aside by up to 300 m for some minutes and claims to be sure of it. It shows a jump, then fixes that
stay together near to where he was. A wearer who goes in is seen to go: on the course that he kept,
within the zone, or farther than a reflection reaches. What neither tells apart, time does
(``docs/adr/0012``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from msgspec.structs import replace

from emon.geofence.evidence import AWAY_OPENS_P, CERTAIN_P, OPENS_P, PROBABLE_P
from emon.geofence.fold import Episode, Seen, Side, is_placed
from emon.limits import (
    COURSE_CARRY,
    COURSE_TURN,
    CROSSING_GAP_MAX_S,
    PERSISTS_CLAIM_MAX_M,
    PERSISTS_FIXES,
    PERSISTS_S,
    PLAN_S,
    REFLECTION_CERTAIN_S,
    REFLECTION_FROM_M,
    REFLECTION_PROBABLE_S,
    REFLECTION_REACH_M,
    RUN_MEMORY_S,
    STANDING_CERTAIN_S,
    STANDING_PROBABLE_S,
    STANDING_REACH_M,
    STANDING_SPEED_MAX_M_S,
    TRAVEL_BEFORE_S,
    TRAVEL_MIN_M,
    TRAVEL_SPEED_MIN_M_S,
    TRAVEL_WITNESSES,
    WAY_CLAIM_MAX_M,
    WITNESSES_APART_S,
)
from emon.model.instant import SECOND_US
from emon.model.span import offset_m, span_m
from emon.model.vocabulary import Certainty, Source


def opens(recent: Sequence[Seen], run: Sequence[Seen]) -> bool:
    """Whether a run, which ends ``recent``, is enough for a breach: two that agree, one that is clear, or
    coarse ones that go on saying so.

    A receiver that says it stands, and yet has jumped, is not clear alone.
    """
    if _agreed([seen for seen in run if is_placed(seen)]) or _persists(run):
        return True
    return any(_is_clear(seen) and not _contradicted(recent, seen) for seen in run)


def strength(recent: Sequence[Seen], run: Sequence[Seen]) -> Certainty:
    """Certainty of a run, which ends ``recent``: the fixes remembered, in event time.

    ``probable`` and ``certain`` take two independent witnesses deep enough, and that no reflection
    explains the run, or that it has lasted longer than one does.
    """
    likely = [seen for seen in run if seen.p >= PROBABLE_P]
    if not _agreed(likely):
        return Certainty.POSSIBLE
    stays_s = (run[-1].at_us - run[0].at_us) / SECOND_US
    before = _placed_before(recent, run[0])
    stood = _stood(before, run)
    aside = stood or (_aside(before, run) and not _was_there(recent, before))
    doubted = aside and (stood or not (_turned_off(before, run[0]) or _travels(likely, 2)))
    if stays_s < (STANDING_PROBABLE_S if stood else REFLECTION_PROBABLE_S) and doubted:
        return Certainty.POSSIBLE
    seen_to_come = bool(before) or not all(_stands(seen) for seen in run)
    if not _agreed_apart([seen for seen in likely if seen.p >= CERTAIN_P], seen_to_come=seen_to_come):
        return Certainty.PROBABLE
    if stood:
        return Certainty.PROBABLE if stays_s < STANDING_CERTAIN_S else Certainty.CERTAIN
    if stays_s < REFLECTION_CERTAIN_S and _explained(recent, run, likely, aside=aside):
        return Certainty.PROBABLE
    return Certainty.CERTAIN


def confirms(recent: Sequence[Seen]) -> bool:
    """Whether the newest fix is by itself as deep as ``certain`` takes, and no repeat of one remembered."""
    *before, seen = recent
    return seen.p >= CERTAIN_P and all(_independent(older, seen) for older in before)


def worth(episode: Episode, older: Seen | None, seen: Seen) -> Certainty:
    """What a fix makes of a breach that ``older`` showed too, longer ago than a run reaches: one word more,
    not two, since nothing tells that he stayed (``docs/adr/0064``). Where an edge found him by ``older``, he
    was there before it was forbidden, and ``seen`` shows that he is there now (``docs/adr/0073``)."""
    known = episode.certainty
    if older is None or seen.at_us - older.at_us <= RUN_MEMORY_S * SECOND_US:
        return known
    if min(older.p, seen.p) < _least_p(known) or not _independent(older, seen):
        return known
    deep = min(older.p, seen.p) >= CERTAIN_P
    if known is Certainty.PROBABLE or (deep and _is_of_edge(episode, older)):
        return Certainty.CERTAIN
    return Certainty.PROBABLE


def witness(shown: Iterable[Seen], known: Certainty) -> Seen | None:
    """The first of these fixes that bears witness to the word above ``known``. It stays the one while others
    come, so that one more fix inside makes nobody's word weaker."""
    return next((seen for seen in shown if seen.p >= _least_p(known)), None)


def strengthened(
    episode: Episode, seen: Seen, found: Certainty, older: Seen | None, *, doubted: bool
) -> Episode:
    """The breach with a fix that shows it again and makes ``found`` of it. ``older``: its witness so far."""
    rises = found.level > episode.certainty.level and not doubted
    certainty = found if rises else episode.certainty
    kept = older is not None and (not rises or _is_of_edge(episode, older))
    since = [older, seen] if older is not None and kept else [seen]
    return replace(
        episode,
        certainty=certainty,
        doubted=doubted,
        deepest_m=max(episode.deepest_m, seen.depth_m),
        shown_at_us=seen.at_us,
        device=seen.fix.wire.device,
        opposed=False,
        witness=witness(since, certainty),
    )


def _is_of_edge(episode: Episode, seen: Seen) -> bool:
    """Whether it is the fix by which an edge found him, which lies before the edge: of any other breach the
    first fix is where it begins."""
    return seen.at_us < episode.opened_at_us


def _least_p(known: Certainty) -> float:
    return PROBABLE_P if known is Certainty.POSSIBLE else CERTAIN_P


def is_explained(recent: Sequence[Seen], run: Sequence[Seen]) -> bool:
    """Whether it is a reflection that keeps a run from a higher word of certainty."""
    return strength((), run).level > strength(recent, run).level


def led_aside(recent: Sequence[Seen], seen: Seen, then: Seen | None = None) -> bool:
    """Whether an error explains how a receiver came to one place from those before it: a reflection, where he
    lay still, or one wrong position, which may lie as far off as it likes. Farther than a reflection reaches,
    a speed that covers the step speaks for a journey, measured or seen before it, or that he went on so
    (``then``: the fix after it; ``docs/adr/0048``)."""
    placed = _placed_before(recent, seen)
    if not placed:
        return False
    if _apart_m(placed[-1], seen) <= REFLECTION_REACH_M:
        return _aside(placed, [seen]) and not _travels(placed, 2)
    if _drove(placed, seen) or (then is not None and not _jumps([placed[-1], seen, then])):
        return False
    return _aside(placed, [seen])


def _agreed(witnesses: Sequence[Seen]) -> bool:
    return any(_independent(one, other) for one, other in combinations(witnesses, 2))


def _agreed_apart(witnesses: Sequence[Seen], *, seen_to_come: bool) -> bool:
    """Whether two witnesses do not share one error. What a receiver in motion errs by is half the same 15 s
    later and another within a minute. What leads it aside by less than a jump leads it no deeper in than
    ``REFLECTION_FROM_M``, nor as far from itself as one who travels (``docs/adr/0052``).

    ``seen_to_come``: something tells whether he jumped, a place before or a speed that is not nothing.
    """
    return any(
        _independent(one, other) and _share_no_error(one, other, deep_counts=seen_to_come)
        for one, other in combinations(witnesses, 2)
    )


def _share_no_error(one: Seen, other: Seen, *, deep_counts: bool) -> bool:
    if other.at_us - one.at_us >= WITNESSES_APART_S * SECOND_US or _moved(one, other):
        return True
    return deep_counts and min(one.depth_m, other.depth_m) >= REFLECTION_FROM_M


def _independent(older: Seen, newer: Seen) -> bool:
    """Whether two fixes are two witnesses.

    A receiver that lost the sky repeats its last position to the digit for seconds, and a network
    position repeats for hours; only a satellite fix that repeats a plan interval later was made
    anew.
    """
    a, b = older.fix.wire, newer.fix.wire
    if (a.lon, a.lat) != (b.lon, b.lat):
        return True
    satellites = a.source is Source.GNSS and b.source is Source.GNSS
    return satellites and newer.at_us - older.at_us >= PLAN_S * SECOND_US


def _is_clear(seen: Seen) -> bool:
    return seen.p >= (OPENS_P if seen.wrong_side is Side.INSIDE else AWAY_OPENS_P)


def _persists(run: Sequence[Seen]) -> bool:
    """Whether positions too coarse to know the side by themselves have said inside for minutes, and none the
    opposite: each more likely there than not, though all may share one error (``docs/adr/0039``)."""
    near = [seen for seen in run if seen.fix.wire.accuracy_m <= PERSISTS_CLAIM_MAX_M]
    if len(near) < PERSISTS_FIXES or near[-1].wrong_side is not Side.INSIDE:
        return False
    return near[-1].at_us - near[0].at_us >= PERSISTS_S * SECOND_US and _agreed(near)


def _contradicted(recent: Sequence[Seen], seen: Seen) -> bool:
    """Whether the receiver stood, by its own speed, before and after a jump of some seconds."""
    if not _stands(seen):
        return False
    last = next((each for each in reversed(_placed_before(recent, seen))), None)
    if last is None or not _stands(last) or seen.at_us - last.at_us > CROSSING_GAP_MAX_S * SECOND_US:
        return False
    return REFLECTION_FROM_M <= _apart_m(last, seen) <= REFLECTION_REACH_M


def _stood(before: Sequence[Seen], run: Sequence[Seen]) -> bool:
    """Whether the receiver measured no speed where he was last seen outside nor at any good position since,
    and yet has jumped, not so far that only a journey explains it. Its speed does not come from its
    positions: what leads these aside leaves it at nothing, and many of them wander as one who walks
    (``docs/adr/0039``)."""
    placed = [seen for seen in run if is_placed(seen)]
    if not before or not placed or not all(_stands(seen) for seen in (before[-1], *placed)):
        return False
    return not _walks_unmeasured(before) and (
        REFLECTION_FROM_M <= _apart_m(before[-1], run[0]) <= STANDING_REACH_M
    )


def _walks_unmeasured(before: Sequence[Seen]) -> bool:
    """Whether places at which the receiver measured no speed lead at a walk to the last of them all the same:
    its speed is not worth a word then. It is, where it measured one on the way and none where he stopped. One
    place apart from the next on either side, which lie together, is a hop and no walk (``docs/adr/0078``)."""
    stands = [seen for seen in before if _stands(seen)]
    last = stands[-1]
    return any(
        _moved(one, last)
        and _apart_m(one, last) * SECOND_US >= TRAVEL_SPEED_MIN_M_S * (last.at_us - one.at_us)
        for place, one in enumerate(stands[:-1])
        if not _hops(stands, place)
    )


def _hops(chain: Sequence[Seen], place: int) -> bool:
    """Whether a place lies apart from those before and after it, which lie together."""
    if not 0 < place < len(chain) - 1:
        return False
    one, seen, other = chain[place - 1 : place + 2]
    return _moved(one, seen) and _moved(seen, other) and not _moved(one, other)


def _stands(seen: Seen) -> bool:
    speed_m_s = seen.fix.wire.speed_m_s
    return speed_m_s is not None and speed_m_s < STANDING_SPEED_MAX_M_S


# --- the reflection ---------------------------------------------------------------------------


def _explained(
    recent: Sequence[Seen], run: Sequence[Seen], witnesses: Sequence[Seen], *, aside: bool
) -> bool:
    """Whether a reflection explains a run: of one who lay still, or went by and came no further in.

    Who travels needs one witness more, since a reflection takes his steps along.
    """
    if not aside or _travels(witnesses, TRAVEL_WITNESSES):
        return False
    return len(witnesses) < TRAVEL_WITNESSES or not _travels(_placed_before(recent, run[0]), 2)


def _placed_before(recent: Sequence[Seen], first: Seen) -> list[Seen]:
    """The good positions on the right side that led up to a fix, within ``TRAVEL_BEFORE_S`` of the last;
    where masts alone were heard, the last of those, as long as evidence lasts: what was known before it is
    forgotten, and a mast alone leads nobody out (``docs/adr/0073``)."""
    before = [seen for seen in recent if seen.at_us < first.at_us and seen.right]
    good = [seen for seen in before if seen.fix.wire.accuracy_m <= WAY_CLAIM_MAX_M]
    if not good:
        return [seen for seen in before[-1:] if first.at_us - seen.at_us <= RUN_MEMORY_S * SECOND_US]
    earliest_us = good[-1].at_us - TRAVEL_BEFORE_S * SECOND_US
    return [seen for seen in good if seen.at_us >= earliest_us]


def _aside(before: Sequence[Seen], run: Sequence[Seen]) -> bool:
    """Whether a run lies where a reflection leads to: by a jump, and within its reach."""
    if not before:
        return False
    last = before[-1]
    if last.fix.wire.accuracy_m > WAY_CLAIM_MAX_M:
        return True  # only a mast knew where he was
    if _agreed([seen for seen in run if seen.p >= CERTAIN_P and _apart_m(last, seen) > REFLECTION_REACH_M]):
        return False  # farther than a reflection leads
    return _jumps([*before, run[0]])


def _was_there(recent: Sequence[Seen], before: Sequence[Seen]) -> bool:
    """Whether masts alone led up to a run, and the last good position before them was as deep on its side as
    ``certain`` takes: a mast that is good for a kilometre led nobody out."""
    if not before or before[-1].fix.wire.accuracy_m <= WAY_CLAIM_MAX_M:
        return False
    earlier = [seen for seen in recent if seen.at_us < before[-1].at_us]
    good = [seen for seen in earlier if seen.fix.wire.accuracy_m <= WAY_CLAIM_MAX_M]
    return bool(good) and good[-1].wrong and good[-1].p >= CERTAIN_P


def _turned_off(before: Sequence[Seen], first: Seen) -> bool:
    """Whether the receiver, where he was last seen outside, measured a speed that covers the step in: he
    turned off his course. One that lies still, whose reflections jump, measures none (``docs/adr/0029``)."""
    if not before:
        return False
    return _covers(before[-1].fix.wire.speed_m_s, before[-1], first)


def _drove(before: Sequence[Seen], seen: Seen) -> bool:
    """Whether a speed covers the step to a fix: one that the receiver measured at either end of it, or that
    of a step before it."""
    last = before[-1]
    speeds = [last.fix.wire.speed_m_s, seen.fix.wire.speed_m_s]
    for one, other in pairwise(before):
        if _moved(one, other):
            speeds.append(_apart_m(one, other) * SECOND_US / max(SECOND_US, other.at_us - one.at_us))
    return any(_covers(speed_m_s, last, seen) for speed_m_s in speeds)


def _covers(speed_m_s: float | None, one: Seen, other: Seen) -> bool:
    """Whether somebody at this speed, or half as fast again, comes from one place to the other in time."""
    if speed_m_s is None or speed_m_s < TRAVEL_SPEED_MIN_M_S:
        return False
    return _apart_m(one, other) <= speed_m_s * COURSE_CARRY * (other.at_us - one.at_us) / SECOND_US


def _jumps(chain: Sequence[Seen]) -> bool:
    """Whether one of the steps between successive places is neither short nor on the course kept so far.

    The first step of several is where that course comes from.
    """
    course: tuple[float, float] | None = None  # metres a second, east and north
    for number, (one, other) in enumerate(pairwise(chain)):
        gap_s = max(1.0, (other.at_us - one.at_us) / SECOND_US)
        step = offset_m(*_at(one), *_at(other))
        if (number > 0 or len(chain) == 2) and _leaves(step, course, gap_s):
            return True
        course = (step[0] / gap_s, step[1] / gap_s) if _moved(one, other) else None
    return False


def _leaves(step: tuple[float, float], course: tuple[float, float] | None, gap_s: float) -> bool:
    """Whether a step ends off the stretch that somebody covers who goes on, slows down or stops."""
    length_m = math.hypot(*step)
    if course is None:
        return length_m >= REFLECTION_FROM_M
    speed_m_s = math.hypot(*course)
    on_m = speed_m_s * gap_s * COURSE_CARRY
    ahead_m = (step[0] * course[0] + step[1] * course[1]) / speed_m_s
    beyond_m = ahead_m - min(max(ahead_m, 0.0), on_m)
    beside_m = math.sqrt(max(0.0, length_m**2 - ahead_m**2))
    return math.hypot(beside_m, beyond_m) >= max(REFLECTION_FROM_M, COURSE_TURN * on_m)


def _travels(seen: Sequence[Seen], needed: int) -> bool:
    """Whether so many fixes show somebody on his way: one, and others that lie apart from it, or as many
    with a speed that the receiver measured."""
    if sum((each.fix.wire.speed_m_s or 0.0) >= TRAVEL_SPEED_MIN_M_S for each in seen) >= needed:
        return True
    return any(
        sum(_moved(one, other) for other in seen[place + 1 :]) >= needed - 1 for place, one in enumerate(seen)
    )


def _moved(one: Seen, other: Seen) -> bool:
    claims_m = math.hypot(one.fix.wire.accuracy_m, other.fix.wire.accuracy_m)
    return _apart_m(one, other) >= max(TRAVEL_MIN_M, claims_m)


def _apart_m(one: Seen, other: Seen) -> float:
    return span_m(*_at(one), *_at(other))


def _at(seen: Seen) -> tuple[float, float]:
    return seen.fix.wire.lon, seen.fix.wire.lat
