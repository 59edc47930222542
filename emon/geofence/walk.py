"""The steps of the fold: what an edge does, what a fix does, what a path does.

A :class:`Walk` takes a :class:`~emon.geofence.fold.Fold`, is fed in event time, and gives the next
one; it is used for one advance and thrown away, so nothing outside ever sees it change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from emon.geofence.agreement import led_aside, opens, strength
from emon.geofence.evidence import certainty_of, is_outside, way_opens, way_probability
from emon.geofence.fold import (
    NO_ZONE,
    Episode,
    Fold,
    Seen,
    Side,
    Subject,
    cannot_meet,
    run_of,
    see,
    trimmed,
    way_from,
)
from emon.geofence.geometry import Contact, Geometry
from emon.geofence.schedule import holding_between
from emon.geofence.timeline import Edge, condition_of, device_use, in_force
from emon.limits import (
    CROSSING_GAP_MAX_S,
    EDGE_FIX_AGE_MAX_S,
    PLAN_S,
    PRESENT_AGE_MAX_S,
    REACH_GAP_MAX_S,
    REACH_SPEED_MAX_M_S,
)
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.span import span_m
from emon.model.vocabulary import Certainty, How, Source
from emon.model.watch import Turn
from emon.plan import Pace, owed_spans, paces

Turns = Callable[[str], Sequence[Turn]]
"""What a device said that changes its plan, at least since the fix before those that are fed."""

_EDGE_AGE_US = EDGE_FIX_AGE_MAX_S * SECOND_US


class _Part:
    """The part of a path within one stretch of one version: fractions and interpolated ends."""

    __slots__ = ("end", "end_f", "start", "start_f", "version", "zone")

    def __init__(self, a: Seen, b: Seen, from_us: int, to_us: int, version: int, zone: int) -> None:
        gap_us = b.at_us - a.at_us
        self.version = version
        self.zone = zone
        self.start_f = max(0.0, (from_us - a.at_us) / gap_us)
        self.end_f = min(1.0, (to_us - a.at_us) / gap_us)
        self.start = _between(a, b, self.start_f)
        self.end = _between(a, b, self.end_f)

    def fraction(self, along: float) -> float:
        """A fraction of this part as a fraction of the whole path."""
        return self.start_f + along * (self.end_f - self.start_f)


def _between(a: Seen, b: Seen, fraction: float) -> tuple[float, float]:
    lon1, lat1 = a.fix.wire.lon, a.fix.wire.lat
    lon2, lat2 = b.fix.wire.lon, b.fix.wire.lat
    if fraction <= 0.0:
        return lon1, lat1
    if fraction >= 1.0:
        return lon2, lat2
    dlon = (lon2 - lon1 + 540.0) % 360.0 - 180.0
    lon = (lon1 + fraction * dlon + 540.0) % 360.0 - 180.0
    return lon, lat1 + fraction * (lat2 - lat1)


class Walk:
    """One advance of one fold. ``closed`` collects episodes that ended on the way, in order."""

    def __init__(self, subject: Subject, geometry: Geometry, fold: Fold, turns: Turns) -> None:
        self.subject = subject
        self.geometry = geometry
        self._turns = turns
        self.closed: list[Episode] = []
        self._wrong_side = subject.wrong_side
        self._edges_done_us = fold.edges_done_us
        self._next_look_us = fold.next_look_us
        self._holding = fold.holding
        self._recent = fold.recent
        self._rights = fold.rights
        self._right_since_us = fold.right_since_us
        self._episode = fold.episode
        self._window_us = fold.window_us
        self._home_us = fold.home_us

    def result(self) -> Fold:
        return Fold(
            self._edges_done_us,
            self._next_look_us,
            self._holding,
            self._recent,
            self._rights,
            self._right_since_us,
            self._episode,
            self._window_us,
            self._home_us,
        )

    @property
    def right_since_us(self) -> int | None:
        """Since when the open episode has shown the opposite, which one more fix would settle."""
        return self._right_since_us if self._episode is not None and self._rights else None

    # --- edges --------------------------------------------------------------------------------

    def edges_to(self, at_us: int) -> None:
        """Let every edge up to and including ``at_us`` act."""
        if at_us <= self._edges_done_us:
            return
        if self._next_look_us is not None and self._next_look_us <= at_us:
            for edge in self.subject.timeline.edges(self._edges_done_us, at_us):
                self._edge(edge)
                self._edges_done_us = edge.at_us
            self._next_look_us = self.subject.timeline.next_look(at_us)

    def _edge(self, edge: Edge) -> None:
        begins = self._holding is None
        self._holding = edge.version
        if edge.version is None:
            if self._episode is not None:
                self._episode = self._at_window_end(self._episode)
                self._close(edge.at_us)
            self._recent = tuple(_inactive(seen) for seen in self._recent)
            self._window_us = None
            return
        self._see_under(self.subject.zones[edge.version])
        version = self.subject.timeline.version(edge.version)
        worn = tuple(s for s in self._recent if device_use(version, s.fix.wire.device, s.at_us) is not None)
        newest = worn[-1] if worn else None
        if self._wrong_side is Side.OUTSIDE:
            self._enter_window(edge, worn, begins=begins)
        if newest is not None and self._episode is not None:
            if newest.right:
                self._close(edge.at_us)
            elif newest.wrong:  # what opposed it under the old version shows it under this one
                self._rights = 0
                shown_at_us = max(self._episode.shown_at_us, newest.at_us)
                self._episode = replace(self._episode, shown_at_us=shown_at_us, opposed=False)
            return
        if self._episode is not None or newest is None or not newest.wrong:
            return
        age_us = edge.at_us - newest.at_us
        run = run_of(worn)
        if age_us > _EDGE_AGE_US or not opens(worn, run):
            return
        late = self._wrong_side is Side.OUTSIDE
        doubted = late and _within_reach(newest, edge.at_us)
        self._episode = Episode(
            opened_at_us=edge.at_us,
            closed_at_us=None,
            how=How.LATE_HOME if late else How.SCHEDULE,
            version=edge.version,
            certainty=Certainty.POSSIBLE if doubted else _aged(strength(worn, run), age_us),
            deepest_m=newest.depth_m,
            shown_at_us=newest.at_us,
            device=newest.fix.wire.device,
            doubted=doubted,
        )
        self._rights = 0

    def _enter_window(self, edge: Edge, worn: tuple[Seen, ...], *, begins: bool) -> None:
        """An inclusion's edge: where its window began, and whether he was home for it.

        "outside after a fix inside in the same window, or at most 900 s before its edge".
        """
        if begins:
            self._window_us, self._home_us = edge.at_us, None
            worn = tuple(seen for seen in worn if edge.at_us - seen.at_us <= _EDGE_AGE_US)
        else:
            worn = worn[-1:]
        home = [seen.at_us for seen in worn if seen.right]
        if home:
            self._home_us = home[-1]

    def _at_window_end(self, episode: Episode) -> Episode:
        """A ``late_home`` without a fix inside by the window's end is an ``absent``."""
        if episode.how is not How.LATE_HOME or self._window_us is None:
            return episode
        came_home = self._home_us is not None and self._home_us >= self._window_us
        return episode if came_home else replace(episode, how=How.ABSENT)

    def _see_under(self, zone: int) -> None:
        """Judge the fixes in memory by another zone, where the version brought one."""
        self._recent = tuple(
            s if s.zone == zone else self._seen(s.fix, zone, active=s.active) for s in self._recent
        )

    def _seen(self, fix: Fix, zone: int, *, active: bool) -> Seen:
        if zone == NO_ZONE:
            return see(fix, zone, 0.0, 0.0, self._wrong_side, active=False)
        distance_m = self.geometry.distance_m(zone, fix.wire.lon, fix.wire.lat)
        return see(fix, zone, distance_m, self.geometry.area_m2(zone), self._wrong_side, active=active)

    def _close(self, at_us: int) -> None:
        assert self._episode is not None
        self.closed.append(_ended(self._episode, at_us))
        self._episode = None
        self._rights = 0

    # --- fixes --------------------------------------------------------------------------------

    def fix(self, fix: Fix, zone: int, distance_m: float) -> None:
        """Take a usable fix, judged by ``zone`` at ``distance_m``, after the edges before it."""
        at_us = fix.wire.fixed_at_us
        self.edges_to(at_us)
        version = self.subject.timeline.judging(at_us, fix.received_at_us)
        active = version is not None and self._holds(version, at_us)
        area_m2 = self.geometry.area_m2(zone) if zone != NO_ZONE else 0.0
        seen = see(fix, zone, distance_m, area_m2, self._wrong_side, active=active)
        if not seen.wrong:
            # Another version may see it otherwise; what it shows is what its own version saw.
            seen = _inactive(seen)
        if zone != NO_ZONE and any(s.zone not in (zone, NO_ZONE) for s in self._recent):
            self._see_under(zone)
        if seen.right:
            self._righted(seen)
        if seen.outside and self._wrong_side is Side.INSIDE:
            self._come_by(way_from(self._recent, seen), seen, version)
        self._recent = trimmed(self._recent, seen)
        if seen.wrong and active and version is not None:
            self._wronged(seen, version)

    def context(self, fix: Fix, zone: int, distance_m: float) -> None:
        """Take a fix from before the beginning: a place to come from, not evidence."""
        area_m2 = self.geometry.area_m2(zone) if zone != NO_ZONE else 0.0
        seen = see(fix, zone, distance_m, area_m2, self._wrong_side, active=False)
        self._recent = trimmed(self._recent, seen)

    def _holds(self, version: OrderVersion, at_us: int) -> bool:
        if self.subject.timeline.governing(at_us) is version:
            return self._holding == version.version
        condition = condition_of(version, self.subject.condition)
        if condition is None or not in_force(version, at_us):
            return False
        return bool(holding_between(version, condition, at_us, at_us + 1))

    def _wronged(self, seen: Seen, version: OrderVersion) -> None:
        run = run_of(self._recent)
        self._rights = 0
        if self._episode is not None:
            doubted = self._episode.doubted and _within_reach(seen, self._window_us)
            known = self._episode.certainty
            found = known if known is Certainty.CERTAIN else strength(self._recent, run)
            self._episode = _strengthened(self._episode, seen, found, doubted=doubted)
            return
        if not opens(self._recent, run):
            return
        active = _shown_by(run)
        how, opened_at_us, doubted = How.INSIDE, active[0].at_us, False
        if self._wrong_side is Side.OUTSIDE:
            how, opened_at_us, doubted = self._missed(run, active[0])
        self._episode = Episode(
            opened_at_us=opened_at_us,
            closed_at_us=None,
            how=how,
            version=version.version,
            certainty=Certainty.POSSIBLE if doubted else strength(self._recent, run),
            deepest_m=max(s.depth_m for s in active),
            shown_at_us=seen.at_us,
            device=seen.fix.wire.device,
            doubted=doubted,
        )

    def _missed(self, run: tuple[Seen, ...], first: Seen) -> tuple[How, int, bool]:
        """How an inclusion was broken that a run outside shows, since when, and whether he could have
        been home by the window's edge. ``first``: the first of the run within the window."""
        window_us = first.at_us if self._window_us is None else self._window_us
        earlier = [s for s in run if 0 < window_us - s.at_us <= _EDGE_AGE_US]
        if earlier:
            doubted = _within_reach(earlier[-1], window_us) and _within_reach(first, window_us)
            return How.LATE_HOME, window_us, doubted
        if self._home_us is not None and self._home_us >= window_us - _EDGE_AGE_US:
            return How.LEFT_EARLY, first.at_us, False
        return How.LATE_HOME, first.at_us, _within_reach(first, window_us)

    def _righted(self, seen: Seen) -> None:
        if self._wrong_side is Side.OUTSIDE:
            self._home_us = seen.at_us
        self._oppose_closed(seen)
        if self._episode is None:
            return
        if self._rights == 0:
            self._right_since_us = seen.at_us
        self._rights += 1
        self._episode = replace(self._episode, opposed=True)
        if self._rights >= 2:
            self._close(self._right_since_us)

    def _oppose_closed(self, seen: Seen) -> None:
        """ "a usable fix newer than all that show the breach shows the wearer on the right side": of what
        this walk has closed too. What lies before one that is opposed is opposed as well."""
        for i in range(len(self.closed) - 1, -1, -1):
            episode = self.closed[i]
            if episode.opposed:
                break
            if episode.shown_at_us < seen.at_us:
                self.closed[i] = replace(episode, opposed=True)

    def _come_by(self, before: Seen | None, seen: Seen, version: OrderVersion | None) -> None:
        if before is None or version is None or before.fix.wire.device != seen.fix.wire.device:
            return
        if before.at_us < seen.at_us:
            self._way(before, seen, version)

    # --- paths --------------------------------------------------------------------------------

    def _way(self, a: Seen, b: Seen, version: OrderVersion) -> None:
        """Judge the way between two fixes, the later one outside."""
        if a.zone == b.zone and (not a.outside or cannot_meet(a, b)) and self._one_version(a, b):
            return
        parts = [part for part in self._parts(a, b, version) if self._both_outside(part.zone, a, b)]
        if not parts:
            return
        contacts = [
            (part, contact)
            for part in parts
            if (contact := self.geometry.contact(part.zone, part.start, part.end)) is not None
        ]
        gap_s = (b.at_us - a.at_us) / SECOND_US
        if gap_s <= CROSSING_GAP_MAX_S:
            if contacts and way_opens(max(c.deepest_m for _, c in contacts), _claim_m(a, b)):
                aside = led_aside(self._recent, a) or led_aside(self._recent, b)
                self.closed.append(_crossing(a, b, contacts, aside=aside))
            return
        owed_us = self._owed_us(a, b)
        owed = 0 < owed_us <= REACH_GAP_MAX_S * SECOND_US
        if contacts or (owed and self._reachable(parts, a, b, gap_s)):
            version_number = contacts[0][0].version if contacts else parts[0].version
            deepest_m = max((contact.deepest_m for _, contact in contacts), default=0.0)
            self.closed.append(
                Episode(
                    a.at_us,
                    b.at_us,
                    How.REACHABLE,
                    version_number,
                    Certainty.POSSIBLE,
                    deepest_m,
                    b.at_us,
                    b.fix.wire.device,
                )
            )

    def _still_s(self, a: Seen, b: Seen) -> float:
        """For how long of a gap the device says that it lay still: nobody went anywhere with it then."""
        still_us, since_us = 0, None
        for turn in self._turns(a.fix.wire.device):
            if turn.still is True and since_us is None:
                since_us = turn.at_us
            elif turn.still is False and since_us is not None:
                still_us += max(0, min(turn.at_us, b.at_us) - max(since_us, a.at_us))
                since_us = None
        if since_us is not None:
            still_us += max(0, b.at_us - max(since_us, a.at_us))
        return still_us / SECOND_US

    def _owed_us(self, a: Seen, b: Seen) -> int:
        """For how long of the way between two fixes of a device others were owed, one after another:
        a position that places nobody was sent all the same."""
        device = a.fix.wire.device
        between = [s for s in self._recent if a.at_us < s.at_us < b.at_us and s.fix.wire.device == device]
        return sum(self._owed_between_us(*step) for step in pairwise([a, *between, b]))

    def _owed_between_us(self, a: Seen, b: Seen) -> int:
        device = a.fix.wire.device
        bases: list[Pace] = []
        for from_us, _, version in self.subject.timeline.reigns(a.at_us, b.at_us):
            use = device_use(version, device, from_us)
            if use is not None:
                bases.append(Pace(from_us, use.plan_s or PLAN_S))
        cell = a.fix.wire.source is Source.CELL
        plan = paces(bases, self._turns(device), cell=cell, from_us=a.at_us)
        return sum(to_us - from_us for from_us, to_us in owed_spans(plan, b.at_us))

    def _one_version(self, a: Seen, b: Seen) -> bool:
        """Whether one version governs the whole way, so that one zone decides."""
        timeline = self.subject.timeline
        return timeline.governing(a.at_us) is timeline.governing(b.at_us)

    def _parts(self, a: Seen, b: Seen, version: OrderVersion) -> list[_Part]:
        """The parts of the way in which the condition holds, each with its own version's zone."""
        timeline = self.subject.timeline
        if timeline.governing(b.at_us) is version:
            holds = [(s.from_us, s.to_us, s.version) for s in timeline.stretches(a.at_us, b.at_us)]
        else:  # received after a newer version was armed: that one judges the way as it judges the fix
            condition = condition_of(version, self.subject.condition)
            if condition is None:
                return []
            holds = [
                (from_us, to_us, version.version)
                for from_us, to_us in holding_between(version, condition, a.at_us, b.at_us)
            ]
        zones = self.subject.zones
        return [_Part(a, b, from_us, to_us, number, zones[number]) for from_us, to_us, number in holds]

    def _both_outside(self, zone: int, a: Seen, b: Seen) -> bool:
        return all(
            is_outside(
                s.distance_m
                if s.zone == zone
                else self.geometry.distance_m(zone, s.fix.wire.lon, s.fix.wire.lat)
            )
            for s in (a, b)
        )

    def _reachable(self, parts: list[_Part], a: Seen, b: Seen, gap_s: float) -> bool:
        start, end = _between(a, b, 0.0), _between(a, b, 1.0)
        reach_m = REACH_SPEED_MAX_M_S * (gap_s - self._still_s(a, b))
        return any(
            self.geometry.detour_m(zone, start, end) <= reach_m
            for zone in sorted({part.zone for part in parts})
        )


