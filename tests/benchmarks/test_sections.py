"""Several benchmarks write one page, each its own section, and say who had the processors."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.alerts import page_of
from benchmarks.first_attempt import Found, section_of
from benchmarks.sections import TITLE, put
from benchmarks.shares import OTHERS, Shares, cpu_s

LEGS = {"sent to received": (1.0, 4.0, 5.0), "received to stored": (2.0, 7.0, 9.0)}
LEGS |= {"stored to tried": (3.0, 8.0, 9.0), "received to tried": (5.0, 15.0, 17.0)}
LEGS |= {"sent to tried": (6.0, 19.0, 23.0)}


def test_a_section_takes_its_own_place_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "ALERTS.md"
    put(page, "one", "## One\n\nfirst\n")
    put(page, "other", "## Other\n")
    before = page.read_text("utf-8")
    put(page, "one", "## One\n\nsecond\n")
    assert before.startswith(f"{TITLE}\n\n<!-- one -->\n## One\n")
    assert page.read_text("utf-8") == before.replace("first", "second")


def test_a_load_that_was_not_made_is_told() -> None:
    rows = [
        Found(0, 0.0, True, 40, LEGS, {"service": 0.1, OTHERS: 0.2}),
        Found(10_000, 8_123.0, False, 40, LEGS, {"service": 0.4, "publisher": 0.3, OTHERS: 0.0}),
    ]
    text = section_of(rows, 40_000, 20.0)
    assert "| 0 | 0 | 40 | 1.0 / 4.0 | 2.0 / 7.0 | 3.0 / 8.0 | 5.0 / 15.0 | 6.0 / 19.0 |" in text
    assert "| 10,000 | 8,123, behind | 40 |" in text
    assert "| 10,000 | 40% | 0% | 30% |" in text
    assert "40,000 devices" in text


def test_shares_of_a_busy_process_and_of_all_others_are_no_more_than_the_machine() -> None:
    shares = Shares({"this": [os.getpid()]})
    until_s = time.process_time() + 0.2
    while time.process_time() < until_s:
        pass
    found = shares.of_the_machine()
    assert 0.0 < found["this"] <= 1.0
    assert 0.0 <= found[OTHERS] <= 1.0
    assert cpu_s(2**22 + 1) == 0.0  # beyond the largest process id there is


def test_the_deliveries_section_begins_as_the_page_has_it() -> None:
    page = Path(__file__).resolve().parents[2] / "benchmarks" / "ALERTS.md"
    heading = page_of([]).splitlines()[0]
    assert f"<!-- deliveries -->\n{heading}\n" in page.read_text("utf-8")
