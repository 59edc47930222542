"""What the report says of a figure: measured, asked, reached or not, by rows counted by hand."""

from __future__ import annotations

from benchmarks.detection.figures import figures_table
from benchmarks.detection.stays import StayRow
from benchmarks.detection.tally import Pool, Row


def _stay(*, police_s: float | None, overlapped: bool = True) -> StayRow:
    return StayRow(
        "inside", False, False, 200.0, 120.0, due=True, seen=True, late=False, overlapped=overlapped,
        told_s=20.0, probable_s=20.0, police_s=police_s,
    )  # fmt: skip


def _quiet(false_police: int) -> Pool:
    return Pool([Row("w-1", False, 1_000.0, false_police=false_police)])


def _row(text: str, begins: str) -> list[str]:
    (line,) = (each for each in text.splitlines() if each.startswith(f"| {begins}") and "| all |" in each)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_what_share_of_police_alerts_is_false_counts_true_ones_at_the_base_rate_that_were_told() -> None:
    """One false in 1,000 days; of 0.05 true ones a day the police hear of three in four: 1 in 38.5."""
    stays = [_stay(police_s=60.0)] * 3 + [_stay(police_s=None)]
    row = _row(figures_table(_quiet(1), stays, None), "false among all police alerts, at 0.05 true")
    assert row[2].startswith("2.6% (")
    assert row[3] == "5 %, aim 1 %: reached"
    row = _row(figures_table(_quiet(3), stays, None), "false among all police alerts")
    assert row[2].startswith("7.4% (")
    assert row[3] == "5 %, aim 1 %: not reached"


def test_each_figure_says_whether_it_is_reached() -> None:
    text = figures_table(_quiet(3), [_stay(police_s=60.0), _stay(police_s=None, overlapped=False)], None)
    assert _row(text, "missed, bans: 60 s, 30 m")[3] == "0: not reached"
    assert _row(text, "missed, contacts: 60 s")[3] == "0"  # there was none
    assert _row(text, "false police alerts")[3] == "0.002: not reached"
    assert _row(text, "all alerts at the centre")[3] == "0.2: reached"
    (soon,) = (each for each in text.splitlines() if "75 s of probable" in each and "| low, medium" in each)
    assert "| 90 %: not reached |" in soon


def test_contacts_told_of_nobody_are_a_row_and_at_the_police_another() -> None:
    """Three false and one of what was over in 100 days, one of the four at the police."""
    sought = Pool([Row("w-1", False, 100.0, false=3, stale=1, false_police=1)])
    text = figures_table(_quiet(0), [_stay(police_s=60.0)], None, sought)
    rows = {line.split(" | ")[0]: line for line in text.splitlines() if "who seek her out" in line}
    assert "| 0.0400 (" in rows["| contacts told where nobody was near, or it was over"]
    assert "| 0.0100 (" in rows["| of these at the police"]
    assert "who seek her out" not in figures_table(_quiet(0), [_stay(police_s=60.0)], None)
