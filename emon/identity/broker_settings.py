"""A broker's settings file, read for what would lose fixes: each setting with its line and what to write.

Pure: text in, findings out. What each setting does was measured or stands in the brokers' own manuals
(mosquitto.conf(5); docs.nats.io, "Configuring MQTT"); docs/brokers.md says what is at stake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from emon.limits import NATS_ACK_WAIT_MAX_S, PACKET_BYTES_MIN, RECEIVE_WINDOW_MESSAGES


class BrokerKind(StrEnum):
    MOSQUITTO = "mosquitto"
    NATS = "nats"


class Text(msgspec.Struct, frozen=True):
    """One file's text and how it is named in findings."""

    name: str
    text: str


class Value(msgspec.Struct, frozen=True):
    """What a file says of one setting, and where."""

    text: str
    place: str


class Finding(msgspec.Struct, frozen=True):
    """One setting that loses fixes, or lets somebody else lose them. ``place``: file and line, or the file
    where the setting is absent and its default is at fault."""

    place: str
    setting: str
    fault: str
    write: str

    def __str__(self) -> str:
        return f"{self.place}: {self.setting}: {self.fault}; write: {self.write}"


class Unreadable(ValueError):
    """The text is no settings file of a broker; the message names the line."""


_Wrong = Callable[[str], bool]
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0}
_SIZE = re.compile(r"(\d+)([kmgt]?)b?", re.IGNORECASE)
_SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 10**9, "t": 10**12}


def kind_of(text: str) -> BrokerKind:
    """Whose file this is: nats-server's has blocks, Mosquitto's has none."""
    bare = "\n".join(line.partition("#")[0] for line in text.splitlines())
    return (
        BrokerKind.NATS if "{" in bare or re.search(r"^\s*\w+\s*[:=]", bare, re.M) else BrokerKind.MOSQUITTO
    )


def findings(texts: Sequence[Text], kind: BrokerKind) -> list[Finding]:
    """Of all files of one broker, included ones too, in the order in which it reads them.

    Raises ``Unreadable``.
    """
    if kind is BrokerKind.MOSQUITTO:
        return list(_mosquitto(texts))
    return list(_nats(texts, nats_values(texts)))


# --- Mosquitto --------------------------------------------------------------------------------------


def mosquitto_values(texts: Sequence[Text]) -> dict[str, Value]:
    """Each setting's last value, which is the one that counts."""
    found: dict[str, Value] = {}
    for text in texts:
        for number, line in enumerate(text.text.splitlines(), start=1):
            words = line.split(None, 1)
            if words and not words[0].startswith("#"):
                value = words[1].strip() if len(words) > 1 else ""
                found[words[0]] = Value(value, f"{text.name}:{number}")
    return found


def _below(least: int, *, unlimited: bool = True) -> _Wrong:
    """A number below ``least``; 0 is without limit."""
    return lambda text: not (text.isdecimal() and (int(text) >= least or (unlimited and text == "0")))


def _is_not(*good: str) -> _Wrong:
    return lambda text: text not in good


# name, default, wrong, fault, what to write
_MOSQUITTO: tuple[tuple[str, str, _Wrong, str, str], ...] = (
    (
        "persistence",
        "false",
        _is_not("true"),
        "sessions and what waits for them are gone with every restart",
        "persistence true",
    ),
    (
        "autosave_on_changes",
        "false",
        _is_not("true"),
        "what waits is written each autosave_interval seconds, by default half an hour: a kill -9 takes it",
        "autosave_on_changes true",
    ),
    (
        "autosave_interval",
        "1800",
        _is_not("1"),
        "a kill -9 takes up to so many of the messages that wait",
        "autosave_interval 1",
    ),
    (
        "max_queued_messages",
        "1000",
        _is_not("0"),
        "what goes beyond it while the service is away is acknowledged and dropped",
        "max_queued_messages 0",
    ),
    (
        "max_queued_bytes",
        "0",
        _is_not("0"),
        "what goes beyond it while the service is away is acknowledged and dropped",
        "max_queued_bytes 0",
    ),
    (
        "max_inflight_messages",
        "20",
        _below(RECEIVE_WINDOW_MESSAGES),
        "the service gets so few at once that a backlog is not drained",
        f"max_inflight_messages {RECEIVE_WINDOW_MESSAGES}",
    ),
    (
        "max_inflight_bytes",
        "0",
        _is_not("0"),
        "the service gets so few at once that a backlog is not drained",
        "max_inflight_bytes 0",
    ),
    (
        "persistent_client_expiration",
        "",
        _is_not(""),
        "a session that is away so long is thrown away with all that waits for it",
        "nothing: remove the line",
    ),
    (
        "message_size_limit",
        "0",
        _below(PACKET_BYTES_MIN),
        "larger messages are acknowledged to MQTT 3.1.1 and dropped",
        "nothing: remove the line",
    ),
    (
        "max_packet_size",
        "0",
        _below(PACKET_BYTES_MIN),
        "a device that stored more than so many bytes is disconnected for ever",
        f"max_packet_size {PACKET_BYTES_MIN}",
    ),
    (
        "memory_limit",
        "0",
        _is_not("0"),
        "beyond it messages are refused that devices believe to be sent",
        "nothing: remove the line",
    ),
    (
        "max_qos",
        "2",
        _below(1, unlimited=False),
        "nothing is promised for what is sent with QoS 0",
        "max_qos 2",
    ),
    (
        "retain_available",
        "true",
        _is_not("true"),
        "devices that publish their status retained are disconnected",
        "retain_available true",
    ),
    (
        "allow_anonymous",
        "false",
        _is_not("false"),
        "anybody may publish as any device, or take the service's session over",
        "allow_anonymous false",
    ),
    (
        "use_username_as_clientid",
        "false",
        _is_not("true"),
        "whoever has a password may take another's client id, the service's too, and with it what waits",
        "use_username_as_clientid true",
    ),
)


