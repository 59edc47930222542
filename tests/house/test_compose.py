"""docker-compose.yml and Dockerfile, without a Docker engine: what they name exists in our own code."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import pytest
import yaml

from emon import cli
from emon.alerts.recipients import load_recipients
from emon.config import load_settings
from simulator import cli as simulator_cli
from simulator.scenario_file import load_scenario
from tests.fixtures_brokers import MosquittoBroker

OWN = ("migrate", "service", "watch", "simulator")
OTHERS = {"database": "timescale/timescaledb", "broker": "eclipse-mosquitto"}
SECRETS_FOLDER = "./deploy/compose/secrets/"


@pytest.fixture(scope="module")
def compose(repository: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((repository / "docker-compose.yml").read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def make_secrets(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_secrets", repository / "deploy/compose/make_secrets.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_services_are_the_ones_that_the_readme_names(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OWN, *OTHERS}
    for name in OWN:
        assert compose["services"][name]["build"] == "."


def test_every_image_of_others_is_pinned_by_a_version(compose: dict[str, Any], repository: Path) -> None:
    images = [(OTHERS[name], compose["services"][name]["image"]) for name in OTHERS]
    bases = re.findall(r"^FROM (\S+)", (repository / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert bases
    for expected, image in [*images, *(("python", base) for base in bases)]:
        name, _, tag = image.partition(":")
        assert name == expected
        assert re.match(r"\d+\.\d+", tag), image


@pytest.mark.parametrize("name", OWN)
def test_every_setting_is_known_and_readable(
    name: str, compose: dict[str, Any], make_secrets: ModuleType, repository: Path, tmp_path: Path
) -> None:
    """Loads the service's settings as the container would, with its mounts and secrets on this machine."""
    for file, content in make_secrets.make().items():
        (tmp_path / file).write_text(content)
    service = compose["services"][name]
    mounted = {target: repository / source for source, target in mounts(service)}
    environ = {
        key: str(mounted.get(value, value)).replace("/run/secrets/", f"{tmp_path}/")
        for key, value in service["environment"].items()
    }
    settings = load_settings(environ, needs=("EMON_POLICY",) if name in ("service", "watch") else ())
    assert settings.database_url.endswith("@database:5432/emon")
    for key, value in service["environment"].items():
        if value.startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in service["secrets"], key


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """(file of the checkout, place in the container) of the service's bind mounts."""
    found = []
    for line in service.get("volumes", ()):
        source, target = line.split(":")[:2]
        if source.startswith("."):
            found.append((source, target))
    return found


def test_every_mounted_file_and_named_volume_exists(
    compose: dict[str, Any], make_secrets: ModuleType, repository: Path
) -> None:
    made = set(make_secrets.make())
    for name, service in compose["services"].items():
        for source, _ in mounts(service):
            if source.startswith(SECRETS_FOLDER):
                assert source.removeprefix(SECRETS_FOLDER) in made, name
            else:
                assert (repository / source).exists(), f"{name}: {source}"
        for line in service.get("volumes", ()):
            assert line.startswith(".") or line.partition(":")[0] in compose["volumes"], name
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
    for name, secret in compose["secrets"].items():
        assert secret["file"] == f"{SECRETS_FOLDER}{name}"
        assert name in made


def test_published_ports_are_loopback_and_listened_on(compose: dict[str, Any], repository: Path) -> None:
    service = compose["services"]["service"]
    listen = load_settings({"EMON_HTTP_LISTEN": service["environment"]["EMON_HTTP_LISTEN"]}).http_listen
    assert service["ports"] == [f"127.0.0.1:{listen.port}:{listen.port}"]
    assert f"EXPOSE {listen.port}" in (repository / "Dockerfile").read_text("utf-8")
    mosquitto = (repository / "deploy/mosquitto/mosquitto.conf").read_text("utf-8")
    assert compose["services"]["broker"]["ports"] == ["127.0.0.1:1883:1883"]
    assert re.search(r"^listener 1883$", mosquitto, re.MULTILINE)
    assert "ports" not in compose["services"]["database"]


def test_every_command_and_health_check_is_one_that_we_have(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("migrate", "service", "watch"):
        assert cli.build_parser().parse_args(services[name]["command"]).command in cli.COMMANDS
    kind, program, *arguments = services["service"]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "emon")
    assert cli.build_parser().parse_args(arguments).command == "health"


def test_the_simulator_s_lines_are_accepted_by_the_programs_that_they_call(compose: dict[str, Any]) -> None:
    parsers = {"emon": cli.build_parser(), "emon-sim": simulator_cli.build_parser()}
    (script,) = compose["services"]["simulator"]["command"]
    called = []
    for line in script.replace("$$start", "2026-06-01T10:00:00Z").splitlines():
        program, *arguments = shlex.split(line)
        if program in parsers:
            called.append((program, parsers[program].parse_args(arguments).command))
    assert called == [("emon-sim", "run"), ("emon", "arm"), ("emon-sim", "run")]


def test_the_policy_has_no_fault(make_secrets: ModuleType, repository: Path, tmp_path: Path) -> None:
    for file, content in make_secrets.make().items():
        (tmp_path / file).write_text(content)
    text = (repository / "deploy/compose/policy.json").read_text("utf-8")
    recipients = load_recipients(text.replace("/run/secrets", str(tmp_path)).encode())
    assert sorted(recipients.routes) == sorted(make_secrets.PARTIES)


def test_the_secrets_are_made_for_the_story_s_devices(make_secrets: ModuleType) -> None:
    story = {wearer.device.id for wearer in load_scenario(None).wearers}
    assert set(make_secrets.DEVICES) == story
    assert set(json.loads(make_secrets.make()["devices"])) == story


async def test_mosquitto_takes_the_passwords_that_we_write(
    make_secrets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashed(password: str) -> str:
        _, _, rest = str(make_secrets.mosquitto_line("user", password)).strip().partition(":")
        return rest

    monkeypatch.setattr("tests.fixtures_brokers._hashed", hashed)
    broker = MosquittoBroker(tmp_path)
    await broker.start()
    try:
        service = urlsplit(broker.service_url)
        at = partial(aiomqtt.Client, "127.0.0.1", broker.port, username="emon", timeout=120.0)
        async with at(password=service.password):
            pass
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori"):
            await at(password="wrong").__aenter__()
    finally:
        await broker.stop()


def test_secrets_are_made_once_and_never_changed(repository: Path, tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.py"
    script.write_text((repository / "deploy/compose/make_secrets.py").read_text("utf-8"))
    texts = []
    for _ in range(2):
        subprocess.run([sys.executable, str(script)], check=True, capture_output=True, timeout=580)
        texts.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert texts[0] == texts[1]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
