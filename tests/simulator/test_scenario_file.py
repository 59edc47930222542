"""A scenario file is read whole or refused with every fault by line and path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emon.model.instant import HOUR_US, parse_instant
from emon.model.vocabulary import AlertEvent
from emon.orders.document import parse_document
from simulator import ScenarioRefused, load_scenario, orders_document, parse_scenario
from simulator.device_habits import FIRMWARE
from simulator.relative import offset_us
from tests.simulator.scenes import SMALL, START_US


def _faults(text: str) -> list[str]:
    with pytest.raises(ScenarioRefused) as refused:
        parse_scenario(text.encode(), "s.yaml")
    return str(refused.value).splitlines()


def test_a_scenario_is_read() -> None:
    scenario = parse_scenario(SMALL.encode(), "s.yaml")
    assert [wearer.id for wearer in scenario.wearers] == ["w-1", "w-2"]
    assert scenario.wearers[0].device.silences[0].to_s == 3.0
    assert scenario.wearers[0].movement.at(10.0).speed_m_s == 2.0
    assert scenario.expected[0].event is AlertEvent.BREACH
    assert scenario.wearer_of_order("o-1") == "w-1"
    assert scenario.wearer_of_order("o-9") is None


def test_a_file_on_disk_and_the_story(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    assert load_scenario(path).name == "small"
    assert load_scenario().name == "story"
    with pytest.raises(FileNotFoundError):
        load_scenario(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("duration_s: 4", "duration_s: -4", "line 3: duration_s: "),
        ("duration_s: 4", "duration_s: .nan", "line 3: duration_s: "),
        ("interval_s: 0.5", "interval_s: 0", "line 6: wearers[0].device.interval_s: "),
        ("id: d-1, i", "id: d 1, i", "line 6: wearers[0].device.id: "),
        ("user: w-2", "user: a/b", "line 12: wearers[1].device.user: "),
        (", user: w-2", "", "line 12: wearers[1].device.user: is missing"),
        ("user: w-2}", "user: w-2, interval_s: 1.5}", "line 12: wearers[1].device.interval_s: "),
        ("from_s: 1, to_s: 3", "from_s: 3, to_s: 1", "line 6: wearers[0].device.silences[0].to_s: "),
        ("accuracy_m: 8", "accuracy_m: wide", "line 7: wearers[0].receiver.accuracy_m: "),
        ("accuracy_m: 8", "drifts: [[30, 0.9], [600, 0.4]], accuracy_m: 8", "wearers[0].receiver.drifts: "),
        ("speed_m_s: 2", "speed_m_s: -2", "line 10: wearers[0].movement[1].speed_m_s: "),
        ("at: [4.48, 51.92]", "at: [51.92]", "line 9: wearers[0].movement[0].at: "),
        ("at: [4.48, 51.92]", "at: [4.48, 151.92]", "line 9: wearers[0].movement[0].at: "),
        ("at: [4.48, 51.92]", "pause_s: 5", "line 9: wearers[0].movement[0]: "),
        ("east_m: 40", "east_m: 0", "line 10: wearers[0].movement[1].to: "),
        ("wearer: w-1\n", "wearer: w-9\n", "line 19: orders[0].wearer: "),
        ("device: d-1", "device: d-2", "line 20: orders[0].device: "),
        ("legal_basis: schorsing", "legal_basis: arrest", "line 21: orders[0].legal_basis: "),
        ("radius_m: 100", "radius_m: 0", "line 26: orders[0].conditions[0].zone.radius_m: "),
        ('"+15s"', '"+15x"', "line 29: orders[0].conditions[0].schedule.windows[0].from: "),
        ("event: breach", "event: alarm", "expected[0].event: "),
        ("{wearer: w-1,", "{wearer: w-2,", "expected[0].wearer: "),
        ("order: o-1, c", "order: o-7, c", "expected[0].order: "),
        ("condition: c-1,", "condition: c-7,", "expected[0].condition: "),
        ("between: [0, 4]", "between: [4, 0]", "expected[0].between: "),
        ("recipients: [meldkamer_em]", "recipients: [sheriff]", "expected[0].recipients[0]: "),
        ("recipients: [meldkamer_em]", "recipients: []", "expected[0].recipients: "),
        ("scenario: small", "scenario: small\nweather: rain", "line 2: weather: "),
        ("seed: 7", "seed: 7\nseed: 8", "line 3: seed: stands twice"),
    ],
)  # fmt: skip
def test_each_fault_is_named_by_line_and_path(old: str, new: str, place: str) -> None:
    assert old in SMALL
    faults = _faults(SMALL.replace(old, new, 1))
    assert any(fault.startswith("s.yaml: ") and place in fault for fault in faults), faults


def test_all_faults_are_named_at_once() -> None:
    broken = SMALL.replace("accuracy_m: 8", "accuracy_m: -8").replace("radius_m: 100", "radius_m: -1")
    broken = broken.replace("wire: owntracks", "wire: carrier-pigeon")
    faults = _faults(broken)
    assert [fault for fault in faults if "accuracy_m" in fault]
    assert [fault for fault in faults if "radius_m" in fault]
    assert [fault for fault in faults if "device.wire" in fault]


@pytest.mark.parametrize(
    "text", ["", "a: [1", "- 1", "42", "wearers: 5", "\tx: 1", "a: !!python/object:os.system x", "\0"]
)
def test_what_is_no_scenario_is_refused(text: str) -> None:
    assert _faults(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ScenarioRefused, match="UTF-8"):
        parse_scenario(b"\xff\xfe\x00a", "s.yaml")


def test_without_expected_the_author_has_not_said_what_is_due() -> None:
    text = SMALL[: SMALL.index("expected:")]
    assert "s.yaml: line 1: expected: is missing; write [] where nothing is due" in _faults(text)
    assert parse_scenario((text + "expected: []\n").encode(), "s.yaml").expected == ()


@pytest.mark.parametrize(
    ("text", "us"),
    [("+15s", 15_000_000), ("-2.5min", -150_000_000), ("+1h", HOUR_US), ("-30d", -30 * 24 * HOUR_US)],
)
def test_offsets(text: str, us: int) -> None:
    assert offset_us(text) == us


@pytest.mark.parametrize("text", ["15s", "+15", "+1.0000001s", "+s", "+5y", "+15s ", "++1s"])
def test_what_is_no_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="offset"):
        offset_us(text)


def test_orders_become_absolute_with_local_windows() -> None:
    scenario = parse_scenario(SMALL.encode(), "s.yaml")
    document = json.loads(orders_document(scenario, START_US))
    order = document["orders"][0]
    assert parse_instant(order["valid_from"]) == START_US - 24 * HOUR_US
    schedule = order["conditions"][0]["schedule"]
    assert schedule["windows"] == [{"from": "12:00:15", "to": "12:01:00"}]
    assert parse_instant(schedule["except"][0]["from"]) == START_US + 20_000_000
    assert parse_document(orders_document(scenario, START_US), armed_at_us=START_US - 1)


def test_a_window_may_begin_on_the_next_local_day() -> None:
    scenario = parse_scenario(SMALL.encode(), "s.yaml")
    before_midnight_us = parse_instant("2026-06-01T21:59:50Z")
    document = json.loads(orders_document(scenario, before_midnight_us))
    windows = document["orders"][0]["conditions"][0]["schedule"]["windows"]
    assert windows == [{"from": "00:00:05", "to": "00:00:50"}]


def test_a_start_within_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="whole second"):
        orders_document(parse_scenario(SMALL.encode(), "s.yaml"), START_US + 1)


def test_the_example_of_the_documentation_can_be_played(repository: Path) -> None:
    text = (repository / "docs" / "simulator.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    scenario = parse_scenario(example.encode(), "docs/simulator.md")
    assert scenario.wearers[0].device.habits == FIRMWARE["standard"]
    assert [told.kind for told in scenario.truth or ()] == ["inside", "may"]
