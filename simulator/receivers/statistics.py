"""Statistics of fixes that simulated and recorded receivers share, by the same code for both.

A ``Record`` is one session of one receiver. Distances are metres in a plane about the session's
place; ``error`` columns are NaN where nobody knows the truth. Each function pools several records and
gives numbers by name; the names end in their unit, or in nothing for a share or a correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emon.limits import R95_PER_R68
from simulator.receivers.observed import Flags, Floats

BANDS68_M = ((0.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 50.0), (50.0, 100.0))
"""Claimed 68 % radii as the tracks' README tabulates them: above the first, up to the second."""
LAGS_S = {
    10: (5.0, 15.0), 30: (15.0, 45.0), 60: (45.0, 75.0), 200: (150.0, 300.0), 600: (300.0, 900.0),
    1800: (1_200.0, 2_400.0),
}  # fmt: skip
"""Autocorrelation at a lag pools the pairs of fixes that lie so far apart."""
JUMP_M, JUMP_SPEED_M_S = 100.0, 60.0
EXCURSION_M = 20.0
_PAIRS_MIN = 200
_BAND_FIXES_MIN = 100
"""A share over fewer fixes is not told: one fix would be more than a percent."""
Figures = dict[str, float]


class Record(NamedTuple):
    """One session: f64[n] each, times rising; position and error in metres, claim of the 95 % circle."""

    t_s: Floats
    east_m: Floats
    north_m: Floats
    accuracy_m: Floats
    error_east_m: Floats
    error_north_m: Floats
    asked_s: float
    """How long the receiver was asked for fixes."""


def about_median(record: Record) -> Record:
    """The session with its robust centre, the median of each axis, taken for the truth."""
    return record._replace(
        error_east_m=record.east_m - np.median(record.east_m),
        error_north_m=record.north_m - np.median(record.north_m),
    )


def _pooled(records: Sequence[Record], column: str) -> Floats:
    return np.concatenate([np.asarray(getattr(record, column)) for record in records])


def _hours(records: Sequence[Record]) -> float:
    return sum(record.asked_s for record in records) / 3_600.0


def _hours_with_fixes(records: Sequence[Record]) -> float:
    """Silences of more than five minutes are left out: nothing can be seen in them."""
    return sum(float(np.minimum(np.diff(r.t_s), 300.0).sum()) for r in records) / 3_600.0


def gaps(records: Sequence[Record]) -> Figures:
    """Silences: how many an hour are longer than 1 and 5 min, their share of the time, the longest."""
    steps_s = np.concatenate([np.diff(record.t_s) for record in records])
    hours = _hours(records)
    found: Figures = {}
    for longer_s in (60, 300):
        long = steps_s[steps_s > longer_s * 1.1]  # a plan of 60 s has steps of 64
        found[f"gaps_over_{longer_s}_s_per_h"] = long.size / hours
        found[f"gaps_over_{longer_s}_s_share"] = float(long.sum()) / 3_600.0 / hours
    found["longest_gap_min"] = float(np.mean([np.diff(r.t_s).max(initial=0.0) for r in records])) / 60.0
    return found


def repeats(records: Sequence[Record]) -> Figures:
    """The share of the fixes that repeat the position before them exactly."""
    same = [(np.diff(r.east_m) == 0.0) & (np.diff(r.north_m) == 0.0) for r in records]
    return {"repeats_share": float(np.concatenate(same).mean())}


def jumps(records: Sequence[Record]) -> Figures:
    """Steps that no vehicle makes, an hour; and those that the two claimed circles do not explain."""
    fast = unexplained = 0
    for r in records:
        step_s = np.maximum(np.diff(r.t_s), 0.5)
        step_m = np.hypot(np.diff(r.east_m), np.diff(r.north_m))
        over = (step_m > JUMP_SPEED_M_S * step_s) & (step_m > JUMP_M)
        fast += int(over.sum())
        both_m = r.accuracy_m[1:] + r.accuracy_m[:-1] + JUMP_SPEED_M_S * step_s
        unexplained += int((over & (step_m > both_m)).sum())
    hours = _hours_with_fixes(records)
    return {"jumps_per_h": fast / hours, "unexplained_jumps_per_h": unexplained / hours}


def claims(records: Sequence[Record]) -> Figures:
    """Quantiles of the claimed 95 % radius, and the share of the fixes in each band of the claim."""
    accuracy_m = _pooled(records, "accuracy_m")
    found = {f"claim_q{q:02d}_m": float(np.percentile(accuracy_m, q)) for q in (5, 25, 50, 75, 95)}
    for high_m, band in _bands(accuracy_m):
        found[f"share_claim68_to_{high_m:.0f}_m"] = float(band.mean())
    return found


