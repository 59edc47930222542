"""The one rival that cannot live in our environment, fetched once into a folder of the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
FOLDER = _ROOT / ".cache" / "rivals"
_LOCK = Path(__file__).with_name("gmqtt.txt")


def gmqtt_folder() -> Path:
    """Where ``gmqtt`` can be imported from. Raises ``CalledProcessError`` where it cannot be fetched."""
    if not (FOLDER / "gmqtt").is_dir():
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--target",
            str(FOLDER),
            "--no-deps",
        ]
        subprocess.run([*command, "--require-hashes", "-r", str(_LOCK)], cwd=_ROOT, check=True)
    return FOLDER
