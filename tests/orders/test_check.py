"""What ``emon check`` calls unwise, remark by remark."""

from __future__ import annotations

from typing import Any

import pytest

from emon.model.instant import parse_instant
from emon.orders.check import remarks_on
from emon.orders.check_zone import mean_width_m
from emon.orders.document import parse_zone
from tests.orders.documents import changed, encode, parse, plain_document

NOW_US = parse_instant("2026-05-02T00:00:00Z")
LATER_US = parse_instant("2026-06-01T00:00:00Z")
NIGHT = {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]}


def wise_document() -> dict[str, Any]:
    """An order about which there is nothing to remark."""
    document = plain_document()
    document["orders"][0].update(
        valid_until="2026-11-01T00:00:00Z",
        device="d-1",
        owner={"party": "reclassering", "name": "N", "contact": "n@example.org"},
    )
    return document


def remarks(document: object, now_us: int = NOW_US) -> dict[str, str]:
    return {remark.path: remark.message for remark in remarks_on(parse(document), now_us=now_us)}


def order(**members: Any) -> dict[str, Any]:
    document = wise_document()
    document["orders"][0].update(members)
    return document


def condition(**members: Any) -> dict[str, Any]:
    document = wise_document()
    document["orders"][0]["conditions"][0].update(members)
    return document


def scheduled(*windows: dict[str, Any], **members: Any) -> dict[str, Any]:
    return condition(schedule={"tz": "Europe/Amsterdam", "windows": list(windows), **members})


def contact(**members: Any) -> dict[str, Any]:
    met = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 1000}
    return order(
        conditions=[{name: value for name, value in {**met, **members}.items() if value is not None}]
    )


def test_a_contact_condition_that_a_device_can_show_gets_no_remark() -> None:
    assert remarks(contact()) == {}


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        (contact(victim_device=None), "orders[0].conditions[0].victim_device", "not electronically watched"),
        (contact(victim_device="d-1"), "orders[0].conditions[0].victim_device", "never near itself"),
        (
            contact(
                schedule={
                    "tz": "Europe/Amsterdam",
                    "except": [
                        {"from": "2026-06-01T10:00:00Z", "to": "2026-06-01T12:00:00Z", "reason": "court"}
                    ],
                }
            ),
            "orders[0].conditions[0].schedule.except",
            "does not lift a contact condition",
        ),
    ],
)
def test_what_a_contact_condition_cannot_mean_is_said(
    document: dict[str, Any], path: str, words: str
) -> None:
    assert words in remarks(document)[path]


def test_a_wise_order_gets_no_remark() -> None:
    assert remarks(wise_document()) == {}


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        (order(device=None), "orders[0].devices", "not electronically watched"),
        (order(owner=None), "orders[0].owner", "responsible"),
        (order(valid_until=None), "orders[0].valid_until", "until a version withdraws it"),
        (order(valid_until="2026-05-20T00:00:00Z"), "orders[0]", "is over since 2026-05-20T00:00:00.000000Z"),
        (order(withdrawn_at="2026-05-20T00:00:00Z"), "orders[0]", "is over since 2026-05-20"),
        (order(withdrawn_at="2026-04-01T00:00:00Z"), "orders[0].withdrawn_at", "never in force"),
        (condition(kind="inclusion", buffer_m=200), "orders[0].conditions[0].buffer_m", "not approached"),
        (
            condition(zone={"type": "Circle", "center": [4.48, 51.92], "radius_m": 20}),
            "orders[0].conditions[0].zone",
            "about 40 m wide",
        ),
        (
            condition(zone={"type": "Circle", "center": [51.92, 4.48], "radius_m": 300}),
            "orders[0].conditions[0].zone",
            "look exchanged",
        ),
    ],
)
def test_one_unwise_thing_is_one_remark(document: dict[str, Any], path: str, words: str) -> None:
    (found,) = [(at, said) for at, said in remarks(document, LATER_US).items() if at == path]
    assert words in found[1]


# --- schedules ----------------------------------------------------------------------------------
def test_a_window_that_a_clock_change_swallows_is_named_with_its_date() -> None:
    document = scheduled({"from": "02:10", "to": "02:50"})
    document["orders"][0].update(valid_from="2025-01-01T00:00:00Z", valid_until="2028-01-01T00:00:00Z")
    assert remarks(document, parse_instant("2025-01-01T00:00:00Z")) == {
        "orders[0].conditions[0].schedule.windows[0]": "is empty and does not hold on 2025-03-30, "
        "2026-03-29, 2027-03-28, when the clock is set forward over it",
        "orders[0].conditions[0].schedule.windows[0].from": "on 2025-10-26, 2026-10-25, 2027-10-31 this time "
        "occurs twice; the first counts",
        "orders[0].conditions[0].schedule.windows[0].to": "on 2025-10-26, 2026-10-25, 2027-10-31 this time "
        "occurs twice; the last counts",
    }


