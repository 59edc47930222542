"""Single questions to the zone table, for the few fixes that the batch kernels left open."""

from __future__ import annotations

import msgspec
import numpy as np

from emon.geofence.relation import detours, distances_m, path_contacts, signed_known
from emon.geofence.zones import ZoneTable
from emon.model.order import AreaZone, Zone

_TRIANGLE = AreaZone(((((4.0, 52.0), (4.01, 52.0), (4.01, 52.01), (4.0, 52.0)),),))


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
        return self.table.areas_m2[zone]

    def distances_m(self, zones: list[int], lons: list[float], lats: list[float]) -> list[float]:
        """Signed distances in metres, negative inside, one a (zone, position) pair."""
        if not zones:
            return []
        found = signed_known(
            self.table,
            np.array(zones, dtype=np.int64),
            np.array(lons, dtype=np.float64),
            np.array(lats, dtype=np.float64),
        )
        return list(found.tolist())

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


def load_engine_kernels() -> None:
    """Load the kernels behind :class:`Geometry`, and compile those that the cache does not have.

    Near a zone and far from it; so no later step of a service waits for a compiler.
    """
    geometry = Geometry()
    zone = geometry.add(_TRIANGLE)
    geometry.distances_m([zone, zone], [4.005, 20.0], [51.99, 51.99])
    for lon in (4.005, 20.0):
        geometry.contact(zone, (lon, 51.99), (lon, 52.01))
    geometry.detour_m(zone, (4.005, 51.99), (4.006, 51.991))
    distances_m([4.0], [52.0], [4.1], [52.0])  # between two people


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
