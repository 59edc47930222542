"""Worlds with batteries, straps and jammers: the truth says what must be told, and what nobody wore."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent
from simulator.city.generate import generated_city
from simulator.fleet.saying import motion_heard
from simulator.fleet.upkeep import Shares, homes, lies_in, upkeep_of, with_device_left, without
from simulator.fleet.words import WIRE, Says
from simulator.path import Surroundings, checked, lengths_m, positions_at
from simulator.people.calendar import Calendar
from simulator.people.life import Life
from simulator.scoring.facts import MAY, MUST
from simulator.seeds import generator
from simulator.suites import TRAINING_SEEDS, Played, suite
from simulator.suites.ordinary import fleet
from simulator.suites.parameters import Parameters
from simulator.suites.rulings import rulings_of

_ALL = Shares(forgetful=1.0, cut=1.0, jammer=1.0)
_DAYS_S = 14 * 86_400.0


@cache
def _world() -> Played:
    return suite("upkeep", TRAINING_SEEDS[11], wearers=6, days=7)


@cache
def _life() -> Life:
    """Two weeks of an ordinary driver."""
    city, days = generated_city(3), Calendar(Parameters().first_day, 14)
    for index in range(40):
        life = fleet(city, days, Parameters(), (3, "upkeep"), index)[0].life
        if (life.path.surroundings == Surroundings.CAR).any() and len(homes(life, (0.0, _DAYS_S))) > 8:
            return life
    raise AssertionError("nobody drives in this city")


def test_a_forgetful_wearers_device_dies_and_lives_again_where_he_lives() -> None:
    life = _life()
    at_home = np.array(homes(life, (0.0, _DAYS_S)))
    died = 0
    for seed in range(12):
        found = upkeep_of(life, (0.0, _DAYS_S), _ALL, generator(seed, "test"))
        died += len(found.dead_s)
        said = [what for _, what in found.words]
        assert not any(lies_in(found.dead_s, np.array([at])).any() for at, _ in found.words)
        for _, back_s in found.dead_s.tolist():
            assert back_s >= _DAYS_S or lies_in(at_home, np.array([back_s + 1.0])).all()
        battery = [what for what in said if WIRE[what][0] == "battery"]
        assert all(a != b for a, b in pairwise(battery))
    assert died > 0


def test_who_charges_each_evening_never_runs_empty() -> None:
    for seed in range(12):
        found = upkeep_of(_life(), (0.0, _DAYS_S), Shares(0.0, 0.0, 0.0), generator(seed, "test"))
        assert not len(found.dead_s)
        assert not len(found.left_s)
        assert not len(found.jammed_s)


def test_a_device_lies_where_its_strap_was_cut_while_he_goes_on() -> None:
    life = _life()
    found = upkeep_of(life, (0.0, _DAYS_S), _ALL, generator(1, "test"))
    [(from_s, to_s)] = found.left_s.tolist()
    own = with_device_left(life, found.left_s)
    checked(own.path)
    t_s = np.linspace(from_s, to_s - 1.0, 200)
    lon, lat, _, _ = positions_at(own.path, t_s)
    his_lon, his_lat, _, _ = positions_at(life.path, t_s)
    assert max(np.ptp(lon), np.ptp(lat)) < 1e-9
    assert lengths_m(lon, lat, his_lon, his_lat).max() > 50.0
    outside_s = np.concatenate([np.linspace(0.0, from_s, 50), np.linspace(to_s, _DAYS_S, 50)])
    for ours, his in zip(
        positions_at(own.path, outside_s)[:2], positions_at(life.path, outside_s)[:2], strict=True
    ):
        assert np.allclose(ours, his, atol=1e-7)
    assert not lies_in(own.moving_s, t_s[1:]).any()


def test_jammed_drives_are_drives_and_are_said() -> None:
    life = _life()
    found = upkeep_of(life, (0.0, _DAYS_S), Shares(0.0, 0.0, 1.0), generator(4, "test"))
    assert len(found.jammed_s)
    middle = found.jammed_s.mean(axis=1)
    around = life.path.surroundings[np.searchsorted(life.path.t_s, middle, side="right") - 1]
    assert (around == Surroundings.CAR).all()
    said = [what for _, what in found.words]
    assert said.count(Says.JAMMING_ON) == said.count(Says.JAMMING_OFF) == len(found.jammed_s)


def test_a_jammed_device_sends_no_satellite_position() -> None:
    tracks = [track for track in _world().tracks if Says.JAMMING_ON in track.events.said]
    assert tracks
    for track in tracks:
        on_s = np.sort(track.events.t_s[track.events.said == Says.JAMMING_ON])
        off_s = np.sort(track.events.t_s[track.events.said == Says.JAMMING_OFF])
        jammed = lies_in(np.stack([on_s[: len(off_s)], off_s], axis=1), track.fixes.t_s)
        assert not (track.fixes.source[jammed] == 0).any()


def test_every_strap_cut_must_be_told_and_nothing_is_seen_of_who_left_his_device() -> None:
    world = _world()
    musts = [r for r in world.truth.rulings if r.kind == MUST]
    for track in world.tracks:
        cuts = int((track.events.said == Says.STRAP_CUT).sum())
        owed = [r for r in musts if r.event is AlertEvent.STRAP_TAMPER and r.wearer == track.wearer]
        assert len(owed) == cuts
        for seen in world.truth.seen:
            if seen.wearer == track.wearer:
                span = np.array([[seen.from_us - world.start_us, seen.to_us - world.start_us]]) / SECOND_US
                assert np.array_equal(without(span, track.left_s), span)
    assert any((track.events.said == Says.STRAP_CUT).any() for track in world.tracks)


def test_motion_is_said_again_when_a_dead_device_comes_back() -> None:
    t_s, moving = motion_heard(
        (np.array([0.0, 100.0, 200.0]), np.array([False, True, False])), np.array([[90.0, 150.0]])
    )
    assert t_s.tolist() == [0.0, 150.0, 200.0]
    assert moving.tolist() == [False, True, False]


def test_a_stored_battery_word_is_neither_owed_nor_false() -> None:
    track = next(t for t in _world().tracks if len(t.events.t_s))
    columns = track.events._replace(
        seq=np.array([1, 2]),
        t_s=np.array([0.0, 9_000.0]),
        stamped_s=np.array([0.0, 9_000.0]),
        received_s=np.array([2.0, 12_000.0]),
        said=np.array([Says.BATTERY_LOW, Says.BATTERY_CRITICAL], np.int8),
    )
    found = {r.event: r.kind for r in rulings_of("w-1", "medium", columns, 86_400.0, 0)}
    assert found == {
        AlertEvent.BATTERY_LOW: MUST,
        AlertEvent.BATTERY_CRITICAL: MAY,
        AlertEvent.CHARGING_MISSED: MAY,
    }


@pytest.mark.parametrize("name", ["drift", "stalking-car"])
def test_any_suite_takes_upkeep_and_is_the_same_without_it(name: str) -> None:
    plain = suite(name, TRAINING_SEEDS[2], wearers=1, days=2)
    kept = suite(name, TRAINING_SEEDS[2], wearers=1, days=2, upkeep=True)
    assert {line["event"] for line in map(json.loads, plain.fixes_lines()) if "event" in line} == {"motion"}
    assert any(WIRE[said][0] == "charging" for said in kept.tracks[0].events.said)
    assert np.array_equal(plain.tracks[0].path.lon, kept.tracks[0].path.lon)
