"""Links by which a person takes an alert in hand, or answers for the police, without an account: signed, for
one use, for a while. Pure.

Theory of operation. A link names the delivery, its alert and party, and when it ends, and is signed over all
of it; so it opens that one thing and cannot be made by anybody else. Asking for it shows a page and changes
nothing, because mail scanners ask for every link that they see; only what the page sends takes the alert in
hand. That counts once for each delivery, however often it was sent; of a link to answer, each word once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from enum import StrEnum
from typing import TypeVar

import msgspec

from emon.limits import LINK_BYTES_MAX, LINK_HOLDS_S
from emon.model.instant import SECOND_US

_ACKNOWLEDGE = b"emon acknowledge link 1\0"
_ANSWER = b"emon answer link 1\0"


class LinkFault(StrEnum):
    FORGED = "forged"
    OLD = "old"
    USED = "used"


class LinkRefused(Exception):
    """The link opens nothing."""

    def __init__(self, fault: LinkFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Link(msgspec.Struct, frozen=True, array_like=True):
    """What a link opens: an acknowledgement of ``alert`` by a person of ``party``, once a delivery."""

    delivery: str
    alert: str
    party: str
    until_s: int


class AnswerLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link opens: the answers of a person of ``party`` about ``incident``, each once a ``message``."""

    message: str
    incident: str
    party: str
    until_s: int


_Kind = TypeVar("_Kind", Link, AnswerLink)


class Links(msgspec.Struct, frozen=True):
    """Makes and reads links. ``public_url`` without a last slash; ``secret`` at least 32 bytes."""

    public_url: str
    secret: bytes

    def url(self, delivery: str, alert: str, party: str, sent_at_us: int) -> str:
        """The link in a message of that instant."""
        link = Link(delivery, alert, party, sent_at_us // SECOND_US + LINK_HOLDS_S)
        return f"{self.public_url}/ack/{self._token(link, _ACKNOWLEDGE)}"

    def answer_url(self, message: str, incident: str, party: str, sent_at_us: int) -> str:
        """The link to answer in a message of that instant."""
        link = AnswerLink(message, incident, party, sent_at_us // SECOND_US + LINK_HOLDS_S)
        return f"{self.public_url}/answer/{self._token(link, _ANSWER)}"

    def read(self, token: str, now_us: int) -> Link:
        """Raises ``LinkRefused``: not one of ours, or its time is over."""
        return self._read(token, now_us, Link, _ACKNOWLEDGE)

    def read_answer(self, token: str, now_us: int) -> AnswerLink:
        """As ``read``, of a link to answer."""
        return self._read(token, now_us, AnswerLink, _ANSWER)

    def _read(self, token: str, now_us: int, kind: type[_Kind], purpose: bytes) -> _Kind:
        content, _, seal = token.partition(".")
        if len(token) > LINK_BYTES_MAX or not token.isascii():
            raise LinkRefused(LinkFault.FORGED)
        if not hmac.compare_digest(seal, self._seal(content, purpose)):
            raise LinkRefused(LinkFault.FORGED)
        try:
            link = msgspec.json.decode(
                base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)), type=kind
            )
        except (binascii.Error, ValueError, msgspec.DecodeError):
            raise LinkRefused(LinkFault.FORGED) from None
        if now_us >= link.until_s * SECOND_US:
            raise LinkRefused(LinkFault.OLD)
        return link

    def _token(self, link: Link | AnswerLink, purpose: bytes) -> str:
        content = base64.urlsafe_b64encode(msgspec.json.encode(link)).decode().rstrip("=")
        return f"{content}.{self._seal(content, purpose)}"

    def _seal(self, content: str, purpose: bytes) -> str:
        digest = hmac.digest(self.secret, purpose + content.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
