"""The rooms of the house and who may import whom, kept by import-linter from pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, core_files, core_modules


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr


SHELL = {
    "emon.alerts": {"acknowledge", "channels", "dispatcher", "outbox", "recipients"},
    "emon.ingest": {"source", "sources"},
}
"""The rooms that hold both: what is not core there, by name, so that a new module has to choose."""


@pytest.mark.parametrize("room", sorted(SHELL))
def test_a_module_of_a_mixed_room_is_core_or_shell(room: str) -> None:
    folder = ROOT / room.replace(".", "/")
    here = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    core = {module.rpartition(".")[2] for module in core_modules() if module.startswith(f"{room}.")}
    assert here - {"__init__"} == core | SHELL[room]


def test_the_core_named_in_the_contract_exists() -> None:
    missing = [str(path.relative_to(ROOT)) for path in core_files() if not path.is_file()]
    assert missing == []
    assert len(core_files()) > 10
