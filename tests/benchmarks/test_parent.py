"""A harness that is killed leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PARENT = """
import asyncio, sys
from benchmarks.parent import with_parent

async def main():
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(1, flush=True); import time; time.sleep(600)",
        stdout=asyncio.subprocess.PIPE, preexec_fn=with_parent())
    await child.stdout.readline()
    print(child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
_TERMINATED = """
import asyncio, os, signal
from benchmarks.parent import run_to_the_end

async def work():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
    finally:
        print("ended in order", flush=True)

run_to_the_end(work())
"""


def _lives(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # gone
        return False


def test_a_killed_harness_takes_its_processes_with_it(repository: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], cwd=repository, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = Path(f"/proc/{int(parent.stdout.readline())}/stat")
        assert child.exists()
        parent.kill()
        parent.wait()
        for _ in range(1_000_000):
            if not _lives(child):
                return
    raise AssertionError("the child outlives its parent")


def test_a_terminated_harness_unwinds(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TERMINATED], cwd=repository, capture_output=True, text=True, check=False
    )
    assert "ended in order" in done.stdout
    assert done.returncode != 0
