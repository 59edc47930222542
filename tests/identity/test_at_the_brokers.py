"""Who may say what, tried on real brokers under the files that the command writes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from benchmarks.pipeline import until
from emon.cli import main
from emon.identity.book import Credential
from emon.ingest.sources.mqtt import MqttSource
from tests.fixtures_brokers import MosquittoBroker
from tests.identity.brokers import PATIENCE_S, Guarded, guarded, identities

FORGED = (
    *("emon/v1/d-2/fix", "emon/v1/d-2/fixb", "emon/v1/d-2/event", "emon/v1/d-2/status", "emon/v1/emon/fix"),
    *(
        "emon/v1/d-2/cmd/reply",
        "emon/v1/d-2/cmd",
        "emon/v1/d-1/cmd",
        "owntracks/d-1/d-2",
        "owntracks/x/d-2/event",
    ),
)
SPIED = ("#", "emon/v1/#", "emon/v1/+/cmd", "emon/v1/d-2/fix", "emon/v1/+/fix", "$MQTT/#", "$JS/#")


@pytest.fixture(params=["mosquitto", "nats"])
async def at(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(request.param, tmp_path) as found:
        yield found


async def forge(client: aiomqtt.Client, topic: str) -> None:
    """Publish what is forbidden; a broker may keep silent, say so, or close the connection over it."""
    with contextlib.suppress(aiomqtt.MqttError):
        async with client as connected:
            await connected.publish(topic, b"forged", qos=1)


async def connection(source: MqttSource, *, up: bool) -> None:
    async def holds() -> bool:
        return source.connected is up

    assert await until(holds, PATIENCE_S)


async def ended(client: aiomqtt.Client, by: list[str]) -> None:
    """Connect, run the command, and read on until the broker closes the connection."""
    async with client as connected:
        assert main(by) == 0
        async for message in connected.messages:
            pytest.fail(f"nothing was published, and {message.topic} came")


async def heard(source: MqttSource, until: bytes) -> list[tuple[str, bytes]]:
    """What the service got up to and including the payload, which was published last."""
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(PATIENCE_S):
        while not found or found[-1][1] != until:
            batch = await source.next_batch(max_messages=1, max_wait_s=1.0)
            found += [(one.topic, one.payload) for one in batch]
            await source.acknowledge(batch)
    return found


async def test_a_device_publishes_under_its_own_id_alone(at: Guarded) -> None:
    async with MqttSource(at.service_url) as source:
        for topic in FORGED:
            await forge(at.client("d-1"), topic)
        async with at.client("d-1") as device:
            await device.publish("owntracks/anybody/d-1", b"own phone", qos=1)
            await device.publish("emon/v1/d-1/fix", b"own", qos=1)
        assert await heard(source, b"own") == [
            ("owntracks/anybody/d-1", b"own phone"),
            ("emon/v1/d-1/fix", b"own"),
        ]


async def test_a_device_hears_its_own_commands_and_nothing_of_others(at: Guarded) -> None:
    async with MqttSource(at.service_url) as source, at.client("d-1") as spy, at.client("d-2") as device:
        for topic in (
            "#",
            "emon/v1/#",
            "emon/v1/+/cmd",
            "emon/v1/d-2/fix",
            "emon/v1/+/fix",
            "$MQTT/#",
            "$JS/#",
        ):
            for qos in (0, 1):
                try:
                    await spy.subscribe(topic, qos=qos)
                except aiomqtt.MqttError as refused:
                    pytest.fail(f"{topic}: the connection ended: {refused}")
        await spy.subscribe("emon/v1/d-1/cmd", qos=1)
        await device.publish("emon/v1/d-2/fix", b"of another", qos=1)
        await source.publish("emon/v1/d-2/cmd", b"for another", 60)
        await source.publish("emon/v1/d-1/cmd", b"for me", 60)
        async with asyncio.timeout(PATIENCE_S):
            async for message in spy.messages:
                assert (str(message.topic), message.payload) == ("emon/v1/d-1/cmd", b"for me")
                break


async def test_wrong_and_missing_passwords_are_refused(at: Guarded) -> None:
    for user, password in (
        ("d-1", "wrong"),
        ("d-1", at.known["d-2"].password),
        ("nobody", "x"),
        (None, None),
    ):
        client = aiomqtt.Client(
            "127.0.0.1", at.broker.port, username=user, password=password, timeout=PATIENCE_S
        )
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori"):
            await client.__aenter__()


async def test_a_revoked_device_is_out_at_once_and_the_others_stay(at: Guarded) -> None:
    async with MqttSource(at.service_url) as source, at.client("d-2") as other:
        command = ["broker", "revoke", str(at.folder), "d-1", "--reload-pid", str(at.pid)]
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(aiomqtt.MqttError):
                await ended(at.client("d-1"), command)
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori"):
            await at.client("d-1").__aenter__()
        await other.publish("emon/v1/d-2/fix", b"still here", qos=1)
        assert await heard(source, b"still here") == [("emon/v1/d-2/fix", b"still here")]
        assert source.hung_up == 0


async def test_a_rotated_password_ends_the_old_one(at: Guarded, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["broker", "rotate", str(at.folder), "d-1", "--reload-pid", str(at.pid)]
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(aiomqtt.MqttError):
            await ended(at.client("d-1"), command)
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori"):
        await at.client("d-1").__aenter__()
    at.known["d-1"] = msgspec.json.decode(capsys.readouterr().out, type=Credential)
    async with at.client("d-1"):
        pass


async def test_on_mosquitto_nobody_takes_the_service_s_client_id(tmp_path: Path) -> None:
    async with guarded("mosquitto", tmp_path) as at, MqttSource(at.service_url) as source:
        for name in ("emon", at.known["emon"].client_id, "d-2"):
            async with at.client("d-1", client_id=name) as thief:
                await thief.publish("emon/v1/d-1/fix", name.encode(), qos=1)
        assert len(await heard(source, b"d-2")) == 3
        assert (source.connected, source.hung_up) == (True, 0)


async def test_on_nats_a_taken_session_is_noticed_within_seconds(tmp_path: Path) -> None:
    """nats-server cannot bind a client id to a user: the id is a secret, and its use by others is seen."""
    async with guarded("nats", tmp_path) as at, MqttSource(at.service_url) as source:

        async def noticed() -> bool:
            return source.hung_up > 0

        async with at.client("d-1", client_id=at.known["emon"].client_id):
            assert await until(noticed, PATIENCE_S)


@pytest.mark.parametrize("kind", ["mosquitto", "nats"])
async def test_a_broker_that_restarts_has_not_hung_up(kind: str, tmp_path: Path) -> None:
    async with guarded(kind, tmp_path) as at, MqttSource(at.service_url) as source:
        await at.broker.stop()
        async with asyncio.timeout(PATIENCE_S):
            await connection(source, up=False)
            await at.broker.start()
            await connection(source, up=True)
        assert source.hung_up == 0


async def test_client_ids_of_nats_cannot_be_guessed_from_names(tmp_path: Path) -> None:
    known = identities(tmp_path / "one")
    again = identities(tmp_path / "two")
    for user, one in known.items():
        assert one.client_id != again[user].client_id
        assert len(one.client_id) >= len(user) + 17


def _certificates(folder: Path, names: list[str]) -> None:
    """An authority, and a certificate that it signed for each name."""
    for name in ("authority", *names):
        subject = ["-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2"]
        signed = [] if name == "authority" else ["-CA", "authority.crt", "-CAkey", "authority.key"]
        address = [] if name == "authority" else ["-addext", "subjectAltName=IP:127.0.0.1"]
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ]
        subprocess.run([*command, *subject, *signed, *address], cwd=folder, check=True, capture_output=True)


async def test_a_certificate_is_an_identity_on_mosquitto_too(tmp_path: Path) -> None:
    _certificates(tmp_path, ["server", "emon", "d-1", "d-2"])
    folder = tmp_path / "identities"
    identities(folder)
    listener = [
        *(f"cafile {tmp_path}/authority.crt", f"certfile {tmp_path}/server.crt"),
        *(f"keyfile {tmp_path}/server.key", "require_certificate true", "use_identity_as_username true"),
    ]
    broker = MosquittoBroker(tmp_path / "broker", identities=folder, listener=listener)

    def client(name: str | None, within_s: float = PATIENCE_S) -> aiomqtt.Client:
        context = ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))
        if name is not None:
            context.load_cert_chain(tmp_path / f"{name}.crt", tmp_path / f"{name}.key")
        return aiomqtt.Client(
            "127.0.0.1", broker.port, identifier=name or "x", tls_context=context, timeout=within_s
        )

    def service_url() -> str:
        files = f"ca_file={tmp_path}/authority.crt&cert_file={tmp_path}/emon.crt&key_file={tmp_path}/emon.key"
        return f"mqtts://127.0.0.1:{broker.port}?version=3.1.1&{files}"

    await broker.start()
    try:
        async with MqttSource(service_url()) as source:
            with pytest.raises(aiomqtt.MqttError):
                await client(None, within_s=1.0).__aenter__()  # paho does not hear that it was refused
            await forge(client("d-1"), "emon/v1/d-2/fix")
            async with client("d-1") as device:
                await device.publish("emon/v1/d-1/fix", b"own", qos=1)
            assert await heard(source, b"own") == [("emon/v1/d-1/fix", b"own")]
            main(["broker", "revoke", str(folder), "d-1", "--reload-pid", str(broker.process_ids[0])])
            await forge(client("d-1"), "emon/v1/d-1/fix")
            async with client("d-2") as device:
                await device.publish("emon/v1/d-2/fix", b"mine", qos=1)
            assert await heard(source, b"mine") == [("emon/v1/d-2/fix", b"mine")]
    finally:
        await broker.stop()
