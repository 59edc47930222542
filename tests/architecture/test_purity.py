"""The core takes time, chance and I/O as arguments: import-linter sees imports, this test calls and state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, core_files, place, tree

CALLS = frozenset({"open", "print", "input", "exec", "eval", "breakpoint"})
CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp"})  # of datetime and date
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"})
CACHES = frozenset({"cache", "lru_cache"})


def impure_calls(module: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CLOCKS
            and ast.unparse(node.func.value) in {"datetime", "date", "datetime.datetime", "datetime.date"}
        ):
            yield node
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
            yield node
        if isinstance(node, ast.Global):
            yield node


def is_mutable(value: ast.expr) -> bool:
    if isinstance(value, MUTABLE):
        return True
    if not isinstance(value, ast.Call):
        return False
    maker = value.func.attr if isinstance(value.func, ast.Attribute) else ast.unparse(value.func)
    return maker in MAKERS


def names_of(statement: ast.stmt) -> tuple[list[str], ast.expr | None]:
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets], statement.value
    if isinstance(statement, ast.AnnAssign):
        return [ast.unparse(statement.target)], statement.value
    return [], None


CHANGERS = frozenset(
    ["add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "setdefault", "update"]
)


def changed_names(module: ast.Module) -> frozenset[str]:
    """Names that the module writes into: ``name[...] = ``, ``name.append(...)``, ``del name[...]``."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(ast.unparse(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGERS:
            found.add(ast.unparse(node.func.value))
    return frozenset(found)


def module_state(module: ast.Module) -> Iterator[ast.AST]:
    """A table at module level is fine as long as its name is a constant's and nothing writes into it."""
    changed = changed_names(module)
    for statement in module.body:
        names, value = names_of(statement)
        if value is None or not is_mutable(value):
            continue
        for name in names:
            constant = name.lstrip("_").isupper() or name == "__all__"
            if not constant or name in changed:
                yield statement


@pytest.mark.parametrize("path", core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_core_module_neither_acts_nor_remembers(path: Path) -> None:
    module = tree(path)
    found = [*impure_calls(module), *module_state(module)]
    assert [f"{place(path, node)}: {ast.unparse(node)[:80]}" for node in found] == []


@pytest.mark.parametrize(
    "source",
    [
        "when = datetime.now(UTC)",
        "def f():\n    return open('x').read()",
        "import os\nhome = os.environ['HOME']",
        "def f():\n    global seen\n    seen = 1",
        "_seen = {}",
        "SEEN = {}\ndef f(x):\n    SEEN[x] = 1",
        "SEEN = []\ndef f(x):\n    SEEN.append(x)",
        "print('here')",
    ],
)
def test_the_purity_test_sees_what_it_is_for(source: str) -> None:
    module = ast.parse(source)
    assert [*impure_calls(module), *module_state(module)] != []


def test_the_purity_test_leaves_constant_tables_alone() -> None:
    module = ast.parse(
        "_LEVELS = {'a': 1}\ndef f(x):\n    local = {}\n    local[x] = _LEVELS[x]\n    return x"
    )
    assert [*impure_calls(module), *module_state(module)] == []
