"""The rivals' rules against what those projects test and have had reported.

The cases and their sources stand in tests/data/geofence_cases.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.detection.rivals import RULES, Fence, track_of
from benchmarks.detection.rivals.home_assistant import HomeAssistantParameters, home_assistant_zone
from benchmarks.detection.rivals.parts import Event, Track
from benchmarks.detection.rivals.point import PointParameters, point_in_polygon
from benchmarks.detection.rivals.tile38 import Tile38Parameters, tile38_fence, tile38_notices
from benchmarks.detection.rivals.traccar import TraccarParameters, traccar_events, traccar_keeps
from emon.geofence import ZoneTable, zone_of
from emon.model.order import CircleZone

_FILE = Path(__file__).parents[1] / "data" / "geofence_cases.json"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads(_FILE.read_text("utf-8"))["cases"]
}


def _fence(area: dict[str, Any]) -> Fence:
    table = ZoneTable()
    if "radius_m" in area:
        lon, lat = area["center"]
        return Fence(table, table.add(CircleZone((lon, lat), float(area["radius_m"]))))
    return Fence(table, table.add(zone_of(area)))


def _track(fence: Fence, fixes: list[dict[str, Any]]) -> Track:
    points = [fix["point"] for fix in fixes]
    return track_of(
        fence,
        [float(fix.get("t", 60 * number)) for number, fix in enumerate(fixes)],
        [point[0] for point in points],
        [point[1] for point in points],
        accuracy_m=[float(fix.get("accuracy_m", 0.0)) for fix in fixes],
        received_s=[float(fix.get("arrive", 60 * number)) for number, fix in enumerate(fixes)],
    )


def _words(events: list[Event]) -> list[tuple[float, str]]:
    return [(event.t_s, event.what) for event in events]


def _active_zones(case: dict[str, Any]) -> list[int | None]:
    """The one active zone after each fix, by the criterion of pull request 48860.

    Home Assistant holds one zone: the nearest, then the smaller of those that the rule says it is in.
    """
    inside: list[list[bool]] = []
    for zone in case["zones"]:
        fence = _fence(zone)
        track = _track(fence, case["fixes"])
        state, states = False, []
        events = {event.fix: event.what for event in home_assistant_zone(track, fence, FIT)}
        for fix in range(len(case["fixes"])):
            state = events.get(fix, "enter" if state else "exit") == "enter"
            states.append(state)
        inside.append(states)
    active: list[int | None] = []
    for fix in range(len(case["fixes"])):
        held = [number for number in range(len(inside)) if inside[number][fix]]
        held.sort(key=lambda number: float(case["zones"][number]["radius_m"]))
        keep = active[-1] if active and active[-1] in held else None
        first = held[0] if held else None
        active.append(keep if keep is not None and not _smaller(case, first, keep) else first)
    return active


def _smaller(case: dict[str, Any], one: int | None, other: int) -> bool:
    return one is not None and bool(case["zones"][one]["radius_m"] < case["zones"][other]["radius_m"])


FIT = HomeAssistantParameters("fit_to_enter")


@pytest.mark.parametrize(
    "name",
    ["ha-zone-accuracy-1", "ha-zone-accuracy-2", "ha-zone-accuracy-5", "ha-zone-smaller-than-accuracy"],
)
def test_home_assistants_accuracy_criteria(name: str) -> None:
    assert _active_zones(CASES[name]) == CASES[name]["expect_active_zone_index"]


def test_home_assistants_zone_trigger() -> None:
    case = CASES["ha-zone-enter-leave"]
    fence = _fence(case["area"])
    events = home_assistant_zone(_track(fence, case["fixes"]), fence, HomeAssistantParameters())
    assert [(event.fix, event.what) for event in events] == [(1, "enter"), (2, "exit")]
    assert case["expect"]["events"] == [[], ["enter"], ["exit"]]


def test_tile38_tells_inside_and_outside_where_only_these_are_asked_for() -> None:
    case = CASES["tile38-fence-inside-outside"]
    fence = _fence(case["area"])
    asked = Tile38Parameters(frozenset({"inside", "outside"}))
    expected = case["expect"]["events_when_only_inside_outside_wanted"]
    assert tile38_notices(_track(fence, case["fixes"]), fence, asked) == expected


def test_tile38_crosses_what_traccar_leaves_out() -> None:
    """Both ends 222 m from the centre of a circle of 100 m: Traccar's missed crossing."""
    case = CASES["traccar-circle-segment"]
    fence = _fence(case["area"])
    for check in case["checks"]:
        track = _track(fence, [{"point": check["a"]}, {"point": check["b"]}])
        assert traccar_events(track, fence, TraccarParameters()) == []
        told = [(60.0, "cross")] if check["touch"] else []
        assert _words(tile38_fence(track, fence, Tile38Parameters())) == told
        assert _words(traccar_events(track, fence, TraccarParameters(crossing=True))) == told


