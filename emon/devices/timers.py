"""When to look at which device, or condition: an index that a fix does not have to touch.

Each device has one entry, which is never later than what is really due. A message only moves what
is due further away, so the entry stays; when its instant comes, it is set anew. So a device costs
one change of the index in each two plan intervals, not one a fix.

Entries of the near future stand sorted in ``front``; the rest lie in buckets of ``BUCKET_US``, which
are sorted when they are reached. Immutable: a failed transaction leaves no trace.
The looks at conditions are kept so too, each set anew whenever it changes.
"""

from __future__ import annotations

import bisect
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.model.instant import SECOND_US

BUCKET_US = 16 * SECOND_US

Name = TypeVar("Name", bound=Hashable)
"""What is looked at: a device, or (order, condition)."""


class Timers(msgspec.Struct, Generic[Name], frozen=True):
    """``placed`` holds the valid entry of each device; others that are met are thrown away.
    ``front`` holds every entry before the end of bucket ``reached``; ``nearest`` is the first of those that
    follow, where there are any."""

    placed: Map[Name, int] = Map()
    front: tuple[tuple[int, Name], ...] = ()
    reached: int = -1
    buckets: Map[int, tuple[tuple[int, Name], ...]] = Map()
    nearest: int = -1

    @property
    def next_us(self) -> int | None:
        """No entry lies before this instant; there may be none at it. None: there is no entry."""
        if self.front:
            return self.front[0][0]
        return self.nearest * BUCKET_US if self.buckets else None


def place(timers: Timers[Name], entries: Iterable[tuple[int, Name]]) -> Timers[Name]:
    """The index with entries of some devices set anew, each replacing the device's own."""
    placed, buckets = timers.placed.mutate(), timers.buckets.mutate()
    near: list[tuple[int, Name]] = []
    far: dict[int, list[tuple[int, Name]]] = {}
    for entry in entries:
        at_us, device = entry
        if placed.get(device) == at_us:
            continue
        placed[device] = at_us
        bucket = at_us // BUCKET_US
        if bucket <= timers.reached:
            near.append(entry)
        else:
            far.setdefault(bucket, []).append(entry)
    for bucket, found in far.items():
        buckets[bucket] = (*buckets.get(bucket, ()), *found)
    nearest = min([*far, *([timers.nearest] if timers.buckets else [])], default=-1)
    front = timers.front
    if near:
        merged = list(front)
        for entry in near:
            bisect.insort(merged, entry)
        front = tuple(merged)
    return Timers(placed.finish(), front, timers.reached, buckets.finish(), nearest)


def drop(timers: Timers[Name], devices: Iterable[Name]) -> Timers[Name]:
    """The index without some devices' entries."""
    placed = timers.placed.mutate()
    for device in devices:
        placed.pop(device, None)
    return replace(timers, placed=placed.finish())


def taken(timers: Timers[Name], before_us: int) -> tuple[Timers[Name], list[tuple[int, Name]]]:
    """All valid entries before an instant, taken out, and the index without them."""
    placed = timers.placed
    found: list[tuple[int, Name]] = []
    front, reached, buckets, nearest = timers.front, timers.reached, timers.buckets, timers.nearest
    while True:
        end = bisect.bisect_left(front, (before_us,))
        found.extend(front[:end])
        front = front[end:]
        if front or not buckets:
            break
        if nearest * BUCKET_US >= before_us:
            break
        front, reached, buckets = tuple(sorted(buckets[nearest])), nearest, buckets.delete(nearest)
        nearest = min(buckets, default=-1)
    if not found and reached == timers.reached:
        return timers, []
    valid = [entry for entry in found if placed.get(entry[1]) == entry[0]]
    left = placed.mutate()
    for _, device in valid:
        left.pop(device, None)
    return Timers(left.finish(), front, reached, buckets, nearest), sorted(set(valid))
