"""What every channel must do, against real servers: a receipt, no receipt, and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import pytest

from emon import clock
from emon.alerts.channels import Channel, SendResult
from emon.alerts.channels.apprise_url import AppriseChannel
from emon.alerts.channels.cap import CapChannel
from emon.alerts.channels.mqtt import MqttChannel
from emon.alerts.channels.webhook import WebhookChannel
from emon.alerts.compose import Composer
from emon.alerts.dispatcher import DispatcherLimits
from emon.alerts.outbox import Outcome
from emon.alerts.routes import AppriseRoute, CapRoute, MqttRoute, Secret, WebhookRoute
from emon.heartbeats import Beating
from emon.model.vocabulary import Party
from tests.alerts.certificates import Authority
from tests.alerts.parts import BREACH, MemoryOutbox, TestClock, dispatching, due
from tests.alerts.servers import HttpRecipient, Talk, http, talking
from tests.fixtures_brokers import Broker

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
COMPOSER = Composer("https://emon.example", frozenset({"politie", "meldkamer_em"}), "meldkamer_em")
DELIVERY = due(BREACH.id, "politie")
Open = Callable[[int], Channel]


def webhook(port: int) -> Channel:
    return WebhookChannel(
        WebhookRoute(Party.POLITIE, f"http://127.0.0.1:{port}/in", Secret(SECRET)), COMPOSER, clock.now_us
    )


def cap(port: int) -> Channel:
    route = CapRoute(
        Party.POLITIE, f"http://127.0.0.1:{port}/in", Secret(SECRET), sender="emon@centre.example"
    )
    return CapChannel(route, COMPOSER, clock.now_us)


def apprise(port: int) -> Channel:
    return AppriseChannel(
        AppriseRoute(Party.POLITIE, Secret(f"json://u:geheim@127.0.0.1:{port}/in")), COMPOSER, clock.now_us
    )


POSTING = pytest.mark.parametrize("open_channel", [webhook, cap, apprise])
SIGNED = pytest.mark.parametrize("open_channel", [webhook, cap])


@asynccontextmanager
async def opened(open_channel: Open, port: int) -> AsyncIterator[Channel]:
    channel = open_channel(port)
    try:
        yield channel
    finally:
        await channel.close()


async def sent(open_channel: Open, server: Talk) -> SendResult:
    async with talking(server) as port, opened(open_channel, port) as channel:
        return await channel.send(DELIVERY)


@POSTING
async def test_a_2xx_is_the_receipt(open_channel: Open) -> None:
    server = HttpRecipient(http("200 OK", body=b"{}"))
    result = await sent(open_channel, server)
    assert result.outcome is Outcome.DELIVERED
    assert b"0123456789abcdef" in server.requests[0].body


@POSTING
@pytest.mark.parametrize(
    "answer",
    [
        http("500 Internal Server Error"),
        http("503 Service Unavailable", "retry-after: 7"),
        b"\x16\x03\x01garbage, and more of it\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"x" * 200_000,
    ],
    ids=["500", "503", "tls", "status", "endless"],
)
async def test_a_fault_or_garbage_is_no_receipt(open_channel: Open, answer: bytes) -> None:
    result = await sent(open_channel, _OnceThenGone(answer))
    assert result.outcome is Outcome.FAILED


@SIGNED
@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"", 9 * http("103 Early Hints")],
    ids=["header", "half", "nothing", "hints"],
)
async def test_half_an_answer_is_no_receipt(open_channel: Open, answer: bytes) -> None:
    assert (await sent(open_channel, _OnceThenGone(answer))).outcome is Outcome.FAILED


class _OnceThenGone(HttpRecipient):
    """Answers, and hangs up."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()


@POSTING
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_a_redirect_is_never_followed(open_channel: Open, status: str) -> None:
    elsewhere = HttpRecipient(http("200 OK"))
    async with talking(elsewhere) as other:
        result = await sent(open_channel, HttpRecipient(http(status, f"location: http://127.0.0.1:{other}/")))
    assert result.outcome is not Outcome.DELIVERED
    assert elsewhere.connections == 0, "nothing of ours, least of all our signature, went there"


@SIGNED
async def test_what_answers_too_late_or_never_is_no_receipt_and_delays_nobody(open_channel: Open) -> None:
    """The limit of an attempt is the dispatcher's; the server's answer comes when the attempt has ended."""
    ended = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await ended.wait()
        writer.write(http("204 No Content"))
        await writer.drain()

    outbox = MemoryOutbox(DELIVERY, due("other", "om"))
    quick = HttpRecipient(http("204 No Content"))
    limits = DispatcherLimits(attempt_timeout_s=2.0)  # a busy machine too takes less for the other
    async with (
        talking(late) as slow_port,
        talking(quick) as quick_port,
        opened(open_channel, slow_port) as slow,
        opened(webhook, quick_port) as other,
        dispatching(outbox, {"politie": slow, "om": other}, TestClock(), limits),
    ):
        await outbox.until(lambda: "other:om" in outbox.attempts)
        assert DELIVERY.id not in outbox.attempts
        await outbox.until(lambda: DELIVERY.id in outbox.attempts)
        ended.set()
    assert outbox.outcomes(DELIVERY.id) == [Outcome.FAILED]
    assert "no receipt within 2 s" in outbox.attempts[DELIVERY.id][0].detail


