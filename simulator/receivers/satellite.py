"""Errors and claims of positions from satellites: drift of two time constants, multipath, poor reception."""

from __future__ import annotations

import numpy as np

from simulator.receivers.networks import Seen
from simulator.receivers.observed import Flags, Floats
from simulator.receivers.parameters import Receiver
from simulator.receivers.places import map_key, place_bias
from simulator.receivers.processes import Indices, begins, correlated, last_true, log_uniform, on_off
from simulator.receivers.truth import Truth


def satellite(truth: Truth, receiver: Receiver, settling: Floats, rng: np.random.Generator) -> Seen:
    """Error east and north and the claimed 68 % radius, were every fix one of satellites."""
    met, t_s = truth.met, truth.t_s
    taus = (receiver.fast_s,) * 2 + (receiver.slow_s,) * 2 + (receiver.wild_s, receiver.claim_s)
    drift = correlated(t_s, taus, rng)
    white = rng.standard_normal((t_s.size, 2))
    claim68_m = np.maximum(met["claim68_m"] * np.exp(met["claim_spread"] * drift[:, 5]), receiver.floor68_m)
    # The tracks' errors do not shrink with claims below some 10 m, and grow slower than claims above: the
    # boldest are too optimistic, the most careful too pessimistic.
    growth = np.maximum(claim68_m / receiver.knee68_m, 1.0) ** receiver.error_per_claim
    swing = np.exp(met["wild"] * drift[:, 4]) * growth
    key = map_key(receiver.map_name)
    bias = place_bias(key, truth.lon, truth.lat, receiver.bias_m, receiver.bias_spacing_m)
    error = []
    for axis in range(2):
        own_m = met["fast_m"] * drift[:, axis] + met["slow_m"] * drift[:, 2 + axis]
        own_m += met["white_m"] * white[:, axis]
        error.append(bias[axis] + swing * own_m + settling[:, axis])
    seen = error[0], error[1], claim68_m
    seen = _led_astray(truth, _poorly_received(truth, seen, rng), rng)
    return seen[0], seen[1], _on_levels(seen[2], receiver)


def _led_astray(truth: Truth, seen: Seen, rng: np.random.Generator) -> Seen:
    """Episodes of multipath upon errors and claims: one offset, one claim if they have their own."""
    met = truth.met
    on, _, chance = _episodes(truth, "astray", rng)
    own68_m = log_uniform(met["astray_claim68_m_low"], met["astray_claim68_m_high"], chance[0])
    off_m = log_uniform(met["astray_off_m_low"], met["astray_off_m_high"], chance[1])
    return _shifted(seen, on, off_m, chance[2], np.where(np.isfinite(own68_m), own68_m, seen[2]))


def _poorly_received(truth: Truth, seen: Seen, rng: np.random.Generator) -> Seen:
    """Episodes that say themselves how bad they are."""
    met = truth.met
    on, since, chance = _episodes(truth, "poor", rng)
    own68_m = log_uniform(met["poor_claim68_m_low"], met["poor_claim68_m_high"], chance[0])
    ramp = -np.expm1(-(truth.t_s - truth.t_s[since]) / met["poor_ramp_s"])
    part = log_uniform(met["poor_off_per_claim_low"], met["poor_off_per_claim_high"], chance[1])
    off_m = ramp * own68_m * part
    return _shifted(seen, on, off_m, chance[2], own68_m)


def _episodes(truth: Truth, kind: str, rng: np.random.Generator) -> tuple[Flags, Indices, Floats]:
    """Whether one is on, where it began, and three numbers in [0, 1) that stay while it lasts: f64[3, n]."""
    share = truth.met[f"{kind}_share"]
    on = on_off(truth.t_s, share, truth.met[f"{kind}_stay_s"], rng)
    since = np.maximum(last_true(begins(on)), 0)
    return on, since, rng.random((3, truth.t_s.size))[:, since]


def _shifted(seen: Seen, on: Flags, off_m: Floats, turn: Floats, claim68_m: Floats) -> Seen:
    bearing = 2.0 * np.pi * turn
    off_m = np.where(on, off_m, 0.0)
    return (
        seen[0] + off_m * np.sin(bearing),
        seen[1] + off_m * np.cos(bearing),
        np.where(on, claim68_m, seen[2]),
    )


def _on_levels(claim68_m: Floats, receiver: Receiver) -> Floats:
    """The nearest claim that this receiver makes, by ratio."""
    if not receiver.levels68_m:
        return claim68_m
    levels = np.array(receiver.levels68_m)
    between = np.sqrt(levels[1:] * levels[:-1])
    return levels[np.searchsorted(between, claim68_m)]
