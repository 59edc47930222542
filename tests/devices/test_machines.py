"""The tables: complete, reached to the last cell, and drawn."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from emon.devices import (
    charging,
    demand,
    orders,
    outage,
    plausibility,
    position,
    silence,
    timekeeping,
)
from emon.devices.machines import MACHINES, page
from emon.model.machine import Machine

CELLS = [
    pytest.param(machine, state, given, id=f"{machine.name}-{state}-{given}")
    for _, machine, _ in MACHINES
    for state in machine.states
    for given in machine.inputs
]


@pytest.mark.parametrize(("machine", "state", "given"), CELLS)
def test_every_cell_leads_to_a_state_and_keeps_the_file_in_step(
    machine: Machine[Any, Any, Any], state: Any, given: Any
) -> None:
    """What is open on file follows from the state alone: a cell opens and clears just when that changes."""
    after, done = machine.step(state, given)
    assert after in machine.states
    names = [effect.value for effect in done]
    assert ("open" in names) is (after in OPEN and state not in OPEN)
    assert ("clear" in names) is (state in OPEN and after not in OPEN)
    assert len(names) == len(set(names))
    if "tell" in names:
        assert after in OPEN


OPEN = {
    silence.SILENT,
    silence.COVERED,
    silence.MISSING,
    position.LOST,
    outage.RUNNING,
    orders.WANTING,
    demand.UNANSWERED,
    timekeeping.WRONG,
    plausibility.DOUBTED,
    charging.MISSED,
}


def test_every_state_can_be_reached() -> None:
    for _, machine, start in MACHINES:
        reached = {start}
        for _ in machine.states:
            reached |= {machine.step(state, given)[0] for state in reached for given in machine.inputs}
        assert all(state in reached for state in machine.states), machine.name


def test_a_table_with_a_hole_is_refused() -> None:
    class Light(StrEnum):
        RED = "red"
        GREEN = "green"

    with pytest.raises(ValueError, match="no row for green/red"):
        Machine(
            "light",
            Light,
            Light,
            Light,
            {(Light.RED, i): (Light.GREEN, ()) for i in Light}
            | {(Light.GREEN, Light.GREEN): (Light.RED, ())},
        )


def test_the_page_is_drawn_from_the_tables(repository: Path) -> None:
    assert (repository / "docs" / "state-machines.md").read_text("utf-8") == page(), "run: make docs"
