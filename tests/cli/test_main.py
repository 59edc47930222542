"""The command line as a person types it: help, exit codes, and nothing but clean ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emon.cli import COMMANDS, main


def emon(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emon", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **environ},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"usage: emon {command}" in text
    description, _, options = text.partition("options:")
    assert len(description.split()) > 12, "a description says what the command does"
    assert f"emon {command}" in options.partition("\n\n")[2], "an example stands below the options"


def test_help_lists_every_command_with_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for command in COMMANDS:
        assert any(line.split()[:1] == [command] and len(line.split()) > 2 for line in lines), command


def test_help_has_no_colours_in_a_pipe() -> None:
    done = emon("--help", FORCE_COLOR="")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("emon 0.")


def test_no_command_is_a_usage_error_that_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == os.EX_USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: emon" in captured.err


@pytest.mark.parametrize(
    ("typed", "advice"),
    [("relay", "did you mean replay?"), ("chek", "did you mean check?"), ("xyzzy", "emon --help lists")],
)
def test_an_unknown_command_gets_a_suggestion(
    typed: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == os.EX_USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert advice in captured.err


@pytest.mark.parametrize("arguments", [["locate"], ["replay", "--no-such-option", "a", "b"], ["--bogus"]])
def test_wrong_arguments_exit_with_64_and_name_the_help(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == os.EX_USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--help" in captured.err


def test_refused_settings_exit_with_78_and_name_every_fault() -> None:
    done = emon(
        "run", EMON_MQTT_ULR="mqtt://x", EMON_HTTP_LISTEN="everywhere", EMON_DATABASE_URL="mysql://x/y"
    )
    assert done.returncode == os.EX_CONFIG
    assert done.stdout == ""
    for name in ("EMON_MQTT_ULR", "EMON_HTTP_LISTEN", "EMON_DATABASE_URL", "EMON_POLICY"):
        assert name in done.stderr
    assert "did you mean EMON_MQTT_URL?" in done.stderr


def test_a_reader_that_goes_away_ends_a_command_without_a_trace(tmp_path: Path) -> None:
    zone = tmp_path / "zone.json"
    zone.write_text('{"type": "Circle", "center": [4.48, 51.91], "radius_m": 500}')
    points = tmp_path / "points.jsonl"
    points.write_text('{"point": [4.48, 51.91]}\n' * 50_000)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "emon", "locate", str(zone), str(points)],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=240,
        )
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE


class Interrupting:
    """Stands for a command during which Ctrl-C is pressed."""

    def __call__(self, arguments: list[str]) -> int:
        raise KeyboardInterrupt


def test_ctrl_c_ends_with_130_and_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("emon.cli._run", Interrupting())
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == ""


def test_a_fault_of_our_own_is_not_a_command_s_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: list[str]) -> int:
        raise RuntimeError("a table is missing")

    monkeypatch.setattr("emon.cli._run", broken)
    assert main(["demo"]) == os.EX_SOFTWARE
    assert "a table is missing" in capsys.readouterr().err
