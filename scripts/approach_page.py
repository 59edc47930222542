"""docs/approach.md: the state machine of approaches, drawn from its table."""

from __future__ import annotations

from emon.geofence.approach import TABLE, Signal, Where
from emon.limits import APPROACH_AGAIN_S, APPROACH_SPEED_MIN_M_S, APPROACH_WARNING_S, APPROACHES_A_DAY_MAX


def approach_page() -> str:
    """The page; the same bytes from the same table."""
    lines = [
        "# Approaches: the state machine",
        "",
        "Written by `make docs` from the table in `emon/geofence/approach.py`; why it is so stands in"
        " [ADR 0010](adr/0010-approach.md).",
        "",
        "The machine runs over the newest fixes of a wearer for one ban, in the order of their own times. "
        "While it is *approaching*",
        "an alert `approach` is due to the monitoring centre: one a condition and local day, at most"
        f" {APPROACHES_A_DAY_MAX}, never two within {APPROACH_AGAIN_S // 60}",
        f"minutes. The warning time is {APPROACH_WARNING_S} s at {APPROACH_SPEED_MIN_M_S:g} m/s or more.",
        "",
        "| state | " + " | ".join(signal.value for signal in Signal) + " |",
        "|---" * (len(Signal) + 1) + "|",
    ]
    for state in Where:
        cells = " | ".join(TABLE[state, signal].value for signal in Signal)
        lines.append(f"| **{state.value}** | {cells} |")
    lines += ["", "```mermaid", "stateDiagram-v2", f"    [*] --> {Where.UNSEEN.value}"]
    for state in Where:
        for after in Where:
            signals = [s.name.lower() for s in Signal if TABLE[state, s] is after]
            if signals and after is not state:
                lines.append(f"    {state.value} --> {after.value}: {', '.join(signals)}")
    return "\n".join([*lines, "```", ""])
