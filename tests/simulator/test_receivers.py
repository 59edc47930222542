"""What receivers make of a path: existence, claims, chance, and what is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from simulator.path import Path, Surroundings, lengths_m, positions_at
from simulator.receivers import KINDS, TracksMissing, kind, observe
from simulator.receivers.kinds import KINDS as ALL
from simulator.receivers.observed import CELL, GNSS, WIFI, Floats, Observed
from simulator.receivers.parameters import Astray, Cell, Conditions, Receiver
from simulator.seeds import generator

DAY_S = np.arange(0.0, 86_400.0, 60.0)
SECONDS = np.arange(0.0, 7_200.0, 1.0)


def stays(surroundings: Surroundings, lon: float = 4.48, lat: float = 51.92) -> Path:
    code = np.full(2, int(surroundings), np.int8)
    return Path(np.array([0.0, 86_400.0]), np.full(2, lon), np.full(2, lat), code)


def through_all() -> Path:
    """Six minutes of walking in each kind of surroundings."""
    codes = np.array([*Surroundings, 0], np.int8)
    t_s = np.array([360.0 * i for i in range(codes.size)])
    return Path(t_s, 4.48 + 1e-5 * t_s, 51.92 + 0.5e-5 * t_s, codes)


def rides(surroundings: Surroundings, hours: float = 1.0) -> Path:
    """North at 25 m/s."""
    code = np.full(2, int(surroundings), np.int8)
    end_s = 3_600.0 * hours
    return Path(
        np.array([0.0, end_s]), np.full(2, 4.48), np.array([51.92, 51.92 + end_s * 25.0 / 111_195.0]), code
    )


def off_m(path: Path, seen: Observed) -> Floats:
    lon, lat, _, _ = positions_at(path, seen.t_s)
    return lengths_m(lon, lat, seen.lon, seen.lat)


def bytes_of(seen: Observed) -> bytes:
    return b"".join(column.tobytes() for column in seen)


def plain(**met: float) -> Receiver:
    """Satellites everywhere, with these numbers; no bias, and no claim that moves."""
    quiet = Conditions(fast_m=0.0, slow_m=0.0, white_m=0.0, wild=0.0, claim_spread=0.0)
    conditions = replace(quiet, **met)  # type: ignore[arg-type]
    return Receiver("plain", (conditions,) * len(Surroundings), "plain", bias_m=(0.0, 0.0))


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
    assert (seen.source[said] == GNSS).all()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_same_seed_gives_the_same_bytes_and_another_others(name: str) -> None:
    runs = [observe(through_all(), DAY_S[:60], KINDS[name], generator(seed, "w")) for seed in (1, 1, 2)]
    assert bytes_of(runs[0]) == bytes_of(runs[1])
    assert bytes_of(runs[0]) != bytes_of(runs[2])


_DIGEST = """
import hashlib
import numpy as np
from simulator.receivers import KINDS, observe
from simulator.seeds import generator
from tests.simulator.test_receivers import bytes_of, through_all
for name in KINDS:
    seen = observe(through_all(), np.arange(0.0, 3_600.0, 7.0), KINDS[name], generator(5, name))
    print(name, hashlib.sha256(bytes_of(seen)).hexdigest())
