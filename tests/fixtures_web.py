"""The page on a free port of this machine, over a real store, with somebody who may log in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher

from emon import clock
from emon.alerts.key_ring import KeyRing
from emon.alerts.links import Links
from emon.alerts.routes import Secret
from emon.store.store import Store
from emon.web.app import create_app
from emon.web.backend import Services
from emon.web.live import LiveFeed
from emon.web.store_backend import StoreBackend

NAME, PASSWORD = "anna", "horse-battery-staple"
# Cheap to check: what a real hash costs is for tests/web/test_sessions.py to say.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1wb2xpY2UtMTIzNDU2Nzg5MA=="
LINK_SECRET = bytes(range(32))
PATIENCE_S = 120.0  # where an idle machine answers at once, a busy one is waited for
BEAT_S = 0.2  # heartbeats that a test can wait for


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Desk:
    """A served page. ``stop`` and ``start`` are what a service's restart looks like to a browser."""

    store: Store
    url: str
    listener_port: int
    status: dict[str, Any] = field(default_factory=lambda: {"ok": True})
    live: LiveFeed = field(init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _server: _Server | None = None

    async def start(self) -> None:
        backend = StoreBackend(self.store)
        self.live = LiveFeed(backend, clock.now_us, lambda: self.status, heartbeat_s=BEAT_S)
        services = Services(
            backend=backend,
            live=self.live,
            now_us=clock.now_us,
            cookie_secret=b"0123456789abcdef0123456789abcdef",
            status=lambda: self.status,
            links=Links(self.url, LINK_SECRET),
            keys={"politie": KeyRing.of_secret(Secret(SECRET))},
        )
        config = uvicorn.Config(
            create_app(services),
            host="127.0.0.1",
            port=self.listener_port,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        listener = socket.create_server(("127.0.0.1", self.listener_port), reuse_port=False)
        self.listener_port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.listener_port}"
        self._tasks = [
            asyncio.create_task(self.live.run()),
            asyncio.create_task(self._server.serve(sockets=[listener])),
        ]

    async def stop(self) -> None:
        assert self._server is not None
        self.live.close()
        self._server.should_exit = True
        await asyncio.gather(*self._tasks)

    def client(self, **more: Any) -> httpx.AsyncClient:
        """Somebody's browser, without JavaScript."""
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=PATIENCE_S, **more)

    @contextlib.asynccontextmanager
    async def signed_in(self) -> AsyncIterator[httpx.AsyncClient]:
        async with self.client() as client:
            answer = await client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield client


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    """The page over an empty database that the engine has claimed."""
    await store.claim_engine()
    await store.create_user(NAME, PASSWORD_HASH, "meldkamer_em")
    served = Desk(store, "", 0)
    await served.start()
    yield served
    await served.stop()
