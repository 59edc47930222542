"""A true path seen by a parametric receiver, vectorised over the instants it was asked.

The order of work: where the wearer truly was; which source answers each time (stays that end by
chance, losses, dozing, jamming, cold starts); what each source makes of the place; what is claimed.
Everything is drawn for all instants and picked afterwards, so draws depend on the instants alone.
"""

from __future__ import annotations

import numpy as np

from emon.limits import ACCURACY_MAX_M, R95_PER_R68, SPEED_MAX_M_S
from simulator.path import Path, positions_at
from simulator.receivers import kernels, networks
from simulator.receivers.observed import CELL, GNSS, WIFI, Codes, Flags, Floats, Observed
from simulator.receivers.parameters import Receiver
from simulator.receivers.places import METRES_PER_DEGREE
from simulator.receivers.processes import begins, last_true, on_off, renewals
from simulator.receivers.satellite import satellite
from simulator.receivers.truth import SOURCE_NAMES, Truth, conditions_met

MODE_GNSS, MODE_WIFI, MODE_CELL, MODE_FAR, MODE_HOLD = range(5)
_SOURCE_OF_MODE = np.array([GNSS, WIFI, CELL, CELL, GNSS], np.int8)
_STANDING_M_S = 0.3
"""Slower than this nobody walks: phones doze, and receivers call it standing."""
_SPEED_SIGMA_M_S = 0.2  # [own] Doppler speeds are good to decimetres a second


def modelled(
    path: Path, t_s: Floats, receiver: Receiver, rng: np.random.Generator, jammed: Flags, cold_start: bool
) -> Observed:
    """The fixes of a parametric receiver asked at ``t_s`` (checked, not empty); see ``observe``."""
    lon, lat, surroundings, speed_m_s = positions_at(path, t_s)
    truth = Truth(t_s, lon, lat, surroundings, speed_m_s, conditions_met(receiver, surroundings))
    mode = _modes(truth, jammed, receiver, rng)
    silent = _silent(truth, receiver, rng)
    heard = ~silent & (((mode == MODE_GNSS) & ~jammed) | (mode == MODE_WIFI))
    settling, acquired = _acquisition(t_s, heard, receiver, cold_start, rng)
    east_m, north_m, claim68_m = satellite(truth, receiver, settling, rng)
    for code, seen in (
        (MODE_WIFI, networks.wifi(truth.t_s, lon, lat, receiver, rng)),
        (MODE_CELL, networks.near_mast(truth.t_s, lon, lat, speed_m_s, receiver, rng)),
        (MODE_FAR, networks.far_mast(lon, lat, begins(mode == MODE_FAR), receiver, rng)),
    ):
        east_m, north_m, claim68_m = networks.picked(mode == code, seen, (east_m, north_m, claim68_m))
    exists = ~silent & ~((mode == MODE_GNSS) & (jammed | ~acquired))
    doppler_m_s = speed_m_s + _SPEED_SIGMA_M_S * rng.standard_normal(t_s.size) * (speed_m_s > 0.0)
    claimed = np.where(mode == MODE_GNSS, np.clip(doppler_m_s, 0.0, SPEED_MAX_M_S), np.nan)
    found = Observed(t_s, *_degrees(lon, lat, east_m, north_m), claim68_m, _SOURCE_OF_MODE[mode], claimed)
    found = _held(found, (mode == MODE_HOLD) & exists, exists & (mode != MODE_HOLD), receiver)
    return _delivered(found, exists, receiver)


def _modes(truth: Truth, jammed: Flags, receiver: Receiver, rng: np.random.Generator) -> Codes:
    """Which source answers: a stay ends by chance, or when the surroundings or the jamming change."""
    met, count = truth.met, truth.t_s.size
    changed = np.zeros(count, np.bool_)
    changed[1:] = (np.diff(truth.surroundings) != 0) | (jammed[1:] != jammed[:-1])
    since = last_true(renewals(truth.t_s, met["stay_s"], rng, changed))
    chance = rng.random(count)[since]
    shares = np.stack([met[name] for name in SOURCE_NAMES])[:, since]
    # A jammer drowns satellites alone. What is left answers; where nothing is, the satellites stay
    # chosen and the fix is dropped.
    left = 1.0 - shares[0]
    jam = jammed & (left > 1e-9)
    shares = np.where(jam, shares / np.maximum(left, 1e-9), shares)
    shares[0, jam] = 0.0
    edges = np.cumsum(shares, axis=0)[:-1]
    mode: Codes = (chance >= np.minimum(edges, 1.0)).sum(axis=0).astype(np.int8)
    flicker = (mode == MODE_FAR) & (rng.random(count) < receiver.far.flicker_share) & ~jammed
    mode[flicker & (shares[0] > 0.0)] = MODE_GNSS
    return mode


