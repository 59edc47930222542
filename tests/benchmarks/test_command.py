"""``python -m benchmarks``: sections by name, progress on standard error, stopped without a trace."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import SECTIONS, main

QUICK = {"quick": "tests.benchmarks.quick_section"}
INTERRUPTED = {"interrupted": "tests.benchmarks.interrupted_section"}


def test_a_section_writes_its_page_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quick", "--quick", "--out", str(tmp_path / "new")], QUICK) == 0
    told = capsys.readouterr()
    page = tmp_path / "new" / "QUICK.md"
    assert told.out == f"{page}\n"
    assert "all of it" in told.err
    assert page.read_text("utf-8") == "quick: True\n"


def test_all_sections_run_where_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = {"one": QUICK["quick"], "two": QUICK["quick"]}
    assert main(["--out", str(tmp_path)], twice) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert (tmp_path / "QUICK.md").read_text("utf-8") == "quick: False\n"


def test_an_interrupt_ends_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path)], {**INTERRUPTED, **QUICK}) == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("stopped")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_section_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["geofenec"])
    assert stopped.value.code == 2
    assert "no section geofenec; there is geofence" in capsys.readouterr().err


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_can_be_run(name: str) -> None:
    assert callable(import_module(SECTIONS[name]).run)
