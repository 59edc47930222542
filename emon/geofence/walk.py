"""The steps of the fold: what an edge shows, what a fix shows, and what the breach's table makes of it.

When a breach begins and ends stands in :data:`emon.geofence.episode.BREACH`; here its inputs are chosen
and its effects carried out. A :class:`Walk` takes a :class:`~emon.geofence.fold.Fold`, is fed in event
time, and gives the next one; it is used for one advance and thrown away, so nothing outside ever sees
it change.
"""

from __future__ import annotations

from msgspec.structs import replace

from emon.geofence.agreement import confirms, opens, strength, strengthened, witness, worth
from emon.geofence.episode import BREACH, Done, Phase, Shown
from emon.geofence.fold import (
    NO_ZONE,
    Episode,
    Fold,
    Seen,
    Side,
    Subject,
    is_placed,
    remembered,
    run_of,
    see,
    trimmed,
    way_from,
)
from emon.geofence.geometry import Geometry
from emon.geofence.schedule import holding_between
from emon.geofence.timeline import Edge, condition_of, device_use, in_force
from emon.geofence.way import Turns, Ways
from emon.limits import EDGE_FIX_AGE_MAX_S, PRESENT_AGE_MAX_S, REACH_SPEED_MAX_M_S
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.vocabulary import Certainty, How

