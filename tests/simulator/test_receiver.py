"""The receiver's errors keep their promises: a 95 % circle, correlation in time, the same from a seed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.limits import R95_PER_SIGMA
from simulator.receiver import Reading, Receiver, ReceiverModel


def _readings(model: ReceiverModel, seed: str, *, count: int, step_s: float) -> list[Reading]:
    receiver = Receiver(model, seed)
    return [receiver.read(number * step_s) for number in range(count)]


@pytest.mark.parametrize("accuracy_m", [5.0, 12.0, 60.0])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_the_claimed_circle_holds_95_percent(accuracy_m: float, spread: float) -> None:
    """2,000 receivers of ten fixes a quarter of an hour apart: 20,000 nearly independent errors."""
    model = ReceiverModel(accuracy_m, accuracy_spread=spread)
    errors = [
        (math.hypot(reading.east_m, reading.north_m), reading.accuracy_m)
        for receiver in range(2_000)
        for reading in _readings(model, f"coverage/{receiver}", count=10, step_s=900.0)
    ]
    inside = sum(error_m <= claimed_m for error_m, claimed_m in errors) / len(errors)
    assert inside == pytest.approx(0.95, abs=0.006)


def test_each_axis_is_normal_with_the_sigma_of_the_circle() -> None:
    model = ReceiverModel(10.0, accuracy_spread=0.0)
    errors = [
        value
        for receiver in range(4_000)
        for reading in _readings(model, f"sigma/{receiver}", count=1, step_s=1.0)
        for value in (reading.east_m, reading.north_m)
    ]
    sigma_m = 10.0 / R95_PER_SIGMA
    mean_m = sum(errors) / len(errors)
    found_m = math.sqrt(sum(error * error for error in errors) / len(errors))
    assert mean_m == pytest.approx(0.0, abs=0.2)
    assert found_m == pytest.approx(sigma_m, rel=0.03)
    assert sum(abs(error) < sigma_m for error in errors) / len(errors) == pytest.approx(0.6827, abs=0.02)


@pytest.mark.parametrize("lag_s", [10.0, 60.0, 600.0])
def test_the_error_remembers_as_a_sum_of_gauss_markov_processes_does(lag_s: float) -> None:
    model = ReceiverModel(10.0, accuracy_spread=0.0, drifts=((30.0, 0.5), (600.0, 0.35)))
    pairs = [_readings(model, f"memory/{n}", count=2, step_s=lag_s) for n in range(20_000)]
    sigma_m = 10.0 / R95_PER_SIGMA
    found = sum(a.east_m * b.east_m for a, b in pairs) / len(pairs) / sigma_m**2
    assert found == pytest.approx(0.5 * math.exp(-lag_s / 30.0) + 0.35 * math.exp(-lag_s / 600.0), abs=0.03)


def test_outliers_come_as_often_as_asked_and_without_a_warning() -> None:
    model = ReceiverModel(8.0, accuracy_spread=0.0, outlier_chance=0.1, outlier_m=200.0)
    readings = _readings(model, "outliers", count=5_000, step_s=1.0)
    outliers = [reading for reading in readings if reading.outlier]
    assert len(outliers) / len(readings) == pytest.approx(0.1, abs=0.02)
    assert all(150.0 < math.hypot(r.east_m, r.north_m) < 250.0 for r in outliers)
    assert {reading.accuracy_m for reading in readings} == {8.0}


@settings(max_examples=25)
@given(seed=st.text(max_size=20), step_s=st.floats(0.1, 3_600.0))
def test_a_seed_gives_the_same_errors_again(seed: str, step_s: float) -> None:
    model = ReceiverModel(15.0, outlier_chance=0.05)
    first = _readings(model, seed, count=20, step_s=step_s)
    assert first == _readings(model, seed, count=20, step_s=step_s)
    assert first != _readings(model, seed + "x", count=20, step_s=step_s)


def test_the_errors_of_a_seed_never_change() -> None:
    """A scenario's truth was checked against these errors: another stream needs a new look at it."""
    reading = _readings(ReceiverModel(10.0), "kept", count=3, step_s=1.0)[-1]
    assert (round(reading.east_m, 6), round(reading.north_m, 6), reading.accuracy_m) == (
        1.096562,
        -2.69269,
        11.3,
    )
