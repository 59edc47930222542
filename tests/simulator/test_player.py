"""Devices with habits against real brokers: faster than life, obeying commands, honest when left alone."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from emon.demo.ports import HeldPort
from emon.ingest.decode import decode
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.model.instant import SECOND_US
from simulator.commands.shell import next_second
from simulator.credentials import Credentials
from simulator.player import Player, RunClock
from simulator.publisher import Output, RunReport, catch_up_us, play
from simulator.scenario import Scenario
from tests.fixtures_brokers import Broker
from tests.simulator.hours import hour
from tests.simulator.listening import Heard, listening

_SPEED = 1_800.0  # an hour in two seconds


def _silently(sentence: str) -> None:
    assert sentence


def _credentials(broker: Broker) -> Credentials:
    found = {}
    for device in ("d-1", "d-2"):
        address = BrokerAddress.parse(broker.url(device))
        found[device] = (address.user or "", address.password or "")
    return found


async def _played(
    broker: Broker, scenario: Scenario, heard: Heard, fixes: int, statuses: int = 6
) -> RunReport:
    start_us = next_second(0.2) - catch_up_us(scenario, _SPEED)
    report = await play(
        scenario,
        BrokerAddress.parse(f"mqtt://127.0.0.1:{broker.port}?version=3.1.1"),
        start_us,
        credentials=_credentials(broker),
        output=Output(),
        stop=asyncio.Event(),
        say=_silently,
        speed=_SPEED,
    )
    await heard.until(lambda found: _fixes(found) >= fixes and _statuses(found) >= statuses)
    return report


def _fixes(messages: list[tuple[str, bytes]]) -> int:
    return sum(len(decode(topic, payload).fixes) for topic, payload in messages)


def _statuses(messages: list[tuple[str, bytes]]) -> int:
    return sum(topic.endswith("/status") for topic, _ in messages)


async def test_an_hour_in_two_seconds_with_packed_fixes_an_outage_and_a_strap(broker: Broker) -> None:
    scenario = hour(
        'wire: packed, events: [{at: "14:30", event: strap, state: cut}]',
        '{kind: telecom_outage, from: "14:10", to: "14:20", center: gate, radius_m: 1000}',
    )
    async with listening(broker.service_url) as heard:
        report = await _played(broker, scenario, heard, 120)
    assert report.acknowledged == report.fixes >= 120
    assert (report.gave_up, report.unsent) == ([], 0)
    packed = [decode("emon/v1/d-1/fixb", payload) for payload in heard.of("emon/v1/d-1/fixb")]
    assert 11 in [len(found.fixes) for found in packed]  # ten that were kept, and the one of that second
    assert [json.loads(payload)["state"] for payload in heard.of("emon/v1/d-1/event")] == ["cut"]
    assert heard.of("emon/v1/d-1/status") == [b"online", b"offline", b"online", b"offline"]
    assert heard.of("emon/v1/d-2/status") == [b"online", b"offline"]


async def test_a_device_that_is_off_at_the_begin_connects_when_it_comes_on(broker: Broker) -> None:
    scenario = hour('off: [{from: 0, to: "14:30"}]')
    async with listening(broker.service_url) as heard:
        report = await _played(broker, scenario, heard, 90, statuses=4)
    assert report.acknowledged == report.fixes >= 90
    assert heard.of("emon/v1/d-1/status") == [b"online", b"offline"]


async def test_a_command_is_answered_and_changes_the_plan(broker: Broker) -> None:
    scenario = hour()
    start_us = next_second(0.2)
    clock = RunClock(start_us, start_us, 240.0)  # a quarter of a minute in which the command comes
    user = BrokerAddress.parse(broker.url("d-1"))
    player = Player(scenario, scenario.wearers[0], clock, user, Output(), _silently)
    stop = asyncio.Event()
    async with listening(broker.service_url) as heard:
        await player.connect()
        running = asyncio.create_task(player.play(3_600.0, stop))
        await heard.until(lambda messages: _fixes(messages) >= 3)
        for payload in (
            b"{",
            b'{"id": "c-0", "cmd": "dance"}',
            b"[]",
            *[b'{"id": "c-1", "cmd": "rate"}'] * 2,
        ):
            await heard.client.publish("emon/v1/d-1/cmd", payload, qos=1)
        messages = await heard.until(lambda found: _fixes(found) >= 30)
        stop.set()
        await running
        await player.leave()
    assert [json.loads(reply) for reply in heard.of("emon/v1/d-1/cmd/reply")] == [
        {"id": "c-1", "result": "done", "rate_s": 15.0}
    ]
    taken = [fix.fixed_at_us for topic, payload in messages for fix in decode(topic, payload).fixes]
    gaps_s = {(after - before) // SECOND_US for before, after in pairwise(taken)}
    assert {60, 15} <= gaps_s
    assert max(gaps_s) <= 60


async def test_a_device_that_finds_no_broker_again_gives_up_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.player._CONNECT_S", 0.3)
    scenario = hour('silences: [{from: "14:10", to: "14:20"}]')
    start_us = next_second(0.2)
    output = Output()
    said: list[str] = []
    clock = RunClock(start_us, start_us, 3_600.0)
    held = HeldPort()  # on which nobody listens
    nobody = BrokerAddress.parse(f"mqtt://d-1:none@127.0.0.1:{held.number}")
    player = Player(scenario, scenario.wearers[0], clock, nobody, output, said.append)
    await player.play(3_600.0, asyncio.Event())
    await player.leave()
    assert output.report.gave_up == ["d-1"]
    assert output.report.unsent > 30
    assert output.report.as_json()["unacknowledged"] == 10
    assert any(sentence.startswith("d-1 gives up: no MQTT broker at ") for sentence in said)
