"""Where Chromium is and how it is started without a screen or a graphics card."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # root in a container has no other way; nothing but our own page is opened
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
)


def chromium() -> tuple[str, dict[str, str]]:
    """The program and what its environment needs: the system's, or the one scripts/get_chromium.py
    unpacked with its libraries."""
    unpacked = UNPACKED / "chromium"
    if unpacked.exists():
        libraries = str(UNPACKED / "lib")
        return str(unpacked), {
            "LD_LIBRARY_PATH": libraries,
            "FONTCONFIG_PATH": str(UNPACKED / "fonts"),
            "HOME": str(UNPACKED),
        }
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found is not None, "no Chromium: run `make parts`"
    return found, {}


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, ended on leaving."""
    program, environment = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), env={**os.environ, **environment}
        )
        yield opened
        await opened.close()
