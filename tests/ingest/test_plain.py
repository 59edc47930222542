"""Columns and objects decode alike: whatever the scanner takes for plain is what the object decoder says."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.fixb import encode_fixb
from emon.limits import FIXES_PER_MESSAGE_MAX, PAYLOAD_BYTES_MAX
from emon.model.fix import RawFix
from tests.ingest.scanned import scanned
from tests.ingest.test_decode import CONTRACT_FIX

JSON, PACKED = "emon/v1/d-1/fix", "emon/v1/d-1/fixb"

_SPACE = st.sampled_from(["", "", "", " ", "\n", "\t \r"])
_NUMBER = st.one_of(
    st.floats(-200, 200).map(repr),
    st.integers(-(10**6), 10**17).map(str),
    st.decimals(-200, 200, places=7).map(str),
    st.decimals(-200, 200, places=15).map(str),
    st.sampled_from(
        ["0", "-0", "-0.0", "00", "1.", ".5", "1e2", "1E+2", "-", "+1", "9007199254740993", "NaN"]
    ),
    st.sampled_from(["0.1", "0.30000000000000004", "90.0000000001", "180", "1e999", "0." + "0" * 23 + "1"]),
)
_TIME = st.one_of(
    st.integers(-5, 10**17).map(str),
    st.datetimes().map(lambda at: f'"{at.isoformat()}Z"'),
    st.sampled_from(
        [
            '"2024-02-29T23:59:59Z"',
            '"2023-02-29T00:00:00Z"',
            '"1900-02-29T00:00:00Z"',
            '"2000-02-29T00:00:00.1Z"',
            '"2026-12-31T23:59:60Z"',
            '"2026-04-31T00:00:00Z"',
            '"0001-01-01T00:00:00Z"',
            '"0001-01-02T00:00:00Z"',
            '"9999-12-31T23:59:59.999999Z"',
            '"2026-03-29T00:59:30.2501234Z"',
            '"2026-03-29t00:59:30z"',
            '"2026-03-29T02:59:30+02:00"',
            '"2026-03-29T24:00:00Z"',
            '"1969-12-31T23:59:59.999999Z"',
            "253402214399999",
            "99999999999999",
            "1.5e12",
        ]
    ),
)
_TEXT = st.sampled_from(
    ['"gnss"', '"wifi"', '"cell"', '"rf"', '"gns"', '"\\u0067nss"', '"é"', '"a\tb"', "null"]
)

_OTHER = st.sampled_from(
    ["1", '"x"', "true", "false", "null", "[1]", "{}", '{"seq":3}', "tru", "-", '"', '"\\n"']
)
_VALUES = {
    "seq": st.one_of(st.integers(-1, 2**32 + 1).map(str), _NUMBER),
    "t": _TIME,
    "lat": _NUMBER,
    "lon": _NUMBER,
    "acc": _NUMBER,
    "spd": _NUMBER,
    "hdg": _NUMBER,
    "hdop": _NUMBER,
    "bat": _NUMBER,
    "sat": st.one_of(st.integers(-1, 300).map(str), _NUMBER),
    "src": _TEXT,
    "x": _OTHER,
    "secq": _OTHER,
    "hdpo": _OTHER,
    "s\\u0065q": _NUMBER,
}
_GOOD = {
    "seq": st.integers(0, 2**32 - 1).map(str),
    "t": st.sampled_from(['"2026-03-29T00:59:30.250Z"', "1774745970250"]),
    "lat": st.decimals(-90, 90, places=7).map(str),
    "lon": st.floats(-180, 180).map(repr),
    "acc": st.decimals(0, 5000, places=2).map(str),
}


@st.composite
def objects(draw: st.DrawFn) -> str:
    """A fix, mostly a good one, with some members spelled in every way, in any order, some twice."""
    members = [(name, draw(value)) for name, value in _GOOD.items()]
    for name in draw(st.lists(st.sampled_from(sorted(_VALUES)), max_size=4)):
        strange = (name, draw(_VALUES[name]))
        if draw(st.booleans()):
            members = [one for one in members if one[0] != name]
        members.append(strange)
    members = draw(st.permutations(members))
    s = [draw(_SPACE) for _ in range(5)]
    body = f"{s[0]},{s[1]}".join(f'"{name}"{s[2]}:{s[3]}{value}' for name, value in members)
    return f"{{{s[4]}{body}{s[1]}}}"


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    if draw(st.booleans()):
        text = draw(_SPACE) + draw(objects()) + draw(_SPACE)
    else:
        s = draw(_SPACE)
        text = f"{s}[{s}" + f"{s},{s}".join(draw(st.lists(objects(), max_size=3))) + f"{s}]{s}"
    payload = text.encode()
    at, how = draw(st.integers(0, len(payload))), draw(st.integers(0, 9))
    if how == 0:
        return payload[:at]
    if how == 1:
        return payload[:at] + bytes([draw(st.integers(0, 255))]) + payload[at + 1 :]
    return payload


def said(fixes: Sequence[RawFix]) -> list[str]:
    """To the last bit: the texts of two floats are alike only when they are, those of two zeros too."""
    return [repr(fix) for fix in fixes]


def agree(topics: Sequence[str], sent: Sequence[bytes]) -> list[int]:
    """Check every plain message against the object decoder; how many fixes each had, -1 for one not plain."""
    counts, columns = scanned(topics, sent)
    found = iter(columns.fixes_at(range(columns.size)))
    for topic, payload, count in zip(topics, sent, counts, strict=True):
        if count >= 0:
            decoded = decode(topic, payload)
            assert decoded.rejections == ()
            assert said([next(found) for _ in range(count)]) == said(decoded.fixes)
    assert next(found, None) is None
    assert columns.before == [counts[:place].count(-1) for place, count in enumerate(counts) if count > 0]
    return counts


@given(sent=st.lists(payloads(), min_size=1, max_size=5))
@settings(max_examples=300)
@example(sent=[b'{"seq":1,"t":1,"lat":1,"lon":1,"acc":1}', b"[]", b"{}", b""])
@example(sent=[b'{"seq":1,"seq":2,"t":1,"lat":1,"lon":1,"acc":1}'])
@example(sent=[b'{"seq":1,"t":1,"lat":1,"lon":1,"acc":1,}', b'[{"seq":1,"t":1,"lat":1,"lon":1,"acc":1},]'])
@example(sent=[b'\xef\xbb\xbf{"seq":1,"t":1,"lat":1,"lon":1,"acc":1}'])
def test_what_is_plain_is_what_the_object_decoder_says(sent: list[bytes]) -> None:
    assert len(agree([JSON] * len(sent), sent)) == len(sent)


@given(
    sent=st.lists(
        st.tuples(st.binary(min_size=34 * 2, max_size=34 * 2), st.integers(0, 3), st.integers(0, 1)),
        max_size=5,
    )
)
def test_packed_records_are_what_the_object_decoder_says(sent: list[tuple[bytes, int, int]]) -> None:
    whole = [bytes([version, 0, count, 0]) + body for body, count, version in sent]
    assert len(agree([PACKED] * len(sent), whole)) == len(sent)


def test_packed_fixes_at_every_edge_of_the_record() -> None:
    chance = random.Random(3)
    edges = {2: [0, 1, 0xFFFF, 36_000, 36_001, 65_534], 1: [0, 1, 200, 201, 254, 255, 3, 4]}
    sent = []
    for _ in range(400):
        body = chance.choice([2**31, 0, 5]).to_bytes(4, "little") + chance.randrange(10**15).to_bytes(
            8, "little"
        )
        for most in (900_000_000, 1_800_000_000):
            body += chance.choice([most, -most, most + 1, -(2**31), 7]).to_bytes(4, "little", signed=True)
        body += chance.choice([0, 100_000_000, 100_000_001, 2**32 - 1]).to_bytes(4, "little")
        body += b"".join(chance.choice(edges[2]).to_bytes(2, "little") for _ in range(3))
        body += b"".join(chance.choice(edges[1]).to_bytes(1, "little") for _ in range(3)) + b"\0"
        sent.append(b"\1\0\1\0" + body)
    counts = agree([PACKED] * len(sent), sent)
    assert counts.count(1) > 50


@pytest.mark.parametrize(
    "payload",
    [
        CONTRACT_FIX,
        CONTRACT_FIX.replace(b" ", b""),
        b" \n" + CONTRACT_FIX + b"\r\t",
        CONTRACT_FIX.replace(b'"seq"', b'"firmware": "1.2", "up": true, "note": null, "n": -1.5, "seq"'),
        json.dumps({"acc": 3, "lon": 4, "lat": 5, "t": 1_774_745_970_250, "seq": 0}).encode(),
        b'{"seq":1,"t":"2026-03-29T00:59:30Z","lat":-51.9225,"lon":-4.47921234,"acc":0,"src":"rf"}',
    ],
)
def test_fixes_as_devices_write_them_are_plain(payload: bytes) -> None:
    assert agree([JSON], [payload]) == [1]
    many = b"[" + b", ".join([payload] * 3) + b" ]"
    assert agree([JSON], [many]) == [3]


def test_messages_of_all_kinds_between_one_another_keep_their_places() -> None:
    (fix,) = decode(JSON, CONTRACT_FIX).fixes
    packed = encode_fixb([fix] * 4)
    topics = ["emon/v1/d-1/event", JSON, PACKED, "emon/v1/d-2/fix", "nobody", PACKED, JSON]
    sent = [
        b"{}",
        CONTRACT_FIX,
        packed,
        b"[" + CONTRACT_FIX + b"]",
        CONTRACT_FIX,
        encode_fixb([fix]),
        b"\xff",
    ]
    assert agree(topics, sent) == [-1, 1, 4, 1, -1, 1, -1]
    columns = scanned(topics, sent)[1]
    assert columns.devices == ["d-1", "d-1", "d-2", "d-1"]
    every = columns.fixes_at(range(columns.size))
    for messages, held in (([2], every[5:6]), ([0, 1], every[:5]), ([0, 2, 3], every[:1] + every[5:])):
        some = columns.of(messages, [0] * len(messages))
        assert said(some.fixes_at(range(some.size))) == said(held)


def test_what_is_too_much_is_for_the_object_decoder() -> None:
    full = b"[" + b",".join([CONTRACT_FIX] * FIXES_PER_MESSAGE_MAX) + b"]"
    over = b"[" + b",".join([CONTRACT_FIX] * (FIXES_PER_MESSAGE_MAX + 1)) + b"]"
    assert agree([JSON, JSON], [full, over]) == [FIXES_PER_MESSAGE_MAX, -1]
    assert agree([JSON], [CONTRACT_FIX + b" " * PAYLOAD_BYTES_MAX]) == [-1]
    assert agree([JSON], [b"[" * 100_000]) == [-1]
    assert scanned([], [])[0] == []


def test_numbers_of_up_to_eighteen_digits_are_rounded_as_the_language_rounds_them() -> None:
    chance = random.Random(5)
    spelled = [repr(chance.uniform(-90, 90)) for _ in range(3_000)]
    spelled += [f"{chance.randrange(10 ** chance.randint(1, 18))}".zfill(19) for _ in range(3_000)]
    spelled = [
        f"{text[:-at]}.{text[-at:]}" if "." not in text else text for text in spelled for at in (17, 16)
    ]
    spelled = [text if text.lstrip("-")[1] == "." else text.lstrip("0") for text in spelled]
    # Half-way between two floats, and beside it: 2**53 + 1 and its neighbours as fractions.
    spelled += [f"{(2**53 + odd) // 10**15}.{(2**53 + odd) % 10**15:015d}" for odd in range(-4, 40)]
    sent = [CONTRACT_FIX.replace(b"51.9225", text.encode()) for text in spelled]
    sent = [one for one in sent if decode(JSON, one).fixes]
    counts = agree([JSON] * len(sent), sent)
    assert counts.count(1) > 5_000
