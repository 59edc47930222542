"""Worlds whose devices hear what they are asked: a command chooses from what was played."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from emon.model.instant import SECOND_US, parse_instant
from simulator.fleet.spares import carried, spares
from simulator.path import Path
from simulator.receivers.observed import Observed
from simulator.suites import TRAINING_SEEDS, Played, WorldRefused, suite
from simulator.suites.catalogue import planned
from simulator.suites.obeying import LATENCY_S, Asked, Devices, obeyed
from simulator.suites.parts import tracks_of
from simulator.suites.played import Track

_SEED = TRAINING_SEEDS[3]
_SMALL: dict[str, Any] = {"wearers": 1, "days": 1, "resampled_share": 0.0}
_NEVER_US = 2**62


@cache
def _tracks() -> list[Track]:
    (part,) = planned("stalking-foot", _SEED, **_SMALL, obeys=True)
    return tracks_of(part)[1]


def _track() -> Track:
    return _tracks()[0]


def _asked(at_s: float, asks: str = "fix", number: int = 1, **more: Any) -> Asked:
    return Asked(f"{number:016x}", "d-1", asks, round(at_s * SECOND_US), _NEVER_US, **more)


def _lines(devices: Devices) -> list[dict[str, Any]]:
    return [json.loads(line) for line in devices.come(_NEVER_US)]


def _awake_s() -> float:
    """An instant with a connection and spare fixes each 15 s for five minutes, the plan's between them."""
    track = _track()
    for at_s in np.arange(3_600.0, 80_000.0, 60.0):
        soon = (track.spare.fixes.t_s > at_s) & (track.spare.fixes.t_s < at_s + 300.0)
        planned = (track.fixes.t_s > at_s) & (track.fixes.t_s < at_s + 300.0)
        calm = not any(from_s < at_s + 400.0 and at_s - 60.0 < to_s for from_s, to_s in track.gaps_s.tolist())
        if soon.sum() >= 14 and planned.sum() >= 4 and calm:
            return float(at_s)
    raise AssertionError("nobody is awake in this world")


def test_who_is_not_asked_sends_what_his_plan_says() -> None:
    def silent(before: Played, devices: Devices) -> None:
        assert devices.next_us is None
        assert devices.come(_NEVER_US) == []

    found = obeyed("stalking-foot", _SEED, silent, **_SMALL)
    plan_s = np.sort(_track().fixes.t_s)
    assert np.array_equal(np.sort(found.tracks[0].fixes.t_s), plan_s)
    assert _track().spare.fixes.t_s.size > plan_s.size
    assert not np.isin(_track().spare.fixes.t_s, plan_s).any()


def test_a_world_that_does_not_obey_has_nothing_to_spare() -> None:
    track = suite("stalking-foot", _SEED, **_SMALL).tracks[0]
    assert track.spare.fixes.t_s.size == track.spare.heard_s.size == 0


def test_a_fix_at_once_is_the_next_that_there_is_and_comes_once() -> None:
    devices, at_s = Devices(_tracks(), 0), _awake_s()
    for _ in range(2):
        devices.ask(_asked(at_s))
    reply, *fixes = sorted(_lines(devices), key=lambda line: "seq" in line)
    assert reply["reply"] == {"id": f"{1:016x}", "result": "done"}
    both_s = np.concatenate([_track().fixes.t_s, _track().spare.fixes.t_s])
    next_s = both_s[both_s >= at_s + LATENCY_S].min()
    expected = [] if next_s in _track().fixes.t_s else [next_s]
    assert [round(parse_instant(line["t"]) / SECOND_US) for line in fixes] == pytest.approx(expected, abs=2.0)


def test_asked_twice_in_a_quarter_of_a_minute_it_sends_one_fix() -> None:
    devices, at_s = Devices(_tracks(), 0), _awake_s()
    devices.ask(_asked(at_s))
    devices.ask(_asked(at_s + 0.5, number=2))
    lines = _lines(devices)
    assert sum("reply" in line for line in lines) == 2
    assert sum("seq" in line for line in lines) <= 1


