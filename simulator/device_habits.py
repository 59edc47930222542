"""Habits of firmware, by name: what devices of the field do that a clean feed never shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emon.limits import PLAN_S

PURSUIT_S = 15.0  # [contract] section 3: a fix each 15 s from a reply that confirms it
CELL_S = 180.0  # [contract] section 3: while the newest fix is of a mast
SLEEP_S = 3_600.0  # [contract] section 3: from 10 minutes after standing still
SLEEP_AFTER_S = 600.0
STILL_AFTER_S = 60.0  # [own] standing so long is told as `motion: still`


@dataclass(frozen=True, slots=True)
class Habits:
    """``plan_s`` between fixes; ``sleeps`` hourly while still; ``uplink_s`` from a fix to its receipt.

    ``batch_s`` collects fixes and sends them so often, 0 at once; ``newest_first`` turns stored fixes
    round; ``twice_share`` of the messages come again after ``twice_after_s``; ``swapped_share`` are
    overtaken by the next. ``clock_off_s`` and ``clock_drift_s_per_day`` are the clock's error.
    ``restarts`` begins ``seq`` at 1 again after each reboot, ``tells_motion`` sends `motion` events.
    ``reply_after_s`` is how long a reply to a command from the broker takes. ``beats`` says `online`
    whenever the plan asks and there is no position.
    """

    plan_s: float = float(PLAN_S)
    sleeps: bool = False
    uplink_s: float = 2.0
    batch_s: float = 0.0
    newest_first: bool = False
    twice_share: float = 0.0
    twice_after_s: float = 5.0
    swapped_share: float = 0.0
    clock_off_s: float = 0.0
    clock_drift_s_per_day: float = 0.0
    restarts: bool = True
    tells_motion: bool = False
    reply_after_s: float = 2.0
    beats: bool = True


_STANDARD = Habits()

FIRMWARE: dict[str, Habits] = {
    "standard": _STANDARD,
    "saver": replace(_STANDARD, sleeps=True, tells_motion=True),
    "batching": replace(_STANDARD, batch_s=300.0),
    "repeating": replace(_STANDARD, twice_share=0.3),
    "hasty": replace(_STANDARD, swapped_share=0.2, newest_first=True),
    "drifting": replace(_STANDARD, clock_off_s=4.0, clock_drift_s_per_day=20.0),
    "stubborn": replace(_STANDARD, restarts=False),
    "mute": replace(_STANDARD, beats=False),
}
"""standard: the plan, each fix at once. saver: sleeps while still. batching: a radio that wakes each five
minutes. repeating: forgets that a PUBACK came. hasty: sends the newest first and lets messages overtake.
drifting: a clock that nothing sets. stubborn: keeps its ``seq`` over a reboot. mute: says nothing while it
has no position."""
