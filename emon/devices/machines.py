"""All machines in one list, and the page of documentation that is drawn from their tables."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from emon.alerts import incident, lifecycle
from emon.devices import (
    charging,
    demand,
    orders,
    outage,
    plausibility,
    position,
    pursuit,
    silence,
    timekeeping,
)
from emon.geofence import episode
from emon.model.machine import Machine, diagram, rows

MACHINES: tuple[tuple[ModuleType, Machine[Any, Any, Any], Any], ...] = (
    (episode, episode.BREACH, episode.Phase.NONE),
    (lifecycle, lifecycle.ALERT, lifecycle.Stage.RAISED),
    (incident, incident.INCIDENT, incident.Course.FOLLOWED),
    (silence, silence.SILENCE, silence.UNHEARD),
    (position, position.POSITION, position.KNOWN),
    (outage, outage.OUTAGE, outage.RUNNING),
    (orders, orders.ORDER, orders.WAITING),
    (demand, demand.DEMAND, demand.IDLE),
    (pursuit, pursuit.PURSUIT, pursuit.NORMAL),
    (timekeeping, timekeeping.TIMEKEEPING, timekeeping.RIGHT),
    (plausibility, plausibility.PLAUSIBILITY, plausibility.TRUSTED),
    (charging, charging.CHARGE, charging.RESTED),
)
"""Each with its module, whose first words explain it, and the state it begins in."""


def page() -> str:
    """The page, in Markdown."""
    parts = [
        "# State machines",
        "",
        "Written by `make docs` from the tables of `emon/alerts/`, `emon/devices/` and `emon/geofence/`. A",
        "diagram shows the rows that change something; the table has them all. How to read it: the row is",
        "how things stand, the column what happens next; where they meet stands how things are then and,",
        "after the stroke, what is done. A dot is no change.",
        "",
    ]
    for module, machine, start in MACHINES:
        words = inspect.cleandoc(module.__doc__ or "").split("\n\n")
        parts += [f"## {machine.name.capitalize()}", "", *[p.replace("``", "`") + "\n" for p in words]]
        for kind in (type(start), machine.inputs, machine.effects):
            explained = inspect.cleandoc(kind.__doc__ or "").replace("``", "`").replace("\n", " ")
            if not explained.startswith("An enumeration"):
                parts += [explained, ""]
        parts += [diagram(machine, start), "", rows(machine), ""]
    return "\n".join(parts).rstrip("\n") + "\n"
