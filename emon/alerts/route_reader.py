"""Reads one party's route and reports every fault by its path."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emon.alerts.routes import MailSecurity, Route, Secret, SmtpRoute, WebhookRoute
from emon.limits import WEBHOOK_SECRET_BYTES_MAX, WEBHOOK_SECRET_BYTES_MIN
from emon.model.order import Fault
from emon.model.vocabulary import Party

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z", re.ASCII)
_SECRET_KEYS = ("secret", "secret_env", "secret_file")
_PASSWORD_KEYS = ("password", "password_env", "password_file")
_KEYS = {
    "webhook": {"channel", "url", "ca_file", "plaintext", *_SECRET_KEYS},
    "smtp": {
        *("channel", "to", "from", "server", "security", "username", "ca_file", "plaintext"),
        *(*_SECRET_KEYS, *_PASSWORD_KEYS),
    },
}


class RouteReader:
    """Collects faults into the given list; a route with a fault is None."""

    def __init__(self, faults: list[Fault], environ: Mapping[str, str], folder: Path) -> None:
        self._faults = faults
        self._environ = environ
        self._folder = folder
        self._path = ""
        self._entry: dict[str, Any] = {}

    def read(self, party: Party, entry: Any, path: str | None = None) -> Route | None:
        """``path``: where the entry stands, if not among the recipients."""
        self._path = f"recipients.{party}" if path is None else path
        if not isinstance(entry, dict):
            self._fault("", "must be an object")
            return None
        self._entry = entry
        before = len(self._faults)
        channel = entry.get("channel")
        if not isinstance(channel, str) or channel not in _KEYS:
            self._fault("channel", f"must be one of {', '.join(_KEYS)}")
            return None
        for name in sorted(map(str, entry.keys() - _KEYS[channel])):
            self._fault(name, f"unknown member for the channel {channel}")
        route = self._webhook(party) if channel == "webhook" else self._smtp(party)
        return route if len(self._faults) == before else None

    def _webhook(self, party: Party) -> Route:
        url = self._text("url") or ""
        if url:
            self._check_url(url)
        secret = self._signing_secret(required=True)
        return WebhookRoute(party, url, secret or Secret(""), self._file_name("ca_file"))

    def _smtp(self, party: Party) -> Route:
        host, port = self._server()
        security = self._security(host)
        username = self._text("username", required=False)
        password = self._secret_text(_PASSWORD_KEYS, required=username is not None)
        if password is not None and username is None:
            self._fault("username", "is required beside a password")
        return SmtpRoute(
            party=party,
            to=self._address("to"),
            sender=self._address("from"),
            host=host,
            port=port,
            security=security,
            username=username,
            password=Secret(password) if password is not None else None,
            secret=self._signing_secret(required=False),
            ca_file=self._file_name("ca_file"),
        )

    def _fault(self, member: str, message: str) -> None:
        self._faults.append(Fault(f"{self._path}.{member}" if member else self._path, message))

    def _text(self, member: str, *, required: bool = True) -> str | None:
        value = self._entry.get(member)
        if value is None:
            if required:
                self._fault(member, "is required")
            return None
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self._fault(member, "must be a text of printable characters, not empty")
            return None
        return value

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as fault:
            self._fault("url", f"not an address: {fault}")
            return
        if parts.scheme not in ("https", "http") or not host or not url.isascii() or " " in url:
            self._fault("url", "must be an https:// address")
        elif parts.username is not None or parts.password is not None or parts.fragment:
            self._fault("url", "must have neither user, password nor fragment")
        elif parts.scheme == "http" and not self._plaintext_allowed(host):
            self._fault("url", 'must be https:// beyond this machine, or set "plaintext": true')

    def _plaintext_allowed(self, host: str) -> bool:
        """In clear only within this machine, or where the configuration says so in so many words."""
        allowed = self._entry.get("plaintext", False)
        if not isinstance(allowed, bool):
            self._fault("plaintext", "must be true or false")
        if allowed is True or host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def _server(self) -> tuple[str, int]:
        server = self._text("server")
        if server is None:
            return "", 0
        try:
            parts = urlsplit(f"//{server}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or not port or parts.path or parts.username is not None:
            self._fault("server", "must be HOST:PORT")
            return "", 0
        return host, port

    def _security(self, host: str) -> MailSecurity:
        named = self._text("security", required=False) or "starttls"
        if named not in set(MailSecurity):
            self._fault("security", f"must be one of {', '.join(MailSecurity)}")
            return MailSecurity.STARTTLS
        security = MailSecurity(named)
        if security is MailSecurity.NONE and host and not self._plaintext_allowed(host):
            self._fault("security", 'must be starttls or tls beyond this machine, or set "plaintext": true')
        return security

    def _address(self, member: str) -> str:
        address = self._text(member)
        if address is not None and _ADDRESS.match(address) is None:
            self._fault(member, "must be one mail address, NAME@DOMAIN")
        return address or ""

    def _file_name(self, member: str) -> str | None:
        name = self._text(member, required=False)
        if name is None:
            return None
        file = self._folder / name
        if not file.is_file():
            self._fault(member, f"no such file: {file}")
        return str(file)

    def _signing_secret(self, *, required: bool) -> Secret | None:
        text = self._secret_text(_SECRET_KEYS, required=required)
        if text is None:
            return None
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not WEBHOOK_SECRET_BYTES_MIN <= len(key) <= WEBHOOK_SECRET_BYTES_MAX:
            span = f"{WEBHOOK_SECRET_BYTES_MIN} to {WEBHOOK_SECRET_BYTES_MAX}"
            self._fault("secret", f"must be whsec_ and the base64 of {span} random bytes")
            return None
        return Secret(text)

    def _secret_text(self, members: tuple[str, ...], *, required: bool) -> str | None:
        """The value of exactly one of: in the file itself, in an environment variable, in a file."""
        plain, env, file = members
        given = [member for member in members if member in self._entry]
        if len(given) != 1:
            if given or required:
                self._fault(plain, f"exactly one of {', '.join(members)} is required")
            return None
        value = self._text(given[0])
        if value is None or given[0] == plain:
            return value
        if given[0] == env:
            found = self._environ.get(value, "").strip()
            if not found:
                self._fault(env, f"the environment variable {value} is not set")
            return found or None
        return self._secret_from_file(file, self._folder / value)

    def _secret_from_file(self, member: str, file: Path) -> str | None:
        try:
            found = file.read_text().strip()
        except (OSError, UnicodeDecodeError) as fault:
            self._fault(member, f"cannot read {file}: {fault}")
            return None
        if not found:
            self._fault(member, f"{file} is empty")
        return found or None
