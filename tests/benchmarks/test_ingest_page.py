"""The ingest section: every row of its page was measured, by both sources on the same bytes."""

from __future__ import annotations

from pathlib import Path

from benchmarks import ingest


def test_a_quick_run_measures_both_sources(tmp_path: Path) -> None:
    told: list[str] = []
    page = ingest.run(True, tmp_path, told.append)
    rows = [line.split("|") for line in page.read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(told) == 8
    assert {row[3].strip() for row in rows} == {"`aiomqtt`", "`frames`"}
    assert all(float(row[4].replace(",", "")) > 0 for row in rows)
