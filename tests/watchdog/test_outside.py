"""``emon watch``: on a real service and database, with recipients that are processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.pipeline import until
from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.outbox import Attempt, Outcome
from emon.alerts.recipients import Recipients, load_recipients
from emon.config import load_settings
from emon.demo.broker import EmbeddedBroker
from emon.limits import WATCH_LOOK_S
from emon.model.instant import SECOND_US
from emon.model.platform import PlatformCause
from emon.watchdog.kept import KeptFile, KeptUnusable
from emon.watchdog.outside import Faults, Lookout, Places, ask
from emon.watchdog.told_once import reached
from tests.fixtures_service import Running, running_on

S = SECOND_US
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens there
DOWN: Faults = {PlatformCause.SERVICE_DOWN: 0, PlatformCause.DATABASE_DOWN: None}
WELL: Faults = {PlatformCause.SERVICE_DOWN: None, PlatformCause.DATABASE_DOWN: None}
LOOK_US = round(WATCH_LOOK_S * S)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that an idle machine answers at once is not given up on a busy one."""
    monkeypatch.setattr("emon.watchdog.outside.WATCH_ANSWER_S", 120.0)
    monkeypatch.setattr("emon.limits.DATABASE_CONNECT_TIMEOUT_S", 120)


@pytest.fixture
async def running(embedded_broker: EmbeddedBroker, database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running_on(embedded_broker, database, tmp_path) as service:
        yield service


def told(running: Running, party: str) -> list[str]:
    """The subjects of the platform's messages that a party has kept, in order."""
    path = running.receivers.ledger(party)
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if "fault in the system itself" in line.lower()]


async def test_a_service_that_stops_is_told_once_and_its_return_once(running: Running) -> None:
    """Looks follow each other at ten seconds of a clock that is ours; the deliveries are real."""
    assert running.started is not None
    recipients = load_recipients(running.folder / "policy.json", environ={})
    now_us = clock.now_us() - 3_600 * S
    url = running.started.http_url

    async def looks(count: int) -> int:
        nonlocal now_us
        file = KeptFile(running.folder / "watch.json")  # each time anew, as after a restart

        async def received() -> bool:
            return file.waiting == 0

        async with open_channels(recipients, url, clock.now_us) as channels, asyncio.TaskGroup() as group:
            dispatcher = Dispatcher(file, channels, clock.now_us)
            group.create_task(dispatcher.run())
            lookout = Lookout(
                lambda at_us: ask(Places(url, running.database), at_us),
                file,
                reached(tuple(recipients.routes)),
                recipients.deliveries,
                now_us=lambda: now_us,
                on_told=dispatcher.wake,
            )
            for _ in range(count):
                await lookout.step()
                now_us += LOOK_US
            assert await until(received, 120.0)
            dispatcher.stop()
        return len(told(running, "politie"))

    assert await looks(3) == 0
    await running.stop()
    assert await looks(6) == 0  # not yet a minute
    assert await looks(1) == 1
    assert await looks(30) == 1
    await running.start()
    url = running.started.http_url
    assert await looks(5) == 2
    assert await looks(30) == 2
    for party in ("reclassering", "meldkamer_em"):
        assert len(told(running, party)) == 2
    began, over = told(running, "politie")
    assert "does not answer, or judges nothing" in began
    assert "Over: fault in the system itself" in over


async def test_an_engine_that_stands_still_is_down_though_its_page_answers(running: Running) -> None:
    assert running.started is not None
    places = Places(running.started.http_url, running.database)
    assert await ask(places, 10**15) == WELL
    await running.stop()
    async with await psycopg.AsyncConnection.connect(running.database, autocommit=True) as conn:
        await conn.execute("UPDATE engine_clock SET last_received_at = now() - interval '5 minutes'")
    found = await ask(places, 10**15)
    assert found[PlatformCause.DATABASE_DOWN] is None
    since_us = found[PlatformCause.SERVICE_DOWN]
    assert since_us is not None
    assert 300 <= (10**15 - since_us) / S < 360


async def test_a_database_that_is_gone_is_its_own_fault_and_not_the_service_s(running: Running) -> None:
    assert running.started is not None
    places = Places(running.started.http_url, "postgresql://emon@127.0.0.1:9/emon")
    assert await ask(places, 7) == {PlatformCause.SERVICE_DOWN: None, PlatformCause.DATABASE_DOWN: 7}


