"""How fast somebody would have had to be for a possible incursion: a day whose answer is plain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.detection.incursions import LIMITS_M_S, incursions_table, least_speeds
from benchmarks.detection.scene import Scene, scene_of_suite
from benchmarks.detection.tally import Pool, Row
from emon.limits import REACH_SPEED_MAX_M_S
from emon.model.instant import SECOND_US, format_instant
from simulator.suites import TRAINING_SEEDS, suite


@pytest.fixture(scope="module")
def quiet() -> Scene:
    scene = scene_of_suite(suite("drift", TRAINING_SEEDS[0], days=1, wearers=1, resampled_share=0.0))
    return replace(scene, received=[])  # nothing was said of motion


def _gap(scene: Scene, from_s: float, lasts_s: float, **more: Any) -> dict[str, Any]:
    watch = scene.watches[0]
    at_us = scene.start_us + round(from_s * SECOND_US)
    line: dict[str, Any] = {
        "type": "breach",
        "order": watch.order,
        "condition": watch.condition,
        "how": "reachable",
    }
    instants = [format_instant(at_us), format_instant(at_us + round(lasts_s * SECOND_US))]
    line |= {"opened_at": instants[0], "closed_at": instants[1], "refuted": False, "deepest_m": 0.0}
    return line | more


def test_the_least_speed_of_a_day_counts_and_a_straight_way_asks_for_none(quiet: Scene) -> None:
    track = quiet.watches[0].track
    by = track.t_s.argsort()
    one, other = by[len(by) // 2], by[len(by) // 2 + 1]
    from_s, lasts_s = float(track.t_s[one]), float(track.t_s[other] - track.t_s[one])
    gap = _gap(quiet, from_s, lasts_s)
    (speed_m_s,) = least_speeds(quiet, [gap])["w-1"]
    both_m = float(track.d_m[one] + track.d_m[other])
    assert speed_m_s * lasts_s >= 0.98 * both_m  # to the ban and back to where he was seen next
    assert least_speeds(quiet, [gap, gap])["w-1"] == [speed_m_s]
    assert least_speeds(quiet, [gap, gap | {"deepest_m": 12.0}])["w-1"] == [0.0]
    assert least_speeds(quiet, [gap | {"refuted": True}, gap | {"how": "crossed"}]) == {}


def test_a_lower_limit_tells_less_and_the_engines_own_is_the_first_row() -> None:
    row = Row("w-1", resampled=False, days=10.0, incursion_speeds_m_s=[0.0, 1.2, 4.0, 13.0])
    lines = incursions_table(Pool([row])).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines] == [
        "0.4000",
        "0.3000",
        "0.3000",
        "0.2000",
        "0.2000",
    ]
    assert lines[0].startswith(f"| {REACH_SPEED_MAX_M_S:g} m/s (the engine's)")
    assert list(LIMITS_M_S) == sorted(LIMITS_M_S, reverse=True)
