"""Paths and their positions, and generators by name."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.movement import Movement, Pause, Travel, metres_per_degree
from simulator.path import (
    Floats,
    Path,
    Surroundings,
    between,
    checked,
    delayed,
    joined,
    lengths_m,
    positions_at,
    scales_m,
    speeds_m_s,
)
from simulator.seeds import generator

_S = Surroundings


def _path(t_s: list[float], lon: list[float], lat: list[float], codes: list[int]) -> Path:
    return Path(np.array(t_s), np.array(lon), np.array(lat), np.array(codes, np.int8))


WALK = _path(
    [10.0, 20.0, 50.0, 60.0],
    [4.48, 4.481, 4.481, 4.482],
    [51.92, 51.92, 51.92, 51.921],
    [_S.STREET, _S.INDOOR, _S.TUNNEL, _S.TUNNEL],
)


def test_position_surroundings_and_speed_are_those_of_the_stretch_that_holds_the_second() -> None:
    lon, lat, codes, speed_m_s = positions_at(WALK, [15.0, 20.0, 55.0])
    assert lon == pytest.approx([4.4805, 4.481, 4.4815], abs=1e-12)
    assert lat == pytest.approx([51.92, 51.92, 51.9205], abs=1e-12)
    assert codes.tolist() == [_S.STREET, _S.INDOOR, _S.TUNNEL]
    assert speed_m_s == pytest.approx([6.88, 0.0, 13.1], abs=0.05)
    assert codes.dtype == np.int8


def test_before_the_first_and_after_the_last_vertex_the_wearer_stands_there() -> None:
    lon, lat, codes, speed_m_s = positions_at(WALK, [-5.0, 9.999, 60.0, 1e9])
    assert lon.tolist() == [4.48, 4.48, 4.482, 4.482]
    assert lat.tolist() == [51.92, 51.92, 51.921, 51.921]
    assert codes.tolist() == [_S.STREET, _S.STREET, _S.TUNNEL, _S.TUNNEL]
    assert speed_m_s.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_single_vertex_is_a_place_for_ever() -> None:
    lon, _, codes, speed_m_s = positions_at(_path([0.0], [4.0], [52.0], [_S.DEEP]), [-1.0, 0.0, 1.0])
    assert lon.tolist() == [4.0] * 3
    assert codes.tolist() == [_S.DEEP] * 3
    assert not speed_m_s.any()


def test_positions_are_those_of_the_movement_with_the_same_legs() -> None:
    movement = Movement((4.48, 51.92), [Travel((4.49, 51.925), 5.0), Pause(30.0), Travel((4.48, 51.93), 2.0)])
    way_m = lengths_m(np.array([4.48]), np.array([51.92]), np.array([4.49]), np.array([51.925]))
    first_s, last_s = float(way_m[0]) / 5.0, movement.ends_at_s
    path = _path(
        [0.0, first_s, first_s + 30.0, last_s],
        [4.48, 4.49, 4.49, 4.48],
        [51.92, 51.925, 51.925, 51.93],
        [_S.STREET] * 4,
    )
    asked_s = np.linspace(-10.0, last_s + 10.0, 200)
    lon, lat, _, speed_m_s = positions_at(path, asked_s)
    truth = [movement.at(float(at_s)) for at_s in asked_s]
    assert np.abs(lon - [motion.point[0] for motion in truth]).max() < 1e-9
    assert np.abs(lat - [motion.point[1] for motion in truth]).max() < 1e-9
    assert np.abs(speed_m_s - [motion.speed_m_s for motion in truth]).max() < 1e-6


@pytest.mark.parametrize("lat", [-85.0, 0.0, 51.9, 89.0])
def test_the_scales_are_those_of_the_single_point(lat: float) -> None:
    east, north = scales_m(np.array([lat]))
    assert (east[0], north[0]) == pytest.approx(metres_per_degree(lat), rel=1e-14)


def test_speeds_are_those_of_the_stretches() -> None:
    assert speeds_m_s(WALK) == pytest.approx([6.88, 0.0, 13.1], abs=0.05)


def test_seconds_that_are_not_finite_are_refused_with_their_row() -> None:
    with pytest.raises(ValueError, match=r"t_s\[1\] is nan"):
        positions_at(WALK, [0.0, np.nan])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (_path([], [], [], []), "no vertex"),
        (WALK._replace(lon=WALK.lon[:2]), r"lon has shape \(2,\)"),
        (_path([0.0, 0.0], [4.0, 4.0], [52.0, 52.0], [1, 1]), r"t_s\[1\] is 0.0; must rise"),
        (_path([0.0, 1.0], [4.0, 181.0], [52.0, 52.0], [1, 1]), r"lon\[1\] is 181"),
        (_path([0.0, np.inf], [4.0, 4.0], [52.0, 52.0], [1, 1]), r"t_s\[1\] is inf"),
        (_path([0.0, 1.0], [4.0, 4.0], [np.nan, 52.0], [1, 1]), r"lat\[0\] is nan"),
        (_path([0.0, 1.0], [4.0, 4.0], [52.0, 52.0], [1, 10]), r"surroundings\[1\] is 10"),
    ],
)
def test_a_wrong_path_is_refused_with_column_and_vertex(wrong: Path, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked(wrong)


def _apart(one: Path, other: Path, t_s: Floats) -> float:
    first, second = positions_at(one, t_s), positions_at(other, t_s)
    assert first[2].tolist() == second[2].tolist()
    apart_m = lengths_m(first[0], first[1], second[0], second[1])
    return float(max(apart_m.max(), np.abs(first[3] - second[3]).max()))


def test_a_part_has_the_same_positions_as_the_whole() -> None:
    part = checked(between(WALK, 15.0, 57.0))
    asked_s = np.linspace(15.0, 56.99, 101)
    assert _apart(WALK, part, asked_s) < 1e-4  # the scale of another mean latitude
    assert part.t_s[[0, -1]].tolist() == [15.0, 57.0]
    with pytest.raises(ValueError, match="must rise"):
        between(WALK, 5.0, 5.0)


def test_paths_join_where_the_one_before_ended() -> None:
    both = checked(joined([between(WALK, 10.0, 30.0), between(WALK, 30.0, 60.0)]))
    asked_s = np.linspace(10.0, 60.0, 101)
    assert _apart(WALK, both, asked_s) < 1e-4
    assert both.surroundings.dtype == np.int8


def test_paths_that_overlap_or_jump_do_not_join() -> None:
    with pytest.raises(ValueError, match=r"paths\[1\] begins .* m from"):
        joined([WALK, delayed(WALK, 100.0)])
    with pytest.raises(ValueError, match=r"paths\[1\] begins at 30"):
        joined([between(WALK, 10.0, 40.0), between(WALK, 30.0, 60.0)])
    with pytest.raises(ValueError, match="none"):
        joined([])


def test_the_same_seed_and_names_give_the_same_numbers_for_ever() -> None:
    assert generator(7, "wearer", 12).integers(1_000_000, size=3).tolist() == [782685, 911728, 654642]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "ab", "c"), (1, "a", "bc")),
        ((1, "1"), (1, 1)),
        ((1,), (2,)),
        ((1, "a"), (1, "a", "")),
        ((-1,), (1,)),
    ],
)
def test_other_names_give_other_numbers(one: tuple[int, str], other: tuple[int, str]) -> None:
    assert generator(*one).random(4).tolist() != generator(*other).random(4).tolist()


def test_a_name_that_is_no_name_is_refused() -> None:
    assert generator(1, int(np.int64(5))).random() == generator(1, 5).random()
    with pytest.raises(TypeError, match=r"name is 1\.5"):
        generator(1, 1.5)  # type: ignore[arg-type]
