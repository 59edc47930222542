"""Settings of the service: one table of names, read from the environment or a file, checked all at once.

The environment goes before the file. A setting that holds a secret may be given as ``NAME_FILE``, the
path of a file that holds the value. A name that begins with ``EMON_`` and is not known is a fault: a
mistyped setting must not leave the service running with a default.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from emon.model.order import Fault

PREFIX = "EMON_"
FILE_SUFFIX = "_FILE"
SECRET_PREFIX = "EMON_SECRET_"
"""Names that a policy file may refer to for a recipient's secret; free, so never a fault here."""
ELSEWHERE = ("EMON_CONFIG", "EMON_TRACKS")
"""Known names that are not settings of the service: the settings file itself, and the tests' tracks."""

MQTT_SOURCES = ("frames", "aiomqtt")
"""Who may read the broker's packets; the first is the default (ADR 0037)."""


class ConfigurationRefused(Exception):
    """The settings cannot be used. ``faults`` holds every one; a fault's path is the setting's name."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Address:
    """Where the page and the API listen."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """The settings, read and in range. The fields' units stand in their names."""

    mqtt_url: str
    mqtt_client_id: str | None
    mqtt_source: str
    nats_monitor_url: str | None
    canary: str
    database_url: str
    http_listen: Address
    http_public_url: str
    watch_url: str | None
    policy: Path | None
    data_dir: Path
    log_level: str
    log_format: str
    batch_fixes_max: int
    give_up_s: int
    partition_days_ahead: int

    def redacted(self) -> dict[str, str]:
        """Name -> value as text, without passwords: fit for a log."""
        shown = {}
        for setting in SETTINGS:
            value = getattr(self, setting.field)
            text = "" if value is None else str(value)
            shown[setting.name] = redact_url(text) if setting.secret else text
        return shown

    def warnings(self) -> tuple[str, ...]:
        """What is allowed and unwise."""
        found = []
        if not self.http_listen.loopback:
            found.append(
                f"EMON_HTTP_LISTEN={self.http_listen}: the page listens beyond this machine, without TLS "
                "of its own; put a reverse proxy with TLS before it"
            )
        if self.http_public_url.startswith("http://") and not self.http_listen.loopback:
            found.append(
                "EMON_HTTP_PUBLIC_URL: acknowledgements would cross the network in the clear: use https"
            )
        return tuple(found)


def redact_url(url: str) -> str:
    """The URL with its password, if any, replaced by ``***``."""
    return re.sub(r"(://[^/?#\s]*?):[^/?#\s]*@", r"\1:***@", re.sub(r"([?&]password=)[^&]*", r"\1***", url))


# --- one parser a kind of value -----------------------------------------------------------------


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts: SplitResult = urlsplit(text)
        if parts.scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(s + '://' for s in schemes)}")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("its port is not a number from 0 to 65535") from None
        if not parts.hostname and not parts.scheme.startswith("postgres"):
            raise ValueError("names no host")
        return text

    return parse


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8380 or [::1]:8380")
    return Address(host, int(port))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text.lower()

    return parse


def _client_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 _ -")
    return text


def _existing_file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"there is no file {text}")
    return path


