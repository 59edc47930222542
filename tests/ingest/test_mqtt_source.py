"""Both MQTT sources against both real brokers: nothing leaves the broker before we say so.

Every test that takes ``source_type`` is run with each source. What only bytes can show that no broker
sends (torn, spoilt, too much) is in ``test_frame_source``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from emon.demo.broker import EmbeddedBroker
from emon.ingest.deliveries import Delivery
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.sources.reconnecting import BrokerUnavailable
from tests.fixtures_brokers import Broker, MosquittoBroker
from tests.fixtures_sources import AnySource, SourceType

PATIENCE_S = 120.0
CLOSINGS = 20


@asynccontextmanager
async def client(broker: Broker, user: str, *, name: str | None = None) -> AsyncIterator[aiomqtt.Client]:
    """A device's connection."""
    address = BrokerAddress.parse(broker.url(user))
    async with aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier=name or user,
        timeout=PATIENCE_S,
    ) as connected:
        yield connected


async def publish(broker: Broker, user: str, topic: str, payloads: list[str | bytes], qos: int = 1) -> None:
    async with client(broker, user) as device:
        device.pending_calls_threshold = len(payloads)
        sent = (device.publish(topic, payload, qos=qos, timeout=PATIENCE_S) for payload in payloads)
        await asyncio.gather(*sent)


async def keep_session(broker: Broker, source_type: SourceType) -> None:
    """From now on the broker keeps for the service what devices publish."""
    async with source_type(broker.service_url):
        pass


async def take(source: AnySource, count: int) -> list[Delivery]:
    """Exactly ``count`` deliveries, or a failure when they do not come in time."""
    taken: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(taken) < count:
            taken += await source.next_batch(max_messages=count - len(taken), max_wait_s=1.0)
    return taken


async def nothing_more(source: AnySource) -> bool:
    return await source.next_batch(max_messages=10, max_wait_s=0.3) == []


async def test_delivers_in_order_and_only_once_when_acknowledged(
    broker: Broker, source_type: SourceType
) -> None:
    async with source_type(broker.service_url) as source:
        assert source.connected
        await publish(broker, "d-1", "emon/v1/d-1/fix", [str(n) for n in range(50)])
        taken = await take(source, 50)
        assert [d.payload for d in taken] == [str(n).encode() for n in range(50)]
        await source.acknowledge(taken)
    async with source_type(broker.service_url) as again:
        assert await nothing_more(again)


async def test_what_was_not_acknowledged_comes_again(broker: Broker, source_type: SourceType) -> None:
    async with source_type(broker.service_url) as source:
        await publish(broker, "d-1", "emon/v1/d-1/fix", ["a", "b", "c"])
        taken = await take(source, 3)
        await source.acknowledge(taken[:1])
    async with source_type(broker.service_url) as again:
        redelivered = await take(again, 2)
        assert [d.payload for d in redelivered] == [b"b", b"c"]
        await source.acknowledge(taken[1:])  # of a closed source: no effect
        await again.acknowledge(redelivered)
    async with source_type(broker.service_url) as last:
        assert await last.next_batch(max_messages=10, max_wait_s=0.3) == []


async def test_what_comes_while_the_service_is_away_is_kept(broker: Broker, source_type: SourceType) -> None:
    await keep_session(broker, source_type)
    await publish(broker, "d-1", "emon/v1/d-1/fix", [str(n) for n in range(1_500)])
    async with source_type(broker.service_url) as source:
        seen: list[bytes] = []
        while len(seen) < 1_500:
            batch = await take(source, 1)
            batch += await source.next_batch(max_messages=10_000, max_wait_s=0.0)
            seen += [d.payload for d in batch]
            await source.acknowledge(batch)
        assert seen == [str(n).encode() for n in range(1_500)]


