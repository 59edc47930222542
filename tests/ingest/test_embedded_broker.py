"""The embedded broker: whatever ended the last one, the next starts; each device has its own topics."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from emon.demo.broker import EmbeddedBroker, EmbeddedBrokerFault
from emon.ingest.sources.mqtt import MqttSource
from tests.ingest.test_mqtt_source import PATIENCE_S, client, publish, take

_OWNER = """
import asyncio, sys
from pathlib import Path
from emon.demo.broker import EmbeddedBroker

async def main():
    broker = EmbeddedBroker(Path(sys.argv[1]), devices=["d-1"])
    await broker.start()
    print(broker.process_ids[0], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def test_ends_with_its_killed_parent_and_starts_again_on_the_same_data(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _OWNER, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    server = int(await owner.stdout.readline())
    assert is_running(server)
    owner.kill()
    await owner.wait()
    again = EmbeddedBroker(tmp_path, devices=["d-1"])
    await again.start()
    try:
        assert not is_running(server)
        async with MqttSource(again.service_url) as source:
            assert source.connected
    finally:
        await again.stop()
    assert again.process_ids == ()


async def test_a_left_over_server_is_ended_first(tmp_path: Path) -> None:
    first = EmbeddedBroker(tmp_path)
    await first.start()
    (left_over,) = first.process_ids
    assert first._lock is not None
    first._lock.close()  # as the kernel does for a process that dies
    second = EmbeddedBroker(tmp_path)
    await second.start()
    try:
        assert not is_running(left_over)
        assert second.process_ids != (left_over,)
    finally:
        await second.stop()
        await first.stop()


async def test_two_brokers_never_share_a_directory(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    rival = EmbeddedBroker(tmp_path / "broker")
    with pytest.raises(EmbeddedBrokerFault, match="another embedded broker"):
        await rival.start()
    assert is_running(embedded_broker.process_ids[0])


async def test_messages_and_passwords_outlive_a_kill(embedded_broker: EmbeddedBroker) -> None:
    url = embedded_broker.service_url
    async with MqttSource(url):
        pass
    await publish(embedded_broker, "d-1", "emon/v1/d-1/fix", ["kept"])
    await embedded_broker.kill()
    await embedded_broker.start()
    assert embedded_broker.service_url == url
    async with MqttSource(url) as source:
        assert [d.payload for d in await take(source, 1)] == [b"kept"]


async def test_a_busy_port_is_avoided(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        broker = EmbeddedBroker(tmp_path, preferred_port=busy.getsockname()[1])
        await broker.start()
        try:
            assert broker.port != busy.getsockname()[1]
        finally:
            await broker.stop()


async def test_devices_are_added_without_disturbing_the_others(embedded_broker: EmbeddedBroker) -> None:
    async with MqttSource(embedded_broker.service_url) as source, client(embedded_broker, "d-1") as device:
        await embedded_broker.add_devices(["d-77"])
        await publish(embedded_broker, "d-77", "emon/v1/d-77/fix", ["new"])
        await device.publish("emon/v1/d-1/fix", "old", qos=1)
        assert [d.payload for d in await take(source, 2)] == [b"new", b"old"]
        assert source.connected


async def test_a_retained_status_and_a_last_will_arrive(embedded_broker: EmbeddedBroker) -> None:
    async with MqttSource(embedded_broker.service_url) as source:
        async with client(embedded_broker, "d-1") as device:
            await device.publish("emon/v1/d-1/status", "online", qos=1, retain=True)
        (status,) = await take(source, 1)
        assert (status.topic, status.payload) == ("emon/v1/d-1/status", b"online")


def test_what_holds_passwords_is_private(tmp_path: Path) -> None:
    async def once() -> None:
        broker = EmbeddedBroker(tmp_path / "broker", devices=["d-1"])
        await broker.start()
        await broker.stop()

    asyncio.run(once())
    for name in ("passwords.json", "nats.conf"):
        assert stat.S_IMODE((tmp_path / "broker" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700


@pytest.mark.parametrize("device", ["", "a b", "x" * 65, "emon", "tester"])
def test_a_name_that_is_no_device_is_refused(tmp_path: Path, device: str) -> None:
    with pytest.raises(ValueError, match=r"device id|user of the broker"):
        EmbeddedBroker(tmp_path, devices=[device])


async def test_a_server_that_ends_at_once_is_explained(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        broker = EmbeddedBroker(tmp_path, port=busy.getsockname()[1])
        with pytest.raises(EmbeddedBrokerFault, match=r"nats\.log"):
            async with asyncio.timeout(PATIENCE_S):
                await broker.start()
    assert broker.process_ids == ()


async def test_an_interrupt_of_the_terminal_does_not_reach_the_server(
    embedded_broker: EmbeddedBroker,
) -> None:
    (server,) = embedded_broker.process_ids
    assert os.getsid(server) != os.getsid(0)