@dataclass(frozen=True)
class Setting:
    """One row of the table. ``default`` is the text that would be set; None means none."""

    name: str
    field: str
    parse: Callable[[str], object]
    default: str | None
    unit: str
    meaning: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "EMON_MQTT_URL",
        "mqtt_url",
        _url("mqtt", "mqtts"),
        "mqtt://127.0.0.1:1883",
        "URL",
        "The broker, with user and password where it asks for them: mqtt://user:password@host:1883, or "
        "mqtts:// for TLS.",
        secret=True,
    ),
    Setting(
        "EMON_MQTT_CLIENT_ID",
        "mqtt_client_id",
        _client_id,
        None,
        "name",
        "The name of the service's persistent session at the broker; without it the client_id of "
        "EMON_MQTT_URL, else emon. Never change it while messages wait.",
    ),
    Setting(
        "EMON_MQTT_SOURCE",
        "mqtt_source",
        _one_of(*MQTT_SOURCES),
        MQTT_SOURCES[0],
        "word",
        "How the broker's packets are read: frames, the service's own subscriber with a compiled scanner, or "
        "aiomqtt. Both keep the same promises; the session at the broker is the same.",
    ),
    Setting(
        "EMON_NATS_MONITOR_URL",
        "nats_monitor_url",
        _url("http", "https"),
        None,
        "URL",
        "Monitoring port of nats-server (its `http` setting). Asked at start for settings that lose fixes, "
        "which MQTT cannot ask for; without it they are not looked at.",
    ),
    Setting(
        "EMON_CANARY",
        "canary",
        _one_of("on", "off"),
        "off",
        "word",
        "on: a bracelet of the service's own (the device `emon`) goes through broker, engine and database "
        "each minute; missing for 150 s it is told (docs/watch.md).",
    ),
    Setting(
        "EMON_DATABASE_URL",
        "database_url",
        _url("postgresql", "postgres"),
        "postgresql://127.0.0.1:5432/emon",
        "URL",
        "The database, PostgreSQL 16 or later, with or without TimescaleDB.",
        secret=True,
    ),
    Setting(
        "EMON_HTTP_LISTEN",
        "http_listen",
        _address,
        "127.0.0.1:8380",
        "host:port",
        "Where page and API listen. Anything but loopback is said loudly at start.",
    ),
    Setting(
        "EMON_HTTP_PUBLIC_URL",
        "http_public_url",
        _url("http", "https"),
        None,
        "URL",
        "How recipients reach the service to acknowledge an alert. Without it: http:// and EMON_HTTP_LISTEN.",
    ),
    Setting(
        "EMON_WATCH_URL",
        "watch_url",
        _url("http", "https"),
        None,
        "URL",
        "Where `emon watch` asks for the service's /health. Without it: http:// and EMON_HTTP_LISTEN.",
    ),
    Setting(
        "EMON_POLICY",
        "policy",
        _existing_file,
        None,
        "path",
        "JSON file with recipients, their channels and rules. `emon run` refuses to start without it.",
    ),
    Setting(
        "EMON_DATA_DIR",
        "data_dir",
        Path,
        ".data",
        "path",
        "Folder for what the service keeps beside the database. Made at start, readable by its user alone.",
    ),
    Setting(
        "EMON_LOG_LEVEL",
        "log_level",
        _one_of("debug", "info", "warning", "error"),
        "info",
        "word",
        "Least level that is logged, to standard error: debug, info, warning or error.",
    ),
    Setting(
        "EMON_LOG_FORMAT",
        "log_format",
        _one_of("text", "json"),
        "text",
        "word",
        "text for people, json for one object a line.",
    ),
    Setting(
        "EMON_BATCH_FIXES_MAX",
        "batch_fixes_max",
        _whole(1, 100_000),
        "2000",
        "fixes",
        "A transaction is closed once it holds so many; its last message may take it beyond.",
    ),
    Setting(
        "EMON_GIVE_UP_S",
        "give_up_s",
        _whole(0, 86_400),
        "120",
        "seconds",
        "How long the service tries at start to reach an absent broker or database before it exits with 69; "
        "0 means it never gives up.",
    ),
    Setting(
        "EMON_PARTITION_DAYS_AHEAD",
        "partition_days_ahead",
        _whole(1, 366),
        "7",
        "days",
        "How many daily partitions of fixes are made ahead, where the server has no hypertables.",
    ),
)


# --- reading -------------------------------------------------------------------------------------


def load_settings(
    environ: Mapping[str, str], file: Path | None = None, *, needs: Iterable[str] = ()
) -> Settings:
    """Read all settings. ``file`` (or ``EMON_CONFIG``) is a JSON object or lines of ``NAME=VALUE``.

    ``needs`` names settings that must be given although the table has no default for them.
    Raises ``ConfigurationRefused`` with every fault at once.
    """
    faults: list[Fault] = []
    if file is None and environ.get("EMON_CONFIG"):
        file = Path(environ["EMON_CONFIG"])
    given = {} if file is None else _read_file(file, faults)
    given.update({name: value for name, value in environ.items() if name.startswith(PREFIX)})
    _unknown_names(given, faults)
    required = frozenset(needs)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = _text_of(setting, given, faults)
        if text is None:
            values[setting.field] = None
            if setting.name in required:
                faults.append(Fault(setting.name, f"is not set: {setting.meaning}"))
            continue
        try:
            values[setting.field] = setting.parse(text)
        except ValueError as fault:
            shown = "" if setting.secret else f" (it is {text[:80]!r})"
            faults.append(Fault(setting.name, f"{fault}{shown}"))
    if faults:
        raise ConfigurationRefused(faults)
    if values["http_public_url"] is None:
        values["http_public_url"] = f"http://{values['http_listen']}"
    values["http_public_url"] = values["http_public_url"].rstrip("/")
    return Settings(**values)


