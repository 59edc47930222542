"""A section of ``python -m benchmarks`` that writes down what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    told("all of it")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "QUICK.md"
    page.write_text(f"quick: {quick}\n", "utf-8")
    return page
