"""The load is honest about its rate, keeps every acknowledged fix, and knows the alerts that are due."""

from __future__ import annotations

import asyncio
import io
import json
import math
from itertools import pairwise

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
from simulator.load_plan import LoadPlan, LoadRefused, Places, centre_of, load_orders, payload_of
from simulator.movement import distance_m
from tests.fixtures_brokers import Broker
from tests.simulator.listening import listening
from tests.simulator.scenes import START_US

_SMALL = LoadPlan(rate_per_s=50.0, seconds=10.0, devices=60, connections=3, breaches=7)

plans = st.builds(
    LoadPlan,
    rate_per_s=st.floats(1.0, 5_000.0),
    seconds=st.floats(1.0, 600.0),
    devices=st.integers(1, 5_000),
    connections=st.just(1),
    breaches=st.just(0),
    ramp=st.booleans(),
)


@given(plans, st.floats(0.0, 1.0))
def test_as_many_fixes_are_due_as_have_their_time_behind_them(plan: LoadPlan, share: float) -> None:
    elapsed_s = share * plan.seconds
    due = plan.due_before(elapsed_s)
    assert 0 <= due <= plan.fixes
    if due:
        assert plan.due_s(due - 1) <= elapsed_s + 1e-6
    if due < plan.fixes:
        assert plan.due_s(due) >= elapsed_s - 1e-6


@given(plans)
def test_a_load_is_over_in_its_time(plan: LoadPlan) -> None:
    assert plan.due_before(plan.seconds + 1.0) == plan.fixes
    assert plan.due_s(max(0, plan.fixes - 1)) <= plan.seconds + 1e-6


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
    assert sum(wanting.breaching(device) for device in range(devices)) == breaches


def test_bans_do_not_touch_each_other() -> None:
    centres = [centre_of(device) for device in range(1_000)]
    near = [distance_m(a, b) for a, b in pairwise(centres)]
    assert min(near) > 450.0
    assert distance_m(centre_of(0), centre_of(200)) > 450.0


def _messages(plan: LoadPlan) -> list[Received]:
    places, found = Places(plan), []
    for number in range(plan.fixes):
        turn, device = divmod(number, plan.devices)
        t_ms = START_US // 1_000 + int(plan.due_s(number) * 1_000)
        topic = f"emon/v1/{plan.name(device)}/fix"
        payload = payload_of(turn + 1, t_ms, *places.at(number, device, turn))
        found.append(Received(t_ms * 1_000 + 5_000, Message(topic, decode(topic, payload))))
    return found


@pytest.mark.parametrize("ramp", [False, True])
@pytest.mark.parametrize("batch_s", [0.0, 30.0], ids=["each-alone", "in-one-batch"])
async def test_each_breaching_device_gives_one_breach_and_one_alert(ramp: bool, batch_s: float) -> None:
    """However the service batches: a backlog taken at one instant gives no other alerts."""
    plan = LoadPlan(50.0, 12.0, 60, 3, 7, ramp=ramp)
    versions = parse_document(b"".join(load_orders(plan, START_US)), armed_at_us=START_US - SECOND_US)
    received = _messages(plan)
    if batch_s:
        last_us = max(item.received_at_us for item in received)
        half = len(received) // 4
        received = received[:half] + [Received(last_us, item.message) for item in received[half:]]
    lines = list(lines_of(await replay(versions, received)))
    alerts = [line for line in lines if line["type"] == "alert"]
    breaches = [line for line in lines if line["type"] == "breach"]
    due = [f"o-{plan.name(device)}" for device in range(plan.devices) if plan.breaching(device)]
    assert len(due) == 7
    assert sorted(str(breach["order"]) for breach in breaches) == due
    assert sorted(str(alert["order"]) for alert in alerts) == due
    told = [sorted(str(party) for party in alert["recipients"]) for alert in alerts]  # type: ignore[attr-defined]
    assert told == [["meldkamer_em", "politie", "reclassering"]] * 7


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
    assert 0.0 < summary["puback_ms"]["p50"] <= summary["puback_ms"]["p99"] <= summary["puback_ms"]["max"]


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
