"""Boxes around zones and their buffers, in degrees: what lies beside one is far from the zone."""

from __future__ import annotations

import math

from emon.geofence.layout import (
    CENTER_LAT,
    CENTER_LON,
    CIRCLE,
    KIND,
    LAT_MAX,
    LAT_MIN,
    LON_SPAN,
    RADIUS,
    SLAB_LON,
    ZoneArrays,
)
from emon.geofence.wgs84 import SEMI_MINOR_M

ALL_AROUND_DEG = 400.0
"""Half extent of a box over all longitudes."""
_STEEPEST, _NORTHERNMOST_DEG = 0.999, 89.999
"""A box that comes nearer to a pole, or all but a quarter of a turn to either side, goes all around."""
_SLACK_DEG = 2e-5
"""Two metres: more than a middle moves when it is kept as ``f32``."""


def box_around(zones: ZoneArrays, zone: int, buffer_m: float) -> tuple[float, float, float, float]:
    """Middle and half extents in degrees (lon, lat, lon, lat) of a box that holds a zone and its buffer.

    Over all longitudes where a pole is in it, or all but. A circle of angular radius b about latitude φ
    spans asin(sin b / cos φ) of longitude to either side.
    """
    floats = zones.floats[zone]
    if zones.ints[zone, KIND] == CIRCLE:
        lon, span = float(floats[CENTER_LON]), 0.0
        south = north = float(floats[CENTER_LAT])
    else:
        span = float(floats[LON_SPAN])
        lon = float(floats[SLAB_LON]) + 0.5 * span
        south, north = float(floats[LAT_MIN]), float(floats[LAT_MAX])
    # The smallest radius of curvature is a little less than the minor axis: hence one part in a hundred.
    wide = 1.01 * (float(floats[RADIUS]) + buffer_m) / SEMI_MINOR_M
    highest = max(abs(south), abs(north))
    lat, half_lat = 0.5 * (south + north), 0.5 * (north - south) + math.degrees(wide) + _SLACK_DEG
    spread = math.sin(wide) / math.cos(math.radians(highest))
    if highest + math.degrees(wide) > _NORTHERNMOST_DEG or spread > _STEEPEST or span >= 359.0:
        return 0.0, lat, ALL_AROUND_DEG, half_lat
    half_lon = 0.5 * span + math.degrees(math.asin(spread)) + _SLACK_DEG
    return (lon + 180.0) % 360.0 - 180.0, lat, half_lon, half_lat
