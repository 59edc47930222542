"""Silence: once, at its own instant, and never by the service's own fault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from emon.engine import Message
from emon.ingest.decode import decode
from emon.model.instant import SECOND_US
from emon.replay import Received, replay
from tests.engine.stories import NOON_US, circle_order, fix_at, said, versions

ORDER = versions(circle_order(valid_from="2026-06-01T11:30:00Z"))
OTHERS = ("possible_incursion",)


def told(items: Sequence[Received], until_s: float, orders: Any = ORDER) -> list[tuple[str, float]]:
    """Alerts in order: the event, and its seconds after noon. That he could have been inside in the gap is
    another matter."""
    until_us = NOON_US + round(until_s * SECOND_US)
    archive = asyncio.run(replay(orders, items, until_us=until_us))
    alerts = sorted(archive.alerts, key=lambda alert: alert.at_us)
    return [
        (alert.event.value, (alert.at_us - NOON_US) / SECOND_US)
        for alert in alerts
        if alert.event not in OTHERS
    ]


def status(word: str, at_s: float) -> Received:
    topic = "emon/v1/d-1/status"
    return Received(NOON_US + round(at_s * SECOND_US), Message(topic, decode(topic, word.encode())))


def service(up: bool, at_s: float) -> Received:
    return Received(NOON_US + round(at_s * SECOND_US), service=up)


HIGH = versions(circle_order(valid_from="2026-06-01T11:30:00Z", risk="high"))


def test_near_a_ban_it_is_told_after_five_minutes_and_once() -> None:
    assert told([fix_at(900, 0)], 4_000) == [("silence", 300.0)]


def test_at_high_risk_no_grace_is_given_near_a_ban() -> None:
    assert told([fix_at(900, 0)], 4_000, HIGH) == [("silence", 180.0)]


def test_who_is_far_from_every_ban_is_given_the_time_of_the_way_there() -> None:
    # 8,600 m to the edge at 14 m/s are some 615 s; beyond 12.6 km it is a quarter of an hour.
    assert told([fix_at(8_800, 0)], 4_000) == [("silence", 615.0)]
    assert told([fix_at(8_800, 0)], 4_000, HIGH) == [("silence", 615.0)]
    assert told([fix_at(90_000, 0)], 4_000, HIGH) == [("silence", 900.0)]


def test_the_way_counts_from_the_fix_and_not_from_a_word_after_it() -> None:
    assert told([fix_at(8_800, 0), status("online", 100)], 4_000) == [("silence", 615.0)]


def test_who_said_last_that_he_lies_still_has_to_get_up_first() -> None:
    still = [fix_at(900, 0), said("motion", "still", 1)]
    assert told(still, 480, HIGH) == [("silence", 301.0)]
    assert told(still, 1_200) == [("silence", 901.0)]
    assert told([*still, said("motion", "moving", 2)], 480, HIGH) == [("silence", 182.0)]


def test_only_bans_of_a_place_give_time() -> None:
    home = {
        "id": "c-2",
        "kind": "inclusion",
        "zone": {"type": "Circle", "center": [4.0, 52.0], "radius_m": 90},
    }
    order = circle_order(valid_from="2026-06-01T11:30:00Z")
    both = versions({**order, "conditions": [*order["conditions"], home]})
    assert told([fix_at(90_000, 0)], 4_000, both)[-1] == ("silence", 300.0)


def test_a_protected_person_may_come_to_who_lies_still() -> None:
    contact = {"id": "c-2", "kind": "contact", "victim_device": "v-1", "radius_m": 500}
    order = circle_order(valid_from="2026-06-01T11:30:00Z")
    both = versions({**order, "conditions": [*order["conditions"], contact]})
    still = [fix_at(90_000, 0), said("motion", "still", 1)]
    assert told(still, 1_200, both) == [("silence", 301.0)]


def test_a_message_at_the_very_instant_is_in_time() -> None:
    assert told([fix_at(900, 0), fix_at(900, 180)], 359) == []
    assert told([fix_at(900, 0), fix_at(900, 300)], 599) == []


def test_an_order_that_ends_in_the_grace_ends_it() -> None:
    ended = versions(circle_order(valid_from="2026-06-01T11:30:00Z", valid_until="2026-06-01T12:04:00Z"))
    assert told([fix_at(900, 0)], 4_000, ended) == []


def test_a_stop_of_the_service_in_the_grace_holds_it() -> None:
    assert told([fix_at(900, 0), service(False, 200), service(True, 1_000)], 4_000) == [("silence", 1_100.0)]


def test_each_silence_is_told_anew() -> None:
    assert told([fix_at(900, 0), fix_at(900, 400)], 900) == [("silence", 300.0), ("silence", 700.0)]


def test_the_brokers_last_will_is_no_message() -> None:
    assert told([fix_at(900, 0), status("offline", 100)], 500) == [("silence", 300.0)]
    assert told([fix_at(900, 0), status("online", 100)], 500) == [("silence", 400.0)]


def test_a_repeat_is_no_message_and_an_event_is_one() -> None:
    repeat = Received(NOON_US + 100 * SECOND_US, fix_at(900, 0).message)
    assert told([fix_at(900, 0), repeat], 350) == [("silence", 300.0)]
    assert told([fix_at(900, 0), said("charging", "on", 100)], 350) == []


def test_who_lies_still_for_ten_minutes_reports_by_the_hour() -> None:
    minutes = [fix_at(900, 60 * n) for n in range(11)]
    still = [*minutes, said("motion", "still", 0)]
    assert told(still, 7_000) == []
    assert told(still, 9_000) == [("silence", 600 + 7_260.0)]


def test_the_clocks_stand_still_with_the_service() -> None:
    fixes = [fix_at(900, 0)]
    down, up = service(False, 100), service(True, 5_000)
    assert told([*fixes, down], 9_000) == []
    assert told([*fixes, down, up], 9_000) == [("silence", 5_200.0)]
    assert told([*fixes, down, up, fix_at(900, 4_990, received_s=5_000)], 5_300) == [("silence", 5_300.0)]


def test_a_device_that_was_never_heard_is_not_silent_but_its_order_waits() -> None:
    assert told([fix_at(900, 0, device="d-2")], 4_000) == [("order_without_device", 1_800.0)]


def test_nobody_has_to_be_heard_once_his_order_has_ended() -> None:
    ended = versions(circle_order(valid_from="2026-06-01T11:30:00Z", valid_until="2026-06-01T12:02:00Z"))
    assert told([fix_at(900, 0)], 4_000, ended) == []
