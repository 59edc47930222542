"""What a document of orders means once it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.model.instant import parse_instant
from emon.model.order import AreaZone, CircleZone, DeviceUse, Interval, Owner, Schedule, Window
from emon.model.vocabulary import Kind, LegalBasis, Party, Risk
from emon.orders.document import DocumentRefused, parse_document, parse_zone, version_from_source
from emon.orders.tree import write_canonical
from tests.orders.documents import changed, document_of, encode, full_document, parse, plain_document
from tests.orders.strategies import versions

CONDITION = ("orders", 0, "conditions", 0)
ZONE = (*CONDITION, "zone")


def at(text: str) -> int:
    return parse_instant(text)


def test_every_member_of_the_contracts_example_is_read() -> None:
    (version,) = parse(full_document())
    assert (version.id, version.version, version.wearer) == ("o-1", 1, "w-1")
    assert version.legal_basis is LegalBasis.VOORWAARDELIJKE_VEROORDELING
    assert version.risk is Risk.HIGH
    assert version.valid_from_us == at("2026-01-09T23:00:00Z")
    assert version.valid_until_us == at("2026-07-09T22:00:00Z")
    assert version.withdrawn_at_us is None
    assert version.armed_at_us == at("2026-01-09T14:00:00Z")
    assert version.devices == (DeviceUse("d-1", at("2026-01-09T23:00:00Z"), None, 60),)
    assert version.owner == Owner(Party.POLITIE, "Casusregisseur Zuid", "zuid@example.org")
    assert version.protected_person == "p-1"
    assert version.suspensions == (
        Interval(at("2026-04-03T18:00:00Z"), at("2026-04-05T14:00:00Z"), "family visit"),
    )
    assert [condition.id for condition in version.conditions] == ["c-1", "c-2", "c-3", "c-4"]
    area, circle, stadium, home = version.conditions
    assert area.kind is Kind.EXCLUSION
    assert area.buffer_m == 200
    assert area.secret is False
    assert area.schedule == Schedule(
        "Europe/Amsterdam",
        (Window((0, 4), 22 * 3600, 6 * 3600),),
        (Interval(at("2026-05-01T10:00:00Z"), at("2026-05-01T12:00:00Z"), "hearing"),),
    )
    assert circle.zone == CircleZone((4.48, 51.91), 500.0)
    assert isinstance(stadium.zone, AreaZone)
    assert len(stadium.zone.parts) == 2
    assert home.kind is Kind.INCLUSION
    assert isinstance(home.zone, AreaZone)
    assert home.schedule is not None


def test_an_order_without_a_device_is_an_order() -> None:
    (version,) = parse(plain_document())
    assert version.devices == ()
    assert version.risk is Risk.MEDIUM


def test_a_device_is_short_for_one_device_all_the_time() -> None:
    short = parse(changed(plain_document(), ("orders", 0, "device"), "d-1"))
    long = parse(changed(plain_document(), ("orders", 0, "devices"), [{"id": "d-1", "until": None}]))
    assert short == long
    assert short[0].devices == (DeviceUse("d-1"),)


def test_replay_reads_armed_at_and_takes_valid_from_where_it_is_absent() -> None:
    document = plain_document()
    assert parse(document)[0].armed_at_us == at("2026-05-01T00:00:00Z")
    said = changed(document, ("orders", 0, "armed_at"), "2026-04-01T00:00:00+02:00")
    assert parse(said)[0].armed_at_us == at("2026-03-31T22:00:00Z")
    assert parse(changed(document, ("orders", 0, "armed_at"), None))[0].armed_at_us == at(
        "2026-05-01T00:00:00Z"
    )


def test_arming_sets_its_own_instant_whatever_the_document_says() -> None:
    said = changed(plain_document(), ("orders", 0, "armed_at"), "2026-04-01T00:00:00Z")
    assert parse(said, armed_at_us=7)[0].armed_at_us == 7
    assert b"armed_at" not in parse(said, armed_at_us=7)[0].source


def test_a_document_without_orders_arms_nothing() -> None:
    assert parse({"orders": []}) == ()
    assert parse({"orders": [], "zones": None}) == ()


def test_several_versions_of_an_order_stand_in_their_order() -> None:
    document = plain_document()
    document["orders"].append({**document["orders"][0], "version": 2})
    assert [(v.id, v.version) for v in parse(document)] == [("o-1", 1), ("o-1", 2)]


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_document(b"\xef\xbb\xbf" + encode(plain_document())) == parse(plain_document())


# --- schedules ----------------------------------------------------------------------------------
def scheduled(schedule: object) -> Schedule:
    (version,) = parse(changed(plain_document(), (*CONDITION, "schedule"), schedule))
    found = version.conditions[0].schedule
    if found is None:
        raise AssertionError("a schedule was given")
    return found


@pytest.mark.parametrize(
    "days", [{}, {"days": None}, {"days": []}, {"days": ["su", "mo", "tu", "we", "th", "fr", "sa"]}]
)
def test_no_days_are_all_days(days: dict[str, Any]) -> None:
    found = scheduled({"tz": "UTC", "windows": [{**days, "from": "08:00", "to": "09:30:15"}]})
    assert found.windows == (Window((0, 1, 2, 3, 4, 5, 6), 8 * 3600, 9 * 3600 + 30 * 60 + 15),)


def test_days_are_put_in_the_weeks_order() -> None:
    found = scheduled({"tz": "UTC", "windows": [{"days": ["su", "mo"], "from": "00:00", "to": "00:00"}]})
    assert found.windows == (Window((0, 6), 0, 0),)


def test_a_schedule_of_exceptions_alone_holds_always_but_for_them() -> None:
    lifted = {"from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}
    found = scheduled({"tz": "UTC", "except": [lifted]})
    assert found.windows == (Window((0, 1, 2, 3, 4, 5, 6), 0, 0),)
    assert len(found.exceptions) == 1


# --- zones --------------------------------------------------------------------------------------
def test_an_unclosed_ring_is_closed() -> None:
    corners = [[4.0, 52.0], [4.1, 52.0], [4.1, 52.1]]
    open_ = parse_zone(encode({"type": "Polygon", "coordinates": [corners]}))
    closed = parse_zone(encode({"type": "Polygon", "coordinates": [[*corners, corners[0]]]}))
    assert open_ == closed
    assert isinstance(open_, AreaZone)
    assert open_.parts[0][0][0] == open_.parts[0][0][-1]


def test_an_altitude_is_dropped() -> None:
    flat = {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300}
    assert parse_zone(encode({**flat, "center": [4.48, 51.92, 12.5]})) == parse_zone(encode(flat))


def test_a_zone_by_ref_is_the_zone_itself() -> None:
    zone = plain_document()["orders"][0]["conditions"][0]["zone"]
    by_ref = changed(plain_document(), ZONE, {"ref": "z"})
    by_ref["zones"] = [{"id": "z", "zone": zone}]
    assert parse(by_ref) == parse(plain_document())


# --- the source: equal content, equal bytes -----------------------------------------------------
def spelled_otherwise() -> dict[str, Any]:
    """The plain document in other words: nothing of its content is changed."""
    document = plain_document()
    order = document["orders"][0]
    order["version"] = 1.0
    order["valid_from"] = "2026-05-01t02:00:00.0000+02:00"
    order["valid_until"] = None
    order["risk"] = "medium"
    order["devices"] = []
    order["suspensions"] = []
    order["armed_at"] = "2026-04-01T00:00:00Z"
    order["conditions"][0].update(
        buffer_m=0,
        secret=False,
        schedule=None,
        zone={"radius_m": 3e2, "center": [4.480, 51.92], "type": "Circle"},
    )
    document["orders"] = [dict(reversed(order.items()))]
    return document


def test_another_spelling_of_the_same_order_has_the_same_source() -> None:
    assert parse(spelled_otherwise(), armed_at_us=1) == parse(plain_document(), armed_at_us=1)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("orders", 0, "wearer"), "w-2"),
        (("orders", 0, "risk"), "low"),
        (("orders", 0, "protected_person"), "p-1"),
        (("orders", 0, "valid_from"), "2026-05-01T00:00:00.000001Z"),
        (("orders", 0, "withdrawn_at"), "2026-06-01T00:00:00Z"),
        (("orders", 0, "device"), "d-1"),
        ((*CONDITION, "buffer_m"), 0.5),
        ((*CONDITION, "secret"), True),
        ((*ZONE, "center", 0), 4.480000000000001),
        (
            ("orders", 0, "suspensions"),
            [{"from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z", "by": ["a"]}],
        ),
    ],
)
def test_another_content_has_another_source(place: tuple[str | int, ...], value: object) -> None:
    other = parse(changed(plain_document(), place, value), armed_at_us=1)
    assert other[0].source != parse(plain_document(), armed_at_us=1)[0].source


@settings(max_examples=60)
@given(st.lists(versions(), min_size=1, max_size=3, unique_by=lambda v: (v.id, v.version)))
def test_any_order_survives_document_and_source(drawn: list[Any]) -> None:
    read = parse(document_of(*drawn))
    assert len(read) == len(drawn)
    for one, other in zip(read, drawn, strict=True):
        content = {field: getattr(one, field) for field in one.__struct_fields__ if field != "source"}
        assert content == {field: getattr(other, field) for field in content}
        assert version_from_source(one.source, armed_at_us=one.armed_at_us) == one
        again = parse_document(b'{"orders":[' + one.source + b"]}", armed_at_us=one.armed_at_us)
        assert again == (one,), "a source is a document's order, and its own canonical form"


def test_a_source_keeps_what_the_engine_does_not_use() -> None:
    (version,) = parse(full_document())
    source = json.loads(version.source)
    assert source["suspensions"][0]["by"] == ["officer-1", "officer-2"]
    assert source["conditions"][2]["zone"]["type"] == "MultiPolygon", "no ref: the source stands alone"
    assert version.source == write_canonical(source)


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{}", b'{"id": 3}', b"\xff", b'"x"', b"null"])
def test_a_damaged_source_is_refused(damaged: bytes) -> None:
    with pytest.raises(DocumentRefused, match="damaged"):
        version_from_source(damaged, armed_at_us=0)
