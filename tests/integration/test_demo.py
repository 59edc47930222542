"""``emon demo`` as a newcomer types it, also after the first one was killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any


async def demo(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon", "demo", "--dir", str(folder), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def left_behind(folder: Path) -> list[str]:
    """Command lines of living processes that name the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words:
                found.append(words)
    return found


STORIES_MAX = 4
IN_TIME_MS = 1_000  # an idle machine takes some 30; the story's bounds leave four seconds and more


async def story_in_time(folder: Path) -> dict[str, Any]:
    """What a story's summary says. It is played in real time and judged to the second, so one in which the
    machine stood still for seconds, which its own delays tell, says nothing and is played again."""
    for _ in range(STORIES_MAX):
        process = await demo(folder, "--for", "58", "--json")
        said, errors = await process.communicate()
        summary: dict[str, Any] = json.loads(said)
        if process.returncode == os.EX_OK or all(
            delay["p99"] is not None and delay["p99"] < IN_TIME_MS for delay in summary["delay_ms"].values()
        ):
            break
    assert summary["faults"] == [], errors.decode()
    assert process.returncode == os.EX_OK
    return summary


async def test_the_story_is_told_as_the_scenario_says_also_after_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    tmp_path.chmod(0o755)
    first = await demo(folder)
    assert first.stdout is not None
    async with asyncio.timeout(300):
        while not (await first.stdout.readline()).startswith(b"story"):
            pass
    first.send_signal(signal.SIGKILL)
    await first.wait()

    summary = await story_in_time(folder)
    assert (summary["expected"], summary["missing"], summary["unexpected"]) == (7, 0, 0)
    assert min(summary["delivered"].values()) >= 1
    assert min(summary["heartbeats"][party] for party in ("politie", "reclassering")) >= 1
    assert summary["updates"]["politie"] >= 1, "an open incident is followed, and counted as no alert"
    assert summary["confirmed"] >= summary["delivered"]["politie"]
    assert summary["first_alert_after_s"] < 30
    assert not folder.exists()
    assert left_behind(folder) == []


async def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    tmp_path.chmod(0o755)
    process = await demo(folder)
    assert process.stdout is not None
    async with asyncio.timeout(300):
        while not (await process.stdout.readline()).startswith(b"story"):
            pass
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130
    assert not folder.exists()
    assert left_behind(folder) == []


async def test_the_first_ctrl_c_ends_a_start_under_way(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    tmp_path.chmod(0o755)
    process = await demo(folder)
    assert process.stdout is not None
    async with asyncio.timeout(300):
        while not (await process.stdout.readline()).startswith(b"starting"):
            pass
    process.send_signal(signal.SIGINT)
    said, _ = await process.communicate()
    assert process.returncode == 130
    assert b"story" not in said
    assert not folder.exists()
    assert left_behind(folder) == []


async def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    process = await demo(tmp_path)
    _, errors = await process.communicate()
    assert process.returncode == os.EX_USAGE
    assert b"choose another --dir" in errors
    assert (tmp_path / "diary.txt").read_text() == "mine"
