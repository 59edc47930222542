"""Swapped bracelets, orders armed late, clocks and receivers that were wrong: explained all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emon.replay import Received
from tests.engine.stories import LAT, LON, M_PER_DEG_LON, circle_order, fix_at, said, versions
from tests.explanation.worked import explained, read_again


def swapped() -> dict[str, Any]:
    order = circle_order()
    del order["device"]
    order["devices"] = [
        {"id": "d-1", "from": "2026-05-01T00:00:00Z", "until": "2026-06-01T12:05:00Z"},
        {"id": "d-2", "from": "2026-06-01T12:05:00Z"},
    ]
    return order


def in_and_out(device: str = "d-1") -> list[Received]:
    later = [fix_at(m, 400 + 60.0 * i, device=device) for i, m in enumerate((20, 10, 600, 700))]
    return [*(fix_at(m, 60.0 * i) for i, m in enumerate((600, 50, 40, 30))), *later]


CASES: dict[str, tuple[dict[str, Any], list[Received], int]] = {
    "a bracelet is swapped in the middle": (swapped(), in_and_out("d-2"), 1),
    "the order is armed after the first fixes": (
        circle_order(armed_at="2026-06-01T12:06:00Z"),
        in_and_out(),
        1,
    ),
    "a clock runs ahead once": (circle_order(), [*in_and_out(), fix_at(50, 5_000, received_s=70)], 1),
    "a receiver was wrong for long, and is believed again": (
        circle_order(),
        [fix_at(600, 0), *(fix_at(90_000 + i, 1 + i) for i in range(3)), *in_and_out()[1:]],
        1,
    ),
    "three gaps on one day, told once": (
        circle_order(),
        [
            fix_at(east_m, 3_000 * k + at_s)
            for k in range(3)
            for east_m, at_s in ((-3000, 0), (-1000, 60), (1000, 560), (3000, 620))
        ],
        5,
    ),
}


def moved_zone() -> dict[str, Any]:
    """A second version whose zone lies 200 m further east, and so holds what the first one's did not."""
    further = {"type": "Circle", "center": [LON + 200.0 / M_PER_DEG_LON, LAT], "radius_m": 150}
    return circle_order(
        version=2,
        valid_from="2026-06-01T12:15:00Z",
        armed_at="2026-06-01T12:15:00Z",
        conditions=[{"id": "c-1", "kind": "exclusion", "zone": further}],
    )


def test_a_version_under_which_the_same_fixes_weigh_more_is_no_old_fix() -> None:
    """Inside the first version's zone by one fix; the zone of the next holds those before it as well."""
    ways = ((0, 296), (415, 223), (475, 188), (875, -61), (1035, -300))
    items = [fix_at(east_m, 360.0 + at_s, accuracy_m=12.0) for at_s, east_m in ways]
    documents = asyncio.run(explained(versions(circle_order(), moved_zone()), items))
    assert [d["grounds"]["reason"] for d in documents if d["verdict"]["how"] == "inside"] == ["near_edge"]
    for document in documents:
        assert asyncio.run(read_again(document)).agrees


@pytest.mark.parametrize("what", CASES)
def test_it_is_explained_by_its_own_inputs(what: str) -> None:
    order, items, breaches = CASES[what]
    documents = asyncio.run(explained(versions(order), items))
    assert len(documents) == breaches
    for document in documents:
        assert asyncio.run(read_again(document)).agrees
    told = [alert["at"] for document in documents for alert in document["alerts"]]
    assert len(told) == len(set(told)) or breaches == 1
    if breaches > 1:
        assert sum(bool(document["alerts"]) for document in documents) == 1
        assert [bool(document["incursion_days"]) for document in documents].count(True) == breaches - 1


def test_a_way_across_a_version_uses_up_the_day_in_the_engine_and_in_the_explanation_alike() -> None:
    """The first way was in reach of the first version's zone alone; what the device said makes the engine
    fold again. The second way of the day is on file and told to nobody."""
    items = [
        fix_at(-1443.67, 766, accuracy_m=12.0, received_s=706),
        fix_at(-1527.77, 966, accuracy_m=12.0),
        said("motion", "still", 966),
        said("motion", "moving", 967, received_s=968),
        *(fix_at(east_m, 1_500 + at_s) for east_m, at_s in ((-1_000, 0), (1_000, 560), (3_000, 620))),
    ]
    documents = asyncio.run(explained(versions(circle_order(), moved_zone()), items))
    assert [d["verdict"]["how"] for d in documents] == ["reachable"] * 3
    assert [len(d["alerts"]) for d in documents] == [1, 0, 0]
    for document in documents:
        assert asyncio.run(read_again(document)).agrees


def test_a_way_to_one_place_far_off_says_that_it_rests_on_that_place_alone() -> None:
    """He stands 30 m outside, and one fix lies 630 m off, beyond the ban."""
    stands = [fix_at(230.0 + i % 3, 60.0 * i) for i in range(12) if i != 8]
    documents = asyncio.run(explained(versions(circle_order()), [*stands, fix_at(-400, 480)]))
    assert [d["verdict"]["how"] for d in documents] == ["crossed"] * 2
    for document in documents:
        assert document["grounds"]["reason"] == "reflection"
        assert "only one position shows the wearer on the other side" in document["sentence"]["en"]
        assert "slechts één positie laat de drager aan de andere kant" in document["sentence"]["nl"]
        assert asyncio.run(read_again(document)).agrees
