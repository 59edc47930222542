"""What a receiver that is led aside can and cannot show (docs/adr/0012).

The zone is a circle of 200 m. In the sketches the edge is ``|``, inside is to the left of it::

    stander led aside    . .:. |      :     : a minute each, then back
    walker              <- - - | - - -
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from emon.engine import Message
from emon.geofence.fold import Fold, Side, begin, see, with_newest
from emon.ingest.decode import decode
from emon.limits import RUN_FIXES_MAX, RUN_MEMORY_S, RUN_SLOT_S
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark
from emon.replay import Received, lines_of, replay
from emon.state import initial_state, with_orders
from tests.engine.stories import NOON_US, circle_order, fix_at, shown, versions

ORDER = versions(circle_order())
HIGH = versions(circle_order(risk="high"))
LARGE = versions(
    circle_order(
        conditions=[
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 600},
            }
        ]
    )
)


def breaches(items: list[Received], orders: Any = ORDER) -> list[dict[str, Any]]:
    return shown(list(lines_of(asyncio.run(replay(orders, items)))), "breach")


def politie(items: list[Received], orders: Any = ORDER) -> list[str]:
    """When the police were told, and how sure one was."""
    lines = shown(list(lines_of(asyncio.run(replay(orders, items)))), "alert")
    return [
        f"{a['certainty']} {a['at'][11:19]}"
        for a in lines
        if "politie" in a["recipients"] and a["event"] == "breach"
    ]


def with_members(item: Received, **members: Any) -> Received:
    """The same fix with further members, such as its speed."""
    (raw,) = item.message.decoded.fixes
    more = "".join(f', "{name}": {value!r}'.replace("'", '"') for name, value in members.items())
    payload = raw.raw[:-1] + more.encode() + b"}"
    return Received(item.received_at_us, Message(item.message.topic, decode(item.message.topic, payload)))


def standing(east_m: float, minutes: range) -> list[Received]:
    """Indoors: places that wander by some metres."""
    return [fix_at(east_m + 3.0 * (minute % 3), 60 * minute) for minute in minutes]


LED_ASIDE = [*standing(270, range(10)), *standing(150, range(10, 15)), *standing(270, range(15, 20))]
"""Lives 70 m outside; for five minutes all fixes say 50 m inside."""


@pytest.mark.parametrize("orders", [ORDER, HIGH])
def test_five_minutes_of_a_stander_led_aside_call_no_police_at_medium_risk(orders: Any) -> None:
    (breach,) = breaches(LED_ASIDE, orders)
    assert breach["certainty"] == "probable"
    assert len(politie(LED_ASIDE, orders)) == (orders is HIGH)


def test_two_minutes_of_it_are_possible_and_no_more() -> None:
    short = [*LED_ASIDE[:12], *LED_ASIDE[15:]]
    (breach,) = breaches(short)
    assert breach["certainty"] == "possible"
    assert politie(short, HIGH) == []


def test_what_lasts_longer_than_a_reflection_is_certain() -> None:
    """An error under 1 in 1,000: of reflections with a mean stay of 2 minutes fewer last 14."""
    stays = [*standing(270, range(10)), *standing(150, range(10, 26))]
    assert politie(stays) == ["certain 12:24:00"]
    assert politie(stays[:24]) == []


def test_an_isolated_outlier_calls_no_police_however_deep_and_whatever_the_risk() -> None:
    items = [*standing(270, range(10)), fix_at(0, 600, accuracy_m=3.0), *standing(270, range(11, 20))]
    assert politie(items, HIGH) == []


def test_a_walker_who_keeps_his_course_is_certain_at_the_second_deep_fix() -> None:
    walk = [fix_at(500 - 80 * minute, 60 * minute) for minute in range(7)]  # 20, 100 and 180 m deep
    assert politie(walk) == ["certain 12:06:00"]


def test_a_slow_entry_step_by_step_is_certain_at_the_second_good_fix() -> None:
    walk = [fix_at(260 - 18 * minute, 60 * minute) for minute in range(10)]  # 12, 30 and 48 m deep
    alerts = shown(list(lines_of(asyncio.run(replay(ORDER, walk)))), "alert")
    told = [(a["certainty"], a["at"][14:16]) for a in alerts]
    assert told == [("possible", "04"), ("certain", "06")]


def test_a_jump_farther_than_a_reflection_leads_is_certain_with_two() -> None:
    items = [*standing(700, range(10)), *standing(150, range(10, 12))]
    assert politie(items) == ["certain 12:11:00"]


def test_who_travels_within_the_zone_was_not_led_aside_where_he_stood() -> None:
    enters = [*standing(650, range(10)), *(fix_at(560 - 80 * m, 60 * (10 + m)) for m in range(4))]
    assert politie(enters, LARGE)[0] in ("certain 12:11:00", "certain 12:12:00")


def setting_off(spd: float) -> list[Received]:
    """Four minutes before a red light, 70 m outside; ``spd`` is what the receiver last measured there."""
    waits = standing(270, range(5))
    return [*waits[:-1], with_members(waits[-1], spd=spd), *standing(120, range(5, 12))]


def told(items: list[Received]) -> list[tuple[str, str]]:
    alerts = shown(list(lines_of(asyncio.run(replay(ORDER, items)))), "alert")
    return [(a["certainty"], a["at"][14:16]) for a in alerts if a["event"] == "breach"]


def test_who_moved_by_the_receivers_own_speed_is_probable_at_the_second_fix() -> None:
    assert told(setting_off(4.0))[:2] == [("possible", "05"), ("probable", "06")]
    # One that stood there, or was too slow for the step, may have been led aside: two minutes decide.
    assert told(setting_off(0.2))[:2] == [("possible", "05"), ("probable", "07")]
    assert told(setting_off(1.2))[:2] == [("possible", "05"), ("probable", "07")]


def test_a_receiver_that_says_it_stands_and_has_jumped_waits_for_a_second_fix() -> None:
    stands = [with_members(item, spd=0.1) for item in LED_ASIDE]
    assert breaches([*stands[:11], *stands[15:]]) == []
    (breach,) = breaches([*stands[:12], *stands[15:]])
    assert breach["opened_at"] == "2026-06-01T12:10:00.000000Z"
    (breach,) = breaches([*LED_ASIDE[:11], *LED_ASIDE[15:]])
    assert breach["certainty"] == "possible"  # without the speed one clear fix is told at once


def measured(items: list[Received], spd: float = 0.1) -> list[Received]:
    return [with_members(item, spd=spd) for item in items]


def led_aside_for(minutes: int, *, away_m: float = 270.0) -> list[Received]:
    """Lives 70 m outside, or elsewhere; for so many minutes all fixes say 50 m inside."""
    end = 10 + minutes
    return [*standing(away_m, range(10)), *standing(150, range(10, end)), *standing(away_m, range(end, 40))]


@pytest.mark.parametrize(
    ("minutes", "certainty"), [(3, "possible"), (8, "possible"), (9, "probable"), (14, "probable")]
)
def test_a_receiver_that_measures_no_speed_on_either_side_of_a_jump_is_waited_on(
    minutes: int, certainty: str
) -> None:
    items = measured(led_aside_for(minutes))
    (breach,) = breaches(items, HIGH)
    assert breach["certainty"] == certainty
    assert bool(politie(items, HIGH)) == (certainty != "possible")
    assert politie(items) == []


def test_who_stays_inside_without_a_speed_is_certain_in_the_end() -> None:
    stays = measured([*standing(270, range(10)), *standing(150, range(10, 30))])
    assert politie(stays, HIGH) == ["probable 12:18:00"]
    assert politie(stays) == ["certain 12:24:00"]


def test_one_speed_on_either_side_or_none_at_all_is_no_standing() -> None:
    """A missing speed is not nothing, and a single step inside is one who walks."""
    stays = [*standing(270, range(10)), *standing(150, range(10, 26))]
    for orders, known in ((HIGH, ["probable 12:12:00"]), (ORDER, ["certain 12:24:00"])):
        assert politie(stays, orders) == known
        assert politie([*stays[:9], *measured(stays[9:10], 0.8), *measured(stays[10:])], orders) == known
        assert politie([*measured(stays[:11]), *stays[11:12], *measured(stays[12:])], orders) == known


def test_farther_than_twice_a_reflection_two_deep_fixes_are_enough_without_a_speed() -> None:
    """In a car from light to light: no error leads so far."""
    far = measured([*standing(900, range(10)), *standing(150, range(10, 14))])
    assert politie(far) == ["certain 12:11:00"]
    nearer = measured([*standing(700, range(10)), *standing(150, range(10, 14))])
    assert politie(nearer, HIGH) == []


def test_a_receiver_that_always_says_nothing_does_not_hold_up_one_who_walks_in() -> None:
    walk = [fix_at(500 - 80 * minute, 60 * minute) for minute in range(7)]
    assert politie(measured(walk, 0.0)) == politie(walk) == ["certain 12:06:00"]


def test_who_drove_and_stopped_is_waited_on_once_his_receiver_measures_no_speed() -> None:
    """Its speed went to nothing where he stopped: it is worth a word, though he drove before."""
    drives = measured([fix_at(960 - 240 * n, 60 * n) for n in range(2)], 4.0)
    stops, inside = standing(480, range(2, 4)), standing(150, range(4, 8))
    assert politie([*drives, *measured([*stops, *inside], 0.0)], HIGH) == []
    # Who drives on measures a speed on the way, or where he came.
    assert politie([*drives, *measured(stops, 0.0), *measured(inside, 1.5)]) == ["certain 12:05:00"]
    assert politie([*drives, *stops, *measured(inside, 0.0)]) == ["certain 12:05:00"]


def test_a_hop_there_and_back_is_no_going_on_of_one_who_stands() -> None:
    stands, inside = standing(480, range(10)), standing(150, range(10, 14))
    assert politie(measured([*stands, *inside], 0.0), HIGH) == []
    stands[8] = fix_at(640, 480, accuracy_m=4.0)
    assert politie(measured([*stands, *inside], 0.0), HIGH) == []


def mast(east_m: float, at_s: float, accuracy_m: float = 900.0) -> Received:
    return with_members(fix_at(east_m, at_s, accuracy_m=accuracy_m), src="cell")


def test_masts_on_either_side_of_a_ban_are_no_way_through_it() -> None:
    items: list[Received] = []
    for minute in range(0, 60, 3):
        items.append(mast(600 if minute % 2 else -600, 60 * minute))
        items.append(fix_at(420 + minute % 5, 60 * minute + 60))
    assert breaches(items) == []


def test_masts_that_agree_without_knowing_the_side_open_nothing() -> None:
    items = [fix_at(900, 0), *(mast(400 + 10 * n, 180 + 180 * n) for n in range(8))]
    assert breaches(items, LARGE) == []


def test_a_way_through_the_zone_over_to_an_outlier_is_only_possible() -> None:
    narrow = versions(
        circle_order(
            conditions=[
                {
                    "id": "c-1",
                    "kind": "exclusion",
                    "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 60},
                }
            ]
        )
    )
    items = [*standing(100, range(5)), fix_at(-100, 300), *standing(100, range(6, 9))]
    found = breaches(items, narrow)
    assert {(b["how"], b["certainty"]) for b in found} == {("crossed", "possible")}
    straight = [fix_at(650 - 4 * s, s) for s in range(0, 360, 60)]
    (breach,) = breaches(straight, narrow)
    assert (breach["how"], breach["certainty"]) == ("crossed", "probable")


def coarse(east_m: float, minute: float, accuracy_m: float = 105.0) -> Received:
    return with_members(fix_at(east_m, 60 * minute, accuracy_m=accuracy_m), src="wifi")


def test_coarse_positions_that_go_on_saying_inside_open_a_possible_breach() -> None:
    comes = [fix_at(500 - 80 * minute, 60 * minute) for minute in range(3)]  # 140 m outside
    stays = [coarse(190.0 + minute, minute) for minute in (4, 6, 9)]
    assert breaches([*comes, *stays[:2]]) == []
    (breach,) = breaches([*comes, *stays])
    assert (breach["certainty"], breach["opened_at"][14:16]) == ("possible", "04")
    assert politie([*comes, *stays], HIGH) == []


@pytest.mark.parametrize(
    "stays",
    [
        [coarse(190.0 + minute, minute) for minute in (4, 6, 8)],  # not for five minutes
        [coarse(190.0, minute) for minute in (4, 6, 9)],  # a place repeated to the digit
        [coarse(190.0 + minute, minute, 505.0) for minute in (4, 6, 9)],  # a mast's claim
        [coarse(190.0, 4), coarse(191.0, 6), fix_at(240, 7 * 60), coarse(192.0, 9)],  # the opposite between
    ],
)
def test_what_does_not_go_on_or_knows_too_little_opens_nothing(stays: list[Received]) -> None:
    comes = [fix_at(500 - 80 * minute, 60 * minute) for minute in range(3)]
    assert breaches([*comes, *stays]) == []


# --- properties ---------------------------------------------------------------------------------


def _story(chance: random.Random) -> list[Received]:
    """Forty minutes about the edge: standing, walking, led aside, with and without speeds."""
    items: list[Received] = []
    east_m, at_s = chance.uniform(150.0, 320.0), 0.0
    while len(items) < 40:
        speed_m_s = chance.choice((0.0, 0.0, 0.0, -1.3, 1.3))
        aside_m = chance.choice((0.0, 0.0, -120.0))
        for _ in range(chance.randint(1, 6)):
            east_m = min(420.0, max(20.0, east_m + 60.0 * speed_m_s))
            at_s += 60.0
            place_m = east_m + aside_m + chance.gauss(0.0, 6.0)
            item = fix_at(place_m, at_s, accuracy_m=chance.choice((5.0, 10.0, 25.0, 60.0)))
            if chance.random() < 0.5:
                item = with_members(item, spd=abs(speed_m_s))
            items.append(item)
    return items


@pytest.mark.parametrize("seed", range(25))
def test_one_more_good_fix_inside_never_removes_a_breach(seed: int) -> None:
    chance = random.Random(seed)
    items = _story(chance)
    known = breaches(items)
    extra_s = chance.uniform(60.0, 2_400.0)
    more = breaches([*items, fix_at(chance.uniform(-60.0, 60.0), extra_s, accuracy_m=5.0, seq=9)])
    for breach in known:
        if breach["how"] != "inside":
            continue  # a way between two fixes is another way when one lies between them
        from_, to = breach["opened_at"], breach["closed_at"] or "9"
        over = [b for b in more if b["opened_at"] < to and from_ < (b["closed_at"] or "9")]
        assert over, (seed, breach)


@pytest.mark.parametrize("seed", range(10))
def test_a_position_repeated_to_the_digit_is_no_new_evidence(seed: int) -> None:
    items = _story(random.Random(seed))[:20]
    (raw,) = items[-1].message.decoded.fixes
    last_s = (raw.fixed_at_us - NOON_US) / SECOND_US
    frozen = [fix_at(100.0, last_s + 60.0 + n, accuracy_m=5.0, seq=n) for n in range(30)]
    # The closing time may not differ either: nothing but the newest fix that shows it is newer.
    assert breaches([*items, *frozen]) == breaches([*items, frozen[0]])


# --- what is remembered -------------------------------------------------------------------------


def _remembered(fixes: list[Fix]) -> Fold:
    state = with_orders(initial_state(NOON_US - 1), list(enumerate(ORDER, start=1)))
    (subject,) = state.subjects.values()
    fold = begin(subject, NOON_US - 1)
    for fix in fixes:
        fold = with_newest(fold, see(fix, 0, 500.0, 1e5, Side.INSIDE, active=False))
    return fold


@pytest.mark.parametrize("seed", range(20))
def test_what_is_remembered_is_bounded_and_the_same_from_any_beginning(seed: int) -> None:
    chance = random.Random(seed)
    at_s, fixes = 0.0, []
    for number in range(600):
        at_s += chance.choice((1.0, 1.0, 1.0, 15.0, 60.0, 400.0, 1_300.0) if seed % 2 else (1.0, 2.0))
        (raw,) = fix_at(500.0, at_s, seq=number).message.decoded.fixes
        fixes.append(Fix(raw, raw.fixed_at_us, Mark.OK))
    whole = _remembered(fixes).recent
    assert len(whole) <= RUN_FIXES_MAX + RUN_MEMORY_S // RUN_SLOT_S + 1
    from_us = fixes[-1].wire.fixed_at_us - RUN_MEMORY_S * SECOND_US
    start = next(i for i, fix in enumerate(fixes) if fix.wire.fixed_at_us >= from_us)
    assert _remembered(fixes[max(0, start - 1) :]).recent == whole