def _text_of(setting: Setting, given: Mapping[str, str], faults: list[Fault]) -> str | None:
    """The setting's text: given itself, from its file, or the default; an empty text is not set."""
    by_file = given.get(setting.name + FILE_SUFFIX) if setting.secret else None
    if by_file and given.get(setting.name):
        faults.append(Fault(setting.name, f"is given twice, itself and as {setting.name}{FILE_SUFFIX}"))
    if by_file:
        try:
            return Path(by_file).read_text("utf-8").strip() or setting.default
        except (OSError, UnicodeDecodeError) as fault:
            faults.append(Fault(setting.name + FILE_SUFFIX, f"cannot be read: {fault}"))
            return setting.default
    return given.get(setting.name) or setting.default


def known_names() -> frozenset[str]:
    """Every name that may be set."""
    files = {setting.name + FILE_SUFFIX for setting in SETTINGS if setting.secret}
    return frozenset(setting.name for setting in SETTINGS) | files | frozenset(ELSEWHERE)


def _unknown_names(given: Mapping[str, str], faults: list[Fault]) -> None:
    known = sorted(known_names())
    for name in sorted(given):
        if name in known or name.startswith(SECRET_PREFIX):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        advice = f"did you mean {near[0]}?" if near else "`emon run --help` lists the settings"
        faults.append(Fault(name, f"there is no such setting; {advice}"))


def _read_file(file: Path, faults: list[Fault]) -> dict[str, str]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        faults.append(Fault("EMON_CONFIG", f"cannot be read: {fault}"))
        return {}
    return (
        _read_json(text, file, faults) if text.lstrip().startswith("{") else _read_lines(text, file, faults)
    )


def _read_json(text: str, file: Path, faults: list[Fault]) -> dict[str, str]:
    try:
        members: dict[str, object] = json.loads(text)
    except ValueError as fault:
        faults.append(Fault(str(file), f"is not JSON: {fault}"))
        return {}
    given = {}
    for name, value in members.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            faults.append(Fault(name, f"in {file}: must be a string or a whole number"))
        else:
            given[name] = str(value)
    return given


def _read_lines(text: str, file: Path, faults: list[Fault]) -> dict[str, str]:
    """Lines of NAME=VALUE as Docker's and systemd's environment files have them; # begins a comment line."""
    given = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            faults.append(Fault(f"{file}:{number}", "is not NAME=VALUE"))
            continue
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        given[name] = value
    return given


# --- showing -------------------------------------------------------------------------------------


def settings_help() -> str:
    """The table as text, for ``emon run --help``."""
    lines = ["settings (environment, or a file named by --config or EMON_CONFIG):"]
    for setting in SETTINGS:
        default = "none" if setting.default is None else setting.default
        also = f"; or {setting.name}{FILE_SUFFIX}" if setting.secret else ""
        lines.append(f"  {setting.name}  [{setting.unit}; default {default}{also}]")
        lines.append(f"      {setting.meaning}")
    return "\n".join(lines)


def settings_markdown() -> str:
    """The table as docs/settings.md, which scripts/docs.py writes and a test compares."""
    head = [
        "# Settings",
        "",
        "Written by `make docs` from `emon/config.py`; `emon run --help` prints the same.",
        "",
        "The environment goes before the file that `--config` or `EMON_CONFIG` names: a JSON object, or",
        "lines of `NAME=VALUE`. A name beginning with `EMON_` that is not known is refused, and all faults",
        "are told at once.",
        "",
        "| name | default | unit | meaning |",
        "|---|---|---|---|",
    ]
    rows = []
    for setting in SETTINGS:
        default = "" if setting.default is None else f"`{setting.default}`"
        also = f" A secret: may be given as `{setting.name}{FILE_SUFFIX}`, a path." if setting.secret else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.unit} | {setting.meaning}{also} |")
    tail = ["", f"Names beginning with `{SECRET_PREFIX}` are free: a policy file may refer to them.", ""]
    return "\n".join(head + rows + tail)
