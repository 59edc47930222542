"""What devices say of themselves (contract, section 3: event table): told once for each change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from emon.alerts.device_states import AT_FIRST, RISES
from emon.model.vocabulary import DEVICE_EVENT_STATES
from emon.replay import Received, lines_of, replay
from tests.engine.stories import circle_order, fix_at, said, shown, versions

ORDER = versions(circle_order())
HIGH = versions(circle_order(risk="high"))


def told(items: Sequence[Received], orders: Any = ORDER) -> list[tuple[str, int, list[str]]]:
    lines = lines_of(asyncio.run(replay(orders, items)))
    return [(a["event"], a["priority"], a["recipients"]) for a in shown(list(lines), "alert")]


def names(items: Sequence[Received]) -> list[str]:
    return [event for event, _, _ in told(items)]


def test_each_row_of_the_table_goes_to_whom_the_contract_names() -> None:
    centre, both = ["meldkamer_em"], ["meldkamer_em", "politie"]
    assert told([said("strap", "cut", 0)]) == [("strap_tamper", 2, centre)]
    assert told([said("strap", "cut", 0)], HIGH) == [("strap_tamper", 1, both)]
    assert told([said("case", "open", 0)]) == [("case_tamper", 2, centre)]
    assert told([said("case", "open", 0)], HIGH) == [("case_tamper", 1, both)]
    assert told([said("battery", "low", 0)], HIGH) == [("battery_low", 4, centre)]
    assert told([said("battery", "critical", 0)], HIGH) == [("battery_critical", 3, centre)]
    assert told([said("panic", "pressed", 0)]) == [("panic", 1, ["politie", "meldkamer_em"])]


def test_an_alert_of_a_device_names_the_device_and_no_order() -> None:
    lines = list(lines_of(asyncio.run(replay(ORDER, [said("strap", "cut", 0, received_s=90)]))))
    (line,) = shown(lines, "alert")
    assert (line["device"], line["order"], line["condition"], line["breach"], line["certainty"]) == (
        "d-1",
        None,
        None,
        None,
        None,
    )
    assert line["at"] == "2026-06-01T12:01:30.000000Z"


@pytest.mark.parametrize("event", sorted(AT_FIRST))
def test_every_cell_of_the_table_raises_what_it_says_and_no_more(event: str) -> None:
    for before in DEVICE_EVENT_STATES[event]:
        for now in DEVICE_EVENT_STATES[event]:
            found = names([said(event, before, 0), said(event, now, 30)])
            first = RISES.get((event, AT_FIRST[event], before))
            second = RISES.get((event, before, now))
            assert found == [str(alert) for alert in (first, second) if alert is not None], (before, now)


def test_what_is_repeated_is_told_once_and_again_after_it_was_mended() -> None:
    items = [said("strap", "cut", 0), said("strap", "open", 60), said("strap", "cut", 120)]
    assert names(items) == ["strap_tamper"]
    assert names([*items, said("strap", "closed", 180), said("strap", "open", 240)]) == ["strap_tamper"] * 2


def test_the_same_event_delivered_again_is_no_second() -> None:
    assert names([said("panic", "pressed", 0, received_s=s, seq=1) for s in (0, 1, 500, 90_000)]) == ["panic"]


def test_presses_within_a_minute_are_one_call_and_a_later_one_is_another() -> None:
    assert names([said("panic", "pressed", s) for s in (0, 5, 60)]) == ["panic"]
    assert names([said("panic", "pressed", s) for s in (0, 100)]) == ["panic"] * 2


def test_a_late_cut_between_two_closed_is_told_and_one_told_already_is_not() -> None:
    closed = [said("strap", "closed", 0), said("strap", "closed", 600)]
    assert names([*closed, said("strap", "cut", 300, received_s=900)]) == ["strap_tamper"]
    assert names([said("strap", "cut", 600), said("strap", "cut", 300, received_s=900)]) == ["strap_tamper"]


def test_a_battery_that_was_low_and_is_full_again_is_no_news() -> None:
    stored = [said("battery", "low", 0, received_s=900), said("battery", "ok", 600, received_s=900)]
    assert names(stored) == []
    assert names([said("battery", "ok", 600), said("battery", "low", 0, received_s=900)]) == []


def test_a_wrong_clock_hides_no_cut_strap() -> None:
    ahead = said("strap", "cut", 400 * 86_400, received_s=0)
    assert names([ahead, said("strap", "closed", 60), said("strap", "cut", 120)]) == ["strap_tamper"] * 2
    behind = said("strap", "cut", -100 * 86_400, received_s=120, seq=7)
    assert names([said("strap", "closed", 60), behind]) == ["strap_tamper"]


def test_without_an_order_in_force_that_has_it_worn_a_device_may_be_taken_off() -> None:
    ended = versions(circle_order(valid_until="2026-06-01T12:00:00Z"))
    assert told([said("strap", "cut", 0)], ended) == []
    uses = [{"id": "d-1", "until": "2026-06-01T12:00:00Z"}, {"id": "d-2", "from": "2026-06-01T12:00:00Z"}]
    swapped = versions(circle_order(device=None, devices=uses))
    assert told([said("strap", "cut", 60)], swapped) == []


def test_a_suspension_lifts_the_ban_and_not_the_strap() -> None:
    suspended = circle_order(
        suspensions=[
            {
                "from": "2026-06-01T11:00:00Z",
                "to": "2026-06-01T13:00:00Z",
                "reason": "visit",
                "by": ["a", "b"],
            }
        ]
    )
    assert [e for e, _, _ in told([said("strap", "cut", 0)], versions(suspended))] == ["strap_tamper"]


def test_the_highest_risk_of_a_device_s_orders_decides() -> None:
    two = versions(circle_order(risk="low"), circle_order(id="o-2", risk="high"))
    assert told([said("strap", "cut", 0)], two) == [("strap_tamper", 1, ["meldkamer_em", "politie"])]


def test_what_is_not_judged_yet_raises_nothing() -> None:
    items = [said(e, DEVICE_EVENT_STATES[e][0], 0) for e in DEVICE_EVENT_STATES if e not in AT_FIRST]
    assert names([*items, fix_at(900, 10)]) == []
