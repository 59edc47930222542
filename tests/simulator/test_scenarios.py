"""Every scenario that comes with the simulator: it can be played, it is fair, and perfect alerts pass."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emon.ingest.sources.files import LineKind, read_line
from emon.limits import PLAN_S
from emon.model.instant import SECOND_US, format_instant, parse_instant
from simulator import yaml_text
from simulator.limits import DUE_FIXES, DUE_LATE_S
from simulator.scenario import Told
from simulator.scenario_check import EDGE_S, seen_stays
from simulator.scenario_library import Played, played, scenario_names
from simulator.scenario_schema import scenario_schema
from simulator.scoring.alerts import read_alerts
from simulator.scoring.due import Class, class_of
from simulator.scoring.facts import MUST, STAYS, Ruling, Stay
from simulator.scoring.judge import judge
from simulator.scoring.naming import event_of

NAMES = [name for name in scenario_names() if name != "story"]
VALIDATOR = jsonschema.Draft202012Validator(scenario_schema())
_PLAYED = cache(played)


def _text(name: str) -> bytes:
    return resources.files("simulator").joinpath("scenarios", f"{name}.yaml").read_bytes()


def test_the_thirty_five_the_failures_and_the_rest_are_there() -> None:
    queensland = [name for name in NAMES if name.startswith("queensland/")]
    assert len(queensland) == 35
    for folder in ("platform", "stalking", "curfew", "permits", "orders", "devices"):
        assert [name for name in NAMES if name.startswith(f"{folder}/")]


@pytest.mark.parametrize("name", NAMES)
def test_a_probation_officer_can_read_it(name: str) -> None:
    scene = _PLAYED(name).scenario
    assert scene.title
    assert scene.note
    assert scene.truth is not None
    assert scene.dated
    assert len(_text(name).splitlines()) < 340


@pytest.mark.parametrize("name", ["story", *NAMES])
def test_the_schema_knows_it(name: str) -> None:
    assert list(VALIDATOR.iter_errors(yaml_text.parse(_text(name)).value)) == []


def test_the_published_schema_is_that_of_the_code(repository: Path) -> None:
    published = json.loads((repository / "docs" / "scenario.schema.json").read_text("utf-8"))
    assert published == scenario_schema(), "run: make docs"
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.parametrize(
    ("old", "new"),
    [("duration: 1h", "duration: []"), ("by: foot", "by: foot, with: dog"), ("kind: bracelet", "kind: 5")],
)
def test_the_schema_refuses_what_is_none(old: str, new: str) -> None:
    text = _text("queensland/01-walks-in").decode()
    assert old in text
    value = yaml_text.parse(text.replace(old, new, 1).encode()).value
    assert list(VALIDATOR.iter_errors(value))


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_one_that_the_engine_reads(name: str) -> None:
    scene = _PLAYED(name)
    assert scene.fixes
    bad = [
        line
        for number, line in enumerate(scene.fixes)
        if read_line(number, line.encode()).kind is LineKind.BAD
    ]
    assert bad == []
    received = [json.loads(line)["received_at"] for line in scene.fixes]
    assert received == sorted(received)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_due_can_be_seen_in_time(name: str) -> None:
    """The fixes that truly came show each stay that must be told, four minutes before it must be."""
    scene = _PLAYED(name)
    seen = seen_stays(scene.scenario, scene.start_us)
    for told in scene.scenario.truth or ():
        if told.kind in STAYS and told.by_s is not None and told.to_s - told.from_s >= DUE_FIXES * PLAN_S:
            stays = [stay for stay in seen if _of(stay, told, scene.start_us) and stay.shown_us is not None]
            assert stays, told
            shown_s = ((stays[0].shown_us or 0) - scene.start_us) / SECOND_US
            assert told.by_s - DUE_LATE_S - 360.0 <= shown_s <= told.by_s - DUE_LATE_S + EDGE_S, (
                told,
                shown_s,
            )
            assert all(stay.late == told.late for stay in stays), told


def _of(stay: Stay, told: Told, start_us: int) -> bool:
    mine = (stay.kind, stay.order, stay.condition) == (told.kind, told.order, told.condition)
    from_s, to_s = ((at_us - start_us) / SECOND_US for at_us in (stay.from_us, stay.to_us))
    return mine and from_s < told.to_s and told.from_s < to_s


@pytest.mark.parametrize("name", NAMES)
def test_perfect_alerts_pass_and_none_at_all_does_not(name: str) -> None:
    scene = _PLAYED(name)
    lines = _perfect(scene)
    found = judge(scene.truth, read_alerts(lines, "perfect"), "perfect")
    assert found.findings == []
    if lines:
        assert len(judge(scene.truth, []).findings) == len(lines)


@pytest.mark.parametrize("name", NAMES)
def test_perfect_alerts_made_wrong_do_not_pass(name: str) -> None:
    """Each alert two days late or told twice, one at a time."""
    scene = _PLAYED(name)
    lines = _perfect(scene)
    for number, line in enumerate(lines):
        alert = json.loads(line)
        late = {**alert, "at": format_instant(parse_instant(alert["at"]) + 172_800 * SECOND_US)}
        for wrong in ([*lines[:number], json.dumps(late), *lines[number + 1 :]], [*lines, line]):
            assert judge(scene.truth, read_alerts(wrong, "wrong"), "wrong").findings, line


def _perfect(scene: Played) -> list[str]:
    """One alert for each fact that must be told, when it must."""
    facts: list[Stay | Ruling] = [stay for stay in scene.truth.stays if class_of(stay) is Class.DUE]
    facts += [ruling for ruling in scene.truth.rulings if ruling.kind == MUST]
    return [_line(number, fact) for number, fact in enumerate(facts)]


def _line(number: int, fact: Stay | Ruling) -> str:
    ruled = isinstance(fact, Ruling)
    at_us = fact.from_us if isinstance(fact, Ruling) else (fact.shown_us or 0)
    event = fact.event if isinstance(fact, Ruling) else event_of(fact)
    alert: dict[str, Any] = {
        "type": "alert",
        "id": f"{number:016x}",
        "event": event.value,
        "priority": 1,
        "at": format_instant(at_us),
        "recipients": sorted(fact.recipients),
        "breach": None if event not in ("breach", "breach_cleared", "historic_breach") else "b" * 16,
        "order": fact.order or None,
        "condition": fact.condition or None,
        "certainty": fact.certainty if isinstance(fact, Ruling) else "certain",
        "device": None,
        "wearer": fact.wearer if ruled and not fact.order else None,
    }
    return json.dumps(alert)
