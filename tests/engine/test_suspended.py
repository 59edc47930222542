"""While an order is suspended its places do not hold; straps, panic buttons and contacts go on."""

from __future__ import annotations

from msgspec.structs import replace

from emon.model.instant import SECOND_US
from emon.model.order import Interval, OrderVersion
from emon.orders.suspend import needs_two, with_suspension, without_suspension
from tests.engine.stories import NOON_US, circle_order, fix_at, said, versions
from tests.engine.test_judgement import alerts, breaches, judged

HOUR_US = 3_600 * SECOND_US
INSIDE = [fix_at(900, 0), *(fix_at(50 + s % 7, s) for s in range(60, 1_500, 60))]
(FIRST,) = versions(circle_order(risk="high"))


def armed(version: OrderVersion, after_s: int) -> OrderVersion:
    return replace(version, armed_at_us=NOON_US + after_s * SECOND_US)


def suspended(from_s: int, to_s: int) -> OrderVersion:
    interval = Interval(NOON_US + from_s * SECOND_US, NOON_US + to_s * SECOND_US, "visit to the court")
    return armed(with_suspension(FIRST, interval, ("anna", "bert")), from_s)


def test_the_ban_rests_and_comes_back_by_itself() -> None:
    lines = judged((FIRST, suspended(30, 1_200)), INSIDE)
    (breach,) = breaches(lines)
    assert (breach["how"], breach["opened_at"]) == ("schedule", "2026-06-01T12:20:00.000000Z")
    assert [a["event"] for a in alerts(lines)] == ["breach"]


def test_it_silences_neither_strap_nor_case() -> None:
    words = [said("strap", "cut", 300), said("case", "open", 360)]
    lines = judged((FIRST, suspended(30, 1_000_000)), [*INSIDE, *words])
    told = {(a["event"], "politie" in a["recipients"]) for a in alerts(lines)}
    assert told == {("strap_tamper", True), ("case_tamper", True)}
    assert breaches(lines) == []


def test_ended_before_its_time_the_ban_holds_from_then_on() -> None:
    long = suspended(30, 1_000_000)
    third = without_suspension(long, NOON_US + 600 * SECOND_US)
    assert third is not None
    assert third.version == 3
    (breach,) = breaches(judged((FIRST, long, armed(third, 600)), INSIDE))
    assert breach["opened_at"] == "2026-06-01T12:10:00.000000Z"
    assert without_suspension(FIRST, NOON_US) is None


def test_short_ones_within_a_day_add_up() -> None:
    def at(from_h: float, to_h: float) -> Interval:
        return Interval(NOON_US + round(from_h * HOUR_US), NOON_US + round(to_h * HOUR_US), "work on site")

    assert not needs_two(FIRST, at(0, 2))
    assert needs_two(FIRST, at(0, 2.01))
    once = with_suspension(FIRST, at(0, 1.5), ("anna",))
    assert needs_two(once, at(3, 4))
    assert needs_two(once, at(20, 21))
    assert not needs_two(once, at(30, 31))
    assert not needs_two(once, at(0.5, 1.5))  # the same hours again are no more


def test_it_silences_neither_her_button_nor_a_contact() -> None:
    near = {"id": "c-2", "kind": "contact", "victim_device": "v-1", "radius_m": 1000}
    conditions = [*circle_order()["conditions"], near]
    (first,) = versions(circle_order(risk="high", conditions=conditions))
    interval = Interval(NOON_US, NOON_US + 10**12, "visit to the court")
    second = replace(with_suspension(first, interval, ("anna", "bert")), armed_at_us=NOON_US)
    his = [fix_at(50 + s % 7, s) for s in range(60, 900, 60)]
    hers = [fix_at(300 + s % 7, s, device="v-1") for s in range(60, 900, 60)]
    lines = judged((first, second), [*his, *hers, said("panic", "pressed", 500, device="v-1")])
    told = {a["event"]: a["recipients"] for a in alerts(lines) if a["event"] != "order_without_device"}
    assert set(told) == {"panic", "proximity"}
    assert all("politie" in recipients for recipients in told.values())
    assert [breach["condition"] for breach in breaches(lines)] == ["c-2"]
