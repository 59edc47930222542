"""The embedded database: reachable, alone on its directory, gone when it is over, back after a crash."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from emon.demo import database as database_module
from emon.demo import database_user
from emon.demo.database import (
    DataDirectoryInUse,
    EmbeddedDatabase,
    EmbeddedDatabaseFault,
    servers_of,
    wheel_bin_dir,
)
from emon.demo.database_user import ServerUser

OWNER = Path(__file__).with_name("embedded_owner.py")
SETTLE_S = 120


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """In a short path that no other test uses, empty afterwards of processes too."""
    folder = Path(tempfile.mkdtemp(prefix="emon-test-db-"))
    place = folder / "data"
    yield place
    assert servers_of(place) == []
    shutil.rmtree(folder)


def start_owner(data_dir: Path) -> tuple[subprocess.Popen[str], int, str]:
    owner = subprocess.Popen(
        [sys.executable, str(OWNER), str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(OWNER.parents[2])},
    )
    assert owner.stdout is not None
    pid, uri = owner.stdout.readline().split()
    return owner, int(pid), uri


def end(owner: subprocess.Popen[str], sign: signal.Signals) -> None:
    owner.send_signal(sign)
    owner.wait(SETTLE_S)
    for pipe in (owner.stdin, owner.stdout):
        assert pipe is not None
        pipe.close()


def settled(data_dir: Path) -> bool:
    """Whether the last process of the directory has gone in time."""
    deadline = time.monotonic() + SETTLE_S
    while servers_of(data_dir) and time.monotonic() < deadline:
        os.sched_yield()
    return not servers_of(data_dir)


def value(uri: str, query: str) -> object:
    with psycopg.connect(uri, autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


async def test_it_serves_and_keeps_over_an_orderly_stop(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    await database.start()
    with psycopg.connect(database.uri) as conn:
        conn.execute("CREATE TABLE kept (n int)")
        conn.execute("INSERT INTO kept VALUES (7)")
    assert str(value(database.uri, "SHOW server_version")).startswith("18.")
    assert value(database.uri, "SHOW fsync") == "on"
    assert value(database.uri, "SELECT current_database()") == "emon"
    await database.stop()
    assert servers_of(data_dir) == []
    await database.start()
    assert value(database.uri, "SELECT n FROM kept") == 7
    await database.stop()
    await database.stop()


async def test_only_the_password_opens_the_port_and_only_the_owner_the_directory(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    await database.start()
    without = database.uri.partition("//")[0] + "//emon:wrong@" + database.uri.partition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(without)
    assert value(database.uri, "SHOW listen_addresses") == "127.0.0.1"
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "password").stat().st_mode) == 0o600
    await database.stop()


async def test_a_second_one_on_the_same_directory_is_refused(data_dir: Path) -> None:
    first, second = EmbeddedDatabase(data_dir), EmbeddedDatabase(data_dir)
    await first.start()
    with pytest.raises(DataDirectoryInUse, match=str(data_dir)):
        await second.start()
    assert value(first.uri, "SELECT 1") == 1
    await first.stop()


async def test_a_long_path_gets_its_socket_elsewhere_and_leaves_nothing(data_dir: Path) -> None:
    deep = data_dir / ("x" * 90) / "data"
    database = EmbeddedDatabase(deep)
    await database.start()
    socket_dir = Path(str(value(database.uri, "SHOW unix_socket_directories")))
    assert socket_dir != deep
    assert socket_dir.exists()
    await database.stop()
    assert not socket_dir.exists()


async def test_a_port_that_was_taken_under_way_is_given_up_for_another(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port = database_module._free_port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([int(taken.getsockname()[1])])
        monkeypatch.setattr(database_module, "_free_port", lambda: next(ports, None) or free_port())
        database = EmbeddedDatabase(data_dir)
        await database.start()
        assert database.port != taken.getsockname()[1]
    assert value(database.uri, "SELECT 1") == 1
    await database.stop()


async def test_an_interrupted_initdb_is_begun_again(data_dir: Path) -> None:
    half = data_dir.with_name("data.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    database = EmbeddedDatabase(data_dir)
    await database.start()
    assert value(database.uri, "SELECT 1") == 1
    await database.stop()


async def test_another_version_s_data_are_refused(data_dir: Path) -> None:
    older = EmbeddedDatabase(data_dir, bin_dir=wheel_bin_dir(16))
    await older.start()
    await older.stop()
    with pytest.raises(EmbeddedDatabaseFault, match=r"made by PostgreSQL 16, the embedded one is 18"):
        await EmbeddedDatabase(data_dir).start()


async def test_the_server_s_own_words_are_told_when_it_cannot_start(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir, settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedDatabaseFault, match="shared_buffers"):
        await database.start()


def test_the_server_ends_with_an_owner_that_is_killed(data_dir: Path) -> None:
    owner, pid, _ = start_owner(data_dir)
    assert pid in servers_of(data_dir)
    end(owner, signal.SIGKILL)
    assert settled(data_dir)


def test_after_a_kill_of_everything_the_next_run_recovers_what_was_committed(data_dir: Path) -> None:
    owner, pid, uri = start_owner(data_dir)
    with psycopg.connect(uri) as conn:
        conn.execute("CREATE TABLE kept (n int)")
        conn.execute("INSERT INTO kept VALUES (7)")
    os.kill(pid, signal.SIGKILL)
    end(owner, signal.SIGKILL)
    assert (data_dir / "postmaster.pid").exists()
    owner, _, uri = start_owner(data_dir)
    assert value(uri, "SELECT n FROM kept") == 7
    end(owner, signal.SIGKILL)
    assert settled(data_dir)


async def test_a_server_left_over_by_an_earlier_run_is_ended_first(data_dir: Path) -> None:
    """Stopped, the left-over cannot heed the kernel's sign; so it stands in for one that got none."""
    owner, pid, uri = start_owner(data_dir)
    with psycopg.connect(uri) as conn:
        conn.execute("CREATE TABLE kept (n int)")
    os.kill(pid, signal.SIGSTOP)
    end(owner, signal.SIGKILL)
    assert pid in servers_of(data_dir)
    database = EmbeddedDatabase(data_dir)
    starting = asyncio.ensure_future(database.start())
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGCONT)
    await starting
    assert database.pid != pid
    assert value(database.uri, "SELECT count(*) FROM kept") == 0
    await database.stop()


