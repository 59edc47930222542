"""Invariant 2 for contact conditions: two people, fixes of both late and mixed, versions and windows."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from emon.model.instant import SECOND_US
from emon.replay import Received, lines_of, replay
from tests.engine.stories import circle_order, fix_at, shown, versions
from tests.engine.test_determinism import everything, judged_with_lapses
from tests.soak import times_longer

FIRST = circle_order(
    devices=[{"id": "d-1", "until": "2026-06-01T12:30:00Z"}, {"id": "d-2", "from": "2026-06-01T12:28:00Z"}],
    conditions=[
        {"id": "c-near", "kind": "contact", "victim_device": "v-1", "radius_m": 300},
        {
            "id": "c-hours",
            "kind": "contact",
            "victim_device": "v-1",
            "radius_m": 500,
            "schedule": {
                "tz": "UTC",
                "windows": [{"from": "12:03", "to": "12:17:30"}, {"from": "12:20", "to": "12:45"}],
            },
        },
        {"id": "c-other", "kind": "contact", "victim_device": "v-2", "radius_m": 400},
        {
            "id": "c-zone",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 200},
        },
    ],
)
del FIRST["device"]
SECOND = {
    **FIRST,
    "version": 2,
    "armed_at": "2026-06-01T12:14:20Z",
    "valid_from": "2026-06-01T12:13:00Z",
    "conditions": [
        {"id": "c-near", "kind": "contact", "victim_device": "v-1", "radius_m": 150},
        {**FIRST["conditions"][1], "victim_device": "v-2"},
        {**FIRST["conditions"][2], "victim_device": "v-1"},
    ],
}


@st.composite
def meetings(draw: st.DrawFn) -> list[Received]:
    """Two people about the same street, each with a device or two; fixes late, mixed and repeated."""
    items: list[Received] = []
    for devices, reach_m in ((("d-1", "d-2"), 900.0), (("v-1", "v-2"), 300.0)):
        at_s, east_m = draw(st.sampled_from([0.0, 0.0, 7.5, 30.0])), draw(st.floats(-reach_m, reach_m))
        for _ in range(draw(st.integers(0, 30))):
            at_s += draw(
                st.sampled_from([0.0, 5.0, 15.0, 60.0, 60.0, 60.0, 90.0, 130.0, 230.0, 260.0, 500.0])
            )
            east_m += draw(st.floats(-250, 250))
            late_s = draw(st.sampled_from([0.0, 0.0, 0.5, 2.0, 40.0, 65.0, 300.0, 1200.0, -60.0]))
            device = devices[draw(st.integers(0, 9)) // 8]
            item = fix_at(
                east_m,
                at_s,
                device=device,
                accuracy_m=draw(st.sampled_from([5.0, 12.0, 60.0, 900.0])),
                received_s=max(0.0, at_s + late_s),
                seq=len(items) + 1,
            )
            for again_s in draw(st.sampled_from([[0], [0], [0, 100]])):
                items.append(Received(item.received_at_us + again_s * SECOND_US, item.message))
    return items


@settings(max_examples=30 * times_longer())
@given(meetings().filter(bool), st.lists(st.booleans(), max_size=90))
def test_a_restart_at_any_point_changes_nothing(items: list[Received], lapses: list[bool]) -> None:
    orders = versions(FIRST, SECOND)
    whole = everything(asyncio.run(replay(orders, items)))
    assert asyncio.run(judged_with_lapses(orders, items, lapses)) == whole


@settings(max_examples=10 * times_longer())
@given(meetings(), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_nothing(items: list[Received], chance: object) -> None:
    orders = versions(FIRST)
    whole = list(lines_of(asyncio.run(replay(orders, items))))
    mixed = list(items)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert list(lines_of(asyncio.run(replay(orders, mixed)))) == whole


@settings(max_examples=10 * times_longer())
@given(meetings())
def test_what_is_reported_is_in_itself_sound(items: list[Received]) -> None:
    lines = list(lines_of(asyncio.run(replay(versions(FIRST, SECOND), items))))
    for breach in shown(lines, "breach"):
        assert breach["closed_at"] is None or breach["closed_at"] >= breach["opened_at"]
        assert breach["deepest_m"] >= 0.0
        assert (breach["how"] == "proximity") is (breach["kind"] == "contact")
    for alert in shown(lines, "alert"):
        if alert["condition"] != "c-zone":
            assert ("politie" in alert["recipients"]) is ("beschermde" in alert["recipients"])
    ids = [line["id"] for line in lines]
    assert len(ids) == len(set(ids))
