"""Who is reached how: the recipients' part of the configuration, checked as a whole at start.

::

    {"recipients": {
      "politie":      {"channel": "webhook", "url": "https://…", "secret_env": "EMON_SECRET_POLITIE"},
      "meldkamer_em": {"channel": "smtp", "to": "…@…", "from": "…@…", "server": "mail.example:587",
                       "security": "starttls", "username": "…", "password_file": "…"}}}

Channels: ``webhook``, ``cap``, ``smtp``, ``mqtt``, ``apprise`` (docs/recipients.md).

No alert may vanish for want of a route. The monitoring centre (``meldkamer_em``) must have one; an
alert for a party without a route of its own goes to the monitoring centre, whose message then
names the party that it has to warn itself, and the service says so at start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from emon.alerts.key_ring import KeyRing, key_ring
from emon.alerts.policy_tree import read_policy_tree
from emon.alerts.route_reader import RouteReader
from emon.alerts.routes import Languages, Route
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.order import Fault
from emon.model.vocabulary import Party

FALLBACK = Party.MELDKAMER_EM
_MAP_FORM = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*\Z", re.ASCII)
_MAP_FORM_CHARS_MAX = 300
SECTIONS = ("recipients", "rules", "rows", "default_rows", "ladders", "shifts", "contacts", "content")
"""Of a policy file; all but the recipients and the contacts' routes are read by ``emon.policies``."""


class RecipientsRefused(Exception):
    """The configuration cannot be used. ``faults``: all of them, each with its place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class Recipients(msgspec.Struct, frozen=True):
    """Routes by party. Made by ``load_recipients``, which has found no fault in them."""

    routes: dict[Party, Route]
    fallback: Party = FALLBACK
    contacts: dict[str, Route] = {}
    """Routes of the policy's contacts, by their names; a contact's party stands in its route."""
    languages: dict[str, Languages] = {}
    """In which languages a party or contact is written to, where not in both."""
    maps: dict[str, str] = {}
    """The address of the map that a party or contact uses, with {lat} and {lon}; without, `geo:` alone."""

    def deliveries(self, alert: Alert) -> list[NewDelivery]:
        """One delivery for each recipient of the alert and each contact beside them, and never none."""
        reached: dict[str, None] = {}
        for party in alert.recipients or (self.fallback,):
            reached[str(party if party in self.routes else self.fallback)] = None
        for name in alert.also:
            reached[self.reached(name)] = None
        return [self.delivery(alert.id, name) for name in reached]

    def delivery(self, alert_id: str, name: str, climb: int = 0) -> NewDelivery:
        """A delivery to a party or contact that has a route. Raises ``KeyError`` without one."""
        party = str(self.party_of(name)) if name in self.contacts else None
        return NewDelivery(alert_id, name, self.channel_of(name), climb, party)

    def climbing(self, alert_id: str, names: Iterable[str], climb: int) -> list[NewDelivery]:
        """A climb's deliveries: to each of the parties and contacts, or who is reached in its place, once."""
        return [self.delivery(alert_id, one, climb) for one in dict.fromkeys(map(self.reached, names))]

    def reached(self, name: str) -> str:
        """Who is told in place of a party or contact: itself, or, without a route, its party or the
        fallback."""
        if name in self.contacts or name in self.routes:
            return name
        return str(self.fallback)

    def channel_of(self, name: str) -> str:
        """The channel of a party or contact that has a route. Raises ``KeyError`` without one."""
        route = self.contacts.get(name)
        return self.routes[Party(name)].channel if route is None else route.channel

    def party_of(self, name: str) -> Party:
        """The party that a recipient is, or that a contact belongs to."""
        route = self.contacts.get(name)
        return Party(name) if route is None else route.party

    def languages_of(self, name: str) -> Languages:
        """In which languages a party or contact is written to."""
        return self.languages.get(name, Languages.BOTH)

    def warnings(self, parties: Iterable[Party]) -> list[str]:
        """A sentence for each of the parties (those a policy names) that has no route."""
        return [
            f"{party} has no route: its alerts go to {self.fallback}, marked as not delivered to {party}"
            for party in parties
            if party not in self.routes
        ]

    def secret_of(self, party: str) -> str | None:
        """The secret that signs this party's acknowledgements; None where it has none of its own, or a
        file of keys."""
        for known, route in self.routes.items():
            if known == party and route.secret is not None:
                return route.secret.reveal()
        return None

    def keys(self) -> dict[str, KeyRing]:
        """The keys of each party and contact that has some, by name; they follow their files.

        Raises ``KeysRefused`` or ``OSError`` for a file that has become unusable since it was checked.
        """
        named = {**{str(party): route for party, route in self.routes.items()}, **self.contacts}
        return {name: ring for name, route in named.items() if (ring := key_ring(route)) is not None}


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
    document, unreadable = read_policy_tree(content)
    faults = list(unreadable)
    reader = RouteReader(faults, os.environ if environ is None else environ, folder or Path())
    found = Recipients({}, contacts={}, languages={}, maps={})
    entries = _entries(document, faults)
    for name, entry in entries.items():
        if name not in set(Party):
            faults.append(Fault(f"recipients.{name}", f"not a party; known are {', '.join(Party)}"))
            continue
        party = Party(name)
        route = reader.read(party, _route_of(name, entry, f"recipients.{name}", found, faults))
        if route is not None:
            found.routes[party] = route
    _read_contacts(document, reader, found, faults)
    if str(FALLBACK) not in entries and not faults:
        need = "is required: it hears what has no route of its own"
        faults.append(Fault(f"recipients.{FALLBACK}", need))
    if faults:
        raise RecipientsRefused(tuple(faults))
    return found