def test_pursued_it_sends_each_quarter_of_a_minute_until_it_is_called_off() -> None:
    devices, at_s = Devices(_tracks(), 0), _awake_s()
    devices.ask(_asked(at_s, "rate", rate_s=15.0, for_s=1_800.0))
    came = devices.come(round((at_s + 240.0) * SECOND_US))
    devices.ask(_asked(at_s + 240.0, "rate", 2, rate_s=60.0, for_s=None))
    came += devices.come(_NEVER_US)
    track = devices.tracks()[0]
    known = set(_track().fixes.t_s.tolist())
    added = np.array(sorted(t_s for t_s in track.fixes.t_s.tolist() if t_s not in known))
    assert added.size >= 10
    assert added[0] >= at_s + LATENCY_S
    assert added[-1] < at_s + 240.0 + LATENCY_S + 15.0
    all_s = np.sort(track.fixes.t_s)
    chased = all_s[(all_s >= added[0]) & (all_s <= added[-1])]
    assert np.diff(chased).max() <= 30.0
    assert np.diff(chased).min() >= 5.0
    rates = [line["reply"]["rate_s"] for line in map(json.loads, came) if "reply" in line]
    assert rates == [15.0, 60.0]


def test_what_came_on_command_is_in_its_track_as_if_the_plan_had_said_so() -> None:
    devices, at_s = Devices(_tracks(), 0), _awake_s()
    devices.ask(_asked(at_s, "rate", rate_s=15.0, for_s=300.0))
    lines = _lines(devices)
    track = devices.tracks()[0]
    assert (np.diff(track.fixes.received_s) >= 0.0).all()
    assert len(track.fixes.seq) == len(_track().fixes.seq) + sum("seq" in line for line in lines)
    assert track.heartbeats_s.size == _track().heartbeats_s.size + sum("status" in line for line in lines)
    for name in ("seq", "t_s", "lon"):
        rows = track.fixes.copies[:, 0].astype(int), _track().fixes.copies[:, 0].astype(int)
        assert np.array_equal(getattr(track.fixes, name)[rows[0]], getattr(_track().fixes, name)[rows[1]])
    assert all(a[1] < b[0] for a, b in pairwise(track.watched_s.tolist()))


def test_without_a_connection_it_hears_when_it_is_back_or_never() -> None:
    begin_s, end_s = next(
        (from_s, to_s)
        for from_s, to_s in _track().gaps_s.tolist()
        if to_s - from_s > 120.0 and to_s < 80_000.0
    )
    devices = Devices(_tracks(), 0)
    devices.ask(_asked(begin_s + 1.0)._replace(until_us=round((begin_s + 60.0) * SECOND_US)))
    assert devices.come(_NEVER_US) == []
    devices.ask(_asked(begin_s + 1.0, number=2))
    came_us = devices.next_us
    assert came_us is not None
    assert came_us > end_s * SECOND_US


def test_a_device_that_is_not_there_does_nothing() -> None:
    devices = Devices(_tracks(), 0)
    devices.ask(_asked(4_000.0)._replace(device="d-99"))
    assert devices.next_us is None
    assert devices.tracks()[0].fixes is not None


def test_more_people_than_one_part_holds_are_refused() -> None:
    with pytest.raises(WorldRefused, match="wearers: 60 who obey"):
        obeyed("fleet", 7, lambda _, __: None, wearers=60, days=1)


def test_spare_instants_lie_a_quarter_of_a_minute_apart_between_those_of_the_plan() -> None:
    asked_s = np.array([10.0, 70.0, 100.0])
    found = spares(asked_s, 140.0, np.array([[24.0, 26.0]]))
    assert found.tolist() == [40.0, 55.0, 85.0, 115.0, 130.0]
    assert spares(np.empty(0), 140.0, np.empty((0, 2))).size == 0


def test_a_recording_asked_in_between_still_answers_the_plan() -> None:
    """At 15 s there is a line, at the plan's 60 s none is new: that line's error serves, where he is now."""
    path = Path(np.array([0.0, 100.0]), np.array([5.0, 5.1]), np.array([52.0, 52.0]), np.zeros(2, np.int8))
    at = np.array([0.0, 15.0])
    ones = np.ones(2)
    seen = Observed(at, np.array([5.0, 5.016]), 52.0 * ones, 9.0 * ones, np.zeros(2, np.int8), ones)
    found = carried(seen, np.array([0.0, 60.0, 120.0]), path)
    assert found.t_s.tolist() == [0.0, 60.0]  # at 120 s the newest is older than the plan's last instant
    assert found.lon[1] == pytest.approx(5.06 + 0.001)
