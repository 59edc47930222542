"""``emon-sim world``: files that the engine accepts, whoever wrote them; and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main as emon
from simulator.cli import main
from simulator.suites import TRAINING_SEEDS

_SEED = str(TRAINING_SEEDS[20])
_FILES = ("orders.json", "fixes.jsonl", "truth.jsonl", "world.json")


def _town(path: Path, *, crooked_m: float = 20.0, side: int = 9) -> Path:
    """A made town of crossing streets, about 200 m apart."""
    points = [
        [[4.9 + 0.003 * i + crooked_m * 1e-6 * (j % 3), 52.3 + 0.0018 * j] for j in range(side)]
        for i in range(side)
    ]
    rows = [*points, *([row[j] for row in points] for j in range(side))]
    features = [
        {
            "type": "Feature",
            "properties": {"highway": "primary" if number % 4 == 0 else "residential"},
            "geometry": {"type": "LineString", "coordinates": row},
        }
        for number, row in enumerate(rows)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_day_of_few_is_accepted_by_the_engine_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "world"
    arguments = [
        "world",
        "stalking-foot",
        "--seed",
        _SEED,
        "--wearers",
        "2",
        "--days",
        "1",
        "--out",
        str(out),
    ]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(each.name for each in out.iterdir()) == sorted(_FILES)
    assert emon(["replay", str(out / "orders.json"), str(out / "fixes.jsonl")]) == 0
    replayed = capsys.readouterr()
    assert "rejected: none" in replayed.err
    assert f"{told['fixes']} fixes" in replayed.err
    judged = tmp_path / "judged.jsonl"
    judged.write_text(replayed.out)
    assert main(["score", str(out / "truth.jsonl"), str(judged)]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["wearer_days"] == 2.0


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        out = tmp_path / workers
        arguments = ["world", "fleet", "--seed", _SEED, "--wearers", "60", "--workers", workers]
        assert main([*arguments, "--out", str(out)]) == 0
    for name in _FILES:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_people_live_on_real_streets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = _town(tmp_path / "town.geojson")
    for suite in ("drift", "stalking-train", "victim-moving"):
        arguments = ["world", suite, "--seed", _SEED, "--wearers", "1", "--days", "2", "--streets", str(town)]
        small = ["--zone-m", "80,150", "--edge-m", "30,60", "--radius-m", "150"]
        assert main([*arguments, *small, "--out", str(tmp_path / suite)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["fixes"] > 100
        fixes = [json.loads(line) for line in (tmp_path / suite / "fixes.jsonl").read_text().splitlines()]
        near = [fix for fix in fixes if fix.get("src") == "gnss"]
        assert all(4.88 < fix["lon"] < 4.96 and 52.28 < fix["lat"] < 52.34 for fix in near)


def _broken(change: str) -> Any:
    line = {"type": "LineString", "coordinates": [[4.9, 52.3], [4.91, 52.3]]}
    if change == "latitude":
        line["coordinates"] = [[4.9, 52.3], [4.9, 95.0]]
    if change == "position":
        line["coordinates"] = [[4.9, 52.3], "here"]
    if change == "one":
        line["coordinates"] = [[4.9, 52.3]]
    if change == "kind":
        line["type"] = "Street"
    properties = {"surroundings": "jungle"} if change == "surroundings" else {}
    feature = {"type": "Feature", "properties": properties, "geometry": line}
    return {"type": "FeatureCollection", "features": [feature]}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("latitude", "features[0].geometry.coordinates[1]"),
        ("position", "features[0].geometry.coordinates[1]"),
        ("one", "features[0].geometry.coordinates: must be a list of at least two positions"),
        ("kind", "features[0].geometry.type: 'Street'"),
        ("surroundings", "features[0].properties.surroundings: 'jungle'"),
        ("short", "m of connected streets; must be at least 2000"),
    ],
)
def test_a_broken_street_file_is_refused_by_file_and_member(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, named: str
) -> None:
    town = tmp_path / "town.geojson"
    town.write_text(json.dumps(_broken(change)))
    arguments = ["world", "drift", "--seed", _SEED, "--streets", str(town), "--out", str(tmp_path / "world")]
    assert main(arguments) == os.EX_DATAERR
    told = capsys.readouterr()
    assert f"{town}: " in told.err
    assert named in told.err
    assert told.out == ""


def test_streets_that_are_no_json_are_refused_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = tmp_path / "town.geojson"
    town.write_text('{"type": "FeatureCollection",\n "features": [}')
    arguments = ["world", "drift", "--seed", _SEED, "--streets", str(town), "--out", str(tmp_path / "world")]
    assert main(arguments) == os.EX_DATAERR
    assert f"{town}:2: not JSON" in capsys.readouterr().err


def test_a_missing_street_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = tmp_path / "nowhere.geojson"
    arguments = ["world", "drift", "--seed", _SEED, "--streets", str(town), "--out", str(tmp_path / "world")]
    assert main(arguments) == os.EX_IOERR
    assert str(town) in capsys.readouterr().err


def test_sigterm_ends_all_processes_as_ctrl_c_does_and_leaves_no_half_written_file(tmp_path: Path) -> None:
    out = tmp_path / "world"
    arguments = ["world", "fleet", "--seed", _SEED, "--wearers", "1000", "--workers", "2", "--out", str(out)]
    command = [sys.executable, "-m", "simulator.cli", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert "of 1000 wearers" in run.stderr.readline()  # both are at work
        run.send_signal(signal.SIGTERM)
        out_text, err_text = run.communicate()
    assert run.returncode == 130
    assert out_text == ""
    assert "Traceback" not in err_text
    assert list(out.iterdir()) == []
