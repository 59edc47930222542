"""Many positions or paths against many zones, in one call each.

Everything is an array of one length: ``zone_index`` i64[n] of a ``ZoneTable``, longitudes within ±180
and latitudes within ±90, f64[n] in degrees (WGS84); other numbers and strides are converted.
Distances are metres, negative inside. The compiled kernels
are loaded at the first call, so importing this module is cheap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.columns import columns_of, whole_numbers
from emon.geofence.wgs84 import Floats, Ints
from emon.geofence.zones import ZoneTable
from emon.limits import ON_EDGE_M


class PathContacts(NamedTuple):
    """How paths meet zones, one entry a path.

    ``first`` and ``last`` are the fractions of the path (0 to 1) at its first and last contact with
    the closed zone, NaN where it has none. ``deepest_m`` is the greatest depth along it, 0 outside.
    """

    touched: npt.NDArray[np.bool_]
    first: Floats
    last: Floats
    deepest_m: Floats


def signed_distances(
    table: ZoneTable, zone_index: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike
) -> Floats:
    """Metres from each position to the outline of its zone, negative inside.

    Within 1 mm up to 10 km from the outline, 20 mm up to 50 km, 1 in 100,000 up to 300 km, 1 %
    beyond. Raises ``IndexError`` for an unknown zone, ``ValueError`` for columns of unequal length and,
    by column and row, for a position that is none.
    """
    lon, lat = columns_of(lon=lon, lat=lat)
    return _signed_m(table, _zones(table, zone_index, len(lon)), lon, lat)


def signed_known(table: ZoneTable, zones: Ints, lon: Floats, lat: Floats) -> Floats:
    """As ``signed_distances``, of columns that are known to be in order: zones of the table, positions on
    Earth, equally many. The engine's are, since decoding refuses others."""
    return _signed_m(table, zones, lon, lat)


def relations(
    table: ZoneTable, zone_index: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike
) -> npt.NDArray[np.int8]:
    """-1 inside, 0 on the edge (within half a millimetre of it, and so inside too), 1 outside.

    Decided within 0.2 mm of the truth. Raises as ``signed_distances``.
    """
    from emon.geofence.relate import OPEN, verdict_each

    lon, lat = columns_of(lon=lon, lat=lat)
    zones = _zones(table, zone_index, len(lon))
    out = np.empty(len(lon), dtype=np.int8)
    if verdict_each(table.arrays, zones, lon, lat, out):
        row = np.flatnonzero(out == OPEN)
        distance_m = _signed_m(table, zones[row], lon[row], lat[row])
        out[row] = np.where(np.abs(distance_m) <= ON_EDGE_M, 0, np.sign(distance_m))
    return out


def nearest_points(
    table: ZoneTable, zone_index: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Longitude and latitude of the zone's nearest point, as it is drawn, to each position.

    Of an area it lies on the nearest edge of its joined outline, of a corridor on its line; of a circle
    it is the centre. As near as the distance says, up to 700 km away; of two equally near points
    either. Raises as ``signed_distances``.
    """
    from emon.geofence.relate import nearest_each

    lon, lat = columns_of(lon=lon, lat=lat)
    zones = _zones(table, zone_index, len(lon))
    at_lon, at_lat = np.empty(len(lon)), np.empty(len(lon))
    nearest_each(table.arrays, zones, lon, lat, at_lon, at_lat)
    return at_lon, at_lat


def path_contacts(
    table: ZoneTable,
    zone_index: npt.ArrayLike,
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
) -> PathContacts:
    """Where paths, straight in longitude and latitude the short way, meet their zones.

    A path touches within half a millimetre of the closed zone. Raises as ``signed_distances``.
    """
    from emon.geofence.near_paths import near_contact_each

    lon1, lat1, lon2, lat2 = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
    zones = _zones(table, zone_index, len(lon1))
    touched, contacts = np.zeros(len(zones), dtype=np.bool_), np.full((3, len(zones)), np.nan)
    asked = table.arrays, zones, lon1, lat1, lon2, lat2, np.empty(2), touched, contacts
    if near_contact_each(*asked):
        from emon.geofence.paths import contact_each

        contact_each(*asked)
    return PathContacts(touched, *contacts)


def path_touches(
    table: ZoneTable,
    zone_index: npt.ArrayLike,
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
) -> npt.NDArray[np.bool_]:
    """Whether paths, straight in longitude and latitude the short way, touch their closed zones.

    Raises as ``signed_distances``.
    """
    from emon.geofence.near_paths import near_touch_each

    lon1, lat1, lon2, lat2 = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
    zones = _zones(table, zone_index, len(lon1))
    out = np.empty(len(zones), dtype=np.int8)
    asked = table.arrays, zones, lon1, lat1, lon2, lat2, np.empty(2), out
    if near_touch_each(*asked):
        from emon.geofence.touch import touch_each

        touch_each(*asked)
    return out.view(np.bool_)


def path_distances(
    table: ZoneTable,
    zone_index: npt.ArrayLike,
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
) -> Floats:
    """Metres from each path to the closed zone, 0 where it touches. Raises as ``signed_distances``."""
    from emon.geofence.near_paths import near_gap_each

    lon1, lat1, lon2, lat2 = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
    zones = _zones(table, zone_index, len(lon1))
    out = np.empty(len(zones))
    asked = table.arrays, zones, lon1, lat1, lon2, lat2, np.empty(2), out
    if near_gap_each(*asked):
        from emon.geofence.paths import gap_each

        gap_each(*asked)
    return out


def detours(
    table: ZoneTable,
    zone_index: npt.ArrayLike,
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
) -> Floats:
    """Metres of a shortest way from point 1 by the zone to point 2, to 1 %, never much above it.

    Raises as ``signed_distances``.
    """
    from emon.geofence.detour import detour_each

    lon1, lat1, lon2, lat2 = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
    zones = _zones(table, zone_index, len(lon1))
    out = np.empty(len(zones))
    detour_each(table.arrays, zones, lon1, lat1, lon2, lat2, out)
    return out


def distances_m(lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike) -> Floats:
    """Geodesic distances between points on the ellipsoid, to a millimetre, antipodes too."""
    from emon.geofence.relate import geodesic_each

    lon1, lat1, lon2, lat2 = columns_of(lon1=lon1, lat1=lat1, lon2=lon2, lat2=lat2)
    out = np.empty(len(lon1))
    geodesic_each(lon1, lat1, lon2, lat2, out)
    return out


def _signed_m(table: ZoneTable, zones: Ints, lon: Floats, lat: Floats) -> Floats:
    from emon.geofence.relate import exact_each, near_each

    out = np.empty(len(lon))
    if near_each(table.arrays, zones, lon, lat, out):
        exact_each(table.arrays, zones, lon, lat, out)
    return out


def _zones(table: ZoneTable, zone_index: npt.ArrayLike, count: int) -> Ints:
    return whole_numbers("zone_index", zone_index, count, len(table), "the table has {} zones")
