"""Homes in bans and at their edges, and places that cannot both be kept."""

from __future__ import annotations

from typing import Any

import pytest

from emon.model.instant import parse_instant
from emon.orders.check import remarks_on
from tests.orders.documents import parse, plain_document

NOW_US = parse_instant("2026-05-02T00:00:00Z")
NIGHT = {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]}
DAY = {"tz": "Europe/Amsterdam", "windows": [{"from": "09:00", "to": "17:00"}]}
M_LAT = 111_259.0  # metres a degree at latitude 51.92 (WGS84)


def circle(north_m: float, radius_m: float, lon: float = 4.48) -> dict[str, Any]:
    return {"type": "Circle", "center": [lon, 51.92 + north_m / M_LAT], "radius_m": radius_m}


def home(north_m: float = 0, radius_m: float = 60, **more: Any) -> dict[str, Any]:
    return {"id": f"h{north_m:.0f}", "kind": "inclusion", "zone": circle(north_m, radius_m), **more}


def ban(north_m: float, radius_m: float, **more: Any) -> dict[str, Any]:
    return {"id": f"b{north_m:.0f}", "kind": "exclusion", "zone": circle(north_m, radius_m), **more}


def order(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    owner = {"party": "reclassering", "name": "N"}
    plain = plain_document()["orders"][0]
    return {
        **plain,
        "valid_until": "2026-11-01T00:00:00Z",
        "device": "d-1",
        "owner": owner,
        "conditions": list(conditions),
        **more,
    }


def remarks(*orders: dict[str, Any]) -> dict[str, str]:
    found = remarks_on(parse({"orders": list(orders)}), now_us=NOW_US)
    return {remark.path: remark.message for remark in found}


def test_a_home_well_away_from_a_ban_gets_no_remark() -> None:
    assert remarks(order(home(), ban(2_000, 500))) == {}


def test_a_place_required_where_a_ban_forbids_it_is_a_contradiction_with_its_first_instant() -> None:
    found = remarks(order(home(schedule=NIGHT), ban(100, 500)))
    assert list(found) == ["orders[0].conditions[0]"]
    assert "forbids it, first at 2026-05-01T00:00:00.000000Z" in found["orders[0].conditions[0]"]


def test_a_place_that_a_ban_takes_a_part_of_is_named_with_the_part() -> None:
    (said,) = remarks(order(home(schedule=NIGHT), ban(300, 300))).values()
    assert "50 % of the required place" in said or "49 %" in said or "48 %" in said


def test_a_home_in_a_ban_of_other_hours_is_named_at_the_ban() -> None:
    found = remarks(order(home(schedule=NIGHT), ban(0, 500, schedule=DAY)))
    assert list(found) == ["orders[0].conditions[1].zone"]
    assert "the wearer's own home" in found["orders[0].conditions[1].zone"]


@pytest.mark.parametrize(("gap_m", "buffer_m", "path"), [(20, 0, "zone"), (100, 200, "buffer_m")])
def test_a_home_at_the_edge_or_in_the_buffer_is_named(gap_m: float, buffer_m: float, path: str) -> None:
    found = remarks(order(home(), ban(60 + gap_m + 300, 300, buffer_m=buffer_m)))
    assert list(found) == [f"orders[0].conditions[1].{path}"]
    assert f"is {gap_m} m from the ban's edge" in found[f"orders[0].conditions[1].{path}"]
    assert remarks(order(home(), ban(60 + 250 + 300, 300, buffer_m=200))) == {}


def test_two_orders_of_one_wearer_are_read_together_and_of_two_wearers_are_not() -> None:
    first, second = order(home()), order(ban(0, 500), id="o-2")
    assert list(remarks(first, second)) == ["orders[0].conditions[0]"]
    assert remarks(first, {**second, "wearer": "w-2", "device": "d-2"}) == {}


def test_two_places_required_at_once_are_named_and_at_different_hours_are_not() -> None:
    found = remarks(order(home(schedule=NIGHT), home(4_000, schedule=NIGHT)))
    assert list(found) == ["orders[0].conditions[1]"]
    assert "nobody can be at both" in found["orders[0].conditions[1]"]
    assert remarks(order(home(schedule=NIGHT), home(4_000, schedule=DAY))) == {}


def test_only_the_highest_version_of_an_order_is_held_against_others() -> None:
    old, new = order(home(), ban(0, 500)), order(home(), ban(3_000, 500), version=2)
    assert remarks(old, new) == {}


def test_polygons_with_holes_and_corridors_across_the_180th_meridian_are_laid_right() -> None:
    ring = [[179.9, 0.1], [-179.9, 0.1], [-179.9, -0.1], [179.9, -0.1]]
    hole = [[179.98, 0.02], [-179.98, 0.02], [-179.98, -0.02], [179.98, -0.02]]
    square = {"id": "b", "kind": "exclusion", "zone": {"type": "Polygon", "coordinates": [ring, hole]}}
    in_hole = {
        "id": "h",
        "kind": "inclusion",
        "zone": {"type": "Circle", "center": [-179.995, 0], "radius_m": 50},
    }
    beside = {
        "id": "h",
        "kind": "inclusion",
        "zone": {"type": "Circle", "center": [-179.95, 0], "radius_m": 50},
    }
    road = {"type": "Corridor", "coordinates": [[179.9, 0], [-179.9, 0]], "width_m": 200}
    assert remarks(order(in_hole, square)) == {}
    assert list(remarks(order(beside, square))) == ["orders[0].conditions[0]"]
    assert list(remarks(order(in_hole, {**square, "zone": road}))) == ["orders[0].conditions[0]"]


@pytest.mark.parametrize(
    ("changes", "condition", "path", "words"),
    [
        ({"valid_from": "2026-01-10T00:00:00Z"}, {}, "orders[0].valid_from", "lies 112 days back"),
        (
            {"device": None, "devices": [{"id": "d-1", "plan_s": 5}]},
            {},
            "orders[0].devices[0].plan_s",
            "empties",
        ),
        ({}, {"buffer_m": 6_000}, "orders[0].conditions[0].buffer_m", "half a town"),
        (
            {},
            {"schedule": {"tz": "UTC", "windows": [{"from": "12:00", "to": "12:00"}]}},
            "orders[0].conditions[0].schedule.windows[0]",
            "a whole day, not no time at all",
        ),
        (
            {},
            {
                "schedule": {
                    "tz": "UTC",
                    "except": [{"from": "2026-06-01T00:00:00Z", "to": "2026-06-03T00:00:00Z"}],
                }
            },
            "orders[0].conditions[0].schedule.except[0]",
            "names nobody who decided it",
        ),
    ],
)
def test_what_is_odd_in_one_order_is_one_remark(
    changes: dict[str, Any], condition: dict[str, Any], path: str, words: str
) -> None:
    found = remarks(order(ban(0, 500, **condition), **changes))
    assert words in found[path]
    assert len(found) == 1
