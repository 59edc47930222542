"""The worked timelines of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emon.model.instant import SECOND_US, parse_instant
from emon.orders.document import parse_document
from emon.replay import lines_of, replay
from tests.engine.stories import recorded, shown

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "replay_examples.json").read_text())["examples"]


def test_the_examples_are_there() -> None:
    assert len(EXAMPLES) == 19


def _near(found: str | None, wanted: str | None, tolerance_s: float) -> bool:
    if found is None or wanted is None:
        return found == wanted
    return abs(parse_instant(found) - parse_instant(wanted)) <= tolerance_s * SECOND_US


def _agrees(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    tolerance_s = wanted.get("tolerance_s", 0.0)
    for name, value in wanted.items():
        if name == "tolerance_s":
            continue
        if name == "certainty":
            if found[name] not in value:
                return False
        elif name in ("opened_at", "closed_at"):
            if not _near(found[name], value, tolerance_s):
                return False
        elif found[name] != value:
            return False
    return True


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["name"] for example in EXAMPLES])
async def test_a_worked_timeline_is_judged_as_the_contract_says(example: dict[str, Any]) -> None:
    versions = parse_document(json.dumps(example["orders"]).encode(), armed_at_us=None)
    lines = list(lines_of(await replay(versions, recorded(example["fixes"]))))
    breaches, alerts = shown(lines, "breach"), shown(lines, "alert")
    if example["breaches"] is not None:
        assert len(breaches) == len(example["breaches"]), breaches
        for found, wanted in zip(breaches, example["breaches"], strict=True):
            assert _agrees(found, wanted), (found, wanted)
    if "politie" in example:
        assert any("politie" in alert["recipients"] for alert in alerts) is example["politie"], alerts
    events = {alert["event"] for alert in alerts}
    assert set(example.get("events", ())) <= events