@pytest.mark.parametrize(("route", "crosses"), [(1, False), (2, False), (4, True)])
def test_sparse_routes_by_the_park(route: int, crosses: bool) -> None:
    """Waypoints an hour apart: no rule of successive memberships sees the way through."""
    case = CASES[f"moj-stjames-route-{route}"]
    fence = _fence(case["area"])
    track = _track(fence, [{**fix, "t": 60 * fix["minute"]} for fix in case["fixes"]])
    assert traccar_events(track, fence, TraccarParameters()) == []
    assert point_in_polygon(track, fence, PointParameters()) == []
    found = [event.what for event in tile38_fence(track, fence, Tile38Parameters())]
    assert found == (["cross"] if crosses else [])
    assert bool(case["expect"]["inside_minutes_if_straight"]) is crosses


def test_traccar_says_nothing_to_someone_inside_when_the_ban_starts() -> None:
    """And a rule that looks at each fix anew does."""
    case = CASES["scenario-inside-when-ban-starts"]
    fence = _fence(case["area"])
    track = _track(fence, case["arrivals"])
    track = track._replace(active=track.t_s >= case["active_from_t"])
    assert traccar_events(track, fence, TraccarParameters()) == []
    found = point_in_polygon(track, fence, PointParameters())
    assert _words(found) == [(float(case["expect"]["alert_not_later_than_t"]), "enter")]


def test_traccar_emits_enter_for_a_zone_drawn_around_the_wearer() -> None:
    """Positions before the zone existed have no membership of it, so the first after it enters."""
    case = CASES["scenario-ban-drawn-around-wearer"]
    fence = _fence(case["area"])
    later = [fix for fix in case["arrivals"] if fix["t"] >= case["zone_created_t"]]
    assert _words(traccar_events(_track(fence, later), fence, TraccarParameters())) == [(200.0, "enter")]


def test_traccar_skips_stored_fixes_that_come_after_a_live_one() -> None:
    case = CASES["scenario-buffered-newest-first"]
    fence = _fence(case["area"])
    track = _track(fence, case["arrivals"])
    assert traccar_events(track, fence, TraccarParameters()) == []
    found = _words(tile38_fence(track, fence, Tile38Parameters()))
    assert (300.0, "enter") in found, "Tile38 takes them as if they were live"


def test_traccar_tells_nobody_of_what_is_older_than_a_quarter_of_an_hour() -> None:
    case = CASES["scenario-late-violation-must-notify"]
    fence = _fence(case["area"])
    track = _track(fence, case["arrivals"])
    assert traccar_events(track, fence, TraccarParameters()) == []
    patient = TraccarParameters(notice_age_max_s=np.inf)
    assert _words(traccar_events(track, fence, patient)) == [(0.0, "enter")]


def test_traccars_filter_drops_a_time_beyond_all_times() -> None:
    """Of the case's checks those that a track can hold: an invalid flag and an alarm it cannot."""
    checks = CASES["traccar-filter-fix"]["checks"]
    fence = _fence({"center": [4.48, 51.92], "radius_m": 100})
    for check in checks:
        if not check["fix"]["valid"] or "alarm" in check["fix"]:
            continue
        t_s = 0.0 if check["fix"]["time"] == "now" else np.inf
        track = track_of(fence, [t_s], [4.48], [51.92], received_s=[0.0])
        assert (traccar_keeps(track, TraccarParameters()) == []) is check["drop"]


def test_of_two_positions_of_one_time_the_later_arrival_counts_for_traccar() -> None:
    case = CASES["traccar-same-time-replaces"]
    fence = _fence({"center": [4.48, 51.92], "radius_m": 100})
    track = track_of(fence, [fix["t"] for fix in case["input"]], [4.50, 4.48], [51.92, 51.92])
    assert [event.fix for event in traccar_events(track, fence, TraccarParameters())] == [1]
    assert traccar_keeps(track, TraccarParameters(duplicate=True)) == [0]


def test_every_rival_is_listed_with_its_default_on_its_grid() -> None:
    names = [rule.name for rule in RULES]
    assert names == ["traccar", "tile38", "esri", "home_assistant", "vendor", "point_in_polygon"]
    for rule in RULES:
        assert rule.default in rule.grid
        assert len(set(rule.grid)) == len(rule.grid)
