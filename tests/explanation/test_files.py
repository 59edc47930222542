"""``emon replay --files DIR``: what is written, what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emon.cli import main
from scripts.explanation_example import example_page
from tests.engine.stories import circle_order, fix_at


@pytest.fixture
def story(tmp_path: Path) -> list[str]:
    """Arguments of a replay with one breach."""
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    orders.write_text(json.dumps({"orders": [circle_order()]}))
    lines = []
    for i, east_m in enumerate([600, 400, 100, 50, 0]):
        raw = fix_at(east_m, 60.0 * i).message.decoded.fixes[0].raw
        lines.append(json.dumps({"device": "d-1", **json.loads(raw), "note": "kept as it came"}))
    fixes.write_text("\n".join(lines))
    return ["replay", str(orders), str(fixes)]


def test_the_directory_is_made_and_the_files_are_named(
    story: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "not" / "yet"
    assert main([*story, "--files", str(directory)]) == 0
    said = capsys.readouterr()
    (breach,) = (line for line in map(json.loads, said.out.splitlines()) if line["type"] == "breach")
    (path,) = directory.iterdir()
    assert path.name == f"{breach['id']}.json"
    assert f"wrote {path}" in said.err
    document = json.loads(path.read_text())
    assert document["verdict"] == breach
    assert {fix["fix"]["note"] for fix in document["fixes"]} == {"kept as it came"}
    assert [fix["side"] for fix in document["fixes"]] == ["right", "right", "wrong", "wrong", "wrong"]


def test_the_same_replay_gives_the_same_bytes_again(story: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "made"
    assert main([*story, "--files", str(directory)]) == 0
    (path,) = directory.iterdir()
    before = path.read_bytes()
    assert main([*story, "--files", str(directory)]) == 0
    assert [path.read_bytes() for path in directory.iterdir()] == [before]


def test_a_file_that_is_no_explanation_is_left_alone(
    story: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "made"
    assert main([*story, "--files", str(directory)]) == 0
    (path,) = directory.iterdir()
    path.write_text("somebody's notes")
    assert main([*story, "--files", str(directory)]) == 73
    assert "is no explanation" in capsys.readouterr().err
    assert path.read_text() == "somebody's notes"
    assert list(directory.iterdir()) == [path]


def test_a_file_in_the_directorys_place_is_refused_before_anything_is_judged(
    story: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    assert main([*story, "--files", str(tmp_path / "taken")]) == 73
    said = capsys.readouterr()
    assert said.out == ""
    assert "is a file" in said.err


def test_the_account_is_readable_in_both_languages(
    story: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "made"
    assert main([*story, "--files", str(directory)]) == 0
    (path,) = directory.iterdir()
    metres = f"{json.loads(path.read_text())['fixes'][2]['distance_m']:.1f}"
    assert float(metres) == pytest.approx(-100, abs=1)
    capsys.readouterr()
    assert main(["explain", str(path)]) == 0
    english = capsys.readouterr().out
    assert main(["explain", str(path), "--lang", "nl"]) == 0
    dutch = capsys.readouterr().out
    for text in ("Suspected breach of condition c-1", metres, "Fixes (", "1 June 2026 at 14:02:00"):
        assert text in english
    for text in ("Vermoedelijke overtreding van voorwaarde c-1", metres, "Posities (", "1 juni 2026 om"):
        assert text in dutch


def test_a_file_that_is_not_there_is_an_input_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "/nowhere/at/all.json"]) == 74
    assert "/nowhere/at/all.json" in capsys.readouterr().err


def test_a_fix_takes_few_bytes(story: list[str], tmp_path: Path) -> None:
    assert main([*story, "--files", str(tmp_path / "made")]) == 0
    (path,) = (tmp_path / "made").iterdir()
    lines = [line for line in path.read_text().splitlines() if '"received_at"' in line]
    assert len(lines) == 5
    for line in lines:
        assert len(line) - len(json.dumps(json.loads(line.rstrip(","))["fix"])) < 400


def test_the_example_in_the_docs_is_what_this_engine_writes(repository: Path) -> None:
    page = (repository / "docs" / "explanation-example.md").read_text("utf-8")
    assert page == example_page(), "run: make docs"
