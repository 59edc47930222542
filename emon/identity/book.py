"""The book of identities: who has a password, as hashes, and who has none any more.

A change gives a new book and the passwords that it made; those stand nowhere else. A revoked device
stays in the book, so that the next look at the orders, which still name it, does not let it in again.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

import msgspec

from emon.identity.hashes import mosquitto_hash, nats_hash
from emon.ingest.topics import is_device_id
from emon.limits import BROKER_PASSWORD_BYTES

SERVICE = "emon"
"""The service's own user. A device of this name would speak as the service, so it gets no identity."""
_MOSQUITTO_SALT_BYTES = 12  # Mosquitto 2.0 refuses every other length
_NATS_SALT_BYTES = 16  # bcrypt's

Chance = Callable[[int], bytes]
"""So many random bytes, fit for a secret."""


class IdentityRefused(Exception):
    """A name that cannot be a user of the broker; the text says why."""


class Identity(msgspec.Struct, frozen=True):
    """One user. ``client_id`` is random: nats-server lets whoever knows one take it over."""

    mosquitto: str
    nats: str
    client_id: str
    revoked: bool = False


class Credential(msgspec.Struct, frozen=True):
    """What is shown once: the user (for a device its id), its password and client id."""

    user: str
    password: str
    client_id: str


class Book(msgspec.Struct, frozen=True):
    """Identities by user name."""

    users: dict[str, Identity] = {}

    def devices(self) -> list[str]:
        """The devices that may connect, sorted."""
        return sorted(name for name, user in self.users.items() if name != SERVICE and not user.revoked)

    def revoked(self) -> list[str]:
        """The devices that may not, although they once could, sorted."""
        return sorted(name for name, user in self.users.items() if user.revoked)


def with_devices(book: Book, devices: Iterable[str], chance: Chance) -> tuple[Book, list[Credential]]:
    """The book with the service and all devices in it, and the passwords of those that are new.

    Raises ``IdentityRefused`` for a device that has the service's name or is no device id.
    """
    names = sorted(set(devices))
    for name in names:
        _check_device(name)
    return _renewed(book, [name for name in (SERVICE, *names) if name not in book.users], chance)


def rotated(book: Book, names: Iterable[str], chance: Chance) -> tuple[Book, list[Credential]]:
    """New passwords and client ids for users in the book; a revoked one is let in again.

    Raises ``IdentityRefused`` for one that is not in the book.
    """
    return _renewed(book, _known(book, names), chance)


def revoked(book: Book, names: Iterable[str]) -> Book:
    """The book in which these devices may not connect. Raises ``IdentityRefused`` as ``rotated`` does,
    and for the service, which is rotated instead."""
    found = _known(book, names)
    if SERVICE in found:
        raise IdentityRefused(f"{SERVICE!r} is the service itself: rotate it instead")
    changed = {name: msgspec.structs.replace(book.users[name], revoked=True) for name in found}
    return Book(book.users | changed)


def _renewed(book: Book, names: Iterable[str], chance: Chance) -> tuple[Book, list[Credential]]:
    users, made = dict(book.users), []
    for name in names:
        password = _random_text(chance, BROKER_PASSWORD_BYTES)
        client_id = f"{name[:24]}-{_random_text(chance, 12)}"
        users[name] = Identity(
            mosquitto=mosquitto_hash(password, chance(_MOSQUITTO_SALT_BYTES)),
            nats=nats_hash(password, chance(_NATS_SALT_BYTES)),
            client_id=client_id,
        )
        made.append(Credential(name, password, client_id))
    return Book(users), made


def _known(book: Book, names: Iterable[str]) -> list[str]:
    found = sorted(set(names))
    missing = [name for name in found if name not in book.users]
    if missing:
        raise IdentityRefused(f"not in the book: {', '.join(missing)}; `emon broker sync` adds devices")
    return found


def _check_device(name: str) -> None:
    if not is_device_id(name):
        raise IdentityRefused(f"no device id: {name!r}")
    if name == SERVICE:
        raise IdentityRefused(
            f"an order names a device {name!r}, which is the service's own user: it would speak as the "
            "service. Give the device another id."
        )


def _random_text(chance: Chance, size: int) -> str:
    return base64.urlsafe_b64encode(chance(size)).rstrip(b"=").decode()
