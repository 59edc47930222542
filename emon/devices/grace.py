"""How long a silence is waited on: by what it can hide.

In a silence a wearer may go where he must not be, and that takes him as long as the way there. Who is
minutes from every ban is given those minutes; who said last that he lay still has to get up first; at
high risk, or where the device protects somebody, nothing is given beyond the plan's own allowance but
that (``docs/adr/0016``).
"""

from __future__ import annotations

from emon.limits import REACH_SPEED_MAX_M_S, SILENCE_GRACE_MAX_S, SILENCE_MISSING_S


def grace_s(near_m: float | None, unseen_s: float, *, still: bool, pressing: bool) -> int:
    """After how many seconds without a message a silence is told, where the plan allows no more.

    ``near_m``: from the newest usable fix to the nearest place that he may not be in, or has to stay in;
    None where nothing is known of it. ``unseen_s``: how much older that fix is than the newest message.
    ``still``: so the device's newest word on motion says. ``pressing``: high risk, or it protects somebody.
    """
    least_s = 0 if pressing else SILENCE_MISSING_S
    if still:
        return SILENCE_MISSING_S if pressing else SILENCE_GRACE_MAX_S
    if near_m is None:
        return least_s
    way_s = max(0.0, near_m) / REACH_SPEED_MAX_M_S - unseen_s
    return int(min(max(way_s, least_s), SILENCE_GRACE_MAX_S))
