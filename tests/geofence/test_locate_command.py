"""``emon locate`` as it is called: formats, order, and where it stops."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from itertools import count
from pathlib import Path

import pytest

from emon.cli import main
from emon.cli.progress import Progress
from emon.limits import POINTS_AT_ONCE

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


@pytest.mark.parametrize("name", ["points.csv", "points.jsonl", "points.JSON", "points.txt"])
def test_what_stands_in_a_file_counts_for_more_than_its_name(
    tmp_path: Path, capsys: Captured, name: str
) -> None:
    command, zone, points = files(tmp_path, "lon,lat\n4.005,52.005\n")
    wrong = Path(points).rename(tmp_path / name)
    assert main([command, zone, str(wrong)]) == os.EX_OK
    assert capsys.readouterr().out.startswith("lon,lat,relation,distance_m\n4.005,52.005,inside,")
    wrong.write_text('{"point": [4.005, 52.005]}\n')
    assert main([command, zone, str(wrong)]) == os.EX_OK
    assert json.loads(capsys.readouterr().out)["relation"] == "inside"


WAYS_OF_CSV = {
    "a byte order mark": "\ufefflon,lat\n4.005,52.005\n4.1,52.005\n",
    "carriage returns": "lon,lat\r\n4.005,52.005\r\n4.1,52.005\r\n",
    "another order": "lat,id,lon\n52.005,a,4.005\n52.005,b,4.1\n",
    "capitals and quotes": '"LON","Lat","who, what"\n"4.005","52.005","x, y"\n4.1,52.005,\n',
    "no header": "4.005,52.005\n4.1,52.005\n",
    "empty lines and no end": "\nlon,lat\n\n4.005,52.005\n \n4.1,52.005",
    "exponents and blanks": "lon,lat\n 4005e-3 , +52.005\n4.1e0,52.0050\n",
}


@pytest.mark.parametrize("points", WAYS_OF_CSV.values(), ids=WAYS_OF_CSV)
def test_csv_is_read_however_it_is_written(tmp_path: Path, capsys: Captured, points: str) -> None:
    assert main(files(tmp_path, points)) == os.EX_OK
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert [row[-2] for row in rows[-2:]] == ["inside", "outside"]
    assert float(rows[-2][-1]) < 0.0 < float(rows[-1][-1])
    assert len({len(row) for row in rows}) == 1


def test_json_lines_are_read_however_they_are_written(tmp_path: Path, capsys: Captured) -> None:
    points = (
        '\ufeff{"id": 7, "point": [4.005, 52.005], "note": {"point": null}}\r\n'
        '\n  { "point" : [4005e-3,52.005] }  \r\n{"segment": [[4.0, 52], [4, 52.01]], "x": []}'
    )
    assert main(files(tmp_path, points)) == os.EX_OK
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer.get("relation", answer.get("touches")) for answer in answers] == ["inside", "inside", True]


@pytest.mark.parametrize("points", ["", "\n\n", "lon,lat\n"], ids=["nothing", "empty lines", "a header"])
def test_no_points_are_no_answers(tmp_path: Path, capsys: Captured, points: str) -> None:
    assert main(files(tmp_path, points)) == os.EX_OK
    said = capsys.readouterr()
    assert said.out.splitlines() in ([], ["lon,lat,relation,distance_m"])
    assert said.err == ""


def test_the_zone_too_may_come_from_standard_input(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, points = files(tmp_path, "lon,lat\n4.005,52.005\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(SQUARE).encode())))
    assert main(["locate", "-", points]) == os.EX_OK
    assert capsys.readouterr().out.splitlines()[1].startswith("4.005,52.005,inside,-")
    assert main(["locate", "-", "-"]) == os.EX_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "either ZONE or POINTS" in said.err


def test_a_line_nested_too_deeply_is_said_to_be_so(tmp_path: Path, capsys: Captured) -> None:
    assert (
        main(files(tmp_path, '{"point": [4.005, 52.005]}\n{"point": ' + "[" * 100_000 + "\n"))
        == os.EX_DATAERR
    )
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "line 2: not JSON that can be read: nested too deeply" in said.err


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ('{"point": [4.005, 52.005], "point": [4.1, 52.005]}', "the member point stands twice"),
        ('{"point": [4.005, ' + "9" * 5_000 + "]}", "both numbers"),
        ('{"point": [' + "9" * 30 + ", 52.005]}", "the longitude is beyond"),
    ],
    ids=["a member twice", "five thousand digits", "thirty digits"],
)
def test_it_says_what_it_cannot_take_of_a_line(tmp_path: Path, capsys: Captured, bad: str, why: str) -> None:
    """Of two points the last was judged, and nobody told; the digits brought the advice of a programmer."""
    assert main(files(tmp_path, bad + "\n")) == os.EX_DATAERR
    said = capsys.readouterr()
    assert said.out == ""
    assert "line 1" in said.err
    assert why in said.err
    assert "sys." not in said.err


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


@pytest.mark.parametrize("row", ["4.0", "4.0,x", "4.0,91", "4,nan", '4,"52'])
def test_a_row_of_csv_that_cannot_be_read_is_named(tmp_path: Path, capsys: Captured, row: str) -> None:
    assert main(files(tmp_path, f"lon,lat\n{row}\n")) == os.EX_DATAERR
    said = capsys.readouterr()
    assert said.out == "lon,lat,relation,distance_m\n"
    assert "line 2" in said.err


def test_the_zone_and_the_points_are_opened_or_named(tmp_path: Path, capsys: Captured) -> None:
    command, zone, _ = files(tmp_path, "")
    assert main([command, zone, str(tmp_path / "none")]) == os.EX_IOERR
    assert main([command, str(tmp_path / "none"), zone]) == os.EX_IOERR
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("No such file") == 2


def test_no_line_waits_for_more_than_a_batch(tmp_path: Path) -> None:
    arguments = files(tmp_path, "")[:2]
    process = subprocess.Popen(
        [sys.executable, "-m", "emon", *arguments, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell's job in the background has Ctrl-C ignored, and so would whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"point": [4.005, 52.005]}\n' * POINTS_AT_ONCE)
    process.stdin.flush()
    # The input stays open: nothing but the batch's size can have brought these.
    for _ in range(POINTS_AT_ONCE):
        assert b"inside" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert out == b""
    assert err == b""


def test_memory_does_not_grow_with_the_points(tmp_path: Path) -> None:
    peaks = []
    for batches in (1, 1, 4):  # the first time something is loaded
        arguments = files(tmp_path, "4.005,52.005\n" * (batches * POINTS_AT_ONCE))
        tracemalloc.start()
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                assert main(arguments) == os.EX_OK
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_after_two_seconds_and_on_a_terminal_only() -> None:
    seconds = count()
    shown, unseen = Terminal(), io.StringIO()
    progress = Progress(shown, lambda: float(next(seconds)))
    progress.tick(4_096, 0.25)
    assert shown.getvalue() == ""
    progress.tick(8_192, 0.5)
    progress.clear()
    assert "8,192 lines, 50 %" in shown.getvalue()
    assert shown.getvalue().endswith("\r\x1b[K")
    hidden = Progress(unseen, lambda: float(next(seconds)))
    for _ in range(9):
        hidden.tick(1, None)
    hidden.clear()
    assert unseen.getvalue() == ""