async def test_a_pid_file_with_the_number_of_a_stranger_does_not_keep_it_from_starting(
    data_dir: Path,
) -> None:
    database = EmbeddedDatabase(data_dir)
    await database.start()
    left_behind = (data_dir / "postmaster.pid").read_text().splitlines()
    await database.stop(in_order=False)
    stranger = str(os.getppid())
    (data_dir / "postmaster.pid").write_text("\n".join([stranger, *left_behind[1:]]) + "\n")
    await database.start()
    assert value(database.uri, "SELECT 1") == 1
    await database.stop()


def test_a_process_of_another_directory_is_never_taken_for_ours(data_dir: Path, tmp_path: Path) -> None:
    owner, pid, _ = start_owner(data_dir)
    assert servers_of(tmp_path) == []
    assert servers_of(data_dir)[0] == pid
    end(owner, signal.SIGTERM)
    assert settled(data_dir)


# --- as root ---------------------------------------------------------------------------------------


def test_only_folders_that_bar_the_way_are_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = ServerUser("stranger", 54_321, 54_321)
    barred = database_user.barred_folders([closed / "open" / "data"], stranger)
    assert closed in barred
    closed.chmod(0o711)
    assert closed not in database_user.barred_folders([closed / "data"], stranger)


def test_the_owner_s_and_the_group_s_own_bits_count(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir(mode=0o710)
    found = place.stat()
    owner = ServerUser("owner", found.st_uid, 54_321)
    group = ServerUser("group", 54_321, found.st_gid)
    assert place not in database_user.barred_folders([place / "data"], owner)
    assert place not in database_user.barred_folders([place / "data"], group)


def test_what_root_is_told_is_what_is_done(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = ServerUser("somebody", os.getuid(), os.getgid())
    monkeypatch.setattr(database_user, "server_user", lambda: None)
    assert database_user.describe(data_dir, wheel_bin_dir()) is None
    monkeypatch.setattr(database_user, "server_user", lambda: me)
    told = database_user.describe(data_dir, wheel_bin_dir())
    assert told is not None
    assert f"runs as the user somebody (no user is created). The folder {data_dir} is handed over" in told
    assert "No parent folder is changed" in told
    stranger = ServerUser("stranger", 54_321, 54_321)
    monkeypatch.setattr(database_user, "server_user", lambda: stranger)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    told = database_user.describe(closed / "data", wheel_bin_dir())
    assert told is not None
    assert str(closed) in told.partition("execute bit for others")[2]


def test_without_any_user_to_lend_root_is_told_whom_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_user, "CANDIDATES", ("nobody-of-this-name",))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(LookupError, match="nobody-of-this-name"):
        database_user.server_user()