@SIGNED
@pytest.mark.parametrize("keep", [True, False])
async def test_an_answer_that_says_who_took_it_acknowledges(open_channel: Open, keep: bool) -> None:
    body = b'{"acknowledged_by": "A. de  Vries"}' if keep else b'{"acknowledged_by": "\\u202eA"}'
    result = await sent(open_channel, HttpRecipient(http("200 OK", body=body)))
    assert result.acknowledged == (("politie", "A. de Vries") if keep else None)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def over_tls(
    authority: Authority, certificate: Path, *, shows: Path | None = None, asks: bool = False
) -> tuple[SendResult, HttpRecipient]:
    server = HttpRecipient(http("204 No Content"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.ca_file)
    async with talking(server, tls=context) as port:
        route = WebhookRoute(
            Party.POLITIE,
            f"https://127.0.0.1:{port}/in",
            Secret(SECRET),
            ca_file=str(authority.ca_file),
            cert_file=None if shows is None else str(shows),
        )
        channel = WebhookChannel(route, COMPOSER, clock.now_us)
        result = await channel.send(DELIVERY)
        await channel.close()
    return result, server


async def test_an_expired_certificate_gets_nothing(authority: Authority) -> None:
    result, server = await over_tls(authority, authority.certificate("old", expired=True))
    assert result.outcome is Outcome.FAILED
    assert "certificate has expired" in result.detail
    assert server.requests == []


async def test_mutual_tls_shows_our_certificate(authority: Authority) -> None:
    ours = authority.certificate("emon")
    result, server = await over_tls(authority, authority.certificate("police"), shows=ours, asks=True)
    assert (result.outcome, len(server.requests)) == (Outcome.DELIVERED, 1)


async def test_a_recipient_that_asks_for_a_certificate_takes_nothing_without(authority: Authority) -> None:
    result, server = await over_tls(authority, authority.certificate("police"), asks=True)
    assert result.outcome is Outcome.FAILED
    assert server.requests == []


async def test_a_broker_s_puback_is_the_receipt(broker: Broker) -> None:
    parts, reading = urlsplit(broker.url("d-1")), urlsplit(broker.url("tester"))
    route = MqttRoute(
        Party.POLITIE,
        parts.hostname or "",
        parts.port or 0,
        "emon/v1/d-1/event",
        tls=False,
        username=parts.username,
        password=Secret(parts.password or ""),
        secret=Secret(SECRET),
    )
    channel = MqttChannel(route, COMPOSER, clock.now_us)
    async with aiomqtt.Client(
        route.host, route.port, username=reading.username, password=reading.password, timeout=120.0
    ) as reader:
        await reader.subscribe(route.topic, qos=1)
        result = await channel.send(DELIVERY)
        message = await anext(aiter(reader.messages))
        assert isinstance(channel, Beating), "every recipient with a topic gets heartbeats (docs/audit.md)"
        beat = await channel.beat("heartbeat:politie:7", b'{"type":"heartbeat"}', clock.now_us())
        beaten = await anext(aiter(reader.messages))
    assert beat.outcome is Outcome.DELIVERED
    assert isinstance(beaten.payload, bytes)
    held = json.loads(beaten.payload)
    assert (held["webhook-id"], held["body"]) == ("heartbeat:politie:7", '{"type":"heartbeat"}')
    assert held["webhook-signature"].startswith("v1,")
    assert (result.outcome, result.detail) == (Outcome.DELIVERED, "PUBACK")
    assert (message.qos, message.retain) == (1, False)
    assert isinstance(message.payload, bytes)
    content = json.loads(message.payload)
    assert json.loads(content["body"])["data"]["id"] == BREACH.id
    assert content["webhook-signature"].startswith("v1,")
    await broker.kill()
    assert (await channel.send(DELIVERY)).outcome is Outcome.FAILED
    await broker.start()
    assert (await channel.send(DELIVERY)).outcome is Outcome.DELIVERED
    await channel.close()


async def test_apprise_says_nothing_of_its_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        result = await sent(apprise, HttpRecipient(http("401 Unauthorized")))
    assert result.outcome is Outcome.FAILED
    assert "geheim" not in caplog.text + result.detail


NODE_RECEIVER = Path(__file__).parent / "data" / "receiver.mjs"


async def test_a_receiver_in_another_language_verifies_what_it_gets(tmp_path: Path) -> None:
    """Node's own crypto and the words of Standard Webhooks; it shares no code with us."""
    node = shutil.which("node")
    assert node is not None, "make test brings Node.js where there is none"
    process = await asyncio.create_subprocess_exec(
        node, str(NODE_RECEIVER), SECRET, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    try:
        async with opened(webhook, port) as channel:
            assert (await channel.send(DELIVERY)).status == 204
        async with opened(cap, port) as channel:
            assert (await channel.send(DELIVERY)).status == 204
        other = WebhookRoute(Party.POLITIE, f"http://127.0.0.1:{port}/", Secret("whsec_" + "A" * 32))
        forged = WebhookChannel(other, COMPOSER, clock.now_us)
        assert (await forged.send(DELIVERY)).status == 401
        await forged.close()
        old = WebhookChannel(
            WebhookRoute(Party.POLITIE, f"http://127.0.0.1:{port}/", Secret(SECRET)),
            COMPOSER,
            lambda: clock.now_us() - 301 * 1_000_000,
        )
        assert (await old.send(DELIVERY)).status == 401
        await old.close()
    finally:
        process.kill()
        await process.wait()
