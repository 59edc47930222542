"""Broker, PostgreSQL with fsync, recipients and service as real processes, each killed and started again.

Whoever runs the service in production has something that starts it again when it ends (Docker, systemd). Here
that is ``Stage``: a service that gives up because its database is gone is started again, and that is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from benchmarks.kills.publisher import orders
from benchmarks.kills.schedule import Kill, Part
from benchmarks.pipeline import STARTS_MAX, ServiceProcess
from emon import clock
from emon.demo.database import EmbeddedDatabase, servers_of
from emon.demo.ports import HeldPort
from emon.demo.receivers_supervisor import Receivers
from emon.orders.document import parse_document
from emon.store.migrate import migrate
from emon.store.store import Store

_BEGUN_S = 0.05


class Broker(Protocol):
    """A broker that can be killed; its address stays."""

    @property
    def service_url(self) -> str: ...

    def url(self, user: str) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def kill(self) -> None: ...


class Stage:
    """``start``, ``kill`` as often as wanted, ``finish``. ``say`` hears of each event, for the timeline."""

    def __init__(
        self, folder: Path, broker: Broker, *, devices: int, source: str, say: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._broker = broker
        self._devices = devices
        self._source = source
        self._say = say
        self._database_port = HeldPort()  # the service tries it while the database is down
        self.database = EmbeddedDatabase(folder / "database", port=self._database_port.number)
        self.receivers = Receivers(folder / "recipients")
        self._service: ServiceProcess | None = None
        self.restarts = 0
        """How often the service ended by itself and was started again."""
        self.starts_us: list[int] = []
        """When a process of the service was started, the one before having ended other than in order."""

    async def start(self) -> None:
        """All parts up, the orders armed. The broker is up already."""
        await self.database.start()
        await migrate(self.database.uri)
        policy = self._folder / "policy.json"
        policy.write_text(json.dumps(await self.receivers.start()))
        store = await Store.open(self.database.uri)
        await store.arm(parse_document(json.dumps(orders(self._devices)).encode(), armed_at_us=0))
        await store.close()
        self._service = ServiceProcess(
            self._folder,
            {
                "EMON_MQTT_URL": self._broker.service_url,
                "EMON_MQTT_SOURCE": self._source,
                "EMON_DATABASE_URL": self.database.uri,
                "EMON_HTTP_LISTEN": "127.0.0.1:0",
                "EMON_POLICY": str(policy),
                "EMON_DATA_DIR": str(self._folder / "service"),
            },
        )
        await self._up()

    @property
    def service(self) -> ServiceProcess:
        if self._service is None:
            raise RuntimeError("the stage has not been started")
        return self._service

    async def kill(self, kill: Kill) -> None:
        """As ``kill -9`` does, then everything up again."""
        self._say(f"kill -9 {kill.part}")
        if kill.part is Part.BROKER:
            await self._broker.kill()
            await self._broker.start()
        if kill.part is Part.BOTH:
            await asyncio.gather(self._kill_service(), self._kill_database())
        elif kill.part is Part.DATABASE:
            await self._kill_database()
        elif kill.part is Part.SERVICE:
            await self._kill_service()
        if kill.part in (Part.DATABASE, Part.BOTH):
            await self.database.start()
        if kill.again_s is not None:
            await self._kill_while_starting(kill.again_s)
        await self._up()
        self._say("all is up")

    async def finish(self) -> None:
        """End the service in order; database and recipients stay for whoever reads them."""
        if self._service is not None:
            await self._service.end(signal.SIGTERM)

    async def stop(self) -> None:
        """End everything but the broker."""
        if self._service is not None:
            await self._service.end(signal.SIGKILL)
        await self.receivers.stop()
        await self.database.stop()

    async def _kill_service(self) -> None:
        await self.service.end(signal.SIGKILL)

    async def _kill_database(self) -> None:
        for pid in servers_of(self.database.data_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.database.stop(in_order=False)

    async def _kill_while_starting(self, after_s: float) -> None:
        starting = asyncio.create_task(self._start_service())
        await asyncio.wait((starting,), timeout=max(_BEGUN_S, after_s))
        self._say(f"kill -9 service {after_s:.2f} s after its start began")
        await self._kill_service()
        with contextlib.suppress(RuntimeError):
            await starting

    async def _start_service(self) -> None:
        self.starts_us.append(clock.now_us())
        await self.service.start()

    async def _up(self) -> None:
        """Start the service where it does not run, as often as it gives up at its start."""
        for _ in range(STARTS_MAX):
            if self.service.running:
                return
            try:
                await self._start_service()
            except RuntimeError as ended:
                self.restarts += 1
                self._say(f"the service ended by itself: {str(ended)[-300:]}")
        if not self.service.running:
            raise RuntimeError(f"the service did not start in {STARTS_MAX} tries")


async def looked_for(happened: Callable[[], Awaitable[bool]], within_s: float, each_s: float = 0.5) -> bool:
    """Look now and then until it happened; False when time ran out."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    while not await happened():
        if loop.time() >= end_s:
            return False
        await asyncio.sleep(each_s)
    return True