async def test_a_resumed_session_with_more_in_flight_than_agreed_goes_on(
    broker: Broker, source_type: SourceType
) -> None:
    """Mosquitto 2.0.11 sends all of it at once; a service killed under load was stuck there with `frames`."""
    async with source_type(broker.service_url) as source:
        await publish(broker, "d-1", "emon/v1/d-1/fix", [str(n) for n in range(40)])
        assert len(await take(source, 40)) == 40
    url = broker.service_url
    async with source_type(f"{url}{'&' if '?' in url else '?'}window=10") as again:
        seen: set[bytes] = set()
        while len(seen) < 40:
            some = await take(again, 1)
            seen.update(delivery.payload for delivery in some)
            await again.acknowledge(some)
        assert await nothing_more(again)


async def left_after_reconnecting(
    broker: Broker, source_type: SourceType, *, by_kill: bool
) -> list[Delivery]:
    async with source_type(broker.service_url) as source:
        await publish(broker, "d-1", "emon/v1/d-1/fix", ["before-1", "before-2"])
        old = await take(source, 2)
        await (broker.kill() if by_kill else broker.stop())
        await broker.start()
        again = await take(source, 2)
        assert {d.payload for d in again} == {b"before-1", b"before-2"}  # nats-server: in any order
        await source.acknowledge(old)  # receipts of the connection that is gone
        await publish(broker, "d-2", "emon/v1/d-2/fix", ["after"])
        fresh = await take(source, 1)
        await source.acknowledge([*again, *fresh])
    async with source_type(broker.service_url) as last:
        return [*await last.next_batch(max_messages=10, max_wait_s=0.3)]


async def test_reconnects_after_the_broker_was_restarted(broker: Broker, source_type: SourceType) -> None:
    assert await left_after_reconnecting(broker, source_type, by_kill=False) == []


async def test_reconnects_after_the_embedded_broker_was_killed(
    embedded_broker: EmbeddedBroker, source_type: SourceType
) -> None:
    assert await left_after_reconnecting(embedded_broker, source_type, by_kill=True) == []


async def test_closing_in_the_midst_of_a_reconnection_ends(broker: Broker, source_type: SourceType) -> None:
    """The broker sends what it kept before it answers the subscriptions: closing then meets those answers.

    asyncio.wait_for of Python 3.11, below aiomqtt, then returns the answer and loses the cancellation.
    """
    await keep_session(broker, source_type)
    for _ in range(CLOSINGS):
        await publish(broker, "d-1", "emon/v1/d-1/fix", ["kept"])
        source = source_type(broker.service_url)
        opening = asyncio.create_task(source.__aenter__())
        async with asyncio.timeout(PATIENCE_S):
            while not source.queued:
                await asyncio.sleep(0)
            await source.__aexit__(None, None, None)
            with contextlib.suppress(RuntimeError):  # it was closed while it opened
                await opening
        assert not source.connected


async def test_a_kill_of_the_broker_loses_nothing_that_waits_for_the_service(
    broker: Broker, source_type: SourceType
) -> None:
    await keep_session(broker, source_type)
    sent = [str(n) for n in range(300)]
    await publish(broker, "d-1", "emon/v1/d-1/fix", list(sent))
    async with client(broker, "d-2"):
        pass  # Mosquitto saves at the end of the turn in which it acknowledged: this is a later turn
    await broker.kill()
    await broker.start()
    async with source_type(broker.service_url) as source:
        assert [d.payload.decode() for d in await take(source, 300)] == sent


async def test_what_waits_here_outlives_the_brokers_memory(
    mosquitto_broker: MosquittoBroker, source_type: SourceType
) -> None:
    """Mosquitto may forget in a crash what it has handed over: then ours is the only copy."""
    async with source_type(mosquitto_broker.service_url) as source:
        await publish(mosquitto_broker, "d-1", "emon/v1/d-1/fix", ["1", "2", "3"])
        first = await take(source, 1)
        async with asyncio.timeout(PATIENCE_S):
            while source.queued < 2:
                await asyncio.sleep(0)
        await mosquitto_broker.kill()
        await mosquitto_broker.start()
        await publish(mosquitto_broker, "d-1", "emon/v1/d-1/fix", ["4"])
        seen = {d.payload for d in first}
        async with asyncio.timeout(PATIENCE_S):
            while seen != {b"1", b"2", b"3", b"4"}:
                seen |= {d.payload for d in await source.next_batch(max_messages=9, max_wait_s=1.0)}
        assert source.queued == 0


