"""What devices send, well and badly: every element judged by itself, and nothing ever raised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.commands import payload_of
from emon.ingest.decode import decode
from emon.ingest.elements import instant_us
from emon.limits import PAYLOAD_BYTES_MAX, SEQ_MAX
from emon.model.command import Asks, Command, Reply, Result
from emon.model.fix import Decoded, RawFix
from emon.model.instant import format_instant, parse_instant
from emon.model.vocabulary import DEVICE_EVENT_STATES, Reason, Source

FIX_TOPIC = "emon/v1/d-1/fix"
TOPICS = (
    FIX_TOPIC,
    "emon/v1/d-1/fixb",
    "emon/v1/d-1/event",
    "emon/v1/d-1/status",
    "emon/v1/d-1/cmd",
    "emon/v1/d-1/cmd/reply",
    "owntracks/u/d-1",
    "owntracks/u/d-1/event",
    "emon/v2/d-1/fix",
    "",
)
CONTRACT_FIX = (
    b'{"seq": 812, "t": "2026-03-29T00:59:30.250Z", "lat": 51.9225, "lon": 4.4792, "acc": 12.5, "spd": 1.4,'
    b' "hdg": 270.0, "src": "gnss", "sat": 9, "hdop": 1.1, "bat": 0.83}'
)


def fix_json(**changes: Any) -> bytes:
    """The contract's fix with other members; None takes one away."""
    members = json.loads(CONTRACT_FIX) | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def spelled(member: str, value: str) -> bytes:
    """The contract's fix with a member spelled as given, JSON or not."""
    members = json.loads(CONTRACT_FIX)
    members[member] = "\0"
    return json.dumps(members).encode().replace(b'"\\u0000"', value.encode())


def only_fix(payload: bytes, topic: str = FIX_TOPIC) -> RawFix:
    decoded = decode(topic, payload)
    assert decoded.rejections == ()
    (fix,) = decoded.fixes
    return fix


def only_rejection(payload: bytes, topic: str = FIX_TOPIC) -> tuple[Reason, str, str]:
    """Reason, place and detail of the one rejection."""
    decoded = decode(topic, payload)
    assert not any((decoded.fixes, decoded.events, decoded.statuses))
    (rejection,) = decoded.rejections
    assert (rejection.device, rejection.topic, rejection.raw) == ("d-1", topic, payload)
    assert decode(topic, rejection.raw).rejections[0].reason is rejection.reason
    return rejection.reason, rejection.place, rejection.detail


def test_reads_the_contracts_own_example() -> None:
    assert only_fix(CONTRACT_FIX) == RawFix(
        device="d-1",
        seq=812,
        fixed_at_us=parse_instant("2026-03-29T00:59:30.250Z"),
        lon=4.4792,
        lat=51.9225,
        accuracy_m=12.5,
        raw=CONTRACT_FIX,
        source=Source.GNSS,
        speed_m_s=1.4,
        heading_deg=270.0,
        satellites=9,
        hdop=1.1,
        battery=0.83,
    )


def test_only_the_required_members_are_needed() -> None:
    fix = only_fix(b'{"seq":0,"t":0,"lat":-90,"lon":180,"acc":0}')
    assert (fix.seq, fix.fixed_at_us, fix.lat, fix.lon, fix.accuracy_m) == (0, 0, -90.0, 180.0, 0.0)
    assert (fix.source, fix.speed_m_s, fix.battery) == (Source.GNSS, None, None)


