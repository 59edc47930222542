"""Approaches to a ban: told once, to the centre, and not to those who live beside it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.geofence.approach import TABLE, Signal, Where, run, signal_of
from emon.geofence.fold import Seen, Side
from emon.geofence.geometry import Geometry
from emon.limits import APPROACH_AGAIN_S, APPROACH_WARNING_S, APPROACHES_A_DAY_MAX
from emon.model.fix import Fix
from emon.model.instant import DAY_US
from emon.model.order import CircleZone
from emon.model.vocabulary import Mark
from emon.replay import Received, lines_of, replay
from scripts.approach_page import approach_page
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, received, versions
from tests.engine.test_determinism import judged_with_lapses

RADIUS_M = 200


def ban(buffer_m: float = 300, **members: Any) -> dict[str, Any]:
    order = circle_order()
    order["conditions"][0] |= {"buffer_m": buffer_m, **members}
    return order


def told(items: Sequence[Received], order: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    lines = lines_of(asyncio.run(replay(versions(ban() if order is None else order), items)))
    return [line for line in lines if line.get("event") == "approach"]


def way(*metres: float, every_s: float = 60.0, from_s: float = 0.0) -> list[Received]:
    """A fix each ``every_s``, so many metres from the zone's edge."""
    return [fix_at(RADIUS_M + m, from_s + i * every_s) for i, m in enumerate(metres)]


def test_two_fixes_inside_the_buffer_after_one_outside_are_told_to_the_centre_alone() -> None:
    (alert,) = told(way(700, 400, 250, 200, 195))
    assert alert["at"] == "2026-06-01T12:03:00.000000Z"
    assert (alert["priority"], alert["recipients"]) == (3, ["meldkamer_em"])
    assert (alert["order"], alert["condition"], alert["device"]) == ("o-1", "c-1", "d-1")
    assert alert["breach"] is alert["certainty"] is None


@pytest.mark.parametrize(
    "metres",
    [(700, 400, 250, 700), (200, 190, 195, 200), (900, 800, 700, 600), (310, 295, 305, 298, 302)],
    ids=["one-fix", "lives-there", "stays-outside", "about-the-buffer's-edge"],
)
def test_what_is_no_approach(metres: tuple[float, ...]) -> None:
    assert told(way(*metres)) == []


def test_who_comes_home_into_the_buffer_is_told_once_a_day_and_never_while_there() -> None:
    days = []
    for day in range(3):
        from_s = day * 86_400.0
        home = way(*[150 + i % 3 for i in range(60)], from_s=from_s)
        out_and_back = way(1500, 900, 700, 400, 250, 200, 150, from_s=from_s + 7_200)
        days += [*home, *out_and_back, *way(900, 700, 400, 250, 200, 150, from_s=from_s + 18_000)]
    assert len(told(days)) == 3


def test_a_restart_after_every_message_tells_the_same() -> None:
    items = [*way(700, 400, 250, 200, 500, 700, 400, 250, 240), *way(1900, 1100, 350, 250, from_s=9_000)]
    for day in (1, 2):
        items += way(700, 400, 250, 200, 700, 1900, 1100, 350, 250, from_s=day * 86_400.0 - 30_000)
    whole = asyncio.run(judged_with_lapses(versions(ban()), items, []))
    assert sum('"approach"' in line for line in whole) == 4
    assert asyncio.run(judged_with_lapses(versions(ban()), items, [True] * len(items))) == whole


def test_in_and_out_of_the_buffer_is_one_approach() -> None:
    assert len(told(way(*[500, 250, 240] * 15))) == 1


def test_without_a_buffer_the_zone_within_the_warning_time_counts() -> None:
    (alert,) = told(way(2000, 1400, 500), ban(0))
    assert alert["at"] == "2026-06-01T12:02:00.000000Z"
    assert told(way(600, 400, 180, 100, 60), ban(0)) == []  # on foot


