"""Every number that a judging module uses stands in the explanations."""

from __future__ import annotations

import ast
from pathlib import Path

from emon import limits
from emon.explanation.parameters import JUDGING, parameters

NOT_JUDGING = frozenset(
    {
        # Geometry: how exactly a distance is computed (docs/geofence.md), not what it means.
        "corridor", "country", "country_kernels", "detour", "ellipsoid", "faults", "frame", "gap", "jit",
        "locate", "near", "near_build", "outline", "paths", "pieces", "probability", "probability_kernels",
        "relate", "relation", "watch", "watch_ahead", "watch_kernels", "zones",
        "approach",  # an approach is no breach
        "schedule",  # how far ahead a change is looked for
    }
)  # fmt: skip


def test_a_module_that_judges_by_limits_is_in_the_list() -> None:
    listed = {module.__name__ for module in JUDGING}
    geofence = Path(limits.__file__).parent / "geofence"
    for path in sorted(geofence.glob("*.py")):
        uses = any(
            isinstance(node, ast.ImportFrom) and node.module == "emon.limits"
            for node in ast.walk(ast.parse(path.read_text()))
        )
        if uses and path.stem not in NOT_JUDGING:
            assert f"emon.geofence.{path.stem}" in listed, f"add it to emon/explanation/parameters.py: {path}"


def test_values_are_those_of_the_limits() -> None:
    found = parameters()
    assert found["CROSSING_GAP_MAX_S"] == limits.CROSSING_GAP_MAX_S
    assert found["CERTAIN_P"] == 0.999
    assert all(found[name] == getattr(limits, name) for name in found if hasattr(limits, name))
