"""What simulated devices send is what the wire says, and the same again from the same seed."""

from __future__ import annotations

import json

import pytest

from emon.ingest.decode import decode
from emon.model.instant import SECOND_US, parse_instant
from simulator import fixes_jsonl, parse_scenario
from simulator.device import Sending, sendings
from simulator.movement import distance_m
from tests.simulator.scenes import SMALL, START_US

_SCENARIO = parse_scenario(SMALL.encode(), "s.yaml")
_BAND, _PHONE = _SCENARIO.wearers


def _sent(number: int) -> list[Sending]:
    return list(sendings(_SCENARIO, _SCENARIO.wearers[number], START_US))


def test_a_silence_ends_in_one_array_of_what_was_stored() -> None:
    messages = _sent(0)
    after_s = [(message.at_us - START_US) / SECOND_US for message in messages]
    assert after_s == [0.0, 0.5, 3.0, 3.0, 3.5, 4.0]
    assert [len(message.fixes) for message in messages] == [1, 1, 4, 1, 1, 1]
    stored = json.loads(messages[2].payload)
    assert [fix["seq"] for fix in stored] == [3, 4, 5, 6]
    assert {message.topic for message in messages} == {"emon/v1/d-1/fix"}


@pytest.mark.parametrize("number", [0, 1])
def test_the_engine_reads_every_fix_as_it_was_meant(number: int) -> None:
    for message in _sent(number):
        decoded = decode(message.topic, message.payload)
        assert decoded.rejections == ()
        assert len(decoded.fixes) == len(message.fixes)
        for found, meant in zip(decoded.fixes, message.fixes, strict=True):
            assert found.key == (meant.device, meant.fixed_at_us, meant.seq)
            assert (found.lon, found.lat) == (meant.plain["lon"], meant.plain["lat"])
            assert found.accuracy_m == pytest.approx(meant.plain["acc"])


def test_a_phone_speaks_owntracks_with_its_second_as_sequence() -> None:
    message = _sent(1)[2]
    assert message.topic == "owntracks/w-2/d-2"
    body = json.loads(message.payload)
    assert body["_type"] == "location"
    assert body["tst"] == START_US // SECOND_US + 2
    assert isinstance(body["acc"], int)
    assert message.fixes[0].seq == body["tst"]


def test_fixes_lie_within_reach_of_the_truth() -> None:
    for number in (0, 1):
        for message in _sent(number):
            for fix in message.fixes:
                error_m = distance_m(fix.true_point, (fix.plain["lon"], fix.plain["lat"]))
                assert error_m < 3.0 * fix.plain["acc"]


def test_the_same_again_whenever_it_starts() -> None:
    """Errors belong to the scenario, not to the hour: a story that is right once is right each time."""
    assert _sent(0) == _sent(0)
    later = list(sendings(_SCENARIO, _BAND, START_US + 86_400 * SECOND_US))
    places = [
        [(fix.plain["lon"], fix.plain["lat"]) for m in run for fix in m.fixes] for run in (_sent(0), later)
    ]
    assert places[0] == places[1]


def test_fixes_lines_are_those_of_the_messages_by_receipt() -> None:
    lines = [json.loads(line) for line in fixes_jsonl(_SCENARIO, START_US)]
    receipts = [parse_instant(line["received_at"]) for line in lines]
    assert receipts == sorted(receipts)
    sent = sorted((fix.device, fix.seq) for n in (0, 1) for m in _sent(n) for fix in m.fixes)
    assert sorted((line["device"], line["seq"]) for line in lines) == sent
    stored = [line for line in lines if line["device"] == "d-1" and line["seq"] == 3]
    assert stored[0]["t"] == "2026-06-01T10:00:01.000Z"
    assert stored[0]["received_at"] == "2026-06-01T10:00:03.000Z"