async def test_a_foreign_topic_reaches_nobody(broker: Broker, source_type: SourceType) -> None:
    async with source_type(broker.service_url) as source:
        await publish(broker, "d-2", "emon/v1/d-1/fix", ["forged"])
        await publish(broker, "d-2", "owntracks/d-2/d-1", ["forged"])
        await publish(broker, "d-1", "emon/v1/d-1/fix", ["own"])
        await publish(broker, "d-1", "owntracks/any/d-1", ["phone"])
        came = [d.payload for d in await take(source, 2)]
        assert sorted(came) == [b"own", b"phone"], "in either order: each filter is a queue of its own"
        assert await nothing_more(source)


async def test_a_payload_of_one_mebibyte_arrives_and_a_much_larger_one_does_not(
    broker: Broker, source_type: SourceType
) -> None:
    async with source_type(broker.service_url) as source:
        most, over = b"a" * 2**20, b"b" * (10 * 2**20)
        await publish(broker, "d-1", "emon/v1/d-1/fix", [most])
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "d-1") as device:
                await device.publish("emon/v1/d-1/fix", over, qos=1, timeout=2.0)
        await publish(broker, "d-2", "emon/v1/d-2/fix", ["undisturbed"])
        assert [d.payload for d in await take(source, 2)] == [most, b"undisturbed"]


async def test_messages_without_promise_are_delivered_too(broker: Broker, source_type: SourceType) -> None:
    async with source_type(broker.service_url) as source:
        await publish(broker, "d-1", "emon/v1/d-1/fix", ["zero"], qos=0)
        (delivery,) = await take(source, 1)
        assert (delivery.payload, delivery.receipt) == (b"zero", None)
        await source.acknowledge([delivery])


async def test_wake_ends_the_waiting(embedded_broker: EmbeddedBroker, source_type: SourceType) -> None:
    async with source_type(embedded_broker.service_url) as source:
        waiting = asyncio.create_task(source.next_batch(max_messages=1, max_wait_s=PATIENCE_S))
        asyncio.get_running_loop().call_soon(source.wake)
        async with asyncio.timeout(PATIENCE_S / 2):
            assert await waiting == []


async def test_the_window_bounds_what_waits_here(
    mosquitto_broker: MosquittoBroker, source_type: SourceType
) -> None:
    async with source_type(f"{mosquitto_broker.service_url}?window=20") as source:
        await publish(mosquitto_broker, "d-1", "emon/v1/d-1/fix", [str(n) for n in range(100)])
        held = await take(source, 20)
        assert await nothing_more(source)
        await source.acknowledge(held)
        assert [d.payload for d in await take(source, 20)] == [str(n).encode() for n in range(20, 40)]


async def test_an_absent_broker_is_named_with_what_to_set(source_type: SourceType) -> None:
    with pytest.raises(BrokerUnavailable) as caught:
        async with source_type("mqtt://emon:secret@127.0.0.1:1", give_up_s=0.1):
            pass
    text = str(caught.value)
    assert "mqtt://emon@127.0.0.1:1" in text
    assert "EMON_MQTT_URL" in text
    assert "refused" in text
    assert "secret" not in text


async def test_a_wrong_password_is_named(broker: Broker, source_type: SourceType) -> None:
    url = f"mqtt://emon:wrong@127.0.0.1:{broker.port}"
    with pytest.raises(BrokerUnavailable, match=r"(?i)not authori[sz]ed"):
        async with source_type(url, give_up_s=0.1):
            pass


async def test_a_user_who_may_not_read_is_refused_at_start(
    embedded_broker: EmbeddedBroker, source_type: SourceType
) -> None:
    with pytest.raises(BrokerUnavailable, match=r"subscription to emon/v1/\+/fix"):
        async with source_type(embedded_broker.url("d-1"), give_up_s=0.1):
            pass


