"""Both MQTT sources over TLS: the same promises, and no word to a broker that cannot prove itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.sources.reconnecting import BrokerUnavailable
from emon.limits import PAYLOAD_BYTES_MAX
from tests.alerts.certificates import Authority
from tests.fixtures_brokers import MosquittoBroker
from tests.fixtures_sources import SourceType
from tests.ingest.test_mqtt_source import nothing_more, take

# paho leaves the socket of a failed handshake to the collector, which warns; frames closes its own.
LEFT_BY_PAHO = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass
class Tls:
    """A Mosquitto whose one listener speaks TLS, and the authority of its certificate."""

    broker: MosquittoBroker
    authority: Authority

    def url(self, ca_file: Path | None = None) -> str:
        secure = self.broker.service_url.replace("mqtt://", "mqtts://")
        return f"{secure}?ca_file={ca_file or self.authority.ca_file}"

    async def publish(self, payloads: list[bytes]) -> None:
        address = BrokerAddress.parse(self.broker.url("tester"))
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier="tester",
            tls_context=ssl.create_default_context(cafile=str(self.authority.ca_file)),
        ) as device:
            device.pending_calls_threshold = len(payloads)
            sent = (device.publish("emon/v1/d-1/fix", one, qos=1, timeout=60.0) for one in payloads)
            await asyncio.gather(*sent)


def begun(folder: Path, *, expired: bool = False) -> Tls:
    authority = Authority(folder)
    server = authority.certificate("server", expired=expired)
    listener = [f"certfile {server}", f"keyfile {server}", "tls_version tlsv1.2"]
    return Tls(MosquittoBroker(folder / "mosquitto", listener=listener), authority)


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[Tls]:
    one = begun(tmp_path)
    await one.broker.start()
    yield one
    await one.broker.stop()


async def test_delivers_in_order_keeps_and_sends_again_over_tls(tls: Tls, source_type: SourceType) -> None:
    """A payload of 1 MiB is many records of TLS, and many reads."""
    sent = [*(b"%d" % n for n in range(300)), bytes(PAYLOAD_BYTES_MAX), b"last"]
    async with source_type(tls.url()) as source:
        await tls.publish(sent)
        taken = await take(source, len(sent))
        assert [delivery.payload for delivery in taken] == sent
        await source.acknowledge(taken[:-2])
    async with source_type(tls.url()) as again:
        left = await take(again, 2)
        assert [delivery.payload for delivery in left] == sent[-2:]
        await again.acknowledge(left)
        assert await nothing_more(again)


async def test_comes_back_over_tls_when_the_broker_was_killed(tls: Tls, source_type: SourceType) -> None:
    async with source_type(tls.url()) as source:
        await tls.broker.kill()
        await tls.broker.start()
        await tls.publish([b"after"])
        async with asyncio.timeout(60):
            (delivery,) = await take(source, 1)
        assert delivery.payload == b"after"


@LEFT_BY_PAHO
async def test_a_broker_of_another_authority_is_not_spoken_with(
    tls: Tls, source_type: SourceType, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "another authority")
    with pytest.raises(BrokerUnavailable, match=r"(?i)certificate"):
        await source_type(tls.url(stranger.ca_file), give_up_s=0.2).__aenter__()


@LEFT_BY_PAHO
async def test_an_expired_certificate_is_not_accepted(tmp_path: Path, source_type: SourceType) -> None:
    old = begun(tmp_path, expired=True)
    await old.broker.start()
    try:
        with pytest.raises(BrokerUnavailable, match=r"(?i)expired|certificate"):
            await source_type(old.url(), give_up_s=0.2).__aenter__()
    finally:
        await old.broker.stop()