async def test_something_else_at_the_address_is_no_service(database: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await ask(Places(f"http://127.0.0.1:{port}", database), 7)
    assert found[PlatformCause.SERVICE_DOWN] == 7


def lookout(file: KeptFile, faults: Faults, at_us: int) -> Lookout:
    entry = {"channel": "webhook", "url": "https://x.invalid/", "secret": "whsec_" + "A" * 32}
    recipients: Recipients = load_recipients(json.dumps({"recipients": {"meldkamer_em": entry}}).encode())

    async def answer(_: int) -> Faults:
        return faults

    parties = reached(tuple(recipients.routes))
    return Lookout(answer, file, parties, recipients.deliveries, now_us=lambda: at_us, on_told=lambda: None)


async def test_what_nobody_received_waits_over_a_restart_with_its_attempts(tmp_path: Path) -> None:
    path = tmp_path / "watch.json"
    await lookout(KeptFile(path), DOWN, 61 * S).step()
    (due,) = await KeptFile(path).claim_due(61 * S, 10)
    failed = Attempt(1, Outcome.FAILED, None, "no", 61 * S, 62 * S, 63 * S)
    await KeptFile(path).record_attempts([(due.id, failed)])
    again = KeptFile(path)
    assert await again.claim_due(62 * S, 10) == []
    assert await again.next_due_us(62 * S) == 63 * S
    (due,) = await again.claim_due(63 * S, 10)
    assert due.attempts == 1
    await again.record_attempts([(due.id, Attempt(2, Outcome.DELIVERED, 200, "", 63 * S, 63 * S, None))])
    await again.record_attempts([(due.id, failed)])  # an answer that got lost, repeated: it stays delivered
    assert KeptFile(path).waiting == 0
    await lookout(KeptFile(path), DOWN, 900 * S).step()
    assert KeptFile(path).waiting == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"seen": {"tired": {}}}', b"\xff"])
def test_a_file_that_cannot_be_read_is_refused_and_kept(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "watch.json"
    path.write_bytes(content)
    with pytest.raises(KeptUnusable, match="move it away"):
        KeptFile(path)
    assert path.read_bytes() == content


async def emon_watch(environ: dict[str, str], *, end_at: str | None = None) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EMON_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon", "watch"),
        env={**clean, **environ},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(120):
        async for line in process.stderr:
            said += line.decode()
            if end_at is not None and end_at in said and process.returncode is None:
                process.send_signal(signal.SIGTERM)
                end_at = None
        return await process.wait(), said


async def test_the_process_looks_ends_in_order_and_says_what_it_cannot_read(tmp_path: Path) -> None:
    entry = {"channel": "webhook", "url": "https://x.invalid/", "secret": "whsec_" + "A" * 32}
    (tmp_path / "policy.json").write_text(json.dumps({"recipients": {"meldkamer_em": entry}}))
    environ = {
        "EMON_WATCH_URL": NOWHERE,
        "EMON_DATABASE_URL": "postgresql://emon@127.0.0.1:9/emon",
        "EMON_POLICY": str(tmp_path / "policy.json"),
        "EMON_DATA_DIR": str(tmp_path / "data"),
    }
    code, said = await emon_watch(environ, end_at="/health")
    assert (code, "watching http://127.0.0.1:9" in said) == (os.EX_OK, True)
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "watch.json").write_text("{")
    code, said = await emon_watch(environ)
    assert (code, "move it away" in said) == (os.EX_IOERR, True)
    code, said = await emon_watch({**environ, "EMON_WATCH_URL": "elsewhere"})
    assert (code, "EMON_WATCH_URL" in said) == (os.EX_CONFIG, True)


def test_the_unit_names_settings_that_exist(repository: Path) -> None:
    unit = (repository / "deploy/systemd/emon-watch.service").read_text("utf-8")
    given = dict(
        line.removeprefix("Environment=").split("=", 1)
        for line in unit.splitlines()
        if line.startswith("Environment=")
    )
    assert given.pop("EMON_CONFIG") == "/etc/emon/watch.env"
    assert load_settings(given).data_dir == Path("/var/lib/emon-watch")
    assert "ExecStart=/opt/emon/bin/emon watch\n" in unit
