"""What the tests share that end a sender by ``kill -9`` at one of the numbered points."""

from __future__ import annotations

import asyncio
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


async def run_script(script: str, *arguments: str) -> int:
    """Run it as a process of its own behind ``PRELUDE``; its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PRELUDE + script, *arguments), stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()
