"""What clean fixes show (contract, section 3), found from everything that is known, each time from the
beginning: no memory, no batches, nothing patched.

Clean means: deep inside or far outside, so that one fix shows a side and two show it for certain. Zones
are circles in a plane, in metres around one place. Where a case is too close to call, :class:`TooClose`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.oracle.times import Order, S, Version

EDGE_AGE = 900 * S
CROSSING_GAP = 120 * S
OWED_AFTER = 180 * S
REACH_GAP = 1_800 * S
REACH_SPEED = 14.0
PRESENT_AGE = 300 * S
RUN_AGE = 900 * S
CLEAR_M = 15.0


class TooClose(Exception):
    """A case that only the engine's own model of errors can decide."""


@dataclass(frozen=True)
class Circle:
    x: float
    y: float
    radius: float

    def inside(self, fix: Known) -> bool:
        gap = math.hypot(fix.x - self.x, fix.y - self.y) - self.radius
        if abs(gap) < 3 * CLEAR_M:
            raise TooClose(f"{gap} m from the edge")
        return gap < 0

    def on_way(self, a: Known, b: Known) -> tuple[float, float] | None:
        """Between which fractions of the way from a to b it lies inside."""
        dx, dy = b.x - a.x, b.y - a.y
        fx, fy = a.x - self.x, a.y - self.y
        aa, bb, cc = dx * dx + dy * dy, fx * dx + fy * dy, fx * fx + fy * fy - self.radius**2
        if aa == 0.0:
            return None
        nearest = min(1.0, max(0.0, -bb / aa))
        gap = math.hypot(fx + nearest * dx, fy + nearest * dy) - self.radius
        if abs(gap) < CLEAR_M:
            raise TooClose(f"a way {gap} m from the edge")
        root = bb * bb - aa * cc
        if gap > 0 or root <= 0:
            return None
        return (-bb - math.sqrt(root)) / aa, (-bb + math.sqrt(root)) / aa

    def way_by(self, a: Known, b: Known) -> float:
        """Metres of the shortest way from a by the zone to b, by trial along its edge."""
        rim = (
            (
                self.x + self.radius * math.cos(t / 720 * math.pi),
                self.y + self.radius * math.sin(t / 720 * math.pi),
            )
            for t in range(1440)
        )
        return min(math.hypot(a.x - x, a.y - y) + math.hypot(b.x - x, b.y - y) for x, y in rim)


@dataclass(frozen=True, order=True)
class Known:
    """A usable fix: when made, by which device, and when the engine took it."""

    t: int
    device: str
    seq: int
    received: int = field(compare=False)
    x: float = field(compare=False)
    y: float = field(compare=False)


@dataclass
class Episode:
    """One stretch of breach. ``level``: 0 possible, 1 probable, 2 certain; None where the engine's model
    of ways decides. ``first``: when the first fix was made that shows it, of an edge the one before it."""

    how: str
    opened: int
    version: int
    shown: int
    level: int | None
    first: int = field(init=False)
    closed: int | None = None

    def __post_init__(self) -> None:
        self.first = self.shown

    def close(self, at: int) -> None:
        self.closed = max(at, self.opened)


