"""Plans of devices in columns: when they ask, when a fix is owed, and how what they send comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.fleet.firmware import Firmware, fallback_asks, firmware_of, heartbeats
from simulator.fleet.plans import (
    Plan,
    candidates,
    joined_spans,
    kept_by_plan,
    motion_events,
    regimes_of,
    watched_spans,
)
from simulator.fleet.sending import Habits, sent
from simulator.path import Path, Surroundings
from simulator.receivers.observed import Observed
from simulator.seeds import generator

_DAY = (0.0, 86_400.0)
_NONE = np.empty(0)


def _asked(plan: Plan, moving_s: list[tuple[float, float]], phase_s: float = 0.0) -> np.ndarray:
    events = motion_events(np.array(moving_s, np.float64).reshape(-1, 2), _DAY)
    return candidates(regimes_of(plan, events, _DAY), phase_s)[0]


def test_who_lies_still_is_asked_each_hour_from_ten_minutes_after_he_said_so() -> None:
    asked_s = _asked(Plan(), [(0.0, 600.0)])
    # Moving until 600 s, `still` a minute later, asleep 10 minutes after that: at 1,260 s.
    assert asked_s[asked_s <= 1_260.0].tolist() == list(np.arange(0.0, 1_260.0, 60.0))
    assert asked_s[asked_s > 1_260.0].tolist() == list(np.arange(1_260.0 + 3_600.0, 86_400.0, 3_600.0))


def test_who_wakes_asks_at_once() -> None:
    asked_s = _asked(Plan(), [(0.0, 600.0), (5_000.0, 5_100.0)])
    assert 5_000.0 in asked_s
    assert 5_060.0 in asked_s
    assert 4_860.0 in asked_s  # the hour after he fell asleep


def test_a_device_that_may_not_sleep_asks_each_minute() -> None:
    asked_s = _asked(Plan(sleeps=False), [], phase_s=7.0)
    assert asked_s[0] == 7.0
    assert set(np.diff(asked_s)) == {60.0}


def test_pursuit_is_each_fifteen_seconds_while_it_lasts() -> None:
    asked_s = _asked(Plan(sleeps=False, pursuit_s=((600.0, 900.0),)), [])
    within = asked_s[(asked_s >= 600.0) & (asked_s < 900.0)]
    assert within.tolist() == list(np.arange(600.0, 900.0, 15.0))
    assert set(np.diff(asked_s[asked_s >= 900.0])) == {60.0}


def test_after_a_position_from_a_mast_the_device_waits_three_minutes() -> None:
    t_s = np.arange(0.0, 900.0, 60.0)
    from_mast = np.zeros(t_s.size, np.bool_)
    from_mast[2:6] = True
    kept = kept_by_plan(t_s, np.full(t_s.size, 60.0), from_mast, Plan())
    assert t_s[kept].tolist() == [0.0, 60.0, 120.0, 300.0, 480.0, 540.0, 600.0, 660.0, 720.0, 780.0, 840.0]


def test_motion_is_told_at_once_and_stillness_after_a_minute() -> None:
    t_s, moving = motion_events(np.array([[1_000.0, 1_100.0], [1_130.0, 1_200.0], [3_000.0, 3_030.0]]), _DAY)
    assert t_s.tolist() == [60.0, 1_000.0, 1_260.0, 3_000.0, 3_090.0]
    assert moving.tolist() == [False, True, False, True, False]


def test_spans_that_overlap_are_one() -> None:
    spans = joined_spans(np.array([[5.0, 9.0], [0.0, 2.0], [1.0, 3.0], [9.0, 10.0]]))
    assert spans.tolist() == [[0.0, 3.0], [5.0, 10.0]]


def test_no_fix_is_owed_by_a_sleeper_and_one_is_after_three_minutes_awake() -> None:
    events = motion_events(np.array([[0.0, 600.0], [5_000.0, 8_000.0]]), _DAY)
    regimes = regimes_of(Plan(), events, _DAY)
    taken_s = np.array([0.0, 60.0, 120.0, 5_000.0, 5_060.0, 6_000.0, 6_060.0])
    watched = watched_spans(regimes, taken_s, np.zeros(7, np.bool_))
    # From 120 to 5,000 s he fell asleep; from 5,060 to 6,000 s he was awake and nothing came.
    assert watched.tolist() == [[0.0, 5_120.0], [6_000.0, 6_120.0]]


@pytest.mark.parametrize("plan_s", [0.0, -60.0, np.inf])
def test_an_interval_that_is_none_is_refused(plan_s: float) -> None:
    with pytest.raises(ValueError, match="plan_s is"):
        Plan(plan_s=plan_s)


def _sent(habits: Habits, seed: int = 1, beats_s: np.ndarray = _NONE) -> tuple:
    t_s = np.arange(0.0, 86_400.0, 60.0)
    ones = np.ones(t_s.size)
    seen = Observed(t_s, ones * 5.0, ones * 52.0, ones * 8.0, np.zeros(t_s.size, np.int8), ones)
    path = Path(
        np.array([0.0, 40_000.0, 41_800.0]),
        np.full(3, 5.0),
        np.full(3, 52.0),
        np.array([Surroundings.STREET, Surroundings.DEEP, Surroundings.STREET], np.int8),
    )
    events = (np.array([100.0, 900.0]), np.array([True, False]))
    return sent(seen, events, path, habits, _DAY, generator(seed, "test"), beats_s)


def test_what_is_stored_underground_comes_together_when_the_connection_is_back() -> None:
    fixes, events, *_ = _sent(Habits(gaps_a_day=0.0, hidden_share=1.0, late_share=0.0, copied_share=0.0))
    stored = (fixes.t_s > 40_000.0) & (fixes.t_s < 41_780.0)
    assert stored.sum() > 25
    assert len(set(fixes.received_s[stored])) == 1
    assert 41_800.0 < fixes.received_s[stored][0] < 41_820.0
    assert (fixes.received_s[~stored] - fixes.t_s[~stored]).max() < 25.0
    assert sorted([*fixes.seq.tolist(), *events.seq.tolist()]) == list(range(1, fixes.seq.size + 3))


def test_repeats_and_late_fixes_come_at_their_rates() -> None:
    fixes, *_ = _sent(Habits(gaps_a_day=0.0, hidden_share=0.0, late_share=0.1, copied_share=0.2))
    late = fixes.received_s - fixes.t_s > 19.0
    assert 0.05 < late.mean() < 0.15
    assert 0.15 < len(fixes.copies) / fixes.t_s.size < 0.25
    rows = fixes.copies[:, 0].astype(int)
    assert (fixes.copies[:, 1] > fixes.received_s[rows]).all()
    assert (np.diff(fixes.seq) < 0).any()


def test_a_clock_drifts_no_farther_than_it_may_and_a_restart_counts_from_one() -> None:
    fixes, *_ = _sent(Habits(clock_off_s=2.0, clock_ppm=50.0, restarts_a_day=3.0), seed=4)
    off_s = fixes.stamped_s - fixes.t_s
    assert 0.0 < np.abs(off_s).max() < 2.0 + 50e-6 * 86_400.0 + 1e-3
    assert (fixes.seq == 1).sum() > 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"latency_s": -1.0}, "latency_s"),
        ({"gap_s": (100.0, 10.0)}, "gap_s"),
        ({"copied_share": 1.5}, "copied_share"),
    ],
)
def test_habits_that_make_no_sense_are_refused_by_name(given: dict, named: str) -> None:
    with pytest.raises(ValueError, match=f"{named} is"):
        Habits(**given)


def _seen(t_s: list[float], source: list[int]) -> Observed:
    at = np.array(t_s)
    return Observed(at, at * 0.0, at * 0.0, at * 0.0 + 10.0, np.array(source, np.int8), at * 0.0)


def test_without_a_position_a_device_says_that_it_lives_and_an_old_one_nothing() -> None:
    asked_s = np.arange(0.0, 600.0, 60.0)
    seen = _seen([0.0, 60.0, 300.0], [0, 0, 2])

    assert heartbeats(asked_s, seen, Firmware()).tolist() == [120.0, 180.0, 240.0, 480.0, 540.0]
    assert heartbeats(asked_s, seen, Firmware(beats=False)).size == 0


def test_masts_are_asked_after_three_minutes_without_a_fix() -> None:
    asked_s = np.arange(0.0, 600.0, 60.0)

    assert fallback_asks(asked_s, np.array([0.0, 60.0, 420.0]), Firmware()).tolist() == [240.0, 300.0, 360.0]
    assert fallback_asks(asked_s, np.empty(0), Firmware()).tolist() == asked_s[3:].tolist()
    assert fallback_asks(asked_s, np.empty(0), Firmware(masts=False)).size == 0


def test_the_share_of_mute_devices_is_the_one_asked_for() -> None:
    made = [firmware_of(generator(n, "firmware"), 0.3) for n in range(1_000)]
    mute = sum(not each.beats for each in made)

    assert 250 < mute < 350
    assert not any(each.masts for each in made if not each.beats)
    assert all(each.beats for each in (firmware_of(generator(n, "firmware"), 0.0) for n in range(100)))


def test_a_heartbeat_needs_a_connection_and_is_not_stored() -> None:
    habits = Habits(gaps_a_day=8.0, gap_s=(3_600.0, 3_600.0), hidden_share=0.0)
    beats_s = np.arange(0.0, 86_400.0, 60.0)
    whole = _sent(replace(habits, gaps_a_day=0.0), beats_s=beats_s)[2]
    heard_s = _sent(habits, beats_s=beats_s)[2]

    assert whole.tolist() == (beats_s + habits.latency_s).tolist()
    assert len(heard_s) < len(whole) - 60
    assert np.diff(heard_s).max() > 3_000.0
