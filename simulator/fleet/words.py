"""What a device says of itself beside positions, by number, so that columns can hold it."""

from __future__ import annotations

from enum import IntEnum


class Says(IntEnum):
    """A device event of the contract (section 1): ``WIRE`` has its name and state."""

    STILL = 0
    MOVING = 1
    STRAP_CUT = 2
    STRAP_CLOSED = 3
    BATTERY_OK = 4
    BATTERY_LOW = 5
    BATTERY_CRITICAL = 6
    CHARGING_ON = 7
    CHARGING_OFF = 8
    JAMMING_ON = 9
    JAMMING_OFF = 10


WIRE: tuple[tuple[str, str], ...] = (
    ("motion", "still"),
    ("motion", "moving"),
    ("strap", "cut"),
    ("strap", "closed"),
    ("battery", "ok"),
    ("battery", "low"),
    ("battery", "critical"),
    ("charging", "on"),
    ("charging", "off"),
    ("jamming", "on"),
    ("jamming", "off"),
)
