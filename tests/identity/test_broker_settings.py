"""What loses fixes in a broker's settings: named with its line and remedy, and nothing in those we ship."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from emon.identity.broker_settings import (
    BrokerKind,
    Text,
    Unreadable,
    findings,
    kind_of,
    nats_values,
    running_findings,
    seconds,
)
from emon.identity.monitor import say_what_loses_fixes
from scripts import get_mosquitto

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CONF_D = DEPLOY / "mosquitto" / "conf.d" / "emon.conf"


def checked(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, list[str], str]:
    from emon.cli import main

    code = main(["broker", "check", str(path)])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err


@pytest.mark.parametrize("folder", ["mosquitto", "nats"])
def test_nothing_is_said_of_the_settings_that_we_ship(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, err = checked(capsys, DEPLOY / folder)
    assert (code, lines) == (os.EX_OK, [])
    assert "no setting that loses fixes" in err


def test_debian_s_settings_are_told_what_they_lose(capsys: pytest.CaptureFixture[str]) -> None:
    program = get_mosquitto.get()
    code, lines, _ = checked(capsys, program.parents[2] / "etc" / "mosquitto")
    assert code == 1
    for name in ("autosave_on_changes", "max_queued_messages", "max_inflight_messages", "acl_file"):
        assert sum(name in line for line in lines) == 1, lines
    assert not any(": persistence" in line for line in lines)  # Debian does set that one


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("persistence true", "persistence false"),
        ("autosave_on_changes true", "autosave_on_changes false"),
        ("autosave_interval 1", "autosave_interval 20"),
        ("max_queued_messages 0", "max_queued_messages 100000"),
        ("max_queued_bytes 0", "max_queued_bytes 1000000"),
        ("max_inflight_messages 1000", "max_inflight_messages 20"),
        ("max_packet_size 1052672", "max_packet_size 65536"),
        ("allow_anonymous false", "allow_anonymous true"),
        ("use_username_as_clientid true", "use_username_as_clientid false"),
        ("sys_interval 10", "persistent_client_expiration 1d"),
        ("sys_interval 10", "memory_limit 1000000"),
        ("sys_interval 10", "message_size_limit 1000"),
        ("sys_interval 10", "max_qos 0"),
        ("sys_interval 10", "retain_available false"),
    ],
)
def test_each_line_of_ours_is_missed_where_it_says_something_else(line: str, instead: str) -> None:
    ours = CONF_D.read_text().replace(line, instead)
    at = ours.splitlines().index(instead) + 1
    access = Text("m.conf", "password_file p\nacl_file a\n")
    (found,) = findings([access, Text("emon.conf", ours)], BrokerKind.MOSQUITTO)
    assert found.place == f"emon.conf:{at}"
    assert found.setting == instead
    assert found.write


def test_the_last_line_counts_and_comments_do_not() -> None:
    text = CONF_D.read_text() + "password_file p\nacl_file a\n"
    assert findings([Text("a", "persistence false\n" + text)], BrokerKind.MOSQUITTO) == []
    assert findings([Text("a", text + "# persistence false\n")], BrokerKind.MOSQUITTO) == []


NATS = (DEPLOY / "nats" / "nats.conf").read_text()


@pytest.mark.parametrize(
    ("line", "instead", "path"),
    [
        ('ack_wait: "1s"', "", "mqtt.ack_wait"),
        ('ack_wait: "1s"', "ack_wait = 1m30s", "mqtt.ack_wait"),
        ("max_ack_pending: 1000", "max_ack_pending: 100", "mqtt.max_ack_pending"),
        ("sync_interval: always", "", "jetstream.sync_interval"),
        ("sync_interval: always", 'sync_interval "10s"', "jetstream.sync_interval"),
        ('"/var/lib/nats"', '"/tmp/nats"', "jetstream.store_dir"),
        ("max_payload: 1052672", "max_payload: 64KB", "max_payload"),
        ("max_ack_pending: 1000", "max_ack_pending: 1000, no_auth_user: x", "mqtt.no_auth_user"),
        ("sync_interval: always", "sync_interval: always\nmax_file: 1G", "jetstream.max_file"),
    ],
)
def test_each_setting_of_nats_too(line: str, instead: str, path: str) -> None:
    assert line in NATS
    (found,) = findings([Text("nats.conf", NATS.replace(line, instead))], BrokerKind.NATS)
    assert found.setting.startswith(path)


def test_a_nats_server_without_mqtt_and_jetstream() -> None:
    found = [one.setting.split()[0] for one in findings([Text("n", "port: 4222\n")], BrokerKind.NATS)]
    assert {"mqtt", "jetstream", "jetstream.store_dir"} <= set(found)


def test_all_spellings_of_nats_are_read() -> None:
    text = """
    # comment { with a block
    a: 1, b = 'two' // more
    c { d "x y"; e: [1, {f: 2}, 3]
        g
        { h: always }
    } listen: localhost:4222
    i: 5
    """
    found = {path: value.text for path, value in nats_values([Text("n", text)]).items()}
    expected = {"a": "1", "b": "two", "c": "{}", "c.d": "x y", "c.g": "{}", "c.g.h": "always", "i": "5"}
    assert expected.items() <= found.items()


@pytest.mark.parametrize("text", ["a { b: 1", "a: 1 }", 'mqtt { x: "open'])
def test_a_spoilt_file_is_refused_by_its_line(text: str) -> None:
    with pytest.raises(Unreadable, match=r"n:1: "):
        findings([Text("n", text)], BrokerKind.NATS)


def test_kinds_are_told_apart_and_durations_read() -> None:
    assert kind_of(NATS) is BrokerKind.NATS
    assert kind_of("# {\npersistence true\n") is BrokerKind.MOSQUITTO
    assert [seconds(one) for one in ("1s", "1m30s", "500ms", "x")] == [1.0, 90.0, 0.5, float("inf")]


def test_a_folder_without_settings_and_a_path_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(capsys, tmp_path)[0] == os.EX_DATAERR
    assert checked(capsys, tmp_path / "absent.conf")[0] == os.EX_IOERR


def test_an_answer_that_lacks_everything_is_said_as_defaults() -> None:
    assert {"mqtt is not set (none)", "jetstream is not set (off)"} <= {
        one.setting for one in running_findings({}, "x")
    }


@pytest.mark.parametrize(("sync", "expected"), [("always", []), ('"2m"', ["jetstream.sync_interval 120s"])])
async def test_a_running_server_tells_at_its_monitoring_port(
    tmp_path: Path, sync: str, expected: list[str]
) -> None:
    ports = []
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    # The folder of a test is temporary, and is told as such: the store is what it is for.
    text = (
        f'server_name: t\nlisten: "127.0.0.1:{ports[0]}"\nhttp: "127.0.0.1:{ports[1]}"\n'
        "max_payload: 1052672\n"
        f'jetstream {{ store_dir: "{tmp_path}/js", sync_interval: {sync} }}\n'
        f'mqtt {{ listen: "127.0.0.1:{ports[2]}", ack_wait: "1s", max_ack_pending: 1000 }}\n'
    )
    (tmp_path / "n.conf").write_text(text)
    server = Path(sys.executable).parent / "nats-server"
    process = await asyncio.create_subprocess_exec(
        *(str(server), "-c", str(tmp_path / "n.conf")), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    async with asyncio.timeout(120):
        while b"Server is ready" not in await process.stderr.readline():
            pass
    try:
        found = await say_what_loses_fixes(f"http://127.0.0.1:{ports[1]}")
    finally:
        process.terminate()
        await process.communicate()
    assert [one.setting for one in found if "store_dir" not in one.setting] == expected
    assert await say_what_loses_fixes(f"http://127.0.0.1:{ports[1]}") == []  # gone: a warning alone
