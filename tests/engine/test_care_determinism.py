"""Invariant 2 for commands and upkeep: a restart at any point, any order of lines, any repeat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emon.engine import Inputs, Message, needs, step
from emon.ingest.decode import decode
from emon.model.instant import SECOND_US
from emon.recall import recall
from emon.replay import MemoryArchive, Received, lines_of, replay, who_replies
from emon.state import initial_state, with_orders
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, received, said, versions

ORDERS = versions(
    circle_order(
        conditions=[
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [LON, LAT], "radius_m": 200},
                "schedule": {"tz": "UTC", "windows": [{"from": "12:05", "to": "12:40"}]},
            }
        ],
        valid_until="2026-06-01T16:00:00Z",
    )
)
WORDS = [("battery", "low"), ("battery", "critical"), ("battery", "ok"), ("charging", "on"),
         ("charging", "off"), ("power", "on")]  # fmt: skip
RESULTS: list[dict[str, Any]] = [{}, {"result": "refused"}, {"rate_s": 15}, {"rate_s": 60}]


@st.composite
def stories(draw: st.DrawFn) -> list[Received]:
    """A wearer about a zone whose device jumps, forgets the time, answers or not, and runs down."""
    items: list[Received] = []
    at_s, east_m = 0.0, draw(st.floats(-600, 600))
    for number in range(draw(st.integers(4, 25))):
        at_s += draw(st.sampled_from([1.0, 15.0, 60.0, 60.0, 200.0, 400.0, 4_000.0]))
        east_m += draw(st.floats(-250, 250))
        late_s = draw(st.sampled_from([0.0, 0.0, 0.0, 65.0, 300.0]))
        kind = draw(st.sampled_from(["fix", "fix", "fix", "jump", "clock", "word", "reply"]))
        if kind == "fix":
            items.append(fix_at(east_m, at_s, received_s=at_s + late_s))
        elif kind == "jump":
            payload = {"seq": number, "t": NOON_US // 1000 + round(at_s * 1000), "acc": 10.0}
            where = {"lat": LAT + 0.4, "lon": LON}
            items.append(received("d-1", {**payload, **where}, NOON_US + round(at_s * SECOND_US)))
        elif kind == "clock":
            items.append(fix_at(east_m, 90 * 86_400 + at_s, received_s=at_s))
        elif kind == "word":
            items.append(said(*draw(st.sampled_from(WORDS)), at_s, received_s=at_s + late_s))
        else:
            items.append(_reply(at_s, f"c-{draw(st.integers(1, 3))}", draw(st.sampled_from(RESULTS))))
        if draw(st.booleans()):
            again = items[-1]
            items.append(Received(again.received_at_us + 70 * SECOND_US, again.message))
    return items


def _reply(at_s: float, command: str, members: dict[str, Any]) -> Received:
    topic = "emon/v1/d-1/cmd/reply"
    payload = json.dumps({"id": command, **members}).encode()
    return Received(NOON_US + round(at_s * SECOND_US), Message(topic, decode(topic, payload)))


def answering(items: Sequence[Received], archive: MemoryArchive, every: int) -> list[Received]:
    """The story with a reply to each ``every``-th of its commands, as their device would give it."""
    asked = archive.commands[::every]
    replies = [_reply((c.at_us - NOON_US) / SECOND_US + 3, c.id, {}) for c in asked]
    return [*items, *replies]


def outcome(archive: MemoryArchive) -> list[str]:
    lines = [json.dumps(line) for line in lines_of(archive)]
    troubles = sorted(str(trouble) for trouble in archive.troubles.values())
    return [*lines, *map(str, archive.commands), *troubles]


async def with_lapses(items: Sequence[Received], lapses: Sequence[bool]) -> MemoryArchive:
    """As ``replay``, but after each instant the engine may forget everything it had in memory."""
    by_instant: dict[int, list[Message]] = {}
    for item in items:
        by_instant.setdefault(item.received_at_us, []).append(item.message)
    archive = MemoryArchive(who_replies(by_instant.values()))
    armed = list(enumerate(ORDERS, start=1))
    instants = sorted({*by_instant, *(version.armed_at_us for version in ORDERS)})
    state = initial_state(instants[0] - 1, archive.remembered())
    for at_us, lapse in zip(
        [*instants, instants[-1] + 1], [*lapses, *([False] * len(instants))], strict=False
    ):
        if lapse:
            state = initial_state(state.at_us, archive.remembered())
        state = with_orders(state, armed)
        inputs = Inputs(at_us, tuple(by_instant.get(at_us, ())))
        past = await recall(archive, state, needs(state, inputs))
        state, effects = step(state, inputs, past)
        archive.write(effects)
    return archive


@settings(max_examples=20)
@given(stories(), st.lists(st.booleans(), max_size=60), st.integers(1, 3))
def test_a_restart_changes_no_command_and_no_trouble(
    items: list[Received], lapses: list[bool], every: int
) -> None:
    items = answering(items, asyncio.run(replay(ORDERS, items)), every)
    whole = outcome(asyncio.run(replay(ORDERS, items)))
    assert outcome(asyncio.run(with_lapses(items, lapses))) == whole


@settings(max_examples=8)
@given(stories(), st.randoms(use_true_random=False))
def test_neither_does_the_order_of_lines(items: list[Received], chance: Any) -> None:
    whole = outcome(asyncio.run(replay(ORDERS, items)))
    mixed = list(items)
    chance.shuffle(mixed)
    assert outcome(asyncio.run(replay(ORDERS, mixed))) == whole


@settings(max_examples=15)
@given(stories())
def test_what_is_asked_and_told_is_in_itself_sound(items: list[Received]) -> None:
    archive = asyncio.run(replay(ORDERS, items))
    assert len({command.id for command in archive.commands}) == len(archive.commands)
    assert all(command.until_us > command.at_us for command in archive.commands)
    for trouble in archive.troubles.values():
        assert trouble.cleared_at_us is None or trouble.cleared_at_us >= trouble.opened_at_us
    ids = [alert.id for alert in archive.alerts]
    assert len(ids) == len(set(ids))
