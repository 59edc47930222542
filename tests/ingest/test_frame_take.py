"""What is taken of a read, and under which number: compiled loops against a few lines that say the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.names import TopicNames
from emon.ingest.sources import frame_topics
from emon.ingest.sources.came import Came
from emon.ingest.sources.frame_scan import PACKET_ID, TOPIC, TOPIC_END
from emon.ingest.sources.frame_source import load_scanner
from emon.ingest.sources.frame_take import let_go, take
from emon.ingest.sources.frame_topics import UNREADABLE_TOPIC, TopicTable
from emon.ingest.sources.frames import FrameReader
from emon.model.columns import Ints, Octets
from tests.ingest.mqtt_bytes import Publication

IDS = 0x1_0000
SAME_ID_MAX = 0xFF


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """So that no example's time is the compiler's."""
    load_scanner()


def read(sent: list[Publication]) -> tuple[Octets, Ints]:
    """The bytes of these as one read, and a row each."""
    reader = FrameReader(five=True)
    stream = b"".join(one.written(five=True) for one in sent)
    reader.space()[: len(stream)] = stream
    return reader.octets, reader.received(len(stream))


def numbers_of(table: TopicTable, octets: Octets, rows: Ints) -> list[int]:
    """As the link resolves them: an unknown name is entered once."""
    found, some_new = table.find(octets, rows)
    assert some_new == bool((found < 0).any())
    new: dict[bytes, int] = {}
    for place in np.flatnonzero(found < 0).tolist():
        name = octets[rows[place, TOPIC] : rows[place, TOPIC_END]].tobytes()
        if name not in new:
            new[name] = table.number(name)
        found[place] = new[name]
    return found.tolist()


@dataclass
class ByHand:
    """The same decisions, one message at a time."""

    held: dict[int, int] = field(default_factory=dict)
    came: Came = field(default_factory=Came)

    def take(self, sent: list[Publication], room: int) -> tuple[list[int], list[int], int]:
        taken: list[int] = []
        owed: list[int] = []
        beyond = 0
        for place, one in enumerate(sent):
            if not one.packet_id:
                if len(taken) >= room:
                    beyond += 1
                    continue
            else:
                count = self.held.get(one.packet_id, 0)
                if self.came.again(one.packet_id, one.topic.decode(), one.payload, one.again):
                    if not count:
                        owed.append(one.packet_id)
                    continue
                if count == SAME_ID_MAX:
                    continue
                self.held[one.packet_id] = count + 1
            taken.append(place)
        return taken, owed, beyond

    def let_go(self, ids: list[int]) -> list[int]:
        leaving = []
        for packet_id in ids:
            if self.held.get(packet_id, 0):
                self.held[packet_id] -= 1
                leaving.append(packet_id)
        return leaving


SENT = st.lists(
    st.builds(
        Publication,
        topic=st.sampled_from([b"a", b"b"]),
        payload=st.sampled_from([b"", b"1", b"2", b"a longer one", b"a longer two"]),
        packet_id=st.sampled_from([0, 1, 2, 65_535]),
        again=st.booleans(),
    ),
    max_size=12,
)
READS = st.lists(st.tuples(SENT, st.integers(0, 6), st.lists(st.sampled_from([1, 2, 65_535]))), max_size=6)


@given(reads=READS)
def test_what_is_taken_is_what_one_by_one_is(
    reads: list[tuple[list[Publication], int, list[int]]],
) -> None:
    by_hand, table, first = ByHand(), TopicTable(), 7 * IDS
    held, contents = np.zeros(IDS, dtype=np.uint8), np.zeros(IDS, dtype=np.int64)
    for sent, room, answered in reads:
        octets, rows = read(sent)
        numbers = np.array(numbers_of(table, octets, rows), dtype=np.int64)
        taken, owed = (np.empty(len(rows), dtype=np.int64) for _ in range(2))
        left_out = np.zeros(len(rows), dtype=np.int64)
        count, waiting, again, beyond = take(
            octets, rows, numbers, left_out, held, contents, room, taken, owed
        )
        before = sum(by_hand.held.values())
        assert (taken[:count].tolist(), owed[:again].tolist(), beyond) == by_hand.take(sent, room)
        assert waiting == sum(by_hand.held.values()) - before
        assert all(contents[rows[place, PACKET_ID]] for place in taken[:count] if rows[place, PACKET_ID])
        leaving: Ints = np.empty(len(answered), dtype=np.int64)
        receipts = first + np.array(answered, dtype=np.int64)
        gone = let_go(held, receipts, first, leaving)
        assert leaving[:gone].tolist() == by_hand.let_go(answered)


def test_what_is_left_out_is_neither_taken_nor_held() -> None:
    octets, rows = read([Publication(b"a", b"1", 1), Publication(b"$SYS", b"2", 0)])
    held, contents = np.zeros(IDS, dtype=np.uint8), np.zeros(IDS, dtype=np.int64)
    taken, owed, none = (np.zeros(2, dtype=np.int64) for _ in range(3))
    left_out = np.array([0, 1], dtype=np.int64)
    assert take(octets, rows, none, left_out, held, contents, 5, taken, owed) == (1, 1, 0, 0)
    assert held.sum() == 1


def test_an_id_is_held_no_oftener_than_can_be_counted() -> None:
    octets, rows = read([Publication(b"a", str(n).encode(), 9) for n in range(SAME_ID_MAX + 5)])
    held, contents = np.zeros(IDS, dtype=np.uint8), np.zeros(IDS, dtype=np.int64)
    taken, owed, none = (np.zeros(len(rows), dtype=np.int64) for _ in range(3))
    assert take(octets, rows, none, none, held, contents, 5, taken, owed)[:2] == (SAME_ID_MAX, SAME_ID_MAX)
    assert held[9] == SAME_ID_MAX


def test_a_receipt_of_another_connection_lets_nothing_go() -> None:
    held, leaving = np.zeros(IDS, dtype=np.uint8), np.zeros(4, dtype=np.int64)
    held[5] = held[0] = 1
    receipts = np.array([5, 2 * IDS + 5, IDS, 0], dtype=np.int64)
    assert let_go(held, receipts, IDS, leaving) == 0
    assert let_go(held, receipts + IDS, IDS, leaving) == 1
    assert leaving[0] == 5


@given(reads=st.lists(st.lists(st.binary(max_size=6), max_size=30), max_size=4))
def test_each_name_has_one_number_and_each_number_one_topic(reads: list[list[bytes]]) -> None:
    table = TopicTable()
    for names in reads:
        octets, rows = read([Publication(name, b"", 1) for name in names])
        found = numbers_of(table, octets, rows)
        topics = [table.names.topics[number] for number in found]
        assert topics == [text_of(name) for name in names]
        assert len({*found}) == len({*topics})


def text_of(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return UNREADABLE_TOPIC


def test_thousands_of_names_are_found_again() -> None:
    table, names = TopicTable(), [b"emon/v1/d-%d/fix" % n for n in range(3_000)]
    octets, rows = read([Publication(name, b"", 1) for name in names])
    found = numbers_of(table, octets, rows)
    assert found == [*range(3_000)]
    again, some_new = table.find(octets, rows)
    assert (again.tolist(), some_new) == (found, False)


def test_a_table_that_is_full_begins_anew_and_what_was_named_before_stays_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame_topics, "TOPICS_KNOWN_MAX", 3)
    table = TopicTable()
    octets, rows = read([Publication(b"t/%d" % n, b"", 1) for n in range(5)])
    found = numbers_of(table, octets, rows)
    names = table.names
    octets, rows = read([Publication(b"t/4", b"", 1)])
    assert numbers_of(table, octets, rows) == [0]
    assert table.names is not names
    assert [names.topics[number] for number in found] == ["t/0", "t/1", "t/2", "t/3", "t/4"]


def test_a_topic_says_its_device_its_kind_and_whether_it_is_the_brokers_own() -> None:
    names = TopicNames()
    numbers = names.numbers(["emon/v1/d-1/fix", "emon/v1/d-1/fixb", "$SYS/x", "other", "emon/v1/d-1/fix"])
    assert numbers.tolist() == [0, 1, 2, 3, 0]
    topics, devices = names.named(numbers)
    assert [*devices] == ["d-1", "d-1", "", "", "d-1"]
    assert topics[1] == "emon/v1/d-1/fixb"
    assert names.of_system(numbers).tolist() == [0, 0, 1, 0, 0]
    assert names.find("other") == 3
    assert names.find("never") == -1
