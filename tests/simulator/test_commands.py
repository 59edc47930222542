"""``emon-sim`` as a user meets it: files, exit codes, sentences, and its help."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from emon.orders.document import parse_document
from simulator.cli import COMMANDS, main
from simulator.scenario_library import scenario_names
from tests.fixtures_brokers import Broker
from tests.simulator.scenes import SMALL, START, START_US


def _small(folder: Path) -> str:
    path = folder / "small.yaml"
    path.write_text(SMALL)
    return str(path)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"emon-sim {command}" in capsys.readouterr().out.split("example", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 64, "COMMAND"),
        (["fly"], 64, "invalid choice"),
        (["run", "story"], 64, "--url"),
        (["run", "absent.yaml", "--orders-out", "o"], 74, "absent.yaml"),
        (["run", "story", "--orders-out", "o", "--start", "now"], 64, "RFC 3339"),
        (["run", "story", "--orders-out", "o", "--start", "2026-06-01T10:00:00.5Z"], 64, "whole second"),
        (["run", "story", "--url", "http://localhost"], 64, "mqtt://"),
        (["load"], 64, "--url"),
        (["load", "--orders-out", "o", "--rate", "-1"], 64, "--rate"),
        (["tracks", "absent.jsonl", "--fixes-out", "f"], 74, "absent.jsonl"),
        (["tracks", "absent.jsonl"], 64, "--url"),
        (["tracks", "absent.jsonl", "--fixes-out", "f", "--speed", "0.5"], 64, "--speed"),
        (["score", "story", "absent.jsonl", "--start", START], 74, "absent.jsonl"),
        (["score", "story", "absent.jsonl"], 64, "--start"),
        (["run", "--fixes-out", "f"], 64, "--list"),
        (["run", "queensland/99-none", "--fixes-out", "f"], 74, "queensland/99-none"),
        (["run", "story", "--fixes-out", "f", "--speed", "2"], 64, "--speed"),
        (["run", "story", "--fixes-out", "f", "--speed", "0"], 64, "--speed"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMON_TRACKS", raising=False)
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


def test_a_broken_scenario_exits_65_with_every_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(SMALL.replace("accuracy_m: 8", "accuracy_m: -8").replace("seed: 7", "seed: -7"))
    assert main(["run", str(path), "--orders-out", str(tmp_path / "o.json")]) == 65
    printed = capsys.readouterr().err
    assert "broken.yaml: line 2: seed" in printed
    assert "broken.yaml: line 7: wearers[0].receiver.accuracy_m" in printed
    assert not (tmp_path / "o.json").exists()


def test_a_scenario_is_written_for_a_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    arguments = ["run", _small(tmp_path), "--start", START, "--orders-out", str(orders)]
    assert main([*arguments, "--fixes-out", str(fixes)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "scenario": "small",
        "start": "2026-06-01T10:00:00.000000Z",
        "end": "2026-06-01T10:00:04.000000Z",
    }
    assert len(parse_document(orders.read_bytes(), armed_at_us=START_US)) == 1
    assert len(fixes.read_text().splitlines()) == 14


def test_a_score_of_nothing_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text('{"type": "breach", "id": "0"}\n\n')
    assert main(["score", "story", str(alerts), "--start", START]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["expected"], found["raised"], found["missing"], found["unexpected"]) == (7, 0, 7, 0)
    assert len(found["missing_alerts"]) == 7


def test_the_scenarios_that_come_with_it_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "queensland/01-walks-in  He walks up to the school and stays" in lines
    assert len(lines) == len(scenario_names())


def test_two_days_are_played_in_a_moment_and_judged_by_their_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, fixes = "permits/weekend-suspension", tmp_path / "fixes.jsonl"
    assert main(["run", name, "--fixes-out", str(fixes)]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "2026-06-05T16:00:00.000000Z"
    assert len(fixes.read_text().splitlines()) > 2_000
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text("")
    assert main(["score", name, str(alerts)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["due"]["exclusion"]["missed"]["is"] == 1
    assert [each["name"] for each in found["wrong"]] == ["missing"]
    assert "permits/weekend-suspension: truth:2" in found["wrong"][0]["where"]


def test_a_dated_scenario_at_another_hour_says_that_its_truth_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixes = str(tmp_path / "f")
    assert main(["run", "queensland/06-leaves-in-time", "--fixes-out", fixes, "--start", START]) == 0
    assert "its truth does not hold" in capsys.readouterr().err


def test_a_score_that_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alert = {
        "type": "alert", "id": "0" * 16, "event": "breach", "priority": 2, "at": "2026-06-01T10:00:02Z",
        "recipients": ["meldkamer_em"], "breach": "1" * 16, "order": "o-1", "condition": "c-1",
        "certainty": "possible", "device": "d-1",
    }  # fmt: skip
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text(json.dumps(alert) + "\n")
    assert main(["score", _small(tmp_path), str(alerts), "--start", START]) == 0
    assert json.loads(capsys.readouterr().out)["raised"] == 1
    deliveries = tmp_path / "deliveries.jsonl"
    deliveries.write_text(json.dumps({"alert": "0" * 16, "recipient": "meldkamer_em", "delivered_at": None}))
    arguments = ["score", _small(tmp_path), str(alerts), "--start", START]
    assert main([*arguments, "--deliveries", str(deliveries)]) == 1


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"type": "alert"}', '{"type": "alert", "order": "o-1", "at": "soon", "id": "1"}']
)
def test_a_line_that_is_no_alert_exits_65(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text(line + "\n")
    assert main(["score", _small(tmp_path), str(alerts), "--start", START]) == 65
    assert "alerts.jsonl" in capsys.readouterr().err


def test_orders_of_a_load_can_be_armed(tmp_path: Path) -> None:
    orders = tmp_path / "orders.json"
    arguments = ["load", "--rate", "100", "--seconds", "30", "--devices", "200", "--orders-out", str(orders)]
    assert main(arguments) == 0
    versions = parse_document(orders.read_bytes(), armed_at_us=START_US)
    assert len({use.device for version in versions for use in version.devices}) == 200


def test_tracks_are_written_for_a_replay(tmp_path: Path) -> None:
    track = tmp_path / "a.jsonl"
    lines = [
        {
            "device": "a",
            "seq": n,
            "t": f"2019-05-01T08:00:{n:02d}Z",
            "lat": 51.92,
            "lon": 4.48 + n / 1e4,
            "acc": 9,
        }
        for n in range(1, 31)
    ]
    track.write_text("".join(json.dumps(line) + "\n" for line in lines))
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    outs = ["--orders-out", str(orders), "--fixes-out", str(fixes)]
    assert main(["tracks", str(track), "--burst", "--start", START, *outs]) == 0
    assert len(parse_document(orders.read_bytes(), armed_at_us=START_US)) == 1
    received = {json.loads(line)["received_at"] for line in fixes.read_text().splitlines()}
    assert received == {"2026-06-01T10:00:00.000000Z"}


def test_tracks_come_from_the_environment_where_no_path_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMON_TRACKS", str(tmp_path))
    assert main(["tracks", "--fixes-out", str(tmp_path / "f")]) == 65
    assert str(tmp_path) in capsys.readouterr().err
    monkeypatch.delenv("EMON_TRACKS")
    assert main(["tracks", "--fixes-out", str(tmp_path / "f")]) == 64


async def test_a_burst_of_a_track_is_published_by_a_process_of_its_own(
    embedded_broker: Broker, tmp_path: Path
) -> None:
    track, acks = tmp_path / "a.jsonl", tmp_path / "acks.jsonl"
    lines = [
        {"device": "d-1", "seq": n, "t": f"2019-05-01T08:00:{n:02d}Z", "lat": 51.92, "lon": 4.48, "acc": 9}
        for n in range(1, 31)
    ]
    track.write_text("".join(json.dumps(line) + "\n" for line in lines))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.cli", "tracks", str(track), "--burst", "--in", "0"),
        *("--url", embedded_broker.url("tester"), "--acks", str(acks)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["acknowledged"] == 30
    assert len(acks.read_text().splitlines()) == 30


async def test_ctrl_c_ends_a_run_cleanly(embedded_broker: Broker, tmp_path: Path) -> None:
    """130, the summary so far, and no trace of a fault."""
    credentials = tmp_path / "credentials.json"
    users = {device: embedded_broker.url(device).split("//")[1].split("@")[0] for device in ("d-1", "d-2")}
    entries = {
        device: dict(zip(("username", "password"), user.split(":"), strict=True))
        for device, user in users.items()
    }
    credentials.write_text(json.dumps(entries))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.cli", "run", _small(tmp_path), "--in", "60"),
        *("--url", f"mqtt://127.0.0.1:{embedded_broker.port}", "--credentials", str(credentials)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"second 0 is" in await process.stderr.readline()
    process.terminate()
    out, err = await process.communicate()
    assert process.returncode == 130, err.decode()
    assert json.loads(out)["interrupted"] is True
    assert b"Traceback" not in err


@pytest.mark.parametrize("text", ["[]", "{", '{"d-1": "secret"}', '{"d-1": {"username": "d-1"}}'])
def test_credentials_that_are_none_exit_65(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = tmp_path / "credentials.json"
    credentials.write_text(text)
    arguments = ["run", _small(tmp_path), "--url", "mqtt://127.0.0.1:1", "--credentials", str(credentials)]
    assert main(arguments) == 65
    assert "credentials.json" in capsys.readouterr().err
