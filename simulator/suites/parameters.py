"""What a suite can be played with: for sensitivity, and for worlds of one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path as File
from typing import Any

from emon.limits import PLAN_MAX_S, PLAN_MIN_S, PLAN_S
from simulator.fleet.firmware import MUTE_SHARE
from simulator.suites.zones import FORMS

DAYS_MAX = 3_660  # [own] ten years: a life is written down whole, and must fit into memory
YEARS = range(1971, 2099)  # [contract] a fix of 1970 or of 2099 is one with a wrong clock


class WorldRefused(ValueError):
    """A world that cannot be made: the sentence names the parameter or the file."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """``wearers`` for ``days`` from local midnight of ``first_day``; how many ``workers`` changes nothing.

    ``interval_s`` is the plan's; ``sleeps`` False makes devices ask on while they lie still. ``receiver``
    is a kind's name; ``drift`` multiplies the errors of satellite positions, whose claims stay.
    ``resampled_share`` of the wearers get recorded errors where ``tracks`` (or ``EMON_TRACKS``) names the
    recordings. ``buffer_m`` is the orders' warning ring, ``zone_m`` bounds of a zone's radius (log-uniform),
    ``edge_m`` those of its edge's distance from home and work; ``forms`` its shapes. ``radius_m`` is
    a contact's. ``streets`` is a GeoJSON file of real streets in place of the generated ones.
    ``connected`` True sends everything at once and once: no gaps, repeats or late fixes. ``mute_share`` of
    the devices say nothing while they have no fix. ``upkeep`` True gives devices batteries that some
    forget to charge, cuts a few straps, and puts jammers into some cars. ``obeys`` True plays besides what
    devices would have sent on a command, for ``obeying``.
    """

    wearers: int = 3
    days: int = 30
    first_day: date = date(2026, 3, 2)
    workers: int = 1
    interval_s: int = PLAN_S
    sleeps: bool = True
    receiver: str = "bracelet"
    drift: float = 1.0
    resampled_share: float = 1.0 / 3.0
    tracks: File | None = None
    buffer_m: float = 0.0
    zone_m: tuple[float, float] = (100.0, 1_000.0)
    edge_m: tuple[float, float] = (30.0, 500.0)
    forms: tuple[str, ...] = FORMS
    radius_m: float = 1_000.0
    streets: File | None = None
    connected: bool = False
    mute_share: float = MUTE_SHARE
    upkeep: bool = False
    obeys: bool = False

    def __post_init__(self) -> None:
        for name in ("wearers", "days", "workers"):
            value = getattr(self, name)
            if value < 1:
                raise WorldRefused(f"{name} is {value}; must be at least 1")
        if self.days > DAYS_MAX or self.first_day.year not in YEARS:
            raise WorldRefused(
                f"{self.days} days from {self.first_day}; must be at most {DAYS_MAX}, and begin in"
                f" {YEARS.start} to {YEARS.stop - 1}"
            )
        if not PLAN_MIN_S <= self.interval_s <= PLAN_MAX_S:
            raise WorldRefused(f"interval_s is {self.interval_s}; must be {PLAN_MIN_S} to {PLAN_MAX_S}")
        for name in ("drift", "radius_m"):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                raise WorldRefused(f"{name} is {value}; must be finite and above 0")
        for name in ("resampled_share", "mute_share"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise WorldRefused(f"{name} is {value}; must be 0 to 1")
        if not 0.0 <= self.buffer_m < math.inf:
            raise WorldRefused(f"buffer_m is {self.buffer_m}; must be finite and not negative")
        for name in ("zone_m", "edge_m"):
            low, high = getattr(self, name)
            if not 0.0 < low <= high < math.inf:
                raise WorldRefused(f"{name} is {low:g} to {high:g}; must be above 0 and rise")
        unknown = sorted(set(self.forms) - set(FORMS))
        if unknown or not self.forms:
            raise WorldRefused(f"forms: {', '.join(unknown) or 'none'}; must be of {', '.join(FORMS)}")


def with_given(defaults: Parameters, given: Mapping[str, Any]) -> Parameters:
    """The defaults with what is given. Raises ``WorldRefused`` for a name that is none."""
    known = {each.name for each in fields(Parameters)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise WorldRefused(f"unknown parameter {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return replace(defaults, **given)