class Finder:
    """One condition of one order as known at ``now``, with the edges up to ``edges_until``."""

    def __init__(
        self,
        order: Order,
        name: str,
        kind: str,
        zones: dict[int, Circle],
        begin: int,
        now: int,
        edges_until: int,
    ) -> None:
        self.order, self.name, self.zones = order.armed_by(now), name, zones
        self.wrong_inside = kind == "exclusion"
        self.begin, self.edges_until = begin, edges_until
        self.done: list[Episode] = []
        self.open: Episode | None = None
        self.seen: list[Known] = []
        self.opposite: list[int] = []
        self.window: int | None = None
        self.home: int | None = None

    def wrong(self, fix: Known, version: Version) -> bool:
        return self.zones[version.number].inside(fix) == self.wrong_inside

    def find(self, fixes: list[Known]) -> list[Episode]:
        """Edges and fixes in event time, an edge before a fix of its own instant."""
        edges = self.order.edges(self.name, self.begin, self.edges_until)
        left = sorted(fixes)
        holding: Version | None = None
        for at, version in edges:
            while left and left[0].t < at:
                self.fix(left.pop(0))
            self.edge(at, version, begins=holding is None)
            holding = version
        for fix in left:
            self.fix(fix)
        return self.done + ([self.open] if self.open else [])

    # --- an edge ---
    def edge(self, at: int, version: Version | None, *, begins: bool) -> None:
        if version is None:
            if self.open:
                self.absent_if_never_home(self.open)
                self.end_by(at)
            self.window = None
            return
        worn = [fix for fix in self.seen if version.worn(fix.device, fix.t)]
        recent = [fix for fix in worn if at - fix.t <= EDGE_AGE]
        newest = worn[-1] if worn else None
        if begins:
            self.window = at
            self.home = next((f.t for f in reversed(recent) if not self.wrong(f, version)), None)
        elif newest and not self.wrong(newest, version):
            self.home = newest.t
        if newest is None:
            return
        if not self.wrong(newest, version):
            if self.open:
                self.end_by(at)
            return
        self.opposite = []
        if self.open:
            self.open.shown = max(self.open.shown, newest.t)
        elif at - newest.t <= EDGE_AGE:
            level = self.level(newest, version)
            if at - newest.t > PRESENT_AGE:
                level = max(0, level - 1)
            how = "schedule" if self.wrong_inside else "late_home"
            self.open = Episode(how, at, version.number, newest.t, level)

    def absent_if_never_home(self, episode: Episode) -> None:
        never = self.home is None or self.window is None or self.home < self.window
        if episode.how == "late_home" and never:
            episode.how = "absent"

    def end_by(self, edge: int) -> None:
        """ "the first fix of the run that shows the opposite, or the edge": whichever was first."""
        self.end(self.opposite[0] if self.opposite else edge)

    def end(self, at: int) -> None:
        assert self.open
        self.open.close(at)
        self.done.append(self.open)
        self.open, self.opposite = None, []

    # --- a fix ---
    def fix(self, fix: Known) -> None:
        version = self.order.judging(fix.t, fix.received)
        if version is not None and not version.worn(fix.device, fix.t):
            return
        judged = version is not None and self.name in version.conditions
        if judged:
            assert version is not None
            if self.wrong(fix, version):
                self.seen.append(fix)
                if version.holds(self.name, fix.t):
                    self.show_wrong(fix, version)
                return
            self.show_right(fix)
            if self.wrong_inside and self.seen and self.seen[-1].device == fix.device:
                self.way(self.seen[-1], fix, version)
        self.seen.append(fix)

    def show_wrong(self, fix: Known, version: Version) -> None:
        self.opposite = []
        first = [f for f in self.seen if f < fix and fix.t - f.t <= RUN_AGE][:1]
        if self.open is None and first and self.order.judging(first[0].t, first[0].received) is None:
            raise TooClose("whether a fix from before the order is a witness")
        level = self.level(fix, version)
        if self.open:
            known = self.open.level or 0
            if level <= known:
                level = self.after_silence(fix, version, known)
            self.open.shown = fix.t
            self.open.level = max(level, known)
            return
        how = "inside"
        if not self.wrong_inside:
            if self.window is None:
                raise TooClose("a window that began before the order was armed")
            window = self.window
            home = self.home is not None and self.home >= window - EDGE_AGE
            how = "left_early" if home else "late_home"
        self.open = Episode(how, fix.t, version.number, fix.t, level)

    def show_right(self, fix: Known) -> None:
        if not self.wrong_inside:
            self.home = fix.t
        if self.open:
            self.opposite.append(fix.t)
            if len(self.opposite) == 2:
                self.end(self.opposite[0])

    def level(self, fix: Known, version: Version) -> int:
        """Two fixes in a row, at most a quarter of an hour apart, make it certain; one alone is possible."""
        recent = [f for f in self.seen if f < fix and fix.t - f.t <= RUN_AGE]
        if not all(self.judged(f) for f in recent):
            raise TooClose("a fix that a version without this condition judges")
        return 2 if recent and self.wrong(recent[-1], version) else 0

    def after_silence(self, fix: Known, version: Version, known: int) -> int:
        """ "a slow real entry is `probable` within two good fixes", however long the silence between them;
        and a third that comes as late makes it certain (ADR 0064). Of one whom an edge found by the
        first, the second does (ADR 0073)."""
        assert self.open
        before = [f for f in self.seen if f < fix][-1:]
        long_ago = before and fix.t - before[0].t > RUN_AGE and before[0].t >= self.open.first
        if not long_ago or not self.wrong(before[0], version):
            return known
        return 2 if before[0].t < self.open.opened else min(2, known + 1)

    def judged(self, fix: Known) -> bool:
        """Whether the version that judges a fix, if any does yet, has this condition."""
        version = self.order.judging(fix.t, fix.received)
        return version is None or self.name in version.conditions

    # --- a way ---
    def way(self, a: Known, b: Known, version: Version) -> None:
        if self.order.governing(b.t) is version:
            parts = self.order.stretches(self.name, a.t, b.t)
        else:
            parts = self.order.stretches(self.name, a.t, b.t, version)
        parts = [p for p in parts if not self.wrong(a, p[2]) and not self.wrong(b, p[2])]
        met: list[tuple[int, Version]] = []
        for begin, end, by in parts:
            within = self.zones[by.number].on_way(a, b)
            if within is not None:
                first, last = (a.t + round(share * (b.t - a.t)) for share in within)
                if min(abs(first - end), abs(last - begin)) < S:
                    raise TooClose("a way that meets the zone at an edge")
                if max(first, begin) < min(last, end):
                    met.append((max(first, begin), by))
        gap = b.t - a.t
        if gap <= CROSSING_GAP:
            if met:
                self.done.append(Episode("crossed", met[0][0], met[0][1].number, b.t, None, b.t))
            return
        owed = gap - OWED_AFTER
        if not met and parts and 0 < owed <= REACH_GAP and self.reaches(parts, a, b):
            met = [(a.t, parts[0][2])]
        if met:
            self.done.append(Episode("reachable", a.t, met[0][1].number, b.t, 0, b.t))

    def reaches(self, parts: list[tuple[int, int, Version]], a: Known, b: Known) -> bool:
        reach = REACH_SPEED * (b.t - a.t) / S
        ways = [self.zones[by.number].way_by(a, b) for _, _, by in parts]
        if any(abs(way - reach) < 0.02 * reach for way in ways):
            raise TooClose("a way that plausible speed just covers")
        return min(ways) <= reach
