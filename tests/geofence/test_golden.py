"""Facts that public projects test or had reported: tests/data/geofence_cases.json, sources inside."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely

from emon.geofence.faults import zone_faults
from emon.geofence.locate import relation_of
from emon.model.order import AreaZone, CircleZone, CorridorZone, Zone
from tests.geofence.asking import contact, detour, distance, gap, multipolygon, polygon

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "geofence_cases.json").read_text("utf-8")
)["cases"]
OTHERS = frozenset(
    {  # schedules, evidence and devices; judged by other packages
        *("schedule_active", "accuracy_zone_state", "hysteresis_track", "dwell_step", "fix_filter"),
        *("ordering", "sustained_condition", "crossing_time"),
        *("ray_grid", "search_box"),  # the inner workings of one way to do it, not an answer
    }
)
THIN_M = 1e-3
"""For areas without width, which no order may have."""


def of_kind(kind: str) -> Any:
    """Parametrise over every check of a kind, each with its case."""
    found = [(case, check) for case in CASES if case["kind"] == kind for check in case["checks"]]
    ids = [f"{case['id']}-{i}" for i, (case, _) in enumerate(found)]
    return pytest.mark.parametrize(("case", "check"), found, ids=ids)


def zone_of(area: dict[str, Any]) -> Zone:
    if area["type"] == "Circle":
        lon, lat = area["center"]
        return CircleZone((float(lon), float(lat)), float(area.get("radius_m", THIN_M)))
    if area["type"] == "Corridor":
        return corridor(area["line"], area["half_width_m"] or THIN_M)
    if area["type"] == "MultiPolygon":
        return multipolygon(*area["coordinates"])
    return polygon(*area["coordinates"])


def corridor(line: list[list[float]], width_m: float) -> CorridorZone:
    return CorridorZone(tuple((float(lon), float(lat)) for lon, lat in line), float(width_m))


def word(distance_m: float) -> str:
    return {"inside": "in", "outside": "out", "on": "on"}[relation_of(distance_m)]


def test_every_kind_of_case_is_used_or_named_as_anothers() -> None:
    used = {"point_in_area", "point_in_ring_table", "segment_hits_area", "track_events", "distance"}
    used |= {"area_relation", "geometry_relation", "segments_intersect", "proximity_track"}
    assert {case["kind"] for case in CASES} == used | OTHERS


@of_kind("point_in_area")
def test_a_point_lies_where_its_source_says(case: dict[str, Any], check: dict[str, Any]) -> None:
    lon, lat = check["point"]
    if abs(lat) > 90:
        pytest.fail("a case beyond the poles needs its own test")
    zone = zone_of(case["area"])
    if faults := zone_faults(zone, "zone"):
        # Latitudes up to 100 in a plane of no Earth: the facts hold at half the scale.
        assert all("beyond ±90" in fault.message for fault in faults)
        assert isinstance(zone, AreaZone)
        halved = [[(x / 2, y / 2) for x, y in ring] for ring in zone.parts[0]]
        zone, lon, lat = polygon(*halved), lon / 2, lat / 2
    away = distance(zone, lon, lat)
    assert word(away) == check["expect"]
    if "reference_distance_m" in check and isinstance(zone, CircleZone):
        assert away + zone.radius_m == pytest.approx(check["reference_distance_m"], rel=0.005, abs=0.1)


@of_kind("point_in_ring_table")
def test_neither_start_nor_direction_of_a_ring_matters(case: dict[str, Any], check: dict[str, Any]) -> None:
    scale = 0.5 if max(abs(lat) for _, lat in check["ring"]) > 90 else 1.0
    lon, lat = (scale * value for value in check["point"])
    zone = polygon([(scale * x, scale * y) for x, y in check["ring"]])
    assert word(distance(zone, lon, lat)) == check["expect"], case["note"]


@of_kind("segment_hits_area")
def test_a_path_meets_an_area_where_its_source_says(case: dict[str, Any], check: dict[str, Any]) -> None:
    zone = zone_of(case["area"])
    found = contact(zone, check["a"], check["b"])
    away = gap(zone, check["a"], check["b"])
    assert bool(found.touched[0]) == check["touch"]
    assert (away == 0.0) == check["touch"]
    if "interior" in check:
        assert (found.deepest_m[0] > 0.001) == check["interior"]
    if not check["touch"] and isinstance(zone, CircleZone):
        assert away + zone.radius_m == pytest.approx(check["reference_min_distance_m"], rel=0.005)
    if check["touch"]:
        back = detour(zone, check["b"], check["a"])
        assert detour(zone, check["a"], check["b"]) == pytest.approx(back, rel=1e-12)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["kind"] == "track_events" and "any_waypoint_inside" in c["expect"]],
    ids=lambda case: case["id"],
)
def test_a_route_is_inside_in_the_minutes_that_its_source_says(case: dict[str, Any]) -> None:
    zone, fixes = zone_of(case["area"]), case["fixes"]
    inside = [fix for fix in fixes if distance(zone, *fix["point"]) <= 0.0]
    assert bool(inside) == case["expect"]["any_waypoint_inside"]
    found = []
    for one, two in pairwise(fixes):
        met = contact(zone, one["point"], two["point"])
        if met.touched[0]:
            lasts = two["minute"] - one["minute"]
            found.append([one["minute"] + lasts * met.first[0], one["minute"] + lasts * met.last[0]])
    expected = case["expect"]["inside_minutes_if_straight"]
    assert len(found) == len(expected)
    for minutes, said in zip(found, expected, strict=True):
        assert minutes == pytest.approx(said, abs=0.01)


def test_a_phone_s_way_into_a_circle_and_out() -> None:
    (case,) = (c for c in CASES if c["id"] == "ha-zone-enter-leave")
    zone = zone_of(case["area"])
    assert isinstance(zone, CircleZone)
    for fix in case["fixes"]:
        away = distance(zone, *fix["point"]) + zone.radius_m
        assert away == pytest.approx(fix["reference_distance_m"], rel=0.005)


@of_kind("distance")
def test_a_distance_is_what_its_source_says(case: dict[str, Any], check: dict[str, Any]) -> None:
    if "line" in case:
        away = distance(corridor(case["line"], THIN_M), *check["point"])
        assert away == pytest.approx(check["expect_m"], abs=check["tol_m"])
    else:  # on a sphere of 6,371,000 m; the ellipsoid differs by up to half a per cent
        away = distance(CircleZone(tuple(check["a"]), THIN_M), *check["b"])
        assert away == pytest.approx(check["expect_m"], rel=0.005)


@of_kind("segments_intersect")
def test_segments_cross_touch_or_miss(case: dict[str, Any], check: dict[str, Any]) -> None:
    touched = contact(corridor(check["s"], THIN_M), *check["t"]).touched[0]
    assert bool(touched) == check["expect"], case["id"]


@of_kind("area_relation")
def test_parts_in_the_holes_of_an_area_do_not_meet_it(case: dict[str, Any], check: dict[str, Any]) -> None:
    zone = zone_of(case["area"])
    assert not check["intersects"]
    for part in check["other"]["coordinates"]:
        for one, two in zip(part[0], part[0][1:], strict=False):
            assert not contact(zone, one, two).touched[0]


@of_kind("geometry_relation")
def test_shapes_meet_as_two_libraries_agree(case: dict[str, Any], check: dict[str, Any]) -> None:
    a, b = shapely.from_wkt(check["a"]), shapely.from_wkt(check["b"])
    if isinstance(a, shapely.Polygon):
        zone: Zone = polygon(*[list(ring.coords) for ring in (a.exterior, *a.interiors)])
    else:
        zone = corridor([list(xy) for xy in a.coords], THIN_M)
    path = list(b.coords)
    met = [contact(zone, one, two).touched[0] for one, two in zip(path, path[1:] or path, strict=False)]
    assert any(met) == check["intersects"], case["id"]


# --- the same facts at the size of a town ------------------------------------------------------------
UNIT_KINDS = ("point_in_area", "point_in_ring_table", "segment_hits_area", "segments_intersect")
FLAT = {
    *(case["id"] for case in CASES if str(case.get("plane", "")).startswith("unit plane")),
    *("ardupilot-triangle-winding", "traccar-segments-intersect"),
}
"""Cases of a plane without a place; ``mobilitydb-464-always-disjoint`` has a circle without a radius."""


def in_town(xy: list[float]) -> tuple[float, float]:
    """A unit is a thousandth of a degree."""
    return 4.48 + 0.001 * xy[0], 51.92 + 0.001 * xy[1]


def laid(case: dict[str, Any], check: dict[str, Any]) -> Zone:
    if "s" in check:
        return corridor([list(in_town(xy)) for xy in check["s"]], THIN_M)
    rings = [check["ring"]] if "ring" in check else case["area"]["coordinates"]
    return polygon(*[[in_town(xy) for xy in ring] for ring in rings])


@pytest.mark.parametrize(
    ("case", "check"),
    [
        pytest.param(case, check, id=f"{case['id']}-{i}")
        for case in CASES
        if case["id"] in FLAT
        for i, check in enumerate(case["checks"])
    ],
)
def test_a_fact_of_a_plane_holds_in_a_town(case: dict[str, Any], check: dict[str, Any]) -> None:
    assert case["kind"] in UNIT_KINDS
    zone = laid(case, check)
    if "point" in check:
        assert word(distance(zone, *in_town(check["point"]))) == check["expect"]
        return
    one, two = check["t"] if "t" in check else (check["a"], check["b"])
    found, away = contact(zone, in_town(one), in_town(two)), gap(zone, in_town(one), in_town(two))
    assert bool(found.touched[0]) == (away == 0.0) == check.get("touch", check.get("expect"))
    if "interior" in check:
        assert (found.deepest_m[0] > 0.001) == check["interior"]


def test_a_box_is_no_circle() -> None:
    (case,) = (c for c in CASES if c["kind"] == "proximity_track")
    near = distance(CircleZone(tuple(case["a"]), case["radius_m"]), *case["b"]) <= 0.0
    assert near == case["expect"]["near"]
