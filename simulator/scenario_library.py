"""The scenarios that come with the simulator, by name, and what it takes to play one offline."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from simulator.device import fixes_jsonl
from simulator.faults.effects import with_faults
from simulator.relative import document
from simulator.scenario import Scenario
from simulator.scenario_file import load_scenario, parse_scenario
from simulator.scoring.facts import Truth
from simulator.scoring.of_scenario import truth_of_scenario


@dataclass(frozen=True, slots=True)
class Played:
    """``orders`` is what ``emon replay`` takes, ``fixes`` the lines beside it, ``truth`` what is due."""

    scenario: Scenario
    start_us: int
    orders: bytes
    fixes: list[str]
    truth: Truth


def scenario_names() -> list[str]:
    """``story``, ``queensland/01-walks-in`` and so on."""
    return sorted(_files())


def scenario_named(name: str) -> Scenario:
    """A scenario that comes with the simulator, or one in a YAML file.

    Raises ``ScenarioRefused`` with every fault, ``OSError`` where there is no such file.
    """
    known = _files()
    if name in known:
        return parse_scenario(known[name].read_bytes(), f"{name}.yaml")
    return load_scenario(name)


def played(name: str, start_us: int | None = None) -> Played:
    """A scenario to its end, offline; second 0 is its own start where none is given.

    Raises as ``scenario_named`` does, and ``TruthRefused`` for a truth that contradicts itself.
    """
    scenario = scenario_named(name)
    begin_us = scenario.calendar.start_us if start_us is None else start_us
    return Played(
        scenario,
        begin_us,
        document(with_faults(scenario).orders, begin_us),
        list(fixes_jsonl(scenario, begin_us)),
        truth_of_scenario(scenario, begin_us, f"{name}: truth"),
    )


def _files() -> dict[str, Traversable]:
    root = resources.files("simulator").joinpath("scenarios")
    found = _under(root, "")
    return dict(found)


def _under(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _under(each, f"{prefix}{each.name}/")
        elif each.name.endswith(".yaml"):
            found.append((f"{prefix}{each.name.removesuffix('.yaml')}", each))
    return found