def test_an_edge_that_does_not_exist_is_named_by_its_own_day() -> None:
    document = scheduled({"days": ["sa"], "from": "22:00", "to": "02:30"})
    document["orders"][0].update(valid_from="2026-03-01T00:00:00Z", valid_until="2026-04-01T00:00:00Z")
    (message,) = [said for at, said in remarks(document).items() if at.endswith("windows[0].to")]
    assert message == "on 2026-03-29 this time does not exist and moves to the next time that does"


def test_a_schedule_that_clock_changes_leave_alone_gets_no_remark() -> None:
    assert remarks(condition(schedule=NIGHT)) == {}


def test_a_condition_whose_windows_never_come_is_named() -> None:
    document = scheduled({"days": ["mo"], "from": "12:00", "to": "13:00"})
    document["orders"][0].update(valid_from="2026-06-02T00:00:00Z", valid_until="2026-06-05T00:00:00Z")
    assert "never holds" in remarks(document)["orders[0].conditions[0]"]


def test_windows_that_overlap_are_named_and_windows_that_touch_are_not() -> None:
    touching = scheduled({"from": "22:00", "to": "00:00"}, {"from": "00:00", "to": "06:00"})
    assert remarks(touching) == {}
    overlapping = scheduled(
        {"days": ["su"], "from": "22:00", "to": "06:00"}, {"days": ["mo"], "from": "05:00", "to": "07:00"}
    )
    assert remarks(overlapping) == {
        "orders[0].conditions[0].schedule.windows[1]": "overlaps windows[0]: the two count as one"
    }
    apart = scheduled(
        {"days": ["su"], "from": "22:00", "to": "06:00"}, {"days": ["tu"], "from": "05:00", "to": "07:00"}
    )
    assert remarks(apart) == {}


def test_an_exception_outside_every_window_is_named() -> None:
    by_day = {"from": "2026-06-02T10:00:00Z", "to": "2026-06-02T12:00:00Z"}
    by_night = {"from": "2026-06-02T19:00:00Z", "to": "2026-06-02T21:00:00Z"}
    too_late = {"from": "2027-06-02T19:00:00Z", "to": "2027-06-02T21:00:00Z"}
    document = condition(schedule={**NIGHT, "except": [by_day, by_night, too_late]})
    place = "orders[0].conditions[0].schedule.except"
    assert list(remarks(document)) == [f"{place}[0]", f"{place}[2]"]


# --- suspensions --------------------------------------------------------------------------------
def test_a_long_suspension_is_decided_by_two() -> None:
    weekend = {"from": "2026-06-05T18:00:00Z", "to": "2026-06-07T14:00:00Z", "reason": "leave"}
    alone = {**weekend, "by": ["officer-1", "officer-1"]}
    assert list(remarks(order(suspensions=[weekend]))) == ["orders[0].suspensions[0].by"]
    assert list(remarks(order(suspensions=[alone]))) == ["orders[0].suspensions[0].by"]
    assert remarks(order(suspensions=[{**weekend, "by": ["officer-1", "officer-2"]}])) == {}


def test_a_suspension_without_reason_or_effect_is_named() -> None:
    past = {"from": "2026-04-05T18:00:00Z", "to": "2026-04-05T19:00:00Z"}
    assert list(remarks(order(suspensions=[past]))) == [
        "orders[0].suspensions[0]",
        "orders[0].suspensions[0].reason",
    ]


# --- devices ------------------------------------------------------------------------------------
def test_time_without_a_device_is_named() -> None:
    uses = [
        {"id": "d-1", "from": "2026-05-02T00:00:00Z", "until": "2026-06-01T00:00:00Z"},
        {"id": "d-2", "from": "2026-06-03T00:00:00Z"},
    ]
    document = order(device=None, devices=uses)
    said = [remark.message for remark in remarks_on(parse(document), now_us=NOW_US)]
    assert said == [
        "no device is worn from 2026-05-01T00:00:00.000000Z until 2026-05-02T00:00:00.000000Z",
        "no device is worn from 2026-06-01T00:00:00.000000Z until 2026-06-03T00:00:00.000000Z",
    ]


