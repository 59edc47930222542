"""A contact is one wherever on Earth it is: across the 180th meridian, beside a pole and over one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from emon.replay import Received, lines_of, replay
from tests.engine.stories import NOON_US, circle_order, received, shown, versions

ORDER = circle_order(
    conditions=[{"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 500}],
)
M_PER_DEG = 111_320.0  # of longitude at the equator
M_PER_DEG_POLAR = 111_694.0  # of latitude at a pole
HIS_WAY_M = (1500, 900, 300, 200, 150, 300, 900, 1500, 1500)
"""From where she is, minute by minute. Four fixes lie within the radius."""

Where = Callable[[float], tuple[float, float]]
"""Longitude and latitude so many metres from her."""


def eastward(lon: float, lat: float) -> Where:
    """Along the parallel from a longitude on, the numbers turned at the 180th meridian."""
    scale_m = M_PER_DEG * math.cos(math.radians(lat))
    return lambda east_m: ((lon + east_m / scale_m + 540.0) % 360.0 - 180.0, lat)


def over_the_pole(sign: float) -> Where:
    """She stands 100 m from the pole; he comes on the opposite meridian, and not so far as to pass it."""

    def where(distance_m: float) -> tuple[float, float]:
        from_pole_m = distance_m - 100.0
        lon = 10.0 if from_pole_m < 0 else -170.0
        return lon, sign * (90.0 - abs(from_pole_m) / M_PER_DEG_POLAR)

    return where


def story(where: Where) -> list[Received]:
    items = []
    for minute, distance_m in enumerate(HIS_WAY_M):
        for device, at_m in (("d-1", float(distance_m)), ("v-1", 0.0)):
            lon, lat = where(at_m)
            at_us = NOON_US + minute * 60_000_000
            # Her receiver stands, and errs by decimetres: repeated to the digit it would be one witness.
            lat -= math.copysign(minute * 1e-6, lat)
            fix = {"seq": minute + 1, "t": at_us // 1000, "lat": lat, "lon": lon, "acc": 8.0}
            items.append(received(device, fix, at_us))
    return items


def found(where: Where) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    lines = list(lines_of(asyncio.run(replay(versions(ORDER), story(where)))))
    (breach,) = shown(lines, "breach")
    told = [(a["event"], a["at"], a["certainty"]) for a in shown(lines, "alert")]
    return breach, told


@pytest.mark.parametrize(
    "where",
    [
        eastward(179.999, 51.9),
        eastward(-179.99, 51.9),
        eastward(179.995, 0.0),
        eastward(179.99, -66.0),
        eastward(20.0, 89.5),
        eastward(179.9, -89.5),
        over_the_pole(1.0),
        over_the_pole(-1.0),
    ],
    ids=[
        "180 in her circle",
        "180 behind her",
        "on the equator",
        "far south",
        "89.5 north",
        "89.5 south and 180",
        "over the north pole",
        "over the south pole",
    ],
)
def test_it_is_found_as_in_rotterdam(where: Where) -> None:
    breach, told = found(where)
    usual, usually_told = found(eastward(4.48, 51.92))
    assert breach["how"] == "proximity"
    assert breach["certainty"] == usual["certainty"] == "certain"
    assert told == usually_told
    assert breach["closed_at"] == usual["closed_at"] == "2026-06-01T12:06:00.000000Z"
    assert breach["deepest_m"] == pytest.approx(350.0, abs=5.0)
    # A way straight in longitude and latitude bends near a pole: some seconds earlier or later.
    opened = breach["opened_at"]
    assert "2026-06-01T12:01:30" <= opened <= "2026-06-01T12:02:00.000000Z"
    assert usual["opened_at"].startswith("2026-06-01T12:01:40")
