"""What recorded receivers were off by, as strands of residuals that keep the lines of a track together.

Still: the residual is about the robust centre, the median of each axis, of the stay. A bias of the whole
stay cannot be seen and is not in it. Moving: about a smoothed way. First the longest chain of fixes that
one traveller can have made is found (weighted by their claims), so that positions kilometres away do
not bend the way; then a straight line is fitted to the chain about each instant, weighted by time
(``SMOOTHING_S``) and claim. The smoothing follows what is slower than itself: of an error with
a time constant of 18 s it leaves about half of the deviation, of one of ten minutes next to nothing, and
turns of the true way within some seconds are taken for errors. So moving residuals understate
drift; their jumps, multipath, gaps, repeats and claims are whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.receivers.observed import Codes, Flags, Floats, Indices

SMOOTHING_S = 20.0
"""Deviation of the weight in time: shorter follows the error, longer cuts corners."""
_LOOK_BACK = 80  # [own] lines of a chain that may be wrong on end; 5 min of hops at 4 s
_CHAIN_SPEED_M_S = 45.0  # [own] a fast train between two fixes
_CLAIM_TRUSTED_MAX_M = 100.0  # [own] a claim of kilometres explains any hop and proves nothing
_BETWEEN_MAX_S = 900.0  # [own] farther from each other, two fixes of the chain say little of the way


class Strand(NamedTuple):
    """Lines of one track: f64[n] seconds, residual in metres, claim of 95 %; source i8[n].

    ``fresh`` i64[n] is the line whose position each line repeats, itself where it repeats none.
    """

    t_s: Floats
    east_m: Floats
    north_m: Floats
    accuracy_m: Floats
    source: Codes
    fresh: Indices


def still_residuals(east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """Metres from the median of each axis."""
    return east_m - np.median(east_m), north_m - np.median(north_m)


def moving_residuals(
    t_s: Floats, east_m: Floats, north_m: Floats, claim_m: Floats
) -> tuple[Floats, Floats, Flags]:
    """Metres from the smoothed way, and whether the way is known there: f64[n], f64[n], bool[n]."""
    chain = plausible_chain(t_s, east_m, north_m, claim_m)
    at = np.flatnonzero(chain)
    way = smoothed(t_s[at], np.stack([east_m[at], north_m[at]]), claim_m[at], t_s)
    after = np.minimum(np.searchsorted(t_s[at], t_s, "left"), at.size - 1)
    before = np.maximum(np.searchsorted(t_s[at], t_s, "right") - 1, 0)
    known = (t_s[at][after] - t_s[at][before] <= _BETWEEN_MAX_S) & (t_s >= t_s[at[0]]) & (t_s <= t_s[at[-1]])
    return east_m - way[0], north_m - way[1], known


def plausible_chain(t_s: Floats, east_m: Floats, north_m: Floats, claim_m: Floats) -> Flags:
    """The heaviest chain of fixes that a traveller below 45 m/s can have made: bool[n].

    Dynamic programming over the last 80 lines; a fix weighs more the smaller its claim.
    """
    trusted_m = np.minimum(claim_m, _CLAIM_TRUSTED_MAX_M)
    weight = 1.0 / (1.0 + claim_m / 30.0)
    best, previous = weight.copy(), np.full(t_s.size, -1)
    for i in range(1, t_s.size):
        back = slice(max(0, i - _LOOK_BACK), i)
        off_m = np.hypot(east_m[back] - east_m[i], north_m[back] - north_m[i])
        reach_m = _CHAIN_SPEED_M_S * (t_s[i] - t_s[back]) + trusted_m[back] + trusted_m[i]
        through = np.where(off_m <= reach_m, best[back], 0.0)
        j = int(through.argmax())
        if through[j] > 0.0:
            best[i], previous[i] = weight[i] + through[j], back.start + j
    chain = np.zeros(t_s.size, np.bool_)
    i = int(best.argmax())
    while i >= 0:
        chain[i] = True
        i = int(previous[i])
    return chain


def smoothed(t_s: Floats, positions: Floats, claim_m: Floats, at_s: Floats) -> Floats:
    """A straight line fitted about each instant ``at_s`` f64[m] to positions f64[2, n]: f64[2, m].

    Where no fix of the chain is near on one side, the way is straight between its neighbours.
    """
    way = np.stack([np.interp(at_s, t_s, axis) for axis in positions])
    low = np.searchsorted(t_s, at_s - 3.0 * SMOOTHING_S)
    high = np.searchsorted(t_s, at_s + 3.0 * SMOOTHING_S)
    trust = 1.0 / np.maximum(claim_m, 5.0) ** 2
    for i in np.flatnonzero(high - low >= 4):
        window = slice(low[i], high[i])
        off_s = t_s[window] - at_s[i]
        if off_s[0] > -SMOOTHING_S / 2 or off_s[-1] < SMOOTHING_S / 2:
            continue
        w = trust[window] * np.exp(-0.5 * (off_s / SMOOTHING_S) ** 2)
        total, first, second = w.sum(), (w * off_s).sum(), (w * off_s * off_s).sum()
        spread = total * second - first * first
        if spread > 1e-9 * total * second:
            moments = positions[:, window] @ np.stack([w, w * off_s]).T
            way[:, i] = (second * moments[:, 0] - first * moments[:, 1]) / spread
    return way


def repeats_of(east_m: Floats, north_m: Floats) -> Indices:
    """For each line the one whose position it repeats, itself where it repeats none: intp[n]."""
    new = np.ones(east_m.size, np.bool_)
    new[1:] = (np.diff(east_m) != 0.0) | (np.diff(north_m) != 0.0)
    return np.maximum.accumulate(np.where(new, np.arange(east_m.size), 0))
