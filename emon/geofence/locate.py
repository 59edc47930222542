"""Where points and segments lie towards one zone: the core of ``emon locate``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from emon.geofence.relation import path_distances, signed_distances
from emon.geofence.zones import ZoneTable
from emon.limits import ON_EDGE_M
from emon.model.order import Zone

Position = tuple[float, float]
"""Longitude and latitude in degrees, WGS84."""


class Relation(StrEnum):
    """A point's place: on the edge within half a millimetre of it, and so inside where that counts."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    ON = "on"


class PointPlace(NamedTuple):
    """``distance_m`` is that to the outline, negative inside."""

    relation: Relation
    distance_m: float


class SegmentPlace(NamedTuple):
    """``touches`` within half a millimetre of the closed zone; ``distance_m`` is 0 then."""

    touches: bool
    distance_m: float


class Locator:
    """One zone, ready to be asked. Raises ``ValueError`` for a zone that cannot be armed."""

    def __init__(self, zone: Zone) -> None:
        self._table = ZoneTable()
        self._table.add(zone)

    def points(self, positions: Sequence[Position]) -> list[PointPlace]:
        """The place of each position, in the same order.

        Of none, here and in ``segments``, without the kernels: where they are not in the cache, those of
        paths take many seconds to compile, which who asks of points alone need not wait for.
        """
        if not positions:
            return []
        lon, lat = np.array(positions, dtype=np.float64).reshape(-1, 2).T
        distances = signed_distances(self._table, np.zeros(len(lon), dtype=np.int64), lon, lat)
        return [PointPlace(relation_of(distance), distance) for distance in distances.tolist()]

    def segments(self, segments: Sequence[tuple[Position, Position]]) -> list[SegmentPlace]:
        """The place of each segment, straight in longitude and latitude the short way."""
        if not segments:
            return []
        ends = np.array(segments, dtype=np.float64).reshape(-1, 4)
        distances = path_distances(self._table, np.zeros(len(ends), dtype=np.int64), *ends.T)
        return [SegmentPlace(distance == 0.0, distance) for distance in distances.tolist()]


def relation_of(distance_m: float) -> Relation:
    """The relation that a signed distance to the outline means."""
    if abs(distance_m) <= ON_EDGE_M:
        return Relation.ON
    return Relation.INSIDE if distance_m < 0.0 else Relation.OUTSIDE
