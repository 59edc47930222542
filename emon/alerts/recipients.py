"""Who is reached how: the recipients' part of the configuration, checked as a whole at start.

::

    {"recipients": {
      "politie":      {"channel": "webhook", "url": "https://…", "secret_env": "EMON_SECRET_POLITIE"},
      "meldkamer_em": {"channel": "smtp", "to": "…@…", "from": "…@…", "server": "mail.example:587",
                       "security": "starttls", "username": "…", "password_file": "…"}}}

No alert may vanish for want of a route. The monitoring centre (``meldkamer_em``) must have one; an
alert for a party without a route of its own goes to the monitoring centre, whose message then
names the party that it has to warn itself, and the service says so at start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from emon.alerts.route_reader import RouteReader
from emon.alerts.routes import Route
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.order import Fault
from emon.model.vocabulary import Party

FALLBACK = Party.MELDKAMER_EM


class RecipientsRefused(Exception):
    """The configuration cannot be used. ``faults``: all of them, each with its place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class Recipients(msgspec.Struct, frozen=True):
    """Routes by party. Made by ``load_recipients``, which has found no fault in them."""

    routes: dict[Party, Route]
    fallback: Party = FALLBACK

    def deliveries(self, alert: Alert) -> list[NewDelivery]:
        """One delivery for each recipient of the alert, and never none."""
        parties: list[Party] = []
        for party in alert.recipients or (self.fallback,):
            reached = party if party in self.routes else self.fallback
            if reached not in parties:
                parties.append(reached)
        return [NewDelivery(alert.id, str(party), self.routes[party].channel) for party in parties]

    def warnings(self, parties: Iterable[Party]) -> list[str]:
        """A sentence for each of the parties (those a policy names) that has no route."""
        return [
            f"{party} has no route: its alerts go to {self.fallback}, marked as not delivered to {party}"
            for party in parties
            if party not in self.routes
        ]

    def secret_of(self, party: str) -> str | None:
        """The secret that signs this party's acknowledgements; None where it has none."""
        for known, route in self.routes.items():
            if known == party and route.secret is not None:
                return route.secret.reveal()
        return None


def load_recipients(
    source: Path | bytes, *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Recipients:
    """Read a configuration, from its file or its bytes.

    Secrets named by ``secret_env`` come from ``environ`` (default: the process's), relative file
    names count from the configuration's own folder, or from ``folder`` where bytes are given.

    Raises ``RecipientsRefused`` with every fault.
    """
    if isinstance(source, Path):
        folder = source.parent
        try:
            content = source.read_bytes()
        except OSError as fault:
            raise RecipientsRefused((Fault("", f"cannot read {source}: {fault.strerror}"),)) from None
    else:
        content = source
    faults: list[Fault] = []
    document = _document(content, faults)
    entries = _entries(document, faults)
    reader = RouteReader(faults, os.environ if environ is None else environ, folder or Path())
    routes: dict[Party, Route] = {}
    for name, entry in entries.items():
        if name not in set(Party):
            faults.append(Fault(f"recipients.{name}", f"not a party; known are {', '.join(Party)}"))
            continue
        route = reader.read(Party(name), entry)
        if route is not None:
            routes[Party(name)] = route
    if str(FALLBACK) not in entries and not faults:
        need = "is required: it hears what has no route of its own"
        faults.append(Fault(f"recipients.{FALLBACK}", need))
    if faults:
        raise RecipientsRefused(tuple(faults))
    return Recipients(routes)


def _document(source: bytes, faults: list[Fault]) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen:  # of two routes for one party the first would vanish unseen
                faults.append(Fault("", f"member {name!r} stands twice in one object"))
            seen[name] = value
        return seen

    try:
        return json.loads(source, object_pairs_hook=members)
    except (ValueError, RecursionError) as fault:
        faults.append(Fault("", f"not JSON: {fault}"))
        return None


def _entries(document: Any, faults: list[Fault]) -> dict[str, Any]:
    if document is None and faults:
        return {}
    if not isinstance(document, dict):
        faults.append(Fault("", "must be a JSON object with the member recipients"))
        return {}
    for name in document:
        if name not in ("recipients", "rules"):  # rules: emon/alerts/rules.py
            faults.append(Fault(str(name), "unknown member; known are recipients, rules"))
    entries = document.get("recipients")
    if not isinstance(entries, dict) or not entries:
        faults.append(Fault("recipients", "must be an object with one member for each party"))
        return {}
    return entries
