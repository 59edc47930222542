"""From episodes to breaches: which line on file an episode is, and what of it has changed.

One episode is one breach (invariant 3). Episodes of a decision are matched with the unrefuted
breaches on file by overlap in time, oldest first, so that a line keeps its id while late fixes move
its ends. A line that no episode supports any more is refuted: marked, never erased.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from emon.geofence.fold import Episode, Fold, Subject
from emon.geofence.proximity import PairFold
from emon.limits import PRESENT_AGE_MAX_S
from emon.model.breach import Breach, Told
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.vocabulary import How

_BY_EDGE = (How.SCHEDULE, How.LATE_HOME)
_BY_WAY = (How.CROSSED, How.REACHABLE)
_LATE_OR_ABSENT = {How.LATE_HOME, How.ABSENT}
"""Coming late becomes not coming at all when the window ends: one breach."""
_FOR_EVER_US = 2**63 - 1


class Change:
    """A breach before (None: new) and after a decision."""

    __slots__ = ("after", "before")

    def __init__(self, before: Breach | None, after: Breach) -> None:
        self.before = before
        self.after = after


def reconcile(
    subject: Subject,
    fold: Fold | PairFold,
    episodes: Sequence[Episode],
    on_file: Sequence[Breach],
    at_us: int,
) -> list[Change]:
    """Changes of one decision at ``at_us``.

    ``fold`` is the state after the decision's last item. ``episodes`` are those that the decision
    may have touched, in order, the open one last; ``on_file`` the unrefuted breaches of the same
    stretch, by ``opened_at``. Both must cover the same stretch of time: what is on file and matches
    nothing is refuted.
    """
    changes: list[Change] = []
    lines, left = _matched(episodes, on_file)
    for episode, before in zip(episodes, lines, strict=True):
        after = _as_breach(subject, fold, episode, before, at_us)
        if after != before:
            changes.append(Change(before, after))
    for breach in left:
        # Late fixes may join two lines into one episode: the second line was no error, and it
        # ends with the episode that holds both.
        holding = next((episode for episode in episodes if _holds(episode, breach)), None)
        if holding is None:
            changes.append(Change(breach, replace(breach, refuted=True)))
        elif breach.closed_at_us is None and holding.closed_at_us is not None:
            closed_at_us = max(breach.opened_at_us, holding.closed_at_us)
            changes.append(Change(breach, replace(breach, closed_at_us=closed_at_us)))
    return changes


def _matched(
    episodes: Sequence[Episode], on_file: Sequence[Breach]
) -> tuple[list[Breach | None], list[Breach]]:
    """For each episode its line on file, or None, and the lines that are left.

    A line that began at the same instant in the same way is the episode's own; what remains is
    matched by overlap, oldest first: a stay with a stay and a way with a way, before one becomes
    the other.
    """
    left = list(on_file)
    lines: list[Breach | None] = [None] * len(episodes)
    for is_same in (_same_start, _overlap_alike, _overlap):
        for i, episode in enumerate(episodes):
            if lines[i] is not None:
                continue
            found = next((breach for breach in left if is_same(breach, episode)), None)
            if found is not None:
                lines[i] = found
                left.remove(found)
    return lines, left


def _same_start(breach: Breach, episode: Episode) -> bool:
    return breach.opened_at_us == episode.opened_at_us and (
        breach.how is episode.how or {breach.how, episode.how} == _LATE_OR_ABSENT
    )


def _overlap(breach: Breach, episode: Episode) -> bool:
    breach_end = _FOR_EVER_US if breach.closed_at_us is None else breach.closed_at_us
    episode_end = _FOR_EVER_US if episode.closed_at_us is None else episode.closed_at_us
    # Stretches that only touch (one gap ends where the next begins) are two.
    return breach.opened_at_us < episode_end and episode.opened_at_us < breach_end


def _overlap_alike(breach: Breach, episode: Episode) -> bool:
    return (breach.how in _BY_WAY) == (episode.how in _BY_WAY) and _overlap(breach, episode)


def _holds(episode: Episode, breach: Breach) -> bool:
    """Whether an episode took a line in. A way between two fixes has both its ends from them; where a late
    fix shows a stay that began on the way and lasted to its end, he was in there, and the way was no
    error. One that the stay leaves before its end was none. Whether another fix has ended the stay yet is
    nothing to it: the first that does is the way's own end, or a later one."""
    if breach.how in _BY_WAY and episode.closed_at_us is not None:
        assert breach.closed_at_us is not None
        return breach.closed_at_us <= episode.closed_at_us and _overlap(breach, episode)
    return _overlap(breach, episode)


def _as_breach(
    subject: Subject, fold: Fold | PairFold, episode: Episode, before: Breach | None, at_us: int
) -> Breach:
    if before is None:
        breach_id = derive_id(subject.order, subject.condition, episode.opened_at_us, episode.how, at_us)
        told: tuple[Told, ...] = ()
    else:
        breach_id, told = before.id, before.told
    return Breach(
        id=breach_id,
        order=subject.order,
        version=episode.version,
        condition=subject.condition,
        kind=subject.kind,
        wearer=subject.wearer,
        opened_at_us=episode.opened_at_us,
        closed_at_us=episode.closed_at_us,
        certainty=episode.certainty,
        how=episode.how,
        historic=_historic(fold, episode, before, at_us),
        refuted=False,
        deepest_m=episode.deepest_m,
        device=episode.device,
        told=told,
    )


def _historic(fold: Fold | PairFold, episode: Episode, before: Breach | None, at_us: int) -> bool:
    """Contract, section 3: a present breach never becomes historic; the rest is judged anew. So is a stay
    that late fixes find in a gap: the possible incursion before it was told as no presence."""
    incursion = before is not None and before.how is How.REACHABLE is not episode.how
    if before is not None and not before.historic and not incursion:
        return False
    ended = episode.closed_at_us is not None
    if before is not None and not incursion and ended and before.closed_at_us == episode.closed_at_us:
        return True  # what has ended is not judged again because something else happened
    if episode.opposed:
        return True
    newest = fold.newest
    if newest is not None and newest.at_us > episode.shown_at_us and newest.right:
        return True
    if episode.how in _BY_EDGE and episode.opened_at_us == at_us:
        return False  # an edge that opens finds him there, however old the fix behind it
    return at_us - episode.shown_at_us > PRESENT_AGE_MAX_S * SECOND_US
