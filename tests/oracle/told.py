"""What is on file and who is told what, decision by decision (contract, section 3, default policy)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.found import PRESENT_AGE, Episode, Finder, Known
from tests.oracle.times import Order, S

P, R, M = "politie", "reclassering", "meldkamer_em"
DAY_S = 86_400
CERTAINTY = ("possible", "probable", "certain")


@dataclass
class Told:
    event: str
    at: int
    level: int
    recipients: tuple[str, ...]
    priority: int
    open: bool
    day: object = None


@dataclass
class Line:
    """A breach on file."""

    episode: Episode
    historic: bool
    refuted: bool = False
    told: list[Told] = field(default_factory=list)

    @property
    def opened(self) -> int:
        return self.episode.opened

    @property
    def closed(self) -> int | None:
        return self.episode.closed

    def everyone(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(party for told in self.told for party in told.recipients))


def overlap(a: Episode, b: Episode) -> bool:
    endless = 2**62
    return a.opened < (endless if b.closed is None else b.closed) and b.opened < (
        endless if a.closed is None else a.closed
    )


def overlap_alike(a: Episode, b: Episode) -> bool:
    ways = {"crossed", "reachable"}
    return (a.how in ways) == (b.how in ways) and overlap(a, b)


def takes_in(episode: Episode, line: Episode) -> bool:
    """Whether late fixes made a line a part of an episode that is on file by another line already."""
    if line.how in ("crossed", "reachable") and episode.closed is not None and line.closed is not None:
        return overlap(episode, line) and line.closed <= episode.closed
    return overlap(episode, line)


def same_start(a: Episode, b: Episode) -> bool:
    late = {"late_home", "absent"}
    return a.opened == b.opened and (a.how == b.how or {a.how, b.how} == late)


class File:
    """The lines of one condition, brought up to date at each decision."""

    def __init__(self, order: Order, name: str, kind: str, new_finder: Callable[[int, int], Finder]) -> None:
        self.order, self.name, self.kind = order, name, kind
        self.new_finder = new_finder
        self.lines: list[Line] = []
        self.incursions: set[object] = set()
        self.level_of_way: Callable[[int], int] = lambda _: 0

    def decide(self, now: int, fixes: list[Known], *, timer: bool) -> None:
        """One decision. A timer fires after the inputs of its instant, but in event time an edge comes
        before a fix of its own instant."""
        newest = max((fix.t for fix in fixes), default=now)
        finder = self.new_finder(now, now if timer else max(now - 1, min(now, newest)))
        episodes = sorted(finder.find(fixes), key=lambda e: e.opened)
        left = sorted((line for line in self.lines if not line.refuted), key=lambda line: line.opened)
        mine: dict[int, Line] = {}
        for is_same in (same_start, overlap_alike, overlap):
            for i, episode in enumerate(episodes):
                found = next((line for line in left if is_same(line.episode, episode)), None)
                if i not in mine and found is not None:
                    mine[i] = found
                    left.remove(found)
        changes: list[tuple[Line, Episode | None]] = []
        for i, episode in enumerate(episodes):
            historic = self.is_historic(finder, episode, now)
            if i in mine:
                line = mine[i]
                changes.append((line, line.episode))
                # "never dispatch": a stay that late fixes find in a gap was not present as a reach before.
                anew = line.episode.how == "reachable" != episode.how
                line.episode, line.historic = episode, historic and (line.historic or anew)
            else:
                line = Line(episode, historic)
                self.lines.append(line)
                changes.append((line, None))
        for line in left:
            before = line.episode
            holding = next((e for e in episodes if takes_in(e, before)), None)
            if holding is None:
                line.refuted = True
            elif line.closed is None and holding.closed is not None:
                line.episode = Episode(before.how, before.opened, before.version, before.shown, before.level)
                line.episode.close(holding.closed)
            changes.append((line, before))
        for line, was in sorted(changes, key=lambda change: change[0].opened):
            self.tell(line, was, now)

    def is_historic(self, finder: Finder, episode: Episode, now: int) -> bool:
        """ "a usable fix newer than all that show the breach shows the wearer on the right side, or the
        newest that shows it is older than present_age_max_s" """
        for fix in finder.seen:
            version = finder.order.judging(fix.t, fix.received)
            judged = version is not None and self.name in version.conditions
            if fix.t > episode.shown and judged and version and not finder.wrong(fix, version):
                return True
        if episode.how in ("schedule", "late_home") and episode.opened == now:
            return False
        return now - episode.shown > PRESENT_AGE

    # --- telling ---
    def rule(self, line: Line, now: int) -> tuple[str, int, tuple[str, ...], int]:
        """Event, priority, recipients and level of a line as it is now."""
        episode = line.episode
        level = self.level_of_way(episode.opened) if episode.level is None else episode.level
        if episode.how == "reachable":
            return "possible_incursion", 3, (M,), level
        if line.historic:
            return "historic_breach", 3, (R, M), level
        if self.kind == "inclusion":
            return "breach", 3, (R, M), level
        version = self.order.armed_by(now).governing(now)
        high = version is not None and version.risk == "high"
        rows = {2: (1, (P, R, M)), 1: (1, (M, R, P)) if high else (2, (M, R)), 0: (2, (M,))}
        return ("breach", *rows[level], level)

    def tell(self, line: Line, was: Episode | None, now: int) -> None:
        if not line.refuted:
            self.tell_what_it_is(line, now)
        told_open = any(told.open for told in line.told if told.at < now or was is not None)
        closes = was is not None and was.closed is None and line.closed is not None and told_open
        if line.told and (line.refuted or closes):
            everyone = line.everyone()
            priority = 1 if line.refuted and P in everyone else 4
            level = line.told[-1].level
            line.told.append(Told("breach_cleared", now, level, everyone, priority, line.closed is None))

    def tell_what_it_is(self, line: Line, now: int) -> None:
        event, priority, recipients, level = self.rule(line, now)
        raised = [told for told in line.told if told.event != "breach_cleared"]
        day = None
        if event == "possible_incursion":
            day = local_day(line.closed or line.opened)
            if raised or day in self.incursions:
                return
            self.incursions.add(day)
        elif raised:
            adds = set(recipients) - set(line.everyone())
            breaches = [told for told in raised if told.event == "breach"]
            if event == "historic_breach":
                if not adds or any(told.event != "possible_incursion" for told in raised):
                    return
            elif breaches and not (adds and level > max(told.level for told in breaches)):
                return
        line.told.append(Told(event, now, level, recipients, priority, line.closed is None, day))


def local_day(at: int) -> object:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.astimezone(ZoneInfo("Europe/Amsterdam")).date()


def as_taken(order: Order, fixes: list[Known]) -> list[Known]:
    """Fixes with the instant at which the engine took them: what came before an order named the device
    is taken again when one does, if it is no more than a day old."""
    taken = []
    for fix in fixes:
        naming = [v.armed_at for v in order.versions if any(u["id"] == fix.device for u in v.devices)]
        known_from = min(naming, default=2**62)
        if fix.received >= known_from:
            taken.append(fix)
        elif known_from - fix.received <= DAY_S * S:
            taken.append(Known(fix.t, fix.device, fix.seq, known_from, fix.x, fix.y))
    return taken