def _bands(claim_m: Floats) -> list[tuple[float, Flags]]:
    claim68_m = np.round(claim_m / R95_PER_R68, 1)
    return [(high_m, (claim68_m > low_m) & (claim68_m <= high_m)) for low_m, high_m in BANDS68_M]


def distances(records: Sequence[Record], prefix: str = "error") -> Figures:
    """Quantiles of the distance from the truth, or from what is taken for it; of errors by claim too."""
    off_m = np.hypot(_pooled(records, "error_east_m"), _pooled(records, "error_north_m"))
    found = {f"{prefix}_q{q}_m": float(np.percentile(off_m, q)) for q in (50, 68, 90, 95, 99)}
    return found | (_by_claim(off_m, records, prefix, (68, 95)) if prefix == "error" else {})


def _by_claim(off_m: Floats, records: Sequence[Record], prefix: str, quantiles: tuple[int, ...]) -> Figures:
    return {
        f"{prefix}_q{q}_claim68_to_{high_m:.0f}_m": float(np.percentile(off_m[band], q))
        for high_m, band in _bands(_pooled(records, "accuracy_m"))
        if band.sum() >= _BAND_FIXES_MIN
        for q in quantiles
    }


def excursions(records: Sequence[Record]) -> Figures:
    """How often an hour (with fixes) the position is off by more than 20 m, counted once on end, and for
    how many fixes in the mean."""
    begun = fixes = 0
    for r in records:
        off = np.hypot(r.error_east_m, r.error_north_m) > EXCURSION_M
        begun += int(off[:1].sum() + (off[1:] & ~off[:-1]).sum())
        fixes += int(off.sum())
    found = {"excursions_per_h": begun / _hours_with_fixes(records)}
    return found | ({"excursion_length_fixes": fixes / begun} if begun else {})


def outside(records: Sequence[Record], sideways: bool = False) -> Figures:
    """The share of the fixes outside their claimed 95 % circle, in all and by band of the claim.

    ``sideways``: only the part of the error across the way counts (``error_east_m`` holds it).
    """
    east_m, north_m = _pooled(records, "error_east_m"), _pooled(records, "error_north_m")
    off_m = np.abs(east_m) if sideways else np.hypot(east_m, north_m)
    claim_m = _pooled(records, "accuracy_m")
    found = {
        "outside_95": float((off_m > claim_m).mean()),
        "outside_68": float((off_m > claim_m / R95_PER_R68).mean()),
    }
    for high_m, band in _bands(claim_m):
        if band.sum() >= _BAND_FIXES_MIN:
            found[f"outside_95_claim68_to_{high_m:.0f}_m"] = float((off_m > claim_m)[band].mean())
    return found


def sideways(records: Sequence[Record]) -> Figures:
    """Quantiles of the distance across the way; ``error_east_m`` holds it."""
    off_m = np.abs(_pooled(records, "error_east_m"))
    found = {f"sideways_q{q}_m": float(np.percentile(off_m, q)) for q in (50, 95, 99)}
    return found | _by_claim(off_m, records, "sideways", (50, 95))


def autocorrelation(records: Sequence[Record], clip_m: float) -> Figures:
    """Correlation of the error with itself at each of ``LAGS_S``, errors clipped at ``clip_m`` an axis.

    The products of all pairs over the mean square of both partners: 1 at most, whatever one session weighs.
    Clipping keeps single excursions from deciding it. The mean of each session is left in: the truth, or
    the session's median, stands for zero. A lag with fewer than 200 pairs is not told.
    """
    products, powers = dict.fromkeys(LAGS_S, 0.0), dict.fromkeys(LAGS_S, 0.0)
    counts = dict.fromkeys(LAGS_S, 0)
    for r in records:
        xy = np.clip(np.stack([r.error_east_m, r.error_north_m]), -clip_m, clip_m)
        # Sums over each fix's window of partners, by differences of cumulative sums.
        sums = np.concatenate([np.zeros((2, 1)), np.cumsum(xy, axis=1)], axis=1)
        squares = np.concatenate([np.zeros((2, 1)), np.cumsum(xy * xy, axis=1)], axis=1)
        for lag_s, (from_s, until_s) in LAGS_S.items():
            first = np.searchsorted(r.t_s, r.t_s + from_s, "left")
            last = np.searchsorted(r.t_s, r.t_s + until_s, "left")
            products[lag_s] += float((xy * (sums[:, last] - sums[:, first])).sum())
            own = float((xy * xy * (last - first)).sum())
            powers[lag_s] += (own + float((squares[:, last] - squares[:, first]).sum())) / 2.0
            counts[lag_s] += int((last - first).sum())
    return {
        f"autocorrelation_{lag}_s": products[lag] / powers[lag]
        for lag in LAGS_S
        if counts[lag] >= _PAIRS_MIN and powers[lag] > 0.0
    }
