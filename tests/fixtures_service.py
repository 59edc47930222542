"""The whole service on real parts: either broker, PostgreSQL, and recipients that are processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import pytest

from benchmarks.pipeline import until
from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.alerts.recipients import load_recipients
from emon.app import Service, Started
from emon.config import load_settings
from emon.demo.receivers_supervisor import Receivers
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.fixtures_brokers import Broker

LON, LAT = 4.48, 51.92
WITHIN_S = 120.0


def circle_order(**changes: Any) -> dict[str, Any]:
    """An order on d-1 with a circle of 200 m."""
    order: dict[str, Any] = {
        "id": "o-1",
        "version": 1,
        "wearer": "w-1",
        "device": "d-1",
        "legal_basis": "gedragsaanwijzing",
        "valid_from": "2026-01-01T00:00:00Z",
        "conditions": [
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [LON, LAT], "radius_m": 200},
            }
        ],
    }
    return {**order, **changes}


@dataclass
class Running:
    """A service that can be stopped and started again on the same broker and database."""

    broker: Broker
    database: str
    folder: Path
    receivers: Receivers
    source: str = "aiomqtt"
    started: Started | None = None
    task: asyncio.Task[None] | None = None
    _service: Service | None = None
    settings: dict[str, str] = field(default_factory=dict)
    _seq: int = field(default=0)

    async def start(self) -> None:
        policy = self.folder / "policy.json"
        settings = load_settings(
            {
                "EMON_MQTT_URL": self.broker.service_url,
                "EMON_MQTT_SOURCE": self.source,
                "EMON_DATABASE_URL": self.database,
                "EMON_HTTP_LISTEN": "127.0.0.1:0",
                "EMON_POLICY": str(policy),
                "EMON_DATA_DIR": str(self.folder / "service"),
                **self.settings,
            }
        )
        up: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
        recipients = load_recipients(policy, environ={})
        self._service = Service(settings, recipients, DEFAULT_POLICY, on_start=up.set_result)
        self.task = asyncio.create_task(self._service.run())
        await asyncio.wait((self.task, up), return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            await self.task
        self.started = up.result()

    async def stop(self) -> None:
        if self.task is not None and self._service is not None:
            self._service.stop()
            await self.task
            self.task = None

    async def arm(self, *orders: dict[str, Any]) -> None:
        store = await Store.open(self.database)
        try:
            await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=0))
        finally:
            await store.close()

    def fix(self, east_m: float = 0.0, *, age_s: float = 0.0, **changes: Any) -> dict[str, Any]:
        """A fix so many metres east of the zone's centre, made so long ago."""
        self._seq += 1
        return {
            "seq": self._seq,
            "t": clock.now_us() // 1000 - round(age_s * 1000),
            "lat": LAT,
            "lon": LON + east_m / 68_650.0,
            "acc": 10.0,
            **changes,
        }

    async def publish(self, *payloads: object, device: str = "d-1", topic: str | None = None) -> None:
        """Publish and wait for every PUBACK."""
        url = urlsplit(self.broker.url("tester"))
        async with aiomqtt.Client(
            "127.0.0.1",
            self.broker.port,
            username=url.username,
            password=url.password,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=WITHIN_S,
        ) as client:
            for payload in payloads:
                body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
                await client.publish(topic or f"emon/v1/{device}/fix", body, qos=1)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.database) as conn:
            return await (await conn.execute(query.encode())).fetchall()

    async def until(self, query: str, wanted: object) -> None:
        """Until the query's first column of its first row is ``wanted``."""

        async def holds() -> bool:
            found = await self.rows(query)
            return bool(found) and found[0][0] == wanted

        if not await until(holds, WITHIN_S):
            raise AssertionError(f"{query}: {await self.rows(query)}, not {wanted!r}")


@asynccontextmanager
async def running_on(broker: Broker, database: str, folder: Path) -> AsyncIterator[Running]:
    """The service, up, with three recipients; nothing is armed."""
    receivers = Receivers(folder / "recipients")
    policy = json.dumps(await receivers.start())
    (folder / "policy.json").write_text(policy)
    service = Running(broker, database, folder, receivers)
    await service.start()
    yield service
    await service.stop()
    await receivers.stop()


@pytest.fixture
async def running(broker: Broker, database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running_on(broker, database, tmp_path) as service:
        yield service