_EDGE_AGE_US = EDGE_FIX_AGE_MAX_S * SECOND_US


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
    def phase(self) -> Phase:
        """Where the condition's breach stands."""
        if self._episode is None:
            return Phase.NONE
        return Phase.OPPOSED if self._rights else Phase.IN_BREACH

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
            self._turn_at(edge, Shown.EDGE_END, ())
            self._recent = tuple(_inactive(seen) for seen in self._recent)
            self._window_us = None
            return
        self._see_under(self.subject.zones[edge.version])
        version = self.subject.timeline.version(edge.version)
        worn = tuple(s for s in self._recent if device_use(version, s.fix.wire.device, s.at_us) is not None)
        if self._wrong_side is Side.OUTSIDE:
            self._enter_window(edge, worn, begins=begins)
        self._turn_at(edge, self._shown_at(edge, worn), worn)

    def _shown_at(self, edge: Edge, worn: tuple[Seen, ...]) -> Shown:
        """What the newest fix shows of what holds from an edge on."""
        newest = worn[-1] if worn else None
        if newest is None or not (newest.right or newest.wrong):
            return Shown.EDGE_UNKNOWN
        if newest.right:
            return Shown.EDGE_RIGHT
        begins = self._episode is None and edge.at_us - newest.at_us <= _EDGE_AGE_US
        return Shown.EDGE_CONCLUSIVE if begins and opens(worn, run_of(worn)) else Shown.EDGE_WRONG

    def _turn_at(self, edge: Edge, shown: Shown, worn: tuple[Seen, ...]) -> None:
        after, done = BREACH.step(self.phase, shown)
        for effect in done:
            if effect is Done.END_AT_EDGE:
                self._close(edge.at_us)
            elif effect is Done.END_AT_FIRST_RIGHT:
                self._close(self._right_since_us)
            elif effect is Done.CARRY:
                self._carry(worn[-1])
            elif effect is Done.BEGIN_AT_EDGE:
                self._begin_at(edge, worn)
        assert self.phase is after

    def _carry(self, newest: Seen) -> None:
        """What opposed it under the old version shows it under this one."""
        assert self._episode is not None
        self._rights = 0
        shown_at_us = max(self._episode.shown_at_us, newest.at_us)
        self._episode = replace(self._episode, shown_at_us=shown_at_us, opposed=False)

    def _begin_at(self, edge: Edge, worn: tuple[Seen, ...]) -> None:
        assert edge.version is not None
        newest = worn[-1]
        late = self._wrong_side is Side.OUTSIDE
        doubted = late and _within_reach(newest, edge.at_us)
        found = strength(worn, run_of(worn))
        certainty = _aged(found, edge.at_us - newest.at_us)
        word = Certainty.POSSIBLE if doubted else certainty
        self._episode = Episode(
            opened_at_us=edge.at_us,
            closed_at_us=None,
            how=How.LATE_HOME if late else How.SCHEDULE,
            version=edge.version,
            certainty=word,
            deepest_m=newest.depth_m,
            shown_at_us=newest.at_us,
            device=newest.fix.wire.device,
            doubted=doubted,
            aged=found is Certainty.CERTAIN and certainty is not found,
            witness=witness([newest], word),
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
        self._recent = remembered(self._recent, at_us)
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
            self._righted(seen, version)
        if seen.outside and self._wrong_side is Side.INSIDE:
            self._come_by(way_from(self._recent, seen), seen, version)
        self._recent = trimmed(self._recent, seen)
        if seen.wrong and active and version is not None:
            self._wronged(seen, version)
        elif not seen.right:
            self._turn(seen, Shown.UNKNOWN, version)

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

    def _turn(self, seen: Seen, shown: Shown, version: OrderVersion | None) -> None:
        """What the table makes of a fix. ``version`` judges it: only a fix that none judges lacks one."""
        after, done = BREACH.step(self.phase, shown)
        for effect in done:
            if effect is Done.OPPOSE:
                self._oppose(seen)
            elif effect is Done.END_AT_FIRST_RIGHT:
                self._close(self._right_since_us)
            elif effect is Done.SUPPORT:
                self._support(seen)
            elif effect is Done.BEGIN and version is not None:
                self._begin(seen, version)
        assert self.phase is after

    def _wronged(self, seen: Seen, version: OrderVersion) -> None:
        begins = self._episode is None and opens(self._recent, run_of(self._recent))
        self._turn(seen, Shown.CONCLUSIVE if begins else Shown.WRONG, version)

    def _support(self, seen: Seen) -> None:
        assert self._episode is not None
        self._rights = 0
        doubted = self._episode.doubted and _within_reach(seen, self._window_us)
        known = self._episode.certainty
        found, older = known, self._episode.witness
        if older is not None and older.zone != seen.zone:
            older = self._seen(older.fix, seen.zone, active=True)
        if known is not Certainty.CERTAIN:
            found = strength(self._recent, run_of(self._recent))
            if found.level <= known.level:
                found = worth(self._episode, older, seen)
        if self._episode.aged and confirms(self._recent):
            found = Certainty.CERTAIN
        self._episode = strengthened(self._episode, seen, found, older, doubted=doubted)

    def _begin(self, seen: Seen, version: OrderVersion) -> None:
        run = run_of(self._recent)
        active = _shown_by(run)
        how, opened_at_us, doubted = How.INSIDE, active[0].at_us, False
        if self._wrong_side is Side.OUTSIDE:
            how, opened_at_us, doubted = self._missed(run, active[0])
        certainty = Certainty.POSSIBLE if doubted else strength(self._recent, run)
        self._episode = Episode(
            opened_at_us=opened_at_us,
            closed_at_us=None,
            how=how,
            version=version.version,
            certainty=certainty,
            deepest_m=max(s.depth_m for s in active),
            shown_at_us=seen.at_us,
            device=seen.fix.wire.device,
            doubted=doubted,
            witness=witness(active if certainty is Certainty.POSSIBLE else [seen], certainty),
        )
        self._rights = 0

    def _missed(self, run: tuple[Seen, ...], first: Seen) -> tuple[How, int, bool]:
        """How an inclusion was broken that a run outside shows, since when, and whether he could have
        been home by the window's edge. ``first``: the first of the run within the window."""
        window_us = first.at_us if self._window_us is None else self._window_us
        # What its own version saw at home stays so, whatever the zone of this one makes of it.
        home_us = -1 if self._home_us is None else self._home_us
        earlier = [s for s in run if 0 < window_us - s.at_us <= _EDGE_AGE_US and s.at_us > home_us]
        if earlier:
            doubted = _within_reach(earlier[-1], window_us) and _within_reach(first, window_us)
            return How.LATE_HOME, window_us, doubted
        if self._home_us is not None and self._home_us >= window_us - _EDGE_AGE_US:
            return How.LEFT_EARLY, first.at_us, False
        return How.LATE_HOME, first.at_us, _within_reach(first, window_us)

    def _righted(self, seen: Seen, version: OrderVersion | None) -> None:
        if self._wrong_side is Side.OUTSIDE:
            self._home_us = seen.at_us
        self._oppose_closed(seen)
        self._turn(seen, Shown.RIGHT, version)

    def _oppose(self, seen: Seen) -> None:
        assert self._episode is not None
        self._rights, self._right_since_us = 1, seen.at_us
        aged = self._episode.aged and not is_placed(seen)  # a mast's side is none
        self._episode = replace(self._episode, opposed=True, aged=aged, witness=None)

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
            ways = Ways(self.subject, self.geometry, self._turns, self._recent)
            found = ways.between(before, seen, version)
            if found is None and not before.outside:
                found = self._swept(ways, seen, version)
            if found is not None:
                self.closed.append(found)

    def _swept(self, ways: Ways, seen: Seen, version: OrderVersion) -> Episode | None:
        """A passing of which fixes inside that opened nothing are the middle."""
        if self._episode is not None or opens(self._recent, run_of(self._recent)):
            return None
        device = seen.fix.wire.device
        placed = [s for s in self._recent if is_placed(s) and s.fix.wire.device == device]
        outside = next((place for place in reversed(range(len(placed))) if placed[place].outside), None)
        if outside is None:
            return None
        return ways.swept(placed[outside], placed[outside + 1 :], seen, version)


def _ended(episode: Episode, at_us: int) -> Episode:
    return replace(episode, closed_at_us=max(at_us, episode.opened_at_us))


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
