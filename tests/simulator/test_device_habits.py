"""What devices of the field do: plans, stored fixes, batteries, reboots, clocks, wires."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from emon.ingest.decode import decode
from emon.model.instant import SECOND_US
from simulator.device import fixes_jsonl, sendings
from simulator.device_messages import Sending
from simulator.scenario import Scenario
from tests.simulator.hours import HOUR_START_US, hour


def _sent(scenario: Scenario) -> list[Sending]:
    return list(sendings(scenario, scenario.wearers[0], HOUR_START_US))


def _fixes(scenario: Scenario) -> list[tuple[float, float, int]]:
    """(received, taken, seq) of each fix in seconds, in the order of receipt."""
    return [
        (_after(message.at_us), _after(fix.fixed_at_us), fix.seq)
        for message in _sent(scenario)
        for fix in message.fixes
    ]


def _after(at_us: int) -> float:
    return (at_us - HOUR_START_US) / SECOND_US


def _said(scenario: Scenario) -> list[tuple[float, str, str]]:
    return [
        (_after(message.at_us), said["event"], said["state"])
        for message in _sent(scenario)
        for said in message.said
        if "event" in said
    ]


def test_the_plan_is_a_fix_a_minute() -> None:
    taken = [taken for _, taken, _ in _fixes(hour())]
    assert taken == [60.0 * n for n in range(61)][: len(taken)]
    assert len(taken) >= 60


def test_a_confirmed_command_is_a_fix_each_fifteen_seconds() -> None:
    scenario = hour('commands: [{at: "14:10", asks: rate, reply_after_s: 5, for: 10min}]')
    taken = [taken for _, taken, _ in _fixes(scenario)]
    chased = [at_s for at_s in taken if 605.0 <= at_s < 1_205.0]
    assert {round(b - a) for a, b in pairwise(chased)} == {15}
    assert {round(b - a) for a, b in pairwise([at_s for at_s in taken if at_s > 1_265.0])} == {60}
    replies = [m for m in _sent(scenario) if m.topic.endswith("/cmd/reply")]
    assert [(_after(m.at_us), json.loads(m.payload)["rate_s"]) for m in replies] == [(605.0, 15.0)]
    silent = hour('commands: [{at: "14:10", asks: rate, reply_after_s: null, for: 10min}]')
    assert _fixes(silent) == _fixes(hour())


def test_it_sleeps_ten_minutes_after_it_says_that_it_stands_and_wakes_at_once() -> None:
    scenario = hour("habits: {sleeps: true, tells_motion: true}")
    assert _said(scenario)[:2] == [(62.0, "motion", "still"), (1_202.0, "motion", "moving")]
    taken = [taken for _, taken, _ in _fixes(scenario)]
    assert [at_s for at_s in taken if 720.0 <= at_s < 1_200.0] == []
    assert 1_200.0 in taken


def test_what_is_taken_without_a_connection_comes_at_its_end() -> None:
    kept = [f for f in _fixes(hour('silences: [{from: "14:10", to: "14:30"}]')) if 600.0 <= f[1] < 1_800.0]
    assert len(kept) == 20
    assert {received for received, _, _ in kept} == {1_802.0}
    turned = hour('silences: [{from: "14:10", to: "14:30"}], habits: {newest_first: true}')
    times = [taken for received, taken, _ in _fixes(turned) if received == 1_802.0]
    assert times == sorted(times, reverse=True)


def _beats(scenario: Scenario) -> list[float]:
    found = [message for message in _sent(scenario) if message.topic.endswith("/status")]
    assert {message.payload for message in found} <= {b"online"}
    return [_after(message.at_us) for message in found]


def test_without_a_position_it_says_online_as_often_as_its_plan_asks() -> None:
    blind = hour('blind: [{from: "14:10", to: "14:20"}]')
    assert _beats(blind) == [602.0 + 60.0 * n for n in range(10)]
    assert _beats(hour()) == []
    lines = [json.loads(line) for line in fixes_jsonl(blind, HOUR_START_US)]
    said = [line for line in lines if line["device"] == "d-1" and line.get("status") == "online"]
    assert len(said) == 11  # and the one at the begin


@pytest.mark.parametrize(
    "cause", ['silences: [{from: "14:10", to: "14:20"}]', 'off: [{from: "14:10", to: "14:20"}]']
)
def test_without_a_connection_or_power_it_says_nothing(cause: str) -> None:
    assert _beats(hour(cause)) == []


def test_an_old_device_is_mute_while_it_has_no_position() -> None:
    assert _beats(hour('blind: [{from: "14:10", to: "14:20"}], habits: {beats: false}')) == []


def test_a_radio_that_wakes_each_five_minutes() -> None:
    received = {received for received, _, _ in _fixes(hour("habits: {batch_s: 300}"))}
    assert received == {2.0 + 300.0 * n for n in range(13)}


def test_a_reboot_begins_at_one_again_and_a_stubborn_one_does_not() -> None:
    restarted = [seq for _, _, seq in _fixes(hour('reboots: ["14:30"]'))]
    assert restarted[30] == 1
    assert restarted[29] == 30
    kept = [seq for _, _, seq in _fixes(hour('reboots: ["14:30"], habits: {restarts: false}'))]
    assert kept == list(range(1, len(kept) + 1))


def test_no_power_no_fix_and_a_reboot_after_it() -> None:
    fixes = _fixes(hour('off: [{from: "14:10", to: "14:30"}]'))
    assert [taken for _, taken, _ in fixes if 600.0 <= taken < 1_800.0] == []
    assert next(seq for _, taken, seq in fixes if taken == 1_800.0) == 1


def test_a_battery_that_nobody_charges() -> None:
    scenario = hour("battery: {level: 0.23, lasts: 3h}")
    words = _said(scenario)
    assert [(event, state) for _, event, state in words] == [("battery", "low"), ("battery", "critical")]
    assert words[0][0] < words[1][0]
    dead_s = 0.23 * 10_800.0
    assert max(taken for _, taken, _ in _fixes(scenario)) <= dead_s + 60.0
    levels = [fix.plain["bat"] for message in _sent(scenario) for fix in message.fixes]
    assert levels == sorted(levels, reverse=True)


def test_a_battery_that_is_charged() -> None:
    words = _said(hour('battery: {level: 0.25, lasts: 3h, charging: [{from: "14:10", to: "14:40"}]}'))
    assert ("charging", "on") in [word[1:] for word in words]
    assert ("battery", "critical") not in [word[1:] for word in words]
    assert [word[1:] for word in words].index(("battery", "ok")) > 1


def test_its_clock_may_be_wrong() -> None:
    off = _fixes(hour("habits: {clock_off_s: 10, clock_drift_s_per_day: 864}"))
    assert [round(taken - 60.0 * n, 3) for n, (_, taken, _) in enumerate(off)][:2] == [10.0, 10.6]


def test_messages_come_twice_and_overtake_each_other_with_the_same_content() -> None:
    scenario = hour("habits: {twice_share: 0.5, swapped_share: 0.3}")
    payloads = [message.payload for message in _sent(scenario)]
    assert 65 < len(payloads) <= 120
    assert len(set(payloads)) <= 61
    taken = [taken for _, taken, _ in _fixes(scenario)]
    assert any(b < a for a, b in pairwise(taken))
    assert _sent(scenario) == _sent(scenario)


@pytest.mark.parametrize("wire", ["json", "packed", "owntracks, user: w-1"])
def test_every_wire_says_the_same_as_the_line(wire: str) -> None:
    scenario = hour(f"wire: {wire}")
    for message in _sent(scenario):
        found = decode(message.topic, message.payload)
        assert found.rejections == ()
        assert len(found.fixes) == len(message.fixes)
        for read, fix in zip(found.fixes, message.fixes, strict=True):
            assert read.key == (fix.device, fix.fixed_at_us, fix.seq)
            assert (read.lon, read.lat) == (fix.plain["lon"], fix.plain["lat"])
            assert read.accuracy_m == pytest.approx(fix.plain["acc"])


def test_events_are_read_as_they_were_meant() -> None:
    scenario = hour(
        'events: [{at: "14:05", event: strap, state: cut}, {at: "14:06", event: case, state: open}]'
    )
    messages = [message for message in _sent(scenario) if message.topic.endswith("/event")]
    read = [event for m in messages for event in decode(m.topic, m.payload).events]
    assert [(event.event, event.state) for event in read] == [("strap", "cut"), ("case", "open")]
    numbers = [fix.seq for m in _sent(scenario) for fix in m.fixes] + [event.seq for event in read]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def _words(habits: str) -> list[tuple[str, str]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in fixes_jsonl(hour(habits), HOUR_START_US)]
    return [
        (line["received_at"][11:19], line["status"])
        for line in lines
        if line.get("status") and line["device"] == "d-1"
    ]


def test_the_lines_say_when_it_is_heard() -> None:
    words = _words('silences: [{from: "14:10", to: "14:30"}]')
    assert words == [("12:00:00", "online"), ("12:10:00", "offline"), ("12:30:00", "online")]


def test_a_device_that_is_off_at_the_begin_says_its_first_word_when_it_comes_on() -> None:
    assert _words('off: [{from: 0, to: "14:30"}]')[0] == ("12:30:00", "online")