def test_unknown_members_stay_in_the_raw_bytes() -> None:
    payload = fix_json(vendor={"deep": [1, {"x": "é"}]})
    assert only_fix(payload).raw == payload


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('"2026-03-29T02:59:30.250+02:00"', "2026-03-29T00:59:30.250Z"),
        ('"2026-03-29t00:59:30z"', "2026-03-29T00:59:30Z"),
        ('"2026-03-29 00:59:30Z"', "2026-03-29T00:59:30Z"),
        ('"2026-03-29T00:59:30.1234567Z"', "2026-03-29T00:59:30.123456Z"),
        ('"2016-12-31T23:59:60Z"', "2017-01-01T00:00:00Z"),
        ("1774745970250", "2026-03-29T00:59:30.250Z"),
        ("-1000", "1969-12-31T23:59:59Z"),
        ('"2099-01-01T00:00:00Z"', "2099-01-01T00:00:00Z"),
    ],
)
def test_instants_as_devices_write_them(text: str, at: str) -> None:
    assert only_fix(spelled("t", text)).fixed_at_us == parse_instant(at)


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("lat", "91", Reason.OUT_OF_RANGE),
        ("lat", "-90.0000001", Reason.OUT_OF_RANGE),
        ("lon", "180.5", Reason.OUT_OF_RANGE),
        ("lat", "1e999", Reason.OUT_OF_RANGE),
        ("lat", "9" * 400, Reason.OUT_OF_RANGE),
        ("lat", '"51.9"', Reason.WRONG_TYPE),
        ("lat", "true", Reason.WRONG_TYPE),
        ("lat", "[51.9]", Reason.WRONG_TYPE),
        ("lat", "null", Reason.MISSING),
        ("acc", "-1", Reason.OUT_OF_RANGE),
        ("acc", "1000001", Reason.OUT_OF_RANGE),
        ("seq", "-1", Reason.OUT_OF_RANGE),
        ("seq", str(SEQ_MAX + 1), Reason.OUT_OF_RANGE),
        ("seq", "9" * 5000, Reason.OUT_OF_RANGE),
        ("seq", "1.0", Reason.WRONG_TYPE),
        ("seq", "1e2", Reason.WRONG_TYPE),
        ("seq", '"812"', Reason.WRONG_TYPE),
        ("seq", "true", Reason.WRONG_TYPE),
        ("t", '"2026-03-29T00:59:30"', Reason.OUT_OF_RANGE),
        ("t", '"2026-02-30T00:00:00Z"', Reason.OUT_OF_RANGE),
        ("t", '"2026-03-29T24:00:00Z"', Reason.OUT_OF_RANGE),
        ("t", '"0001-01-01T00:00:00+05:00"', Reason.OUT_OF_RANGE),
        ("t", '"yesterday"', Reason.OUT_OF_RANGE),
        ("t", f'"{"9" * 100_000}"', Reason.OUT_OF_RANGE),
        ("t", "1774745970.25", Reason.WRONG_TYPE),
        ("t", "1" + "0" * 30, Reason.OUT_OF_RANGE),
        ("t", "true", Reason.WRONG_TYPE),
    ],
)
def test_a_required_member_that_is_wrong_is_named(member: str, value: str, reason: Reason) -> None:
    found, place, detail = only_rejection(spelled(member, value))
    assert (found, place) == (reason, member)
    assert len(detail) < 200


@pytest.mark.parametrize("member", ["seq", "t", "lat", "lon", "acc"])
def test_a_required_member_that_is_missing_is_named(member: str) -> None:
    assert only_rejection(fix_json(**{member: None}))[:2] == (Reason.MISSING, member)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("spd", -1),
        ("spd", 5000),
        ("hdg", 361),
        ("sat", 9.5),
        ("hdop", "x"),
        ("bat", 83),
        ("src", "magic"),
        ("src", 3),
    ],
)
def test_an_optional_member_that_is_wrong_is_ignored(member: str, value: object) -> None:
    payload = fix_json(**{member: value})
    assert only_fix(payload).same_content(only_fix(fix_json(**{member: None})))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.UNREADABLE),
        (b"   ", Reason.UNREADABLE),
        (b"\x00\xff\xfe", Reason.UNREADABLE),
        (b"{", Reason.UNREADABLE),
        (b"[", Reason.UNREADABLE),
        (b"[{},]", Reason.UNREADABLE),
        (b'["', Reason.UNREADABLE),
        (b"{}[]", Reason.UNREADABLE),
        (b"[]]", Reason.UNREADABLE),
        (CONTRACT_FIX + CONTRACT_FIX, Reason.UNREADABLE),
        (spelled("lat", "NaN"), Reason.UNREADABLE),
        (spelled("lat", "-Infinity"), Reason.UNREADABLE),
        (spelled("lat", "051"), Reason.UNREADABLE),
        (CONTRACT_FIX[:-1] + b', "x": "\xff"}', Reason.UNREADABLE),
        ('{"seq":1}'.encode("utf-16"), Reason.UNREADABLE),
        (b"[" * 100_000, Reason.UNREADABLE),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, Reason.UNREADABLE),
        (CONTRACT_FIX[:-1] + b', "x": ' + b"[" * 33 + b"]" * 33 + b"}", Reason.UNREADABLE),
        (b'"fix"', Reason.WRONG_TYPE),
        (b"null", Reason.WRONG_TYPE),
        (b"12", Reason.WRONG_TYPE),
        (b"{}", Reason.MISSING),
        (b"[" + b",".join([b"{}"] * 1_001) + b"]", Reason.TOO_MANY),
        (b"[" + b",".join([b"NaN"] * 1_001) + b"]", Reason.TOO_MANY),
    ],
)
def test_a_payload_that_cannot_be_read_is_rejected_whole(payload: bytes, reason: Reason) -> None:
    assert only_rejection(payload)[0] is reason


