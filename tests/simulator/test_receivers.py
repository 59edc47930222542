"""What receivers make of a path: existence, claims, chance, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.path import Path, Surroundings
from simulator.receivers import KINDS, TracksMissing, kind, observe
from simulator.receivers.observed import Observed
from simulator.seeds import generator

DAY_S = np.arange(0.0, 86_400.0, 60.0)


def stays(surroundings: Surroundings, hours: float = 24.0) -> Path:
    return Path(
        np.array([0.0, hours * 3_600.0]),
        np.full(2, 4.48),
        np.full(2, 51.92),
        np.full(2, int(surroundings), np.int8),
    )


def through_all() -> Path:
    """Six minutes of walking in each kind of surroundings."""
    codes = np.array([*Surroundings, 0], np.int8)
    t_s = np.array([360.0 * i for i in range(codes.size)])
    return Path(t_s, 4.48 + 1e-5 * t_s, 51.92 + 0.5e-5 * t_s, codes)


def bytes_of(seen: Observed) -> bytes:
    return b"".join(column.tobytes() for column in seen)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_fixes_rise_and_are_within_what_the_wire_takes(name: str) -> None:
    asked_s = np.arange(0.0, 3_600.0, 1.0)
    seen = observe(through_all(), asked_s, KINDS[name], generator(7, name))
    assert 0 < seen.t_s.size <= asked_s.size
    assert np.isin(seen.t_s, asked_s).all()
    assert (np.diff(seen.t_s) > 0.0).all()
    assert (np.abs(seen.lon) <= 180.0).all()
    assert (np.abs(seen.lat) <= 90.0).all()
    assert ((seen.accuracy_m > 0.0) & (seen.accuracy_m <= 100_000.0)).all()
    said = ~np.isnan(seen.speed_m_s)
    assert (seen.speed_m_s[said] >= 0.0).all()
    assert (seen.source[said] == 0).all()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_same_seed_gives_the_same_bytes_and_another_others(name: str) -> None:
    runs = [observe(through_all(), DAY_S[:60], KINDS[name], generator(seed, "w")) for seed in (1, 1, 2)]
    assert bytes_of(runs[0]) == bytes_of(runs[1])
    assert bytes_of(runs[0]) != bytes_of(runs[2])


def test_a_jammed_bracelet_is_silent_under_the_open_sky() -> None:
    seen = observe(
        stays(Surroundings.OPEN), DAY_S, KINDS["bracelet"], generator(3), jammed_s=[(3_600.0, 7_200.0)]
    )
    assert not ((seen.t_s >= 3_600.0) & (seen.t_s < 7_200.0)).any()
    assert (seen.t_s < 3_600.0).sum() > 50


def test_unknown_kinds_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMON_TRACKS", raising=False)
    with pytest.raises(ValueError, match="receiver 'sextant' is unknown; must be one of bracelet"):
        kind("sextant")
    with pytest.raises(TracksMissing, match="set EMON_TRACKS"):
        kind("resampled-android")


@pytest.mark.parametrize(
    ("asked_s", "fault"),
    [
        ([0.0, np.nan], r"asked_t_s\[1\] is nan; must be finite"),
        ([0.0, np.inf], r"asked_t_s\[1\] is inf; must be finite"),
        ([5.0, 5.0], r"asked_t_s\[1\] is 5, not after 5"),
        ([[0.0]], "asked_t_s has 2 dimensions"),
    ],
)
def test_instants_that_make_no_sense_are_refused(asked_s: list[float], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        observe(stays(Surroundings.OPEN), np.array(asked_s), KINDS["bracelet"], generator(1))
