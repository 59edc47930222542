"""A city: its plane, streets, buildings and railway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.city.buildings import Places
from simulator.city.plane import Plane
from simulator.city.railway import Railway
from simulator.city.streets import Floats, Streets


@dataclass(frozen=True, slots=True)
class City:
    """A city in its plane. ``half_m`` bounds it: nothing lies farther east, west, north or south."""

    name: str
    plane: Plane
    half_m: float
    streets: Streets
    places: Places
    railway: Railway | None
    water: tuple[Floats, ...] = ()  # rings f64[k, 2] metres

    def place_degrees(self, place: int) -> tuple[float, float]:
        """Longitude and latitude of a place."""
        lon, lat = self.plane.degrees(self.places.x[place], self.places.y[place])
        return float(lon), float(lat)

    def within(self, x_m: Floats, y_m: Floats) -> bool:
        """Whether all points lie on the map."""
        return bool(np.all((np.abs(x_m) <= self.half_m) & (np.abs(y_m) <= self.half_m)))
