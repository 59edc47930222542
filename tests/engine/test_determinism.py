"""Invariant 2: the same inputs give the same bytes, whatever the engine forgot in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.engine import Inputs, Message, needs, step
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.recall import recall
from emon.replay import MemoryArchive, Received, lines_of, replay
from emon.state import initial_state, service_down, with_orders
from tests.engine.stories import NOON_US, circle_order, fix_at, said, shown, versions
from tests.soak import times_longer

SCHEDULED = circle_order(
    conditions=[
        {
            "id": "c-1",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 200},
            "buffer_m": 200,
            "schedule": {
                "tz": "UTC",
                "windows": [{"from": "12:05", "to": "12:20"}, {"from": "12:22:30", "to": "12:40"}],
            },
        },
        {
            "id": "c-2",
            "kind": "exclusion",
            "zone": {
                "type": "Polygon",
                "coordinates": [[[4.479, 51.91], [4.481, 51.91], [4.481, 51.93], [4.479, 51.93]]],
            },
            "buffer_m": 300,
        },
        {
            "id": "c-3",
            "kind": "inclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 150},
            "schedule": {
                "tz": "UTC",
                "windows": [{"from": "12:06", "to": "12:16"}, {"from": "12:18", "to": "13:30"}],
                "except": [{"from": "2026-06-01T12:45:00Z", "to": "2026-06-01T12:48:00Z", "reason": "work"}],
            },
        },
        {
            "id": "c-4",
            "kind": "inclusion",
            "zone": {"type": "Circle", "center": [4.481, 51.92], "radius_m": 300},
        },
    ],
    suspensions=[
        {"from": "2026-06-01T12:10:00Z", "to": "2026-06-01T12:12:00Z", "reason": "hearing", "by": ["a", "b"]}
    ],
)
SECOND = {**SCHEDULED, "version": 2, "armed_at": "2026-06-01T12:15:00Z", "valid_from": "2026-06-01T12:14:00Z"}
SECOND["conditions"] = [
    {"id": "c-1", "kind": "exclusion", "zone": {"type": "Circle", "center": [4.483, 51.92], "radius_m": 150}},
    {**SCHEDULED["conditions"][2], "zone": {"type": "Circle", "center": [4.482, 51.92], "radius_m": 200}},
    SCHEDULED["conditions"][3],
]

WORDS = [
    ("strap", "cut"),
    ("strap", "closed"),
    ("battery", "low"),
    ("battery", "critical"),
    ("battery", "ok"),
    ("panic", "pressed"),
    ("motion", "still"),
    ("motion", "moving"),
    ("jamming", "on"),
    ("jamming", "off"),
]


@st.composite
def stories(draw: st.DrawFn) -> list[Received]:
    """A wearer wandering about a zone for three quarters of an hour; some fixes come late, some from a
    clock that runs ahead, some more than once."""
    items = []
    at_s, east_m = 0.0, draw(st.floats(-600, 600))
    for _ in range(draw(st.integers(5, 40))):
        at_s += draw(st.sampled_from([1.0, 15.0, 60.0, 60.0, 100.0, 200.0, 400.0]))
        east_m += draw(st.floats(-250, 250))
        late_s = draw(st.sampled_from([0.0, 0.0, 0.0, 0.5, 65.0, 300.0, 1200.0, -60.0, -200.0]))
        accuracy_m = draw(st.sampled_from([5.0, 12.0, 60.0]))
        item = fix_at(east_m, at_s, accuracy_m=accuracy_m, received_s=max(0.0, at_s + late_s))
        for again_s in draw(st.sampled_from([[0], [0], [0, 0], [0, 100], [0, 1, 4000]])):
            items.append(Received(item.received_at_us + again_s * SECOND_US, item.message))
        word = draw(st.sampled_from([None, None, None, *WORDS]))
        if word is not None:
            for again_s in draw(st.sampled_from([[0], [0, 30]])):
                items.append(said(*word, at_s, received_s=max(0.0, at_s + late_s) + again_s))
    return items


async def judged_with_lapses(
    orders: Sequence[OrderVersion], items: Sequence[Received], lapses: Sequence[bool]
) -> list[str]:
    """As ``replay``, but after each instant the engine may forget everything it had in memory."""
    by_instant: dict[int, list[Message]] = {}
    service: dict[int, bool] = {}
    for item in items:
        by_instant.setdefault(item.received_at_us, []).append(item.message)
        if item.service is not None:
            service[item.received_at_us] = item.service
    armed: dict[int, list[tuple[int, OrderVersion]]] = {}
    for seq, version in enumerate(sorted(orders, key=lambda v: (v.armed_at_us, v.id, v.version))):
        armed.setdefault(version.armed_at_us, []).append((seq, version))
    archive = MemoryArchive()
    known: list[tuple[int, OrderVersion]] = []
    end_us = max(by_instant)
    instants = sorted({*by_instant, *(at for at in armed if at <= end_us)})
    state = initial_state(instants[0] - 1)
    for at_us, lapse in zip([*instants, end_us + 1], [*lapses, *([False] * len(instants))], strict=False):
        known += armed.get(at_us, [])
        if lapse:
            state = initial_state(state.at_us, archive.remembered())
        if service.get(state.at_us) is False:
            state = service_down(state, state.at_us)
        state = with_orders(state, known)
        inputs = Inputs(at_us, tuple(by_instant.get(at_us, ())), up=service.get(at_us, False))
        past = await recall(archive, state, needs(state, inputs))
        state, effects = step(state, inputs, past)
        archive.write(effects)
    return everything(archive)


def everything(archive: MemoryArchive) -> list[str]:
    """All that was decided: the lines, and what is on file of devices."""
    lines = [json.dumps(line) for line in lines_of(archive)]
    return [
        *lines,
        *(msgspec.json.encode(archive.troubles[key]).decode() for key in sorted(archive.troubles)),
    ]


@settings(max_examples=80 * times_longer())
@given(stories(), st.lists(st.booleans(), max_size=90))
def test_a_restart_at_any_point_changes_nothing(items: list[Received], lapses: list[bool]) -> None:
    orders = versions(SCHEDULED, SECOND)
    whole = everything(asyncio.run(replay(orders, items)))
    assert asyncio.run(judged_with_lapses(orders, items, lapses)) == whole


@settings(max_examples=30 * times_longer())
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_nothing(items: list[Received], chance: object) -> None:
    orders = versions(SCHEDULED)
    whole = list(lines_of(asyncio.run(replay(orders, items))))
    mixed = list(items)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert list(lines_of(asyncio.run(replay(orders, mixed)))) == whole


@settings(max_examples=40 * times_longer())
@given(stories())
def test_what_is_reported_is_in_itself_sound(items: list[Received]) -> None:
    lines = list(lines_of(asyncio.run(replay(versions(SCHEDULED, SECOND), items))))
    for breach in shown(lines, "breach"):
        assert breach["closed_at"] is None or breach["closed_at"] >= breach["opened_at"]
        assert breach["deepest_m"] >= 0.0
    for alert in shown(lines, "alert"):
        assert alert["recipients"]
        if alert["event"] == "breach" and "politie" in alert["recipients"]:
            assert alert["certainty"] == "certain"
    ids = [line["id"] for line in lines]
    assert len(ids) == len(set(ids))


@settings(max_examples=40 * times_longer())
@given(stories(), st.integers(2, 5))
def test_repeats_change_nothing(items: list[Received], times: int) -> None:
    orders = versions(circle_order())
    whole = list(lines_of(asyncio.run(replay(orders, items))))
    again = [
        Received(item.received_at_us + k * SECOND_US * 7, item.message)
        for item in items
        for k in range(times)
    ]
    until_us = max(item.received_at_us for item in items)
    repeated = list(lines_of(asyncio.run(replay(orders, again, until_us=until_us))))
    assert repeated == whole
    assert until_us > NOON_US
