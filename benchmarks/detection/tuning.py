"""Which parameters of a rival are shown: chosen on training seeds, reported on others.

*Best* is the point with the fewest false alerts among those that miss hardly more than the rule must:
within ``MISSED_MORE`` of its least share of misses. A rule is not to look good by keeping silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.detection.engines import default_key
from benchmarks.detection.rivals import RULES
from benchmarks.detection.tally import Pool, Row

MISSED_MORE = 0.02


class Point(NamedTuple):
    """``missed`` is a share of what was due, ``false`` false alerts a wearer-day in the drift suite."""

    key: str
    missed: float
    false: float


class Chosen(NamedTuple):
    """Of one rule: its default, its best, and the points that no other of its points beats in both."""

    default: str
    best: str
    front: tuple[str, ...]

    def all_keys(self) -> list[str]:
        return list(dict.fromkeys((self.default, self.best, *self.front)))


def point_of(key: str, drift: Sequence[Row], approaches: Sequence[Row]) -> Point:
    missed = Pool(approaches).missed().value if Pool(approaches).total("due") else 0.0
    days = Pool(drift).days
    return Point(key, missed, sum(row.false + row.stale for row in drift) / days if days else 0.0)


def front_of(points: Sequence[Point]) -> list[Point]:
    """From the least missed on, each with fewer false alerts than all before it."""
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.missed, each.false, each.key)):
        if not found or point.false < found[-1].false:
            found.append(point)
    return found


def chosen(drift: Mapping[str, list[Row]], approaches: Mapping[str, list[Row]]) -> dict[str, Chosen]:
    """By rule; both arguments are rows of training seeds by key."""
    found: dict[str, Chosen] = {}
    for rule in RULES:
        keys = [key for key in drift if key.split("#")[0] == rule.name]
        points = [point_of(key, drift[key], approaches[key]) for key in keys]
        least = min(point.missed for point in points)
        best = min(
            (point for point in points if point.missed <= least + MISSED_MORE),
            key=lambda each: (each.false, each.missed, int(each.key.split("#")[1])),
        )
        front = front_of(points)
        found[rule.name] = Chosen(default_key(rule), best.key, tuple(point.key for point in front))
    return found
