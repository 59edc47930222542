"""Settings: defaults, both file forms, secrets by file, and every fault told at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from emon.config import (
    SETTINGS,
    Address,
    ConfigurationRefused,
    Settings,
    known_names,
    load_settings,
    redact_url,
    settings_help,
    settings_markdown,
)


def faults_of(environ: dict[str, str], file: Path | None = None) -> dict[str, str]:
    with pytest.raises(ConfigurationRefused) as refused:
        load_settings(environ, file, needs=("EMON_POLICY",))
    return {fault.path: fault.message for fault in refused.value.faults}


def test_without_any_setting_everything_is_on_this_machine() -> None:
    settings = load_settings({})
    assert settings.http_listen == Address("127.0.0.1", 8380)
    assert settings.http_listen.loopback
    assert settings.http_public_url == "http://127.0.0.1:8380"
    assert settings.mqtt_url == "mqtt://127.0.0.1:1883"
    assert settings.policy is None
    assert settings.warnings() == ()


def test_every_fault_is_told_at_once() -> None:
    found = faults_of(
        {
            "EMON_MQTT_ULR": "mqtt://broker",
            "EMON_DATABASE_URL": "mysql://host/emon",
            "EMON_HTTP_LISTEN": "8380",
            "EMON_LOG_LEVEL": "loud",
            "EMON_GIVE_UP_S": "-1",
            "EMON_BATCH_FIXES_MAX": "5.5",
            "PATH": "/usr/bin",
        }
    )
    assert set(found) == {
        "EMON_MQTT_ULR",
        "EMON_DATABASE_URL",
        "EMON_HTTP_LISTEN",
        "EMON_LOG_LEVEL",
        "EMON_GIVE_UP_S",
        "EMON_BATCH_FIXES_MAX",
        "EMON_POLICY",
    }
    assert "did you mean EMON_MQTT_URL?" in found["EMON_MQTT_ULR"]


def test_a_name_like_no_other_is_refused_too() -> None:
    assert "emon run --help" in faults_of({"EMON_QQQQQQQQQQ": "1"})["EMON_QQQQQQQQQQ"]


def test_names_that_belong_elsewhere_are_no_faults() -> None:
    settings = load_settings({"EMON_TRACKS": "/tracks", "EMON_SECRET_POLITIE": "x", "HOME": "/root"})
    assert settings == load_settings({})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8380", Address("127.0.0.1", 8380)),
        ("[::1]:80", Address("::1", 80)),
        ("localhost:0", Address("localhost", 0)),
    ],
)
def test_loopback_addresses_are_taken_without_a_warning(text: str, address: Address) -> None:
    settings = load_settings({"EMON_HTTP_LISTEN": text})
    assert settings.http_listen == address
    assert str(settings.http_listen) == text
    assert settings.warnings() == ()


@pytest.mark.parametrize("text", ["0.0.0.0:8380", "[::]:8380", "emon.example:8380", "10.0.0.1:80"])
def test_listening_beyond_this_machine_is_warned_of(text: str) -> None:
    warnings = load_settings({"EMON_HTTP_LISTEN": text}).warnings()
    assert [warning for warning in warnings if text in warning]


@pytest.mark.parametrize(
    "text", ["", ":", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "host:\u0663"]
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    if text == "":
        assert load_settings({"EMON_HTTP_LISTEN": text}).http_listen.port == 8380, "empty means not set"
    else:
        assert "HOST:PORT" in faults_of({"EMON_HTTP_LISTEN": text})["EMON_HTTP_LISTEN"]


def test_the_environment_goes_before_a_file_of_lines(tmp_path: Path) -> None:
    file = tmp_path / "emon.env"
    file.write_text("# the broker\nEMON_MQTT_URL = 'mqtt://one:1883'\n\nEMON_LOG_FORMAT=json\n")
    settings = load_settings({"EMON_MQTT_URL": "mqtt://two:1883", "EMON_CONFIG": str(file)})
    assert (settings.mqtt_url, settings.log_format) == ("mqtt://two:1883", "json")


def test_a_file_may_be_json(tmp_path: Path) -> None:
    file = tmp_path / "emon.json"
    file.write_text('{"EMON_GIVE_UP_S": 7, "EMON_LOG_LEVEL": "debug"}')
    settings = load_settings({}, file)
    assert (settings.give_up_s, settings.log_level) == (7, "debug")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"EMON_GIVE_UP_S": [7]}', "EMON_GIVE_UP_S"),
        ('{"EMON_GIVE_UP_S": true}', "EMON_GIVE_UP_S"),
        ('{"EMON_GIVE_UP_S": ', "emon.conf"),
        ("EMON_GIVE_UP_S\n", "emon.conf:1"),
        ("\nEMON_GIV_UP_S=1\n", "EMON_GIV_UP_S"),
    ],
)
def test_a_broken_file_is_refused_by_place(text: str, path: str, tmp_path: Path) -> None:
    file = tmp_path / "emon.conf"
    file.write_text(text)
    assert any(place.endswith(path) for place in faults_of({}, file))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in faults_of({"EMON_CONFIG": str(tmp_path / "none")})["EMON_CONFIG"]


def test_a_secret_may_come_from_a_file_and_not_twice(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://emon:hush@db/emon\n")
    settings = load_settings({"EMON_DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql://emon:hush@db/emon"
    twice = {"EMON_DATABASE_URL_FILE": str(secret), "EMON_DATABASE_URL": "postgresql://db/emon"}
    assert "twice" in faults_of(twice)["EMON_DATABASE_URL"]
    absent = faults_of({"EMON_MQTT_URL_FILE": str(tmp_path / "none")})
    assert "cannot be read" in absent["EMON_MQTT_URL_FILE"]


def test_no_password_is_ever_shown() -> None:
    settings = load_settings(
        {
            "EMON_MQTT_URL": "mqtts://emon:hush1@broker:8883",
            "EMON_DATABASE_URL": "postgresql://emon:hush2@db/emon?password=hush3&sslmode=require",
        }
    )
    shown = str(settings.redacted())
    assert "hush" not in shown
    assert "emon:***@broker:8883" in shown
    assert "sslmode=require" in shown
    assert "hush" not in str(faults_of({"EMON_MQTT_URL": "http://emon:hush@broker"}))


def test_an_url_without_a_password_is_shown_as_it_is() -> None:
    for url in ("mqtt://broker:1883", "mqtt://user@broker", "postgresql:///emon?host=/run/db"):
        assert redact_url(url) == url


def test_help_and_page_name_every_setting(repository: Path) -> None:
    page = (repository / "docs" / "settings.md").read_text("utf-8")
    assert page == settings_markdown(), "run: make docs"
    for setting in SETTINGS:
        assert setting.name in settings_help()
        assert setting.name in page
        assert setting.name in known_names()


def test_every_setting_is_a_field_that_something_reads(repository: Path) -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    assert [setting.field for setting in SETTINGS] == list(Settings.__dataclass_fields__)
    read = {
        node.attr
        for path in (repository / "emon").rglob("*.py")
        if path.name != "config.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert sorted({setting.field for setting in SETTINGS} - read) == []
