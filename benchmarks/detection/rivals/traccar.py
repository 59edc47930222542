"""Traccar: its filters, then the memberships of two successive positions.

Read: traccar/traccar, src/main/java/org/traccar/handler/FilterHandler.java at 6607779,
handler/events/GeofenceEventHandler.java at 80e4c30, handler/GeofenceHandler.java at 42f12e4,
config/Keys.java (what each ``filter.…`` key means: all are off unless set, only ``filter.future`` is
86,400 s in the default configuration; maximum speed is in knots, "start testing with values at
about 25000"; notificator.timeThreshold, 15 minutes).

Events come only from a position that is not older than the latest one kept, so a late fix raises
nothing; enter and exit are told only if the fence's calendar holds at the fix's time, so whoever is
inside when the ban begins raises nothing. Not modelled, and off unless set: filter.relative (compares with
the stored position before it in time, not with the latest), filter.past, filter.outdated, filter.dailyLimit,
a calendar of the device. An older FilterHandler (003c056) also held the claimed speed to filter.maxSpeed.
Pull request 4316 (geofenceCrossed, not merged when it was read) is ``crossing``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from benchmarks.detection.rivals.parts import Event, Fence, Track, What

KNOT_M_S = 1852.0 / 3600.0
EARTH_RADIUS_M = 6_378_137.0  # helper/DistanceCalculator.java: haversines on a sphere of this radius
WHATS: tuple[What, ...] = ("enter", "exit", "cross")
ENTER, EXIT, MAY_CROSS = range(len(WHATS))

Fixes = npt.NDArray[np.int64]
# Hundreds of settings are tried on millions of fixes, and each fix depends on what was kept before it.
compiled = numba.njit(cache=True, nogil=True)


class TraccarParameters(NamedTuple):
    """Traccar's filter keys under our names; 0 and False are off, as there.

    ``accuracy_max_m`` is filter.accuracy, ``speed_max_kn`` filter.maxSpeed, ``distance_m`` filter.distance,
    ``static`` filter.static, ``duplicate`` filter.duplicate, ``zero`` filter.zero, ``period_min_s``
    filter.minPeriod, ``future_s`` filter.future, ``skip_limit_s`` filter.skipLimit: after so long without
    a position the next is kept though duplicate, static or near. ``notice_age_max_s`` is
    notificator.timeThreshold: an event older than this when it comes is stored and nobody is told.
    """

    accuracy_max_m: float = 0.0
    speed_max_kn: float = 0.0
    distance_m: float = 0.0
    static: bool = False
    duplicate: bool = False
    zero: bool = False
    period_min_s: float = 0.0
    skip_limit_s: float = 0.0
    future_s: float = 86_400.0
    notice_age_max_s: float = 900.0
    crossing: bool = False


def traccar_keeps(track: Track, parameters: TraccarParameters) -> list[int]:
    """The fixes that pass the filters, in their order.

    Each is compared with the newest position kept so far, as Traccar's cache holds it.
    """
    kept: list[int] = _kept(track, parameters).tolist()
    return kept


def traccar_events(track: Track, fence: Fence, parameters: TraccarParameters) -> list[Event]:
    """geofenceEnter, geofenceExit and, if asked for, geofenceCrossed."""
    fixes, before, whats = _told(track, _kept(track, parameters), parameters)
    ways = np.flatnonzero(whats == MAY_CROSS)
    one, other = before[ways], fixes[ways]
    crossed = fence.touched(track.lon[one], track.lat[one], track.lon[other], track.lat[other])
    kept = np.delete(np.arange(len(fixes)), ways[~crossed])
    return [
        Event(float(track.t_s[fix]), WHATS[what], int(fix))
        for fix, what in zip(fixes[kept], whats[kept], strict=True)
    ]


@compiled
def _too_fast(moved_m: float, passed_s: float, speed_max_kn: float) -> bool:
    """Java's division: infinite for no time, never too fast for a time that runs back."""
    if passed_s == 0.0:
        return moved_m > 0.0
    return moved_m / passed_s / KNOT_M_S > speed_max_kn