async def test_mosquitto_grants_what_it_then_does_not_deliver(
    mosquitto_broker: MosquittoBroker, source_type: SourceType
) -> None:
    async with source_type(mosquitto_broker.url("d-1"), client_id="d-1") as spy:
        await publish(mosquitto_broker, "d-2", "emon/v1/d-2/fix", ["private"])
        assert await nothing_more(spy)


async def test_says_when_the_brokers_window_is_small(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture, source_type: SourceType
) -> None:
    small = MosquittoBroker(
        tmp_path_factory.mktemp("small"), replaced={"max_inflight_messages": "max_inflight_messages 20"}
    )
    await small.start()
    try:
        with caplog.at_level(logging.WARNING):
            async with source_type(small.service_url):
                pass
    finally:
        await small.stop()
    assert "window of 20 messages" in caplog.text
    assert "is new" in caplog.text


async def test_says_when_the_broker_lost_the_session(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture, source_type: SourceType
) -> None:
    forgetful = MosquittoBroker(
        tmp_path_factory.mktemp("forgetful"), replaced={"persistence": "persistence false"}
    )
    await forgetful.start()
    try:
        async with source_type(forgetful.service_url) as source:
            await forgetful.kill()
            await forgetful.start()
            await publish(forgetful, "d-1", "emon/v1/d-1/fix", ["awake"])
            with caplog.at_level(logging.ERROR):
                async with asyncio.timeout(PATIENCE_S):
                    while "lost our session" not in caplog.text:
                        await source.next_batch(max_messages=1, max_wait_s=0.05)
    finally:
        await forgetful.stop()
    assert "must persist" in caplog.text


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1", "mqtt:// or mqtts://"),
        ("mqtt://", "no host"),
        ("mqtt://h:99999", "port"),
        ("mqtt://h/topic", "no path"),
        ("mqtt://h?version=4", "version"),
        ("mqtt://h?window=0", "window"),
        ("mqtt://h?keepalive_s=x", "keepalive_s"),
        ("mqtt://h?nonsense=1", "nonsense"),
        ("mqtt://h?ca_file=/x", "mqtts://"),
        ("mqtts://h?ca_file=/does/not/exist", "do not exist"),
    ],
)
def test_a_wrong_url_is_refused_by_its_part(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BrokerAddress.parse(url)


def test_a_url_is_read_whole() -> None:
    address = BrokerAddress.parse("mqtts://a%40b:p%3Aw@[::1]:99?version=5&window=7&client_id=x")
    assert (address.user, address.password, address.host, address.port) == ("a@b", "p:w", "::1", 99)
    assert (address.tls, address.version, address.window, address.client_id) == (True, "5", 7, "x")
    assert str(address) == "mqtts://a@b@[::1]:99"


async def test_the_broker_s_own_word_on_itself_is_noted_and_delivered_to_nobody(
    mosquitto_broker: MosquittoBroker, source_type: SourceType
) -> None:
    async with source_type(mosquitto_broker.service_url) as source:
        async with asyncio.timeout(PATIENCE_S):
            while source.notes.version is None:
                assert await source.next_batch(max_messages=1, max_wait_s=0.05) == []
        assert source.notes.version.startswith("mosquitto version 2")


async def test_what_a_broker_with_mqtt_5_bounds_is_said(
    tmp_path: Path, source_type: SourceType, caplog: pytest.LogCaptureFixture
) -> None:
    narrow = {"max_packet_size": "max_packet_size 65536", "sys_interval": "retain_available false"}
    broker = MosquittoBroker(tmp_path / "m", replaced=narrow)
    await broker.start()
    try:
        with caplog.at_level(logging.ERROR):
            async with source_type(broker.service_url):
                pass
    finally:
        await broker.stop()
    assert "takes packets of 65536 bytes" in caplog.text
    assert "keeps no retained message" in caplog.text
