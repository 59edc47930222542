"""Each input of an explanation changed in turn: its verdict or its hash says so, and exit code 1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from emon.explanation.document import HASH, Document, file_text
from emon.explanation.read import read_explanation
from emon.explanation.verify import Finding
from emon.orders.tree import DocumentRefused
from tests.engine.stories import circle_order, fix_at, said, versions
from tests.explanation.worked import copied, explained, read_again, rehashed

Change = Callable[[Any], Any]


def breach() -> Document:
    """Two fixes outside, six inside, two outside: certain, and over."""
    order = circle_order()
    order["conditions"][0]["schedule"] = {"tz": "UTC", "windows": [{"from": "11:00", "to": "13:00"}]}
    way = [600, 400, 150, 100, 50, 0, 50, 100, 500, 700]
    items = [fix_at(east_m, 60.0 * i) for i, east_m in enumerate(way)]
    (document,) = asyncio.run(explained(versions(order), items))
    return document


def found_in(document: Document) -> Finding:
    return asyncio.run(read_again(document))


def _set(*path: str | int, to: Any) -> Change:
    def change(document: Any) -> None:
        place = document
        for step in path[:-1]:
            place = place[step]
        was = place.get(path[-1]) if isinstance(place, dict) else place[path[-1]]
        assert was != to
        place[path[-1]] = to

    return change


ZONE = ("orders", 0, "conditions", 0, "zone")
INPUTS: dict[str, Change] = {
    "a fix's longitude": _set("fixes", 3, "fix", "lon", to=4.49),
    "a fix's latitude": _set("fixes", 3, "fix", "lat", to=51.93),
    "a fix's accuracy": _set("fixes", 3, "fix", "acc", to=900.0),
    "a fix's time": _set("fixes", 2, "fix", "t", to="2026-06-01T12:02:01Z"),
    "a fix's receipt": _set("fixes", 2, "received_at", to="2026-06-01T12:02:30.000000Z"),
    "a fix's device": _set("fixes", 2, "device", to="d-2"),
    "a fix's mark": _set("fixes", 3, "mark", to="implausible"),
    "a fix left out": lambda document: document["fixes"].pop(2),
    "the zone's middle": _set(*ZONE, "center", to=[4.4803, 51.92]),
    "the zone's radius": _set(*ZONE, "radius_m", to=180),
    "the schedule": _set("orders", 0, "conditions", 0, "schedule", "windows", 0, "from", to="12:04"),
    "the order's version": _set("orders", 0, "version", to=2),
    "the order's beginning": _set("orders", 0, "valid_from", to="2026-06-01T12:03:30.000000Z"),
    "the arming": _set("orders", 0, "armed_at", to="2026-06-01T12:03:30.000000Z"),
    "the wearer": _set("orders", 0, "wearer", to="w-2"),
    "the order's end": _set("orders", 0, "valid_until", to="2026-06-01T12:05:00.000000Z"),
    "the condition's kind": _set("orders", 0, "conditions", 0, "kind", to="inclusion"),
    "the last decision": _set("until", to="2026-06-01T12:08:30.000000Z"),
    "the rules": _set("rules", "rows", 0, "recipients", to=["meldkamer_em"]),
    "a parameter": _set("parameters", "CERTAIN_P", to=0.99),
}
SAID: dict[str, Change] = {
    "the certainty": _set("verdict", "certainty", to="possible"),
    "the opening": _set("verdict", "opened_at", to="2026-06-01T12:01:00.000000Z"),
    "the end": _set("verdict", "closed_at", to=None),
    "the depth": _set("verdict", "deepest_m", to=20.0),
    "how": _set("verdict", "how", to="crossed"),
    "the id": _set("verdict", "id", to="0123456789abcdef"),
    "historic": _set("verdict", "historic", to=True),
    "refuted": _set("verdict", "refuted", to=True),
    "a distance": _set("fixes", 3, "distance_m", to=-10.0),
    "a probability": _set("fixes", 3, "probability", to=0.5),
    "the sentence": _set("sentence", "nl", to="Er was niets."),
    "an alert": _set("alerts", 0, "recipients", to=[]),
    "a decision": _set("decisions", 0, "certainty", to="certain"),
    "an edge": lambda document: document["edges"].append({"at": "2026-06-01T12:00:00Z", "version": None}),
    "the grounds": _set("grounds", "fixes_deep", to=0),
    "the rule": _set("rule", "en", to="Because."),
}
CHANGES = INPUTS | SAID


def test_the_unchanged_file_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file.json"
    path.write_text(file_text(breach()))
    assert main(["explain", str(path)]) == 0
    assert "Recomputed: agrees with the file." in capsys.readouterr().out


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found(what: str) -> None:
    document = copied(breach())
    CHANGES[what](document)
    finding = found_in(document)
    assert not finding.hash_agrees
    assert not finding.agrees


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_under_a_new_hash_is_found_by_the_verdict(what: str) -> None:
    document = copied(breach())
    CHANGES[what](document)
    finding = found_in(rehashed(document))
    assert finding.hash_agrees
    assert finding.differences
    assert not finding.agrees


def test_what_a_device_said_of_its_motion_counts() -> None:
    """It moved in the gap, so fixes were owed and the zone was in reach; had it lain still, none."""
    gap = [fix_at(-900, 0), fix_at(-700, 60), fix_at(-700, 900), fix_at(-900, 960)]
    items = [*gap, said("motion", "still", -1800), said("motion", "moving", 61)]
    (document,) = asyncio.run(explained(versions(circle_order()), items))
    assert document["verdict"]["how"] == "reachable"
    assert [event["event"]["state"] for event in document["motions"]] == ["still", "moving"]
    assert found_in(document).agrees
    document["motions"].pop()
    finding = found_in(rehashed(document))
    assert finding.recomputed is None
    assert finding.differences


@pytest.mark.parametrize("what", ["the certainty", "a fix's longitude"])
def test_the_command_says_what_differs_and_exits_with_1(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copied(breach())
    CHANGES[what](document)
    path = tmp_path / "file.json"
    path.write_text(json.dumps(document))
    assert main(["explain", str(path), "--json"]) == 1
    printed = capsys.readouterr()
    outcome = json.loads(printed.out)
    assert outcome["agrees"] is outcome["hash_agrees"] is False
    assert outcome["differences"]
    assert "the hash does not agree" in printed.err
    path.write_text(json.dumps(rehashed(document)))
    assert main(["explain", str(path), "--lang", "nl"]) == 1
    printed = capsys.readouterr()
    assert "NIET gelijk" in printed.out
    assert outcome["differences"][0]["path"] in printed.err


def test_the_layout_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(breach(), indent=3, sort_keys=True))
    assert main(["explain", str(path)]) == 0


REFUSED: dict[str, tuple[Change, str]] = {
    "no hash": (lambda document: document.pop(HASH), "sha256: missing"),
    "another format": (_set("format", to="emon-explanation/9"), "format: unknown word"),
    "no orders": (_set("orders", to=[]), "orders: must hold at least 1"),
    "a zone that is none": (_set(*ZONE, "radius_m", to=-1), "orders[0].conditions[0].zone.radius_m"),
    "a fix without accuracy": (lambda d: d["fixes"][2]["fix"].pop("acc"), "fixes[2].fix.acc: missing"),
    "a latitude beyond the pole": (_set("fixes", 4, "fix", "lat", to=91), "fixes[4].fix.lat"),
    "no receipt": (lambda d: d["fixes"][1].pop("received_at"), "fixes[1].received_at: missing"),
    "a mark nobody knows": (_set("fixes", 0, "mark", to="fine"), "fixes[0].mark: unknown word"),
    "a fix twice": (lambda d: d["fixes"].append(d["fixes"][0]), "fixes[10].fix: the fix of fixes[0] again"),
    "a motion nobody knows": (
        lambda d: d.update(motions=[{"device": "d-1", "received_at": "2026-06-01T12:00:00Z", "event": {}}]),
        "motions[0].event.event: missing",
    ),
    "a day that is none": (_set("incursion_days", to=["2026-02-30"]), "incursion_days[0]: must be a day"),
    "a rule nobody knows": (lambda d: d["rules"].update(worst={}), "rules.worst: unknown member"),
    "a verdict without id": (lambda d: d["verdict"].pop("id"), "verdict.id: missing"),
    "a member nobody knows": (_set("why", to="x"), "why: unknown member"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copied(breach())
    change, place = REFUSED[what]
    change(document)
    path = tmp_path / "file.json"
    path.write_text(json.dumps(document))
    assert main(["explain", str(path)]) == 65
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{path}: {place}" in printed.err


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 100_000]
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        read_explanation(data)


def test_every_fault_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = copied(breach())
    document["fixes"][1]["fix"]["lat"] = 91
    document["orders"][0].pop("wearer")
    path = tmp_path / "file.json"
    path.write_text(json.dumps(document))
    assert main(["explain", str(path)]) == 65
    printed = capsys.readouterr().err
    assert "fixes[1].fix.lat" in printed
    assert "orders[0].wearer: missing" in printed
