"""Many positions or paths against many zones, in one call each.

Everything is an array of one length: ``zone_index`` i64[n] of a ``ZoneTable``, longitudes and
latitudes f64[n] in degrees (WGS84). Distances are metres, negative inside. The compiled kernels
are loaded at the first call, so importing this module is cheap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.wgs84 import Floats, Ints
from emon.geofence.zones import ZoneTable


class PathContacts(NamedTuple):
    """How paths meet zones, one entry a path.

    ``first`` and ``last`` are the fractions of the path (0 to 1) at its first and last contact with
    the closed zone, NaN where it has none. ``deepest_m`` is the greatest depth along it, 0 outside.
    """

    touched: npt.NDArray[np.bool_]
    first: Floats
    last: Floats
    deepest_m: Floats


def signed_distances(table: ZoneTable, zone_index: Ints, lon: Floats, lat: Floats) -> Floats:
    """Metres from each position to the outline of its zone, negative inside.

    Within 1 mm up to 10 km from the outline, 20 mm up to 50 km, 1 in 100,000 up to 300 km, 1 %
    beyond. Raises ``IndexError`` for an unknown zone, ``ValueError`` for arrays of unequal length.
    """
    from emon.geofence.relate import signed_each

    zones, (lon, lat) = _checked(table, zone_index, lon, lat)
    return signed_each(table.arrays, zones, lon, lat)


def path_contacts(
    table: ZoneTable, zone_index: Ints, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats
) -> PathContacts:
    """Where paths, straight in longitude and latitude the short way, meet their zones.

    A path touches within half a millimetre of the closed zone. Raises as ``signed_distances``.
    """
    from emon.geofence.paths import contact_each

    zones, (lon1, lat1, lon2, lat2) = _checked(table, zone_index, lon1, lat1, lon2, lat2)
    return PathContacts(*contact_each(table.arrays, zones, lon1, lat1, lon2, lat2))


def path_distances(
    table: ZoneTable, zone_index: Ints, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats
) -> Floats:
    """Metres from each path to the closed zone, 0 where it touches. Raises as ``signed_distances``."""
    from emon.geofence.paths import gap_each

    zones, (lon1, lat1, lon2, lat2) = _checked(table, zone_index, lon1, lat1, lon2, lat2)
    return gap_each(table.arrays, zones, lon1, lat1, lon2, lat2)


def detours(
    table: ZoneTable, zone_index: Ints, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats
) -> Floats:
    """Metres of a shortest way from point 1 by the zone to point 2, to 1 %, never much above it.

    Raises as ``signed_distances``.
    """
    from emon.geofence.detour import detour_each

    zones, (lon1, lat1, lon2, lat2) = _checked(table, zone_index, lon1, lat1, lon2, lat2)
    return detour_each(table.arrays, zones, lon1, lat1, lon2, lat2)


def distances_m(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Geodesic distances between points on the ellipsoid, to a millimetre, antipodes too."""
    from emon.geofence.relate import geodesic_each

    return geodesic_each(*_equal_lengths(lon1, lat1, lon2, lat2))


def load_kernels() -> None:
    """Load every kernel now: 0.5 s from the cache, some 15 s of compiling where there is none.

    A service calls this before it takes its first fix.
    """
    table, none, column = ZoneTable(), np.zeros(0, dtype=np.int64), np.zeros(0)
    signed_distances(table, none, column, column)
    distances_m(column, column, column, column)
    for question in (path_contacts, path_distances, detours):
        question(table, none, column, column, column, column)


def _equal_lengths(*columns: Floats) -> list[Floats]:
    arrays = [np.ascontiguousarray(column, dtype=np.float64) for column in columns]
    if any(array.shape != arrays[0].shape or array.ndim != 1 for array in arrays):
        raise ValueError(f"columns of unequal shape: {[array.shape for array in arrays]}")
    return arrays


def _checked(table: ZoneTable, zone_index: Ints, *columns: Floats) -> tuple[Ints, list[Floats]]:
    zones = np.ascontiguousarray(zone_index, dtype=np.int64)
    arrays = _equal_lengths(*columns)
    if zones.shape != arrays[0].shape:
        raise ValueError(f"{zones.shape} zones for {arrays[0].shape} positions")
    # Compiled code reads what an index out of range points at, so it is refused here.
    if len(zones) and not 0 <= int(zones.min()) <= int(zones.max()) < len(table):
        raise IndexError(f"no such zone: {int(zones.min())} to {int(zones.max())} of {len(table)}")
    return zones, arrays
