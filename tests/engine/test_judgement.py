"""Single rules of judgement (contract, section 3), each on the smallest timeline that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from emon.engine import Message
from emon.ingest.decode import decode
from emon.model.order import OrderVersion
from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, shown, versions

Lines = list[dict[str, Any]]


def judged(orders: Sequence[OrderVersion], items: Sequence[Received], **options: Any) -> Lines:
    return list(lines_of(asyncio.run(replay(orders, items, **options))))


def breaches(lines: Lines) -> Lines:
    return shown(lines, "breach")


def alerts(lines: Lines, event: str | None = None) -> Lines:
    return [a for a in shown(lines, "alert") if event is None or a["event"] == event]


ORDER = versions(circle_order())


def walk_in(until_s: int = 300) -> list[Received]:
    """From 500 m outside, 1 m/s, past the edge at 200 m from the centre; a fix a minute, wobbling."""
    return [fix_at(500 - s + (s % 7), s) for s in range(0, until_s + 1, 60)]


def test_a_single_shallow_fix_opens_nothing() -> None:
    lines = judged(ORDER, [fix_at(260, 0), fix_at(196, 60), fix_at(260, 120), fix_at(260, 180)])
    assert breaches(lines) == []


def test_two_shallow_fixes_in_a_row_open_a_possible_breach() -> None:
    lines = judged(ORDER, [fix_at(260, 0), fix_at(196, 60), fix_at(195, 120)])
    (breach,) = breaches(lines)
    assert breach["certainty"] == "possible"
    assert breach["opened_at"] == "2026-06-01T12:01:00.000000Z"
    (alert,) = alerts(lines)
    assert (alert["recipients"], alert["priority"]) == (["meldkamer_em"], 2)


def test_each_rise_that_adds_a_recipient_raises_one_further_alert() -> None:
    items = [
        fix_at(260, 0),
        fix_at(190, 60),
        fix_at(180, 120),
        fix_at(100, 180),
        fix_at(90, 240),
        fix_at(80, 300),
    ]
    lines = judged(ORDER, items)
    (breach,) = breaches(lines)
    told = [(a["certainty"], len(a["recipients"])) for a in alerts(lines, "breach")]
    assert breach["certainty"] == "certain"
    assert told == [("possible", 1), ("probable", 2), ("certain", 3)]


def test_police_hear_of_the_probable_only_at_high_risk() -> None:
    items = [fix_at(260, 0), fix_at(220, 60), fix_at(180, 120), fix_at(140, 180)]
    plain = alerts(judged(ORDER, items))
    high = alerts(judged(versions(circle_order(risk="high")), items))
    told = [[(a["certainty"], "politie" in a["recipients"]) for a in lines] for lines in (plain, high)]
    assert told == [[("possible", False), ("probable", False)], [("possible", False), ("probable", True)]]


def test_one_fix_outside_does_not_close_and_silence_never_does() -> None:
    lines = judged(
        ORDER, [fix_at(100, 0), fix_at(90, 60), fix_at(260, 120), fix_at(95, 180), fix_at(94, 90_000)]
    )
    (breach,) = breaches(lines)
    assert breach["closed_at"] is None
    assert alerts(lines, "breach_cleared") == []


def test_the_second_fix_outside_closes_at_the_first() -> None:
    lines = judged(ORDER, [fix_at(100, 0), fix_at(90, 60), fix_at(260, 120), fix_at(270, 180)])
    (breach,) = breaches(lines)
    assert breach["closed_at"] == "2026-06-01T12:02:00.000000Z"
    (cleared,) = alerts(lines, "breach_cleared")
    assert cleared["recipients"] == ["meldkamer_em", "politie", "reclassering"]  # in the order told
    assert cleared["at"] == "2026-06-01T12:03:00.000000Z"


def test_a_certain_breach_needs_two_witnesses_and_a_repeated_position_at_once_is_none() -> None:
    same = [fix_at(50, second, seq=second) for second in range(0, 20)]
    (breach,) = breaches(judged(ORDER, same))
    assert breach["certainty"] == "possible"
    (breach,) = breaches(judged(ORDER, [*same, fix_at(50, 90, seq=90)]))
    assert breach["certainty"] == "certain"


def test_a_network_position_that_repeats_is_no_second_witness() -> None:
    items = []
    for second in (0, 120, 240, 360):
        item = fix_at(0, second)
        (raw,) = item.message.decoded.fixes
        payload = raw.raw.replace(b'"acc"', b'"src": "cell", "acc"')
        items.append(
            Received(item.received_at_us, Message(item.message.topic, decode(item.message.topic, payload)))
        )
    (breach,) = breaches(judged(ORDER, items))
    assert breach["certainty"] == "possible"


def test_a_zone_smaller_than_the_error_is_never_certain() -> None:
    small = circle_order(
        conditions=[
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [LON, LAT], "radius_m": 5},
            }
        ]
    )
    lines = judged(versions(small), [fix_at(s / 100, s, accuracy_m=60.0) for s in range(0, 600, 60)])
    assert breaches(lines) == []


def test_a_gap_that_could_hold_a_visit_is_told_once_a_day_to_the_centre_alone() -> None:
    items = [fix_at(600, 0), fix_at(-600, 300), fix_at(600, 900), fix_at(-600, 1200)]
    lines = judged(ORDER, items)
    assert [b["how"] for b in breaches(lines)] == ["reachable"] * 3
    assert all(b["certainty"] == "possible" for b in breaches(lines))
    (alert,) = alerts(lines)
    assert (alert["event"], alert["recipients"]) == ("possible_incursion", ["meldkamer_em"])


def test_a_gap_too_short_for_a_visit_is_nothing() -> None:
    items = [fix_at(3_000, 0), fix_at(3_010, 190), fix_at(3_000, 380)]
    assert breaches(judged(ORDER, items)) == []


def test_a_late_fix_that_shows_a_tunnel_refutes_and_tells_all_who_were_told() -> None:
    straight = [fix_at(300, 0), fix_at(-300, 100)]
    lines = judged(ORDER, straight)
    assert [b["how"] for b in breaches(lines)] == ["crossed"]
    round_ = []
    for second, east_m in ((30, 300), (60, 290)):
        item = fix_at(east_m, second, received_s=400)
        round_.append(_north(item, 600.0))
    lines = judged(ORDER, [*straight, *round_])
    (breach,) = breaches(lines)
    assert breach["refuted"] is True
    (cleared,) = alerts(lines, "breach_cleared")
    assert set(cleared["recipients"]) == {p for a in alerts(lines, "breach") for p in a["recipients"]}


def _north(item: Received, north_m: float) -> Received:
    """The same fix so many metres further north."""
    (raw,) = item.message.decoded.fixes
    lat = f'"lat": {LAT + north_m / 111_240.0}'.encode()
    payload = raw.raw.replace(f'"lat": {LAT}'.encode(), lat)
    return Received(item.received_at_us, Message(item.message.topic, decode(item.message.topic, payload)))


def test_stored_fixes_are_history_and_a_newer_fix_inside_makes_them_present_once() -> None:
    stored = [fix_at(100 - s / 60, s, received_s=1_000) for s in range(0, 300, 60)]
    lines = judged(ORDER, stored)
    (breach,) = breaches(lines)
    assert breach["historic"] is True
    (alert,) = alerts(lines)
    assert (alert["event"], alert["recipients"]) == ("historic_breach", ["reclassering", "meldkamer_em"])
    lines = judged(ORDER, [*stored, fix_at(90, 1_010), fix_at(91, 1_070)])
    (breach,) = breaches(lines)
    assert breach["historic"] is False
    assert [a["event"] for a in alerts(lines)] == ["historic_breach", "breach"]


def test_what_has_ended_stays_history_when_the_wearer_comes_back() -> None:
    visit = [
        fix_at(100, 0),
        fix_at(90, 20),
        fix_at(260, 40),
        fix_at(265, 60),
        fix_at(150, 80),
        fix_at(140, 100),
    ]
    stored = [Received(fix_at(0, 100).received_at_us, item.message) for item in visit]
    lines = judged(ORDER, stored)
    assert [b["historic"] for b in breaches(lines)] == [True, False]
    assert [a["event"] for a in alerts(lines)] == ["historic_breach", "breach"]


def test_a_fix_from_the_future_or_from_1970_is_marked_and_never_judged() -> None:
    wrong = [fix_at(0, 10_000, received_s=0), fix_at(0, -90 * 86_400, received_s=1, seq=7)]
    archive = asyncio.run(replay(ORDER, wrong))
    assert archive.counts.marks == {"clock": 2}
    lines = list(lines_of(archive))
    assert shown(lines, "breach") == []
    assert [alert["event"] for alert in shown(lines, "alert")] == ["clock_wrong"]


def test_the_same_fix_a_hundred_times_is_one() -> None:
    items = [fix_at(100, 0, received_s=second) for second in range(100)]
    archive = asyncio.run(replay(ORDER, items))
    assert (archive.counts.fixes, archive.counts.repeats) == (1, 99)


def test_the_same_key_with_another_position_is_a_conflict() -> None:
    archive = asyncio.run(replay(ORDER, [fix_at(900, 0, seq=5), fix_at(901, 0, seq=5, received_s=1)]))
    assert archive.counts.rejections == {"conflict": 1}
    assert archive.counts.fixes == 1


def test_fixes_of_an_unknown_device_are_taken_when_an_order_names_it() -> None:
    late = versions(circle_order(armed_at="2026-06-01T12:10:00Z", valid_from="2026-06-01T00:00:00Z"))
    lines = judged(late, [fix_at(100, 0), fix_at(90, 60), fix_at(95, 700)])
    (breach,) = breaches(lines)
    assert (breach["how"], breach["opened_at"]) == ("inside", "2026-06-01T12:00:00.000000Z")
    assert [a["event"] for a in alerts(lines)] == ["historic_breach", "breach"]
    assert alerts(lines)[0]["at"] == "2026-06-01T12:10:00.000000Z"


def test_an_order_that_has_ended_judges_nothing() -> None:
    ended = versions(circle_order(valid_until="2026-06-01T12:00:00Z"))
    lines = judged(ended, [fix_at(0, 0), fix_at(1, 60)])
    assert shown(lines, "breach") + shown(lines, "alert") == []


def test_nothing_is_read_or_fired_beyond_until() -> None:
    lines = judged(ORDER, walk_in(600), until_us=NOON_US + 100_000_000)
    assert shown(lines, "breach") + shown(lines, "alert") == []
