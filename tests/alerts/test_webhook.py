"""The webhook channel against real sockets: receipts, faults, signatures, what it refuses to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import format_datetime

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from emon import clock
from emon.alerts.channels import SendResult
from emon.alerts.channels.webhook import WebhookChannel, webhook_body
from emon.alerts.compose import Composer
from emon.alerts.outbox import Outcome
from emon.alerts.routes import Secret, WebhookRoute
from emon.model.instant import SECOND_US, to_datetime
from emon.model.vocabulary import Party
from tests.alerts.parts import BREACH, NOON_US, due
from tests.alerts.servers import DATA, HttpRecipient, http, talking

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
COMPOSER = Composer("https://emon.example", frozenset({"politie", "meldkamer_em"}), "meldkamer_em")
DELIVERY = due(BREACH.id, "politie")


@asynccontextmanager
async def channel_to(url: str, *, ca_file: str | None = None) -> AsyncIterator[WebhookChannel]:
    route = WebhookRoute(Party.POLITIE, url, Secret(SECRET), ca_file)
    channel = WebhookChannel(route, COMPOSER, clock.now_us)
    try:
        yield channel
    finally:
        await channel.close()


async def sent_to(recipient: HttpRecipient) -> SendResult:
    async with talking(recipient) as port, channel_to(f"http://127.0.0.1:{port}/alerts") as channel:
        return await channel.send(DELIVERY)


async def test_the_message_is_signed_as_standard_webhooks_says() -> None:
    recipient = HttpRecipient(http("204 No Content"))
    result = await sent_to(recipient)
    assert (result.outcome, result.status) == (Outcome.DELIVERED, 204)
    (request,) = recipient.requests
    assert request.line == "POST /alerts HTTP/1.1"
    assert request.headers["webhook-id"] == DELIVERY.id
    content = Webhook(SECRET).verify(request.body, request.headers)
    assert content["type"] == "alert"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body.replace(b"w-1", b"w-2"), request.headers)


async def test_all_attempts_carry_one_id_over_one_connection() -> None:
    recipient = HttpRecipient(http("200 OK", body=b"thanks"))
    async with talking(recipient) as port, channel_to(f"http://127.0.0.1:{port}/") as channel:
        for attempts in range(3):
            await channel.send(msgspec.structs.replace(DELIVERY, attempts=attempts))
    assert {request.headers["webhook-id"] for request in recipient.requests} == {DELIVERY.id}
    assert [json.loads(request.body)["data"]["attempt"] for request in recipient.requests] == [1, 2, 3]
    assert recipient.connections == 1


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (http("200 OK", body=b"\x00\xff not JSON \x80"), Outcome.DELIVERED, 200),
        (http("299 Strange"), Outcome.DELIVERED, 299),
        (http("301 Moved Permanently", "location: http://127.0.0.1:1/"), Outcome.REFUSED, 301),
        (http("400 Bad Request", body=b"no such\r\nthing"), Outcome.REFUSED, 400),
        (http("401 Unauthorized"), Outcome.REFUSED, 401),
        (http("410 Gone"), Outcome.REFUSED, 410),
        (http("408 Request Timeout"), Outcome.FAILED, 408),
        (http("429 Too Many Requests"), Outcome.FAILED, 429),
        (http("500 Internal Server Error"), Outcome.FAILED, 500),
        (http("503 Service Unavailable"), Outcome.FAILED, 503),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Outcome.FAILED, None),
    ],
)
async def test_what_an_answer_means(answer: bytes, outcome: Outcome, status: int | None) -> None:
    recipient = HttpRecipient(answer)
    result = await sent_to(recipient)
    assert (result.outcome, result.status) == (outcome, status)
    assert len(recipient.requests) == 1, "nothing is followed or repeated within one attempt"
    assert result.detail.isprintable()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), ("17", 17.0), ("soon", None), ("-4", None), ("999999999999", 999_999_999.0)],
)
async def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    result = await sent_to(HttpRecipient(http("503 Busy", f"retry-after: {value}")))
    assert result.retry_after_s == seconds


async def test_retry_after_as_a_date() -> None:
    at = format_datetime(to_datetime(clock.now_us() + 90 * SECOND_US), usegmt=True)
    result = await sent_to(HttpRecipient(http("429 Busy", f"retry-after: {at}")))
    assert result.retry_after_s is not None
    assert 60 < result.retry_after_s <= 90


async def test_a_status_is_a_receipt_though_its_body_never_comes() -> None:
    begun = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nbegun"
    result = await sent_to(HttpRecipient(begun, hang=True))
    assert (result.outcome, result.status) == (Outcome.DELIVERED, 200)


async def test_an_endless_answer_is_cut() -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    endless = b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n" + chunk
    result = await sent_to(HttpRecipient(endless, hang=True))
    assert (result.outcome, result.status) == (Outcome.FAILED, 500)
    assert len(result.detail) <= 300


async def test_nobody_there_is_a_failure_with_its_reason() -> None:
    async with talking(HttpRecipient(b"")) as port:
        pass
    async with channel_to(f"http://127.0.0.1:{port}/") as channel:
        result = await channel.send(DELIVERY)
    assert (result.outcome, result.status) == (Outcome.FAILED, None)
    assert "ConnectionRefusedError" in result.detail


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    recipient = HttpRecipient(http("204 No Content"))
    async with talking(recipient, tls=True) as port:
        url = f"https://127.0.0.1:{port}/"
        async with channel_to(url) as channel:
            distrusted = await channel.send(DELIVERY)
        async with channel_to(url, ca_file=str(DATA / "self_signed_certificate.pem")) as channel:
            trusted = await channel.send(DELIVERY)
    assert (distrusted.outcome, distrusted.status) == (Outcome.FAILED, None)
    assert "CERTIFICATE_VERIFY_FAILED" in distrusted.detail
    assert trusted.outcome is Outcome.DELIVERED
    assert len(recipient.requests) == 1


async def test_an_attempt_can_be_cut_off_and_the_channel_goes_on() -> None:
    hanging, fine = HttpRecipient(b"", hang=True), HttpRecipient(http("204 No Content"))
    async with talking(hanging) as port, channel_to(f"http://127.0.0.1:{port}/") as channel:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await channel.send(DELIVERY)
        hanging.answer, hanging.hang = fine.answer, False
        result = await channel.send(DELIVERY)
    assert result.outcome is Outcome.DELIVERED


def test_the_body_says_everything_once() -> None:
    content = json.loads(webhook_body(DELIVERY, COMPOSER, NOON_US + SECOND_US))
    data = content["data"]
    texts = data.pop("texts")
    assert set(texts) == {"nl", "en"}
    assert content == {
        "type": "alert",
        "timestamp": "2026-05-04T12:00:00.040000Z",
        "data": {
            "id": "0123456789abcdef",
            "event": "breach",
            "priority": 1,
            "at": "2026-05-04T12:00:00.000000Z",
            "recipients": ["politie", "reclassering", "meldkamer_em"],
            "happened_at": "2026-05-04T11:59:40.000000Z",
            "received_at": "2026-05-04T12:00:00.000000Z",
            "detected_at": "2026-05-04T12:00:00.040000Z",
            "sent_at": "2026-05-04T12:00:01.000000Z",
            "breach": "fedcba9876543210",
            "order": "o-1",
            "worn_for": [],
            "condition": "c-1",
            "kind": "exclusion",
            "certainty": "certain",
            "how": "inside",
            "wearer": "w-1",
            "device": "d-1",
            "risk": "high",
            "legal_basis": None,
            "protected_person": None,
            "opened_at": "2026-05-04T11:59:40.000000Z",
            "closed_at": None,
            "historic": False,
            "refuted": False,
            "position": {
                "lon": 4.4792,
                "lat": 51.9225,
                "accuracy_m": 12.5,
                "fixed_at": "2026-05-04T11:59:59.000000Z",
                "speed_m_s": None,
                "heading_deg": None,
            },
            "zone": None,
            "owner": None,
            "breaches_before": None,
            "last_before": None,
            "delivery": "0123456789abcdef:politie",
            "recipient": "politie",
            "attempt": 1,
            "climb": 0,
            "owed": [],
            "joined": [],
            "unreached": [],
            "acknowledge_url": "https://emon.example/api/v1/alerts/0123456789abcdef/acknowledge",
            "answer_url": "https://emon.example/api/v1/incidents/fedcba9876543210/answers",
        },
    }


def test_the_fallback_is_told_whom_nobody_reached() -> None:
    content = json.loads(webhook_body(due(BREACH.id, "meldkamer_em"), COMPOSER, NOON_US))
    assert content["data"]["unreached"] == ["reclassering"]
    assert "waarschuw deze partij zelf): reclassering" in content["data"]["texts"]["nl"]["body"]


def test_an_odd_alert_id_stays_one_segment_of_the_address() -> None:
    url = COMPOSER.acknowledge_url(due("a/b?é#..", "politie"))
    assert url == "https://emon.example/api/v1/alerts/a%2Fb%3F%C3%A9%23../acknowledge"
