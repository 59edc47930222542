"""Generated worlds: the same from the same seed, plausible, told by the path alone, fit for the engine."""

from __future__ import annotations

import json
import signal
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest

from emon.geofence import signed_distances
from simulator.fleet.sending import positions_of
from simulator.path import Surroundings, checked, lengths_m, positions_at, speeds_m_s
from simulator.scoring.reading import truth_of_lines
from simulator.suites import SUITES, TRAINING_SEEDS, Played, WorldRefused, suite
from simulator.suites.catalogue import planned
from simulator.suites.parts import Part, each_part

_SEED = TRAINING_SEEDS[10]


@cache
def _world(name: str) -> Played:
    return suite(name, _SEED, wearers=3, days=2)


@pytest.mark.parametrize("name", SUITES)
def test_paths_are_whole_and_no_faster_than_such_people_move(name: str) -> None:
    for track in _world(name).tracks:
        path = checked(track.path)
        assert path.t_s[0] == 0.0
        speed_m_s = speeds_m_s(path)
        assert speed_m_s.max() <= 31.0
        on_foot = np.isin(path.surroundings[:-1], [Surroundings.INDOOR, Surroundings.DEEP])
        assert speed_m_s[on_foot].max() <= 2.5
        driving = np.isin(path.surroundings[:-1], [Surroundings.CAR, Surroundings.BUS])
        assert not driving.any() or speed_m_s[driving].max() <= 19.0


@pytest.mark.parametrize("name", SUITES)
def test_the_same_seed_gives_the_same_bytes_and_another_others(name: str) -> None:
    once, again = _world(name), suite(name, _SEED, wearers=3, days=2)
    assert list(once.fixes_lines()) == list(again.fixes_lines())
    assert list(once.truth_lines()) == list(again.truth_lines())
    assert once.orders == again.orders
    other = suite(name, _SEED + 1, wearers=3, days=2)
    assert list(other.fixes_lines()) != list(once.fixes_lines())


def test_a_wearer_is_the_same_whoever_plays_beside_him() -> None:
    few, more = suite("fleet", _SEED, wearers=2), suite("fleet", _SEED, wearers=4)
    assert list(more.fixes_lines())[: len(list(few.fixes_lines()))] == list(few.fixes_lines())


@pytest.mark.parametrize("name", SUITES)
def test_the_truth_can_be_read_back_as_it_was(name: str) -> None:
    world = _world(name)
    back = truth_of_lines(world.truth_lines(), "truth.jsonl")
    assert len(back.stays) == len(world.truth.stays)
    assert back.wearers.keys() == world.truth.wearers.keys()
    assert back.wearer_days == pytest.approx(world.truth.wearer_days)


@pytest.mark.parametrize("name", [name for name in SUITES if name != "drift"])
def test_stays_are_where_the_true_positions_say(name: str) -> None:
    """Held to positions each 5 s: wrong within a stay, right outside all of them, edges aside."""
    world = suite("curfew", _SEED, wearers=4, days=4) if name == "curfew" else _world(name)
    instants_s = np.arange(0.0, world.days * 86_400.0, 5.0)
    assert name in ("fleet", "upkeep") or world.truth.stays
    for condition in world.conditions:
        path = world.track_of(condition.wearer).path
        lon, lat, _, _ = positions_at(path, instants_s)
        if condition.kind == "contact":
            hers = next(t for t in world.tracks if t.device == condition.victim_device)
            wrong_m = condition.radius_m - lengths_m(lon, lat, *positions_at(hers.path, instants_s)[:2])
        else:
            off_m = signed_distances(condition.table, np.full(len(lon), condition.zone), lon, lat)
            wrong_m = off_m if condition.kind == "inclusion" else -off_m
        told = np.zeros(instants_s.size, np.bool_)
        for stay in world.truth.stays:
            if (stay.order, stay.condition) == (condition.order, condition.condition) and stay.active:
                from_s, to_s = ((us - world.start_us) / 1e6 for us in (stay.from_us, stay.to_us))
                told |= (instants_s >= from_s) & (instants_s < to_s)
        plain = np.abs(wrong_m) > 3.0
        expected = (wrong_m > 0.0) & condition.active_at(instants_s)
        assert (told[plain] == expected[plain]).all()


@pytest.mark.parametrize("name", SUITES)
def test_most_fixes_lie_near_the_truth_and_come_after_it(name: str) -> None:
    for track in _world(name).tracks:
        fixes = track.fixes
        off_m = lengths_m(fixes.lon, fixes.lat, *positions_of(track.path, fixes))
        assert np.median(off_m[fixes.source == 0]) < 60.0
        assert (fixes.received_s > fixes.t_s).all()
        assert (np.diff(fixes.received_s) >= 0.0).all()
        assert len(np.unique(np.stack([fixes.seq, fixes.stamped_s], axis=1), axis=0)) == len(fixes.seq)


