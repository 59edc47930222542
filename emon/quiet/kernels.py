"""Which fixes of a batch are quiet: compiled, over the rows of :mod:`emon.quiet.layout`.

A fix passes only where the object path is known to do nothing with it but remember it: each test here
is that of ``ingest/admit.py``, ``geofence/fold.py`` (``stays_quiet``) or ``geofence/approach.py``, or a
stricter one. What does not pass is judged there. Bounds come as an argument: a compiled kernel would keep
those that it was compiled with.
"""

from __future__ import annotations

import math

import numpy as np

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
def _looked_at(stamps: Ints, touched: Ints, rows: Ints, turn: int) -> None:
    """Stamps the devices that are looked at whatever their fixes say."""
    for row in touched:
        stamps[row] = turn
    for row in rows:
        if row < -1:
            stamps[-2 - row] = turn


@compiled
def _follows(
    at: int,
    lon: float,
    lat: float,
    accuracy_m: float,
    before_us: int,
    before_lon: float,
    before_lat: float,
    at_us: int,
    bounds: Floats,
) -> bool:
    """Whether a fix is in order, in time, and plainly plausible after the one before it."""
    if at <= before_us or at - at_us > bounds[_AHEAD_S] * _US or at_us - at > bounds[_LATE_S] * _US:
        return False
    if (lon == 0.0 and lat == 0.0) or accuracy_m > bounds[_CLAIM_M]:
        return False
    gap_s = max(1.0, (at - before_us) / _US)
    most_m = _M_PER_DEG * (abs(before_lon - lon) + abs(before_lat - lat))
    if most_m > bounds[_PLAUSIBLE_M_S] * gap_s or most_m > _SHORT_WAY_M:
        return False
    return max(abs(lat), abs(before_lat)) <= _LATITUDE_PLAIN_DEG


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
    objects: int,
    at_us: int,
    heard_within_us: int,
    turn: int,
    run_max: int,
    bounds: Floats,
    before: Ints,
    asked: Ints,
    zones: Ints,
    places: Floats,
) -> int:
    """The fixes that may be quiet by all but their distances, and the distances to ask for.

    Of a device all its fixes may be, or none. They rise by their time, are at most ``run_max``, and came all
    as objects (the first ``objects``) or all in columns. ``heard_within_us``: devices heard longer ago are
    looked at. ``touched``: rows of devices of which something else came; in ``rows`` -1 where a device has
    none, and -2 - row for a fix that must be looked at. ``stamps`` holds less than ``turn``, then ``turn``
    for a device that is looked at, and the place of its last fix, plus ``turn`` and one, for another.
    ``before`` gets the place of a device's fix before, or -1; ``asked`` that of a fix's first distance, or
    -1. Returns how many are asked for.
    """
    count = 0
    nth = np.zeros(len(rows), dtype=np.int64)
    _looked_at(stamps, touched, rows, turn)
    for k in range(len(rows)):
        row = rows[k]
        asked[k] = before[k] = -1
        if row < 0 or stamps[row] == turn:
            continue
        last = stamps[row] - turn - 1
        stamps[row] = turn  # until all below is found to hold
        if last < 0:
            if words[row, LIVE] < 0 or words[row, FULL] != 0 or at_us >= words[row, EDGE]:
                continue
            if at_us - words[row, HEARD] > min(words[row, ALLOWED], heard_within_us):
                continue
            before_us, before_lon, before_lat = words[row, FIXED], reals[row, LON], reals[row, LAT]
        else:
            before_us, before_lon, before_lat = fixed[last], lon[last], lat[last]
            before[k], nth[k] = last, nth[last] + 1
            if nth[k] >= run_max or (last < objects) != (k < objects):
                continue
        at = fixed[k]
        if at <= words[row, AHEAD] or at >= words[row, EDGE]:
            continue
        if not _follows(at, lon[k], lat[k], accuracy[k], before_us, before_lon, before_lat, at_us, bounds):
            continue
        stamps[row] = turn + 1 + k
        asked[k] = count
        for slot in range(words[row, LIVE]):
            zones[count] = words[row, ZONES + slot] >> 1
            places[0, count], places[1, count] = lon[k], lat[k]
            count += 1
    for k in range(len(rows)):
        if rows[k] >= 0 and stamps[rows[k]] == turn:
            asked[k] = -1
    return count


