"""Which fixes of a batch are quiet: compiled, over the rows of :mod:`emon.quiet.layout`.

A fix passes only where the object path is known to do nothing with it but remember it: each test here
is that of ``ingest/admit.py``, ``geofence/fold.py`` (``stays_quiet``) or ``geofence/approach.py``, or a
stricter one. What does not pass is judged there. Bounds come as an argument: a compiled kernel would keep
those that it was compiled with.
"""

from __future__ import annotations

import math

from emon.ingest.compiling import compiled
from emon.quiet.layout import (
    ACCURACY,
    AHEAD,
    ALLOWED,
    BEFORE,
    BEFORE_ACCURACY,
    BUFFERS,
    EDGE,
    FIXED,
    FULL,
    HEARD,
    KEPT,
    LAT,
    LIVE,
    LON,
    NEAR,
    ZONES,
    Bytes,
    Floats,
    Ints,
)

(
    _AHEAD_S,
    _LATE_S,
    _CLAIM_M,
    _PLAUSIBLE_M_S,
    _EDGE_M,
    _GAP_S,
    _REACH_M_S,
    _WARN_M,
    _VEHICLE_M_S,
    _SIGMAS,
    _FLOOR_M,
    _PER_SIGMA,
    _COMMON_M,
) = range(13)  # of ``Columns.bounds``

_US = 1_000_000
_M_PER_DEG = 112_000.0  # as ``model/span.py`` bounds a span from above
_SHORT_WAY_M = 100_000.0  # these three as ``geofence/fold.py`` says why
_LATITUDE_PLAIN_DEG = 75.0
_WAY_MARGIN = 1.02
_SLACK = 1e-9  # where a root is taken: the last bits of two libraries may differ


@compiled
def ask_each(
    words: Ints,
    reals: Floats,
    stamps: Ints,
    touched: Ints,
    rows: Ints,
    fixed: Ints,
    lon: Floats,
    lat: Floats,
    accuracy: Floats,
    at_us: int,
    heard_within_us: int,
    turn: int,
    bounds: Floats,
    asked: Ints,
    zones: Ints,
    zone_lon: Floats,
    zone_lat: Floats,
) -> int:
    """The fixes that may be quiet by all but their distances, and the distances to ask for.

    ``heard_within_us``: devices heard longer ago are looked at. ``touched``: rows of devices of which
    something else came; -1 in ``rows``: no row. ``turn``: a number that ``stamps`` does not hold yet.
    ``asked`` gets the place of a fix's first distance, or -1. Returns how many distances are asked for.
    """
    count = 0
    for row in touched:
        stamps[row] = -turn
    for k in range(len(rows)):
        row = rows[k]
        if row >= 0:
            stamps[row] = -turn if stamps[row] == turn or stamps[row] == -turn else turn
    for k in range(len(rows)):
        row = rows[k]
        asked[k] = -1
        if row < 0 or stamps[row] != turn or words[row, LIVE] < 0 or words[row, FULL] != 0:
            continue
        at = fixed[k]
        if at <= words[row, FIXED] or at <= words[row, AHEAD]:
            continue
        if at >= words[row, EDGE] or at_us >= words[row, EDGE]:
            continue
        if at_us - words[row, HEARD] > min(words[row, ALLOWED], heard_within_us):
            continue
        if at - at_us > bounds[_AHEAD_S] * _US or at_us - at > bounds[_LATE_S] * _US:
            continue
        if (lon[k] == 0.0 and lat[k] == 0.0) or accuracy[k] > bounds[_CLAIM_M]:
            continue
        gap_s = max(1.0, (at - words[row, FIXED]) / _US)
        most_m = _M_PER_DEG * (abs(reals[row, LON] - lon[k]) + abs(reals[row, LAT] - lat[k]))
        if most_m > bounds[_PLAUSIBLE_M_S] * gap_s or most_m > _SHORT_WAY_M:
            continue
        if max(abs(lat[k]), abs(reals[row, LAT])) > _LATITUDE_PLAIN_DEG:
            continue
        asked[k] = count
        for slot in range(words[row, LIVE]):
            zones[count] = words[row, ZONES + slot] >> 1
            zone_lon[count] = lon[k]
            zone_lat[count] = lat[k]
            count += 1
    return count


@compiled
def judge_each(
    words: Ints,
    reals: Floats,
    rows: Ints,
    fixed: Ints,
    lon: Floats,
    lat: Floats,
    accuracy: Floats,
    asked: Ints,
    distances: Floats,
    bounds: Floats,
    quiet: Bytes,
) -> int:
    """Marks in ``quiet`` the fixes of which nothing comes under any condition; how many they are."""
    count = 0
    for k in range(len(rows)):
        quiet[k] = 0
        if asked[k] < 0:
            continue
        row = rows[k]
        gap_s = (fixed[k] - words[row, FIXED]) / _US
        most_m = _M_PER_DEG * (abs(reals[row, LON] - lon[k]) + abs(reals[row, LAT] - lat[k]))
        error_m = -1.0  # of the newest fix and the one two before it; reckoned when first asked for
        good = True
        for slot in range(words[row, LIVE]):
            now_m = distances[asked[k] + slot]
            if words[row, ZONES + slot] & 1:
                if not now_m <= bounds[_EDGE_M]:
                    good = False
                    break
                continue
            near_m = reals[row, NEAR + slot]
            clear_m = near_m + now_m
            if not now_m > bounds[_EDGE_M] or now_m < reals[row, BUFFERS + slot]:
                good = False
                break
            if not clear_m > most_m * _WAY_MARGIN + 1.0:
                good = False
                break
            if gap_s > bounds[_GAP_S] and clear_m <= bounds[_REACH_M_S] * gap_s * (1.0 + _SLACK):
                good = False
                break
            # An approach: three fixes, each nearer, by more than chance, at a vehicle's speed.
            before_m = reals[row, BEFORE + slot]
            if now_m >= near_m or near_m >= before_m or now_m >= bounds[_WARN_M] or gap_s > bounds[_GAP_S]:
                continue
            if most_m < bounds[_VEHICLE_M_S] * gap_s * (1.0 - _SLACK):
                continue
            if error_m < 0.0:
                one = max(accuracy[k], bounds[_FLOOR_M]) / bounds[_PER_SIGMA]
                other = max(reals[row, BEFORE_ACCURACY], bounds[_FLOOR_M]) / bounds[_PER_SIGMA]
                error_m = math.sqrt(one * one + other * other + 2.0 * bounds[_COMMON_M] * bounds[_COMMON_M])
            if before_m - now_m >= bounds[_SIGMAS] * error_m * (1.0 - _SLACK):
                good = False
                break
        if good:
            quiet[k] = 1
            count += 1
    return count


@compiled
def advance_each(
    words: Ints,
    reals: Floats,
    chosen: Ints,
    rows: Ints,
    fixed: Ints,
    lon: Floats,
    lat: Floats,
    accuracy: Floats,
    asked: Ints,
    distances: Floats,
    at_us: int,
) -> None:
    """The rows of the chosen fixes after them."""
    for k in chosen:
        row = rows[k]
        words[row, FIXED] = fixed[k]
        words[row, HEARD] = at_us
        words[row, KEPT] += 1
        reals[row, LON] = lon[k]
        reals[row, LAT] = lat[k]
        reals[row, BEFORE_ACCURACY] = reals[row, ACCURACY]
        reals[row, ACCURACY] = accuracy[k]
        for slot in range(words[row, LIVE]):
            reals[row, BEFORE + slot] = reals[row, NEAR + slot]
            reals[row, NEAR + slot] = distances[asked[k] + slot]