def _mosquitto(texts: Sequence[Text]) -> Iterator[Finding]:
    found = mosquitto_values(texts)
    autosaves = found.get("autosave_on_changes", Value("false", "")).text == "true"
    by_name = found.get("use_identity_as_username", Value("false", "")).text == "true"
    for name, default, wrong, fault, write in _MOSQUITTO:
        if name == "autosave_interval" and not autosaves:
            continue  # then it counts seconds, and the line above is what to mend
        value = found.get(name)
        if wrong(default if value is None else value.text):
            yield _finding(texts, name, value, default, fault, write)
    if "acl_file" not in found and "plugin" not in found:
        fault = "every user may publish as every device and read everything"
        yield _finding(
            texts, "acl_file", None, "none", fault, "acl_file FOLDER/mosquitto/acl (emon broker sync)"
        )
    if "password_file" not in found and not by_name and "plugin" not in found:
        fault = "nobody can log in, or everybody"
        write = "password_file FOLDER/mosquitto/passwords (emon broker sync)"
        yield _finding(texts, "password_file", None, "none", fault, write)


def _finding(
    texts: Sequence[Text], name: str, value: Value | None, default: str, fault: str, write: str
) -> Finding:
    if value is None:
        place = texts[0].name if texts else "?"
        return Finding(place, f"{name} is not set ({default or 'none'})", fault, write)
    return Finding(value.place, f"{name} {value.text}", fault, write)


# --- nats-server -------------------------------------------------------------------------------------


_TOKEN = re.compile(
    r"""[ \t\r,;]+|(?P<comment>\#[^\n]*|//[^\n]*)|(?P<newline>\n)|(?P<sign>[{}\[\]])|(?P<eq>[:=])"""
    r"""|"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>[^'\n]*)'|(?P<word>[^\s{}\[\]:=,;"'#]+)"""
)


def _tokens(text: Text) -> Iterator[tuple[str, str, int]]:
    at, line = 0, 1
    while at < len(text.text):
        match = _TOKEN.match(text.text, at)
        if match is None:
            raise Unreadable(f"{text.name}:{line}: {text.text[at : at + 20]!r} is no setting of nats-server")
        at = match.end()
        kind = match.lastgroup
        if kind in ("sign", "double", "single", "word"):
            yield ("sign" if kind == "sign" else "word"), match[kind], line
        line += match[0].count("\n")


def nats_values(texts: Sequence[Text]) -> dict[str, Value]:
    """Settings by their path (``mqtt.ack_wait``), lower case; a block by itself has the value ``{}``.

    Lists are left out: nothing of what is looked for is one. Raises ``Unreadable``.
    """
    found: dict[str, Value] = {}
    for text in texts:
        path: list[str] = []
        name: str | None = None
        named = depth = last = 0  # lines of the name and of the token before; how many lists are open
        for kind, said, line in _tokens(text):
            last = line
            if kind == "sign" and said == "[":
                depth, name = depth + 1, None
            elif kind == "sign" and said == "]":
                depth -= 1
            elif depth:
                continue
            elif said == "{" and kind == "sign":
                if name is not None:
                    found[".".join([*path, name])] = Value("{}", f"{text.name}:{line}")
                path.append(name or "")
                name = None
            elif said == "}" and kind == "sign":
                if not path:
                    raise Unreadable(f"{text.name}:{line}: a }} that nothing opened")
                path.pop()
                name = None
            elif name is None or line != named:
                name, named = said.lower(), line  # a value stands on its name's line
            else:
                found[".".join([*path, name])] = Value(said, f"{text.name}:{line}")
                name = None
        if path or depth:
            raise Unreadable(f"{text.name}:{last}: a block is not closed")
    return found


