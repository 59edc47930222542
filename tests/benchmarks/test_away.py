"""The page of a database that is away: what was lost or never drained is said."""

from __future__ import annotations

from benchmarks.away import Away, page_of


def test_what_was_lost_and_not_drained_is_on_the_page() -> None:
    page = page_of(Away(20.0, 100.0, 450, "frames", 4_000, 3_990, 7, 80.4, 95.6, 90.0, None, 3.1))
    for row in (
        "not stored at the end | 10",
        "repeats | 7",
        "its return | not within 300 s",
        "away, MB | 96",
    ):
        assert row in page


def test_what_is_stored_and_not_yet_acknowledged_is_no_loss() -> None:
    page = page_of(Away(20.0, 100.0, 450, "frames", 4_000, 4_003, 0, 80.0, 95.0, 90.0, 4.25, 0.4))
    assert "not stored at the end | 0" in page
    assert "its return | 4.2 s" in page
