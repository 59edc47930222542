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


def told(items: Sequence[Received], until_s: float, orders: Any = ORDER) -> list[tuple[str, float]]:
    """Alerts in order: the event, and its seconds after noon."""
    until_us = NOON_US + round(until_s * SECOND_US)
    archive = asyncio.run(replay(orders, items, until_us=until_us))
    alerts = sorted(archive.alerts, key=lambda alert: alert.at_us)
    return [(alert.event.value, (alert.at_us - NOON_US) / SECOND_US) for alert in alerts]


def status(word: str, at_s: float) -> Received:
    topic = "emon/v1/d-1/status"
    return Received(NOON_US + round(at_s * SECOND_US), Message(topic, decode(topic, word.encode())))


def service(up: bool, at_s: float) -> Received:
    return Received(NOON_US + round(at_s * SECOND_US), service=up)


def test_no_message_for_twice_the_plan_and_a_minute_is_told_once() -> None:
    assert told([fix_at(900, 0)], 4_000) == [("silence", 180.0)]


def test_a_message_at_the_very_instant_is_in_time() -> None:
    assert told([fix_at(900, 0), fix_at(900, 180)], 359) == []


def test_each_silence_is_told_anew() -> None:
    assert told([fix_at(90_000, 0), fix_at(90_000, 300)], 900) == [("silence", 180.0), ("silence", 480.0)]


def test_the_brokers_last_will_is_no_message() -> None:
    assert told([fix_at(900, 0), status("offline", 100)], 300) == [("silence", 180.0)]
    assert told([fix_at(900, 0), status("online", 100)], 300) == [("silence", 280.0)]


def test_a_repeat_is_no_message_and_an_event_is_one() -> None:
    repeat = Received(NOON_US + 100 * SECOND_US, fix_at(900, 0).message)
    assert told([fix_at(900, 0), repeat], 300) == [("silence", 180.0)]
    assert told([fix_at(900, 0), said("charging", "on", 100)], 250) == []


def test_who_lies_still_for_ten_minutes_reports_by_the_hour() -> None:
    minutes = [fix_at(900, 60 * n) for n in range(11)]
    still = [*minutes, said("motion", "still", 0)]
    assert told(still, 7_000) == []
    assert told(still, 9_000) == [("silence", 600 + 7_260.0)]


def test_the_clocks_stand_still_with_the_service() -> None:
    fixes = [fix_at(900, 0)]
    down, up = service(False, 100), service(True, 5_000)
    assert told([*fixes, down], 9_000) == []
    assert told([*fixes, down, up], 9_000) == [("silence", 5_080.0)]
    assert told([*fixes, down, up, fix_at(900, 4_990, received_s=5_000)], 5_180) == [("silence", 5_180.0)]


def test_a_device_that_was_never_heard_is_not_silent_but_its_order_waits() -> None:
    assert told([fix_at(900, 0, device="d-2")], 4_000) == [("order_without_device", 1_800.0)]


def test_nobody_has_to_be_heard_once_his_order_has_ended() -> None:
    ended = versions(circle_order(valid_from="2026-06-01T11:30:00Z", valid_until="2026-06-01T12:02:00Z"))
    assert told([fix_at(900, 0)], 4_000, ended) == []