"""


def test_bytes_depend_on_no_hash_seed() -> None:
    environ = os.environ | {"PYTHONHASHSEED": "12345"}
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST], capture_output=True, text=True, env=environ, check=True
    )
    for line in done.stdout.splitlines():
        name, digest = line.split()
        seen = observe(through_all(), np.arange(0.0, 3_600.0, 7.0), KINDS[name], generator(5, name))
        assert hashlib.sha256(bytes_of(seen)).hexdigest() == digest


def test_drift_is_correlated_as_its_time_constant_says() -> None:
    """Against the law of the process, not against the kernel: exp(-lag / tau), deviation as given."""
    receiver = replace(plain(slow_m=5.0), slow_s=600.0)
    path = stays(Surroundings.OPEN)
    asked_s = np.arange(0.0, 86_400.0, 30.0)
    errors = []
    for day in range(40):
        seen = observe(path, asked_s, receiver, generator(3, day))
        errors.append((seen.lat - 51.92) * 111_195.0)
    error_m = np.array(errors)
    assert float(error_m.std()) == pytest.approx(5.0, rel=0.08)
    for lag_s in (60, 600, 1_800):
        steps = lag_s // 30
        found = float((error_m[:, steps:] * error_m[:, :-steps]).mean()) / float((error_m**2).mean())
        assert found == pytest.approx(np.exp(-lag_s / 600.0), abs=0.07)


def test_a_drift_asked_seldom_is_the_one_asked_often() -> None:
    """Deviation and correlation after 10 min are the same whether asked each 15 s or each 10 min."""
    receiver = replace(plain(slow_m=5.0), slow_s=600.0)
    found = []
    for step_s in (15.0, 600.0):
        error_m = []
        for day in range(60):
            asked_s = np.arange(0.0, 43_200.0, step_s)
            seen = observe(stays(Surroundings.OPEN), asked_s, receiver, generator(9, day))
            error_m.append((seen.lat - 51.92)[:: int(600.0 / step_s)] * 111_195.0)
        rows = np.array(error_m)
        found.append((rows.std(), (rows[:, 1:] * rows[:, :-1]).mean() / rows.var()))
    assert found[0] == pytest.approx(found[1], rel=0.15)


def test_losses_last_as_long_and_as_often_as_said() -> None:
    receiver = plain(lost_share=0.25, lost_s=120.0)
    gaps_s: list[float] = []
    fixes = 0
    for day in range(6):
        asked_s = np.arange(0.0, 86_400.0, 5.0)
        seen = observe(stays(Surroundings.OPEN), asked_s, receiver, generator(4, day))
        fixes += seen.t_s.size
        steps_s = np.diff(seen.t_s)
        gaps_s += [float(step) for step in steps_s[steps_s > 5.5]]
    assert fixes / (6 * 17_280) == pytest.approx(0.75, abs=0.03)
    assert np.mean(gaps_s) == pytest.approx(125.0, rel=0.15)


def test_a_place_keeps_its_bias_for_every_visit_and_wearer() -> None:
    """Wi-Fi of an iPhone stands 20 to 35 m aside, always to the same side of one place."""
    centres = []
    for visit in range(8):
        seen = observe(stays(Surroundings.INDOOR), DAY_S, KINDS["iphone"], generator(1, visit))
        at = seen.source == WIFI
        centres.append((np.median(seen.lon[at]), np.median(seen.lat[at])))
    lon, lat = np.median(centres, axis=0)
    size_m = float(lengths_m(np.array([4.48]), np.array([51.92]), np.array([lon]), np.array([lat]))[0])
    assert 18.0 < size_m < 37.0
    spread_m = [
        float(lengths_m(np.array([lon]), np.array([lat]), np.array([x]), np.array([y]))[0])
        for x, y in centres
    ]
    assert max(spread_m) < 12.0


def test_another_place_has_another_bias_and_next_door_nearly_the_same() -> None:
    asked_s = np.arange(0.0, 14_400.0, 60.0)
    receiver = replace(plain(), bias_m=(20.0, 35.0), name="biased")

    def bias(lon: float) -> tuple[float, float]:
        seen = observe(stays(Surroundings.OPEN, lon), asked_s, receiver, generator(1))
        return float((seen.lon[0] - lon) * 68_580.0), float((seen.lat[0] - 51.92) * 111_195.0)

    here, next_door, elsewhere = bias(4.48), bias(4.48002), bias(4.52)
    assert np.hypot(*here) == pytest.approx(27.5, abs=8.0)
    assert np.hypot(here[0] - next_door[0], here[1] - next_door[1]) < 3.0
    assert np.hypot(here[0] - elsewhere[0], here[1] - elsewhere[1]) > 5.0


def test_masts_give_few_positions_that_repeat_for_minutes() -> None:
    seen = observe(stays(Surroundings.INDOOR), DAY_S, KINDS["android-low-power"], generator(2))
    assert (seen.source == CELL).all()
    places = {(lon, lat) for lon, lat in zip(seen.lon, seen.lat, strict=True)}
    assert len(places) <= 13
    repeated = (np.diff(seen.lon) == 0.0) & (np.diff(seen.lat) == 0.0)
    assert repeated.mean() > 0.5
    assert np.median(off_m(stays(Surroundings.INDOOR), seen)) > 100.0


def test_multipath_lies_far_off_with_a_confident_claim() -> None:
    path = stays(Surroundings.CANYON)
    seen = observe(path, SECONDS, KINDS["bracelet"], generator(6))
    bold = (seen.source == GNSS) & (seen.accuracy_m < 15.0) & (off_m(path, seen) > 50.0)
    assert 0.02 < bold.mean() < 0.2
    assert off_m(path, seen)[bold].max() < 350.0


def test_underground_positions_are_kilometres_away_and_claims_do_not_always_warn() -> None:
    path = rides(Surroundings.TUNNEL)
    far = unwarned = 0
    for ride in range(6):
        seen = observe(path, np.arange(0.0, 3_600.0, 15.0), KINDS["android"], generator(8, ride))
        error_m = off_m(path, seen)
        far += int((error_m > 1_000.0).sum())
        unwarned += int(((error_m > 1_000.0) & (error_m > seen.accuracy_m)).sum())
    assert far > 20
    assert 0 < unwarned < far


def test_a_held_position_repeats_and_its_claim_grows() -> None:
    met = Conditions(gnss=0.3, hold=0.7, stay_s=40.0, claim_spread=0.0)
    receiver = Receiver("holding", (met,) * len(Surroundings), "holding")
    seen = observe(rides(Surroundings.TRAIN), np.arange(0.0, 1_800.0, 5.0), receiver, generator(1))
    same = (np.diff(seen.lon) == 0.0) & (np.diff(seen.lat) == 0.0)
    assert same.mean() > 0.4
    assert (np.diff(seen.accuracy_m)[same] > 0.0).all()


@pytest.mark.parametrize("code", [Surroundings.DEEP, Surroundings.GARAGE, Surroundings.TUNNEL])
def test_a_bracelet_hears_no_satellite_below_ground(code: Surroundings) -> None:
    seen = observe(stays(code), DAY_S, KINDS["bracelet"], generator(1))
    assert (seen.source != GNSS).all()
    assert seen.t_s.size < 0.9 * DAY_S.size


def test_a_watch_says_nothing_where_it_hears_nothing() -> None:
    seen = observe(stays(Surroundings.TUNNEL), DAY_S, KINDS["watch"], generator(1))
    assert seen.t_s.size < 0.1 * DAY_S.size
    assert (observe(stays(Surroundings.OPEN), DAY_S, KINDS["watch"], generator(1)).accuracy_m < 20.0).all()


def test_a_phone_dozes_and_a_bracelet_does_not() -> None:
    phone, bracelet = (
        observe(stays(Surroundings.INDOOR), DAY_S, KINDS[name], generator(5))
        for name in ("android", "bracelet")
    )
    assert np.diff(phone.t_s).max() > 1_800.0
    assert phone.t_s.size < 0.5 * DAY_S.size < 0.8 * DAY_S.size < bracelet.t_s.size


def test_a_jammed_bracelet_is_silent_under_the_open_sky_and_settles_afterwards() -> None:
    path = stays(Surroundings.OPEN)
    asked_s = np.arange(0.0, 28_800.0, 10.0)
    seen = observe(path, asked_s, KINDS["bracelet"], generator(3), jammed_s=[(3_600.0, 21_600.0)])
    assert not ((seen.t_s >= 3_600.0) & (seen.t_s < 21_600.0)).any()
    assert (seen.t_s < 3_600.0).sum() > 300
    assert seen.t_s[seen.t_s >= 21_600.0][0] > 21_600.0


def test_a_jammer_leaves_networks() -> None:
    seen = observe(
        stays(Surroundings.INDOOR), DAY_S, KINDS["bracelet"], generator(3), jammed_s=[(0.0, 86_400.0)]
    )
    assert seen.t_s.size > 100
    assert set(seen.source) == {WIFI, CELL}


def test_a_cold_start_costs_the_first_fixes_and_errs_at_first() -> None:
    receiver = plain()
    path = stays(Surroundings.OPEN)
    firsts, errors_m = [], []
    for start in range(30):
        seen = observe(path, np.arange(0.0, 300.0, 1.0), receiver, generator(2, start), cold_start=True)
        firsts.append(float(seen.t_s[0]))
        errors_m.append(off_m(path, seen)[[0, -1]])
    assert min(firsts) == pytest.approx(35.0)
    first_m, last_m = np.array(errors_m).T
    assert first_m.max() > 5.0
    assert last_m.max() < 0.1


def test_nothing_asked_is_nothing_seen() -> None:
    seen = observe(stays(Surroundings.OPEN), np.empty(0), KINDS["bracelet"], generator(1))
    assert [column.size for column in seen] == [0] * 6


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


@pytest.mark.parametrize("jam", [(10.0, 10.0), (20.0, 10.0), (float("nan"), 10.0)])
def test_a_jam_that_ends_before_it_begins_is_refused(jam: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"jammed_s\[0\] runs from"):
        observe(stays(Surroundings.OPEN), DAY_S, KINDS["bracelet"], generator(1), jammed_s=[jam])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"floor68_m": -1.0}, "floor68_m is -1.0; must be 0 or more"),
        ({"floor68_m": 0.0}, "floor68_m is 0; must be above 0"),
        ({"fast_s": float("nan")}, "fast_s is nan"),
        ({"doze_share": 1.5}, "doze_share is 1.5; a share is at most 1"),
        ({"bias_m": (9.0, 3.0)}, r"bias_m is \(9.0, 3.0\); the lower bound comes first"),
        ({"levels68_m": (5.0, 5.0)}, "levels68_m must rise"),
        ({"cell": Cell(claim68_m=(-5.0, 10.0))}, "cell.claim68_m is -5.0"),
        ({"conditions": ALL["bracelet"].conditions[:3]}, "conditions: 3 given, not 10"),
        ({"conditions": (Conditions(gnss=0.5),) * 10}, "gnss, wifi, cell, far and hold sum to 0.5, not to 1"),
        (
            {"conditions": (Conditions(astray=Astray(share=-0.1)),) * 10},
            r"conditions\[0\].astray.share is -0.1",
        ),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=f"receiver 'bracelet': .*{fault}"):
        replace(KINDS["bracelet"], **changes)  # type: ignore[arg-type]
