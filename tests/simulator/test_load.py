"""The load is honest about its rate, keeps every acknowledged fix, and knows the alerts that are due."""

from __future__ import annotations

import asyncio
import io
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.engine import Message
from emon.ingest.decode import decode
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.model.instant import SECOND_US
from emon.orders.document import parse_document
from emon.replay import Received, lines_of, replay
from simulator.commands.shell import next_second
from simulator.load import run_load
from simulator.load_packets import Packets
from simulator.load_plan import LoadPlan, LoadRefused, centre_of, load_orders
from simulator.movement import distance_m
from tests.fixtures_brokers import Broker
from tests.simulator.listening import listening
from tests.simulator.scenes import START_US

_SMALL = LoadPlan(rate_per_s=50.0, seconds=10.0, devices=60, connections=3, breaches=7)

plans = st.builds(
    LoadPlan,
    rate_per_s=st.floats(14.0, 5_000.0),
    seconds=st.floats(1.0, 600.0),
    devices=st.integers(1, 5_000),
    connections=st.just(1),
    breaches=st.just(0),
    ramp=st.booleans(),
    batch=st.sampled_from([1, 1, 2, 7]),
)


@given(plans, st.floats(0.0, 1.0))
def test_as_many_fixes_are_due_as_have_their_time_behind_them(plan: LoadPlan, share: float) -> None:
    elapsed_s = share * plan.seconds
    due = plan.due_before(elapsed_s)
    assert 0 <= due <= plan.messages
    if due:
        assert plan.due_s(due - 1) <= elapsed_s + 1e-6
    if due < plan.messages:
        assert plan.due_s(due) >= elapsed_s - 1e-6


@given(plans)
def test_a_load_is_over_in_its_time(plan: LoadPlan) -> None:
    assert plan.due_before(plan.seconds + 1.0) == plan.messages
    assert plan.due_s(max(0, plan.messages - 1)) <= plan.seconds + 1e-6


def test_a_ramp_rises_from_a_tenth_to_the_whole_rate() -> None:
    plan = LoadPlan(1_000.0, 10.0, 1_000, 1, 0, ramp=True)
    begin = plan.due_before(0.5)
    end = plan.fixes - plan.due_before(9.5)
    assert begin == pytest.approx(0.5 * 1_000 * (0.1 + 0.9 * 0.025), rel=0.05)
    assert end == pytest.approx(0.5 * 1_000 * (0.1 + 0.9 * 0.975), rel=0.05)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rate_per_s": 0.0}, "--rate"),
        ({"rate_per_s": math.nan}, "--rate"),
        ({"seconds": -1.0}, "--seconds"),
        ({"devices": 0}, "--devices"),
        ({"connections": 0}, "--connections"),
        ({"breaches": 61}, "--breaches"),
        ({"rate_per_s": 500.0}, "faster than any train"),
        ({"seconds": 2.0}, "six fixes"),
        ({"batch": 0}, "--batch"),
        ({"batch": 1_001}, "--batch"),
        ({"batch": 501}, "not one message"),
        ({"batch": 300, "ramp": True}, "not one message"),
        ({"batch": 5}, "two messages"),
    ],
)
def test_a_load_whose_alerts_could_not_be_known_is_refused(changed: dict[str, float], says: str) -> None:
    settings = {"rate_per_s": 50.0, "seconds": 10.0, "devices": 60, "connections": 3, "breaches": 7}
    with pytest.raises(LoadRefused, match=says):
        LoadPlan(**(settings | changed))  # type: ignore[arg-type]


@given(st.integers(1, 3_000), st.floats(0.0, 1.0))
def test_as_many_devices_breach_as_asked(devices: int, share: float) -> None:
    plan = LoadPlan(1.0, 86_400.0, devices, 1, 0)
    breaches = int(share * devices)
    wanting = LoadPlan(plan.rate_per_s, plan.seconds, devices, 1, min(breaches, 14_000))
    assert wanting.breaching(np.arange(devices)).sum() == breaches


def test_bans_do_not_touch_each_other() -> None:
    centres = [centre_of(device) for device in range(1_000)]
    near = [distance_m(a, b) for a, b in pairwise(centres)]
    assert min(near) > 450.0
    assert distance_m(centre_of(0), centre_of(200)) > 450.0


