"""A section of ``python -m benchmarks`` that its user stops halfway."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    told("half of it")
    raise KeyboardInterrupt
