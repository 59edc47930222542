"""Packed fixes: the bytes of docs/wire.md, there and back."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.fixb import HEADER, RECORD, encode_fixb
from emon.limits import SEQ_MAX
from emon.model.fix import RawFix
from emon.model.vocabulary import Reason, Source
from tests.ingest.test_decode import CONTRACT_FIX, FIX_TOPIC

TOPIC = "emon/v1/d-1/fixb"
EXAMPLE = bytes.fromhex(  # the worked example of docs/wire.md
    "010001002c03000010911f3f1f4e0600a8bef21ec078ab02e20400008c0078696e0009a60000"
)

FIXES_ON_THE_GRID = st.builds(
    RawFix,
    device=st.just("d-1"),
    seq=st.integers(0, SEQ_MAX),
    fixed_at_us=st.integers(-62_135_510_400_000_000, 253_402_214_399_999_999),
    lon=st.integers(-1_800_000_000, 1_800_000_000).map(lambda n: n / 10_000_000),
    lat=st.integers(-900_000_000, 900_000_000).map(lambda n: n / 10_000_000),
    accuracy_m=st.integers(0, 100_000_000).map(lambda n: n / 100),
    raw=st.just(b""),
    source=st.sampled_from(Source),
    speed_m_s=st.none() | st.integers(0, 65_534).map(lambda n: n / 100),
    heading_deg=st.none() | st.integers(0, 36_000).map(lambda n: n / 100),
    satellites=st.none() | st.integers(0, 254),
    hdop=st.none() | st.integers(0, 65_534).map(lambda n: n / 100),
    battery=st.none() | st.integers(0, 200).map(lambda n: n / 200),
)


@given(fixes=st.lists(FIXES_ON_THE_GRID, max_size=20))
def test_what_is_on_the_grid_comes_back_equal(fixes: list[RawFix]) -> None:
    decoded = decode(TOPIC, encode_fixb(fixes))
    assert decoded.rejections == ()
    assert len(decoded.fixes) == len(fixes)
    for found, sent in zip(decoded.fixes, fixes, strict=True):
        assert found.same_content(sent)
        assert decode(TOPIC, found.raw).fixes == (found,)


def test_the_documented_example_equals_the_json_of_the_contract() -> None:
    (packed,) = decode(TOPIC, EXAMPLE).fixes
    (written,) = decode(FIX_TOPIC, CONTRACT_FIX).fixes
    assert packed.same_content(written)
    assert encode_fixb([written]) == EXAMPLE


def test_a_position_off_the_grid_moves_less_than_a_centimetre() -> None:
    fix = RawFix("d-1", 1, 0, 4.47920004999, 51.92250004999, 10.0, b"")
    (found,) = decode(TOPIC, encode_fixb([fix])).fixes
    assert abs(found.lat - fix.lat) <= 0.5e-7
    assert abs(found.lon - fix.lon) <= 0.5e-7


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.UNREADABLE),
        (b"\x01\x00", Reason.UNREADABLE),
        (b"\x02" + EXAMPLE[1:], Reason.UNREADABLE),
        (b"\x01\x01" + EXAMPLE[2:], Reason.UNREADABLE),
        (EXAMPLE[:-1], Reason.UNREADABLE),
        (EXAMPLE + b"\x00", Reason.UNREADABLE),
        (b"\x01\x00\x02\x00" + EXAMPLE[4:], Reason.UNREADABLE),
        (HEADER.pack(1, 0, 1_001) + bytes(1_001 * RECORD.size), Reason.TOO_MANY),
    ],
)
def test_a_message_of_another_shape_is_rejected_whole(payload: bytes, reason: Reason) -> None:
    (rejection,) = decode(TOPIC, payload).rejections
    assert (rejection.reason, rejection.place, rejection.raw) == (reason, "", payload)


@pytest.mark.parametrize(
    ("offset", "value", "reason", "member"),
    [
        (4, struct.pack("<q", 2**62), Reason.OUT_OF_RANGE, "t"),
        (12, struct.pack("<i", 900_000_001), Reason.OUT_OF_RANGE, "lat"),
        (12, struct.pack("<i", -(2**31)), Reason.MISSING, "lat"),
        (16, struct.pack("<i", -1_800_000_001), Reason.OUT_OF_RANGE, "lon"),
        (20, struct.pack("<I", 2**32 - 1), Reason.MISSING, "acc"),
        (20, struct.pack("<I", 100_000_001), Reason.OUT_OF_RANGE, "acc"),
    ],
)
def test_a_bad_record_is_rejected_alone(offset: int, value: bytes, reason: Reason, member: str) -> None:
    record = bytearray(EXAMPLE[HEADER.size :])
    record[offset : offset + len(value)] = value
    payload = HEADER.pack(1, 0, 3) + EXAMPLE[HEADER.size :] + bytes(record) + EXAMPLE[HEADER.size :]
    decoded = decode(TOPIC, payload)
    assert len(decoded.fixes) == 2
    (rejection,) = decoded.rejections
    assert (rejection.reason, rejection.place) == (reason, f"[1].{member}")
    assert rejection.raw == HEADER.pack(1, 0, 1) + bytes(record)
    assert decode(TOPIC, rejection.raw).rejections[0].place == f"[0].{member}"


def test_an_optional_member_out_of_range_is_absent() -> None:
    record = RECORD.pack(1, 0, 0, 0, 0, 65_535, 36_001, 65_535, 255, 201, 9)
    (fix,) = decode(TOPIC, HEADER.pack(1, 0, 1) + record).fixes
    assert (fix.speed_m_s, fix.heading_deg, fix.hdop, fix.satellites, fix.battery) == (None,) * 5
    assert fix.source is Source.GNSS


def test_what_does_not_fit_a_record_is_refused() -> None:
    fix = RawFix("d-1", SEQ_MAX + 1, 0, 4.0, 52.0, 10.0, b"")
    with pytest.raises(ValueError, match="does not fit"):
        encode_fixb([fix])
    with pytest.raises(ValueError, match="at most 1,000"):
        encode_fixb([RawFix("d-1", 1, 0, 4.0, 52.0, 10.0, b"")] * 1_001)


def test_the_example_stands_in_the_documentation(repository: Path) -> None:
    words = (repository / "docs" / "wire.md").read_text().split()
    text = "".join(words)
    assert EXAMPLE.hex() in text
