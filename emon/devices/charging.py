"""Charging: what a device should be given when its battery runs down, and each day.

A device that says ``charging`` or ``power`` can be timed by it: a day after it was unplugged it should be on
power again. One that never says so is timed by its battery's own warning alone.
"""

from __future__ import annotations

from enum import StrEnum

from emon.model.care import ChargeState
from emon.model.machine import Machine


class Given(StrEnum):
    """``plugged`` and ``unplugged``: ``charging`` or ``power`` on and off. ``ok``, ``low``, ``critical``: the
    battery's word. ``overdue``: not plugged in in time. ``released``: no order in force has it worn."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    OK = "ok"
    LOW = "low"
    CRITICAL = "critical"
    OVERDUE = "overdue"
    RELEASED = "released"


class Done(StrEnum):
    """``wait_…``: from now on so much time to plug it in; ``rest``: none is asked. ``open`` and ``clear``:
    the trouble on file. ``tell``: an alert."""

    WAIT_DAY = "wait_day"
    WAIT_LOW = "wait_low"
    WAIT_CRITICAL = "wait_critical"
    REST = "rest"
    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"


RESTED, CHARGING, ON_BATTERY, LOW, CRITICAL, MISSED = ChargeState
_P, _U, _K, _L, _C, _O, _R = Given

CHARGE = Machine(
    "charging",
    ChargeState,
    Given,
    Done,
    {
        (RESTED, _P): (CHARGING, ()),
        (RESTED, _U): (ON_BATTERY, (Done.WAIT_DAY,)),
        (RESTED, _K): (RESTED, ()),
        (RESTED, _L): (LOW, (Done.WAIT_LOW,)),
        (RESTED, _C): (CRITICAL, (Done.WAIT_CRITICAL,)),
        (RESTED, _O): (RESTED, ()),
        (RESTED, _R): (RESTED, ()),
        (CHARGING, _P): (CHARGING, ()),
        (CHARGING, _U): (ON_BATTERY, (Done.WAIT_DAY,)),
        (CHARGING, _K): (CHARGING, ()),
        (CHARGING, _L): (CHARGING, ()),  # on power already: nothing is missed
        (CHARGING, _C): (CHARGING, ()),
        (CHARGING, _O): (CHARGING, ()),
        (CHARGING, _R): (CHARGING, ()),
        (ON_BATTERY, _P): (CHARGING, (Done.REST,)),
        (ON_BATTERY, _U): (ON_BATTERY, ()),
        (ON_BATTERY, _K): (ON_BATTERY, ()),
        (ON_BATTERY, _L): (LOW, (Done.WAIT_LOW,)),
        (ON_BATTERY, _C): (CRITICAL, (Done.WAIT_CRITICAL,)),
        (ON_BATTERY, _O): (MISSED, (Done.REST, Done.OPEN, Done.TELL)),
        (ON_BATTERY, _R): (RESTED, (Done.REST,)),
        (LOW, _P): (CHARGING, (Done.REST,)),
        (LOW, _U): (LOW, ()),
        (LOW, _K): (RESTED, (Done.REST,)),  # charged, though it did not say so
        (LOW, _L): (LOW, ()),
        (LOW, _C): (CRITICAL, (Done.WAIT_CRITICAL,)),
        (LOW, _O): (MISSED, (Done.REST, Done.OPEN, Done.TELL)),
        (LOW, _R): (RESTED, (Done.REST,)),
        (CRITICAL, _P): (CHARGING, (Done.REST,)),
        (CRITICAL, _U): (CRITICAL, ()),
        (CRITICAL, _K): (RESTED, (Done.REST,)),
        (CRITICAL, _L): (CRITICAL, ()),
        (CRITICAL, _C): (CRITICAL, ()),
        (CRITICAL, _O): (MISSED, (Done.REST, Done.OPEN, Done.TELL)),
        (CRITICAL, _R): (RESTED, (Done.REST,)),
        (MISSED, _P): (CHARGING, (Done.CLEAR,)),
        (MISSED, _U): (MISSED, ()),
        (MISSED, _K): (RESTED, (Done.CLEAR,)),
        (MISSED, _L): (MISSED, ()),
        (MISSED, _C): (MISSED, ()),
        (MISSED, _O): (MISSED, ()),
        (MISSED, _R): (RESTED, (Done.CLEAR,)),
    },
)
