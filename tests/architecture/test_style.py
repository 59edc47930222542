"""Style rules are tests: what ruff and mypy say, and the rules that neither knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, own_files, place, tree

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # this line names them and is the one exception
SLEEPS = frozenset({"time.sleep", "asyncio.sleep"})


def python_files() -> tuple[Path, ...]:
    return own_files(".py")


def written_files() -> tuple[Path, ...]:
    return own_files(".py", ".js", ".mjs", ".css", ".html", ".sql")


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=580
    )


def test_ruff_finds_nothing() -> None:
    done = run_tool("ruff", "check", "--quiet", "--no-cache", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_finds_nothing() -> None:
    done = run_tool("mypy", "--no-error-summary")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_longer_than_a_sitting() -> None:
    long = {place(path): len(path.read_text("utf-8").splitlines()) for path in written_files()}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_two_screens() -> None:
    long = [
        f"{place(path, node)}: {node.name}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_nothing_is_left_for_later_in_a_comment() -> None:
    found = [
        f"{place(path)}:{number}: {line.strip()}"
        for path in written_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if LEFT_OVER.search(line) and "LEFT_OVER" not in line
    ]
    assert found == []


def swallowing_handlers(module: ast.Module) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            if broad and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body):
                yield node


def test_no_broad_except_swallows() -> None:
    found = [place(path, node) for path in python_files() for node in swallowing_handlers(tree(path))]
    assert found == []


def waits(module: ast.Module) -> Iterator[ast.Call]:
    """Calls that sleep; ``asyncio.sleep(0)`` only yields."""
    for node in ast.walk(module):
        sleeps = isinstance(node, ast.Call) and ast.unparse(node.func) in SLEEPS
        if isinstance(node, ast.Call) and sleeps and ast.unparse(node.args[0]) != "0":
            yield node


def asserts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and re.search(r"raises|assert|expect|check", ast.unparse(node.func)))
        for node in ast.walk(function)
    )


def test_no_test_sleeps_or_asserts_nothing() -> None:
    found = []
    for path in python_files():
        if path.relative_to(ROOT).parts[0] != "tests":
            continue
        found += [f"{place(path, node)} sleeps" for node in waits(tree(path))]
        found += [
            f"{place(path, node)}: {node.name} asserts nothing"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and not asserts(node)
        ]
    assert found == []


def test_no_module_is_named_for_nothing() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [place(path) for path in python_files() if path.name in vague] == []
