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


class HttpRoute(msgspec.Struct, frozen=True):
    """An address that is posted to. ``secret`` signs our messages and the party's acknowledgements
    (``whsec_…``, base64); with ``keys_file`` the keys stand there and ``secret`` is None. ``cert_file`` and
    ``key_file``: the certificate we show (mutual TLS)."""

    party: Party
    url: str
    secret: Secret | None
    ca_file: str | None = None
    keys_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class WebhookRoute(HttpRoute, frozen=True):
    """JSON."""

    @property
    def channel(self) -> str:
        return "webhook"


class CapRoute(HttpRoute, frozen=True):
    """CAP 1.2 XML. ``sender``: who we are in it, such as ``emon@meldkamer.example``. ``links``: whether its
    documents hold links for one use."""

    sender: str = "emon"
    links: bool = True

    @property
    def channel(self) -> str:
        return "cap"


class SmtpRoute(msgspec.Struct, frozen=True):
    """``secret``, where there is one, verifies the party's acknowledgements only. ``links``: whether its
    mails hold links for one use."""

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
    keys_file: str | None = None
    links: bool = True

    @property
    def channel(self) -> str:
        return "smtp"


class MqttRoute(msgspec.Struct, frozen=True):
    """A topic at a broker. ``secret`` signs the messages, where there is one."""

    party: Party
    host: str
    port: int
    topic: str
    tls: bool
    username: str | None = None
    password: Secret | None = None
    secret: Secret | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    keys_file: str | None = None

    @property
    def channel(self) -> str:
        return "mqtt"


class AppriseRoute(msgspec.Struct, frozen=True):
    """``url``: one of Apprise's, which holds its own secrets. ``secret`` verifies acknowledgements only.
    ``links``: whether its messages hold links for one use. ``short``: they are text messages (SMS): two parts
    of the telephone network's own characters at most."""

    party: Party
    url: Secret
    secret: Secret | None = None
    keys_file: str | None = None
    links: bool = True
    short: bool = False

    @property
    def channel(self) -> str:
        return "apprise"


Route = WebhookRoute | CapRoute | SmtpRoute | MqttRoute | AppriseRoute
