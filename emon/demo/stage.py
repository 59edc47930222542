"""Everything the demo runs on, started in order and ended in the opposite one.

One folder holds it all: broker, database, recipients' ledgers, settings. A lock beside it keeps a
second demo away; what an earlier one left behind (a ``kill -9`` takes no leave) is ended and cleared
first, because a story begins in an empty world.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from emon.alerts.policy import DEFAULT_POLICY
from emon.alerts.recipients import load_recipients
from emon.app import Service, Started, running, said_when_slow
from emon.config import load_settings
from emon.demo.broker import EmbeddedBroker
from emon.demo.database import EmbeddedDatabase, end_leftovers
from emon.demo.ports import HeldPort
from emon.demo.receivers_supervisor import Receivers
from emon.geofence.geometry import load_engine_kernels
from emon.store.migrate import migrate
from emon.web.passwords import generate_password, hash_password

USER = "demo"
ROLE = "meldkamer_em"
PREFERRED_HTTP_PORT = 8380


class DemoInUse(Exception):
    """Another demo runs in this folder."""


@dataclass(frozen=True)
class Stage:
    """What is up, and how it is reached."""

    folder: Path
    broker: EmbeddedBroker
    database: EmbeddedDatabase
    receivers: Receivers
    service: asyncio.Task[None]
    started: Started
    password: str


@asynccontextmanager
async def stage(
    folder: Path, devices: list[str], *, keep: bool, say: Callable[[str], None]
) -> AsyncIterator[Stage]:
    """Broker, database, recipients and service. The folder is cleared before, and after unless
    ``keep``.

    Raises ``DemoInUse``, and the faults of whatever does not start.
    """
    folder = folder.absolute()
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(folder))
        database = EmbeddedDatabase(folder / "database")
        effects = database.describe_root_effects()
        if effects is not None:
            say(effects)
        await end_leftovers(database.data_dir)
        broker = EmbeddedBroker(folder / "broker", devices=devices)
        await _clear(folder, broker)
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        say("starting PostgreSQL, the broker and the recipients …")
        stack.push_async_callback(database.stop)
        await database.start()
        stack.push_async_callback(broker.stop)
        await broker.start()
        held = HeldPort(PREFERRED_HTTP_PORT)  # until the service listens there
        stack.callback(held.release)
        receivers = Receivers(folder / "recipients")
        stack.push_async_callback(receivers.stop)
        policy = folder / "policy.json"
        policy.write_text(json.dumps(await receivers.start(confirm_base=f"http://127.0.0.1:{held.number}")))
        await migrate(database.uri)
        with said_when_slow(say):
            await asyncio.to_thread(load_engine_kernels)
        service, ready = _service(folder, broker, database, policy, held.number)
        task = await stack.enter_async_context(running(service))
        started = await _started(task, ready)
        password = generate_password()
        await started.store.create_user(USER, hash_password(password), ROLE)
        yield Stage(folder, broker, database, receivers, task, started, password)


def _service(
    folder: Path, broker: EmbeddedBroker, database: EmbeddedDatabase, policy: Path, port: int
) -> tuple[Service, asyncio.Future[Started]]:
    """The service as ``emon run`` would make it, from the same settings."""
    settings = load_settings(
        {
            "EMON_MQTT_URL": broker.service_url,
            "EMON_DATABASE_URL": database.uri,
            "EMON_HTTP_LISTEN": f"127.0.0.1:{port}",
            "EMON_POLICY": str(policy),
            "EMON_DATA_DIR": str(folder / "service"),
        }
    )
    ready: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    recipients = load_recipients(policy, environ={})
    return Service(settings, recipients, DEFAULT_POLICY, on_start=ready.set_result), ready


async def _started(task: asyncio.Task[None], ready: asyncio.Future[Started]) -> Started:
    """Wait until the service is up, or raise what kept it from it."""
    await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        await task
    return ready.result()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoInUse(f"another demo is running in {folder}; end it, or choose --dir") from None
        yield


async def _clear(folder: Path, broker: EmbeddedBroker) -> None:
    """End a left-over broker, which its own start does, and empty the folder."""
    if not folder.exists():
        return
    if (folder / "broker" / "pid").exists():
        await broker.start()
        await broker.stop()
    shutil.rmtree(folder)


def is_ours(folder: Path) -> bool:
    """Whether a folder may be cleared: it does not exist, is empty, or is a demo's."""
    if not folder.exists():
        return True
    return folder.is_dir() and (not os.listdir(folder) or (folder / "database").is_dir())
