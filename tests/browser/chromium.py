"""Where Chromium is and how it is started without a screen or a graphics card."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "chromium"
SLOW_MS = 60_000  # drawing by software on a busy machine; what is there is not waited for
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # root in a container has no other way; nothing but our own page is opened
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
)


def chromium() -> tuple[str, dict[str, str]]:
    """The program and what its environment needs: the system's, or the one that
    scripts/get_chromium.py unpacked with its libraries."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return found, {}
    unpacked = UNPACKED / "chromium"
    assert unpacked.exists(), "no Chromium: run `make parts`"
    return str(unpacked), {"LD_LIBRARY_PATH": str(UNPACKED / "lib"), "FONTCONFIG_PATH": str(UNPACKED)}


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, ended on leaving."""
    expect.set_options(timeout=SLOW_MS)
    program, environment = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), env={**os.environ, **environment}
        )
        yield opened
        await opened.close()
