"""The device of the protected person: heard, told and watched over like one that is worn."""

from __future__ import annotations

import asyncio
from typing import Any

from emon.replay import lines_of, replay
from tests.engine.stories import circle_order, fix_at, said, versions

CONTACT = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 1000}
ORDER = versions(circle_order(conditions=[CONTACT]))
FRESH = versions(circle_order(conditions=[CONTACT], valid_from="2026-06-01T12:00:00Z"))
ENDED = versions(circle_order(conditions=[CONTACT], valid_until="2026-06-01T00:00:00Z"))


def told(items: list[Any], orders: Any = ORDER) -> list[tuple[object, ...]]:
    """The alerts but those of the order that waited for the wearer's own device."""
    lines = [line for line in lines_of(asyncio.run(replay(orders, items))) if line["type"] == "alert"]
    lines = [line for line in lines if line["event"] != "order_without_device"]
    return [(line["event"], line["device"], line["recipients"], line["at"]) for line in lines]


def test_her_panic_button_reaches_the_police() -> None:
    (alert,) = told([said("panic", "pressed", 0, device="v-1")])
    assert alert == ("panic", "v-1", ["politie", "meldkamer_em"], "2026-06-01T12:00:00.000000Z")


def test_a_panic_button_of_an_order_that_is_over_is_nobody_s() -> None:
    assert told([said("panic", "pressed", 0, device="v-1")], ENDED) == []


def test_her_silence_is_told_as_that_of_a_bracelet_is() -> None:
    wearer = [fix_at(9_000, 60.0 * m) for m in range(11)]
    hers = [fix_at(0, 60.0 * m, device="v-1") for m in range(3)]
    assert told([*wearer, *hers]) == [("silence", "v-1", ["meldkamer_em"], "2026-06-01T12:05:00.000000Z")]


def test_no_order_waits_for_a_device_of_hers_that_never_came() -> None:
    wearer = [fix_at(9_000, 60.0 * m) for m in range(150)]
    lines = lines_of(asyncio.run(replay(FRESH, wearer)))
    assert [line for line in lines if line["type"] == "alert"] == []
