"""All kernels at once, for who would rather wait at a time of his own choosing."""

from __future__ import annotations

import numpy as np

from emon.geofence.country import CountryIndex
from emon.geofence.probability import inside_probabilities
from emon.geofence.relation import (
    detours,
    distances_m,
    nearest_points,
    path_contacts,
    path_distances,
    path_touches,
    relations,
    signed_distances,
)
from emon.geofence.watch import Watch
from emon.geofence.zones import ZoneTable
from emon.model.order import AreaZone, CircleZone, CorridorZone


def load_kernels() -> None:
    """Load every kernel now: about half a second from the cache, some 25 s of compiling where there is none.

    A service calls this before it takes its first fix, which would wait as long.
    """
    table = ZoneTable()
    square = ((4.0, 52.0), (4.01, 52.0), (4.01, 52.01), (4.0, 52.01), (4.0, 52.0))
    table.add(AreaZone(((square,),)))
    zones, lon, lat = np.zeros(1, dtype=np.int64), np.array([4.005]), np.array([51.9])
    for of_points in (signed_distances, relations, nearest_points):
        of_points(table, zones, lon, lat)
    signed_distances(table, zones, -lon, -lat)  # where no frame reaches
    distances_m(lon, lat, lon, lat + 0.01)
    corridor = table.add(CorridorZone(((4.0, 51.9), (4.01, 51.9)), 50.0))
    for of_paths in (path_contacts, path_touches, path_distances, detours):
        for zone in (zones, [corridor]):  # by its frame, and what no frame answers
            of_paths(table, zone, lon, lat, lon, lat + 0.01)
    inside_probabilities(table, [0, corridor], [4.0, 4.005], [52.0, 51.9], [20.0, 20.0])
    for few in ([0], [0, corridor]):  # by their frames, and what no frame answers
        CountryIndex(table, few).containing([*few, 4.005], [*few, 51.9])
    watch = Watch(table, 2)
    watch.set(0, [0], [100.0])
    watch.set(1, [corridor, table.add(CircleZone((4.0, 52.0), 40_000.0))])
    for certificates in (True, False):
        watch.flags(zones, lon, lat, certificates=certificates)
        watch.touched(zones, lon, lat, lon, lat + 0.01, certificates=certificates)
    watch.flags([1], [4.005], [51.9])
    for lon_at, lat_at in ((4.005, 51.9), (5.005, 51.9), (4.0, 52.0)):  # by certificate, field and zone
        watch.flags_at(0, lon_at, lat_at)
    watch.flags_at(1, 4.006, 51.9002)
