"""A recorded track as a device of a scenario; where the tracks are not, the sentence that says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator import ScenarioRefused, parse_scenario
from simulator.device import fixes_jsonl
from simulator.scenario import Scenario
from tests.simulator.scenes import START_US


def _scenario(name: str, wire: str = "json") -> Scenario:
    return parse_scenario(
        f"""\
scenario: recorded
duration: 30min
wearers:
  - id: w-1
    device: {{id: d-1, firmware: standard, wire: {wire}}}
    receiver: {{track: {name}}}
orders:
  - id: o-1
    version: 1
    wearer: w-1
    device: d-1
    legal_basis: schorsing
    valid_from: "-1d"
    conditions:
      - {{id: c-1, kind: exclusion, zone: {{type: Circle, center: [4.49, 51.92], radius_m: 100}}}}
expected: []
""".encode(),
        "recorded.yaml",
    )


def _track(folder: Path) -> None:
    lines = [
        {
            "device": "x",
            "seq": n,
            "t": f"2020-01-01T00:{n:02}:00Z",
            "lat": 50.0 + n / 1_000,
            "lon": 4.0,
            "acc": 5.5,
        }
        for n in range(40)
    ]
    (folder / "a-walk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("wire", ["json", "packed"])
def test_a_track_is_played_from_its_first_fix(
    wire: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _track(tmp_path)
    monkeypatch.setenv("EMON_TRACKS", str(tmp_path))
    lines = [json.loads(line) for line in fixes_jsonl(_scenario("a-walk", wire), START_US)]
    fixes = [line for line in lines if "lat" in line]
    assert [line["t"][11:16] for line in fixes] == [f"10:{n:02}" for n in range(31)]
    assert [line["lat"] for line in fixes[:2]] == [50.0, 50.001]
    assert {line["acc"] for line in fixes} == {5.5}


def test_without_the_tracks_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMON_TRACKS", raising=False)
    with pytest.raises(ScenarioRefused, match=r"a-walk: EMON_TRACKS is not set"):
        list(fixes_jsonl(_scenario("a-walk"), START_US))
    monkeypatch.setenv("EMON_TRACKS", str(tmp_path))
    with pytest.raises(ScenarioRefused, match="a-walk: no such track"):
        list(fixes_jsonl(_scenario("a-walk"), START_US))


@pytest.mark.tracks
def test_a_real_track_is_played() -> None:
    fixes = [line for line in fixes_jsonl(_scenario("munich-car"), START_US) if '"lat"' in line]
    assert len(fixes) > 20
