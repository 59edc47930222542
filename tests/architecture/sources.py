"""The project's own files, for the tests that read code as text."""

from __future__ import annotations

import ast
import gc
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def own_files(*suffixes: str) -> tuple[Path, ...]:
    """Files of the working tree with one of the suffixes, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / line for line in listed.stdout.splitlines())
    return tuple(sorted(p for p in paths if p.suffix in suffixes and p.is_file()))


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def core_contract() -> dict[str, Any]:
    """pyproject.toml's import contract that says what the core is."""
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    (core,) = (contract for contract in contracts if contract["id"] == "core")
    return dict(core)


def files_of(module: str) -> set[Path]:
    """The source files of a module or a package."""
    place = ROOT / module.replace(".", "/")
    return set(place.rglob("*.py")) if place.is_dir() else {place.with_suffix(".py")}


def shell_modules() -> tuple[str, ...]:
    """The modules and packages inside the core's rooms that are not core."""
    return tuple(line.partition(" -> ")[0].removesuffix(".**") for line in core_contract()["ignore_imports"])


def core_files() -> tuple[Path, ...]:
    """Every source file of the core: its packages without the shell modules in them."""
    core = {path for module in core_contract()["source_modules"] for path in files_of(module)}
    return tuple(sorted(core - {path for module in shell_modules() for path in files_of(module)}))


@cache
def tree(path: Path) -> ast.Module:
    """Kept to the end, a million nodes in all: nobody looks for garbage among them, now or later."""
    gc.disable()
    try:
        return ast.parse(path.read_text("utf-8"), filename=str(path))
    finally:
        gc.freeze()
        gc.enable()


def place(path: Path, node: ast.AST | None = None) -> str:
    line = f":{getattr(node, 'lineno', 1)}" if node is not None else ""
    return f"{path.relative_to(ROOT)}{line}"