def _publications(plan: LoadPlan, packets: Packets) -> Iterator[tuple[int, int, int, str, bytes]]:
    """(message, first byte, packet id, topic, payload) of every packet, read as section 3.3 says."""
    numbers = np.arange(plan.messages)
    wire = packets.build(numbers, numbers % 65_535 + 1)
    for number in numbers:
        packet, at = wire[packets.length * number : packets.length * (number + 1)], 1
        length = shift = 0
        while True:
            length |= (packet[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not packet[at - 1] & 0x80:
                break
        assert len(packet) == at + length
        end = at + 2 + int.from_bytes(packet[at : at + 2], "big")
        yield (
            int(number),
            packet[0],
            int.from_bytes(packet[end : end + 2], "big"),
            packet[at + 2 : end].decode(),
            packet[end + 2 :],
        )


def _messages(plan: LoadPlan) -> list[Received]:
    return [
        Received(START_US + int(plan.due_s(number) * 1e6) + 5_000, Message(topic, decode(topic, payload)))
        for number, _, _, topic, payload in _publications(plan, Packets(plan, START_US))
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["json", "fixb"])
@pytest.mark.parametrize("batch", [1, 2, 40])
def test_packets_are_what_the_wire_says(packed: bool, batch: int) -> None:
    """Read back by the core's own decoder: every fix there, in its device's order, at its time and place."""
    plan = LoadPlan(400.0, 12.0, 30, 3, 0, prefix="p", batch=batch, packed=packed)
    packets, seen = Packets(plan, START_US), defaultdict(list)
    for number, first, packet_id, topic, payload in _publications(plan, packets):
        assert (first, packet_id) == (0x32, number + 1)
        decoded = decode(topic, payload)
        assert not decoded.rejections
        assert len(decoded.fixes) == batch
        newest_s = (decoded.fixes[-1].fixed_at_us - START_US) / 1e6
        assert newest_s == pytest.approx(plan.due_s(number), abs=0.0011)
        for fix in decoded.fixes:
            seen[fix.device].append(fix)
            centre = centre_of(int(fix.device.split("-")[1]))
            assert distance_m(centre, (fix.lon, fix.lat)) == pytest.approx(115.0, abs=0.1)
            assert fix.accuracy_m == 10.0
    assert len(seen) == 30
    assert sum(map(len, seen.values())) == plan.fixes == 4_800
    for fixes in seen.values():
        assert [fix.seq for fix in fixes] == list(range(1, len(fixes) + 1))
        assert all(0 < b.fixed_at_us - a.fixed_at_us <= 80_000 for a, b in pairwise(fixes))


@pytest.mark.parametrize(("ramp", "batch"), [(False, 1), (True, 1), (False, 3)])
@pytest.mark.parametrize("batch_s", [0.0, 30.0], ids=["each-alone", "in-one-batch"])
async def test_each_breaching_device_gives_one_breach_and_one_alert(
    ramp: bool, batch: int, batch_s: float
) -> None:
    """However the service batches: a backlog taken at one instant gives no other alerts."""
    plan = LoadPlan(50.0, 12.0, 60, 3, 7, ramp=ramp, batch=batch)
    versions = parse_document(b"".join(load_orders(plan, START_US)), armed_at_us=START_US - SECOND_US)
    received = _messages(plan)
    if batch_s:
        last_us = max(item.received_at_us for item in received)
        half = len(received) // 4
        received = received[:half] + [Received(last_us, item.message) for item in received[half:]]
    lines = list(lines_of(await replay(versions, received)))
    alerts = [line for line in lines if line["type"] == "alert"]
    breaches = [line for line in lines if line["type"] == "breach"]
    due = [f"o-{plan.name(device)}" for device in np.flatnonzero(plan.breaching(np.arange(60))).tolist()]
    assert len(due) == 7
    assert sorted(str(breach["order"]) for breach in breaches) == due
    assert sorted(str(alert["order"]) for alert in alerts) == due
    told = [sorted(str(party) for party in alert["recipients"]) for alert in alerts]  # type: ignore[attr-defined]
    assert told == [["meldkamer_em"]] * 7


async def test_every_acknowledged_fix_is_on_file_and_arrived(broker: Broker) -> None:
    plan = LoadPlan(150.0, 2.0, 50, 3, 0, prefix="d")
    acks = io.StringIO()
    async with listening(broker.service_url) as heard:
        report = await run_load(
            plan,
            BrokerAddress.parse(broker.url("tester")),
            next_second(0.2),
            acks=acks,
            stop=asyncio.Event(),
            say=lambda sentence: None,
        )
        messages = await heard.until(lambda messages: len(messages) >= plan.fixes)
    assert (report.fixes, report.acknowledged) == (300, 300)
    acked = sorted(
        (line["device"], line["seq"], line["t"]) for line in map(json.loads, acks.getvalue().splitlines())
    )
    arrived = sorted(
        (fix.device, fix.seq, fix.fixed_at_us // 1_000)
        for topic, payload in messages
        for fix in decode(topic, payload).fixes
    )
    assert acked == arrived
    summary = report.as_json(plan)
    assert summary["acknowledged"] == 300
    assert report.latencies.total == 300
    if summary["kept_rate"]:
        assert 0.0 < summary["puback_ms"]["p50"] <= summary["puback_ms"]["p99"] <= summary["puback_ms"]["max"]
    else:
        assert summary["puback_ms"] is None


async def test_a_load_that_is_stopped_says_so(embedded_broker: Broker) -> None:
    stop = asyncio.Event()
    plan = LoadPlan(100.0, 600.0, 100, 2, 5)
    report = await run_load(
        plan,
        BrokerAddress.parse(embedded_broker.url("tester")),
        next_second(0.0),
        acks=None,
        stop=stop,
        say=lambda sentence: stop.set(),
    )
    assert report.interrupted
    assert report.fixes < plan.fixes
    assert report.as_json(plan)["alerts_due"] is None


async def test_connections_that_end_each_other_are_named(mosquitto_broker: Broker) -> None:
    """Mosquitto under our settings gives a user one connection; a load on several of them stands still again
    and again, and its figures would be taken for the broker's."""
    plan = LoadPlan(500.0, 2.0, 100, 2, 0)
    report = await run_load(
        plan,
        BrokerAddress.parse(mosquitto_broker.url("tester")),
        next_second(0.0),
        acks=None,
        stop=asyncio.Event(),
        say=lambda sentence: None,
        settle_s=10.0,
    )
    assert report.reconnects
    assert "--connections 1" in report.verdict or not report.kept_rate
