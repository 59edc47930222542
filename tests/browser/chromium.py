"""Where Chromium is and how it is started without a screen or a graphics card."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "chromium"
SLOW_MS = 120_000  # drawing by software on a busy machine; what is there is not waited for
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # root in a container has no other way; nothing but our own page is opened
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
    # The map alone is drawn as on a graphics card; putting the window together so as well, anew for each
    # frame, took more of the processor than all else in these tests.
    "--disable-gpu-compositing",
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
    """A headless Chromium, killed on leaving: asked to close, it first draws for seconds what nobody sees."""
    expect.set_options(timeout=SLOW_MS)
    program, environment = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), env={**os.environ, **environment}, timeout=SLOW_MS
        )
        try:
            yield opened
        finally:
            await _kill(opened)
            await opened.close()


async def _kill(opened: Browser) -> None:
    session = await opened.new_browser_cdp_session()
    for process in (await session.send("SystemInfo.getProcessInfo"))["processInfo"]:
        if process["type"] in ("browser", "GPU"):  # the others end with these
            with suppress(ProcessLookupError):
                os.kill(process["id"], signal.SIGKILL)
