"""The brokers' files, made of the book: Mosquitto's passwords and access rules, nats-server's accounts."""

from __future__ import annotations

import msgspec

from emon.identity.book import SERVICE, Book
from emon.ingest.topics import SUBSCRIPTIONS

_NATS_WIRE = ("emon.v1.*.fix", "emon.v1.*.fixb", "emon.v1.*.event", "emon.v1.*.status", "emon.v1.*.cmd.reply")
_NATS_PHONES = ("owntracks.*.*", "owntracks.*.*.event")
_DEVICE_LEAVES = ("fix", "fixb", "event", "status", "cmd/reply")

_ACL_HEAD = """\
# Who may say what. %u is the user name, which is the device's id.
# Written by `emon broker`; a change by hand is lost at its next run.

# A device writes under its own topics alone and reads its own commands.
{own}
pattern read emon/v1/%u/cmd

# A phone with OwnTracks: the topic's last level is the device, so that level is bound to the user and
# the level before it may be anything. (Binding the first would let a user speak for any device.)
pattern write owntracks/+/%u
pattern write owntracks/+/%u/event

# The service reads everything on the wire and commands devices.
user {service}
{wire}
topic write emon/v1/+/cmd
topic read $SYS/broker/#
"""
_ACL_REVOKED = """
# Revoked. A denial goes before the patterns above, so it also stops one that a certificate lets in.
"""


def mosquitto_passwords(book: Book) -> str:
    """Mosquitto's ``password_file``: a line for each user that may connect."""
    users = sorted((name, user) for name, user in book.users.items() if not user.revoked)
    return "".join(f"{name}:{user.mosquitto}\n" for name, user in users)


def mosquitto_acl(book: Book) -> str:
    """Mosquitto's ``acl_file``. Patterns, not a rule for each device: its cost does not grow with them."""
    text = _ACL_HEAD.format(
        own="\n".join(f"pattern write emon/v1/%u/{leaf}" for leaf in _DEVICE_LEAVES),
        wire="\n".join(f"topic read {topic}" for topic in SUBSCRIPTIONS),
        service=SERVICE,
    )
    denied = "".join(f"user {name}\ntopic deny #\n" for name in book.revoked())
    return text + _ACL_REVOKED + denied if denied else text


def nats_accounts(book: Book) -> str:
    """What ``nats.conf`` includes: one account, since a session's messages stay within theirs."""
    names = [SERVICE] if SERVICE in book.users else []
    users = "\n".join(nats_user(name, book.users[name].nats) for name in (*names, *book.devices()))
    return (
        "# Written by `emon broker`; a change by hand is lost at its next run.\n"
        f"accounts {{\n  EMON {{\n    jetstream: enabled\n    users: [\n{users}\n    ]\n  }}\n}}\n"
    )


def nats_user(name: str, password: str) -> str:
    """One user. Topics are subjects here; a subscription with QoS 1 also needs ``$MQTT.sub``.

    ``password``: its hash, or itself.
    """
    if name == SERVICE:
        publish, subscribe = ["emon.v1.*.cmd", f"emon.v1.{SERVICE}.fix"], [*_NATS_WIRE, *_NATS_PHONES]
    else:
        own = [f"emon.v1.{name}.{leaf.replace('/', '.')}" for leaf in _DEVICE_LEAVES]
        publish = [*own, f"owntracks.*.{name}", f"owntracks.*.{name}.event"]
        subscribe = [f"emon.v1.{name}.cmd"]
    return user_line(name, password, publish=publish, subscribe=subscribe)


def user_line(name: str, password: str, *, publish: list[str], subscribe: list[str]) -> str:
    """One line of nats-server's list of users, with MQTT and nothing else open to it."""
    allowed = {"publish": publish, "subscribe": [*subscribe, "$MQTT.sub.>"]}
    return (
        f'      {{ user: "{name}", password: "{password}", allowed_connection_types: ["MQTT"], '
        f"permissions: {msgspec.json.encode(allowed).decode()} }}"
    )
