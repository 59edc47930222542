"""The URL of an MQTT broker, as ``EMON_MQTT_URL`` holds it: where, who, and how to connect."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from emon.limits import KEEPALIVE_S, RECEIVE_WINDOW_MESSAGES

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_VERSIONS = ("auto", "5", "3.1.1")
_PACKET_IDS_MAX = 65_535  # MQTT 5, 3.1.2.11.3: Receive Maximum is a two-byte integer above 0


class BrokerAddress(msgspec.Struct, frozen=True):
    """``mqtt://USER:PASSWORD@HOST:PORT?OPTION=VALUE&…``, read and checked.

    Options: ``client_id`` (names the session; two services with one id evict each other), ``version``
    (``5``, ``3.1.1``; ``auto`` tries 5 first), ``window`` (messages the broker may send unacknowledged),
    ``keepalive_s``; with ``mqtts://`` also ``ca_file``, ``cert_file``, ``key_file``.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    client_id: str | None = None
    version: str = "auto"
    window: int = RECEIVE_WINDOW_MESSAGES
    keepalive_s: int = KEEPALIVE_S
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    @classmethod
    def parse(cls, url: str) -> BrokerAddress:
        """Raises ``ValueError`` with a sentence that names the part at fault, never the password."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise ValueError("an MQTT URL begins with mqtt:// or mqtts://")
        if not parts.hostname:
            raise ValueError("the MQTT URL names no host")
        if parts.path not in ("", "/"):
            raise ValueError(f"an MQTT URL has no path: {parts.path}")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise ValueError("the MQTT URL's port is no number from 1 to 65535") from None
        tls = parts.scheme == "mqtts"
        options = _options(parts.query, tls)
        return cls(
            host=parts.hostname,
            port=port,
            tls=tls,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            client_id=options.client_id,
            version=options.version,
            window=options.window,
            keepalive_s=options.keepalive_s,
            ca_file=options.ca_file,
            cert_file=options.cert_file,
            key_file=options.key_file,
        )

    def __str__(self) -> str:
        """For messages: without the password."""
        scheme = "mqtts" if self.tls else "mqtt"
        user = "" if self.user is None else f"{self.user}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{user}{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """None for ``mqtt://``. Raises ``ValueError`` for certificate files that cannot be used."""
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as fault:  # ssl.SSLError is one
            files = ", ".join(f for f in (self.ca_file, self.cert_file, self.key_file) if f)
            raise ValueError(f"the MQTT URL's certificates cannot be used ({files}): {fault}") from None
        return context


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    client_id: str | None = None
    version: str = "auto"
    window: int = RECEIVE_WINDOW_MESSAGES
    keepalive_s: int = KEEPALIVE_S
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


def _options(query: str, tls: bool) -> _Options:
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        options = msgspec.convert(given, _Options, strict=False)
    except msgspec.ValidationError as fault:
        known = ", ".join(_Options.__struct_fields__)
        raise ValueError(f"the MQTT URL's options are wrong: {fault}; known are {known}") from None
    if options.version not in _VERSIONS:
        raise ValueError(f"the MQTT URL's version is one of {', '.join(_VERSIONS)}")
    if not 1 <= options.window <= _PACKET_IDS_MAX:
        raise ValueError(f"the MQTT URL's window is 1 to {_PACKET_IDS_MAX}")
    if not 1 <= options.keepalive_s <= _PACKET_IDS_MAX:
        raise ValueError(f"the MQTT URL's keepalive_s is 1 to {_PACKET_IDS_MAX}")
    files = [f for f in (options.ca_file, options.cert_file, options.key_file) if f is not None]
    if files and not tls:
        raise ValueError("the MQTT URL names certificate files, which need mqtts://")
    missing = [f for f in files if not Path(f).is_file()]
    if missing:
        raise ValueError(f"the MQTT URL names files that do not exist: {', '.join(missing)}")
    return options
