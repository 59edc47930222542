"""What each rival's rule answers on a row of fixes beside one straight edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.detection.rivals import RULES, Event, Fence, Rule, Track, track_of
from benchmarks.detection.rivals.esri import ESRI_DEFAULT, EsriParameters, esri_geotrigger
from benchmarks.detection.rivals.home_assistant import HomeAssistantParameters, home_assistant_zone
from benchmarks.detection.rivals.point import (
    PointParameters,
    VendorParameters,
    point_in_polygon,
    vendor_points,
)
from benchmarks.detection.rivals.tile38 import Tile38Parameters, tile38_fence
from benchmarks.detection.rivals.traccar import TraccarParameters, traccar_events, traccar_keeps
from emon.geofence import ZoneTable
from emon.model.order import AreaZone

EDGE_LAT = 51.92
_M_PER_DEG = 111_250.0  # a degree of latitude there; a decimetre over the distances below
_RING = ((4.40, EDGE_LAT), (4.60, EDGE_LAT), (4.60, 52.0), (4.40, 52.0), (4.40, EDGE_LAT))


@pytest.fixture(scope="module")
def fence() -> Fence:
    table = ZoneTable()
    return Fence(table, table.add(AreaZone(((_RING,),))))


def beside(fence: Fence, d_m: Sequence[float], accuracy_m: float = 10.0, every_s: float = 60.0) -> Track:
    """Fixes at so many metres from the edge, negative inside."""
    n = len(d_m)
    lat = EDGE_LAT - np.asarray(d_m) / _M_PER_DEG
    return track_of(fence, every_s * np.arange(n), np.full(n, 4.5), lat, accuracy_m=np.full(n, accuracy_m))


def at(events: list[Event]) -> list[tuple[int, str]]:
    return [(event.fix, event.what) for event in events]


def test_distances_are_as_the_tests_say(fence: Fence) -> None:
    d_m = [100.0, 5.0, -5.0, -200.0]
    assert np.allclose(beside(fence, d_m).d_m, d_m, atol=0.2)


@pytest.mark.parametrize(
    ("relationship", "scale", "expected"),
    [
        ("intersects_intersects", 0.0, [(2, "enter"), (4, "exit")]),
        ("intersects_intersects", 1.0, [(1, "enter"), (5, "exit")]),
        ("contains_contains", 1.0, [(3, "enter"), (4, "exit")]),
        ("contains_intersects", 1.0, [(3, "enter"), (5, "exit")]),
    ],
)
def test_esri_by_relationship(
    fence: Fence, relationship: str, scale: float, expected: list[tuple[int, str]]
) -> None:
    track = beside(fence, [50.0, 8.0, -8.0, -12.0, 8.0, 12.0])
    parameters = EsriParameters(relationship, scale)  # type: ignore[arg-type]
    assert at(esri_geotrigger(track, fence, parameters)) == expected


def test_esri_without_accuracy_is_the_bare_position(fence: Fence) -> None:
    track = beside(fence, [8.0, -1.0, 1.0], accuracy_m=500.0)
    assert at(esri_geotrigger(track, fence, ESRI_DEFAULT)) == [(1, "enter"), (2, "exit")]


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("overlap", [(1, "enter"), (5, "exit")]),
        ("fit_to_enter", [(3, "enter"), (5, "exit")]),
        ("containment", [(3, "enter"), (4, "exit")]),
    ],
)
def test_home_assistant_by_criterion(fence: Fence, criterion: str, expected: list[tuple[int, str]]) -> None:
    track = beside(fence, [50.0, 8.0, -8.0, -12.0, 8.0, 12.0])
    parameters = HomeAssistantParameters(criterion)  # type: ignore[arg-type]
    assert at(home_assistant_zone(track, fence, parameters)) == expected


@pytest.mark.parametrize(
    ("tolerated", "expected"),
    [(0, [(1, "enter"), (3, "exit"), (4, "enter")]), (1, [(2, "enter"), (3, "exit"), (5, "enter")]),
     (4, [(8, "enter")])],
)  # fmt: skip
def test_the_vendor_tolerates_so_many_points(
    fence: Fence, tolerated: int, expected: list[tuple[int, str]]
) -> None:
    """Up to four points; the violation comes with the next one, and a point outside begins anew."""
    track = beside(fence, [50.0, -5.0, -5.0, 5.0, -5.0, -5.0, -5.0, -5.0, -5.0])
    assert at(vendor_points(track, fence, VendorParameters(tolerated))) == expected


def test_the_vendor_can_leave_out_what_claims_badly(fence: Fence) -> None:
    track = beside(fence, [50.0, -5.0, 50.0])
    track = track._replace(accuracy_m=np.array([10.0, 80.0, 10.0]))
    assert at(vendor_points(track, fence, VendorParameters(0, 50.0))) == []
    assert at(vendor_points(track, fence, VendorParameters(0, 80.0))) == [(1, "enter"), (2, "exit")]


def test_point_in_polygon_by_depth_and_count(fence: Fence) -> None:
    track = beside(fence, [50.0, -5.0, -40.0, -40.0, -5.0, 5.0])
    assert at(point_in_polygon(track, fence, PointParameters())) == [(1, "enter"), (5, "exit")]
    assert at(point_in_polygon(track, fence, PointParameters(1, 30.0))) == [(2, "enter"), (5, "exit")]
    assert at(point_in_polygon(track, fence, PointParameters(2, 30.0))) == [(3, "enter"), (5, "exit")]


def test_tile38_compares_in_the_order_of_arrival(fence: Fence) -> None:
    track = beside(fence, [50.0, -5.0, -5.0, 50.0])._replace(t_s=np.array([180.0, 60.0, 0.0, 240.0]))
    assert at(tile38_fence(track, fence, Tile38Parameters())) == [(1, "enter"), (3, "exit")]
    only = Tile38Parameters(frozenset({"exit"}))
    assert at(tile38_fence(track, fence, only)) == []


def test_tile38_crosses_only_within_the_users_gap() -> None:
    table = ZoneTable()
    ring = ((4.49, EDGE_LAT), (4.51, EDGE_LAT), (4.51, 51.921), (4.49, 51.921), (4.49, EDGE_LAT))
    thin = Fence(table, table.add(AreaZone(((ring,),))))
    track = track_of(thin, [0.0, 60.0], [4.5, 4.5], [51.918, 51.923])
    assert at(tile38_fence(track, thin, Tile38Parameters())) == [(1, "cross")]
    assert at(tile38_fence(track, thin, Tile38Parameters(crossing_gap_max_s=30.0))) == []


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        (TraccarParameters(), [0, 1, 2, 3, 4]),
        (TraccarParameters(accuracy_max_m=50.0), [0, 1, 3, 4]),
        (TraccarParameters(speed_max_kn=60.0), [0, 1, 3, 4]),
        (TraccarParameters(distance_m=30.0), [0, 2, 3]),
        (TraccarParameters(distance_m=30.0, skip_limit_s=50.0), [0, 1, 2, 3]),
        (TraccarParameters(static=True), [0, 1, 2]),
        (TraccarParameters(duplicate=True), [0, 1, 2, 3]),
        (TraccarParameters(period_min_s=90.0), [0, 2, 3, 4]),
    ],
)  # fmt: skip
def test_what_traccars_filters_keep(fence: Fence, parameters: TraccarParameters, kept: list[int]) -> None:
    """A step of 20 m, a jump of 3 km, back, and a repeat with the same time."""
    track = beside(fence, [50.0, 30.0, -3000.0, 20.0, 20.0])._replace(
        t_s=np.array([0.0, 60.0, 120.0, 240.0, 240.0]),
        received_s=np.array([0.0, 60.0, 120.0, 240.0, 240.0]),
        accuracy_m=np.array([10.0, 10.0, 900.0, 10.0, 10.0]),
        speed_m_s=np.array([1.0, 1.0, 1.0, 0.0, np.nan]),
    )
    assert traccar_keeps(track, parameters) == kept


def test_a_filtered_jump_raises_nothing_in_traccar(fence: Fence) -> None:
    track = beside(fence, [50.0, -3000.0, 50.0])
    assert at(traccar_events(track, fence, TraccarParameters())) == [(1, "enter"), (2, "exit")]
    assert at(traccar_events(track, fence, TraccarParameters(speed_max_kn=60.0))) == []


def test_traccars_zero_and_future_filters(fence: Fence) -> None:
    track = track_of(
        fence, [0.0, 1e6, 60.0], [0.0, 4.5, 4.5], [0.0, 51.9, 51.9], received_s=[0.0, 30.0, 60.0]
    )
    assert traccar_keeps(track, TraccarParameters(zero=True)) == [2]
    assert traccar_keeps(track, TraccarParameters(future_s=0.0)) == [0, 1, 2]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_with_every_setting_sees_a_plain_entry_or_says_nothing_false(
    fence: Fence, rule: Rule
) -> None:
    """An hour far outside raises nothing; an hour 2 km inside is entered once, whatever is set."""
    outside = beside(fence, [2_000.0 + 40 * i for i in range(30)])
    entry = beside(fence, [300.0, 300.0, *(-300.0 - 60 * i for i in range(28))])
    entry = entry._replace(speed_m_s=np.full(30, 1.5))
    for parameters in rule.grid:
        assert rule.apply(outside, fence, parameters) == []
        assert [event.what for event in rule.apply(entry, fence, parameters)] == ["enter"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nothing_is_told_while_the_condition_does_not_hold(fence: Fence, rule: Rule) -> None:
    track = beside(fence, [300.0, -300.0, -300.0, -300.0, -300.0, -300.0])
    track = track._replace(active=np.zeros(6, dtype=np.bool_))
    assert rule.apply(track, fence, rule.default) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_fixes_no_events(fence: Fence, rule: Rule) -> None:
    assert rule.apply(beside(fence, []), fence, rule.default) == []


def test_columns_of_unequal_length_are_refused(fence: Fence) -> None:
    with pytest.raises(ValueError, match="accuracy_m has 1 entries, t_s has 2"):
        track_of(fence, [0.0, 1.0], [4.5, 4.5], [51.9, 51.9], accuracy_m=[1.0])