def _route_of(name: str, entry: Any, path: str, found: Recipients, faults: list[Fault]) -> Any:
    """What of an entry describes the route; its languages and its map are kept."""
    if not isinstance(entry, dict):
        return entry
    language = entry.get("language", Languages.BOTH)
    if isinstance(language, str) and language in set(Languages):
        found.languages[name] = Languages(language)
    else:
        faults.append(Fault(f"{path}.language", f"must be one of {', '.join(Languages)}"))
    form = entry.get("map_link")
    if form is not None and (fault := map_form_fault(form)) is not None:
        faults.append(Fault(f"{path}.map_link", fault))
    elif form is not None:
        found.maps[name] = form
    return {member: value for member, value in entry.items() if member not in ("language", "map_link")}


def map_form_fault(form: Any) -> str | None:
    """Why it is no address of a map, or None. It gives a wearer's place to whoever runs that server."""
    if not isinstance(form, str) or _MAP_FORM.match(form) is None or len(form) > _MAP_FORM_CHARS_MAX:
        return "must be an https:// address without blanks, of 300 characters at most"
    if form.count("{lat}") < 1 or form.count("{lon}") < 1:
        return "must hold {lat} and {lon}"
    if set(form.replace("{lat}", "").replace("{lon}", "")) & {"{", "}"}:
        return "may hold no braces but {lat} and {lon}"
    return None


def _read_contacts(document: Any, reader: RouteReader, found: Recipients, faults: list[Fault]) -> None:
    """The routes of contacts. Who they are, and whether the section is sound, ``emon.policies`` says."""
    contacts = document.get("contacts") if isinstance(document, dict) else None
    for name, entry in contacts.items() if isinstance(contacts, dict) else ():
        party = entry.get("party") if isinstance(entry, dict) else None
        if not isinstance(party, str) or party not in set(Party):
            continue
        path = f"contacts.{name}"
        route = {k: v for k, v in entry.items() if k not in ("party", "title")}
        read = reader.read(Party(party), _route_of(name, route, path, found, faults), path)
        if read is not None:
            found.contacts[name] = read


def _entries(document: Any, faults: list[Fault]) -> dict[str, Any]:
    if document is None and faults:
        return {}
    if not isinstance(document, dict):
        faults.append(Fault("", "must be an object with the member recipients"))
        return {}
    for name in document:
        if name not in SECTIONS:
            faults.append(Fault(str(name), f"unknown member; known are {', '.join(SECTIONS)}"))
    entries = document.get("recipients")
    if not isinstance(entries, dict) or not entries:
        faults.append(Fault("recipients", "must be an object with one member for each party"))
        return {}
    return entries
