"""Databases of tests are in memory, which nobody empties for us."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tests.fixtures_database import FOLDER_PREFIX, LEFT_OVER_S, remove_left_over


def test_folders_of_killed_runs_go_and_those_of_living_and_young_ones_stay(tmp_path: Path) -> None:
    killed, living, young, strange = (
        tmp_path / name for name in (f"{FOLDER_PREFIX}a", f"{FOLDER_PREFIX}b", f"{FOLDER_PREFIX}c", "other")
    )
    for folder in (killed, living, young, strange):
        (folder / "18").mkdir(parents=True)
        if folder != young:
            made_s = folder.stat().st_mtime - LEFT_OVER_S - 1
            os.utime(folder, (made_s, made_s))
    held = os.open(living, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        remove_left_over(tmp_path)
    finally:
        os.close(held)
    assert sorted(tmp_path.iterdir()) == sorted((living, young, strange))
