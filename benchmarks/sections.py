"""benchmarks/ALERTS.md, which several benchmarks write: each its own section, and the others' stay."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

from emon import __version__

TITLE = "# Alerts in figures"
_ROOT = Path(__file__).resolve().parents[1]


def put(page: Path, name: str, text: str) -> Path:
    """Put a section in the place of the one of that name, or at the page's end."""
    section = f"<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->\n"
    before = page.read_text("utf-8") if page.exists() else f"{TITLE}\n"
    found = re.compile(
        rf"<!-- {re.escape(name)} -->\n.*?<!-- end of {re.escape(name)} -->\n", re.DOTALL
    ).search(before)
    if found is None:
        whole = f"{before.rstrip()}\n\n{section}"
    else:
        whole = before[: found.start()] + section + before[found.end() :]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(whole, "utf-8")
    return page


def machine() -> str:
    """What it was measured on, and how busy that was with other work."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=_ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    psycopg_version = importlib.metadata.version("psycopg")
    return (
        f"Machine: {os.cpu_count()} cores of {platform.machine()}, shared with other work "
        f"(load {os.getloadavg()[0]:.1f}); Python {platform.python_version()}, psycopg {psycopg_version}; "
        f"emon {__version__}, commit `{commit}`."
    )
