"""Invariant 2 for what happens without a fix: a fleet, its outages, and the service's own stops."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from emon.model.instant import SECOND_US
from emon.replay import Received, replay
from tests.devices.fleet import fleet, heard, word
from tests.engine.stories import NOON_US
from tests.engine.test_determinism import everything, judged_with_lapses

DEVICES = 5
ORDERS = fleet(DEVICES)
WORDS = [("motion", "still"), ("motion", "moving"), ("jamming", "on"), ("shielding", "on"), ("strap", "cut")]


def story(seed: int) -> list[Received]:
    """An hour and more of a small fleet: some fall silent together, some by themselves, some say why,
    some send later what they kept; the service stops now and then."""
    chance = random.Random(seed)
    items: list[Received] = []
    outage = range(0)
    if chance.random() < 0.6:
        from_s = chance.randint(200, 2_000)
        outage = range(from_s, from_s + chance.randint(100, 3_000))
    for device in range(DEVICES):
        at_s = chance.randint(0, 300)
        while at_s < 4_000:
            at_s += chance.choice([45, 60, 60, 60, 150, 400, 1_500])
            if at_s in outage and device != DEVICES - 1:
                continue
            late_s = chance.choice([0, 0, 0, 30, 700])
            (fix,) = heard(device, at_s, east_m=chance.choice([900.0, 90_000.0]))
            items.append(Received(NOON_US + (at_s + late_s) * SECOND_US, fix.message))
            if chance.random() < 0.4:
                items.append(word(device, *chance.choice(WORDS), at_s, received_s=at_s + late_s))
    for _ in range(chance.randint(0, 3)):
        down_s = chance.randint(1, 4_000)
        items.append(Received(NOON_US + down_s * SECOND_US + 1, service=False))
        items.append(Received(NOON_US + (down_s + chance.randint(1, 900)) * SECOND_US + 2, service=True))
    return items


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.3, 1.0]))
def test_a_restart_at_any_point_changes_nothing(seed: int, often: float) -> None:
    items = story(seed)
    chance = random.Random(seed + 1)
    lapses = [chance.random() < often for _ in range(len(items) + 1)]
    whole = everything(asyncio.run(replay(ORDERS, items)))
    assert asyncio.run(judged_with_lapses(ORDERS, items, lapses)) == whole


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.integers(1, 4_000))
def test_neither_the_order_of_lines_nor_a_look_in_between_changes_anything(seed: int, look_s: int) -> None:
    items = story(seed)
    until_us = NOON_US + 6_000 * SECOND_US
    whole = everything(asyncio.run(replay(ORDERS, items, until_us=until_us)))
    # A batch in which nothing came, as an idle service commits it.
    mixed = [*items, Received(NOON_US + look_s * SECOND_US + 7)]
    random.Random(seed).shuffle(mixed)
    assert everything(asyncio.run(replay(ORDERS, mixed, until_us=until_us))) == whole
