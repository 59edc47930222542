"""Make the rows on a database of its own, measure every read, write the page, remove the database."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.storage.ground import Ground, fill
from benchmarks.storage.measure import Measured, measure
from benchmarks.storage.page import page_of
from emon.demo.database import EmbeddedDatabase
from emon.store.migrate import migrate

PAGE = "STORAGE.md"
_ROWS, _ROWS_QUICK = 20_000_000, 200_000
_DAYS = 28
_BYTES_A_ROW = 700  # with its index, and as much again while it is made
# Made in the transaction that makes its partition, a row is written once and not logged; what is measured
# afterwards are reads.
_SETTINGS = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "4GB", "shared_buffers": "1GB"}


def ground_of(rows: int) -> Ground:
    """Four weeks, as many devices as make so many fixes, an alert on file for each 300 of them."""
    today = datetime.now(UTC).date()
    devices = max(100, round(rows / (_DAYS * 1_440)))
    days = max(2, round(rows / (devices * 1_440)))
    return Ground(devices, days, today + timedelta(days=1), max(1_000, rows // 300))


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """A section of ``make bench``."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(asyncio.run(report(_ROWS_QUICK if quick else _ROWS, told)), "utf-8")
    return page


async def report(rows: int, told: Callable[[str], None], keep: Path | None = None) -> str:
    """The page. Raises ``OSError`` where the disk has no room for the rows.

    ``keep``: a folder in which the rows stay, and are found again by a later run.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="emon-storage-"))
    folder.mkdir(parents=True, exist_ok=True)
    filled = folder / "ground"
    try:
        free = shutil.disk_usage(folder).free
        if not filled.exists() and free < rows * _BYTES_A_ROW:
            raise OSError(
                f"{rows:,} rows want {rows * _BYTES_A_ROW / 1e9:.0f} GB in {folder}, it has {free / 1e9:.0f}"
            )
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        server = EmbeddedDatabase(folder / "database", settings=_SETTINGS)
        await server.start()
        try:
            ground, found = await _measured(server.uri, ground_of(rows), filled, told)
        finally:
            await server.stop()
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return page_of(ground, found, os.cpu_count() or 1, os.getloadavg()[0])


async def _measured(
    url: str, ground: Ground, filled: Path, told: Callable[[str], None]
) -> tuple[Ground, list[Measured]]:
    """``filled``: the file that says of what ground the rows are, once all of them stand."""
    await migrate(url)
    if filled.exists():
        ground = msgspec.json.decode(filled.read_bytes(), type=Ground)
    else:
        await fill(url, ground, told)
        filled.write_bytes(msgspec.json.encode(ground))
    return ground, await measure(url, ground, told)
