"""A scenario played against real brokers: own log-ins, last wills, stored fixes, acknowledgements."""

from __future__ import annotations

import asyncio
import io
import json
from functools import partial

import pytest

from emon.demo.ports import HeldPort
from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator import parse_scenario
from simulator.commands.shell import next_second
from simulator.credentials import Credentials
from simulator.device import sendings
from simulator.mqtt import BrokerRefused, BrokerUnavailable, Link, Will
from simulator.publisher import Output, play
from tests.fixtures_brokers import Broker
from tests.simulator.listening import PATIENCE_S, listening
from tests.simulator.scenes import SMALL

_SCENARIO = parse_scenario(SMALL.encode(), "s.yaml")
_FIXES = 9 + 5


def _credentials(broker: Broker, *devices: str) -> Credentials:
    found = {}
    for device in devices:
        address = BrokerAddress.parse(broker.url(device))
        found[device] = (address.user or "", address.password or "")
    return found


def _anonymous(broker: Broker) -> BrokerAddress:
    return BrokerAddress.parse(f"mqtt://127.0.0.1:{broker.port}?version=3.1.1")


def _silently(sentence: str) -> None:
    assert sentence


async def test_a_scenario_reaches_the_service_as_devices_send_it(broker: Broker) -> None:
    """Every message in its order, and the silent device's last will while it is silent."""
    truth, acks = io.StringIO(), io.StringIO()
    start_us = next_second(1.0)
    async with listening(broker.service_url) as heard:
        report = await play(
            _SCENARIO,
            _anonymous(broker),
            start_us,
            credentials=_credentials(broker, "d-1", "d-2"),
            output=Output(truth, acks),
            stop=asyncio.Event(),
            say=_silently,
        )
        await heard.until(lambda messages: len(messages) >= 9 + 5 - 3 + 4)
    assert (report.fixes, report.acknowledged, report.reconnects) == (_FIXES, _FIXES, 0)
    assert heard.of("emon/v1/d-1/status") == [b"online", b"offline", b"online", b"offline"]
    for wearer, topic in zip(_SCENARIO.wearers, ("emon/v1/d-1/fix", "owntracks/w-2/d-2"), strict=True):
        assert heard.of(topic) == [m.payload for m in sendings(_SCENARIO, wearer, start_us)]
    keys = {
        (line["device"], line["seq"], line["t"]) for line in map(json.loads, truth.getvalue().splitlines())
    }
    acked = {
        (line["device"], line["seq"], line["t"]) for line in map(json.loads, acks.getvalue().splitlines())
    }
    assert keys == acked
    assert len(acked) == _FIXES


async def test_a_run_ends_at_once_when_told_to(embedded_broker: Broker) -> None:
    stop = asyncio.Event()
    stop.set()
    report = await play(
        _SCENARIO,
        _anonymous(embedded_broker),
        next_second(30.0),
        credentials=_credentials(embedded_broker, "d-1", "d-2"),
        output=Output(),
        stop=stop,
        say=_silently,
    )
    assert report.interrupted
    assert report.fixes == 0


async def test_a_wrong_password_is_refused_with_the_device_named(broker: Broker) -> None:
    link = Link(BrokerAddress.parse(f"mqtt://d-1:wrong@127.0.0.1:{broker.port}"), "d-1")
    with pytest.raises(BrokerRefused, match="d-1"):
        await link.open()


async def _refusing(codes: list[int]) -> tuple[asyncio.Server, BrokerAddress]:
    """A broker that answers each connection with the next of the codes, the last one for ever."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_024)
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        writer.write(bytes([0x20, 2, 0, code]))
        await writer.drain()
        if code == 0:
            await reader.read(1_024)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, BrokerAddress.parse(f"mqtt://d-1:secret@127.0.0.1:{port}")


@pytest.mark.parametrize("codes", [[3, 3, 3, 3, 0], [5, 4, 5, 0]], ids=["not ready", "no rights yet"])
async def test_a_broker_that_refuses_at_first_is_asked_again(codes: list[int]) -> None:
    server, address = await _refusing(codes)
    link = Link(address, "d-1")
    await link.open(give_up_after_s=PATIENCE_S)
    assert link.connected
    assert codes == [0]
    await link.drop()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(("code", "asked"), [(2, 1), (5, 4)])
async def test_one_that_keeps_refusing_is_not_asked_for_ever(code: int, asked: int) -> None:
    codes = [code] * 10
    server, address = await _refusing(codes)
    with pytest.raises(BrokerRefused, match="d-1"):
        await Link(address, "d-1").open(give_up_after_s=PATIENCE_S)
    assert 10 - len(codes) == asked
    server.close()
    await server.wait_closed()


async def test_a_run_without_a_broker_sums_up_what_was_not_sent() -> None:
    server, address = await _refusing([2])
    report = await play(
        _SCENARIO,
        address,
        next_second(0.0),
        credentials={},
        output=Output(),
        stop=asyncio.Event(),
        say=_silently,
    )
    server.close()
    await server.wait_closed()
    assert "refuses d-" in report.fault
    assert (report.fixes, report.acknowledged) == (0, 0)
    assert sorted(report.gave_up) == sorted(wearer.device.id for wearer in _SCENARIO.wearers)
    assert report.unsent > 0


async def test_where_nothing_listens_it_says_where_it_tried() -> None:
    held = HeldPort()
    link = Link(BrokerAddress.parse(f"mqtt://127.0.0.1:{held.number}"), "d-1")
    with pytest.raises(BrokerUnavailable, match=str(held.number)):
        await link.open(give_up_after_s=0.05)


async def test_what_was_not_acknowledged_is_sent_again_after_the_broker_returns(broker: Broker) -> None:
    """A kill -9 of the broker under way: the link comes back and every message is acknowledged once."""
    returns: list[str] = []
    link = Link(BrokerAddress.parse(broker.url("d-1")), "d-1", on_return=partial(returns.append, "online"))
    await link.open(give_up_after_s=PATIENCE_S)
    acknowledged: list[int] = []
    for number in range(500):
        link.publish("emon/v1/d-1/fix", b"%d" % number, on_ack=partial(acknowledged.append, number))
    await broker.kill()
    for number in range(500, 600):
        link.publish("emon/v1/d-1/fix", b"%d" % number, on_ack=partial(acknowledged.append, number))
    await broker.start()
    assert await link.settle(PATIENCE_S)
    await link.close()
    assert acknowledged == list(range(600))
    assert returns == ["online"] * link.reconnects
    assert returns


async def test_a_device_that_says_good_bye_leaves_no_will(broker: Broker) -> None:
    status = "emon/v1/d-1/status"
    async with listening(broker.service_url) as heard:
        for leave in ("close", "drop"):
            link = Link(BrokerAddress.parse(broker.url("d-1")), "d-1", will=Will(status, b"offline"))
            await link.open(give_up_after_s=PATIENCE_S)
            link.publish(status, leave.encode(), retain=True)
            assert await link.settle(PATIENCE_S)
            await (link.close() if leave == "close" else link.drop())
        await heard.until(lambda messages: messages[-1:] == [(status, b"offline")])
    assert heard.of(status) == [b"close", b"drop", b"offline"]
