"""Simulated receivers are held to recorded ones, and the comparison refuses what is not like them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest

from simulator.cli import main
from simulator.path import Path, Surroundings
from simulator.receivers import KINDS, Observed, Receiver, Resampled, kind, observe
from simulator.receivers.calibration import (
    FiguresRefused,
    Tolerance,
    compared,
    figures_of,
    figures_path,
    figures_text,
    read_figures,
    tolerance_of,
)
from simulator.receivers.cited import CITED
from simulator.receivers.page import figures_page
from simulator.receivers.parameters import Conditions, Poor
from simulator.receivers.real import read_named
from simulator.receivers.resample import STILL
from simulator.receivers.residuals import Strand, moving_residuals, plausible_chain, repeats_of
from simulator.receivers.situations import SITUATIONS, Situation, measured, played
from simulator.receivers.statistics import Record, autocorrelation, excursions, gaps, jumps, outside
from simulator.seeds import generator

ROOT = File(__file__).resolve().parents[2]
BY_NAME = {situation.name: situation for situation in SITUATIONS}


def failing(situation: Situation, receiver: Receiver) -> set[str]:
    """Which cited statistics of a situation another receiver would miss."""
    ours = measured(situation, played(situation, 1, situation.cadence_s, receiver), truth_known=True)
    return {
        name
        for name, (value, _) in CITED[situation.name].items()
        if not tolerance_of(situation.name, name).holds(ours.get(name, np.nan), value)
    }


def made(seconds: np.ndarray, **columns: np.ndarray) -> Record:
    nothing = np.zeros(seconds.size)
    found = {name: columns.get(name, nothing) for name in Record._fields[1:6]}
    return Record(seconds.astype(np.float64), **found, asked_s=float(seconds[-1] - seconds[0]))


@pytest.mark.timeout(300)
def test_every_judged_line_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """The command itself, with the figures of the repository: cited tables and training tracks."""
    assert main(["calibrate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [line for line in found["lines"] if not line["held_out"] and not line["holds"]] == []
    assert found["judged"] > 200
    # Parts on which nothing was tuned: most hold too, and those that do not stay in the report.
    assert found["held_out_within"] >= 0.8 * found["held_out"]
    assert found["held_out"] > 150


def table_rows(page: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]


@pytest.mark.timeout(300)
def test_the_page_of_figures_is_what_the_command_writes() -> None:
    """All but the last digits of simulated numbers, which another processor may round otherwise."""
    written = (ROOT / "docs" / "simulator-receivers-figures.md").read_text("utf-8")
    fresh = figures_page(compared(read_figures()))
    parts = [page.partition("## Simulated beside real") for page in (written, fresh)]
    assert parts[0][0] == parts[1][0], "run: make docs"
    rows = [table_rows(part[2]) for part in parts]
    assert [(row[0], row[2], row[-1]) for row in rows[0]] == [(row[0], row[2], row[-1]) for row in rows[1]]
    simulated = [[float(row[1]) for row in table if row[1] not in ("simulated", "---")] for table in rows]
    assert simulated[0] == pytest.approx(simulated[1], rel=0.03, abs=0.01)


def test_white_noise_is_refused() -> None:
    """The right size of error and the right claims, without memory: correlation gives it away."""
    indoor = KINDS["android"].conditions[Surroundings.INDOOR]
    white = replace(indoor, fast_m=0.0, slow_m=0.0, white_m=2.7, gnss=1.0, wifi=0.0)
    receiver = replace(KINDS["android"], conditions=(white,) * 10, session_m=0.0)
    situation = replace(BY_NAME["still_indoors_satellite"], sessions=60)
    missed = failing(situation, receiver)
    assert {"autocorrelation_60_s", "autocorrelation_200_s"} <= missed
    assert "error_q50_m" not in missed


def test_an_honest_claim_is_refused() -> None:
    """Errors normal with the deviation claimed: coverage by claim gives it away."""
    street = replace(
        KINDS["android"].conditions[Surroundings.STREET],
        wild=0.0,
        poor=Poor(),
        claim_spread=0.0,
        claim68_m=6.0,
    )
    receiver = replace(KINDS["android"], conditions=(street,) * 10)
    missed = failing(replace(BY_NAME["street_android"], sessions=20), receiver)
    assert {"outside_95", "share_claim68_to_5_m", "sideways_q99_m"} & missed


def test_a_tolerance_takes_factor_or_difference_and_never_nothing() -> None:
    tolerance = Tolerance(2.0, 1.0)
    assert tolerance.holds(3.9, 2.0)
    assert tolerance.holds(0.5, 0.0)
    assert not tolerance.holds(4.1, 2.0)
    assert not tolerance.holds(float("nan"), 2.0)


def test_doctored_figures_fail_and_the_command_says_so(
    tmp_path: File, capsys: pytest.CaptureFixture[str]
) -> None:
    real = read_figures()
    kept: dict[str, Any] = {name: {"training": [], "hold_out": []} for name in real}
    part = real["still_indoors_wifi"]["training"][0]
    part["statistics"] = {"gaps_over_60_s_per_h": 100.0}
    kept["still_indoors_wifi"]["training"] = [part]
    file = tmp_path / "figures.json"
    file.write_text(figures_text(kept))
    assert main(["calibrate", "--figures", str(file)]) == 1
    said = capsys.readouterr().out
    assert "real       100" in said
    assert "OUTSIDE" in said


@pytest.mark.parametrize(
    ("text", "fault"),
    [("{", "no figures as emon-sim calibrate"), ("[]", "no figures"), ('{"situations": {}}', "lacks still_")],
)
def test_figures_that_are_none_are_refused(
    tmp_path: File, capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    file = tmp_path / "figures.json"
    file.write_text(text)
    with pytest.raises(FiguresRefused, match=fault):
        read_figures(file)
    assert main(["calibrate", "--figures", str(file)]) == 65
    assert str(file) in capsys.readouterr().err


def test_without_tracks_the_command_says_so(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EMON_TRACKS", raising=False)
    assert main(["calibrate", "--write"]) == 64
    assert "set EMON_TRACKS" in capsys.readouterr().err
    assert main(["calibrate", "--tracks", str(tmp_path / "none")]) == 64
    assert "is no folder" in capsys.readouterr().err
    assert main(["calibrate", "--tracks", str(tmp_path)]) == 64
    assert "holds no *.jsonl" in capsys.readouterr().err


def test_figures_hold_no_position() -> None:
    text = figures_path().read_text("utf-8")
    assert not any(f'"{name}"' in text for name in ("lat", "lon", "t", "fixes_at"))
    assert len(text) < 60_000


def test_statistics_of_a_made_session() -> None:
    seconds = np.arange(0.0, 3_601.0, 10.0)
    error_m = np.zeros(seconds.size)
    error_m[[50, 51, 200]] = 30.0
    position_m = error_m.copy()
    position_m[300] = 5_000.0
    record = made(seconds, east_m=position_m, error_east_m=error_m, accuracy_m=np.full(seconds.size, 20.0))
    assert excursions([record]) == {"excursions_per_h": pytest.approx(2.0), "excursion_length_fixes": 1.5}
    assert jumps([record])["jumps_per_h"] == pytest.approx(2.0)
    assert outside([record])["outside_95"] == pytest.approx(3 / 361)
    late = record._replace(t_s=np.where(seconds > 1_800.0, seconds + 600.0, seconds))
    assert gaps([late])["gaps_over_300_s_per_h"] == pytest.approx(1.0)


def test_autocorrelation_is_that_of_the_law_of_the_process() -> None:
    rng = generator(1)
    records = []
    for _ in range(30):
        error_m = np.zeros((2, 2_000))
        for i in range(1, 2_000):
            error_m[:, i] = 0.9 * error_m[:, i - 1] + rng.standard_normal(2)
        records.append(made(10.0 * np.arange(2_000.0), error_east_m=error_m[0], error_north_m=error_m[1]))
    found = autocorrelation(records, clip_m=1e9)
    assert found["autocorrelation_10_s"] == pytest.approx(0.9, abs=0.02)
    assert found["autocorrelation_60_s"] == pytest.approx((0.9**5 + 0.9**6 + 0.9**7) / 3.0, abs=0.03)


def test_residuals_find_a_far_position_and_follow_the_way() -> None:
    seconds = np.arange(0.0, 600.0)
    east_m, claim_m = 10.0 * seconds, np.full(600, 10.0)
    north_m = np.zeros(600)
    north_m[300:305] = 8_000.0
    assert not plausible_chain(seconds, east_m, north_m, claim_m)[300:305].any()
    off_east_m, off_north_m, known = moving_residuals(seconds, east_m, north_m, claim_m)
    assert known.all()
    assert off_north_m[300:305] == pytest.approx(np.full(5, 8_000.0), abs=1.0)
    rest = np.ones(600, np.bool_)
    rest[300:305] = False
    assert np.abs(off_east_m[rest]).max() < 1.0
    assert np.abs(off_north_m[rest]).max() < 1.0


def made_strand() -> Strand:
    """A line each 60 s; each third repeats the one before; line k lies k metres north."""
    count = 300
    north_m = np.arange(float(count))
    north_m[2::3] = north_m[1::3]
    return Strand(
        60.0 * np.arange(float(count)),
        np.zeros(count),
        north_m,
        np.full(count, 12.0),
        np.zeros(count, np.int8),
        repeats_of(np.zeros(count), north_m),
    )


def laid_upon(receiver: Resampled, path: Path, seed: int) -> Observed:
    return observe(path, np.arange(0.0, 14_400.0, 60.0), receiver, generator(seed))


def test_blocks_keep_the_lines_of_a_recording_together() -> None:
    receiver = Resampled("made", {STILL: (made_strand(),)}, block_s=1_800.0)
    path = Path(np.array([0.0]), np.array([4.48]), np.array([51.92]), np.array([3], np.int8))
    seen = laid_upon(receiver, path, 1)
    assert seen.t_s.size > 200
    north_m = (seen.lat - 51.92) * 111_195.0
    steps_m = np.round(np.diff(north_m)).astype(int)
    # Within a block lines follow one another as recorded: one on, a repeat, or two on after a repeat.
    assert np.isin(steps_m, (0, 1, 2)).mean() > 0.9
    assert (steps_m == 0).sum() > 50
    assert np.array_equal(laid_upon(receiver, path, 1).lat, seen.lat)
    assert not np.array_equal(laid_upon(receiver, path, 2).lat, seen.lat)


def test_a_repeated_line_stays_where_the_wearer_was() -> None:
    receiver = Resampled("made", {"street": (made_strand(),)}, block_s=1e6)
    path = Path(np.array([0.0, 14_400.0]), np.array([4.0, 4.5]), np.full(2, 52.0), np.array([1, 1], np.int8))
    seen = laid_upon(receiver, path, 3)
    same = (np.diff(seen.lon) == 0.0) & (np.diff(seen.lat) == 0.0)
    assert same.mean() == pytest.approx(1 / 3, abs=0.05)


def test_a_resampled_receiver_needs_strands_and_sane_blocks() -> None:
    with pytest.raises(ValueError, match="receiver 'made': no strand of residuals"):
        Resampled("made", {})
    with pytest.raises(ValueError, match=r"block_s is -1\.0; must be finite and above 0"):
        Resampled("made", {STILL: (made_strand(),)}, block_s=-1.0)


@pytest.mark.tracks
def test_the_figures_are_what_the_tracks_give(tracks_folder: File) -> None:
    assert figures_path().read_text("utf-8") == figures_text(figures_of(read_named(tracks_folder)))


@pytest.mark.tracks
@pytest.mark.parametrize("name", ["resampled-android", "resampled-iphone", "resampled-cell"])
def test_resampled_receivers_are_seeded_and_err_as_recordings_do(tracks_folder: File, name: str) -> None:
    receiver = kind(name, tracks_folder)
    path = Path(np.array([0.0]), np.array([4.48]), np.array([51.92]), np.array([3], np.int8))
    asked_s = np.arange(0.0, 86_400.0, 60.0)
    seen, again = (observe(path, asked_s, receiver, generator(1)) for _ in range(2))
    assert np.array_equal(seen.lat, again.lat)
    assert seen.t_s.size > 300
    error_m = np.hypot((seen.lon - 4.48) * 68_580.0, (seen.lat - 51.92) * 111_195.0)
    # The README of the tracks: half within 2.5 m (and 1 to 5 m aside), 11 m (20 to 35 m aside), 340 m.
    low_m, high_m = {"resampled-android": (1.0, 9.0), "resampled-iphone": (15.0, 45.0)}.get(
        name, (0.0, 900.0)
    )
    assert low_m < np.median(error_m) < high_m


@pytest.mark.tracks
def test_drawing_in_blocks_keeps_what_was_recorded(
    tracks_folder: File, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["calibrate", "--json", "--tracks", str(tracks_folder)])
    lines = json.loads(capsys.readouterr().out)["resampled"]
    assert sum(line["holds"] for line in lines) >= 0.88 * len(lines) > 80


def test_a_kind_is_not_told_from_its_table_alone() -> None:
    """Whoever changes conditions gets other fixes: tables follow ``replace``."""
    changed = replace(KINDS["android"], conditions=(Conditions(claim68_m=77.0, claim_spread=0.0),) * 10)
    path = Path(np.array([0.0]), np.array([4.48]), np.array([51.92]), np.array([0], np.int8))
    seen = observe(path, np.arange(0.0, 600.0, 60.0), replace(changed, doze_share=0.0), generator(1))
    assert seen.accuracy_m == pytest.approx(np.full(10, 77.0 * 1.6214), abs=0.1)
