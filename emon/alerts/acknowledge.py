"""A recipient's signed word that a person has taken an alert in hand.

The recipient posts ``{"alert", "party", "person"}`` to the alert's ``acknowledge_url``, signed as
Standard Webhooks does, with the secret we sign its messages with. The alert's id stands in the
body because the signature covers the body and not the address: without it, an acknowledgement
overheard for one alert could be posted to another's address.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

import msgspec
from standardwebhooks.webhooks import Webhook

from emon.limits import (
    ACKNOWLEDGEMENT_BYTES_MAX,
    CLOSING_NOTE_CHARS_MAX,
    PERSON_CHARS_MAX,
    SIGNATURE_TOLERANCE_S,
)
from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US
from emon.model.resolution import Closing

_SECONDS = re.compile(r"[0-9]{1,11}\Z", re.ASCII)
_SIGNATURES_MAX = 16  # a header may hold several while a secret is replaced; more is abuse


Secrets = str | Sequence[str]
_Said = TypeVar("_Said", bound=msgspec.Struct)


class Refusal(StrEnum):
    """Whose fault it is: ``unsigned`` is answered with 401, ``malformed`` with 400."""

    UNSIGNED = "unsigned"
    MALFORMED = "malformed"


class AcknowledgementRefused(Exception):
    """The acknowledgement does not count. ``reason`` says why, in words for the recipient."""

    def __init__(self, refusal: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal
        self.reason = reason

    @property
    def http_status(self) -> int:
        return 401 if self.refusal is Refusal.UNSIGNED else 400


class Acknowledgement(msgspec.Struct, frozen=True):
    """Who took which alert in hand, and when it was signed."""

    alert: str
    party: str
    person: str
    signed_at_us: int


class _Body(msgspec.Struct, frozen=True):
    alert: str
    party: str
    person: str


class _Party(msgspec.Struct, frozen=True):
    party: str


def claimed_party(body: bytes) -> str:
    """The party that a body says it is from, **not yet verified**: only to look up its secret.

    Raises ``AcknowledgementRefused`` when the body cannot be read.
    """
    return _read_as(_Party, body).party


def verify_acknowledgement(
    headers: Mapping[str, str], body: bytes, secret: Secrets, now_us: int, *, alert_id: str
) -> Acknowledgement:
    """Verify the signature over the exact bytes of ``body`` and read it.

    ``headers`` as received, in any letter case; ``secret`` is the claimed party's (``whsec_…``), or all
    that hold while one replaces another; ``alert_id`` is the alert that the address names.
    Whether that alert was meant for the party is
    the caller's question, since only the store knows.

    Raises ``AcknowledgementRefused``: header missing or unreadable, signed more than five minutes
    before or after ``now_us``, no matching signature, a body that is not the three members, or
    another alert's acknowledgement.
    """
    signed_at_s = _verify(headers, body, secret, now_us)
    content = _read(body)
    if content.alert != alert_id:
        raise AcknowledgementRefused(Refusal.MALFORMED, "signed for another alert")
    return Acknowledgement(content.alert, content.party, content.person, signed_at_s * SECOND_US)


class SignedClosing(msgspec.Struct, frozen=True):
    """Who closes which alert, and with what."""

    alert: str
    party: str
    person: str
    closing: Closing


def verify_closing(
    headers: Mapping[str, str], body: bytes, secret: Secrets, now_us: int, *, alert_id: str
) -> SignedClosing:
    """As ``verify_acknowledgement``, of a body that has ``cause``, ``outcome``, and where they are wanted
    ``victim_outcome`` and ``note`` beside the three members. Raises the same."""
    _verify(headers, body, secret, now_us)
    said = _read(body)
    try:
        closing = msgspec.json.decode(body, type=Closing)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise AcknowledgementRefused(Refusal.MALFORMED, f"body: {fault}") from None
    note = plain_note(closing.note)
    if said.alert != alert_id:
        raise AcknowledgementRefused(Refusal.MALFORMED, "signed for another alert")
    return SignedClosing(said.alert, said.party, said.person, msgspec.structs.replace(closing, note=note))


class SignedAnswer(msgspec.Struct, frozen=True):
    """What whom of the police says of which incident."""

    incident: str
    party: str
    person: str
    answer: PoliceAnswer
    note: str


class _Answer(msgspec.Struct, frozen=True):
    incident: str
    party: str
    person: str
    answer: PoliceAnswer
    note: str = ""


def verify_answer(
    headers: Mapping[str, str], body: bytes, secret: Secrets, now_us: int, *, incident: str
) -> SignedAnswer:
    """As ``verify_acknowledgement``, of a body with ``incident``, ``party``, ``person``, ``answer`` and where
    there is one ``note``. Raises the same."""
    _verify(headers, body, secret, now_us)
    said = _read_as(_Answer, body)
    note = plain_note(said.note)
    if said.incident != incident:
        raise AcknowledgementRefused(Refusal.MALFORMED, "signed for another incident")
    return SignedAnswer(said.incident, said.party, _person(said.person), said.answer, note)


def plain_note(given: str) -> str:
    """A note on one line. Raises ``AcknowledgementRefused`` where it is too long."""
    note = " ".join(given.split())
    if len(note) > CLOSING_NOTE_CHARS_MAX:
        too_long = f"body: note: at most {CLOSING_NOTE_CHARS_MAX} characters"
        raise AcknowledgementRefused(Refusal.MALFORMED, too_long)
    return note


def _verify(headers: Mapping[str, str], body: bytes, secret: Secrets, now_us: int) -> int:
    """The second at which the body was signed, once its signature holds."""
    message_id, signed_at_s, signatures = _signature_headers(headers)
    if abs(now_us - signed_at_s * SECOND_US) > SIGNATURE_TOLERANCE_S * SECOND_US:
        raise AcknowledgementRefused(Refusal.UNSIGNED, "webhook-timestamp is more than 5 minutes off")
    if len(body) > ACKNOWLEDGEMENT_BYTES_MAX:
        raise AcknowledgementRefused(Refusal.MALFORMED, "body is too large")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise AcknowledgementRefused(Refusal.MALFORMED, "body is not UTF-8") from None
    signed_at = datetime.fromtimestamp(signed_at_s, UTC)
    secrets = (secret,) if isinstance(secret, str) else secret
    expected = [_decoded(Webhook(one).sign(message_id, signed_at, text)) for one in secrets]
    matches = [hmac.compare_digest(ours, _decoded(given)) for ours in expected for given in signatures]
    if not any(matches):
        raise AcknowledgementRefused(Refusal.UNSIGNED, "no matching signature")
    return signed_at_s


def _signature_headers(headers: Mapping[str, str]) -> tuple[str, int, list[str]]:
    lower = {name.lower(): value for name, value in headers.items()}
    missing = [n for n in ("webhook-id", "webhook-timestamp", "webhook-signature") if not lower.get(n)]
    if missing:
        raise AcknowledgementRefused(Refusal.UNSIGNED, f"missing header: {', '.join(missing)}")
    if _SECONDS.match(lower["webhook-timestamp"]) is None:
        raise AcknowledgementRefused(Refusal.UNSIGNED, "webhook-timestamp is not whole seconds since 1970")
    signatures = lower["webhook-signature"].split()[:_SIGNATURES_MAX]
    return lower["webhook-id"], int(lower["webhook-timestamp"]), signatures


def _decoded(signature: str) -> bytes:
    """The bytes of a ``v1,BASE64`` signature; of anything else none, which match nothing."""
    version, _, encoded = signature.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _read(body: bytes) -> _Body:
    content = _read_as(_Body, body)
    return msgspec.structs.replace(content, person=_person(content.person))


def _read_as(kind: type[_Said], body: bytes) -> _Said:
    if len(body) > ACKNOWLEDGEMENT_BYTES_MAX:
        raise AcknowledgementRefused(Refusal.MALFORMED, "body is too large")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise AcknowledgementRefused(Refusal.MALFORMED, f"body: {fault}") from None


def _person(given: str) -> str:
    person = " ".join(given.split())
    if not person or len(person) > PERSON_CHARS_MAX or not person.isprintable():
        raise AcknowledgementRefused(Refusal.MALFORMED, "body: person: a name of 1 to 200 characters")
    return person