def test_nesting_is_bounded_but_brackets_in_text_are_not_nesting() -> None:
    assert only_fix(fix_json(note="[{" * 100)).seq == 812
    assert only_fix(CONTRACT_FIX[:-1] + b', "x": ' + b"[" * 31 + b"]" * 31 + b"}").seq == 812


def test_of_a_repeated_member_the_last_counts() -> None:
    assert only_fix(b'{"lat":"x",' + CONTRACT_FIX[1:]).lat == 51.9225
    assert only_fix(CONTRACT_FIX[:-1] + b',"lat":1}').lat == 1.0
    assert only_rejection(CONTRACT_FIX[:-1] + b',"lat":"x"}')[:2] == (Reason.WRONG_TYPE, "lat")


def test_a_byte_order_mark_and_white_space_are_ignored() -> None:
    for payload in (b"\xef\xbb\xbf" + CONTRACT_FIX, b"\r\n\t " + CONTRACT_FIX + b" \n"):
        fix = only_fix(payload)
        assert (fix.seq, fix.raw) == (812, payload)


def test_in_an_array_the_good_count_and_the_bad_are_rejected_one_by_one() -> None:
    elements = [
        CONTRACT_FIX,
        spelled("lat", "NaN"),
        fix_json(lat=91, seq=2),
        b"[]",
        b"7",
        CONTRACT_FIX[:-1] + b', "x": "\xff"}',
        fix_json(seq=3),
    ]
    decoded = decode(FIX_TOPIC, b"[" + b" ,\n".join(elements) + b"]")
    assert [(fix.seq, fix.raw) for fix in decoded.fixes] == [(812, elements[0]), (3, elements[6])]
    assert [(r.place, r.reason, r.raw) for r in decoded.rejections] == [
        ("[1]", Reason.UNREADABLE, elements[1]),
        ("[2].lat", Reason.OUT_OF_RANGE, elements[2]),
        ("[3]", Reason.WRONG_TYPE, elements[3]),
        ("[4]", Reason.WRONG_TYPE, elements[4]),
        ("[5]", Reason.UNREADABLE, elements[5]),
    ]


def test_a_thousand_fixes_in_one_message_are_read() -> None:
    payload = b"[" + b",".join(fix_json(seq=n) for n in range(1_000)) + b"]"
    decoded = decode(FIX_TOPIC, payload)
    assert [fix.seq for fix in decoded.fixes] == list(range(1_000))
    assert decode(FIX_TOPIC, decoded.fixes[7].raw).fixes[0] == decoded.fixes[7]


def test_an_empty_array_holds_nothing() -> None:
    assert decode(FIX_TOPIC, b"[]") == Decoded()


def test_a_payload_over_one_mebibyte_is_rejected() -> None:
    payload = b" " * PAYLOAD_BYTES_MAX + b"{}"
    (rejection,) = decode(FIX_TOPIC, payload).rejections
    assert rejection.reason is Reason.OUT_OF_RANGE
    assert len(rejection.raw) == PAYLOAD_BYTES_MAX


def test_every_event_and_state_of_the_contract_is_read() -> None:
    for event, states in DEVICE_EVENT_STATES.items():
        for state in states:
            payload = json.dumps({"event": event, "state": state, "seq": 813, "t": 1_000}).encode()
            (found,) = decode("emon/v1/d-1/event", payload).events
            assert (found.event, found.state, found.seq, found.fixed_at_us) == (event, state, 813, 10**6)
            assert found.raw == payload


