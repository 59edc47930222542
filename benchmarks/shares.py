"""Who has the processors over a span: each process by name, and all others on this machine together."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
OTHERS = "others"


def cpu_s(pid: int) -> float:
    """Seconds of processor of a process so far; 0 of one that is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / _TICKS


def spent_s(pid: int) -> float:
    """Seconds of processor of a process and of those of its children that have ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / _TICKS


def busy_s() -> float:
    """Seconds of processor that the whole machine has spent since it started."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, words)
    return (user + nice + system + irq + softirq + steal) / _TICKS


def family_of(pid: int) -> list[int]:
    """The process and its children, such as a database's server and its connections."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


class Shares:
    """From its making on. ``pids``: by name, a process or several."""

    def __init__(self, pids: Mapping[str, list[int]]) -> None:
        self._pids = pids
        self._began_s = time.monotonic()
        self._before = self._spent()

    def _spent(self) -> dict[str, float]:
        found = {name: sum(map(cpu_s, pids)) for name, pids in self._pids.items()}
        found[OTHERS] = busy_s()
        return found

    def of_the_machine(self) -> dict[str, float]:
        """Of all its processors together, the share that each had since the beginning."""
        took_s = (time.monotonic() - self._began_s) * (os.cpu_count() or 1)
        spent = {name: (now - self._before[name]) / took_s for name, now in self._spent().items()}
        spent[OTHERS] = max(
            0.0, spent[OTHERS] - sum(share for name, share in spent.items() if name != OTHERS)
        )
        return spent
