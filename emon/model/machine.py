"""State machines as tables: (state, input) → (state, effects), and the diagrams drawn from them.

A machine names every pair of its states and inputs, also those that change nothing: what cannot
happen today must have been thought of by whoever wrote the table, not by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
I = TypeVar("I", bound=StrEnum)  # noqa: E741 - an input, beside S for a state and E for an effect
E = TypeVar("E", bound=StrEnum)


class Machine(Generic[S, I, E]):
    """One table. Raises ``ValueError`` when a pair is missing."""

    def __init__(
        self,
        name: str,
        states: type[S],
        inputs: type[I],
        effects: type[E],
        table: Mapping[tuple[S, I], tuple[S, tuple[E, ...]]],
    ) -> None:
        missing = [f"{s}/{i}" for s in states for i in inputs if (s, i) not in table]
        if missing:
            raise ValueError(f"{name}: no row for {', '.join(missing)}")
        self.name = name
        self.states = states
        self.inputs = inputs
        self.effects = effects
        self.table = table

    def step(self, state: S, given: I) -> tuple[S, tuple[E, ...]]:
        """The next state and what is to be done."""
        return self.table[(state, given)]


def diagram(machine: Machine[S, I, E], start: S) -> str:
    """The machine as a Mermaid state diagram; rows that change nothing are left out."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start.value}"]
    for state in machine.states:
        for given in machine.inputs:
            after, effects = machine.table[(state, given)]
            if after is state and not effects:
                continue
            done = f" / {', '.join(effect.value for effect in effects)}" if effects else ""
            lines.append(f"    {state.value} --> {after.value}: {given.value}{done}")
    return "\n".join([*lines, "```"])


def rows(machine: Machine[S, I, E]) -> str:
    """The whole table in Markdown, one row a state and one column an input."""
    head = "| state | " + " | ".join(given.value for given in machine.inputs) + " |"
    lines = [head, "|---" * (len(machine.inputs) + 1) + "|"]
    for state in machine.states:
        cells = []
        for given in machine.inputs:
            after, effects = machine.table[(state, given)]
            done = f" / {', '.join(effect.value for effect in effects)}" if effects else ""
            cells.append(f"{after.value if after is not state else '·'}{done}")
        lines.append(f"| **{state.value}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)
