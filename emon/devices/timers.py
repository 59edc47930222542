"""When to look at which device: an index that a fix does not have to touch.

Each device has one entry, which is never later than what is really due. A message only moves what
is due further away, so the entry stays; when its instant comes, it is set anew. So a device costs
one change of the index in each two plan intervals, not one a fix.

Entries of the near future stand sorted in ``front``; the rest lie in buckets of ``BUCKET_US``, which
are sorted when they are reached. Immutable: a failed transaction leaves no trace.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.model.instant import SECOND_US

BUCKET_US = 16 * SECOND_US

Entry = tuple[int, str]
"""(instant, device)."""


class Timers(msgspec.Struct, frozen=True):
    """``placed`` holds the valid entry of each device; others that are met are thrown away.
    ``front`` holds every entry before the end of bucket ``reached``."""

    placed: Map[str, int] = Map()
    front: tuple[Entry, ...] = ()
    reached: int = -1
    buckets: Map[int, tuple[Entry, ...]] = Map()

    def first(self) -> Entry | None:
        """The earliest entry; it may be one that is no longer valid."""
        if self.front:
            return self.front[0]
        if not self.buckets:
            return None
        return min(self.buckets[min(self.buckets)])


def place(timers: Timers, entries: Iterable[Entry]) -> Timers:
    """The index with entries of some devices set anew, each replacing the device's own."""
    placed, buckets = timers.placed.mutate(), timers.buckets.mutate()
    near: list[Entry] = []
    far: dict[int, list[Entry]] = {}
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
    front = timers.front
    if near:
        merged = list(front)
        for entry in near:
            bisect.insort(merged, entry)
        front = tuple(merged)
    return Timers(placed.finish(), front, timers.reached, buckets.finish())


def drop(timers: Timers, devices: Iterable[str]) -> Timers:
    """The index without some devices' entries."""
    placed = timers.placed.mutate()
    for device in devices:
        placed.pop(device, None)
    return replace(timers, placed=placed.finish())


def taken(timers: Timers, before_us: int) -> tuple[Timers, list[Entry]]:
    """All valid entries before an instant, taken out, and the index without them."""
    placed = timers.placed
    found: list[Entry] = []
    front, reached, buckets = timers.front, timers.reached, timers.buckets
    while True:
        end = bisect.bisect_left(front, (before_us,))
        found.extend(front[:end])
        front = front[end:]
        if front or not buckets:
            break
        nearest = min(buckets)
        if nearest * BUCKET_US >= before_us:
            break
        front, reached, buckets = tuple(sorted(buckets[nearest])), nearest, buckets.delete(nearest)
    if not found and reached == timers.reached:
        return timers, []
    valid = [entry for entry in found if placed.get(entry[1]) == entry[0]]
    left = placed.mutate()
    for _, device in valid:
        left.pop(device, None)
    return Timers(left.finish(), front, reached, buckets), sorted(set(valid))
