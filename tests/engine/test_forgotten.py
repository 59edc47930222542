"""Cases that chance found in which a restart changed what was decided (invariant 2), each with its rule."""

from __future__ import annotations

import asyncio
from typing import Any

from emon.model.order import OrderVersion
from emon.replay import Received, lines_of, replay
from tests.engine.stories import circle_order, fix_at, said, shown, versions
from tests.engine.test_determinism import SCHEDULED, SECOND, everything, judged_with_lapses

BAN = {**SCHEDULED, "conditions": SCHEDULED["conditions"][:1]}
VARIED = {**SECOND, "conditions": SECOND["conditions"][:1]}
ORDERS = versions(BAN, VARIED)


def lines(items: list[Received], orders: tuple[OrderVersion, ...] = ORDERS) -> list[dict[str, Any]]:
    """The breaches, after it was seen that forgetting everything at any one instant changes nothing."""
    whole = everything(asyncio.run(replay(orders, items)))
    instants = len({item.received_at_us for item in items}) + 2
    for place in range(instants):
        lapses = [at == place for at in range(instants)]
        assert asyncio.run(judged_with_lapses(orders, items, lapses)) == whole, place
    return shown(list(lines_of(asyncio.run(replay(orders, items)))), "breach")


def test_a_way_across_a_version_is_judged_under_both_by_memory_too() -> None:
    """The first version's zone was in reach until the second one came, whose zone lies further off.

    "where the version changes between two fixes, each part is judged by its own version"
    """
    items = [
        fix_at(-1443.67, 766, accuracy_m=12.0, received_s=706),
        fix_at(-1527.77, 966, accuracy_m=12.0),
        said("motion", "still", 1_026, received_s=966),
    ]
    (breach,) = lines(items)
    assert (breach["how"], breach["version"]) == ("reachable", 1)
    assert lines(items[:2]) == [breach]


def test_a_way_on_which_a_stay_began_is_no_error_whether_the_stay_has_ended_or_not() -> None:
    """A late fix between the ends of a way shows that he was inside by then. The way was not refuted while
    the stay was open, and would have been by a fold made again once it had ended."""
    items = [
        fix_at(313.19, 476, accuracy_m=5.0, received_s=476.5),
        fix_at(-405.2, 1_077, accuracy_m=60.0, received_s=1_077.5),
        fix_at(175.09, 877, accuracy_m=12.0, received_s=1_177),
        fix_at(-250.92, 1_238, accuracy_m=60.0, received_s=1_178),
    ]
    ways = [breach for breach in lines(items) if breach["how"] == "reachable"]
    assert [breach["refuted"] for breach in ways] == [False]


def test_a_way_across_a_gap_begins_at_a_fix_that_a_restart_remembers_too() -> None:
    """The last fix before a gap of a quarter of an hour places nobody. The one before does, and memory still
    held it, where a fold made again from the record begins with the last one: so the way does."""
    items = [
        fix_at(250.0, 15, accuracy_m=6.0),
        fix_at(250.0, 30, accuracy_m=150.0),
        fix_at(250.0, 1_045, accuracy_m=6.0),
        fix_at(250.0, 1_100, accuracy_m=6.0),
    ]
    (way,) = lines(items, versions(circle_order()))
    assert (way["how"], way["opened_at"]) == ("reachable", "2026-06-01T12:00:30.000000Z")
