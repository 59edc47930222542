"""What a message says of a zone's distance agrees with the geofence to what a person would notice."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.alerts.outbox import PositionView
from emon.alerts.zone_view import zone_view
from emon.geofence.locate import Locator
from tests.engine.stories import circle_order, versions

_OUTER = [[4.47, 51.91], [4.49, 51.91], [4.49, 51.93], [4.47, 51.93], [4.47, 51.91]]
_HOLE = [[4.477, 51.917], [4.477, 51.923], [4.483, 51.923], [4.483, 51.917], [4.477, 51.917]]
_LINE = [[4.47, 51.91], [4.48, 51.925], [4.49, 51.92]]
ZONES: dict[str, dict[str, Any]] = {
    "circle": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 500},
    "corridor": {"type": "Corridor", "coordinates": _LINE, "width_m": 80},
    "holed": {"type": "Polygon", "coordinates": [_OUTER, _HOLE]},
}


def zone_of(name: str) -> Any:
    (version,) = versions(circle_order(conditions=[{"id": "c", "kind": "exclusion", "zone": ZONES[name]}]))
    return version.conditions[0].zone


LOCATORS = {name: Locator(zone_of(name)) for name in ZONES}


@pytest.mark.parametrize("name", ZONES)
@given(lon=st.floats(4.40, 4.56), lat=st.floats(51.87, 51.97))
def test_the_distance_is_the_geofence_s_to_one_in_a_hundred(name: str, lon: float, lat: float) -> None:
    seen = zone_view(zone_of(name), PositionView(lon, lat, 10.0, 0))
    (place,) = LOCATORS[name].points([(lon, lat)])
    allowed_m = 5.0 + 0.01 * abs(place.distance_m)
    if name == "corridor" and place.distance_m < 0.0:
        assert seen.distance_m < allowed_m
    else:
        assert abs(seen.distance_m - place.distance_m) < allowed_m


@pytest.mark.parametrize(
    ("lon", "lat", "bearing_deg"),
    [(4.48, 51.90, 0.0), (4.45, 51.92, 90.0), (4.48, 51.95, 180.0), (4.52, 51.92, 270.0)],
)
def test_the_way_leads_to_the_zone(lon: float, lat: float, bearing_deg: float) -> None:
    for name in ("circle", "holed"):
        seen = zone_view(zone_of(name), PositionView(lon, lat, 10.0, 0))
        assert seen.bearing_deg is not None
        assert abs((seen.bearing_deg - bearing_deg + 180.0) % 360.0 - 180.0) < 1.0


def test_in_the_very_middle_no_way_is_said() -> None:
    seen = zone_view(zone_of("circle"), PositionView(4.48, 51.92, 10.0, 0))
    assert math.isclose(seen.distance_m, -500.0)
    assert seen.bearing_deg is None