def test_two_devices_at_once_and_one_never_worn_are_named() -> None:
    uses = [
        {"id": "d-1"},
        {"id": "d-2", "from": "2026-06-01T00:00:00Z"},
        {"id": "d-3", "from": "2027-01-01T00:00:00Z"},
    ]
    found = remarks(order(device=None, devices=uses))
    assert found == {
        "orders[0].devices[1]": "d-2 and d-1 are worn at the same time, from 2026-06-01T00:00:00.000000Z",
        "orders[0].devices[2]": "is never worn while the order is in force",
    }


def test_a_swap_to_the_instant_is_no_overlap_and_no_gap() -> None:
    swap = "2026-06-01T12:00:00Z"
    uses = [{"id": "d-1", "until": swap}, {"id": "d-2", "from": swap}]
    assert remarks(order(device=None, devices=uses)) == {}


def test_a_plan_too_slow_for_crossings_is_named() -> None:
    found = remarks(order(device=None, devices=[{"id": "d-1", "plan_s": 121}]))
    assert list(found) == ["orders[0].devices[0].plan_s"]


def test_one_device_on_two_wearers_is_named() -> None:
    document = wise_document()
    other = {**document["orders"][0], "id": "o-2", "wearer": "w-2"}
    document["orders"].append(other)
    found = remarks(document)
    assert list(found) == ["orders[1].devices[0]"]
    assert "by orders[0].devices[0], on w-1" in found["orders[1].devices[0]"]
    same_wearer = changed(document, ("orders", 1, "wearer"), "w-1")
    assert remarks(same_wearer) == {}


# --- several conditions and versions ------------------------------------------------------------
def test_a_multipolygon_of_one_part_is_named_as_it_came() -> None:
    spiked = [[4.47, 51.91], [4.475, 51.91], [4.475, 51.90], [4.475001, 51.91], [4.48, 51.91], [4.48, 51.92]]
    for kind, coordinates, place in (
        ("Polygon", [spiked], "coordinates[0][2]"),
        ("MultiPolygon", [[spiked]], "coordinates[0][0][2]"),
    ):
        found = remarks(condition(zone={"type": kind, "coordinates": coordinates}))
        assert "spike" in found[f"orders[0].conditions[0].zone.{place}"]


def test_two_conditions_that_say_the_same_are_named() -> None:
    document = wise_document()
    conditions = document["orders"][0]["conditions"]
    conditions.append({**conditions[0], "id": "c-2"})
    assert list(remarks(document)) == ["orders[0].conditions[1]"]


def test_a_version_that_ends_before_the_one_it_replaces_is_named() -> None:
    document = wise_document()
    shorter = {**document["orders"][0], "version": 2, "valid_until": "2026-08-01T00:00:00Z"}
    document["orders"].append(shorter)
    found = remarks(document)
    assert list(found) == ["orders[1]"]
    assert (
        "version 1, which would last until 2026-11-01T00:00:00.000000Z, does not come back"
        in found["orders[1]"]
    )


def test_a_version_for_another_wearer_is_named() -> None:
    document = wise_document()
    document["orders"].append({**document["orders"][0], "version": 2, "wearer": "w-2", "device": "d-2"})
    assert list(remarks(document)) == ["orders[1].wearer"]


# --- widths -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "width_m"),
    [
        ({"type": "Circle", "center": [4.48, 51.92], "radius_m": 300}, 600),
        ({"type": "Corridor", "coordinates": [[4.4, 51.9], [4.5, 51.9]], "width_m": 25}, 50),
        # 0.001° of longitude is 68.8 m here, 0.01° of latitude 1,112.6 m: 4 · A / P = 129.6 m
        (
            {
                "type": "Polygon",
                "coordinates": [[[4.48, 51.9], [4.481, 51.9], [4.481, 51.91], [4.48, 51.91]]],
            },
            129.6,
        ),
    ],
)
def test_a_zones_width_is_known(zone: dict[str, Any], width_m: float) -> None:
    assert mean_width_m(parse_zone(encode(zone))) == pytest.approx(width_m, rel=0.005)


def test_a_version_that_stands_there_twice_is_named_once_and_remarked_on_once() -> None:
    document = plain_document()
    before = remarks(document)
    document["orders"].append(document["orders"][0])
    assert remarks(document) == {**before, "orders[1]": "says the same as orders[0], and counts once"}
