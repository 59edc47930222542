"""Real brokers on free loopback ports: nats-server as in the demo, Mosquitto under our settings."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from benchmarks.parent import with_parent
from emon.demo.broker import EmbeddedBroker
from emon.demo.ports import HeldPort
from scripts import get_mosquitto

DEVICES = ("d-1", "d-2", "d-3")
_DEPLOY = Path(__file__).resolve().parents[1] / "deploy" / "mosquitto"
_UP_WITHIN_S = 120.0
_PBKDF2_ROUNDS = 101  # what mosquitto_passwd writes
_TESTER_ACL = "\nuser tester\ntopic readwrite emon/v1/#\ntopic readwrite owntracks/#\n"


class Broker(Protocol):
    """What a test needs of either broker."""

    @property
    def port(self) -> int: ...

    @property
    def service_url(self) -> str: ...

    def url(self, user: str) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def kill(self) -> None: ...


class MosquittoBroker:
    """One Mosquitto with the settings and access rules of ``deploy/mosquitto``, but for paths and port.

    ``replaced`` names settings (``autosave_on_changes``) and the lines to put in their place, for tests
    of what happens without them. ``identities``: a folder of ``emon broker``, whose files are used in place
    of our own; ``listener``: further lines for the listener.
    """

    def __init__(
        self,
        folder: Path,
        *,
        replaced: dict[str, str] | None = None,
        identities: Path | None = None,
        listener: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._identities = identities
        self._listener = listener
        self._replaced = replaced or {}
        self._passwords = {user: secrets.token_urlsafe(12) for user in ("emon", "tester", *DEVICES)}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._held = HeldPort()
        self.port = self._held.number
        self.log: list[str] = []

    @property
    def service_url(self) -> str:
        return self.url("emon")

    def url(self, user: str) -> str:
        return f"mqtt://{user}:{self._passwords[user]}@127.0.0.1:{self.port}"

    @property
    def process_ids(self) -> tuple[int, ...]:
        return () if self._process is None else (self._process.pid,)

    async def start(self) -> None:
        program = get_mosquitto.get()
        self._process = await asyncio.create_subprocess_exec(
            *(str(program), "-c", str(self._configure())),
            env=get_mosquitto.environment(program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=with_parent(),
        )
        running = asyncio.Event()
        self._reader = asyncio.create_task(self._read_log(self._process, running))
        try:
            async with asyncio.timeout(_UP_WITHIN_S):
                await running.wait()
        finally:
            if not running.is_set():
                await self.kill()
        if self._process.returncode is not None:
            raise AssertionError("mosquitto did not start: " + " / ".join(self.log))

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        await self._ended()

    async def kill(self) -> None:
        """As ``kill -9`` does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._ended()

    async def _ended(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.wait()
        if self._reader is not None:
            await self._reader
            self._reader = None

    async def _read_log(self, process: asyncio.subprocess.Process, running: asyncio.Event) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.log.append(line.decode(errors="replace").strip())
            if self.log[-1].endswith(" running"):
                running.set()
        running.set()  # ended: whoever waits finds the process gone

    def _configure(self) -> Path:
        """Written at each start, beside the broker's data, which stays."""
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        (self._folder / "acl").write_text((_DEPLOY / "acl").read_text() + _TESTER_ACL)
        lines = [f"{user}:{_hashed(password)}\n" for user, password in self._passwords.items()]
        (self._folder / "passwords").write_text("".join(lines))
        for name in ("acl", "passwords"):
            (self._folder / name).chmod(0o600)
        users = self._folder if self._identities is None else self._identities / "mosquitto"
        settings = []
        for line in (_DEPLOY / "conf.d" / "emon.conf").read_text().splitlines():
            words = line.split()
            settings.append(self._replaced.get(words[0], line) if words else line)
        own = [
            f"listener {self.port} 127.0.0.1",
            *self._listener,
            f"password_file {users / 'passwords'}",
            f"acl_file {users / 'acl'}",
            f"persistence_location {data}/",
            "log_dest stderr",
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        path = self._folder / "mosquitto.conf"
        path.write_text("\n".join([*own, *settings]) + "\n")
        return path


class NatsBroker(EmbeddedBroker):
    """nats-server as in the demo, with further lines for its MQTT listener. ``passwords`` False: whoever
    comes is known by his certificate alone."""

    def __init__(self, folder: Path, *, listener: Sequence[str] = (), passwords: bool = True) -> None:
        super().__init__(folder, devices=DEVICES, preferred_port=0)
        self._listener = listener
        self._asks_passwords = passwords

    def _write_configuration(self) -> None:
        super()._write_configuration()
        text = self._configuration.read_text()
        head, mqtt, rest = text.partition("mqtt {\n")
        if not self._asks_passwords:
            rest = re.sub(r'password: "[^"]*", ', "", rest)
        self._configuration.write_text(head + mqtt + "".join(f"  {line}\n" for line in self._listener) + rest)


def _hashed(password: str) -> str:
    """A line of Mosquitto's password file, form 7: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@pytest.fixture
async def embedded_broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    """nats-server with users for d-1, d-2, d-3, the service and the tester."""
    broker = EmbeddedBroker(tmp_path / "broker", devices=DEVICES, preferred_port=0)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def mosquitto_broker(tmp_path: Path) -> AsyncIterator[MosquittoBroker]:
    """Mosquitto under our shipped settings, with the same users."""
    broker = MosquittoBroker(tmp_path / "mosquitto")
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture(params=["nats", "mosquitto"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    """Either broker, one test each."""
    either: Broker
    if request.param == "nats":
        either = EmbeddedBroker(tmp_path / "broker", devices=DEVICES, preferred_port=0)
    else:
        either = MosquittoBroker(tmp_path / "mosquitto")
    await either.start()
    yield either
    await either.stop()
