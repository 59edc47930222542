"""What a newcomer does wrong, and what the commands say to it: the place, and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emon.cli import main
from emon.demo.stage import is_ours
from emon.store.connect import unavailable

LEAST = {
    "orders": [
        {
            "id": "o-1",
            "version": 1,
            "wearer": "w-1",
            "device": "d-1",
            "legal_basis": "gedragsaanwijzing",
            "valid_from": "2026-05-01T00:00:00+02:00",
            "conditions": [
                {
                    "id": "c-1",
                    "kind": "exclusion",
                    "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300},
                }
            ],
        }
    ]
}
ZONE = LEAST["orders"][0]["conditions"][0]["zone"]  # type: ignore[index]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The line as a shell runs it, with ``emon`` for this environment's."""
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("emon", f"'{sys.executable}' -m emon", 1)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.json").write_text(json.dumps(LEAST))
    (tmp_path / "zone.json").write_text(json.dumps(ZONE))
    (tmp_path / "points.jsonl").write_text('{"point": [4.48, 51.92]}\n')
    return tmp_path


@pytest.mark.parametrize("line", ["emon check orders.json", "emon locate zone.json points.jsonl"])
def test_a_full_disk_behind_standard_output_is_named_without_a_trace(line: str, folder: Path) -> None:
    done = shell(f"{line} > /dev/full", folder)
    assert done.stderr.splitlines() == [
        "emon: standard output: No space left on device; what was printed is not whole"
    ]
    assert done.returncode == os.EX_IOERR


def test_a_standard_output_that_is_closed_is_no_fault(folder: Path) -> None:
    done = shell("emon check orders.json >&-", folder)
    assert (done.returncode, done.stderr) == (os.EX_OK, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "line 1, column 1: there is nothing in it"),
        ('{"orders": [1,]}', "line 1, column 15: a comma stands before the closing ]"),
        ('{"orders": [],\n}', "line 2, column 1: a comma stands before the closing }"),
        ('{"device": "d-1"}\n{"device": "d-1"}\n', "line 2, column 1: a second value begins here"),
    ],
)
@pytest.mark.parametrize("command", ["check", "replay", "locate"])
def test_what_is_not_json_is_told_with_the_file_and_in_plain_words(
    command: str, content: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "given.json"
    file.write_text(content)
    assert main([command, str(file), *([] if command == "check" else [os.devnull])]) == os.EX_DATAERR
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"emon {command}: {file}: not JSON at {reason}")


def test_what_is_too_much_names_the_command_and_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "orders.json", "more.json"]) == os.EX_USAGE
    assert capsys.readouterr().err == (
        "emon check: unrecognized arguments: more.json\nTry: emon check --help\n"
    )


def test_a_folder_of_the_demo_that_is_a_file_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert not is_ours(tmp_path / "file")
    assert is_ours(tmp_path / "none")


def test_a_folder_that_a_typing_error_named_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "brokr"
    assert main(["broker", "revoke", str(wrong), "d-1"]) == os.EX_IOERR
    assert "`emon broker sync` makes it" in capsys.readouterr().err
    assert not wrong.exists()


def test_a_replay_ends_where_it_is_told_and_not_thousands_of_years_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    orders.write_text(json.dumps(LEAST))
    fix = {"device": "d-1", "seq": 1, "t": "2026-06-01T10:00:00Z", "lat": 51.92, "lon": 4.48, "acc": 10}
    fixes.write_text(json.dumps({**fix, "received_at": fix["t"]}) + "\n")
    assert main(["replay", str(orders), str(fixes), "--until", "2026-06-01T09:00:00Z"]) == os.EX_OK
    events = [json.loads(line).get("event") for line in capsys.readouterr().out.splitlines()]
    assert events == ["order_without_device"]
    assert main(["replay", str(orders), str(fixes), "--until", "2026-06-01T11:00:00Z"]) == os.EX_OK
    events = [json.loads(line).get("event") for line in capsys.readouterr().out.splitlines()]
    assert {"breach", "silence"} <= set(events)
    assert main(["replay", str(orders), str(fixes), "--until", "9999-06-01T11:00:00Z"]) == os.EX_USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert "after the last receipt, 2026-06-01T10:00:00.000000Z" in err


def test_parts_of_an_alert_s_file_are_refused_without_an_alert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--html", str(tmp_path / "case.html")]) == os.EX_USAGE
    assert "name it with --alert" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
            "Connection refused. Start PostgreSQL 16 or later there, or set EMON_DATABASE_URL",
        ),
        (
            'FATAL: password authentication failed for user "emon"',
            'authentication failed for user "emon". Set EMON_DATABASE_URL',
        ),
        ('FATAL: database "emno" does not exist', 'database "emno" does not exist. Set EMON_DATABASE_URL'),
    ],
)
def test_an_absent_database_is_told_with_what_to_do(said: str, advice: str) -> None:
    assert advice in str(unavailable("postgresql://emon:secret@127.0.0.1/emon", OSError(said)))
