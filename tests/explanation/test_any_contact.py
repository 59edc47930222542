"""Whatever happens between two people, each contact is explained by a part of what was received."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings

from emon.replay import Received
from tests.engine.stories import circle_order, fix_at, versions
from tests.engine.test_contact_determinism import FIRST, SECOND, meetings
from tests.explanation.worked import differences, explained, read_again
from tests.soak import times_longer


@settings(max_examples=10 * times_longer())
@given(meetings().filter(bool))
def test_every_contact_is_explained_and_agrees(items: list[Received]) -> None:
    assert asyncio.run(differences(versions(FIRST, SECOND), items)) == []


def test_fixes_of_a_device_that_a_later_version_names_count_from_before_it() -> None:
    """Her second device was known by another condition, so what it sent before its version was taken."""
    contact = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 300}
    other = {"id": "c-2", "kind": "contact", "victim_device": "v-2", "radius_m": 100}
    first = circle_order(conditions=[contact, other])
    acts = {"armed_at": "2026-06-01T12:05:30Z", "valid_from": "2026-06-01T12:05:30Z"}
    second = circle_order(version=2, **acts, conditions=[{**contact, "victim_device": "v-2"}])
    items = [
        fix_at(east_m, 60.0 * minute + late_s, device=device)
        for minute in range(10)
        for device, east_m, late_s in (("d-1", 200.0 + minute, 0.0), ("v-2", float(minute), 5.0))
    ]
    documents = asyncio.run(explained(versions(first, second), items))
    assert [document["verdict"]["condition"] for document in documents] == ["c-1"]
    assert {fix["device"] for fix in documents[0]["fixes"]} == {"d-1", "v-2"}
    assert asyncio.run(read_again(documents[0])).agrees