def seconds(text: str) -> float:
    """A duration as nats-server writes it; infinite where it cannot be read."""
    parts = _SECONDS.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return float("inf")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    return 0 if match is None else int(match[1]) * _SIZES[match[2].lower()]


def running_findings(varz: Mapping[str, Any], name: str) -> list[Finding]:
    """The same of a nats-server that runs, by what its monitoring port answers to ``/varz``."""
    said = {"max_payload": varz.get("max_payload")}
    mqtt, store = varz.get("mqtt"), (varz.get("jetstream") or {}).get("config")
    if mqtt:
        wait_ns = mqtt.get("ack_wait")
        said |= {"mqtt": "{}", "mqtt.max_ack_pending": mqtt.get("max_ack_pending")}
        said |= {"mqtt.no_auth_user": mqtt.get("no_auth_user")}
        said |= {"mqtt.ack_wait": None if wait_ns is None else f"{wait_ns / 1e9:g}s"}
    if store:
        sync = "always" if store.get("sync_always") else f"{store.get('sync_interval', 0) / 1e9:g}s"
        said |= {
            "jetstream": "{}",
            "jetstream.store_dir": store.get("store_dir"),
            "jetstream.sync_interval": sync,
        }
    found = {path: Value(str(value), name) for path, value in said.items() if value not in (None, "")}
    return list(_nats([Text(name, "")], found))


def _nats(texts: Sequence[Text], found: Mapping[str, Value]) -> Iterator[Finding]:

    def check(path: str, default: str, wrong: _Wrong, fault: str, write: str) -> Iterator[Finding]:
        value = found.get(path)
        if wrong(default if value is None else value.text):
            yield _finding(texts, path, value, default, fault, write)

    if "mqtt" not in found:
        fault = "there is no listener for MQTT"
        yield _finding(texts, "mqtt", None, "none", fault, 'mqtt { listen: "0.0.0.0:8883", ack_wait: "1s" }')
    if "jetstream" not in found:
        fault = "MQTT sessions need it"
        yield _finding(texts, "jetstream", None, "off", fault, 'jetstream { store_dir: "/var/lib/nats" }')
    yield from check(
        "jetstream.store_dir", "", _is_temporary, "what waits is gone after a restart of the machine",
        'store_dir: "/var/lib/nats"',
    )  # fmt: skip
    yield from check(
        "jetstream.sync_interval", "2m", _is_not("always"),
        "a power failure may take what came within it", "sync_interval: always",
    )  # fmt: skip
    yield from check(
        "mqtt.ack_wait", "30s", lambda text: seconds(text) > NATS_ACK_WAIT_MAX_S,
        "after a crash of the service what it had not acknowledged comes again only so much later",
        'ack_wait: "1s"',
    )  # fmt: skip
    yield from check(
        "mqtt.max_ack_pending", "by version", _below(RECEIVE_WINDOW_MESSAGES, unlimited=False),
        "the service gets so few at once that a backlog is not drained",
        f"max_ack_pending: {RECEIVE_WINDOW_MESSAGES}",
    )  # fmt: skip
    yield from check(
        "max_payload", "1MB", lambda text: _bytes(text) < PACKET_BYTES_MIN,
        "a device that stored more than so many bytes is disconnected for ever",
        f"max_payload: {PACKET_BYTES_MIN}",
    )  # fmt: skip
    yield from _nats_bounds(texts, found)


def _nats_bounds(texts: Sequence[Text], found: Mapping[str, Value]) -> Iterator[Finding]:
    """Settings that need not be there, and do harm where they are."""
    for path, fault in (
        ("mqtt.consumer_inactive_threshold", "a session that is away so long is thrown away with what waits"),
        ("mqtt.no_auth_user", "anybody may publish as this user"),
        ("no_auth_user", "anybody may publish as this user"),
        (
            "jetstream.max_file_store",
            "beyond it nothing is stored: see that it holds a night of the whole fleet",
        ),
        ("jetstream.max_file", "beyond it nothing is stored: see that it holds a night of the whole fleet"),
    ):
        if path in found:
            yield _finding(texts, path, found[path], "", fault, "nothing: remove the line")


def _is_temporary(text: str) -> bool:
    return not text or text.startswith(("/tmp", "/var/tmp", "/dev/shm"))
