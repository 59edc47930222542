"""The city's plane: metres east and north of its middle, and degrees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.path import scales_m

Floats = NDArray[np.float64]


class Plane(NamedTuple):
    """Metres about a middle, with the scales of its latitude.

    Over a city of some kilometres a metre here is one on the ellipsoid to about 1 in 1,000.
    """

    lon: float
    lat: float
    east_scale: float
    north_scale: float

    def degrees(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude of metres east and north."""
        return self.lon + x_m / self.east_scale, self.lat + y_m / self.north_scale

    def metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Metres east and north of longitude and latitude."""
        return (lon - self.lon) * self.east_scale, (lat - self.lat) * self.north_scale


def plane_about(lon: float, lat: float) -> Plane:
    """The plane about a point; raises ``ValueError`` beyond ±180 and ±80 degrees, where cities are none."""
    if not (abs(lon) <= 180.0 and abs(lat) <= 80.0):
        raise ValueError(f"middle is {lon}, {lat}; must be within ±180 and ±80 degrees")
    east, north = scales_m(np.array([lat]))
    return Plane(lon, lat, float(east[0]), float(north[0]))
