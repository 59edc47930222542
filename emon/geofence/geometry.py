"""Single questions to the zone table, for the few fixes that the batch kernels left open."""

from __future__ import annotations

import msgspec
import numpy as np

from emon.geofence.relation import detours, path_contacts, signed_distances
from emon.geofence.zones import ZoneTable
from emon.model.order import Zone


class Contact(msgspec.Struct, frozen=True):
    """Where a path meets a zone: fractions 0 to 1 along it, and its greatest depth in metres."""

    first: float
    last: float
    deepest_m: float


class Geometry:
    """Zones by index, with one-at-a-time and batch questions. Adding never changes an answer."""

    def __init__(self) -> None:
        self.table = ZoneTable()

    def add(self, zone: Zone) -> int:
        """Index of the zone; equal zones share one."""
        return self.table.add(zone)

    def area_m2(self, zone: int) -> float:
        return self.table.area_m2(zone)

    def distances_m(self, zones: list[int], lons: list[float], lats: list[float]) -> list[float]:
        """Signed distances in metres, negative inside, one a (zone, position) pair."""
        if not zones:
            return []
        found = signed_distances(
            self.table,
            np.array(zones, dtype=np.int64),
            np.array(lons, dtype=np.float64),
            np.array(lats, dtype=np.float64),
        )
        return [float(distance) for distance in found]

    def distance_m(self, zone: int, lon: float, lat: float) -> float:
        return self.distances_m([zone], [lon], [lat])[0]

    def contact(self, zone: int, start: tuple[float, float], end: tuple[float, float]) -> Contact | None:
        """The contact of the straight path from ``start`` to ``end`` (lon, lat) with the zone."""
        found = path_contacts(self.table, *_one(zone, start, end))
        if not found.touched[0]:
            return None
        return Contact(float(found.first[0]), float(found.last[0]), float(found.deepest_m[0]))

    def detour_m(self, zone: int, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Length in metres of a shortest way from ``start`` by the zone to ``end``."""
        return float(detours(self.table, *_one(zone, start, end))[0])


def _one(
    zone: int, start: tuple[float, float], end: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([zone], dtype=np.int64),
        np.array([start[0]]),
        np.array([start[1]]),
        np.array([end[0]]),
        np.array([end[1]]),
    )
