"""What the tests share that end a sender by ``kill -9`` at one of the numbered points."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys

PRELUDE = """
import asyncio, os, pathlib, signal, sys
from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.points import Point
from emon.alerts.recipients import load_recipients
from emon.store.store import Store

def ending_at(point, times):
    '''Hears of each point and ends the process at one; an event that is set when something is on file.'''
    left, on_file = int(times), asyncio.Event()
    def reached(passed):
        nonlocal left
        if passed is Point.COMMITTED:
            on_file.set()
        if int(point) == passed:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    return reached, on_file

async def until_none_waits(store, table, on_file):
    query = f"SELECT EXISTS (SELECT FROM {table} WHERE state = 'waiting')"
    while True:
        async with store._pool.connection() as conn:
            if not (await (await conn.execute(query)).fetchone())[0]:
                return
        await on_file.wait()
        on_file.clear()
"""


_FORKING = multiprocessing.get_context("forkserver")
# Two processes a test: imports are half a second each, so they are done once, in the process that forks.
_FORKING.set_forkserver_preload(
    ["emon.alerts.channels.opened", "emon.alerts.dispatcher", "emon.suspension_notices", "emon.update_sender"]
)


async def run_script(script: str, *arguments: str) -> int:
    """Run it as a process of its own behind ``PRELUDE``; its exit code."""
    process = _FORKING.Process(target=_run_here, args=(PRELUDE + script, arguments))
    process.start()
    await asyncio.to_thread(process.join)
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def _run_here(script: str, arguments: tuple[str, ...]) -> None:
    """As ``python -c`` would, and silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.argv = ["-c", *arguments]
    exec(script, {"__name__": "__main__"})
