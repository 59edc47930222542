"""The contract's worked timelines: each breach is explained, and agrees in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from emon.explanation.document import Document
from emon.model.vocabulary import How
from emon.orders.document import parse_document
from tests.engine.stories import circle_order, fix_at, recorded, versions
from tests.engine.test_replay_examples import EXAMPLES
from tests.explanation.worked import explained, read_again

_AGREE_ALL = (
    "import sys; from emon.cli import main; sys.exit(max(main(['explain', f]) for f in sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every worked timeline as files, replayed with ``--files``."""
    made = tmp_path_factory.mktemp("worked")
    for example in EXAMPLES:
        _write(made, example)
        assert main(["replay", *_arguments(made, example["name"])]) == 0
    return made


def _arguments(folder: Path, name: str) -> list[str]:
    return [f"{folder / name}.json", f"{folder / name}.jsonl", "--files", str(folder / name)]


def _write(folder: Path, example: dict[str, Any]) -> None:
    name = example["name"]
    (folder / f"{name}.json").write_text(json.dumps(example["orders"]))
    lines = "".join(json.dumps(line) + "\n" for line in example["fixes"])
    (folder / f"{name}.jsonl").write_text(lines)


def test_every_breach_has_its_file_and_agrees_in_a_fresh_process(folder: Path) -> None:
    files = sorted(folder.glob("*/*.json"))
    assert len(files) == sum(len(example["breaches"] or ()) for example in EXAMPLES) + 1  # the lone outlier
    done = subprocess.run([sys.executable, "-c", _AGREE_ALL, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Recomputed: agrees with the file.") == len(files)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["name"] for example in EXAMPLES])
def test_the_verdict_is_the_line_that_replay_prints(
    example: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *_arguments(folder, example["name"])[:2]]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    breaches = {line["id"]: line for line in lines if line["type"] == "breach"}
    documents = [json.loads(path.read_text()) for path in sorted((folder / example["name"]).iterdir())]
    assert {document["verdict"]["id"]: document["verdict"] for document in documents} == breaches
    for document in documents:
        told = [
            line for line in lines if line["type"] == "alert" and line["breach"] == document["verdict"]["id"]
        ]
        assert document["alerts"] == told


def test_the_order_of_lines_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    example = next(e for e in EXAMPLES if e["name"] == "varied-away")
    _write(tmp_path, {**example, "fixes": example["fixes"][::-1]})
    assert main(["replay", *_arguments(tmp_path, "varied-away")]) == 0
    for path in (folder / "varied-away").iterdir():
        assert (tmp_path / "varied-away" / path.name).read_bytes() == path.read_bytes()


def test_other_wearers_fixes_change_no_byte(folder: Path, tmp_path: Path) -> None:
    example = next(e for e in EXAMPLES if e["name"] == "in-and-out")
    orders = example["orders"]["orders"]
    other = {**orders[0], "id": "o-2", "wearer": "w-2", "device": "d-2"}
    fixes = [{**fix, "device": "d-2", "received_at": "2026-06-02T00:00:00Z"} for fix in example["fixes"]]
    crowd = {**example, "orders": {"orders": [*orders, other]}, "fixes": [*fixes, *example["fixes"]]}
    _write(tmp_path, crowd)
    assert main(["replay", *_arguments(tmp_path, "in-and-out")]) == 0
    (path,) = (folder / "in-and-out").iterdir()
    assert (tmp_path / "in-and-out" / path.name).read_bytes() == path.read_bytes()


def scheduled() -> dict[str, Any]:
    order = circle_order()
    order["conditions"][0]["schedule"] = {"tz": "UTC", "windows": [{"from": "12:10", "to": "13:00"}]}
    return order


def inclusion(**schedule: Any) -> dict[str, Any]:
    zone = {"type": "Circle", "center": [4.48, 51.92], "radius_m": 100}
    return circle_order(
        conditions=[{"id": "c-1", "kind": "inclusion", "zone": zone, "schedule": {"tz": "UTC", **schedule}}]
    )


async def worked() -> list[Document]:
    found: list[Document] = []
    for example in EXAMPLES:
        orders = parse_document(json.dumps(example["orders"]).encode(), armed_at_us=None)
        found += await explained(orders, recorded(example["fixes"]))
    gap = [fix_at(-3000, 0), fix_at(-1000, 60), fix_at(1000, 560), fix_at(3000, 620)]
    found += await explained(versions(circle_order()), gap)
    away = [fix_at(900, minute * 60) for minute in range(-5, 25)]
    found += await explained(versions(inclusion(windows=[{"from": "12:00", "to": "12:20"}])), away)
    # The ban begins while the newest fix known lies inside; later it turns out that he had left.
    began = [fix_at(0, 0), fix_at(1, 60), fix_at(2, 120), fix_at(600, 960)]
    left = [fix_at(500 + minute, minute * 60, received_s=960) for minute in range(8, 16)]
    found += await explained(versions(scheduled()), [*began, *left])
    return found


async def test_every_way_in_which_a_breach_is_found_is_explained() -> None:
    documents = await worked()
    assert {document["verdict"]["how"] for document in documents} == set(How)
    assert {document["verdict"]["historic"] for document in documents} == {True, False}
    assert {document["verdict"]["refuted"] for document in documents} == {True, False}
    assert {document["verdict"]["certainty"] for document in documents} == {"possible", "probable", "certain"}
    for document in documents:
        assert (await read_again(document)).agrees


async def test_the_sentences_say_suspected_and_give_no_coordinate_away() -> None:
    for document in await worked():
        nl, en = document["sentence"]["nl"], document["sentence"]["en"]
        assert "vermoedelijke overtreding" in nl.lower()
        assert "suspected breach" in en.lower()
        assert "violation" not in en
        for text in (nl, en):
            assert not any(figure in text for figure in ("51.9", "51,9", "4.48", "4,48"))
            assert text.count(".") - text.count("1.000") <= 2  # one sentence, and a decimal point
            assert "2026" in text
        certainty = document["verdict"]["certainty"]
        words = {"certain": "zeker", "probable": "waarschijnlijk", "possible": "mogelijk"}
        assert words[certainty] in nl or document["verdict"]["refuted"]


async def test_an_old_fix_behind_an_edge_is_said_in_minutes() -> None:
    items = [fix_at(0, 0), fix_at(1, 60), fix_at(2, 120), fix_at(4000, 620)]
    (document,) = await explained(versions(scheduled()), items)
    assert document["grounds"]["reason"] == "old_fix"
    assert "8 minuten en 0 seconden" in document["sentence"]["nl"]
    assert "8 minutes and 0 seconds" in document["sentence"]["en"]
