"""What each fix of a case shows, and what the breach rests on: the fold once more, watched.

The verdict is not made here; :mod:`emon.explanation.case` makes it. This walk takes the same fixes in
event time, as the engine does after a late one, and notes at which of them the episode got its word.
"""

from __future__ import annotations

import math

import msgspec

from emon.devices.turns import motion_turns
from emon.explanation.case import Case, Verdict
from emon.geofence.agreement import strength
from emon.geofence.evidence import is_outside
from emon.geofence.fold import NO_ZONE, Episode, Seen, Subject, begin, remembered, run_of, way_from
from emon.geofence.geometry import Geometry
from emon.geofence.schedule import holding_between
from emon.geofence.timeline import Edge, condition_of, in_force
from emon.geofence.walk import Walk
from emon.model.breach import Breach
from emon.model.fix import Fix
from emon.model.order import OrderVersion
from emon.model.vocabulary import How, Kind
from emon.model.watch import Turn

_WAYS = (How.CROSSED, How.REACHABLE)


class FixTrace(msgspec.Struct, frozen=True):
    """One fix as judged. ``version`` is the order's version that judges it; without one, or where that
    version does not know the device as worn, there is no ``distance_m`` and no ``p``.

    ``distance_m`` is negative inside, ``p`` the probability of the wrong side, ``side`` the word for
    both: wrong, right, or unclear. ``holds``: the condition held then.
    """

    fix: Fix
    version: int | None
    distance_m: float | None = None
    p: float | None = None
    side: str | None = None
    holds: bool = False


class Trace(msgspec.Struct, frozen=True):
    """``run``: the fixes in a row with which the episode reached its certainty; where that took one from
    before a long silence (``across``; ``docs/adr/0064``), led by it. ``latest``: all that
    was remembered at the last fix that shows it, which ends with the run as it was then. ``way``: the
    two fixes of a way that was judged. ``detour_m``: a shortest way between them by the zone."""

    fixes: tuple[FixTrace, ...]
    edges: tuple[Edge, ...]
    episode: Episode | None = None
    run: tuple[Seen, ...] = ()
    across: bool = False
    way: tuple[Seen, Seen] | None = None
    way_meets: bool = False
    detour_m: float | None = None
    latest: tuple[Seen, ...] = ()


def trace(case: Case, verdict: Verdict) -> Trace:
    """The fixes of the case one by one, and the grounds of its breach."""
    subject = verdict.state.subjects.get(case.key)
    if subject is None or not case.fixes:
        return Trace(tuple(FixTrace(fix, None) for fix in case.fixes), ())
    return _Watched(case, verdict, subject).trace()


