"""A mixed load: who stands, walks or drives, at speeds of people and cars, and never into a ban."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.load_packets import Packets
from simulator.load_plan import LoadPlan, LoadRefused, Places, centre_of
from simulator.movement import distance_m
from tests.simulator.scenes import START_US

_WANDER = 7  # fixes after which a standing receiver's wander repeats
_PLAN = LoadPlan(200.0, 60.0, 400, 1, 0, batch=3, mixed=True)


def _ways(plan: LoadPlan, start_us: int) -> dict[int, list[tuple[int, tuple[float, float]]]]:
    """Of each device its instants in ms and places, as its fixes tell them."""
    numbers = np.arange(plan.messages)
    device, _, t_ms = Packets(plan, start_us).fixes(numbers)
    lon, lat = Places(plan).at(numbers, t_ms)
    found: dict[int, list[tuple[int, tuple[float, float]]]] = {}
    for place, one in enumerate(device.tolist()):
        points = zip((lon[place] / 1e7).tolist(), (lat[place] / 1e7).tolist(), strict=True)
        found.setdefault(one, []).extend(zip(t_ms[place].tolist(), points, strict=True))
    return found


def test_seven_of_ten_stand_two_walk_and_one_drives_and_none_enters_his_ban() -> None:
    ways = _ways(_PLAN, START_US)
    fastest: dict[int, float] = {}
    for device, way in ways.items():
        assert min(distance_m(point, centre_of(device)) for _, point in way) > 110.0
        apart = zip(way, way[_WANDER:], strict=False)
        speeds = [1e3 * distance_m(there, here) / (now - before) for (before, there), (now, here) in apart]
        fastest[device] = max(speeds)
    assert sum(speed < 0.1 for speed in fastest.values()) == 0.7 * _PLAN.devices
    assert sum(speed > 10.0 for speed in fastest.values()) == 0.1 * _PLAN.devices
    assert max(fastest.values()) < 17.0


def test_a_load_goes_on_where_one_before_it_ended() -> None:
    """A warm-up and what is measured after it are two loads of the same devices."""
    before, after = _ways(_PLAN, START_US), _ways(_PLAN, START_US + 60_000_000)
    for device, way in before.items():
        (then, there), (now, here) = way[-1], after[device][0]
        assert distance_m(there, here) < 17.0 * (now - then) / 1e3 + 1.0


def test_nobody_can_be_asked_to_breach() -> None:
    with pytest.raises(LoadRefused, match="--mixed"):
        LoadPlan(200.0, 60.0, 400, 1, 5, mixed=True)
