"""How each recipient is reached: one route a party, read and checked by ``recipients.py``."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from emon.model.vocabulary import Party


class Secret:
    """A secret that shows itself only when asked: never in a log, a traceback or a ``repr``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Languages(StrEnum):
    """In which languages a recipient is written to; ``both``: Dutch first, then English."""

    NL = "nl"
    EN = "en"
    BOTH = "both"


class MailSecurity(StrEnum):
    """``tls``: from the first byte; ``starttls``: required, not just tried; ``none``: in clear."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class WebhookRoute(msgspec.Struct, frozen=True):
    """``secret`` signs our messages and the party's acknowledgements (``whsec_…``, base64)."""

    party: Party
    url: str
    secret: Secret
    ca_file: str | None = None

    @property
    def channel(self) -> str:
        return "webhook"


class SmtpRoute(msgspec.Struct, frozen=True):
    """``secret``, where there is one, verifies the party's acknowledgements only."""

    party: Party
    to: str
    sender: str
    host: str
    port: int
    security: MailSecurity
    username: str | None = None
    password: Secret | None = None
    secret: Secret | None = None
    ca_file: str | None = None

    @property
    def channel(self) -> str:
        return "smtp"


Route = WebhookRoute | SmtpRoute