@pytest.mark.parametrize(
    ("payload", "reason", "place"),
    [
        (b'{"event":"strap","state":"loose","seq":1,"t":0}', Reason.OUT_OF_RANGE, "state"),
        (b'{"event":"coffee","state":"on","seq":1,"t":0}', Reason.OUT_OF_RANGE, "event"),
        (b'{"state":"cut","seq":1,"t":0}', Reason.MISSING, "event"),
        (b'{"event":"strap","state":"cut","t":0}', Reason.MISSING, "seq"),
        (b'{"event":"strap","state":"cut","seq":1,"t":"x"}', Reason.OUT_OF_RANGE, "t"),
        (b'{"event":1,"state":"cut","seq":1,"t":0}', Reason.WRONG_TYPE, "event"),
        (b"cut", Reason.UNREADABLE, ""),
    ],
)
def test_an_event_that_is_wrong_is_rejected(payload: bytes, reason: Reason, place: str) -> None:
    assert only_rejection(payload, "emon/v1/d-1/event")[:2] == (reason, place)


@pytest.mark.parametrize(
    ("payload", "online"), [(b"online", True), (b"offline\n", False), (b'"online"', True)]
)
def test_status_is_one_word(payload: bytes, online: bool) -> None:
    (status,) = decode("emon/v1/d-1/status", payload).statuses
    assert (status.device, status.online) == ("d-1", online)


def test_another_status_is_rejected_and_a_cleared_one_is_nothing() -> None:
    assert only_rejection(b"asleep", "emon/v1/d-1/status")[0] is Reason.OUT_OF_RANGE
    assert decode("emon/v1/d-1/status", b"") == Decoded()


def test_a_command_of_ours_holds_nothing() -> None:
    assert decode("emon/v1/d-1/cmd", b"anything \xff") == Decoded()


REPLY_TOPIC = "emon/v1/d-1/cmd/reply"
WIRE = Path(__file__).parents[2] / "docs" / "wire.md"


def only_reply(payload: bytes) -> Reply:
    decoded = decode(REPLY_TOPIC, payload)
    assert decoded.rejections == ()
    (reply,) = decoded.replies
    return reply


def test_the_documented_command_is_what_the_service_sends() -> None:
    until_us = parse_instant("2026-03-29T01:03:00Z")
    sent = Command("9f2c4e01a77b3d58", "d-1", Asks.RATE, 0, until_us, "pursuit", rate_s=15, for_s=1_800)
    assert payload_of(sent).decode() in WIRE.read_text("utf-8").splitlines()


def test_the_documented_reply_is_read_as_documented() -> None:
    (worked,) = (
        line.encode()
        for line in WIRE.read_text().splitlines()
        if line.startswith('{"id":"9f2c4e01a77b3d58","result')
    )
    reply = only_reply(worked)
    assert (reply.device, reply.command, reply.result) == ("d-1", "9f2c4e01a77b3d58", Result.DONE)
    assert (reply.rate_s, reply.replied_at_us) == (15.0, parse_instant("2026-03-29T01:00:03Z"))
    assert reply.raw == worked


@pytest.mark.parametrize(
    ("members", "result", "rate_s"),
    [
        ({}, Result.DONE, None),
        ({"result": "done", "rate_s": 15}, Result.DONE, 15.0),
        ({"result": "refused"}, Result.REFUSED, None),
        ({"result": "who knows"}, Result.REFUSED, None),
        ({"rate_s": 0}, Result.DONE, None),
        ({"rate_s": "15", "t": "soon"}, Result.DONE, None),
        ({"anything": [1]}, Result.DONE, None),
    ],
)
def test_a_reply_needs_its_command_s_id_alone(
    members: dict[str, Any], result: Result, rate_s: float | None
) -> None:
    reply = only_reply(json.dumps({"id": "c-1", **members}).encode())
    assert (reply.command, reply.result, reply.rate_s) == ("c-1", result, rate_s)


