"""The packet scanner: every packet found wherever reads are cut, and no byte looked at beyond the end."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emon.ingest.sources.frame_scan import ALIAS, COLUMNS, HEAD, PACKET_ID, TOPIC, TOPIC_END, ScanFault, scan
from emon.ingest.sources.frame_source import load_scanner
from emon.ingest.sources.frame_take import take
from emon.ingest.sources.frame_topics import TopicTable
from emon.ingest.sources.frames import FrameReader
from emon.ingest.sources.packets import (
    Packet,
    PacketFault,
    connect,
    disconnect,
    pubacks,
    publish,
    read_answer,
    subscribe,
)
from emon.limits import FRAME_BYTES_MAX, PAYLOAD_BYTES_MAX
from emon.model.columns import Ints, Octets
from tests.ingest.mqtt_bytes import Publication, length16, packet, variable


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """So that no example's time is the compiler's."""
    load_scanner()


PROPERTIES = st.sampled_from(
    [
        b"",
        b"\x01\x01",
        b"\x02\x00\x00\x00\x09",
        b"\x03" + length16(b"text/plain"),
        b"\x08" + length16(b""),
        b"\x09" + length16(b"\x00\xff"),
        b"\x0b\xff\x7f",
        b"\x26" + length16(b"a") + length16(b"b" * 200),
    ]
)
PUBLICATIONS = st.builds(
    Publication,
    topic=st.binary(max_size=40),
    payload=st.binary(max_size=300),
    packet_id=st.sampled_from([0, 1, 255, 256, 65_535]),
    alias=st.sampled_from([0, 1, 65_535]),
    retained=st.booleans(),
    again=st.booleans(),
    others=st.lists(PROPERTIES, max_size=3).map(b"".join),
)


def read_in_pieces(reader: FrameReader, stream: bytes, cuts: list[int]) -> list[Publication]:
    """What the reader finds when the stream comes in pieces that end at ``cuts``."""
    found = []
    at = 0
    for cut in sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)}):
        while at < cut and reader.fault is None:
            space = reader.space()
            size = min(len(space), cut - at)
            space[:size] = stream[at : at + size]
            at += size
            for row in reader.received(size):
                if row[HEAD] & 0xF0 == Packet.PUBLISH:
                    topic = bytes(reader.view[row[TOPIC] : row[TOPIC_END]])
                    flags = bool(row[HEAD] & 1), bool(row[HEAD] & 8)
                    found.append(Publication(topic, reader.payload(row), row[PACKET_ID], row[ALIAS], *flags))
    return found


@given(sent=st.lists(PUBLICATIONS, max_size=12), five=st.booleans(), cuts=st.lists(st.integers(0, 5_000)))
def test_every_publication_is_found_wherever_reads_are_cut(
    sent: list[Publication], five: bool, cuts: list[int]
) -> None:
    stream = b"\xd0\x00".join(one.written(five=five) for one in sent)
    reader = FrameReader(five=five)
    found = read_in_pieces(reader, stream, cuts)
    assert reader.fault is None
    assert found == [
        Publication(s.topic, s.payload, s.packet_id, s.alias if five else 0, s.retained, s.again)
        for s in sent
    ]


@given(sent=st.lists(PUBLICATIONS, min_size=1, max_size=4))
def test_one_byte_at_a_time(sent: list[Publication]) -> None:
    stream = b"".join(one.written(five=True) for one in sent)
    found = read_in_pieces(FrameReader(five=True), stream, list(range(len(stream))))
    assert [one.payload for one in found] == [one.payload for one in sent]


def test_more_packets_in_a_read_than_rows() -> None:
    stream = b"".join(Publication(b"t", b"", n % 65_535 + 1).written(five=False) for n in range(9_000))
    found = read_in_pieces(FrameReader(five=False), stream, [])
    assert [one.packet_id for one in found] == list(range(1, 9_001))


@pytest.mark.parametrize("size", [PAYLOAD_BYTES_MAX, 300_000, FRAME_BYTES_MAX - 12])
def test_a_large_packet_is_taken_whole(size: int) -> None:
    large = Publication(b"t", bytes(size), 7)
    after = Publication(b"t", b"after", 8)
    stream = large.written(five=False) + after.written(five=False)
    assert read_in_pieces(FrameReader(five=False), stream, [10, 100_000]) == [large, after]


@pytest.mark.parametrize("size", [FRAME_BYTES_MAX, 3 * PAYLOAD_BYTES_MAX, 10 * PAYLOAD_BYTES_MAX])
@pytest.mark.parametrize("cuts", [[], [1, 3, 2_000_000, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 9], [5_000_000]])
def test_one_that_is_too_large_is_cut_and_the_next_is_whole(size: int, cuts: list[int]) -> None:
    before, large = Publication(b"t", b"before", 6), Publication(b"t", bytes(size), 7)
    after = Publication(b"t", b"after", 8)
    stream = b"".join(one.written(five=True) for one in (before, large, after))
    reader = FrameReader(five=True)
    first, cut, last = read_in_pieces(reader, stream, cuts)
    assert (first, last) == (before, after)
    assert (cut.topic, cut.packet_id) == (b"t", 7)
    assert PAYLOAD_BYTES_MAX < len(cut.payload) <= size
    assert len(reader.view) < 3 * FRAME_BYTES_MAX


MALFORMED = {
    "length of five bytes": (b"\x32\xff\xff\xff\xff\x01", ScanFault.LENGTH),
    "CONNECT": (b"\x10\x00", ScanFault.KIND),
    "SUBACK with other flags": (b"\x91\x03\x00\x01\x00", ScanFault.KIND),
    "PUBREC": (b"\x50\x02\x00\x01", ScanFault.KIND),
    "type 0": (b"\x00\x00", ScanFault.KIND),
    "QoS 2": (packet(0x34, length16(b"t") + b"\x00\x01\x00"), ScanFault.QOS),
    "QoS 3": (packet(0x36, length16(b"t") + b"\x00\x01\x00"), ScanFault.QOS),
    "topic beyond the packet": (packet(0x30, b"\x00\x05abc"), ScanFault.TOPIC),
    "half a topic's length": (packet(0x30, b"\x00"), ScanFault.TOPIC),
    "nothing": (packet(0x30, b""), ScanFault.TOPIC),
    "packet id 0": (packet(0x32, length16(b"t") + b"\x00\x00\x00"), ScanFault.PACKET_ID),
    "no packet id": (packet(0x32, length16(b"t") + b"\x01"), ScanFault.PACKET_ID),
    "no properties": (packet(0x30, length16(b"t")), ScanFault.PROPERTIES),
    "properties beyond": (packet(0x30, length16(b"t") + b"\x09\x01\x00"), ScanFault.PROPERTIES),
    "property cut": (packet(0x30, length16(b"t") + b"\x02\x23\x00"), ScanFault.PROPERTIES),
    "property of another packet": (packet(0x30, length16(b"t") + b"\x03\x21\x00\x01"), ScanFault.PROPERTIES),
    "alias 0": (packet(0x30, length16(b"t") + b"\x03\x23\x00\x00"), ScanFault.PROPERTIES),
    "long length": (packet(0x30, length16(b"t") + b"\xff\xff\xff\xff\x00"), ScanFault.PROPERTIES),
    "short PUBACK": (b"\x40\x01\x00", ScanFault.SHORT),
    "PINGRESP with a body": (b"\xd0\x01\x00", ScanFault.SHORT),
}


@pytest.mark.parametrize(("stream", "fault"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_bytes_end_the_reading_after_what_was_good(stream: bytes, fault: ScanFault) -> None:
    good = Publication(b"t", b"good", 1)
    reader = FrameReader(five=True)
    found = read_in_pieces(reader, good.written(five=True) + stream + good.written(five=True), [])
    assert found == [good]
    assert isinstance(reader.fault, PacketFault)
    rows = np.empty((9, COLUMNS), dtype=np.int64)
    count, at, named = scan(np.frombuffer(stream, dtype=np.uint8), 0, len(stream), True, rows)
    assert (count, at, named) == (0, 0, fault)


def test_a_huge_packet_that_is_no_publication_is_a_fault() -> None:
    reader = FrameReader(five=True)
    stream = packet(0x90, bytes(FRAME_BYTES_MAX))[:1_000]
    assert read_in_pieces(reader, stream, []) == []
    assert "no PUBLISH" in str(reader.fault)


def scanned(stream: bytes, after: bytes, five: bool) -> tuple[object, ...]:
    """All that the scanner says of a stream that ends where other bytes lie."""
    rows = np.full((64, COLUMNS), -7, dtype=np.int64)
    answer = scan(np.frombuffer(stream + after, dtype=np.uint8), 0, len(stream), five, rows)
    return (*answer, rows[: answer[0]].tolist())


def assert_within(stream: bytes, five: bool) -> None:
    """The answer rests on the bytes before the end alone, and all its offsets lie there in order."""
    said = scanned(stream, b"\xff" * 16, five)
    assert said == scanned(stream, b"\x00" * 16, five)
    rows = np.empty((64, COLUMNS), dtype=np.int64)
    count, at, _ = scan(np.frombuffer(stream, dtype=np.uint8), 0, len(stream), five, rows)
    assert 0 <= at <= len(stream)
    for head, body, end, topic, topic_end, payload, packet_id, alias in rows[:count].tolist():
        assert 0 < body <= end <= at
        if head & 0xF0 == Packet.PUBLISH:
            assert body < topic <= topic_end <= payload <= end
            assert (packet_id > 0) == bool(head & 2)
            assert 0 <= alias <= 65_535


@given(stream=st.binary(max_size=80), five=st.booleans())
@example(stream=b"\x32\x80", five=True)
def test_any_bytes_keep_the_scanner_within_them(stream: bytes, five: bool) -> None:
    assert_within(stream, five)


@given(
    sent=st.lists(PUBLICATIONS, min_size=1, max_size=3),
    five=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_spoilt_packets_keep_the_scanner_within_them(
    sent: list[Publication], five: bool, changes: list[tuple[int, int]]
) -> None:
    stream = bytearray(b"".join(one.written(five=five) for one in sent))
    for at, value in changes:
        stream[at % len(stream)] = value
    assert_within(bytes(stream), five)


def taken_of(stream: bytes, five: bool, table: TopicTable, held: Octets, contents: Ints) -> None:
    """What the scanner found goes on to the loops that take it."""
    octets = np.frombuffer(bytearray(stream) or bytearray(1), dtype=np.uint8)
    rows = np.empty((64, COLUMNS), dtype=np.int64)
    count, _, _ = scan(octets, 0, len(stream), five, rows)
    rows = rows[:count][rows[:count, HEAD] & 0xF0 == Packet.PUBLISH]
    numbers, _ = table.find(octets, rows)
    for place in np.flatnonzero(numbers < 0).tolist():
        numbers[place] = table.number(octets[rows[place, TOPIC] : rows[place, TOPIC_END]].tobytes())
    none, places, owed = (np.zeros(len(rows), dtype=np.int64) for _ in range(3))
    kept, _, again, _ = take(octets, rows, numbers, none, held, contents, 5, places, owed)
    assert kept + again <= len(rows)


def fuzz(seed: int, rounds: int) -> None:
    """Spoilt streams by seed: what the run with checked bounds feeds the scanner."""
    chance = random.Random(seed)
    table, held, contents = (
        TopicTable(),
        np.zeros(0x1_0000, dtype=np.uint8),
        np.zeros(0x1_0000, dtype=np.int64),
    )
    for _ in range(rounds):
        parts = [
            Publication(chance.randbytes(chance.randrange(9)), chance.randbytes(chance.randrange(30)), 1, 1)
            for _ in range(3)
        ]
        stream = bytearray(b"".join(one.written(five=True) for one in parts))
        for _ in range(chance.randrange(4)):
            stream[chance.randrange(len(stream))] = chance.randrange(256)
        cut, five = bytes(stream[: chance.randrange(len(stream) + 1)]), bool(chance.randrange(2))
        assert_within(cut, five)
        taken_of(cut, five, table, held, contents)


def test_no_index_is_out_of_bounds(repository: Path) -> None:
    """Numba then raises IndexError for an index outside its array, which it does not look at otherwise."""
    cache = repository / ".cache" / "numba-bounds"
    code = "from tests.ingest.test_frames import fuzz; fuzz(20261125, 3000)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


# --- the packets that come one at a time ---------------------------------------------------------


def test_connect_is_written_as_the_standard_says() -> None:
    three = connect("emon", five=False, keepalive_s=20, window=9, aliases=5, user="u", password="p")
    assert three == packet(0x10, b"\x00\x04MQTT\x04\xc0\x00\x14\x00\x04emon\x00\x01u\x00\x01p")
    five = connect("emon", five=True, keepalive_s=20, window=9, aliases=5)
    properties = b"\x11\xff\xff\xff\xff\x21\x00\x09\x22\x00\x05"
    assert five == packet(0x10, b"\x00\x04MQTT\x05\x00\x00\x14" + variable(11) + properties + b"\x00\x04emon")


def test_the_others_are_written_as_the_standard_says() -> None:
    assert subscribe(2, ["a/+"], qos=1, five=False) == b"\x82\x08\x00\x02\x00\x03a/+\x01"
    assert subscribe(2, ["a/+"], qos=1, five=True) == b"\x82\x09\x00\x02\x00\x00\x03a/+\x11"
    assert publish(3, "t", b"x", five=False, expires_s=9) == b"\x32\x06\x00\x01t\x00\x03x"
    assert (
        publish(3, "t", b"x", five=True, expires_s=9) == b"\x32\x0c\x00\x01t\x00\x03\x05\x02\x00\x00\x00\x09x"
    )
    assert pubacks([1, 65_535]) == b"\x40\x02\x00\x01\x40\x02\xff\xff"
    assert (disconnect(0x81, five=True), disconnect(0x81, five=False)) == (b"\xe0\x01\x81", b"\xe0\x00")
    with pytest.raises(ValueError, match="65,535"):
        publish(1, "t" * 65_536, b"", five=True, expires_s=1)


def test_answers_are_read_with_their_reasons() -> None:
    greeting = read_answer(0x20, b"\x01\x00\x06\x21\x00\x14\x13\x00\x05", five=True)
    assert (greeting.session_present, greeting.refused, dict(greeting.properties)) == (
        True,
        False,
        {0x21: 20, 0x13: 5},
    )
    old = read_answer(0x20, b"\x00\x01", five=True)
    assert old.refused
    assert old.wants_older
    refusal = read_answer(0x40, b"\x00\x07\x87\x09\x1f\x00\x06no way", five=True)
    assert (refusal.packet_id, refusal.refused, refusal.told()) == (7, True, "not authorized (0x87): no way")
    assert read_answer(0x40, b"\x00\x07", five=True).code == 0
    assert read_answer(0x90, b"\x00\x02\x00\x01\x80", five=True).codes == (1, 0x80)
    assert read_answer(0xE0, b"\x8e", five=True).told() == "session taken over (0x8e)"
    assert read_answer(0xE0, b"", five=True).code == 0


@given(
    head=st.sampled_from([0x20, 0x40, 0x90, 0xD0, 0xE0, 0xB0, 0x00]),
    body=st.binary(max_size=40),
    five=st.booleans(),
)
def test_an_answer_is_read_or_refused_whatever_it_holds(head: int, body: bytes, five: bool) -> None:
    said = ""
    try:
        said = f"{read_answer(head, body, five=five).kind:#04x}"
    except PacketFault as fault:
        said = str(fault)
    assert f"{head:#04x}" in said
