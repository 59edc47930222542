"""The storms' page: each row was measured, and what was not reached is not hidden."""

from __future__ import annotations

from pathlib import Path

from benchmarks import storms, storms_page


def test_a_quick_run_measures_every_storm_and_misses_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    page = storms.run(True, tmp_path, told.append)
    rows = [line.split("|") for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
    storms_of = ["noisy tenth", "telecom return", "reconnect"]
    assert [row[1].strip() for row in rows] == ["storm", *storms_of, "storm", *storms_of]
    assert len(told) == 6
    for row in rows[5:]:
        assert int(row[2].replace(",", "")) > 0
        p50_ms, p99_ms, longest_ms = (float(value) for value in row[3].split("/"))
        assert 0 <= p50_ms <= p99_ms <= longest_ms
        assert float(row[4]) > 0
    for row in rows[1:4]:
        assert int(row[2].replace(",", "")) > 0
        assert row[8].strip() == "0"
        before_mb, most_mb = (float(value) for value in row[9].split("/"))
        assert 0 < before_mb <= most_mb


def test_what_was_not_drained_is_said() -> None:
    calm_ms, storm_ms = (1.0, 2.0, 2.0), (3.0, 9.0, 11.0)
    row = storms_page.Row(
        "telecom return", 10, 5, calm_ms, storm_ms, 7, None, 4, (80.0, 95.5), (20.0, 84.0), 1_024
    )
    page = storms_page.page_of([row], storms.QUICK, 3.14)
    assert "| telecom return | 10 | 1 / 2 | 3 / 9 / 11 | 4.5 | 7 | not within 60 | 4 | 80 / 96 |" in page
    assert "15.50 KB of the service and 64.00 KB of the broker for each session of 1,024" in page
