"""What a benchmark starts ends with it, however it ends: also by ``kill -9``, a time limit or Ctrl-C."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def with_parent() -> Callable[[], None]:
    """For ``preexec_fn``: the kernel kills the new process when the thread that started it dies."""
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has died in between
            os._exit(1)

    return ask


def run_to_the_end(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """As ``asyncio.run``, but SIGTERM unwinds too: parts with processes of their own are ended in order."""

    async def unwinding() -> Outcome:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    return asyncio.run(unwinding())
