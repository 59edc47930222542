"""Where simulated wearers are, against distances of another library."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from simulator.movement import Movement, Pause, Travel, distance_m, offset_m, shifted

_GEOD = Geod(ellps="WGS84")
_ROTTERDAM = (4.48, 51.92)

lats = st.floats(-80.0, 80.0)
lons = st.floats(-179.0, 179.0)
metres = st.floats(-3_000.0, 3_000.0)


@given(lon=lons, lat=lats, east_m=metres, north_m=metres)
def test_a_shifted_point_is_so_far_away_by_the_geodesic(
    lon: float, lat: float, east_m: float, north_m: float
) -> None:
    to = shifted((lon, lat), east_m, north_m)
    _, _, geodesic_m = _GEOD.inv(lon, lat, *to)
    assert geodesic_m == pytest.approx(math.hypot(east_m, north_m), rel=4e-3, abs=0.05)


@given(east_m=metres, north_m=metres)
def test_shift_and_offset_undo_each_other(east_m: float, north_m: float) -> None:
    to = shifted(_ROTTERDAM, east_m, north_m)
    assert offset_m(_ROTTERDAM, to) == pytest.approx((east_m, north_m), rel=1e-3, abs=1e-3)


def test_a_way_of_two_legs_and_a_pause() -> None:
    corner = shifted(_ROTTERDAM, 0.0, 100.0)
    goal = shifted(corner, 60.0, 0.0)
    way = Movement(_ROTTERDAM, [Travel(corner, 2.0), Pause(10.0), Travel(goal, 3.0)])

    assert way.ends_at_s == pytest.approx(50.0 + 10.0 + 20.0, abs=0.01)
    assert way.at(-5.0).point == _ROTTERDAM
    assert distance_m(_ROTTERDAM, way.at(25.0).point) == pytest.approx(50.0, abs=0.01)
    assert way.at(25.0).speed_m_s == 2.0
    assert way.at(25.0).heading_deg == pytest.approx(0.0, abs=0.01)
    assert way.at(55.0).point == corner
    assert way.at(55.0).speed_m_s == 0.0
    assert way.at(55.0).heading_deg is None
    assert distance_m(corner, way.at(70.0).point) == pytest.approx(30.0, abs=0.02)
    assert way.at(70.0).heading_deg == pytest.approx(90.0, abs=0.01)
    assert way.at(500.0).point == goal


def test_who_has_no_legs_stands() -> None:
    still = Movement(_ROTTERDAM, [])
    assert [still.at(second).point for second in (0.0, 1.0, 1e6)] == [_ROTTERDAM] * 3


@given(st.floats(0.0, 79.0), st.floats(0.0, 1.0))
def test_nobody_is_faster_than_his_leg(at_s: float, later_s: float) -> None:
    way = Movement(_ROTTERDAM, [Travel(shifted(_ROTTERDAM, 30.0, 40.0), 5.0), Pause(5.0)])
    moved_m = distance_m(way.at(at_s).point, way.at(at_s + later_s).point)
    assert moved_m <= 5.0 * later_s + 1e-3
