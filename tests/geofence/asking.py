"""Short ways to ask the engine about one zone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from emon.geofence.relation import PathContacts, detours, path_contacts, path_distances, signed_distances
from emon.geofence.zones import ZoneTable
from emon.model.order import AreaZone, Ring, Zone

Floats = npt.NDArray[np.float64]
Position = Sequence[float]


def closed(ring: Sequence[Position]) -> Ring:
    """A ring as the parser gives it: pairs of floats, the last equal to the first."""
    pairs = tuple((float(lon), float(lat)) for lon, lat in ring)
    return pairs if pairs[0] == pairs[-1] else (*pairs, pairs[0])


def polygon(*rings: Sequence[Position]) -> AreaZone:
    """A polygon of a shell and its holes."""
    return AreaZone((tuple(closed(ring) for ring in rings),))


def multipolygon(*parts: Sequence[Sequence[Position]]) -> AreaZone:
    return AreaZone(tuple(tuple(closed(ring) for ring in part) for part in parts))


def square(lon: float, lat: float, half_deg: float) -> list[tuple[float, float]]:
    """Corners of a square in degrees around a point."""
    west, east, south, north = lon - half_deg, lon + half_deg, lat - half_deg, lat + half_deg
    return [(west, south), (east, south), (east, north), (west, north)]


def distances(zone: Zone, *positions: Position) -> Floats:
    """Signed distances of positions to one zone."""
    table = ZoneTable()
    table.add(zone)
    lon, lat = np.array(positions, dtype=np.float64).reshape(-1, 2).T
    return signed_distances(table, np.zeros(len(lon), dtype=np.int64), lon, lat)


def distance(zone: Zone, lon: float, lat: float) -> float:
    return float(distances(zone, (lon, lat))[0])


def _path(
    zone: Zone, start: Position, end: Position
) -> tuple[ZoneTable, npt.NDArray[np.int64], list[Floats]]:
    table = ZoneTable()
    table.add(zone)
    return table, np.zeros(1, dtype=np.int64), [np.array([float(value)]) for value in (*start, *end)]


def contact(zone: Zone, start: Position, end: Position) -> PathContacts:
    table, index, ends = _path(zone, start, end)
    return path_contacts(table, index, *ends)


def gap(zone: Zone, start: Position, end: Position) -> float:
    table, index, ends = _path(zone, start, end)
    return float(path_distances(table, index, *ends)[0])


def detour(zone: Zone, start: Position, end: Position) -> float:
    table, index, ends = _path(zone, start, end)
    return float(detours(table, index, *ends)[0])
