"""The rooms of the house and who may import whom, kept by import-linter from pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT, core_files, place, shell_modules, tree


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=580
    )
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> set[str]:
    """Absolute names of all that a file imports, ``from a import b`` as ``a.b`` too."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_no_core_module_imports_the_shell_beside_it() -> None:
    """The contract leaves the shell's own imports out, so it would not see a way through them."""
    found = [
        f"{place(path)} imports {name}"
        for path in core_files()
        for name in sorted(imported(path))
        if any(name == shell or name.startswith(f"{shell}.") for shell in shell_modules())
    ]
    assert found == []


def test_the_core_named_in_the_contract_exists() -> None:
    missing = [str(path.relative_to(ROOT)) for path in core_files() if not path.is_file()]
    assert missing == []
    assert len(core_files()) > 10
