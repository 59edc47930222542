"""How far a long command is, on a terminal's last line; nothing where nobody is looking."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_QUIET_S = 2.0
"""Work that is done by then shows nothing."""
_STEP_S = 0.5
_CLEAR = "\r\x1b[K"


class Progress:
    """Shows what ``tick`` says while ``stream`` is a terminal. ``clear`` takes it away again."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._watched = stream.isatty()
        self._next_s = clock() + _QUIET_S
        self._shown = False

    def tick(self, done: int, share: float | None) -> None:
        """``done`` lines so far, ``share`` of the whole (0 to 1) where that is known."""
        if not self._watched or self._clock() < self._next_s:
            return
        self._next_s = self._clock() + _STEP_S
        percent = "" if share is None else f", {100.0 * share:.0f} %"
        self._stream.write(f"{_CLEAR}{done:,} lines{percent}")
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._shown = False
