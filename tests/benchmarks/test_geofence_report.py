"""What the geofence's benchmark makes of its figures: medians, rows that lose, charts that can be drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from benchmarks.geofence import report
from benchmarks.geofence.chart import curve_svg, ratios_svg, span
from benchmarks.geofence.results import Answers, Curve, Figure, Ratio, Section, Spread, interleaved

SVG = "{http://www.w3.org/2000/svg}"
OURS = Spread((10.0, 20.0, 40.0))
LOSING = Ratio("lost", "work <lost>", "rival", OURS, Spread((5.0, 10.0, 60.0)), 2.0, Answers(7, 1, 0.0003))
WINNING = Ratio("won", "work won", "rival", OURS, Spread((100.0, 100.0, 100.0)), 2.0, Answers(7, 0))
BESIDE = Ratio("beside", "work", "no aim", OURS, OURS)
CURVE = Curve(
    "growth", "Growth", "zones", (1.0, 10.0, 100.0), {"ours": (OURS, OURS, OURS), "theirs": (OURS,) * 3}
)
MACHINE = report.Machine("2026-11-25", "0123456789ab", "a processor", 2, 8.0, 0.5, 90.0, 1.5)


def test_runs_take_turns_and_the_first_turn_is_not_counted() -> None:
    called: list[str] = []

    def run(name: str, count: int) -> int:
        called.append(name)
        return count

    prepared: list[int] = []
    one, two = interleaved((lambda: run("a", 1), lambda: run("b", 2)), 2, prepared.append)
    assert called == ["a", "b"] * 3
    assert prepared == [-1, 0, 1]
    assert len(one.values) == len(two.values) == 2


def test_a_ratio_is_taken_within_each_repetition() -> None:
    assert LOSING.ratio.values == (0.5, 0.5, 1.5)
    assert LOSING.ratio.median == 0.5
    assert (LOSING.met, WINNING.met, BESIDE.met) == (False, True, None)


def test_rows_that_lose_are_kept_and_named(tmp_path: Path) -> None:
    slow, fast = (
        Figure("slow", "slow", Spread((3.0,)), "s", 1.0),
        Figure("fast", "fast", Spread((0.5,)), "s", 1.0),
    )
    section = Section(
        "A section", "What it is.", (LOSING, WINNING, BESIDE), (slow, fast), (CURVE,), ("A note.",)
    )
    page = report.write([section], MACHINE, "make bench", 3, tmp_path)
    lines = page.read_text("utf-8").splitlines()
    (lost,) = [line for line in lines if "work <lost>" in line]
    assert "falls short" in lost
    assert "loses" in lost
    assert "1 of 7, within 0.3 mm" in lost
    (won,) = [line for line in lines if "work won" in line]
    assert "falls short" not in won
    assert "0 of 7" in won
    assert "1 of 2 ratios reach what they are to, and 1 of 2 figures with a bound keep it." in lines
    assert any("| slow | 3 s | 1 s **falls short** |" in line for line in lines)
    assert "A note." in lines
    assert any("commit 0123456789ab" in line and "at most 1.5 GB of memory" in line for line in lines)
    assert "50 % idle before the run: other work ran beside it" in "\n".join(lines)
    for chart in ("ratios.svg", "growth.svg"):
        assert any(f"(charts/{chart})" in line for line in lines)
        assert (tmp_path / "charts" / chart).exists()


def test_a_curve_has_a_line_each_and_a_mark_for_every_size() -> None:
    picture = ElementTree.fromstring(curve_svg(CURVE))
    assert len(picture.findall(f"{SVG}polyline")) == 2
    assert len(picture.findall(f"{SVG}circle")) == 3
    words = [text.text for text in picture.findall(f"{SVG}text")]
    assert {"ours", "theirs", "zones", "1", "10", "100"} <= set(words)
    places = [
        float(text.attrib["y"]) for text in picture.findall(f"{SVG}text") if text.text in ("ours", "theirs")
    ]
    assert abs(places[0] - places[1]) >= 15.0, "two names lie over each other"


def test_ratios_have_a_point_each_and_a_bar_where_something_is_to_be_reached() -> None:
    picture = ElementTree.fromstring(ratios_svg((LOSING, WINNING, BESIDE), "Ratios"))
    assert len(picture.findall(f"{SVG}circle")) == 3
    assert len(picture.findall(f"{SVG}rect")) == 1 + 2
    assert "work <lost> / rival" in [text.text for text in picture.findall(f"{SVG}text")]


def test_a_figure_is_written_with_its_spread() -> None:
    assert span(Spread((1.0,))) == "1"
    assert span(Spread((12_345.0, 0.123456, 17.25))) == "17.2 (0.123 – 12,345)"