@pytest.mark.parametrize(
    ("payload", "reason", "place"),
    [
        (b"", Reason.UNREADABLE, ""),
        (b"ok", Reason.UNREADABLE, ""),
        (b'"ok"', Reason.WRONG_TYPE, ""),
        (b"{}", Reason.MISSING, "id"),
        (b'{"id": 7}', Reason.WRONG_TYPE, "id"),
        (b'{"id": ""}', Reason.OUT_OF_RANGE, "id"),
        (b'{"id": "a\\nb"}', Reason.OUT_OF_RANGE, "id"),
        (b'{"id": "%s"}' % (b"x" * 65), Reason.OUT_OF_RANGE, "id"),
    ],
)
def test_a_reply_that_names_no_command_is_rejected(payload: bytes, reason: Reason, place: str) -> None:
    assert only_rejection(payload, REPLY_TOPIC)[:2] == (reason, place)


def test_of_several_replies_the_good_ones_count() -> None:
    decoded = decode(REPLY_TOPIC, b'[{"id": "c-1"}, {"result": "done"}, {"id": "c-2"}]')
    assert [reply.command for reply in decoded.replies] == ["c-1", "c-2"]
    assert [(r.reason, r.place) for r in decoded.rejections] == [(Reason.MISSING, "[1].id")]


def test_an_answer_delivered_again_is_the_same_and_another_is_not() -> None:
    again = (b'{"id":"c-1","rate_s":15}', b' {"rate_s": 15.0, "id": "c-1", "result": "done"}')
    assert len({only_reply(payload).id for payload in again}) == 1
    others = (b'{"id":"c-2","rate_s":15}', b'{"id":"c-1"}', b'{"id":"c-1","rate_s":15,"t":0}')
    assert len({only_reply(payload).id for payload in (*again, *others)}) == 4


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "emon/v1/d 1/fix",
        "emon/v1//fix",
        "emon/v1/d-1/fix/x",
        "emon/v2/d-1/fix",
        "owntracks/d-1",
        "a\x00\udc80",
    ],
)
def test_a_topic_of_nobody_is_rejected_in_printable_form(topic: str) -> None:
    (rejection,) = decode(topic, b"{}").rejections
    assert (rejection.device, rejection.reason) == (None, Reason.UNKNOWN_TOPIC)
    assert rejection.topic.isprintable()


@given(topic=st.sampled_from(TOPICS) | st.text(), payload=st.binary())
def test_no_bytes_raise(topic: str, payload: bytes) -> None:
    assert isinstance(decode(topic, payload), Decoded)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["seq", "t", "lat"]), inner),
)


@given(
    topic=st.sampled_from(TOPICS),
    members=st.dictionaries(
        st.sampled_from(["seq", "t", "lat", "lon", "acc", "spd", "src", "event", "state", "_type", "tst"]),
        _JSON,
    ),
    in_array=st.booleans(),
)
def test_no_json_raises_and_every_element_is_accounted_for(
    topic: str, members: dict[str, object], in_array: bool
) -> None:
    element = json.dumps(members)
    decoded = decode(topic, (f"[{element}]" if in_array else element).encode("utf-8", "surrogatepass"))
    found = len(decoded.fixes) + len(decoded.events) + len(decoded.statuses) + len(decoded.rejections)
    assert found <= 1
    for rejection in decoded.rejections:
        assert "\0" not in rejection.detail + rejection.place
        rejection.detail.encode()  # no lone surrogate: databases refuse it


@given(at_us=st.integers(-62_135_510_400_000_000, 253_402_214_399_999_999), digits=st.integers(0, 6))
def test_the_fast_reading_of_instants_agrees_with_the_exact_one(at_us: int, digits: int) -> None:
    text = format_instant(at_us)
    shown = text[:19] + (f".{text[20 : 20 + digits]}" if digits else "") + "Z"
    assert instant_us(shown) == parse_instant(shown)


@pytest.mark.parametrize(
    "name", [r"\ud83d", r"\ude00", r"caf\ud83d\u0301", r"\\ud83d", r"\ud83d\ude00\uDE00"]
)
@pytest.mark.parametrize("in_array", [False, True])
def test_a_name_that_was_cut_within_an_emoji_costs_no_fix(name: str, in_array: bool) -> None:
    element = f'{{"seq":1,"t":1000,"lat":51.92,"lon":4.49,"acc":5,"ssid":"{name}"}}'.encode()
    decoded = decode("emon/v1/d-1/fix", b"[" + element + b"]" if in_array else element)
    assert decoded.rejections == ()
    assert [fix.raw for fix in decoded.fixes] == [element]