@compiled
def _stays_far(
    now_m: float,
    near_m: float,
    before_m: float,
    buffer_m: float,
    gap_s: float,
    most_m: float,
    accuracy_m: float,
    before_accuracy_m: float,
    bounds: Floats,
) -> bool:
    """Whether nothing comes of a fix outside an exclusion, ``now_m`` from it. ``near_m`` and ``before_m``:
    the distances of the two fixes before; ``most_m``: the way since the last of them at most."""
    clear_m = near_m + now_m
    if not now_m > bounds[_EDGE_M] or now_m < buffer_m or not clear_m > most_m * _WAY_MARGIN + 1.0:
        return False
    if gap_s > bounds[_GAP_S] and clear_m <= bounds[_REACH_M_S] * gap_s * (1.0 + _SLACK):
        return False
    # An approach: three fixes, each nearer, by more than chance, at a vehicle's speed.
    if now_m >= near_m or near_m >= before_m or now_m >= bounds[_WARN_M] or gap_s > bounds[_GAP_S]:
        return True
    if most_m < bounds[_VEHICLE_M_S] * gap_s * (1.0 - _SLACK):
        return True
    one = max(accuracy_m, bounds[_FLOOR_M]) / bounds[_PER_SIGMA]
    other = max(before_accuracy_m, bounds[_FLOOR_M]) / bounds[_PER_SIGMA]
    error_m = math.sqrt(one * one + other * other + 2.0 * bounds[_COMMON_M] * bounds[_COMMON_M])
    return bool(before_m - now_m < bounds[_SIGMAS] * error_m * (1.0 - _SLACK))


@compiled
def judge_each(
    words: Ints,
    reals: Floats,
    stamps: Ints,
    rows: Ints,
    fixed: Ints,
    lon: Floats,
    lat: Floats,
    accuracy: Floats,
    before: Ints,
    asked: Ints,
    distances: Floats,
    turn: int,
    bounds: Floats,
    quiet: Bytes,
) -> int:
    """Marks in ``quiet`` the fixes of which nothing comes under any condition, of a device all or none; how
    many they are. ``stamps`` and ``turn`` are those of ``ask_each``."""
    for k in range(len(rows)):
        row, last = rows[k], before[k]
        if asked[k] < 0 or stamps[row] == turn:
            continue
        older = before[last] if last >= 0 else -1
        if last < 0:
            gap_s = (fixed[k] - words[row, FIXED]) / _US
            most_m = _M_PER_DEG * (abs(reals[row, LON] - lon[k]) + abs(reals[row, LAT] - lat[k]))
            before_accuracy_m = reals[row, BEFORE_ACCURACY]
        else:
            gap_s = (fixed[k] - fixed[last]) / _US
            most_m = _M_PER_DEG * (abs(lon[last] - lon[k]) + abs(lat[last] - lat[k]))
            before_accuracy_m = accuracy[older] if older >= 0 else reals[row, ACCURACY]
        for slot in range(words[row, LIVE]):
            now_m = distances[asked[k] + slot]
            if words[row, ZONES + slot] & 1:
                if not now_m <= bounds[_EDGE_M]:
                    stamps[row] = turn
                continue
            near_m = distances[asked[last] + slot] if last >= 0 else reals[row, NEAR + slot]
            if older >= 0:
                before_m = distances[asked[older] + slot]
            else:
                before_m = reals[row, NEAR + slot] if last >= 0 else reals[row, BEFORE + slot]
            if not _stays_far(
                now_m, near_m, before_m, reals[row, BUFFERS + slot], gap_s, most_m, accuracy[k],
                before_accuracy_m, bounds,
            ):  # fmt: skip
                stamps[row] = turn
    count = 0
    for k in range(len(rows)):
        quiet[k] = 1 if asked[k] >= 0 and stamps[rows[k]] != turn else 0
        count += quiet[k]
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


@compiled
def join_each(heads: Bytes, raw: Bytes, begins: Ints, ends: Ints, out: Bytes) -> None:
    """Each row of ``heads`` and behind it its piece of ``raw`` into ``out``, one after another."""
    at, size = 0, heads.shape[1]
    for k in range(len(begins)):
        out[at : at + size] = heads[k]
        at += size
        for place in range(begins[k], ends[k]):
            out[at] = raw[place]
            at += 1
