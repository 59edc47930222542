"""A city: its plane, streets, buildings and railway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.city.buildings import Places
from simulator.city.plane import Plane
from simulator.city.railway import Railway
from simulator.city.routing import Router
from simulator.city.streets import Floats, Streets


@dataclass(frozen=True, eq=False)
class City:
    """A city in its plane. ``half_m`` bounds it: nothing lies farther east, west, north or south.

    ``router`` is shared by all who may go everywhere, so that each way is searched for once.
    """

    name: str
    plane: Plane
    half_m: float
    streets: Streets
    places: Places
    railway: Railway | None

    @cached_property
    def router(self) -> Router:
        return Router(self.streets)

    def place_degrees(self, place: int) -> tuple[float, float]:
        """Longitude and latitude of a place."""
        lon, lat = self.plane.degrees(self.places.x[place], self.places.y[place])
        return float(lon), float(lat)

    def within(self, x_m: Floats, y_m: Floats) -> bool:
        """Whether all points lie on the map."""
        return bool(np.all((np.abs(x_m) <= self.half_m) & (np.abs(y_m) <= self.half_m)))
