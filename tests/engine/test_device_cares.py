"""Commands to devices and their upkeep (contract, section 3 and 5; domain figures, row 4), by replay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from emon.engine import Message
from emon.ingest.decode import decode
from emon.limits import FIX_NOW_HOUR_MAX
from emon.model.command import Asks
from emon.model.instant import SECOND_US, format_instant
from emon.replay import MemoryArchive, Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, received, said, shown, versions

ORDER = versions(circle_order())
PRESSING = versions(circle_order(risk="high"))
OURS = ("command_unanswered", "clock_wrong", "implausible_fixes", "charging_missed")
UNSURE = ("possible breach", "probable breach")
DAY_S = 86_400


def replied(at_s: float, command: str = "another", **members: Any) -> Received:
    topic = "emon/v1/d-1/cmd/reply"
    payload = json.dumps({"id": command, **members}).encode()
    return Received(NOON_US + round(at_s * SECOND_US), Message(topic, decode(topic, payload)))


def service(at_s: float, *, up: bool) -> Received:
    return Received(NOON_US + round(at_s * SECOND_US), service=up)


def judged(items: Sequence[Received], orders: Any = ORDER, *, until_s: float | None = None) -> MemoryArchive:
    until_us = None if until_s is None else NOON_US + round(until_s * SECOND_US)
    return asyncio.run(replay(orders, items, until_us=until_us))


def told(
    items: Sequence[Received], orders: Any = ORDER, *, until_s: float | None = None
) -> list[tuple[str, float]]:
    """(event, seconds after noon) of the alerts that these machines raise."""
    archive = judged(items, orders, until_s=until_s)
    return [(a.event.value, (a.at_us - NOON_US) / SECOND_US) for a in archive.alerts if a.event in OURS]


def asked(
    items: Sequence[Received], orders: Any = ORDER, *, until_s: float | None = None
) -> list[tuple[Any, ...]]:
    """(what, rate, seconds after noon, why) of the commands."""
    archive = judged(items, orders, until_s=until_s)
    return [(c.asks, c.rate_s, (c.at_us - NOON_US) / SECOND_US, c.reason) for c in archive.commands]


def at_home(from_s: int, to_s: int, step_s: int = 60, east_m: float = 5_000) -> list[Received]:
    return [fix_at(east_m, at_s) for at_s in range(from_s, to_s, step_s)]


# --- position on demand -------------------------------------------------------------------------


def test_a_breach_that_is_not_certain_asks_at_once_and_no_answer_in_three_minutes_is_told() -> None:
    items = [replied(-600), fix_at(900, -60), fix_at(0, 0)]
    assert [(what, at_s) for what, _, at_s, why in asked(items) if why in UNSURE] == [(Asks.FIX, 0)]
    assert told(items, until_s=179) == []
    assert told(items, until_s=400) == [("command_unanswered", 180)]
    (line,) = (a for a in shown(list(lines_of(judged(items, until_s=400))), "alert") if a["event"] in OURS)
    assert (line["priority"], line["recipients"], line["device"]) == (3, ["meldkamer_em"], "d-1")
    assert (line["order"], line["condition"], line["breach"]) == (None, None, None)


def test_a_device_without_any_reply_is_asked_and_not_timed() -> None:
    items = [fix_at(900, -60), fix_at(0, 0)]
    assert [(what, at_s) for what, _, at_s, why in asked(items) if why in UNSURE] == [(Asks.FIX, 0)]
    assert told(items, until_s=4_000) == []


def test_a_reply_anywhere_in_the_file_times_the_device() -> None:
    items = [fix_at(900, -60), fix_at(0, 0), replied(900)]
    assert told(items, until_s=1_000) == [("command_unanswered", 180)]
    assert told(items, until_s=400) == [], "what was received after the end is not read"


@pytest.mark.parametrize(("taken_s", "received_s"), [(1, 2), (1, 180), (170, 170)])
def test_a_fix_taken_after_the_command_answers_it(taken_s: float, received_s: float) -> None:
    items = [replied(-600), fix_at(900, -60), fix_at(0, 0), fix_at(10, taken_s, received_s=received_s)]
    assert told(items, until_s=180) == []


def test_a_fix_taken_before_the_command_or_by_a_wrong_clock_answers_nothing() -> None:
    before = [replied(-600), fix_at(900, -60), fix_at(0, 0), fix_at(890, -30, received_s=60)]
    assert told(before, until_s=400) == [("command_unanswered", 180)]
    ahead = [replied(-600), fix_at(900, -60), fix_at(0, 0), fix_at(0, 40 * DAY_S, received_s=60)]
    assert ("command_unanswered", 180) in told(ahead, until_s=400)


def test_the_reply_done_answers_and_a_refusal_does_not() -> None:
    story = [replied(-600), fix_at(900, -60), fix_at(0, 0)]
    (command, *_) = [c for c in judged(story).commands if c.asks is Asks.FIX]
    assert told([*story, replied(5, command.id)], until_s=400) == []
    assert told([*story, replied(5, command.id, result="refused")], until_s=400) == [
        ("command_unanswered", 180)
    ]
    assert told([*story, replied(5, "another")], until_s=400) == [("command_unanswered", 180)]


def test_an_unanswered_command_is_told_once_until_something_answers() -> None:
    lost = [replied(-600), fix_at(900, -60), fix_at(0, 0)]
    back = [fix_at(0, 600), fix_at(900, 660), fix_at(905, 720), fix_at(900, 780)]
    again = [fix_at(0, 840)]
    assert told([*lost, *back, *again], until_s=1_500) == [
        ("command_unanswered", 180),
        ("command_unanswered", 1_020),
    ]
    troubles = [t for t in judged([*lost, *back], until_s=900).troubles.values() if t.event in OURS]
    assert [(t.opened_at_us, t.cleared_at_us) for t in troubles] == [(NOON_US, NOON_US + 600 * SECOND_US)]


def test_an_edge_that_an_old_fix_decides_asks_for_a_new_one() -> None:
    schedule = {"tz": "UTC", "windows": [{"from": "12:10", "to": "13:00"}]}
    order = circle_order()
    order["conditions"] = [{**order["conditions"][0], "schedule": schedule}]
    fresh = [fix_at(0, 400), fix_at(1, 580)]
    old = [fix_at(0, 100), fix_at(1, 200)]
    reasons = [[why for what, _, at_s, why in asked(items, versions(order), until_s=700) if at_s == 600]
               for items in (fresh, old)]  # fmt: skip
    assert "edge by an old fix" not in reasons[0]
    assert any(why in ("edge by an old fix", "probable breach", "possible breach") for why in reasons[1])


def test_a_fix_that_may_be_inside_and_opens_nothing_asks_for_another() -> None:
    items = [*at_home(0, 300), fix_at(5_000, 300), *[fix_at(900, 600), fix_at(195, 660, accuracy_m=60)]]
    assert [why for _, _, at_s, why in asked(items) if at_s == 660] in (["doubt"], ["possible breach"])


def test_no_more_than_one_is_out_and_no_more_than_twelve_an_hour() -> None:
    items = [replied(-600)]
    for minute in range(0, 180, 3):
        items += [fix_at(900, minute * 60), fix_at(900, minute * 60 + 60), fix_at(0, minute * 60 + 120)]
    fixes_us = [c.at_us for c in judged(items).commands if c.asks is Asks.FIX]
    assert len(fixes_us) > FIX_NOW_HOUR_MAX
    for at_us in fixes_us:
        assert sum(1 for other in fixes_us if at_us - 3_600 * SECOND_US < other <= at_us) <= FIX_NOW_HOUR_MAX


def test_a_device_that_no_order_has_worn_is_asked_nothing() -> None:
    ended = versions(circle_order(valid_until="2026-06-01T12:00:00Z"))
    assert asked([fix_at(900, -60), fix_at(0, 0)], ended, until_s=400) == []


# --- pursuit ------------------------------------------------------------------------------------


def inside_for(seconds: int) -> list[Received]:
    away = [fix_at(900, -120), fix_at(900, -60)]
    return [*away, *(fix_at(at_s % 7, at_s) for at_s in range(0, seconds, 60))]


def test_a_breach_is_pursued_and_its_end_gives_the_plan_back() -> None:
    items = [*inside_for(600), fix_at(900, 600), fix_at(905, 660), fix_at(900, 720)]
    rates = [(rate_s, at_s) for what, rate_s, at_s, _ in asked(items) if what is Asks.RATE]
    assert rates[0] == (15, 0)
    assert rates[-1] in [(60, 600), (60, 660)]
    plan = circle_order(device=None, devices=[{"id": "d-1", "plan_s": 120}])
    assert [r for w, r, _, _ in asked(items, versions(plan)) if w is Asks.RATE][-1] == 120


def test_a_pursuit_is_asked_again_while_nobody_confirms_and_renewed_while_it_lasts() -> None:
    items = inside_for(4_000)
    rates = [at_s for what, _, at_s, _ in asked(items, until_s=2_000) if what is Asks.RATE]
    assert rates == [0, 600, 1_200, 1_800]
    (first,) = [c for c in judged(items, until_s=10).commands if c.asks is Asks.RATE]
    confirmed = [*items, replied(10, first.id, rate_s=15)]
    assert [at_s for what, _, at_s, _ in asked(confirmed, until_s=2_000) if what is Asks.RATE] == [0, 1_510]


def test_who_is_not_at_home_is_not_chased() -> None:
    order = circle_order()
    order["conditions"] = [{**order["conditions"][0], "kind": "inclusion"}]
    away = [fix_at(0, 0), *(fix_at(900 + at_s % 7, at_s) for at_s in range(60, 900, 60))]
    assert [what for what, *_ in asked(away, versions(order)) if what is Asks.RATE] == []


def test_what_a_device_is_made_to_do_is_silent_and_the_same_for_a_secret_zone() -> None:
    items = [*inside_for(600), fix_at(900, 600), fix_at(905, 660)]
    secret = circle_order()
    secret["conditions"] = [{**secret["conditions"][0], "secret": True}]
    assert {what for what, *_ in asked(items)} == {Asks.FIX, Asks.RATE}
    assert asked(items, versions(secret)) == asked(items)


# --- clock --------------------------------------------------------------------------------------


def wrong_clock(received_s: float, at_s: float = 400 * DAY_S) -> Received:
    return fix_at(5_000, at_s + received_s, received_s=received_s)


def test_a_wrong_clock_is_told_once_an_episode() -> None:
    items = [fix_at(5_000, 0), *(wrong_clock(at_s) for at_s in (60, 120, 180))]
    assert told(items) == [("clock_wrong", 60)]
    assert told([*items, fix_at(5_000, 240), wrong_clock(300)]) == [("clock_wrong", 60), ("clock_wrong", 300)]


def test_a_stored_fix_says_nothing_about_the_clock_now() -> None:
    stored = fix_at(5_000, -3_000, received_s=120)
    assert told([wrong_clock(60), stored, wrong_clock(180)]) == [("clock_wrong", 60)]


def test_a_clock_of_1970_is_wrong_too_and_priority_four() -> None:
    old = fix_at(0, -(NOON_US // SECOND_US) + 5, received_s=60, seq=1)
    (alert,) = (alert for alert in judged([old]).alerts if alert.event in OURS)
    assert (alert.event, alert.priority, alert.happened_at_us) == ("clock_wrong", 4, NOON_US + 60 * SECOND_US)


# --- implausible fixes --------------------------------------------------------------------------


def jump(at_s: float, north_m: float = 0.0) -> Received:
    """Forty kilometres off."""
    payload = {"seq": round(at_s) + 7_000, "t": NOON_US // 1000 + round(at_s * 1000), "acc": 10.0}
    place = {"lat": LAT + 0.4 + north_m, "lon": LON}
    return received("d-1", {**payload, **place}, NOON_US + round(at_s * SECOND_US))


def test_a_single_jump_is_none_and_three_within_ten_minutes_are() -> None:
    home = at_home(0, 3_600, 20)
    assert told([*home, jump(905)]) == []
    assert told([*home, jump(905), jump(1_005)]) == []
    assert told([*home, jump(905), jump(1_005), jump(1_105), jump(1_205)]) == [("implausible_fixes", 1_105)]
    assert told([*home, jump(905), jump(1_505), jump(2_105)]) == []


def test_implausible_fixes_are_told_again_after_ten_good_minutes() -> None:
    home = at_home(0, 7_200, 20)
    first = [jump(905), jump(925), jump(945)]
    assert told([*home, *first, jump(1_405), jump(1_425)]) == [("implausible_fixes", 945)]
    second = [jump(3_005), jump(3_025), jump(3_045)]
    assert told([*home, *first, *second]) == [("implausible_fixes", 945), ("implausible_fixes", 3_045)]


def test_two_that_a_third_agrees_with_are_believed_after_all() -> None:
    assert told([*at_home(0, 300), jump(305), jump(365, 0.001), jump(425, 0.002), jump(485, 0.003)]) == []


# --- charging -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "after_s"), [("low", 7_200), ("critical", 900)])
def test_a_warned_battery_that_is_not_charged_is_told(word: str, after_s: int) -> None:
    heard = at_home(0, after_s + 600)
    assert told([said("battery", word, 0), *heard]) == [("charging_missed", after_s)]
    for event in ("charging", "power"):
        assert told([said("battery", word, 0), said(event, "on", after_s - 60), *heard]) == []
    assert told([said("battery", word, 0), said("battery", "ok", after_s), *heard]) == []


def test_low_that_becomes_critical_has_a_quarter_of_an_hour() -> None:
    items = [said("battery", "low", 0), said("battery", "critical", 600), *at_home(0, 9_000, 600)]
    assert told(items) == [("charging_missed", 1_500)]


def test_a_device_that_tells_of_charging_should_be_charged_each_day() -> None:
    hours = at_home(0, 2 * DAY_S + 3_600, 3_600)
    items = [said("charging", "on", 0), said("charging", "off", 3_600), *hours]
    assert told(items) == [("charging_missed", DAY_S + 3_600)]
    assert told([*items, said("charging", "on", DAY_S), said("charging", "off", DAY_S + 60)]) == []
    assert told(hours) == [], "one that never says so is not timed"


def test_stored_words_that_come_together_are_read_in_their_order() -> None:
    stored = [said("battery", "low", 0, received_s=20_000), said("charging", "on", 600, received_s=20_000)]
    assert told([*stored, *at_home(0, 30_000, 600)]) == []
    later = [said("battery", "low", 0, received_s=20_000), said("charging", "on", 600, received_s=20_200)]
    assert told([*later, *at_home(0, 30_000, 600)]) == []


def test_a_word_delivered_again_puts_nothing_off() -> None:
    """Its clock is ahead, so that the receipt counts; the same word seven seconds later is no second one."""
    word = said("battery", "critical", 203.0, received_s=3.0)
    again = said("battery", "critical", 203.0, received_s=10.0)
    last = fix_at(5_000, 2_000.0)
    assert told([fix_at(5_000, 2.0), word, again, last]) == told([fix_at(5_000, 2.0), word, last])
    assert ("charging_missed", 903.0) in told([fix_at(5_000, 2.0), word, again, last])


def test_a_battery_nobody_need_charge_any_more_is_not_told() -> None:
    ended = versions(circle_order(valid_until="2026-06-01T13:00:00Z"))
    assert told([said("battery", "low", 0), *at_home(0, 9_000)], ended) == []


def test_each_trouble_stands_on_file_with_its_clear() -> None:
    items = [said("battery", "critical", 0), *at_home(0, 3_000), said("charging", "on", 2_000)]
    (trouble,) = [t for t in judged(items).troubles.values() if t.event in OURS]
    assert trouble.event == "charging_missed"
    assert trouble.cleared_at_us is not None
    assert format_instant(trouble.cleared_at_us) == "2026-06-01T12:33:20.000000Z"
    assert trouble.alert in {alert.id for alert in judged(items).alerts}


# --- the plan -----------------------------------------------------------------------------------


def silences(items: Sequence[Received], until_s: float) -> list[float]:
    """At high risk, where no grace is given near a ban."""
    alerts = judged(items, PRESSING, until_s=until_s).alerts
    return [(a.at_us - NOON_US) / SECOND_US for a in alerts if a.event == "silence"]


def test_a_reply_that_confirms_a_rate_makes_it_the_plan() -> None:
    heard = [fix_at(900, 0), fix_at(900, 60)]
    assert silences(heard, 600) == [60 + 180]
    assert silences([*heard, replied(60, rate_s=15)], 600) == [60 + 90]
    assert silences([*heard, replied(60, result="refused", rate_s=15)], 600) == [60 + 180]
    slower = [*heard, replied(30, rate_s=15), replied(60, rate_s=300)]
    assert silences(slower, 900) == [60 + 660]


def test_a_reply_delivered_again_does_not_undo_a_later_one() -> None:
    heard = [fix_at(5_000, 0), replied(10, "c-1", rate_s=15), replied(20, "c-2", rate_s=60)]
    assert silences([*heard, replied(30, "c-1", rate_s=15)], 600) == silences(heard, 600)


def test_the_service_s_stop_holds_the_clock_of_a_command() -> None:
    story = [replied(-600), fix_at(900, -60), fix_at(0, 0)]
    stop = [service(60, up=False), service(660, up=True)]
    assert told([*story, *stop], until_s=779) == []
    assert told([*story, *stop], until_s=800) == [("command_unanswered", 780)]
    backlog = fix_at(10, 300, received_s=660)
    assert told([*story, *stop, backlog], until_s=2_000) == []
