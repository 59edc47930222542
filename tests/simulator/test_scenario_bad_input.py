"""A scenario that cannot be: names, times, places, speeds, and a truth that its own world contradicts."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from simulator import ScenarioRefused, fixes_jsonl, parse_scenario, yaml_text
from tests.simulator.hours import HOUR_START_US, hour_text

_SLIPS: tuple[Any, ...] = (
    None, 5, -1, 0, 1e300, "", "x", "22:15", "-1d", "+15s", "2026-13-01", True, [], {}, [1], [1, 2], {"a": 1},
    ["x"], [[1, 2]], "w-1", "d-1", "gate", 10**30, "\u0000",
)  # fmt: skip
_TRUTH = 'inside: c-1, from: "14:25", to: "15:00", deepest_m: 300, by: "14:33",'


def _faults(text: str) -> str:
    with pytest.raises(ScenarioRefused) as refused:
        parse_scenario(text.encode(), "hour.yaml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("by: foot", "by: broom", "line 14: wearers[0].movement[2].by: must be one of foot, running"),
        ("by: foot", "speed_m_s: -1.4", "line 14: wearers[0].movement[2].speed_m_s: must be above 0"),
        ("by: foot", "speed_m_s: 5000", "line 14: wearers[0].movement[2].speed_m_s: must be above 0 and"),
        ("by: foot", 'arrive: "14:10"', "line 14: wearers[0].movement[2].arrive: is 600 s after"),
        ("by: foot", 'arrive: "14:20:01"', "wearers[0].movement[2].arrive: needs 700 m/s"),
        ("by: foot", "by: foot, speed_m_s: 2", "wearers[0].movement[2].to: how fast?"),
        ("to: gate", "to: door", "line 14: wearers[0].movement[2].to: no place 'door'; known are gate"),
        ("to: gate", "to: [14.4777, 51.9244]", "wearers[0].movement[2].to: lies 6"),
        ('until: "14:20"', 'until: "13:20"', "line 13: wearers[0].movement[1].until: is 84000 s after"),
        ('until: "14:20"', 'until: "14:20", surroundings: sea', "movement[1].surroundings: must be one"),
        ("places:", "map: [5.0, 51.0, 6.0, 52.0]\nplaces:", "is outside the map [5.0, 51.0, 6.0, 52.0]"),
        ("places:", "map: [6.0, 51.0, 5.0, 52.0]\nplaces:", "map: must be [west, south, east, north]"),
        ("duration: 1h", "duration: 1h\nduration_s: 5", "duration: stands beside duration_s"),
        ("duration: 1h", "duration: 400d", "duration: must be above 0 and"),
        ("duration: 1h", "duration: soon", "line 4: duration: 'soon' is no time"),
        ('"2026-05-04T14:00:00+02:00"', '"2026-05-04"', "line 3: start: "),
        ("seed: 3", "seed: 3\ntz: Mars", "tz: no time zone 'Mars'"),
        ("firmware: standard}", "firmware: golden}", "device.firmware: must be one of standard, saver"),
        ("firmware: standard}", "habits: {plan_s: 0}}", "device.habits.plan_s: must be at least 1"),
        ("firmware: standard}", "habits: {mood: 1}}", "device.habits.mood: is unknown here"),
        ("firmware: standard}", 'reboots: ["14:05"]}', "device.reboots: needs firmware"),
        ("firmware: standard}", "wire: packed}", "device.wire: packed needs firmware"),
        ("firmware: standard}", "firmware: standard, interval_s: 5}", "a device with firmware has habits"),
        ("{accuracy_m: 8}", "{kind: telescope}", "receiver.kind: must be one of"),
        ("{accuracy_m: 8}", "{kind: bracelet, accuracy_m: 8}", "receiver.accuracy_m: stands beside kind"),
        ("{accuracy_m: 8}", "{track: a-walk}", "movement: stands beside a recorded track"),
        ("center: gate", "center: door", "orders[0].conditions[0].zone.center: no place 'door'"),
    ],
)  # fmt: skip
def test_each_fault_is_named_by_file_line_and_path(old: str, new: str, says: str) -> None:
    text = hour_text()
    assert old in text
    found = _faults(text.replace(old, new, 1))
    assert says in found
    assert all(line.startswith("hour.yaml: ") for line in found.splitlines())


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ('events: [{at: "14:05", event: strap, state: gone}]', "events[0].state: strap has cut, open"),
        ('events: [{at: "14:05", event: mood, state: on}]', "events[0].event: must be one of strap"),
        ('off: [{from: "14:05", to: "14:02"}]', "off[0].to: is 120 s after the start, not later than from"),
        ('off: [{from: 0, to: 90}, {from: 60, to: 120}]', "off[1].from: is before the end of the one before"),
        ('silences: [{from: "14:05", to: "14:02"}]', "silences[0].to: "),
        ('blind: [{from: 0, to: 9, cause: fog}]', "blind[0].cause: must be jamming or shielding"),
        ('commands: [{at: 0, asks: sing}]', "commands[0].asks: must be one of fix, rate"),
        ('reboots: ["14:30", "14:10"]', "reboots[1]: must rise"),
        ("battery: {level: 2}", "battery.level: must be"),
    ],
)  # fmt: skip
def test_what_cannot_happen_to_a_device(device: str, says: str) -> None:
    assert f"device.{says}" in _faults(hour_text(device))


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ('inside: c-1, from: "14:05", to: "14:15", deepest_m: 300, by: "14:33",', "truth[0]: w-1 is never"),
        (_TRUTH.replace("14:25", "14:35").replace("14:33", "14:45"), "truth[0].from: is 2100 s after"),
        (_TRUTH.replace("15:00", "14:40"), "start, truly 3600 s (mon 15:00:00)"),
        (_TRUTH.replace("300,", "90,"), "truth[0].deepest_m: is 90, truly 300"),
        (_TRUTH.replace("14:33", "14:27"), "truth[0].by: leaves less than 240 s"),
        (_TRUTH.replace("inside", "near"), "truth[0].near: c-1 is an exclusion; near belongs to contact"),
        (_TRUTH.replace("c-1", "c-7"), "truth[0].condition: c-7 is no condition of this scenario"),
        (_TRUTH + " order: o-7,", "truth[0].order: o-7 is no order"),
        (_TRUTH + " active: false,", "truth[0].by: nothing need be told"),
        (_TRUTH.replace("deepest_m: 300", "deepest_m: -1"), "truth[0].deepest_m: must be at least 0"),
        ("must: breach, condition: c-1, from: 9, by: 5,", "truth[0].by: is 5 s after the start, not later"),
        ("must: party, condition: c-1, from: 5, by: 9,", "truth[0].must: must be one of"),
        ("must: panic, wearer: w-7, from: 5, by: 9,", "truth[0].wearer: 'w-7' is nobody"),
        ("inside: c-1, must: breach, from: 5, by: 9,", "truth[0]: must say one of inside"),
    ],
)  # fmt: skip
def test_a_truth_that_contradicts_its_own_world(new: str, says: str) -> None:
    found = _faults(hour_text().replace(_TRUTH, new))
    assert found.startswith("hour.yaml: line 32: truth[0]")
    assert says in found


def test_a_truth_that_leaves_out_what_is_plain() -> None:
    text = hour_text()
    found = _faults(text[: text.index("truth:")] + "truth: []\n")
    assert "truth: w-1 is inside o-1/c-1 from " in found
    assert "and no entry says so" in found


def test_a_stay_while_the_condition_does_not_hold_is_no_breach() -> None:
    """The order has ended; what the author claims as a breach is none."""
    text = hour_text().replace('valid_from: "-1d"', 'valid_from: "-9d"\n    valid_until: "-1d"')
    assert "truth[0]: w-1 is never inside o-1/c-1 then, while it holds" in _faults(text)
    free = (
        text.replace(', by: "14:33"', ", active: false")
        .replace("\n     recipients: [politie", "")
        .split(", reclassering")[0]
    )
    assert parse_scenario((free.rstrip(",") + "}\n").encode(), "hour.yaml").truth is not None


def test_truth_and_expected_do_not_stand_together() -> None:
    assert "expected: stands beside truth" in _faults(hour_text() + "expected: []\n")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("must_not: breach, condition: c-1}\n"
         "  - {must: breach, condition: c-1, from: 1800, by: 2000, recipients: [politie]",
         "truth[1]: forbids what truth[2] demands"),
        ("inside: c-1, from: 1500, to: 2000, deepest_m: 140", "truth[0]: overlaps truth[1]"),
        ("must: proximity, condition: c-1, from: 1800, by: 2000, recipients: [politie]",
         "truth[1]: proximity of a ban"),
        ("must: breach, condition: c-1, from: 5, by: 100, recipients: [politie]",
         "truth[1]: breach must be told, but no"),
    ],
)  # fmt: skip
def test_a_truth_that_contradicts_itself(more: str, says: str) -> None:
    found = _faults(hour_text() + f"  - {{{more}}}\n")
    assert says in found
    assert "hour.yaml: line 3" in found


def test_whatever_is_written_it_is_played_or_refused() -> None:
    """A hundred and fifty slips of the pen at random places: never a stack trace."""
    tree = yaml_text.parse(hour_text().encode()).value
    chance = random.Random(11)
    refused = 0
    for _ in range(150):
        changed = copy.deepcopy(tree)
        place: Any = changed
        key: Any = chance.choice(list(changed))
        while isinstance(place[key], (dict, list)) and place[key] and chance.random() < 0.8:
            place = place[key]
            key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        place[key] = copy.deepcopy(chance.choice(_SLIPS))
        try:
            scenario = parse_scenario(json.dumps(changed).encode(), "hour.yaml")
        except ScenarioRefused:
            refused += 1
        else:
            assert list(fixes_jsonl(scenario, HOUR_START_US))
    assert refused > 80
