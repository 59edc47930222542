"""Every number that a judging module uses stands in the explanations."""

from __future__ import annotations

import ast
from pathlib import Path

from emon import limits
from emon.explanation.parameters import JUDGING, parameters

JUDGEMENT = {f"emon.geofence.{name}" for name in ("evidence", "fold", "timeline", "walk", "reconcile")}
NO_BREACH = {"emon.geofence.approach"}  # an approach is no breach


def imported_by(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module is not None}


def test_a_module_that_judges_by_limits_is_in_the_list() -> None:
    """What judges builds on evidence, folds or timelines; geometry, which only measures, never does."""
    listed = {module.__name__ for module in JUDGING}
    found = set()
    for path in sorted((Path(limits.__file__).parent / "geofence").glob("*.py")):
        modules = imported_by(path)
        if "emon.limits" in modules and modules & JUDGEMENT:
            found.add(f"emon.geofence.{path.stem}")
    assert {"emon.geofence.fold", "emon.geofence.walk"} <= found
    assert found - NO_BREACH <= listed, "add it to emon/explanation/parameters.py"


def test_values_are_those_of_the_limits() -> None:
    found = parameters()
    assert found["CROSSING_GAP_MAX_S"] == limits.CROSSING_GAP_MAX_S
    assert found["CERTAIN_P"] == 0.999
    assert all(found[name] == getattr(limits, name) for name in found if hasattr(limits, name))
