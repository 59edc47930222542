"""What goes wrong around devices reaches those it is about, and nobody else; the truth stays what it is."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from emon.model.instant import SECOND_US, parse_instant
from simulator import ScenarioRefused, orders_document, parse_scenario
from simulator.device import fixes_jsonl
from simulator.faults.effects import with_faults
from tests.simulator.hours import HOUR_START_US, hour, hour_text


def _lines(fault: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in fixes_jsonl(hour("", fault), HOUR_START_US)]


def _received(fault: str, device: str) -> list[tuple[float, float]]:
    """(received, taken) of the device's fixes in seconds after the start."""
    return [
        (_after(str(line["received_at"])), _after(str(line["t"])))
        for line in _lines(fault)
        if line.get("device") == device and "lat" in line
    ]


def _after(text: str) -> float:
    return (parse_instant(text) - HOUR_START_US) / SECOND_US


def test_a_scenario_without_faults_is_itself() -> None:
    scenario = hour()
    assert with_faults(scenario) is scenario


def test_an_outage_is_of_its_region() -> None:
    fault = '{kind: telecom_outage, from: "14:10", to: "14:20", center: gate, radius_m: 1000}'
    late = [pair for pair in _received(fault, "d-1") if pair[0] - pair[1] > 10.0]
    assert len(late) == 10
    assert {received for received, _ in late} == {1_202.0}
    assert [pair for pair in _received(fault, "d-2") if pair[0] - pair[1] > 10.0] == []
    everywhere = '{kind: telecom_outage, from: "14:10", to: "14:20"}'
    assert len([pair for pair in _received(everywhere, "d-2") if pair[0] - pair[1] > 10.0]) == 10


def test_whoever_leaves_the_region_is_heard_again() -> None:
    fault = '{kind: telecom_outage, from: "14:10", to: "14:40", center: [4.4675, 51.9244], radius_m: 300}'
    late = [taken for received, taken in _received(fault, "d-1") if received - taken > 10.0]
    assert min(late) == 600.0
    assert 1_200.0 < max(late) < 1_500.0


def test_a_broker_that_is_gone_and_the_flood_after_it() -> None:
    for device in ("d-1", "d-2"):
        pairs = _received('{kind: broker_gone, from: "14:05", to: "14:55"}', device)
        assert len([pair for pair in pairs if pair[0] == 3_302.0]) == 51


def test_what_the_broker_keeps_is_received_when_the_service_is_back() -> None:
    lines = _lines('{kind: service_stopped, from: "14:10", to: "14:30"}')
    services = [(_after(str(line["received_at"])), line["service"]) for line in lines if "service" in line]
    assert services == [(600.0, "down"), (1_800.0, "up")]
    received = [_after(str(line["received_at"])) for line in lines if "lat" in line]
    assert [at_s for at_s in received if 600.0 <= at_s < 1_800.0] == []
    assert lines[[line.get("service") for line in lines].index("up") + 1]["received_at"] != ""


def test_one_in_ten_says_everything_a_hundred_times() -> None:
    lines = _lines('{kind: noisy_tenth, from: "14:10", to: "14:20", times: 100}')
    counted = Counter((line["device"], line["seq"]) for line in lines if "lat" in line)
    noisy = {device for (device, _), count in counted.items() if count > 1}
    assert len(noisy) == 1
    assert Counter(counted.values())[100] == 10
    texts = {
        json.dumps({k: v for k, v in line.items() if k != "received_at"}) for line in lines if "lat" in line
    }
    assert len(texts) == len(counted)


def test_a_jammer_blinds_those_beside_it() -> None:
    fault = '{kind: jammer, from: "14:10", to: "14:20", carried_by: w-1, radius_m: 100}'
    assert [taken for _, taken in _received(fault, "d-1") if 600.0 <= taken < 1_200.0] == []
    assert len([taken for _, taken in _received(fault, "d-2") if 600.0 <= taken < 1_200.0]) == 10
    words = [(line["device"], line["state"]) for line in _lines(fault) if line.get("event") == "jamming"]
    assert words == [("d-1", "on"), ("d-1", "off")]


def test_a_week_counter_that_rolls_over() -> None:
    pairs = _received('{kind: week_rollover, from: "14:10", to: "14:20", devices: [d-1]}', "d-1")
    early = [taken for _, taken in pairs if taken < -1e6]
    assert len(early) == 10
    assert {round(-taken) // (7 * 86_400) for taken in early} <= {1_023, 1_024}


def test_swapped_bracelets_tell_the_other_way() -> None:
    lines = _lines("{kind: swapped_devices, devices: [d-1, d-2]}")
    first = {line["device"]: line["lon"] for line in lines if "lat" in line and line["seq"] == 1}
    assert float(str(first["d-1"])) > 4.5 > float(str(first["d-2"]))


def test_an_order_armed_in_another_zone() -> None:
    text = (
        "zone: {type: Circle, center: gate, radius_m: 300}\n        schedule: {tz: Europe/Amsterdam, "
        'windows: [{from: "12:00", to: "16:00"}]}'
    )
    changed = hour_text("", "{kind: wrong_time_zone, order: o-1, tz: UTC}").replace(
        "zone: {type: Circle, center: gate, radius_m: 300}", text
    )
    scenario = parse_scenario(changed.encode(), "hour.yaml")
    document = json.loads(orders_document(scenario, HOUR_START_US))
    assert document["orders"][0]["conditions"][0]["schedule"]["tz"] == "UTC"
    assert scenario.orders["orders"][0]["conditions"][0]["schedule"]["tz"] == "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("{kind: flood}", "faults[0].kind: must be one of telecom_outage"),
        (
            '{kind: broker_gone, from: "14:30", to: "14:10"}',
            "faults[0].to: is 600 s after the start, not later",
        ),
        (
            '{kind: broker_gone, from: "14:30", to: "17:10"}',
            "faults[0].to: is 11400 s after the start; the scenario",
        ),
        ("{kind: broker_gone, from: 0, to: 10, share: 1}", "faults[0].share: is unknown here"),
        ("{kind: swapped_devices, devices: [d-1]}", "faults[0].devices: two devices"),
        ("{kind: swapped_devices, devices: [d-1, d-9]}", "faults[0].devices: d-9 is no device"),
        (
            "{kind: jammer, from: 0, to: 9, carried_by: w-9, radius_m: 5}",
            "faults[0].carried_by: w-9 is nobody",
        ),
        (
            "{kind: jammer, from: 0, to: 9, carried_by: w-1, radius_m: -5}",
            "faults[0].radius_m: must be above 0",
        ),
        ("{kind: wrong_time_zone, order: o-9, tz: UTC}", "faults[0].order: o-9 is no order"),
        ("{kind: wrong_time_zone, order: o-1, tz: Mars}", "faults[0].tz: no time zone 'Mars'"),
        (
            "{kind: telecom_outage, from: 0, to: 9, center: door, radius_m: 5}",
            "faults[0].center: no place 'door'",
        ),
    ],
)
def test_a_fault_that_makes_no_sense_is_named(fault: str, says: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        hour("", fault)
    assert says in str(refused.value)
