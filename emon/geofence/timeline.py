"""Which version of an order judges what, and when a condition holds.

Two questions that the contract (section 2) keeps apart. A *fix* is judged by the highest version
with ``armed_at <= received_at`` and ``valid_from <= fixed_at``. An *edge* acts at the later of its
instant and the ``armed_at`` that brought it, so along the time line the version that governs ``t``
is the highest with ``max(armed_at, valid_from) <= t``. A version that has ended, or does not name
the condition, puts nothing in force: no older one comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec

from emon.geofence.schedule import holding_between, next_change
from emon.model.instant import DAY_US
from emon.model.order import Condition, DeviceUse, OrderVersion


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """``[from_us, to_us)`` in which the condition holds under one version."""

    from_us: int
    to_us: int
    version: int


class Edge(msgspec.Struct, frozen=True, gc=False):
    """At ``at_us`` the version that makes the condition hold becomes ``version`` (None: it ends)."""

    at_us: int
    version: int | None


class Judged(msgspec.Struct, frozen=True):
    """The version and condition that judge a fix, and whether the condition holds at its time."""

    version: OrderVersion
    condition: Condition | None
    use: DeviceUse | None


def condition_of(version: OrderVersion, condition_id: str) -> Condition | None:
    """The version's condition of this id, if fixes can show a breach of it."""
    for condition in version.conditions:
        if condition.id == condition_id and condition.watched:
            return condition
    return None


def victim_devices(version: OrderVersion) -> frozenset[str]:
    """The devices of the people whom a version's contact conditions protect."""
    return frozenset(c.victim_device for c in version.conditions if c.victim_device is not None)


def in_force(version: OrderVersion, at_us: int) -> bool:
    ends_us = version.ends_at_us
    return version.valid_from_us <= at_us and (ends_us is None or at_us < ends_us)


def device_use(version: OrderVersion, device: str, at_us: int) -> DeviceUse | None:
    """The use of the device for the order at an instant, or None."""
    for use in version.devices:
        if use.device != device:
            continue
        if use.from_us is not None and at_us < use.from_us:
            continue
        if use.until_us is None or at_us < use.until_us:
            return use
    return None


class Timeline(msgspec.Struct, frozen=True, dict=True):
    """All versions of one order, seen from one of its conditions. Versions rise."""

    condition: str
    versions: tuple[OrderVersion, ...]

    def version(self, number: int) -> OrderVersion:
        """The version with this number; raises ``KeyError`` when the order has none such."""
        for version in self.versions:
            if version.version == number:
                return version
        raise KeyError(number)

    def judging(self, fixed_at_us: int, received_at_us: int) -> OrderVersion | None:
        """The version that judges a fix, whether or not it is in force; None: none is known yet."""
        for version in reversed(self.versions):
            if version.armed_at_us <= received_at_us and version.valid_from_us <= fixed_at_us:
                return version
        return None

    def governing(self, at_us: int) -> OrderVersion | None:
        """The version whose edges act at an instant."""
        for version in reversed(self.versions):
            if acts_from(version) <= at_us:
                return version
        return None

    def reigns(self, from_us: int, to_us: int) -> Iterator[tuple[int, int, OrderVersion]]:
        """``[from_us, to_us)`` cut where the governing version changes."""
        cuts = sorted({from_us, *(a for v in self.versions if from_us < (a := acts_from(v)) < to_us)})
        for start_us, end_us in zip(cuts, [*cuts[1:], to_us], strict=True):
            version = self.governing(start_us)
            if version is not None:
                yield start_us, end_us, version

    def stretches(self, from_us: int, to_us: int) -> list[Stretch]:
        """When the condition holds within ``[from_us, to_us)``, in order, one version each."""
        found: list[Stretch] = []
        for start_us, end_us, version in self.reigns(from_us, to_us):
            condition = condition_of(version, self.condition)
            if condition is None:
                continue
            for a_us, b_us in holding_between(version, condition, start_us, end_us):
                newest = found[-1] if found else None
                if newest is not None and newest.to_us == a_us and newest.version == version.version:
                    found[-1] = Stretch(newest.from_us, b_us, version.version)
                else:
                    found.append(Stretch(a_us, b_us, version.version))
        return found

    def holding(self, at_us: int) -> int | None:
        """Number of the version under which the condition holds at an instant, or None."""
        found = self.stretches(at_us, at_us + 1)
        return found[0].version if found else None

    def window_from(self, at_us: int) -> int | None:
        """Since when the condition has held without a break at an instant, whatever the version
        ("joined across versions that touch"), or None where it does not hold."""
        if self.holding(at_us) is None:
            return None
        floor_us = min(acts_from(version) for version in self.versions)
        span_us = 2 * DAY_US
        while True:
            from_us = max(floor_us, at_us - span_us)
            begin_us = at_us
            for stretch in reversed(self.stretches(from_us, at_us + 1)):
                if stretch.to_us < begin_us:
                    break
                begin_us = stretch.from_us
            if begin_us > from_us or from_us == floor_us:
                return begin_us
            span_us *= 4

    def window_soon(self, after_us: int, within_us: int) -> int | None:
        """The first instant in ``(after_us, after_us + within_us]`` at which the condition begins
        to hold, or None."""
        edges = self.edges(after_us, after_us + within_us)
        holding = self.holding(after_us)
        for edge in edges:
            if holding is None and edge.version is not None:
                return edge.at_us
            holding = edge.version
        return None

    def edges(self, after_us: int, to_us: int) -> list[Edge]:
        """Edges in ``(after_us, to_us]``, in order, at most one an instant."""
        if to_us <= after_us:
            return []
        edges: list[Edge] = []
        now = self.holding(after_us)
        cursor_us = after_us
        for stretch in self.stretches(after_us, to_us + 1):
            if stretch.from_us > cursor_us and now is not None:
                edges.append(Edge(cursor_us, None))
                now = None
            if stretch.version != now:
                edges.append(Edge(stretch.from_us, stretch.version))
                now = stretch.version
            cursor_us = stretch.to_us
        if now is not None and cursor_us <= to_us:
            edges.append(Edge(cursor_us, None))
        return [edge for edge in edges if edge.at_us > after_us]

    def next_look(self, after_us: int) -> int | None:
        """The next instant after ``after_us`` at which an edge may lie, or None."""
        looks = [a for v in self.versions if (a := acts_from(v)) > after_us]
        version = self.governing(after_us)
        condition = condition_of(version, self.condition) if version is not None else None
        if version is not None and condition is not None:
            change_us = next_change(version, condition, after_us)
            if change_us is not None:
                looks.append(change_us)
        return min(looks) if looks else None

    @cached_property
    def devices(self) -> frozenset[str]:
        """Every device any version names as the wearer's."""
        return frozenset(use.device for version in self.versions for use in version.devices)

    @cached_property
    def victim_devices(self) -> frozenset[str]:
        """Every device of a protected person that any version of the condition names."""
        found = (condition_of(version, self.condition) for version in self.versions)
        return frozenset(c.victim_device for c in found if c is not None and c.victim_device is not None)

    @cached_property
    def all_devices(self) -> frozenset[str]:
        """Every device whose fixes may be judged by the condition."""
        return self.devices | self.victim_devices


def acts_from(version: OrderVersion) -> int:
    """From when on a version's edges act."""
    return max(version.armed_at_us, version.valid_from_us)