@pytest.mark.parametrize(
    ("members", "tells"),
    [
        ({}, True),
        ({"spd": 4.0}, False),
        ({"spd": 10.0, "hdg": 270.0}, True),
        ({"spd": 10.0, "hdg": 90.0}, False),
        ({"spd": 0.2, "hdg": 90.0}, False),
    ],
    ids=["from-the-fixes", "slowed-down", "heads-for-it", "turned-back", "stands"],
)
def test_the_receivers_own_speed_and_heading_count(members: dict[str, float], tells: bool) -> None:
    items = way(1900, 1100)
    last = fix_at(RADIUS_M + 290, 120).message.decoded.fixes[0]
    payload = {"seq": last.seq, "t": last.fixed_at_us // 1000, "lat": last.lat, "lon": last.lon, "acc": 10.0}
    items.append(received("d-1", {**payload, **members}, last.fixed_at_us))
    assert bool(told(items, ban(0))) is tells


def drive(course_north: float) -> list[Received]:
    """Three fixes east of the ban, 12 m/s, each 60 s, so many metres north a metre west."""
    items = []
    for i, east_m in enumerate((2200, 1480, 760)):
        fix = fix_at(east_m, i * 60.0).message.decoded.fixes[0]
        north_deg = (2200 - east_m) * course_north / 111_320.0
        payload = {
            "seq": i,
            "t": fix.fixed_at_us // 1000,
            "lat": LAT + north_deg,
            "lon": fix.lon,
            "acc": 10.0,
        }
        items.append(received("d-1", payload, fix.fixed_at_us))
    return items


def test_a_course_that_passes_by_is_no_approach() -> None:
    assert len(told(drive(0.05), ban(0))) == 1
    assert told(drive(0.45), ban(0)) == []


def test_noise_is_no_motion() -> None:
    assert told(way(40, 30, 22, 18, 25, 21, 17), ban(0)) == []


def test_a_rise_to_the_warning_time_is_told_once_more_a_day_and_no_third_time() -> None:
    items = way(700, 400, 250, 200)
    items += [*way(1900, 1100, 350, 250, from_s=9_000), *way(1900, 1100, 350, 250, from_s=20_000)]
    assert [alert["at"][11:16] for alert in told(items)] == ["12:03", "14:32"]


def test_a_breach_is_the_bigger_news() -> None:
    lines = list(lines_of(asyncio.run(replay(versions(ban()), way(900, 100, -100, -150, 100, 90, 80)))))
    told_of = {line["event"] for line in lines if line["type"] == "alert" and line["condition"] is not None}
    assert told_of == {"breach", "breach_cleared"}


def test_no_approach_while_the_ban_does_not_hold_or_in_the_past() -> None:
    off = ban(schedule={"tz": "UTC", "windows": [{"from": "20:00", "to": "21:00"}]})
    assert told(way(700, 400, 250, 200, 195), off) == []
    late = [fix_at(RADIUS_M + m, i * 60.0, received_s=900) for i, m in enumerate((700, 400, 250, 200))]
    assert told(late) == []


def test_an_inclusion_is_not_approached() -> None:
    order = ban()
    order["conditions"][0]["kind"] = "inclusion"
    assert told(way(700, 400, 250, 200, 195), order) == []


def test_the_page_is_drawn_from_the_table(repository: Path) -> None:
    assert (repository / "docs" / "approach.md").read_text("utf-8") == approach_page(), "run: make docs"


def test_every_state_answers_every_signal_and_is_reached() -> None:
    assert set(TABLE) == set(itertools.product(Where, Signal))
    reached = {Where.UNSEEN}
    for _ in Where:
        reached |= {after for (before, _), after in TABLE.items() if before in reached}
    assert reached == set(Where)


GROUND = Geometry()
ZONE = GROUND.add(CircleZone((LON, LAT), RADIUS_M))


def seen(distance_m: float, at_s: float) -> Seen:
    fix = fix_at(RADIUS_M + distance_m, at_s)
    return Seen(
        Fix(fix.message.decoded.fixes[0], fix.received_at_us, Mark.OK),
        ZONE,
        distance_m,
        0.0,
        False,
        Side.INSIDE,
    )


SIGNALS: dict[Signal, list[float]] = {
    Signal.OUT: [800],
    Signal.NEAR: [200],
    Signal.UNCLEAR: [300],
    Signal.ZONE: [-50],
    Signal.HEADING: [1900, 1150, 400],
}
START: dict[Where, list[float]] = {
    Where.UNSEEN: [],
    Where.AWAY: [800],
    Where.NEARING: [800, 200],
    Where.APPROACHING: [800, 200, 210],
    Where.LEAVING: [800, 200, 210, 800],
    Where.WITHIN: [200],
}


@pytest.mark.parametrize(("state", "signal"), TABLE, ids=lambda one: one.name)
def test_every_cell_of_the_table_is_reached_by_fixes(state: Where, signal: Signal) -> None:
    """But for the fixes that lead to a heading, which are signals themselves."""
    lead = SIGNALS[signal][:-1] if signal is Signal.HEADING else []
    metres = [*START[state], *lead, SIGNALS[signal][-1]]
    fixes = [seen(m, i * 60.0) for i, m in enumerate(metres)]
    assert signal_of(GROUND, fixes[-3:], 300.0) is signal
    before, _ = run(GROUND, fixes[:-1], 300.0)
    assert run(GROUND, fixes, 300.0) == (TABLE[before, signal], signal)
    if not lead:
        assert before is state


@settings(max_examples=60)
@given(st.lists(st.floats(-100, 900), min_size=5, max_size=80), st.sampled_from([15.0, 60.0, 300.0]))
def test_no_way_floods_the_centre(metres: list[float], every_s: float) -> None:
    alerts = told(way(*metres, every_s=every_s))
    instants = [fix.received_at_us for fix in way(*metres, every_s=every_s)]
    days = (instants[-1] - NOON_US) // DAY_US + 2
    assert len(alerts) <= APPROACHES_A_DAY_MAX * days
    times = sorted(alert["at"] for alert in alerts)
    assert len(times) <= 1 + (instants[-1] - instants[0]) // (APPROACH_AGAIN_S * 1_000_000)
    assert APPROACH_WARNING_S < APPROACH_AGAIN_S