@compiled
def _moved_m(track: Track, one: int, other: int) -> float:
    lat1, lat2 = math.radians(track.lat[one]), math.radians(track.lat[other])
    north, east = lat2 - lat1, math.radians(track.lon[other] - track.lon[one])
    share = math.sin(north / 2.0) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(east / 2.0) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(share)))


@compiled
def _is_static(track: Track, fix: int) -> bool:
    """A speed of exactly zero; a position without a speed has zero there."""
    return not track.speed_m_s[fix] > 0.0


@compiled
def _may_cross(track: Track, one: int, other: int) -> bool:
    """Whether the way is long enough to go from one end to the fence and on to the other."""
    return bool(track.d_m[one] + track.d_m[other] <= 1.01 * _moved_m(track, one, other) + 1.0)


@compiled
def _is_bad(track: Track, fix: int, parameters: TraccarParameters) -> bool:
    """Filters that look at the position alone."""
    ahead_s = track.t_s[fix] - track.received_s[fix]
    return bool(
        not np.isfinite(track.t_s[fix])
        or (parameters.zero and track.lat[fix] == 0.0 and track.lon[fix] == 0.0)
        or (parameters.future_s != 0.0 and ahead_s > parameters.future_s)
        or (parameters.accuracy_max_m != 0.0 and track.accuracy_m[fix] > parameters.accuracy_max_m)
    )


@compiled
def _is_excess(track: Track, newest: int, fix: int, parameters: TraccarParameters) -> bool:
    """Filters that look at the newest position kept, too."""
    passed_s = track.t_s[fix] - track.t_s[newest]
    waited_s = track.received_s[fix] - track.received_s[newest]
    skipped = parameters.skip_limit_s != 0.0 and waited_s > parameters.skip_limit_s
    measured = parameters.distance_m != 0.0 or parameters.speed_max_kn != 0.0
    moved_m = _moved_m(track, newest, fix) if measured else 0.0
    if not skipped and (
        (parameters.duplicate and passed_s == 0.0)
        or (parameters.static and _is_static(track, fix))
        or (parameters.distance_m != 0.0 and moved_m < parameters.distance_m)
    ):
        return True
    if parameters.speed_max_kn != 0.0 and _too_fast(moved_m, passed_s, parameters.speed_max_kn):
        return True
    return bool(0.0 < passed_s < parameters.period_min_s)


@compiled
def _kept(track: Track, parameters: TraccarParameters) -> Fixes:
    kept = np.empty(len(track.t_s), dtype=np.int64)
    count = 0
    newest = -1
    for fix in range(len(track.t_s)):
        if _is_bad(track, fix, parameters):
            continue
        if newest >= 0 and _is_excess(track, newest, fix, parameters):
            continue
        if newest < 0 and parameters.static and _is_static(track, fix):
            continue
        kept[count] = fix
        count += 1
        if newest < 0 or track.t_s[fix] >= track.t_s[newest]:
            newest = fix
    return kept[:count]


@compiled
def _told(track: Track, kept: Fixes, parameters: TraccarParameters) -> tuple[Fixes, Fixes, Fixes]:
    """Of each event its fix, the latest one before it, and what it is; what may cross is to be looked at."""
    found = np.empty((3, len(kept)), dtype=np.int64)
    count = 0
    newest = -1
    for fix in kept:
        if newest >= 0 and track.t_s[fix] < track.t_s[newest]:
            continue
        was, now = newest >= 0 and track.d_m[newest] <= 0.0, track.d_m[fix] <= 0.0
        if track.active[fix] and track.received_s[fix] - track.t_s[fix] <= parameters.notice_age_max_s:
            what = -1
            if was != now:
                what = ENTER if now else EXIT
            elif parameters.crossing and not now and newest >= 0 and _may_cross(track, newest, fix):
                what = MAY_CROSS
            if what >= 0:
                found[:, count] = fix, newest, what
                count += 1
        newest = fix
    return found[0, :count], found[1, :count], found[2, :count]
