"""Both MQTT sources over TLS: the same promises, and no word to a broker that cannot prove itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.sources.packets import connect
from emon.ingest.sources.reconnecting import BrokerUnavailable
from emon.limits import PAYLOAD_BYTES_MAX
from tests.alerts.certificates import Authority
from tests.fixtures_brokers import MosquittoBroker, NatsBroker
from tests.fixtures_sources import SourceType
from tests.ingest.test_mqtt_source import PATIENCE_S, nothing_more, take

# paho leaves the socket of a failed handshake to the collector, which warns; frames closes its own.
LEFT_BY_PAHO = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass
class Tls:
    """A broker whose one listener speaks TLS, and the authority of its certificate."""

    broker: MosquittoBroker | NatsBroker
    authority: Authority

    def url(self, ca_file: Path | None = None) -> str:
        secure = self.broker.service_url.replace("mqtt://", "mqtts://")
        return f"{secure}{'&' if '?' in secure else '?'}ca_file={ca_file or self.authority.ca_file}"

    def shown(self, certificate: Path) -> str:
        """The URL of somebody who has a certificate and no password."""
        files = f"ca_file={self.authority.ca_file}&cert_file={certificate}"
        return f"mqtts://127.0.0.1:{self.broker.port}?version=3.1.1&client_id=emon&{files}"

    async def publish(self, payloads: list[bytes]) -> None:
        address = BrokerAddress.parse(self.broker.url("tester"))
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier="tester",
            tls_context=self.trusting(),
            timeout=PATIENCE_S,
        ) as device:
            device.pending_calls_threshold = len(payloads)
            sent = (device.publish("emon/v1/d-1/fix", one, qos=1, timeout=PATIENCE_S) for one in payloads)
            await asyncio.gather(*sent)

    async def publish_as(self, certificate: Path, topic: str, payload: bytes) -> None:
        """By certificate alone. A broker may acknowledge, drop it, and close the connection."""
        context = self.trusting()
        context.load_cert_chain(certificate)
        async with aiomqtt.Client(
            "127.0.0.1",
            self.broker.port,
            identifier=certificate.stem,
            tls_context=context,
            timeout=PATIENCE_S,
        ) as device:
            await device.publish(topic, payload, qos=1, timeout=PATIENCE_S)

    async def greets(self, certificate: Path | None) -> bool:
        """Whether somebody with this certificate, or none, is answered at all."""
        context = self.trusting()
        if certificate is not None:
            context.load_cert_chain(certificate)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.broker.port, ssl=context)
        except OSError:
            return False
        try:
            writer.write(connect("emon", five=False, keepalive_s=20, window=10, aliases=0))
            return bool(await reader.read(1))
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.ca_file))


def begun(
    kind: str, folder: Path, *, expired: bool = False, by_certificate: bool = False, passwords: bool = True
) -> Tls:
    authority = Authority(folder)
    server = authority.certificate("server", expired=expired)
    if kind == "mosquitto":
        listener = [f"certfile {server}", f"keyfile {server}", "tls_version tlsv1.2"]
        if by_certificate:
            listener += [f"cafile {authority.ca_file}", "require_certificate true"]
            listener += ["use_identity_as_username true"]
        return Tls(MosquittoBroker(folder / "mosquitto", listener=listener), authority)
    mapped = f'ca_file: "{authority.ca_file}", verify_and_map: true' if by_certificate else ""
    listener = [f'tls {{ cert_file: "{server}", key_file: "{server}", {mapped} }}']
    return Tls(NatsBroker(folder / "nats", listener=listener, passwords=passwords), authority)


@pytest.fixture(params=["nats", "mosquitto"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which broker."""
    return str(request.param)


@pytest.fixture
async def tls(tmp_path: Path, kind: str) -> AsyncIterator[Tls]:
    one = begun(kind, tmp_path)
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
        async with asyncio.timeout(PATIENCE_S):
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
async def test_an_expired_certificate_is_not_accepted(
    tmp_path: Path, kind: str, source_type: SourceType
) -> None:
    old = begun(kind, tmp_path, expired=True)
    await old.broker.start()
    try:
        with pytest.raises(BrokerUnavailable, match=r"(?i)expired|certificate"):
            await source_type(old.url(), give_up_s=0.2).__aenter__()
    finally:
        await old.broker.stop()


async def test_a_certificate_is_an_identity(tmp_path: Path, kind: str, source_type: SourceType) -> None:
    """Without a password; nats-server finds the user by the certificate's DNS name, Mosquitto by its
    common name."""
    known = begun(kind, tmp_path, by_certificate=True, passwords=False)
    service, device = (known.authority.certificate(name, named=True) for name in ("emon", "d-1"))
    (tmp_path / "elsewhere").mkdir()
    stranger = Authority(tmp_path / "elsewhere").certificate("emon", named=True)
    await known.broker.start()
    try:
        for uninvited in (None, stranger):
            assert not await known.greets(uninvited)
        async with source_type(known.shown(service)) as source:
            with contextlib.suppress(aiomqtt.MqttError):
                await known.publish_as(device, "emon/v1/d-2/fix", b"forged")
            await known.publish_as(device, "emon/v1/d-1/fix", b"own")
            assert await known.greets(device)
            (delivery,) = await take(source, 1)
            assert (delivery.topic, delivery.payload) == ("emon/v1/d-1/fix", b"own")
            await source.acknowledge([delivery])
            assert await nothing_more(source)
    finally:
        await known.broker.stop()


async def test_nats_asks_for_the_password_beside_the_certificate(
    tmp_path: Path, source_type: SourceType
) -> None:
    """Where the user's line keeps one, as `emon broker sync` writes it: one stolen alone is no use."""
    known = begun("nats", tmp_path, by_certificate=True)
    service = known.authority.certificate("emon", named=True)
    await known.broker.start()
    try:
        assert await known.greets(service)
        with pytest.raises(BrokerUnavailable, match=r"(?i)not authori"):
            await source_type(known.shown(service), give_up_s=0.2).__aenter__()
        async with source_type(f"{known.url()}&cert_file={service}") as source:
            assert source.connected
    finally:
        await known.broker.stop()
