"""FIXES files: each line the message it stands for, and a bad line never the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.sources.files import Line, LineKind, read_line, read_lines
from emon.limits import LINE_BYTES_MAX
from emon.model.instant import parse_instant
from emon.model.vocabulary import Reason

FIX = b'{"device":"d-1","seq":1,"t":"2026-06-01T10:00:00Z","lat":51.92,"lon":4.49,"acc":10.0}'
T_US = parse_instant("2026-06-01T10:00:00Z")


def read(tmp_path: Path, content: bytes) -> list[Line]:
    path = tmp_path / "fixes.jsonl"
    path.write_bytes(content)
    return list(read_lines(path))


def test_a_fix_line_is_received_at_its_own_time() -> None:
    line = read_line(1, FIX)
    assert (line.kind, line.device, line.received_at_us) == (LineKind.FIX, "d-1", T_US)
    (fix,) = decode(line.topic, line.payload).fixes
    assert (fix.device, fix.seq, fix.fixed_at_us, fix.raw) == ("d-1", 1, T_US, FIX)


@pytest.mark.parametrize("received", [b'"2026-06-01T12:05:00+02:00"', b"1780308300000"])
def test_received_at_may_differ(received: bytes) -> None:
    line = read_line(1, FIX[:-1] + b',"received_at":' + received + b"}")
    assert line.received_at_us == parse_instant("2026-06-01T10:05:00Z")


@pytest.mark.parametrize(
    ("content", "kind", "topic", "payload"),
    [
        (
            b'{"device":"d-1","received_at":0,"status":"offline"}',
            LineKind.STATUS,
            "emon/v1/d-1/status",
            b"offline",
        ),
        (
            b'{"device":"d-1","received_at":0,"reply":{"id":"c-1"}}',
            LineKind.REPLY,
            "emon/v1/d-1/cmd/reply",
            b'{"id":"c-1"}',
        ),
        (b'{"received_at":0,"service":"down"}', LineKind.SERVICE, "", b"down"),
        (b'{"received_at":0,"service":"up"}', LineKind.SERVICE, "", b"up"),
    ],
)
def test_the_further_lines(content: bytes, kind: LineKind, topic: str, payload: bytes) -> None:
    line = read_line(3, content)
    assert (line.number, line.kind, line.topic, line.payload) == (3, kind, topic, payload)
    assert (line.received_at_us, line.rejection) == (0, None)


def test_a_line_with_an_event_carries_a_device_event() -> None:
    line = read_line(1, b'{"device":"d-1","event":"strap","state":"cut","seq":2,"t":"2026-06-01T10:00:00Z"}')
    assert (line.kind, line.received_at_us) == (LineKind.EVENT, T_US)
    (event,) = decode(line.topic, line.payload).events
    assert (event.event, event.state) == ("strap", "cut")


NULLS = b'"received_at":null,"event":null,"status":null,"reply":null,"service":null}'


def test_a_member_that_is_null_is_as_absent() -> None:
    line = read_line(1, FIX[:-1] + b"," + NULLS)
    assert (line.kind, line.received_at_us, line.rejection) == (LineKind.FIX, T_US, None)
    stop = read_line(1, b'{"service":"down","received_at":0,"device":null}')
    assert (stop.kind, stop.payload) == (LineKind.SERVICE, b"down")


def test_a_fix_may_have_members_of_any_name() -> None:
    line = read_line(1, FIX[:-1] + b',"status":"moving","reply":1,"service":2}')
    assert line.kind is LineKind.FIX


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [
        (b"not json", Reason.UNREADABLE, ""),
        (b'{"device":"d-1"', Reason.UNREADABLE, ""),
        (b"\xff\xfe", Reason.UNREADABLE, ""),
        (b"[" * 1000, Reason.UNREADABLE, ""),
        (b"[" + FIX + b"]", Reason.WRONG_TYPE, ""),
        (FIX.replace(b'"device":"d-1",', b""), Reason.MISSING, "device"),
        (FIX.replace(b"d-1", b"d 1"), Reason.OUT_OF_RANGE, "device"),
        (FIX.replace(b'"d-1"', b"1"), Reason.WRONG_TYPE, "device"),
        (FIX.replace(b"T10", b"T30"), Reason.OUT_OF_RANGE, "t"),
        (b'{"device":"d-1","seq":1,"lat":1,"lon":1,"acc":1}', Reason.MISSING, "t"),
        (FIX[:-1] + b',"received_at":"soon"}', Reason.OUT_OF_RANGE, "received_at"),
        (b'{"device":"d-1","status":"online"}', Reason.MISSING, "received_at"),
        (b'{"device":"d-1","reply":{}}', Reason.MISSING, "id"),
        (b'{"device":"d-1","reply":{"id":"c-1"}}', Reason.MISSING, "received_at"),
        (b'{"received_at":0,"service":"tired"}', Reason.OUT_OF_RANGE, "service"),
        (b'{"service":"up"}', Reason.MISSING, "received_at"),
        (b'{"x":"' + b"a" * LINE_BYTES_MAX + b'"}', Reason.OUT_OF_RANGE, ""),
    ],
)
def test_a_bad_line_is_a_rejection(content: bytes, reason: Reason, place: str) -> None:
    line = read_line(7, content)
    assert (line.number, line.kind) == (7, LineKind.BAD)
    assert line.rejection is not None
    assert (line.rejection.reason, line.rejection.place) == (reason, place)


def test_a_fix_that_decode_rejects_stays_a_fix_line_when_its_receipt_is_known() -> None:
    line = read_line(1, FIX.replace(b"51.92", b"91"))
    assert line.kind is LineKind.FIX
    assert decode(line.topic, line.payload).rejections[0].place == "lat"


def test_line_ends_empty_lines_and_a_missing_last_end(tmp_path: Path) -> None:
    lines = read(tmp_path, b"\xef\xbb\xbf" + FIX + b"\r\n\n   \nbroken\n" + FIX)
    assert [(line.number, line.kind) for line in lines] == [
        (1, LineKind.FIX),
        (4, LineKind.BAD),
        (5, LineKind.FIX),
    ]


def test_an_endless_line_is_read_in_bounded_pieces(tmp_path: Path) -> None:
    lines = read(tmp_path, b"a" * (3 * LINE_BYTES_MAX) + b"\n" + FIX + b"\n")
    assert [(line.number, line.kind) for line in lines] == [(1, LineKind.BAD), (2, LineKind.FIX)]
    assert lines[0].rejection is not None
    assert lines[0].rejection.reason is Reason.OUT_OF_RANGE


@given(content=st.binary())
def test_no_line_raises(content: bytes) -> None:
    line = read_line(1, content)
    assert (line.kind is LineKind.BAD) == (line.rejection is not None)
