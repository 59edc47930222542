"""The contract's words on time (section 2), asked instant by instant: slow, plain, and written without
a look at the engine, so that the two can be held against each other.

Everything reads the document of orders itself. Instants are integer microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

S = 1_000_000
DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def text_of(at_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")


def _wall(tz: ZoneInfo, at_s: int) -> datetime:
    return (_EPOCH + timedelta(seconds=at_s)).astimezone(tz).replace(tzinfo=None)


@cache
def showings(tz: ZoneInfo, wall: datetime) -> list[int]:
    """Every second of UTC at which the clock shows ``wall``; where it never does, the first at which it
    shows something later ("moves to the next instant that does")."""
    as_utc = int((wall.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    quarter = as_utc - as_utc % 900  # clocks change on quarters of an hour
    near = range(quarter - 15 * 3_600, quarter + 15 * 3_600, 900)
    offsets = {int((_wall(tz, at) - datetime(1970, 1, 1)).total_seconds()) - at for at in near}
    found = sorted(as_utc - offset for offset in offsets if _wall(tz, as_utc - offset) == wall)
    return found or [next(at for at in near if at >= as_utc - max(offsets) and _wall(tz, at) > wall)]


def windows(schedule: dict[str, Any], first: date, last: date) -> list[tuple[int, int]]:
    """The windows that begin on the local days from ``first`` to ``last``, empty ones left out."""
    tz = ZoneInfo(schedule["tz"])
    found = []
    for window in schedule.get("windows") or [{"from": "00:00", "to": "00:00"}]:
        day = first
        while day <= last:
            if DAYS[day.weekday()] in window.get("days", DAYS):
                begin = datetime.fromisoformat(f"{day}T{window['from']}")
                end = datetime.fromisoformat(f"{day}T{window['to']}")
                if window["to"] <= window["from"]:
                    end += timedelta(days=1)
                from_us, to_us = showings(tz, begin)[0] * S, showings(tz, end)[-1] * S
                if from_us < to_us:
                    found.append((from_us, to_us))
            day += timedelta(days=1)
    return found


class Version:
    """One version of an order as its document has it."""

    def __init__(self, order: dict[str, Any], around: tuple[int, int]) -> None:
        self.number: int = order["version"]
        self.wearer: str = order["wearer"]
        self.risk: str = order.get("risk", "medium")
        self.valid_from = instant(order["valid_from"])
        self.armed_at = instant(order.get("armed_at") or order["valid_from"])
        ends = [instant(order[name]) for name in ("valid_until", "withdrawn_at") if order.get(name)]
        self.ends = min(ends, default=None)
        self.acts_from = max(self.armed_at, self.valid_from)
        self.devices = order.get("devices") or ([{"id": order["device"]}] if "device" in order else [])
        self.conditions = {c["id"]: c for c in order["conditions"]}
        self.lifted = [(instant(s["from"]), instant(s["to"])) for s in order.get("suspensions", ())]
        first = (_EPOCH + timedelta(microseconds=around[0])).date() - timedelta(days=2)
        last = (_EPOCH + timedelta(microseconds=around[1])).date() + timedelta(days=2)
        self._windows = {
            name: windows(c["schedule"], first, last)
            for name, c in self.conditions.items()
            if c.get("schedule")
        }

    def worn(self, device: str, at_us: int) -> bool:
        return any(
            use["id"] == device
            and (not use.get("from") or instant(use["from"]) <= at_us)
            and (not use.get("until") or at_us < instant(use["until"]))
            for use in self.devices
        )

    def excused(self, name: str) -> list[tuple[int, int]]:
        schedule = self.conditions[name].get("schedule") or {}
        permits = [(instant(e["from"]), instant(e["to"])) for e in schedule.get("except", ())]
        return [*permits, *self.lifted]

    def holds(self, name: str, at_us: int) -> bool:
        """Whether the condition holds at an instant; every stretch of time is half-open."""
        if name not in self.conditions or at_us < self.valid_from:
            return False
        if self.ends is not None and at_us >= self.ends:
            return False
        if any(a <= at_us < b for a, b in self.excused(name)):
            return False
        return name not in self._windows or any(a <= at_us < b for a, b in self._windows[name])

    def instants(self, name: str) -> set[int]:
        """Every instant at which an answer above may change."""
        found = {self.valid_from, self.armed_at}
        if self.ends is not None:
            found.add(self.ends)
        if name in self.conditions:
            for a, b in [*self.excused(name), *self._windows.get(name, ())]:
                found |= {a, b}
        return found


class Order:
    """All versions of one order."""

    def __init__(self, orders: Iterable[dict[str, Any]], around: tuple[int, int]) -> None:
        found = [Version(order, around) for order in orders]
        self.versions = sorted(found, key=lambda version: version.number)

    def armed_by(self, now: int) -> Order:
        """The order as it was known at an instant."""
        known = Order((), (0, 0))
        known.versions = [version for version in self.versions if version.armed_at <= now]
        return known

    def judging(self, fixed_at: int, received_at: int) -> Version | None:
        """ "of those with armed_at ≤ received_at and valid_from ≤ t, the highest" """
        able = [v for v in self.versions if v.armed_at <= received_at and v.valid_from <= fixed_at]
        return able[-1] if able else None

    def governing(self, at_us: int) -> Version | None:
        """ "An edge acts at the later of its instant and the armed_at that brought it" """
        able = [v for v in self.versions if v.acts_from <= at_us]
        return able[-1] if able else None

    def stretches(
        self, name: str, from_us: int, to_us: int, judge: Version | None = None
    ) -> list[tuple[int, int, Version]]:
        """Where in ``[from_us, to_us)`` the condition holds, cut where the version changes; by one version
        alone where ``judge`` says so."""
        cuts = {from_us, to_us}
        for version in self.versions:
            cuts |= {at for at in version.instants(name) if from_us < at < to_us}
        places = sorted(cuts)
        found: list[tuple[int, int, Version]] = []
        for begin, end in pairwise(places):
            by = judge or self.governing(begin)
            if by is None or not by.holds(name, begin):
                continue
            if found and found[-1][1] == begin and found[-1][2] is by:
                found[-1] = (found[-1][0], end, by)
            else:
                found.append((begin, end, by))
        return found

    def edges(self, name: str, from_us: int, to_us: int) -> list[tuple[int, Version | None]]:
        """Instants in ``[from_us, to_us]`` at which what holds changes, and what holds then."""
        found: list[tuple[int, Version | None]] = []
        now: Version | None = None
        at = from_us
        for begin, end, version in self.stretches(name, from_us, to_us + 1):
            if now is not None and begin > at:
                found.append((at, None))
            if version is not now or begin > at:
                found.append((begin, version))
            now, at = version, end
        if now is not None and at <= to_us:
            found.append((at, None))
        return found