class _Watched:
    def __init__(self, case: Case, verdict: Verdict, subject: Subject) -> None:
        self._case = case
        self._breach = verdict.breach
        self._subject = subject
        self._geometry: Geometry = verdict.state.geometry
        start_us = case.fixes[0].wire.fixed_at_us - 1
        self._walk = Walk(subject, self._geometry, begin(subject, start_us), self._turns)
        self._edges = tuple(subject.timeline.edges(start_us, case.until_us))
        self._best: Episode | None = None
        self._run: tuple[Seen, ...] = ()
        self._across = False
        self._way: tuple[Seen, Seen] | None = None
        self._latest: tuple[Seen, ...] = ()

    def _turns(self, device: str) -> list[Turn]:
        return motion_turns(one for one in self._case.motions if one.wire.device == device)

    def trace(self) -> Trace:
        fixes: list[FixTrace] = []
        edges = list(self._edges)
        for fix in self._case.fixes:
            while edges and edges[0].at_us <= fix.wire.fixed_at_us:
                self._edge(edges.pop(0))
            fixes.append(self._fix(fix))
        for edge in edges:
            self._edge(edge)
        meets, detour_m = self._shape_of_way()
        return Trace(
            tuple(fixes),
            self._edges,
            self._best,
            self._run,
            self._across,
            self._way,
            meets,
            detour_m,
            self._latest,
        )

    def _edge(self, edge: Edge) -> None:
        self._walk.edges_to(edge.at_us)
        self._note(())

    def _fix(self, fix: Fix) -> FixTrace:
        at_us = fix.wire.fixed_at_us
        version = self._subject.timeline.judging(at_us, fix.received_at_us)
        number = None if version is None else version.version
        if not fix.usable:
            return FixTrace(fix, number)
        zone = self._subject.zone_judging(fix)
        if zone is None:
            return FixTrace(fix, number)
        distance_m = math.nan
        if zone != NO_ZONE:
            distance_m = self._geometry.distance_m(zone, fix.wire.lon, fix.wire.lat)
        known = remembered(self._walk.result().recent, at_us)
        self._walk.fix(fix, zone, distance_m)
        seen = self._walk.result().recent[-1]
        before = way_from(known, seen)
        self._note(() if before is None else (before, seen))
        if zone == NO_ZONE:
            return FixTrace(fix, number)
        side = "right" if seen.right else "wrong" if seen.wrong else "unclear"
        held = version is not None and holds(version, self._case.condition, at_us)
        return FixTrace(fix, number, seen.distance_m, seen.p, side, held)

    def _note(self, way: tuple[Seen, ...]) -> None:
        """Keep what the episode of the breach rests on, once it has its final certainty."""
        fold = self._walk.result()
        for episode in (*self._walk.closed, *([fold.episode] if fold.episode else [])):
            if self._breach is None or not _is_of(episode, self._breach):
                continue
            if self._best is None or episode.certainty.level > self._best.certainty.level:
                self._rests_on(fold.recent, episode)
                if episode.how in _WAYS and len(way) == 2:
                    self._way = (way[0], way[1])
            newest = fold.newest
            shown_anew = self._best is None or episode.shown_at_us != self._best.shown_at_us
            # A version that ends the episode sees the same fixes under another zone.
            if shown_anew and newest is not None and newest.at_us == episode.shown_at_us:
                self._latest = fold.recent
            self._best = episode
        self._walk.closed.clear()

    def _rests_on(self, recent: tuple[Seen, ...], episode: Episode) -> None:
        """The run that gave the episode its word, with its witness from before where that takes one."""
        run = run_of(recent)
        older = self._best.witness if self._best is not None else None
        alone = not run or strength(recent, run).level >= episode.certainty.level
        self._across = not alone and older is not None and older.at_us < run[0].at_us
        self._run = (older, *run) if self._across and older is not None else run

    def _shape_of_way(self) -> tuple[bool, float | None]:
        if self._way is None or self._best is None:
            return False, None
        zone = self._subject.zones[self._best.version]
        start, end = ((s.fix.wire.lon, s.fix.wire.lat) for s in self._way)
        if self._geometry.contact(zone, start, end) is not None:
            return True, None
        return False, self._geometry.detour_m(zone, start, end)


def holds(version: OrderVersion, condition_id: str, at_us: int) -> bool:
    """Whether the condition held at an instant by the words of one version."""
    condition = condition_of(version, condition_id)
    if condition is None or not in_force(version, at_us):
        return False
    return bool(holding_between(version, condition, at_us, at_us + 1))


def _is_of(episode: Episode, breach: Breach) -> bool:
    if breach.refuted or episode.opened_at_us != breach.opened_at_us:
        return False
    return episode.how is breach.how or {episode.how, breach.how} == {How.LATE_HOME, How.ABSENT}


def depth_m(found: FixTrace, kind: Kind) -> float:
    """Metres on the wrong side of the edge, 0 on the right one."""
    if found.distance_m is None:
        return 0.0
    if kind is Kind.INCLUSION:
        return found.distance_m if is_outside(found.distance_m) else 0.0
    return max(0.0, -found.distance_m)
