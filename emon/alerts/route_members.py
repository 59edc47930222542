"""Reads the members of one route and reports every fault by its path."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emon.alerts.keys import KeysRefused, read_keys, secret_fault
from emon.alerts.routes import MailSecurity, Secret
from emon.model.order import Fault

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z", re.ASCII)
SECRET_KEYS = ("secret", "secret_env", "secret_file")
PASSWORD_KEYS = ("password", "password_env", "password_file")


class RouteMembers:
    """Collects faults into the given list. ``_entry`` is the route that is being read."""

    def __init__(self, faults: list[Fault], environ: Mapping[str, str], folder: Path) -> None:
        self._faults = faults
        self._environ = environ
        self._folder = folder
        self._path = ""
        self._entry: dict[str, Any] = {}

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

    def _flag(self, member: str, *, otherwise: bool) -> bool:
        value = self._entry.get(member, otherwise)
        if not isinstance(value, bool):
            self._fault(member, "must be true or false")
        return value is True

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
        if self._flag("plaintext", otherwise=False) or host == "localhost":
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

    def _security(self, host: str, otherwise: MailSecurity = MailSecurity.STARTTLS) -> MailSecurity:
        named = self._text("security", required=False) or str(otherwise)
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

    def _keys(self, *, required: bool) -> tuple[Secret | None, str | None]:
        """The secret that signs, or the file of keys that rotation replaces."""
        if "keys_file" not in self._entry:
            return self._signing_secret(required=required), None
        if any(member in self._entry for member in SECRET_KEYS):
            self._fault("keys_file", "stands in place of secret, secret_env and secret_file")
        name = self._file_name("keys_file")
        if name is not None and Path(name).is_file():
            try:
                read_keys(Path(name).read_bytes())
            except (OSError, KeysRefused) as fault:
                self._fault("keys_file", f"{name}: {fault}")
        return None, name

    def _signing_secret(self, *, required: bool) -> Secret | None:
        text = self._secret_text(SECRET_KEYS, required=required)
        if text is None:
            return None
        if fault := secret_fault(text):
            self._fault("secret", fault)
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
