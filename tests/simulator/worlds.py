"""Small truths and alerts for the score's tests, as lines."""

from __future__ import annotations

import json
from typing import Any

from emon.model.instant import SECOND_US, format_instant, parse_instant
from simulator.scoring import Truth, truth_of_lines
from simulator.scoring.alerts import read_alerts
from simulator.scoring.judge import judge
from simulator.scoring.verdict import Judged, Word

START_US = parse_instant("2026-06-01T00:00:00Z")


def at(seconds: float) -> str:
    return format_instant(START_US + round(seconds * SECOND_US))


def wearer(name: str = "w-1", **more: Any) -> dict[str, Any]:
    number = name.removeprefix("w-")
    return {
        "type": "wearer",
        "wearer": name,
        "days": 1.0,
        "orders": [f"o-{number}"],
        "devices": [f"d-{number}"],
    } | more


def seen(from_s: float, to_s: float, name: str = "w-1", **more: Any) -> dict[str, Any]:
    return {"type": "seen", "wearer": name, "from": at(from_s), "to": at(to_s)} | more


def stay(from_s: float, to_s: float, deepest_m: float, kind: str = "inside", **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "wearer": "w-1", "order": "o-1", "condition": "c-1", "from": at(from_s), "to": at(to_s),
        "deepest_m": deepest_m, "active": True,
    } | more  # fmt: skip


def held(from_s: float, to_s: float) -> dict[str, Any]:
    return {
        "type": "held", "wearer": "w-1", "order": "o-1", "condition": "c-1",
        "from": at(from_s), "to": at(to_s),
    }  # fmt: skip


def ruling(kind: str, from_s: float, by_s: float, **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "event": "breach", "wearer": "w-1", "order": "o-1", "condition": "c-1",
        "from": at(from_s), "by": at(by_s), "recipients": ["politie", "reclassering", "meldkamer_em"],
    } | more  # fmt: skip


def alert(at_s: float, event: str = "breach", **more: Any) -> dict[str, Any]:
    return {
        "type": "alert", "id": f"{round(at_s * 1000) + 10**9:016x}", "event": event,
        "priority": 1, "at": at(at_s), "recipients": ["politie", "reclassering", "meldkamer_em"],
        "breach": "b" * 16, "order": "o-1", "condition": "c-1", "certainty": "certain", "device": "d-1",
    } | more  # fmt: skip


def breach(opened_s: float, how: str = "inside", **more: Any) -> dict[str, Any]:
    return {"type": "breach", "id": "b" * 16, "opened_at": at(opened_s), "how": how} | more


def jsonl(*lines: dict[str, Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def truth(*lines: dict[str, Any]) -> Truth:
    return truth_of_lines(jsonl(*lines).splitlines(), "truth.jsonl")


def judged(world: Truth, *alerts: dict[str, Any]) -> Judged:
    return judge(world, read_alerts(jsonl(*alerts).splitlines(), "alerts.jsonl"), "alerts.jsonl")


def words(found: Judged) -> list[Word]:
    return [verdict.word for verdict in found.verdicts]


def wrong(found: Judged) -> list[tuple[str, str]]:
    """(name, where) of each finding."""
    return [(finding.name.value, finding.where) for finding in found.findings]
