"""Reads one party's route, by its channel, and reports every fault by its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from emon.alerts.route_members import PASSWORD_KEYS, SECRET_KEYS, RouteMembers
from emon.alerts.routes import (
    AppriseRoute,
    CapRoute,
    MailSecurity,
    MqttRoute,
    Route,
    Secret,
    SmtpRoute,
    WebhookRoute,
)
from emon.model.vocabulary import Party

_SIGNED = {*SECRET_KEYS, "keys_file"}
_HTTP = {"channel", "url", "ca_file", "plaintext", "cert_file", "key_file", *_SIGNED}
_SERVER = {"channel", "server", "security", "username", "ca_file", "plaintext", *PASSWORD_KEYS, *_SIGNED}
_URL_KEYS = ("url", "url_env", "url_file")
_KEYS = {
    "webhook": _HTTP,
    "cap": {*_HTTP, "sender", "links"},
    "smtp": {*_SERVER, "to", "from", "links"},
    "mqtt": {*_SERVER, "topic", "cert_file", "key_file"},
    "apprise": {"channel", "links", "short", *_URL_KEYS, *_SIGNED},
}
_SENDER = re.compile(r"[^\s<&,]{1,200}\Z")  # CAP 1.2, 3.2.1: no spaces, commas or restricted characters
_TOPIC = re.compile(r"[^+#\0$][^+#\0]{0,255}\Z")  # MQTT 3.1.1, 4.7: to publish, no wildcards


class RouteReader(RouteMembers):
    """Collects faults into the given list; a route with a fault is None."""

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
        readers: dict[str, Callable[[Party], Route]] = {
            "webhook": self._webhook,
            "cap": self._cap,
            "smtp": self._smtp,
            "mqtt": self._mqtt,
            "apprise": self._apprise,
        }
        route = readers[channel](party)
        return route if len(self._faults) == before else None

    def _webhook(self, party: Party) -> Route:
        return WebhookRoute(party, **self._http())

    def _cap(self, party: Party) -> Route:
        sender = self._text("sender") or ""
        if sender and _SENDER.match(sender) is None:
            self._fault("sender", "must have no spaces, commas, < or &, such as emon@centre.example")
        return CapRoute(party, **self._http(), sender=sender, links=self._flag("links", otherwise=True))

    def _http(self) -> dict[str, Any]:
        url = self._text("url") or ""
        if url:
            self._check_url(url)
        secret, keys_file = self._keys(required=True)
        return {"url": url, "secret": secret, "keys_file": keys_file, **self._certificates()}

    def _certificates(self) -> dict[str, Any]:
        names = {member: self._file_name(member) for member in ("ca_file", "cert_file", "key_file")}
        if names["key_file"] is not None and names["cert_file"] is None:
            self._fault("cert_file", "is required beside key_file")
        return names

    def _smtp(self, party: Party) -> Route:
        host, port = self._server()
        security = self._security(host)
        username, password = self._credentials()
        secret, keys_file = self._keys(required=False)
        return SmtpRoute(
            party=party,
            to=self._address("to"),
            sender=self._address("from"),
            host=host,
            port=port,
            security=security,
            username=username,
            password=password,
            secret=secret,
            ca_file=self._file_name("ca_file"),
            keys_file=keys_file,
            links=self._flag("links", otherwise=True),
        )

    def _mqtt(self, party: Party) -> Route:
        host, port = self._server()
        if self._entry.get("security") == "starttls":
            self._fault("security", "must be tls or none: MQTT has no STARTTLS")
        security = self._security(host, otherwise=MailSecurity.TLS)
        username, password = self._credentials()
        secret, keys_file = self._keys(required=False)
        topic = self._text("topic") or ""
        if topic and _TOPIC.match(topic) is None:
            self._fault("topic", "must be one topic: no + or #, and no $ at its beginning")
        elif topic.split("/")[0] in ("emon", "owntracks"):
            self._fault("topic", "must not be among those of devices (emon/…, owntracks/…)")
        return MqttRoute(
            party=party,
            host=host,
            port=port,
            topic=topic,
            tls=security is not MailSecurity.NONE,
            username=username,
            password=password,
            secret=secret,
            keys_file=keys_file,
            **self._certificates(),
        )

    def _apprise(self, party: Party) -> Route:
        import apprise  # a second to load, and most configurations have none

        url = self._secret_text(_URL_KEYS, required=True)
        if url is not None and apprise.Apprise.instantiate(url) is None:
            self._fault("url", "is not an address that Apprise knows")
        secret, keys_file = self._keys(required=False)
        links = self._flag("links", otherwise=True)
        short = self._flag("short", otherwise=False)
        return AppriseRoute(party, Secret(url or ""), secret, keys_file, links, short)

    def _credentials(self) -> tuple[str | None, Secret | None]:
        username = self._text("username", required=False)
        password = self._secret_text(PASSWORD_KEYS, required=username is not None)
        if password is not None and username is None:
            self._fault("username", "is required beside a password")
        return username, None if password is None else Secret(password)