def _acquisition(
    t_s: Floats, heard: Flags, receiver: Receiver, cold_start: bool, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """The offset while settling after a loss, f64[n, 2], and whether the first fix has come, bool[n]."""
    cold = receiver.cold
    began = begins(heard)
    since = last_true(began)
    last_heard = np.concatenate(([-1], last_true(heard)[:-1]))
    unheard_s = np.where(last_heard >= 0, t_s - t_s[last_heard], 0.0)
    if cold_start:
        unheard_s[last_heard < 0] = np.inf
    loss_s = np.where((since >= 0) & heard, unheard_s[since], 0.0)
    depth = np.clip((loss_s - cold.warm_s) / cold.cold_s, 0.0, 1.0)
    depth[loss_s < cold.warm_s] = 0.0
    age_s = t_s - t_s[np.maximum(since, 0)]
    acquired = age_s >= depth * cold.first_fix_s
    bearing = 2.0 * np.pi * rng.random(t_s.size)[since]
    # Even a warm restart begins with a position that has yet to settle.
    size_m = cold.off_m * np.where(loss_s >= cold.warm_s, np.sqrt(np.maximum(depth, 0.1)), 0.0)
    size_m = size_m * rng.random(t_s.size)[since] * np.exp(-age_s / cold.settle_s)
    return np.stack([size_m * np.sin(bearing), size_m * np.cos(bearing)], axis=1), acquired


def _silent(truth: Truth, receiver: Receiver, rng: np.random.Generator) -> Flags:
    """Where nothing comes at all: lost to the surroundings, or the phone dozes while it lies still."""
    lost = on_off(truth.t_s, truth.met["lost_share"], truth.met["lost_s"], rng)
    standing = truth.speed_m_s < _STANDING_M_S
    share = np.where(standing, receiver.doze_share, 0.0)
    return lost | on_off(truth.t_s, share, np.full(truth.t_s.size, receiver.doze_s), rng)


def _degrees(lon: Floats, lat: Floats, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """The place so many metres east and north, to seven decimals (1 cm) as receivers write it."""
    at_lat = np.clip(lat + north_m / METRES_PER_DEGREE, -90.0, 90.0)
    at_lon = lon + east_m / (METRES_PER_DEGREE * np.maximum(np.cos(np.radians(lat)), 1e-6))
    return np.round((at_lon + 180.0) % 360.0 - 180.0, 7), np.round(at_lat, 7)


def _held(found: Observed, held: Flags, real: Flags, receiver: Receiver) -> Observed:
    """Repeat the last real position where the receiver holds on to it; its claim grows meanwhile."""
    last = last_true(real)
    use = np.where(held & (last >= 0), last, np.arange(held.size))
    grown = found.accuracy_m[use] + receiver.hold_growth68_m_s * (found.t_s - found.t_s[use])
    most68_m = np.maximum(found.accuracy_m[use], receiver.hold_claim68_max_m)
    return Observed(
        found.t_s,
        found.lon[use],
        found.lat[use],
        np.minimum(grown, most68_m),
        found.source[use],
        found.speed_m_s[use],
    )


def _delivered(found: Observed, exists: Flags, receiver: Receiver) -> Observed:
    accuracy_m = np.clip(np.round(found.accuracy_m * R95_PER_R68, 1), 0.1, ACCURACY_MAX_M)
    kept = found._replace(accuracy_m=accuracy_m).only(exists)
    if receiver.quiet_m == 0.0 or kept.t_s.size == 0:
        return kept
    narrow = np.cos(np.radians(kept.lat))
    east_m, north_m = kept.lon * METRES_PER_DEGREE * narrow, kept.lat * METRES_PER_DEGREE
    moved = np.empty(kept.t_s.size, np.bool_)
    kernels.moved_enough(east_m, north_m, receiver.quiet_m, moved)
    return kept.only(moved)
