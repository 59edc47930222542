"""A world whose truth is known: scenarios, the devices that play them, and the score.

The simulator sees the engine's vocabulary and the wire format, never its store or its pages; what
is due stands in the scenario and is never computed by what it judges.
"""

from __future__ import annotations

from simulator.device import fixes_jsonl
from simulator.faults.effects import with_faults
from simulator.relative import document
from simulator.scenario import Scenario, ScenarioRefused
from simulator.scenario_file import load_scenario, parse_scenario
from simulator.scenario_library import Played, played, scenario_named, scenario_names
from simulator.score import Score, score

__all__ = [
    "Played",
    "Scenario",
    "ScenarioRefused",
    "Score",
    "fixes_jsonl",
    "load_scenario",
    "orders_document",
    "parse_scenario",
    "played",
    "scenario_named",
    "scenario_names",
    "score",
]


def orders_document(scenario: Scenario, start_us: int) -> bytes:
    """The orders of a scenario that starts at ``start_us``, as ``emon arm`` and the API take them.

    Raises ``ValueError`` when the start is no whole second.
    """
    return document(with_faults(scenario).orders, start_us)
