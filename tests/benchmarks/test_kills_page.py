"""The page of the kill harness says what its runs found, faults too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.kills.page import PAGE, RUNS, keep, kills_of, page_of


def run(**changes: Any) -> dict[str, Any]:
    return {
        "seed": 7,
        "broker": "nats",
        "source": "frames",
        "rate": 20.0,
        "kills": {"service": 3, "service, starting": 1, "both": 2},
        "acknowledged": 1_200,
        "stored": 1_200,
        "alerts": 9,
        "deliveries": 12,
        "repeats_received": 1,
        "faults": [],
        **changes,
    }


def test_runs_are_added_up_and_a_fault_is_told(tmp_path: Path) -> None:
    runs, page = tmp_path / "runs.jsonl", tmp_path / "KILLS.md"
    keep(run(), runs, page)
    keep(run(seed=8, faults=["2 fixes are stored twice"]), runs, page)
    text = page.read_text("utf-8")
    assert "10 kills in 2 runs, 2,400 fixes acknowledged, 18 alerts; runs with a fault: 1." in text
    assert "| 7 | nats | `frames` | 20 | 3 (1) | 0 | 2 | 0 | 1,200 | 1,200 | 9 | 12 | 1 | none |" in text
    assert "2 fixes are stored twice" in text
    assert kills_of(run()) == 5


def test_the_committed_page_is_of_the_committed_runs() -> None:
    runs = [json.loads(line) for line in RUNS.read_text("utf-8").splitlines()]
    assert PAGE.read_text("utf-8") == page_of(runs)
