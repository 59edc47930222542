"""Real brokers under the files that ``emon broker`` writes: Mosquitto and nats-server, as deploy has them."""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt

from benchmarks.pipeline import until
from emon.demo.broker import _server
from emon.demo.ports import HeldPort
from emon.identity.book import Book, Credential, with_devices
from emon.identity.folder import IdentityFolder
from tests.fixtures_brokers import MosquittoBroker

_CONF = Path(__file__).resolve().parents[2] / "deploy" / "nats" / "nats.conf"
DEVICES = ("d-1", "d-2")
PATIENCE_S = 120.0


def identities(path: Path) -> dict[str, Credential]:
    """A folder with the service and two devices; their passwords."""
    with IdentityFolder(path) as folder:
        book, made = with_devices(Book(), DEVICES, secrets.token_bytes)
        folder.write(book)
    return {one.user: one for one in made}


class NatsBroker:
    """nats-server with the shipped settings, but for ports, paths and TLS, and the accounts of a folder."""

    def __init__(self, folder: Path, identities: Path) -> None:
        self._held = HeldPort()
        self.port = self._held.number
        self._conf = identities / "nats" / "nats.conf"
        self._log = folder / "nats.log"
        text = re.sub(r"  tls \{.*?\n  \}\n", "", _CONF.read_text(), flags=re.DOTALL)
        text = text.replace("0.0.0.0:8883", f"127.0.0.1:{self.port}").replace(
            "127.0.0.1:4222", "127.0.0.1:-1"
        )
        text = text.replace("/var/lib/nats", str(folder / "nats")) + f'log_file: "{self._log}"\n'
        self._conf.write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._log.write_text("")
        self._process = await asyncio.create_subprocess_exec(
            *(_server(), "-c", str(self._conf)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self.said("Server is ready")

    async def said(self, words: str, since: int = 0) -> None:
        async def holds() -> bool:
            assert self._process is not None
            assert self._process.returncode is None, self._log.read_text()
            return words in self._log.read_text()[since:]

        if not await until(holds, PATIENCE_S):
            raise AssertionError(f"{words!r} is not in {self._log.read_text()}")

    async def reload(self) -> None:
        since = len(self._log.read_text())
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        await self.said("Reloaded server configuration", since)

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()


class Guarded:
    """Either broker, with whom it knows."""

    def __init__(
        self, broker: MosquittoBroker | NatsBroker, folder: Path, known: dict[str, Credential]
    ) -> None:
        self.broker = broker
        self.folder = folder
        self.known = known

    @property
    def pid(self) -> int:
        return self.broker.pid if isinstance(self.broker, NatsBroker) else self.broker.process_ids[0]

    @property
    def service_url(self) -> str:
        one = self.known["emon"]
        place = f"127.0.0.1:{self.broker.port}?version=3.1.1&client_id={one.client_id}"
        return f"mqtt://emon:{one.password}@{place}"

    def client(self, user: str, *, client_id: str | None = None) -> aiomqtt.Client:
        one = self.known[user]
        return aiomqtt.Client(
            "127.0.0.1",
            self.broker.port,
            username=user,
            password=one.password,
            identifier=client_id or one.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=PATIENCE_S,
        )


@asynccontextmanager
async def guarded(kind: str, path: Path) -> AsyncIterator[Guarded]:
    """A running broker of the kind, ``mosquitto`` or ``nats``."""
    folder = path / "identities"
    known = identities(folder)
    broker = (
        MosquittoBroker(path / "broker", identities=folder)
        if kind == "mosquitto"
        else NatsBroker(path, folder)
    )
    await broker.start()
    try:
        yield Guarded(broker, folder, known)
    finally:
        await broker.stop()