def test_lines_are_fixes_of_the_wire_and_repeats_differ_in_nothing_but_when_they_came() -> None:
    world = _world("stalking-foot")
    lines = [json.loads(line) for line in world.fixes_lines()]
    fixes = [line for line in lines if "seq" in line and "event" not in line]
    assert {line["status"] for line in lines if "seq" not in line} == {"online"}
    assert {line["state"] for line in lines if "event" in line} == {"still", "moving"}
    first: dict[tuple[str, int, str], dict[str, object]] = {}
    repeats = 0
    for line in fixes:
        received_at = line.pop("received_at")
        assert received_at.endswith("Z")
        key = (line["device"], line["seq"], line["t"])
        repeats += key in first
        assert first.setdefault(key, line) == line
    assert repeats == sum(len(track.fixes.copies) for track in world.tracks) > 0


def test_a_connected_world_has_no_repeats_and_nothing_out_of_order() -> None:
    world = suite("curfew", _SEED, wearers=1, days=2, connected=True)
    fixes = world.tracks[0].fixes
    assert not len(fixes.copies)
    assert (np.diff(fixes.seq) > 0).all()
    assert (fixes.received_s - fixes.t_s).max() < 15.0


def test_drift_moves_satellite_positions_and_leaves_what_is_claimed() -> None:
    plain, strong = (suite("drift", _SEED, wearers=1, days=1, drift=drift) for drift in (1.0, 2.0))
    one, two = plain.tracks[0], strong.tracks[0]
    assert (one.fixes.accuracy_m == two.fixes.accuracy_m).all()
    sky = one.fixes.source == 0
    off_m = [lengths_m(t.fixes.lon, t.fixes.lat, *positions_of(t.path, t.fixes)) for t in (one, two)]
    assert off_m[1][sky] == pytest.approx(2.0 * off_m[0][sky], abs=0.05)
    assert off_m[1][~sky] == pytest.approx(off_m[0][~sky])


def test_intervals_and_sizes_are_those_asked_for() -> None:
    asked: dict[str, Any] = {
        "interval_s": 15,
        "sleeps": False,
        "zone_m": (300.0, 300.0),
        "forms": ("circle",),
        "buffer_m": 150.0,
    }
    world = suite("stalking-car", _SEED, wearers=1, days=1, **asked)
    order = json.loads(world.orders)["orders"][0]
    assert order["devices"][0]["plan_s"] == 15
    assert order["conditions"][0]["buffer_m"] == 150.0
    assert order["conditions"][0]["zone"]["radius_m"] == 300.0
    steps_s = np.diff(np.sort(world.tracks[0].fixes.t_s))
    assert np.median(steps_s) == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"wearers": 0}, "wearers is 0"),
        ({"days": -1}, "days is -1"),
        ({"days": 5_000_000}, "5000000 days from 2026-03-02; must be at most 3660"),
        ({"first_day": date(9999, 12, 31)}, "begin in 1971 to 2098"),
        ({"interval_s": 0}, "interval_s is 0"),
        ({"drift": -1.0}, "drift is -1.0"),
        ({"zone_m": (500.0, 100.0)}, "zone_m is 500 to 100"),
        ({"edge_m": (0.0, 100.0)}, "edge_m is 0 to 100"),
        ({"forms": ("star",)}, "forms: star"),
        ({"receiver": "sextant"}, "'sextant' is unknown"),
        ({"resampled_share": 1.5}, "resampled_share is 1.5"),
        ({"speed": 1}, "unknown parameter speed"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(WorldRefused, match=named):
        suite("drift", _SEED, **given)


def test_a_radius_in_which_nobody_can_live_apart_is_refused() -> None:
    with pytest.raises(WorldRefused, match="no two homes"):
        suite("victim-moving", _SEED, radius_m=20_000.0)


def _hears_ctrl_c(part: Part) -> bool:
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_is_the_parents_alone_from_a_workers_first_moment() -> None:
    """A worker that was still importing used to end with a traceback of its own."""
    parts = planned("fleet", _SEED, wearers=60, days=1)
    assert list(each_part(_hears_ctrl_c, parts, workers=2)) == [False, False]
    assert _hears_ctrl_c(parts[0])


def test_an_unknown_suite_is_refused_with_those_that_are() -> None:
    with pytest.raises(WorldRefused, match="'drifting' is unknown; must be one of drift"):
        suite("drifting", _SEED)


@pytest.mark.tracks
def test_a_third_of_the_drift_suite_errs_as_recordings_did_and_says_so() -> None:
    worlds = [suite("drift", seed, days=1) for seed in TRAINING_SEEDS[:4]]
    resampled = [track for world in worlds for track in world.tracks if track.resampled]
    assert len(resampled) == 4
    assert {track.receiver for track in resampled} == {"resampled-android", "resampled-iphone"}
    alone = suite("drift", TRAINING_SEEDS[0], wearers=2, days=1)
    assert [track.receiver for track in alone.tracks] == [track.receiver for track in worlds[0].tracks[:2]]
