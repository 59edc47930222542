"""The steps of the fold of two people: what a moment shows, what an edge shows, what a way does.

When a contact begins and ends stands in :data:`emon.geofence.episode.BREACH`, as for a zone; here its
inputs are chosen and its effects carried out.

A moment is an instant at which either device has a fix, or at which the condition begins, changes or
ceases to hold; or the last at which one has a position while the other goes on to a fix: what the way led
to until then counts, though her own next fix never comes. A :class:`PairWalk` takes a
:class:`~emon.geofence.proximity.PairFold`, is given new fixes and how far time has gone, and gives the
next one; it is used for one advance and thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from emon.geofence.episode import BREACH, Done, Phase, Shown
from emon.geofence.evidence import certainty_of, normal_cdf
from emon.geofence.fold import Episode, Subject
from emon.geofence.meeting import (
    Meeting,
    Passing,
    apart,
    is_moment,
    meet,
    nearer,
    passing,
    run_with,
)
from emon.geofence.motion import Leg, leg_at
from emon.geofence.proximity import (
    PairFold,
    Thread,
    Tracks,
    frontier_us,
    last_seen,
    recent,
    with_fixes,
)
from emon.geofence.schedule import holding_between
from emon.geofence.timeline import Edge, condition_of, device_use, in_force
from emon.limits import CONTACT_PASS_MAX_S, CROSSING_GAP_MAX_S
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.order import Condition, OrderVersion
from emon.model.vocabulary import Certainty, How

_PASS_US = CONTACT_PASS_MAX_S * SECOND_US
_CROSSING_US = CROSSING_GAP_MAX_S * SECOND_US


class _Met(NamedTuple):
    """A meeting and, where the way to it is known, how near it came."""

    meeting: Meeting
    way: Passing | None
    came_us: int


class PairWalk:
    """One advance of one pair. ``closed`` collects episodes that ended on the way, in order.

    ``settled_before`` and ``open_since_us`` describe the steps just before ``affected_us``, where one
    was given: how many episodes had closed, and since when an open one has shown the opposite.
    """

    def __init__(self, subject: Subject, fold: PairFold, *, affected_us: int | None = None) -> None:
        self.subject = subject
        self.closed: list[Episode] = []
        self.settled_before = 0
        self.open_since_us = 0 if affected_us is None else affected_us
        self._affected_us = affected_us
        self._fold = fold
        self._tracks: Tracks = fold.tracks
        self._edges_to_us = fold.edges_done_us
        self._final = True
        self._resume(fold.settled)

    def _resume(self, thread: Thread) -> None:
        self._at_us = thread.at_us
        self._holding = thread.holding
        self._run = thread.run
        self._right = thread.right
        self._episode = thread.episode
        self._newest = thread.newest

    def _thread(self) -> Thread:
        return Thread(self._at_us, self._holding, self._run, self._right, self._episode, self._newest)

    # --- the advance --------------------------------------------------------------------------

    def advance(self, fixes: Iterable[Fix], edges_to_us: int | None = None) -> PairFold:
        """Take usable fixes of either person, and let every edge up to an instant act."""
        fold = self._fold
        self._tracks = with_fixes(fold.tracks, fixes)
        settled_us = frontier_us(self.subject, self._tracks, fold.settled_us)
        newest_us = [own[-1].wire.fixed_at_us for own in self._tracks.values()]
        to_us = max([fold.edges_done_us, settled_us, *newest_us])
        if edges_to_us is not None:
            to_us = max(to_us, edges_to_us)
        edges, next_look_us = self._edges(to_us)
        pending = self._moments(edges)
        later = [moment for moment in pending if moment[0] > settled_us]
        for moment in pending[: len(pending) - len(later)]:
            self._step(*moment)
        settled = self._thread()
        self._final = False
        for moment in later:
            self._step(*moment)
        self._mark_affected(None)
        return PairFold(
            begin_us=fold.begin_us,
            settled_us=settled_us,
            settled=settled,
            edges_done_us=max([fold.edges_done_us, *(edge.at_us for edge in edges)]),
            next_look_us=next_look_us,
            tracks=recent(self.subject, self._tracks, settled_us),
            episode=self._episode,
            newest=self._newest,
        )

    def _edges(self, to_us: int) -> tuple[list[Edge], int | None]:
        fold, timeline = self._fold, self.subject.timeline
        if fold.edges_done_us <= fold.settled_us and (fold.next_look_us is None or fold.next_look_us > to_us):
            return [], fold.next_look_us
        return timeline.edges(fold.settled_us, to_us), timeline.next_look(to_us)

    def _moments(self, edges: list[Edge]) -> list[tuple[int, Edge | None, int]]:
        """(instant, edge or None, newest receipt of its fixes), an edge before a fix of its instant."""
        received: dict[int, int] = {}
        for own in self._tracks.values():
            for fix in own:
                at_us = fix.wire.fixed_at_us
                if at_us > self._fold.settled_us:
                    received[at_us] = max(fix.received_at_us, received.get(at_us, fix.received_at_us))
        for at_us, received_us in last_seen(self._tracks, self._fold.settled_us):
            received[at_us] = max(received_us, received.get(at_us, received_us))
        moments: list[tuple[int, Edge | None, int]] = [(edge.at_us, edge, 0) for edge in edges]
        moments.extend((at_us, None, received_us) for at_us, received_us in received.items())
        return sorted(moments, key=lambda moment: (moment[0], moment[1] is None))

    def _step(self, at_us: int, edge: Edge | None, received_us: int) -> None:
        self._mark_affected(at_us)
        if edge is not None:
            self._edge(edge)
        elif at_us >= self._fold.warm_us:
            self._fixes(at_us, received_us)
        self._at_us = at_us

    def _mark_affected(self, at_us: int | None) -> None:
        if self._affected_us is None or (at_us is not None and at_us < self._affected_us):
            return
        self.settled_before = len(self.closed)
        if self._episode is not None and self._right is not None:
            self.open_since_us = min(self._affected_us, self._right.at_us)
        self._affected_us = None

    # --- moments ------------------------------------------------------------------------------

    def _edge(self, edge: Edge) -> None:
        before = self._condition(self._holding)
        self._holding = edge.version
        if edge.version is None:
            self._run = None
            self._turn(Shown.EDGE_END, at_us=edge.at_us)
            return
        version = self.subject.timeline.version(edge.version)
        condition = condition_of(version, self.subject.condition)
        if condition is None or edge.at_us < self._fold.warm_us:
            return
        another = before is None or not _same_pair(before, condition)
        if another:
            self._run = None
        legs = self._legs(version, edge.at_us)
        met = [self._met(his, hers, edge.at_us, condition, None, active=True) for his, hers in legs]
        found = _strongest(met)
        if found is not None:
            self._newest = found.meeting
        if self._episode is not None and self._ends_under(condition, found):
            self._turn(Shown.EDGE_RIGHT, at_us=edge.at_us)
        elif found is not None and found.meeting.wrong:
            begins = self._with_run(found)
            self._turn(Shown.EDGE_CONCLUSIVE if begins else Shown.EDGE_WRONG, found, version)
        else:
            self._turn(Shown.EDGE_ANOTHER if another else Shown.EDGE_UNKNOWN)

    def _ends_under(self, condition: Condition, found: _Met | None) -> bool:
        """Whether a new version finds them apart. Where one has no position now, the last meeting
        is looked at; silence closes nothing."""
        if found is not None:
            return found.meeting.right
        newest = self._newest
        if newest is None or newest.hers.wire.device != condition.victim_device:
            return False
        return replace(newest, radius_m=condition.radius_m).right

    def _fixes(self, at_us: int, received_us: int) -> None:
        version = self.subject.timeline.judging(at_us, received_us)
        condition = condition_of(version, self.subject.condition) if version is not None else None
        if version is None or condition is None:
            return
        parts = self._parts(version, condition, at_us)
        active = self._holds(version, condition, at_us)
        for his, hers in self._legs(version, at_us):
            if not is_moment(his, hers, at_us):
                continue
            way = self._way(his.base.wire.device, hers.base.wire.device, parts, at_us)
            self._judge(self._met(his, hers, at_us, condition, way, active=active), version)

    def _met(
        self, his: Leg, hers: Leg, at_us: int, condition: Condition, way: Passing | None, *, active: bool
    ) -> _Met:
        came_us = at_us if way is None or way.first_us <= self._at_us else way.first_us
        return _Met(meet(his, hers, at_us, condition.radius_m, active=active), way, came_us)

    def _judge(self, met: _Met, version: OrderVersion) -> None:
        before, self._newest = self._newest, met.meeting
        meeting, way = met.meeting, met.way
        if meeting.right:
            whole = way if before is None or before.right else self._swept(met)
            if whole is not None:
                self._passed(met._replace(way=whole), whole, version)
            self._righted(met)
        elif meeting.wrong and meeting.active:
            begins = self._with_run(met) or self._may_begin
            self._turn(Shown.CONCLUSIVE if begins else Shown.WRONG, met, version)
        elif meeting.coarse and meeting.active and self._may_begin:
            known = self._run
            self._run = known or run_with(None, meeting, met.came_us, from_us=self._at_us, way=way)
            self._turn(Shown.CONCLUSIVE, met, version)
            self._run = known  # it agrees with no other
        else:
            self._turn(Shown.UNKNOWN)

    @property
    def _may_begin(self) -> bool:
        """Whether any meeting within the radius is enough: not beyond the settled part, where the next fix
        would undo most (docs/adr/0081)."""
        return self._final and self._episode is None

    def _swept(self, met: _Met) -> Passing | None:
        """The passing of which a fix of hers, or of another device, lay in the middle: between the moment
        before the meetings within the radius and this one, both beyond it."""
        run, at_us = self._run, met.meeting.at_us
        if self._episode is not None or run is None or at_us - run.from_us > _CROSSING_US:
            return None
        near = nearer(run.nearest, met.way)
        last_us = run.last.at_us if met.way is None else met.way.last_us
        return near and Passing(run.since_us, last_us, near.nearest_us, near.nearest_m)

    # --- who, where, and under what -----------------------------------------------------------

    def _condition(self, number: int | None) -> Condition | None:
        if number is None:
            return None
        return condition_of(self.subject.timeline.version(number), self.subject.condition)

    def _legs(self, version: OrderVersion, at_us: int) -> Iterator[tuple[Leg, Leg]]:
        """The wearer's devices and hers at an instant, where both have a position then.

        A device that an order names for both is never near itself.
        """
        condition = condition_of(version, self.subject.condition)
        victim = condition.victim_device if condition is not None else None
        hers = leg_at(self._tracks.get(victim or "", ()), at_us)
        if hers is None:
            return
        for device in sorted(self._tracks):
            if device == victim or device_use(version, device, at_us) is None:
                continue
            his = leg_at(self._tracks[device], at_us)
            if his is not None:
                yield his, hers

    def _holds(self, version: OrderVersion, condition: Condition, at_us: int) -> bool:
        if self.subject.timeline.governing(at_us) is version:
            return self._holding == version.version
        return in_force(version, at_us) and bool(holding_between(version, condition, at_us, at_us + 1))

    def _parts(self, version: OrderVersion, condition: Condition, to_us: int) -> list[tuple[int, int, float]]:
        """(from, to, radius) of the way to a moment where the condition held. Edges are moments, so
        one version governs the whole way."""
        if to_us <= self._at_us:
            return []
        if self.subject.timeline.governing(to_us) is version:
            held = [(self._at_us, to_us)] if self._holding == version.version else []
        else:  # received after a newer version was armed: that one judges the way as it judges the fix
            held = holding_between(version, condition, self._at_us, to_us)
        return [(from_us, part_us, condition.radius_m) for from_us, part_us in held]

    def _way(self, his: str, hers: str, parts: list[tuple[int, int, float]], to_us: int) -> Passing | None:
        """How near they came on the way from the last moment, if both have a position all along."""
        one, other = (leg_at(self._tracks[device], self._at_us) for device in (his, hers))
        if one is None or other is None or min(one.expires_us, other.expires_us) < to_us:
            return None
        found = [
            near
            for from_us, part_us, radius_m in parts
            if (near := passing(one, other, from_us, part_us, radius_m)) is not None
        ]
        return found[0] if found else None

    # --- episodes -----------------------------------------------------------------------------

    @property
    def _phase(self) -> Phase:
        if self._episode is None:
            return Phase.NONE
        return Phase.IN_BREACH if self._right is None else Phase.OPPOSED

    def _turn(
        self, shown: Shown, met: _Met | None = None, version: OrderVersion | None = None, at_us: int = 0
    ) -> None:
        """What the table makes of an input. ``met`` and ``version``: of a meeting; ``at_us``: of an edge."""
        after, done = BREACH.step(self._phase, shown)
        for effect in done:
            if effect is Done.END_AT_EDGE:
                self._close_at_edge(at_us, at_us)
            elif effect is Done.END_AT_FIRST_RIGHT and self._right is not None:
                # As one wrong fix of either device opens nothing sure, it ends nothing either.
                if shown in (Shown.EDGE_END, Shown.EDGE_RIGHT):
                    self._close_at_edge(at_us, self._right.at_us)
                else:
                    self._close(self._right.at_us)
            elif effect is Done.FORGET:
                self._right = None
            elif met is not None and effect in (Done.SUPPORT, Done.CARRY):
                self._support(met)
            elif met is not None and effect is Done.OPPOSE:
                self._oppose(met.meeting)
            elif met is not None and version is not None:
                self._begin(met, version)
        assert self._phase is after

    def _with_run(self, met: _Met) -> bool:
        """Add evidence of contact to the run; whether that is enough to begin a breach."""
        self._run = run_with(self._run, met.meeting, met.came_us, from_us=self._at_us, way=met.way)
        return self._episode is None and self._run.opens

    def _begin(self, met: _Met, version: OrderVersion) -> None:
        run, meeting = self._run, met.meeting
        assert run is not None
        self._episode = Episode(
            opened_at_us=run.since_us,
            closed_at_us=None,
            how=How.PROXIMITY,
            version=version.version,
            certainty=_capped(run.certainty, meeting.at_us - run.since_us),
            deepest_m=max(run.deepest_m, _depth_m(met)),
            shown_at_us=meeting.shown_at_us,
            device=meeting.his.wire.device,
        )

    def _support(self, met: _Met) -> None:
        """By a meeting within the radius, or by a way past her while both its ends lie beyond."""
        episode, run, meeting = self._episode, self._run, met.meeting
        assert episode is not None
        self._right = None
        deepest_m = max(_depth_m(met), episode.deepest_m)
        if meeting.right or run is None:
            self._episode = replace(episode, deepest_m=deepest_m, shown_at_us=meeting.shown_at_us)
            return
        found = _capped(run.certainty, meeting.at_us - episode.opened_at_us)
        self._episode = replace(
            episode,
            certainty=max(found, episode.certainty, key=lambda certainty: certainty.level),
            deepest_m=max(run.deepest_m, deepest_m),
            shown_at_us=max(meeting.shown_at_us, episode.shown_at_us),
            device=meeting.his.wire.device,
            opposed=False,
        )

    def _righted(self, met: _Met) -> None:
        self._run = None
        self._oppose_closed(met.meeting)
        right = self._right
        # One that shares a fix with the first adds nothing, and what is not settled ends nothing.
        counts = right is None or (self._final and apart(right, met.meeting))
        self._turn(Shown.RIGHT if counts else Shown.UNKNOWN, met)

    def _oppose(self, meeting: Meeting) -> None:
        """The fix at a way's end that first showed the contact does not oppose it (contract, section 3:
        "judged as a crossing is")."""
        episode = self._episode
        assert episode is not None
        self._right = meeting
        opposed = episode.opposed or meeting.shown_at_us > episode.shown_at_us
        self._episode = replace(episode, opposed=opposed)

    def _oppose_closed(self, meeting: Meeting) -> None:
        """A fix newer than all that show the breach shows them apart: also one that this walk closed."""
        for i in range(len(self.closed) - 1, -1, -1):
            episode = self.closed[i]
            if episode.opposed:
                break
            if episode.shown_at_us < meeting.shown_at_us:
                self.closed[i] = replace(episode, opposed=True)

    def _passed(self, met: _Met, way: Passing, version: OrderVersion) -> None:
        """Both ends of a way lie beyond the radius, and they came within it between."""
        meeting = met.meeting
        if self._episode is not None:
            self._turn(Shown.WRONG, met)
            return
        if not self._final:
            return
        self.closed.append(
            Episode(
                opened_at_us=way.first_us,
                closed_at_us=meeting.at_us,
                how=How.PROXIMITY,
                version=version.version,
                certainty=_capped(self._of_way(met, way), way.last_us - way.first_us),
                deepest_m=_depth_m(met),
                shown_at_us=meeting.shown_at_us,
                device=meeting.his.wire.device,
            )
        )

    def _of_way(self, met: _Met, way: Passing) -> Certainty:
        devices = (met.meeting.his.wire.device, met.meeting.hers.wire.device)
        legs = [leg_at(self._tracks[device], way.nearest_us) for device in devices]
        sigma_m = math.hypot(*(leg.place(way.nearest_us).sigma_m for leg in legs if leg is not None))
        return certainty_of(normal_cdf(_depth_m(met) / sigma_m), agreed=True)

    def _close(self, at_us: int) -> None:
        assert self._episode is not None
        ended_us = max(at_us, self._episode.opened_at_us)
        self.closed.append(replace(self._episode, closed_at_us=ended_us))
        self._episode, self._right = None, None

    def _close_at_edge(self, at_us: int, ended_us: int) -> None:
        self._close(ended_us)
        if at_us <= self._fold.edges_done_us:
            self.closed.pop()  # it acted in an earlier decision and is on file


def _same_pair(one: Condition, other: Condition) -> bool:
    return (one.victim_device, one.radius_m) == (other.victim_device, other.radius_m)


def _strongest(met: list[_Met]) -> _Met | None:
    return max(met, key=lambda one: one.meeting.p, default=None)


def _depth_m(met: _Met) -> float:
    near_m = met.way.nearest_m if met.way is not None else math.inf
    return max(met.meeting.depth_m, met.meeting.radius_m - near_m)


def _capped(found: Certainty, lasted_us: int) -> Certainty:
    """A passing, or what has not lasted longer yet, is at most possible."""
    return Certainty.POSSIBLE if lasted_us < _PASS_US else found
