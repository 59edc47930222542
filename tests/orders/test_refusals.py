"""What cannot be armed, each fault by its path and all of them at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.limits import ORDERS_BYTES_MAX, VERTICES_MAX
from emon.orders.document import DocumentRefused, each_once, parse_document, parse_zone
from tests.orders.documents import (
    Step,
    changed,
    contract_document,
    encode,
    faults_of,
    full_document,
    plain_document,
)

ORDER: tuple[Step, ...] = ("orders", 0)
CONDITION: tuple[Step, ...] = (*ORDER, "conditions", 0)
NIGHT: dict[str, Any] = {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]}
SPAN = {"from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}
LONG = "x" * 2_001
SURROGATE = "half \ud800 a pair"


def path_of(place: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


@pytest.mark.parametrize("name", ["id", "version", "wearer", "legal_basis", "valid_from", "conditions"])
@pytest.mark.parametrize("value", [..., None, [], {}, True])
def test_a_required_member_is_there_and_of_its_kind(name: str, value: object) -> None:
    assert path_of((*ORDER, name)) in faults_of(changed(plain_document(), (*ORDER, name), value))


ONE_FAULT: list[tuple[tuple[Step, ...], Any, str]] = [
    # order
    ((*ORDER, "id"), "", "1 to 128"),
    ((*ORDER, "id"), "x" * 129, "129 characters"),
    ((*ORDER, "id"), " o-1", "blank"),
    ((*ORDER, "id"), "o\n1", "control character"),
    ((*ORDER, "id"), "o\x1f1", "control character"),
    ((*ORDER, "id"), SURROGATE, "surrogate"),
    ((*ORDER, "version"), 0, "out of range"),
    ((*ORDER, "version"), 1.5, "whole number"),
    ((*ORDER, "version"), "1", "whole number"),
    ((*ORDER, "version"), True, "whole number"),
    ((*ORDER, "version"), 2**31, "out of range"),
    ((*ORDER, "version"), 10**400, "whole number"),
    ((*ORDER, "legal_basis"), "gedragsaanwijzig", 'did you mean "gedragsaanwijzing"?'),
    ((*ORDER, "legal_basis"), "qqqq", "one of schorsing, gedragsaanwijzing"),
    ((*ORDER, "risk"), "hihg", 'did you mean "high"?'),
    ((*ORDER, "valid_from"), "2026-05-01T00:00:00", "with an offset"),
    ((*ORDER, "valid_from"), "2026-05-01", "RFC 3339"),
    ((*ORDER, "valid_from"), "2026-02-30T00:00:00Z", "no such instant"),
    ((*ORDER, "valid_from"), 1_777_593_600_000, "instant as text"),
    ((*ORDER, "valid_from"), "9999-12-31T23:59:59-01:00", "years 1 to 9999"),
    ((*ORDER, "valid_from"), "0001-01-01T00:00:00+01:00", "years 1 to 9999"),
    ((*ORDER, "valid_until"), "2026-05-01T00:00:00Z", "is not after valid_from"),
    ((*ORDER, "valid_until"), "2026-05-01T01:00:00+02:00", "is not after valid_from"),
    ((*ORDER, "withdrawn_at"), "soon", "RFC 3339"),
    ((*ORDER, "armed_at"), 5, "instant as text"),
    ((*ORDER, "device"), "d 1", "1 to 64"),
    ((*ORDER, "device"), "d/1", "1 to 64"),
    ((*ORDER, "device"), "é", "1 to 64"),
    ((*ORDER, "device"), ["d-1"], "must be text, not a list"),
    ((*ORDER, "devices"), {"id": "d-1"}, "must be a list"),
    ((*ORDER, "protected_person"), 5, "must be text, not 5"),
    ((*ORDER, "wearrer"), "w-1", 'unknown member; did you mean "wearer"?'),
    ((*ORDER, "colour"), "red", "unknown member"),
    # condition
    ((*CONDITION, "kind"), "exlusion", 'did you mean "exclusion"?'),
    ((*CONDITION, "buffer_m"), -1, "out of range: 0 to 300000 m"),
    ((*CONDITION, "buffer_m"), float("inf"), "finite"),
    ((*CONDITION, "buffer_m"), "200", "finite number"),
    ((*CONDITION, "secret"), "no", "true or false"),
    ((*CONDITION, "secret"), 0, "true or false"),
    ((*CONDITION, "victim_device"), "v-1", "unknown member"),
    ((*CONDITION, "zone"), ..., "missing"),
    ((*CONDITION, "zone"), "Rotterdam", "must be an object"),
    # schedule
    ((*CONDITION, "schedule"), [], "must be an object"),
    ((*CONDITION, "schedule"), {**NIGHT, "window": []}, "schedule.window"),
    ((*CONDITION, "schedule"), {**NIGHT, "windows": []}, "holds no window"),
    ((*CONDITION, "schedule"), {**NIGHT, "tz": "Europe/Amsterdm"}, 'did you mean "Europe/Amsterdam"?'),
    ((*CONDITION, "schedule"), {**NIGHT, "tz": "CEST"}, 'such as "Europe/Amsterdam"'),
    ((*CONDITION, "schedule"), {**NIGHT, "tz": "../Europe/Amsterdam"}, "no IANA time zone"),
    ((*CONDITION, "schedule"), {**NIGHT, "tz": 1}, "must be text"),
    ((*CONDITION, "schedule"), {"windows": NIGHT["windows"]}, "schedule.tz: missing"),
]


@pytest.mark.parametrize(("place", "value", "message"), ONE_FAULT)
def test_one_fault_is_named_once(place: tuple[Step, ...], value: object, message: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        parse_document(encode(changed(plain_document(), place, value)))
    (fault,) = refused.value.faults
    assert fault.path.startswith(path_of(place))
    assert message in str(fault)


@pytest.mark.parametrize(
    ("window", "path"),
    [
        ({"from": "22:00"}, ".to"),
        ({"from": "24:00", "to": "06:00"}, ".from"),
        ({"from": "6:00", "to": "08:00"}, ".from"),
        ({"from": "06:00:60", "to": "08:00"}, ".from"),
        ({"from": "06:00", "to": "08:00Z"}, ".to"),
        ({"from": "06:00", "to": "٠٨:00"}, ".to"),
        ({"from": "06:00", "to": 8}, ".to"),
        ({"from": "06:00", "to": "08:00", "days": "mo"}, ".days"),
        ({"from": "06:00", "to": "08:00", "days": ["ma"]}, ".days[0]"),
        ({"from": "06:00", "to": "08:00", "days": ["mo", "mo"]}, ".days[1]"),
        ({"from": "06:00", "to": "08:00", "day": ["mo"]}, ".day"),
        ("22:00-06:00", ""),
    ],
)
def test_windows_are_checked_by_path(window: object, path: str) -> None:
    schedule = {"tz": "Europe/Amsterdam", "windows": [*NIGHT["windows"], window]}
    faults = faults_of(changed(plain_document(), (*CONDITION, "schedule"), schedule))
    assert list(faults) == [f"orders[0].conditions[0].schedule.windows[1]{path}"]


@pytest.mark.parametrize(
    ("interval", "path"),
    [
        ({"from": SPAN["from"]}, ".to"),
        ({**SPAN, "to": SPAN["from"]}, ".to"),
        ({"from": SPAN["to"], "to": SPAN["from"]}, ".to"),
        ({**SPAN, "from": "2026-06-01T00:00:00"}, ".from"),
        ({**SPAN, "reason": LONG}, ".reason"),
        ({**SPAN, "reason": "a\x00b"}, ".reason"),
        ({**SPAN, "until": SPAN["to"]}, ".until"),
    ],
)
def test_exceptions_and_suspensions_are_checked_by_path(interval: dict[str, Any], path: str) -> None:
    suspended = changed(plain_document(), (*ORDER, "suspensions"), [SPAN, interval])
    assert list(faults_of(suspended)) == [f"orders[0].suspensions[1]{path}"]
    lifted = changed(plain_document(), (*CONDITION, "schedule"), {**NIGHT, "except": [interval]})
    assert list(faults_of(lifted)) == [f"orders[0].conditions[0].schedule.except[0]{path}"]


def test_only_a_suspension_says_who_decided_it() -> None:
    signed = {**SPAN, "by": ["officer-1", 2]}
    suspended = changed(plain_document(), (*ORDER, "suspensions"), [signed])
    assert list(faults_of(suspended)) == ["orders[0].suspensions[0].by[1]"]
    lifted = changed(plain_document(), (*CONDITION, "schedule"), {**NIGHT, "except": [signed]})
    assert list(faults_of(lifted)) == ["orders[0].conditions[0].schedule.except[0].by"]


@pytest.mark.parametrize(
    ("use", "path"),
    [
        ({}, ".id"),
        ({"id": "d-1", "from": SPAN["to"], "until": SPAN["from"]}, ".until"),
        ({"id": "d-1", "plan_s": 0}, ".plan_s"),
        ({"id": "d-1", "plan_s": 86_401}, ".plan_s"),
        ({"id": "d-1", "plan_s": 1.5}, ".plan_s"),
        ({"id": "d-1", "to": SPAN["to"]}, ".to"),
        ("d-1", ""),
    ],
)
def test_devices_are_checked_by_path(use: object, path: str) -> None:
    faults = faults_of(changed(plain_document(), (*ORDER, "devices"), [{"id": "d-0"}, use]))
    assert list(faults) == [f"orders[0].devices[1]{path}"]


def test_device_and_devices_do_not_stand_side_by_side() -> None:
    document = changed(plain_document(), (*ORDER, "devices"), [{"id": "d-1"}])
    assert list(faults_of(changed(document, (*ORDER, "device"), "d-1"))) == ["orders[0].device"]


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        ({"name": "N"}, ".party"),
        ({"party": "police", "name": "N"}, ".party"),
        ({"party": "om"}, ".name"),
        ({"party": "om", "name": "N", "phone": "1"}, ".phone"),
    ],
)
def test_owners_are_checked_by_path(owner: dict[str, Any], path: str) -> None:
    assert list(faults_of(changed(plain_document(), (*ORDER, "owner"), owner))) == [f"orders[0].owner{path}"]


# --- what occurs twice --------------------------------------------------------------------------
def test_the_same_version_twice_with_another_content_is_refused() -> None:
    document = plain_document()
    first = document["orders"][0]
    document["orders"] += [{**first, "version": 2}, {**first, "wearer": "w-other"}, first]
    assert faults_of(document) == {
        "orders[2].version": 'order "o-1" version 1 stands at orders[0] already with another content; '
        "versions never change: a variation or a withdrawal is a new version"
    }


def test_the_same_version_twice_with_the_same_content_counts_once_and_from_its_first_arming() -> None:
    document = plain_document()
    first = document["orders"][0]
    again = {**first, "risk": "medium", "armed_at": "2026-01-02T00:00:00+01:00"}
    earlier = {**first, "armed_at": "2026-01-01T23:00:00Z"}
    document["orders"] = [again, {**first, "version": 2}, earlier]
    versions = parse_document(encode(document))
    assert [version.version for version in versions] == [1, 2, 1]
    once = each_once(versions)
    assert once == (versions[2], versions[1])


def test_two_conditions_of_one_id_are_refused() -> None:
    document = plain_document()
    conditions = document["orders"][0]["conditions"]
    document["orders"][0]["conditions"] = [conditions[0], {**conditions[0], "id": "c-2"}, conditions[0]]
    assert list(faults_of(document)) == ["orders[0].conditions[2].id"]


def test_a_name_twice_in_one_object_is_refused() -> None:
    data = encode(plain_document()).replace(b'"radius_m": 300', b'"radius_m": 300, "radius_m": 3000')
    assert list(faults_of(data)) == ["orders[0].conditions[0].zone.radius_m"]
    data = encode(plain_document()).replace(b'"wearer"', b'"id": "o-2", "wearer"')
    assert list(faults_of(data)) == ["orders[0].id"]


# --- the zone library ---------------------------------------------------------------------------
def test_a_ref_leads_to_a_zone_of_the_document() -> None:
    document = full_document()
    document["orders"][0]["conditions"][2]["zone"] = {"ref": "stadium"}
    (path, message), *others = faults_of(document).items()
    assert (path, others) == ("orders[0].conditions[2].zone.ref", [])
    assert "stadium-zuid" in message


def test_a_fault_of_a_library_zone_is_named_there_and_once() -> None:
    document = changed(full_document(), ("zones", 0, "zone", "coordinates", 1, 0, 2), [4.55, 91])
    document["orders"][0]["conditions"].append(
        {"id": "c-9", "kind": "exclusion", "zone": {"ref": "stadium-zuid"}}
    )
    assert list(faults_of(document)) == ["zones[0].zone.coordinates[1][0][2]"]


def test_zones_of_one_id_are_refused() -> None:
    document = full_document()
    document["zones"].append(document["zones"][0])
    assert list(faults_of(document)) == ["zones[1].id"]


@pytest.mark.parametrize(
    ("zone", "path"),
    [
        ({"ref": 3}, ".ref"),
        ({"ref": "stadium-zuid", "radius_m": 5}, ".radius_m"),
        ({"ref": None}, ".ref"),
    ],
)
def test_refs_are_checked_by_path(zone: dict[str, Any], path: str) -> None:
    document = changed(full_document(), ("orders", 0, "conditions", 2, "zone"), zone)
    assert list(faults_of(document)) == [f"orders[0].conditions[2].zone{path}"]


def test_a_library_zone_is_no_ref() -> None:
    document = changed(full_document(), ("zones", 0, "zone"), {"ref": "stadium-zuid"})
    assert "zones[0].zone.type" in faults_of(document)


# --- zones --------------------------------------------------------------------------------------
SQUARE = [[4.0, 52.0], [4.1, 52.0], [4.1, 52.1], [4.0, 52.1], [4.0, 52.0]]
BOW_TIE = [[4.0, 52.0], [4.1, 52.1], [4.1, 52.0], [4.0, 52.08], [4.0, 52.0]]


def polygon(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


@pytest.mark.parametrize(
    ("zone", "path"),
    [
        ({}, "type"),
        ({"type": "Square"}, "type"),
        ({"type": "Point", "coordinates": [4, 52]}, "type"),
        ({"type": "Feature", "geometry": polygon(SQUARE)}, "type"),
        ({"type": "Polygon"}, "coordinates"),
        ({**polygon(SQUARE), "crs": {}}, "crs"),
        (polygon(), "coordinates"),
        (polygon([]), "coordinates[0]"),
        (polygon(SQUARE, []), "coordinates[1]"),
        (polygon(SQUARE[:2]), "coordinates[0]"),
        (polygon([*SQUARE[:2], SQUARE[0]]), "coordinates[0]"),
        (polygon([SQUARE[0]] * 4), "coordinates[0]"),
        (polygon([*SQUARE[:3], [4.0, 91.0]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [180.1, 52.0]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0, 52.1, 0.0, 0.0]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0, "52.1"]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0, None]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0, True]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [float("nan"), 52.1]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [4.0, float("-inf")]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], [10**400, 52.1]]), "coordinates[0][3]"),
        (polygon([*SQUARE[:3], "…"]), "coordinates[0][3]"),
        ({"type": "MultiPolygon", "coordinates": []}, "coordinates"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "coordinates[0][0][0]"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], []]}, "coordinates[1]"),
        ({"type": "Circle", "center": [4, 52]}, "radius_m"),
        ({"type": "Circle", "center": [4, 52], "radius_m": 0}, "radius_m"),
        ({"type": "Circle", "center": [4, 52], "radius_m": 300_001}, "radius_m"),
        ({"type": "Circle", "center": [4, 92], "radius_m": 300}, "center"),
        ({"type": "Circle", "center": {"lon": 4, "lat": 52}, "radius_m": 300}, "center"),
        ({"type": "Circle", "centre": [4, 52], "radius_m": 300}, "centre"),
        ({"type": "Corridor", "coordinates": [[4, 52]], "width_m": 10}, "coordinates"),
        ({"type": "Corridor", "coordinates": SQUARE, "width_m": -1}, "width_m"),
    ],
)
def test_zones_are_checked_by_path(zone: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        parse_zone(encode(zone))
    assert path in [fault.path for fault in refused.value.faults]
    in_order = faults_of(changed(plain_document(), (*CONDITION, "zone"), zone))
    assert f"orders[0].conditions[0].zone.{path}" in in_order


@pytest.mark.parametrize(
    ("zone", "path"),
    [
        (polygon(BOW_TIE), "coordinates[0]["),
        (polygon(SQUARE, BOW_TIE), "coordinates[1]["),
        ({"type": "MultiPolygon", "coordinates": [[BOW_TIE]]}, "coordinates[0][0]["),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [BOW_TIE]]}, "coordinates[1][0]["),
    ],
)
def test_a_ring_that_crosses_itself_is_named_by_the_documents_path(zone: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentRefused, match="crosses itself") as refused:
        parse_zone(encode(zone))
    assert refused.value.faults[0].path.startswith(path)


def test_a_corridor_is_a_zone() -> None:
    corridor = {"type": "Corridor", "coordinates": [[4.4, 51.9], [4.5, 51.9]], "width_m": 50}
    assert faults_of(changed(plain_document(), (*CONDITION, "zone"), corridor)) == {}


def test_more_vertices_than_the_bound_are_refused() -> None:
    ring = [[4 + i / 1e6, 52.0] for i in range(VERTICES_MAX)]
    faults = faults_of(changed(plain_document(), (*CONDITION, "zone"), polygon([*ring, [4.0, 53.0]])))
    assert faults == {"orders[0].conditions[0].zone.coordinates": "100001 vertices; at most 100000"}


# --- contact ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("member", "value", "fault"),
    [
        ("radius_m", 0, "radius_m"),
        ("radius_m", 300_001, "radius_m"),
        ("radius_m", "1 km", "radius_m"),
        ("victim_device", "v 1", "victim_device"),
        ("victim_device", 7, "victim_device"),
        ("zone", {"type": "Circle", "center": [4, 52], "radius_m": 5}, "zone"),
        ("buffer_m", 100, "buffer_m"),
    ],
)
def test_what_a_contact_condition_cannot_hold_is_refused_at_its_place(
    member: str, value: object, fault: str
) -> None:
    faults = faults_of(changed(contract_document(), ("orders", 0, "conditions", 4, member), value))
    assert list(faults) == [f"orders[0].conditions[4].{fault}"]


def test_the_documents_of_the_contract_are_armed_whole() -> None:
    assert faults_of(contract_document()) == {}


def test_a_condition_keeps_its_kind_through_all_versions() -> None:
    document = plain_document()
    (order,) = document["orders"]
    other = {**order["conditions"][0], "kind": "inclusion"}
    document["orders"].append({**order, "version": 2, "conditions": [other]})
    faults = faults_of(document)
    assert list(faults) == ["orders[1].conditions[0].kind"]
    assert "give the new one its own id" in faults["orders[1].conditions[0].kind"]


def test_what_is_not_judged_is_still_checked() -> None:
    document = changed(contract_document(), ("orders", 0, "conditions", 4, "radius_m"), -5)
    assert "orders[0].conditions[4].radius_m" in faults_of(document)


# --- all at once --------------------------------------------------------------------------------
def test_every_fault_of_a_document_is_named_at_once() -> None:
    document = full_document()
    order, other = document["orders"][0], plain_document()["orders"][0]
    del order["wearer"]
    order["conditions"][0]["zone"]["coordinates"][0][3] = [4.47, 151.93]
    order["conditions"][1]["zone"]["radius_m"] = "500"
    order["devices"][0]["from"] = "2026-01-10T00:00:00"
    other["id"], other["legal_basis"] = "o-2", "wet"
    document["orders"].append(other)
    document["extra"] = 1
    assert set(faults_of(document)) == {
        "orders[0].wearer",
        "orders[0].devices[0].from",
        "orders[0].conditions[0].zone.coordinates[0][3]",
        "orders[0].conditions[1].zone.radius_m",
        "orders[1].legal_basis",
        "extra",
    }


def test_a_refusal_reads_as_one_fault_a_line() -> None:
    document = changed(plain_document(), (*ORDER, "wearer"), 5)
    with pytest.raises(DocumentRefused) as refused:
        parse_document(encode(changed(document, (*ORDER, "version"), 0)))
    assert str(refused.value).splitlines() == [
        "orders[0].version: 0 is out of range: 1 to 2147483647",
        "orders[0].wearer: must be text, not 5",
    ]


# --- bytes that are no document -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON at line 1"),
        (b'{"orders": [\n{"id": }]}', "not JSON at line 2"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"orders": ["\xe9"]}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[]", "must be an object, not a list"),
        (b"null", "must be an object, not null"),
        (b"{}", "orders: missing"),
        (b'{"orders": {}}', "orders: must be a list"),
        (b'{"orders": [null]}', "orders[0]: must be an object, not null"),
        (b" " * (ORDERS_BYTES_MAX + 1), "at most"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else value,
)
def test_what_is_no_document_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        parse_document(data)
    assert message in str(refused.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: object, place: tuple[Step, ...] = ()) -> list[tuple[Step, ...]]:
    """Every place of a document."""
    if isinstance(value, dict):
        inner = [p for name in value for p in places(value[name], (*place, name))]
    elif isinstance(value, list):
        inner = [p for i, item in enumerate(value) for p in places(item, (*place, i))]
    else:
        inner = []
    return [place, *inner] if place else inner


@given(st.sampled_from(places(contract_document())), JSON_VALUES)
def test_no_value_anywhere_is_more_than_refused(place: tuple[Step, ...], value: object) -> None:
    """Either armed or refused with paths; nothing else is ever raised."""
    faults = faults_of(changed(contract_document(), place, value))
    assert all(message for message in faults.values())


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_refused(data: bytes) -> None:
    assert faults_of(data)
