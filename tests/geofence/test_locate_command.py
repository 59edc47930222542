"""``emon locate`` as it is called: formats, order, and where it stops."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from emon.cli import main

Captured = pytest.CaptureFixture[str]
SQUARE = {"type": "Polygon", "coordinates": [[[4.0, 52.0], [4.01, 52.0], [4.01, 52.01], [4.0, 52.01]]]}


def files(folder: Path, points: str, zone: object = SQUARE) -> list[str]:
    (folder / "zone.json").write_text(json.dumps(zone))
    (folder / "points").write_text(points)
    return ["locate", str(folder / "zone.json"), str(folder / "points")]


def test_json_lines_answer_points_and_segments_in_order(tmp_path: Path, capsys: Captured) -> None:
    points = (
        '{"point": [4.005, 52.005]}\n{"point": [4.0, 52.005]}\n{"point": [4.1, 52.005]}\n'
        '{"segment": [[3.9, 52.005], [4.1, 52.005]]}\n{"segment": [[3.9, 52.1], [4.1, 52.1]]}\n'
    )
    assert main(files(tmp_path, points)) == os.EX_OK
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer.get("relation") for answer in answers[:3]] == ["inside", "on", "outside"]
    assert answers[0]["distance_m"] < 0.0 < answers[2]["distance_m"]
    assert [answer.get("touches") for answer in answers[3:]] == [True, False]
    assert answers[3]["distance_m"] == 0.0
    assert answers[4]["distance_m"] > 9_000.0


def test_csv_in_gives_csv_out_with_its_other_columns(tmp_path: Path, capsys: Captured) -> None:
    assert main(files(tmp_path, "name,lon,lat\nhome,4.005,52.005\nschool,4.5,52.5\n")) == os.EX_OK
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["name"], row["relation"]) for row in rows] == [("home", "inside"), ("school", "outside")]


@pytest.mark.parametrize(
    "bad", ['{"point": [4.0]}', "not json", '{"point": [4.0, 91]}', '{"point": [NaN, 52]}', '{"way": 1}']
)
def test_it_stops_at_a_line_that_cannot_be_read(tmp_path: Path, capsys: Captured, bad: str) -> None:
    points = f'{{"point": [4.005, 52.005]}}\n{bad}\n{{"point": [4.005, 52.005]}}\n'
    assert main(files(tmp_path, points)) == os.EX_DATAERR
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "2" in said.err


def test_a_broken_zone_prints_nothing_and_names_the_place(tmp_path: Path, capsys: Captured) -> None:
    broken = {"type": "Polygon", "coordinates": [[[4.0, 52.0], [4.01, 99.0], [4.01, 52.01]]]}
    assert main(files(tmp_path, '{"point": [4.0, 52.0]}\n', broken)) == os.EX_DATAERR
    said = capsys.readouterr()
    assert said.out == ""
    assert "coordinates[0][1]" in said.err
