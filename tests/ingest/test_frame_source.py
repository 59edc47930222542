"""The fast source against bytes that no broker of ours sends: torn, spoilt, too many, taken over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from emon.ingest.deliveries import Delivery
from emon.ingest.source import SourceUnavailable
from emon.ingest.sources.frame_link import FrameLink
from emon.ingest.sources.frame_source import FrameSource
from emon.ingest.sources.frame_topics import TopicTable
from emon.ingest.sources.mqtt import MqttSource
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.limits import RECEIVE_BYTES_MAX, RECEIVE_WINDOW_MESSAGES
from tests.ingest.mqtt_bytes import Publication, packet

PATIENCE_S = 120.0
CONNACK, PINGRESP = b"\x20\x03\x01\x00\x00", b"\xd0\x00"


class ByteBroker:
    """Greets, grants and answers pings as a broker with MQTT 5; all else it sends is the test's."""

    def __init__(self) -> None:
        self.greeting = CONNACK
        self.puback_code = b""
        self.acknowledged: list[int] = []
        self.farewells: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._writer: asyncio.StreamWriter | None = None
        self._changed = asyncio.Condition()

    def send(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)

    def close(self) -> None:
        assert self._writer is not None
        self._writer.close()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(holds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.connections += 1
        try:
            while True:
                head = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await self._length(reader))
                self._take(head, body, writer)
                async with self._changed:
                    self._changed.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _length(self, reader: asyncio.StreamReader) -> int:
        length = place = 0
        while True:
            (byte,) = await reader.readexactly(1)
            length |= (byte & 0x7F) << place
            place += 7
            if byte < 0x80:
                return length

    def _take(self, head: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        if head == 0x10:
            writer.write(self.greeting)
        elif head == 0x82:
            writer.write(packet(0x90, body[:2] + b"\x00" + b"\x01" * _filters(body)))
        elif head == 0x40:
            self.acknowledged.append(int.from_bytes(body[:2], "big"))
        elif head & 0xF0 == 0x30:
            topic = int.from_bytes(body[:2], "big")
            writer.write(packet(0x40, body[2 + topic : 4 + topic] + self.puback_code))
        elif head == 0xC0:
            writer.write(PINGRESP)
        elif head == 0xE0:
            self.farewells.append(body)


def _filters(body: bytes) -> int:
    """How many topic filters a SUBSCRIBE of MQTT 5 asks for, of properties shorter than 128 bytes."""
    at, count = 3 + body[2], 0
    while at < len(body):
        at += 3 + int.from_bytes(body[at : at + 2], "big")
        count += 1
    return count


@asynccontextmanager
async def connected(
    options: str = "version=5", source_type: type[FrameSource] | type[MqttSource] = FrameSource
) -> AsyncIterator[tuple[ByteBroker, FrameSource | MqttSource]]:
    broker = ByteBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        async with source_type(f"mqtt://emon@127.0.0.1:{broker.port}?{options}") as source:
            yield broker, source
    finally:
        server.close()


def fix(payload: bytes, packet_id: int, *, alias: int = 0, again: bool = False) -> bytes:
    one = Publication(b"emon/v1/d-1/fix", payload, packet_id, alias, again=again)
    return one.written(five=True)


async def take(source: FrameSource | MqttSource, count: int) -> list[Delivery]:
    taken: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(taken) < count:
            taken += await source.next_batch(max_messages=count - len(taken), max_wait_s=1.0)
    return taken


async def test_packets_that_come_byte_by_byte_are_whole_and_acknowledged_in_order() -> None:
    async with connected() as (broker, source):
        for byte in b"".join(fix(str(n).encode(), n + 1) for n in range(5)):
            broker.send(bytes((byte,)))
            await asyncio.sleep(0)
        taken = await take(source, 5)
        assert [d.payload for d in taken] == [b"0", b"1", b"2", b"3", b"4"]
        assert broker.acknowledged == []
        await source.acknowledge(taken[:2])
        await source.acknowledge(taken[2:])
        await source.acknowledge(taken)  # said twice: once is enough
        await broker.until(lambda: len(broker.acknowledged) == 5)
        assert broker.acknowledged == [1, 2, 3, 4, 5]


async def test_what_is_sent_again_while_we_work_on_it_comes_once() -> None:
    async with connected() as (broker, source):
        broker.send(fix(b"a", 1) + fix(b"a", 1, again=True) + fix(b"b", 2))
        taken = await take(source, 2)
        assert [d.payload for d in taken] == [b"a", b"b"]
        await source.acknowledge(taken)
        broker.send(fix(b"c", 1))  # the id is free again
        assert [d.payload for d in await take(source, 1)] == [b"c"]


@pytest.mark.parametrize("source_type", [FrameSource, MqttSource])
async def test_another_message_under_an_id_that_waits_is_taken_and_acknowledged_for_itself(
    source_type: type[FrameSource] | type[MqttSource],
) -> None:
    """Mosquitto 2.0.11 gives an id twice once 65,535 wait: taken for a repetition, the second waited there
    for ever. On a resumed session it flags both."""
    async with connected(source_type=source_type) as (broker, source):
        broker.send(fix(b"a", 1) + fix(b"b", 1) + fix(b"c", 1, again=True) + fix(b"c", 1, again=True))
        taken = await take(source, 3)
        assert [d.payload for d in taken] == [b"a", b"b", b"c"]
        await source.acknowledge(taken[:1])
        await broker.until(lambda: broker.acknowledged == [1])
        await source.acknowledge(taken[1:])
        await broker.until(lambda: broker.acknowledged == [1, 1, 1])


@pytest.mark.parametrize("source_type", [FrameSource, MqttSource])
async def test_what_is_sent_again_before_the_broker_has_read_our_word_comes_once(
    source_type: type[FrameSource] | type[MqttSource],
) -> None:
    """nats-server repeats each second; a payload that was rejected would be filed twice."""
    async with connected(source_type=source_type) as (broker, source):
        broker.send(fix(b"a", 1))
        await source.acknowledge(await take(source, 1))
        await broker.until(lambda: broker.acknowledged == [1])
        broker.send(
            fix(b"a", 1, again=True) + fix(b"a", 1)
        )  # the second is another message, without the flag
        await source.acknowledge(await take(source, 1))
        broker.send(fix(b"b", 1, again=True) + fix(b"a", 2, again=True))  # another content; another id
        assert [d.payload for d in await take(source, 2)] == [b"b", b"a"]
        await broker.until(lambda: len(broker.acknowledged) == 3)
        assert broker.acknowledged == [1, 1, 1]


async def test_topic_aliases_of_a_broker_stand_for_their_topics() -> None:
    async with connected() as (broker, source):
        alone = Publication(b"", b"2", 2, 7).written(five=True)
        other = Publication(b"emon/v1/d-2/fix", b"3", 3, 7).written(five=True)
        broker.send(fix(b"1", 1, alias=7) + alone + other + alone.replace(b"\x00\x02\x03", b"\x00\x04\x03"))
        taken = await take(source, 4)
        assert [d.topic for d in taken] == ["emon/v1/d-1/fix"] * 2 + ["emon/v1/d-2/fix"] * 2


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"\x32\xff\xff\xff\xff\x01", "remaining length"),
        (packet(0x32, b"\x00\x09x"), "topic ends beyond"),
        (packet(0x34, b"\x00\x01t\x00\x01\x00"), "QoS"),
        (Publication(b"", b"x", 1, 9).written(five=True), "stands for nothing"),
        (Publication(b"", b"x", 1).written(five=True), "without a topic"),
        (Publication(b"t", b"x", 1, 60_000).written(five=True), "at most"),
        (CONNACK, "second CONNACK"),
        (b"\x20\x03\x00\x00\x05", "CONNACK|packet 0x20"),
    ],
)
async def test_bytes_that_are_no_mqtt_close_the_connection_with_a_clear_word(
    sent: bytes, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected() as (broker, source):
        with caplog.at_level(logging.WARNING):
            broker.send(fix(b"good", 1) + sent)
            assert [d.payload for d in await take(source, 1)] == [b"good"]
            await broker.until(lambda: broker.connections == 2)  # it comes again by itself
        broker.send(fix(b"after", 1))
        assert [d.payload for d in await take(source, 1)] == [b"after"]
        assert broker.farewells[0] == b"\x81"
    (said,) = [r.getMessage() for r in caplog.records if "no MQTT 5" in r.getMessage()]
    assert any(word in said for word in words.split("|"))


async def test_a_broker_that_sends_more_than_was_agreed_is_said_and_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Mosquitto 2.0.11 does so when it resumes a session: left, it would do the same for ever."""
    async with connected("version=5&window=3") as (broker, source):
        broker.send(b"".join(fix(b"%d" % n, n) for n in range(1, 9)))
        assert [d.payload for d in await take(source, 8)] == [b"%d" % n for n in range(1, 9)]
        assert broker.connections == 1
    assert len([r for r in caplog.records if "more than the 3 unacknowledged" in r.getMessage()]) == 1


async def test_a_take_over_is_said_as_one(caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as (broker, source):
        with caplog.at_level(logging.ERROR):
            broker.send(b"\xe0\x01\x8e")
            await broker.until(lambda: broker.connections == 2)
        assert source.hung_up == 1
    assert "somebody may have come under our client id" in caplog.text


async def test_mqtt_5_says_a_take_over_so_a_mere_close_is_none() -> None:
    async with connected() as (broker, source):
        broker.close()
        await broker.until(lambda: broker.connections == 2)
        assert source.hung_up == 0


async def test_a_broker_that_does_not_take_a_command_says_why() -> None:
    async with connected() as (broker, source):
        await source.publish("emon/v1/d-1/cmd", b"{}", 60)
        broker.puback_code = b"\x10"  # nobody subscribes: no refusal
        await source.publish("emon/v1/d-1/cmd", b"{}", 60)
        broker.puback_code = b"\x87"
        with pytest.raises(SourceUnavailable, match=r"emon/v1/d-1/cmd: not authorized \(0x87\)"):
            await source.publish("emon/v1/d-1/cmd", b"{}", 60)


async def test_a_topic_that_is_not_utf_8_is_handed_on_as_nobody_s() -> None:
    async with connected() as (broker, source):
        broker.send(Publication(b"emon/\xff", b"x", 1).written(five=True))
        (delivery,) = await take(source, 1)
        assert delivery.topic == "\ufffd"


async def test_what_waits_here_is_bounded_in_bytes_too() -> None:
    """The broker's window counts messages; a window of the largest would be a gibibyte."""
    async with connected() as (broker, source):
        size = 2**20
        for number in range(1, RECEIVE_WINDOW_MESSAGES // 10):
            broker.send(fix(bytes(size), number))
        while source.queued * size <= RECEIVE_BYTES_MAX:
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert source.queued * size <= RECEIVE_BYTES_MAX + 4 * size
        taken = await take(source, RECEIVE_WINDOW_MESSAGES // 10 - 1)
        assert [len(d.payload) for d in taken] == [size] * 99


async def test_what_comes_while_nobody_asks_is_there_at_the_next_question() -> None:
    """Reading rests meanwhile: a read for each packet of a broker costs more than the packet."""
    async with connected() as (broker, source):
        broker.send(fix(b"1", 1))
        assert [one.payload for one in await _next(source)] == [b"1"]
        broker.send(fix(b"2", 2))
        await source.publish("emon/v1/d-1/cmd", b"x", 60)  # its answer comes after the second fix: now a rest
        broker.send(b"".join(fix(b"%d" % number, number) for number in range(3, 60)))
        taken: list[bytes] = []
        while len(taken) < 58:
            taken += [one.payload for one in await _next(source)]
        assert taken == [b"%d" % number for number in range(2, 60)]


async def test_a_connection_that_ends_while_nobody_asks_is_noticed() -> None:
    """The database may be away for long: a rest is short, and a broker that has gone is no quiet one."""
    async with connected() as (broker, source):
        broker.send(fix(b"1", 1))
        await _next(source)
        broker.send(fix(b"2", 2))
        await source.publish("emon/v1/d-1/cmd", b"x", 60)
        broker.close()
        await broker.until(lambda: broker.connections > 1)
        assert broker.connections == 2


class Unread(asyncio.Transport):
    """A socket of which nothing is read by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


async def test_reading_rests_while_nobody_waits_but_not_while_more_lies_there() -> None:
    """A rest after each read bounded how fast a fleet's backlog came, and live fixes stood behind it."""
    came: list[int] = []
    address = BrokerAddress.parse("mqtt://emon@127.0.0.1")
    link = FrameLink(
        address,
        "emon",
        five=True,
        topics=TopicTable(),
        deliver=lambda publications: came.append(len(publications.rows)),
        is_wanted=lambda: False,
    )
    socket = Unread()
    link.connection_made(socket)
    space = link.get_buffer(-1)
    spare = len(space) - len(CONNACK + fix(b"", 1)) - 3
    whole = CONNACK + fix(bytes(spare), 1)
    whole += fix(b"", 2)[: len(space) - len(whole)]
    space[:] = whole
    link.buffer_updated(len(whole))
    assert (came, socket.paused) == ([1], False)
    rest = fix(b"x", 3)
    link.get_buffer(-1)[: len(rest)] = rest
    link.buffer_updated(len(rest))
    assert socket.paused
    await asyncio.sleep(0)


async def _next(source: FrameSource | MqttSource) -> list[Delivery]:
    return [*await source.next_batch(max_messages=1_000, max_wait_s=PATIENCE_S)]
