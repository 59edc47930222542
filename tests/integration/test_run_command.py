"""``emon run`` as a process: what it says when something is missing, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from benchmarks.pipeline import ServiceProcess
from tests.fixtures_brokers import MosquittoBroker

NOBODY = "127.0.0.1:9"  # the discard port: nothing listens there


def policy_in(folder: Path) -> str:
    path = folder / "policy.json"
    entry = {
        "channel": "smtp",
        "to": "a@x.invalid",
        "from": "b@x.invalid",
        "server": NOBODY,
        "security": "none",
    }
    path.write_text(json.dumps({"recipients": {"meldkamer_em": entry}}))
    return str(path)


async def emon_run(environ: dict[str, str]) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EMON_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon", "run"),
        env={**clean, **environ},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "policy.json"
    broken.write_text('{"recipients": {"polite": {}}, "rules": {"certain": {"priority": 9}}}')
    code, said = await emon_run(
        {
            "EMON_MQTT_URL": "http://x",
            "EMON_GIVE_UP_S": "soon",
            "EMON_BATCH_FIXES": "1",
            "EMON_POLICY": str(broken),
        }
    )
    assert code == os.EX_CONFIG
    for word in ("EMON_MQTT_URL", "EMON_GIVE_UP_S", "did you mean EMON_BATCH_FIXES_MAX", "polite"):
        assert word in said


async def test_without_a_database_it_says_what_it_tried_and_gives_up(tmp_path: Path) -> None:
    code, said = await emon_run(
        {
            "EMON_DATABASE_URL": f"postgresql://emon:secret@{NOBODY}/emon",
            "EMON_GIVE_UP_S": "1",
            "EMON_HTTP_LISTEN": "127.0.0.1:0",
            "EMON_POLICY": policy_in(tmp_path),
        }
    )
    assert code == os.EX_UNAVAILABLE
    assert "EMON_DATABASE_URL" in said
    assert "secret" not in said


async def test_without_a_broker_it_says_what_it_tried_and_gives_up(tmp_path: Path, database: str) -> None:
    code, said = await emon_run(
        {
            "EMON_DATABASE_URL": database,
            "EMON_MQTT_URL": f"mqtt://emon:secret@{NOBODY}",
            "EMON_GIVE_UP_S": "1",
            "EMON_HTTP_LISTEN": "127.0.0.1:0",
            "EMON_POLICY": policy_in(tmp_path),
            "EMON_DATA_DIR": str(tmp_path / "data"),
        }
    )
    assert code == os.EX_UNAVAILABLE
    assert "EMON_MQTT_URL" in said
    assert "secret" not in said


async def test_an_empty_database_is_told_to_migrate(tmp_path: Path, bare_database: str) -> None:
    code, said = await emon_run(
        {
            "EMON_DATABASE_URL": bare_database,
            "EMON_HTTP_LISTEN": "127.0.0.1:0",
            "EMON_POLICY": policy_in(tmp_path),
        }
    )
    assert code == os.EX_CONFIG
    assert "emon migrate" in said


async def test_it_ends_in_order_when_asked(
    tmp_path: Path, database: str, mosquitto_broker: MosquittoBroker
) -> None:
    service = ServiceProcess(
        tmp_path,
        {
            "EMON_DATABASE_URL": database,
            "EMON_MQTT_URL": mosquitto_broker.service_url,
            "EMON_HTTP_LISTEN": "127.0.0.1:0",
            "EMON_POLICY": policy_in(tmp_path),
            "EMON_DATA_DIR": str(tmp_path / "data"),
        },
    )
    await service.start()
    assert await service.end(signal.SIGTERM) == 0
