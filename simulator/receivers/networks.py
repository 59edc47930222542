"""Positions that come from networks: Wi-Fi scans, masts near by, masts kilometres away.

Each answers for all instants: metres east and north of the truth, and the claimed 68 % radius.
"""

from __future__ import annotations

import numpy as np

from simulator.receivers import kernels
from simulator.receivers.observed import Flags, Floats
from simulator.receivers.parameters import Receiver
from simulator.receivers.places import METRES_PER_DEGREE, map_key, mast, metres, place_bias, uniforms
from simulator.receivers.processes import correlated, last_true, log_uniform, renewals

Seen = tuple[Floats, Floats, Floats]


def picked(where: Flags, seen: Seen, otherwise: Seen) -> Seen:
    """One source's answer where it is asked, else another's."""
    east_m, north_m, claim68_m = (np.where(where, a, b) for a, b in zip(seen, otherwise, strict=True))
    return east_m, north_m, claim68_m


def wifi(t_s: Floats, lon: Floats, lat: Floats, receiver: Receiver, rng: np.random.Generator) -> Seen:
    """A target found anew at each scan, and a filter that runs after it.

    Scans fall on whole multiples of ``scan_s``, so fixes of one scan share its target; the phones in the
    tracks show five minutes between targets and half of the way in 15 s.
    """
    own = receiver.wifi
    scan = np.floor(t_s / own.scan_s)
    first = np.ones(t_s.size, np.bool_)
    first[1:] = scan[1:] != scan[:-1]
    since = last_true(first)
    target = own.sigma_m * correlated(t_s, (own.drift_s, own.drift_s), rng)[since]
    seen = np.empty_like(target)
    kernels.relaxed(t_s, target, own.relax_s, seen)
    key = map_key(f"{receiver.map_name} wifi")
    east_m, north_m = place_bias(key, lon, lat, own.bias_m, receiver.bias_spacing_m)
    claim68_m = own.claim68_m * np.exp(own.claim_spread * rng.standard_normal(t_s.size))
    return east_m + seen[:, 0], north_m + seen[:, 1], claim68_m


def near_mast(
    t_s: Floats, lon: Floats, lat: Floats, speed_m_s: Floats, receiver: Receiver, rng: np.random.Generator
) -> Seen:
    """The place of the mast that serves now; it changes by chance, and sooner for who moves on."""
    own = receiver.cell
    mean_s = 1.0 / (1.0 / own.stay_s + speed_m_s / own.spacing_m)
    begun = renewals(t_s, mean_s, rng)
    choice = rng.random(t_s.size)
    since = last_true(begun)
    at = np.flatnonzero(begun)
    key = map_key(f"{receiver.map_name} cell")
    mast_lon, mast_lat, chance = mast(key, lon[at], lat[at], choice[at], own.spacing_m)
    claim68_m = log_uniform(*own.claim68_m, chance)
    bold = chance < own.bold_share
    bold68_m = log_uniform(*own.bold_claim68_m, chance / max(own.bold_share, 1e-9))
    claim68_m = np.where(bold, bold68_m, claim68_m)
    stay = np.cumsum(begun)[since] - 1
    return _offsets(lon, lat, mast_lon[stay], mast_lat[stay], claim68_m[stay])


def far_mast(lon: Floats, lat: Floats, begun: Flags, receiver: Receiver, rng: np.random.Generator) -> Seen:
    """One of two places kilometres away, the same for a whole region: the position hops to and fro."""
    own = receiver.far
    key = map_key(f"{receiver.map_name} far")
    east, north = metres(lon, lat)
    column, row = (np.floor(x / own.region_m).astype(np.int64) for x in (east, north))
    which = (rng.random(lon.size) < 0.3)[np.maximum(last_true(begun), 0)].astype(np.int64)
    bearing = 2.0 * np.pi * uniforms(key, 2 * column + which, row, 7)
    off_m = log_uniform(*own.off_m, uniforms(key, 2 * column + which, row, 8))
    at_lat = (row + 0.5) * own.region_m / METRES_PER_DEGREE
    at_lat = np.clip(at_lat + off_m * np.cos(bearing) / METRES_PER_DEGREE, -89.0, 89.0)
    east_m = (column + 0.5) * own.region_m - east + off_m * np.sin(bearing)
    claim68_m = log_uniform(*own.claim68_m, uniforms(key, 2 * column + which, row, 9))
    wander_m = own.wander_m * rng.standard_normal((2, lon.size))
    return east_m + wander_m[0], (at_lat - lat) * METRES_PER_DEGREE + wander_m[1], claim68_m


def _offsets(lon: Floats, lat: Floats, at_lon: Floats, at_lat: Floats, claim68_m: Floats) -> Seen:
    narrow = METRES_PER_DEGREE * np.cos(np.radians(lat))
    return (at_lon - lon) * narrow, (at_lat - lat) * METRES_PER_DEGREE, claim68_m
