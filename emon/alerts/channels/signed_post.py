"""A POST signed as Standard Webhooks 1.0 specifies; a 2xx status is the receipt.

``webhook-id`` is the delivery's id and stays the same over all attempts, so a receiver can tell a
repeat; ``webhook-timestamp`` and the signatures are new for each attempt. While one key is being replaced
there are the signatures of both, the newest first, and ``x-emon-keys`` names them in that order.

Redirects are not followed (the specification counts a 3xx as failed: an alert goes where its configuration
says). Certificates are verified; with ``cert_file`` we show one of our own (mutual TLS). A 2xx body may
say which person took the alert in hand, ``{"acknowledged_by": "NAME"}``, or what the police answer about its
incident, ``{"answer": "on_scene", "answered_by": "NAME"}``: it is believed where the recipient has proved who
it is, over TLS or on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

import httpx
import msgspec

from emon.alerts.channels import SendResult, short_detail
from emon.alerts.channels.http_post import Answer, HttpFault, HttpPoster
from emon.alerts.key_ring import key_ring_of
from emon.alerts.outbox import Outcome
from emon.alerts.routes import HttpRoute
from emon.limits import PERSON_CHARS_MAX
from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US, to_us

_PASSING = frozenset({408, 425, 429})  # RFC 9110, 8470, 6585: try again later; so is every 5xx
_OF_THE_MESSAGE = frozenset({400, 406, 409, 411, 413, 414, 415, 417, 422, 431, 451})
"""RFC 9110, section 15.5, RFC 6585, RFC 7725: what is wrong is this request's content or size. All others (no
such address, not allowed, moved) would be answered to any message, and none passes another for them."""


class _Said(msgspec.Struct):
    acknowledged_by: str = ""
    answered_by: str = ""
    answer: PoliceAnswer | None = None


class SignedPoster:
    """One recipient's address, with its own connections, kept open between alerts."""

    def __init__(self, route: HttpRoute, clock_now_us: Callable[[], int]) -> None:
        self._party = str(route.party)
        self._keys = key_ring_of(route)
        self._now_us = clock_now_us
        self._poster = HttpPoster(route.url, _tls_of(route))
        self._is_proved = _proves_itself(route.url)

    async def post(self, webhook_id: str, body: bytes, sent_at_us: int, content_type: str) -> SendResult:
        """Send once. Faults of network or recipient are results."""
        keys = self._keys.at(sent_at_us)
        signed_s = sent_at_us // SECOND_US
        headers = {
            "content-type": content_type,
            "user-agent": "emon",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(signed_s),
            "webhook-signature": " ".join(
                signature(key.secret.reveal(), webhook_id, signed_s, body) for key in keys
            ),
            "x-emon-keys": " ".join(key.id for key in keys),
        }
        try:
            answer = await self._poster.post(headers, body)
        except TimeoutError:
            return SendResult(Outcome.FAILED, None, "no connection in time")
        except (HttpFault, OSError, ssl.SSLError) as fault:
            return SendResult(Outcome.FAILED, None, short_detail(f"{type(fault).__name__}: {fault}"))
        return self._result(answer)

    async def close(self) -> None:
        await self._poster.close()

    def _result(self, answer: Answer) -> SendResult:
        status = answer.status
        detail = short_detail(f"{status} {answer.reason} {answer.begin.decode(errors='replace')}")
        if 200 <= status <= 299:
            said = _said(answer) if answer.begin and answer.whole and self._is_proved else _Said()
            taker, answerer = _name(said.acknowledged_by), _name(said.answered_by)
            taken = None if taker is None else (self._party, taker)
            answered = None
            if answerer is not None and said.answer is not None:
                answered = (self._party, answerer, said.answer)
            return SendResult(Outcome.DELIVERED, status, detail, acknowledged=taken, answered=answered)
        if status in _PASSING or status >= 500:
            pause_s = self._retry_after_s(answer.headers.get("retry-after"))
            return SendResult(Outcome.FAILED, status, detail, retry_after_s=pause_s)
        return SendResult(Outcome.REFUSED, status, detail, of_message=status in _OF_THE_MESSAGE)

    def _retry_after_s(self, value: str | None) -> float | None:
        """RFC 9110 section 10.2.3: seconds, or an HTTP date. What is neither counts as absent."""
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (to_us(aware) - self._now_us()) / SECOND_US


def _said(answer: Answer) -> _Said:
    """What the answer's body says of a person; most say nothing."""
    try:
        return msgspec.json.decode(answer.begin, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Said()


def _name(given: str) -> str | None:
    """A person's name, or None where it is none."""
    person = " ".join(given.split())
    return person if 1 <= len(person) <= PERSON_CHARS_MAX and person.isprintable() else None


def signature(secret: str, webhook_id: str, signed_s: int, body: bytes) -> str:
    """Standard Webhooks, "Signature scheme": HMAC-SHA256 over ``ID.TIMESTAMP.BODY``."""
    digest = hmac.digest(_key_bytes(secret), f"{webhook_id}.{signed_s}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


@lru_cache(maxsize=64)
def _key_bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _tls_of(route: HttpRoute) -> ssl.SSLContext | None:
    if urlsplit(route.url).scheme != "https":
        return None
    if route.ca_file is not None:
        context = ssl.create_default_context(cafile=route.ca_file)
    else:
        context = httpx.create_ssl_context(trust_env=False)
        context.set_alpn_protocols(["http/1.1"])
    if route.cert_file is not None:
        context.load_cert_chain(route.cert_file, route.key_file)
    return context


def _proves_itself(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