def _crossing(a: Seen, b: Seen, contacts: list[tuple[_Part, Contact]], *, aside: bool) -> Episode:
    part, contact = contacts[0]
    along = part.fraction(contact.first)
    deepest_m = max(found.deepest_m for _, found in contacts)
    wa, wb = a.fix.wire, b.fix.wire
    p = way_probability(
        deepest_m,
        _claim_m(a, b),
        span_m(wa.lon, wa.lat, wb.lon, wb.lat),
    )
    return Episode(
        opened_at_us=a.at_us + round(along * (b.at_us - a.at_us)),
        closed_at_us=b.at_us,
        how=How.CROSSED,
        version=part.version,
        certainty=Certainty.POSSIBLE if aside else certainty_of(p, agreed=True),
        deepest_m=deepest_m,
        shown_at_us=b.at_us,
        device=wb.device,
    )


def _claim_m(a: Seen, b: Seen) -> float:
    """The wider of two claims, metres."""
    return max(a.fix.wire.accuracy_m, b.fix.wire.accuracy_m)


def _ended(episode: Episode, at_us: int) -> Episode:
    return replace(episode, closed_at_us=max(at_us, episode.opened_at_us))


def _strengthened(episode: Episode, seen: Seen, found: Certainty, *, doubted: bool) -> Episode:
    rises = found.level > episode.certainty.level and not doubted
    return replace(
        episode,
        certainty=found if rises else episode.certainty,
        doubted=doubted,
        deepest_m=max(episode.deepest_m, seen.depth_m),
        shown_at_us=seen.at_us,
        device=seen.fix.wire.device,
        opposed=False,
    )


def _within_reach(seen: Seen, edge_us: int | None) -> bool:
    """Whether he could have been home at the edge, at plausible speed from or to where he was seen.

    "only `possible` where he could have been home by the edge"
    """
    return edge_us is None or seen.depth_m <= REACH_SPEED_MAX_M_S * abs(seen.at_us - edge_us) / SECOND_US


def _inactive(seen: Seen) -> Seen:
    return replace(seen, active=False) if seen.active else seen


def _shown_by(run: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """The end of a run that each fix's own version judged so, while the condition held."""
    start = len(run)
    while start and run[start - 1].active:
        start -= 1
    return run[start:]


def _aged(found: Certainty, age_us: int) -> Certainty:
    """An old fix behind an edge lowers the certainty, one word beyond the age of presence."""
    if age_us <= PRESENT_AGE_MAX_S * SECOND_US:
        return found
    return Certainty.PROBABLE if found is Certainty.CERTAIN else Certainty.POSSIBLE
