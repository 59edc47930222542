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

import numpy as np

from benchmarks.detection.rivals.parts import Event, Fence, Floats, Track

KNOT_M_S = 1852.0 / 3600.0
EARTH_RADIUS_M = 6_378_137.0  # helper/DistanceCalculator.java: haversines on a sphere of this radius


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
    kept: list[int] = []
    newest: int | None = None
    for fix in range(len(track.t_s)):
        if _is_bad(track, fix, parameters):
            continue
        if newest is not None and _is_excess(track, newest, fix, parameters):
            continue
        if newest is None and parameters.static and _is_static(track, fix):
            continue
        kept.append(fix)
        if newest is None or track.t_s[fix] >= track.t_s[newest]:
            newest = fix
    return kept


def traccar_events(track: Track, fence: Fence, parameters: TraccarParameters) -> list[Event]:
    """geofenceEnter, geofenceExit and, if asked for, geofenceCrossed."""
    events: list[Event] = []
    newest: int | None = None
    for fix in traccar_keeps(track, parameters):
        if newest is not None and track.t_s[fix] < track.t_s[newest]:
            continue
        was, now = newest is not None and bool(track.d_m[newest] <= 0.0), bool(track.d_m[fix] <= 0.0)
        if track.active[fix] and track.received_s[fix] - track.t_s[fix] <= parameters.notice_age_max_s:
            if was != now:
                events.append(Event(float(track.t_s[fix]), "enter" if now else "exit", fix))
            elif parameters.crossing and not now and _crossed(track, fence, newest, fix):
                events.append(Event(float(track.t_s[fix]), "cross", fix))
        newest = fix
    return events


def _is_bad(track: Track, fix: int, parameters: TraccarParameters) -> bool:
    """Filters that look at the position alone."""
    ahead_s = track.t_s[fix] - track.received_s[fix]
    return bool(
        not np.isfinite(track.t_s[fix])
        or (parameters.zero and track.lat[fix] == 0.0 and track.lon[fix] == 0.0)
        or (parameters.future_s and ahead_s > parameters.future_s)
        or (parameters.accuracy_max_m and track.accuracy_m[fix] > parameters.accuracy_max_m)
    )


def _is_static(track: Track, fix: int) -> bool:
    """A speed of exactly zero; a position without a speed has zero there."""
    return not track.speed_m_s[fix] > 0.0


def _is_excess(track: Track, newest: int, fix: int, parameters: TraccarParameters) -> bool:
    """Filters that look at the newest position kept, too."""
    passed_s = float(track.t_s[fix] - track.t_s[newest])
    waited_s = float(track.received_s[fix] - track.received_s[newest])
    skipped = bool(parameters.skip_limit_s) and waited_s > parameters.skip_limit_s
    moved_m = _moved_m(track, newest, fix) if parameters.distance_m or parameters.speed_max_kn else 0.0
    if not skipped and (
        (parameters.duplicate and passed_s == 0.0)
        or (parameters.static and _is_static(track, fix))
        or (parameters.distance_m and moved_m < parameters.distance_m)
    ):
        return True
    if parameters.speed_max_kn and _too_fast(moved_m, passed_s, parameters.speed_max_kn):
        return True
    return 0.0 < passed_s < parameters.period_min_s


def _too_fast(moved_m: float, passed_s: float, speed_max_kn: float) -> bool:
    """Java's division: infinite for no time, never too fast for a time that runs back."""
    if passed_s == 0.0:
        return moved_m > 0.0
    return moved_m / passed_s / KNOT_M_S > speed_max_kn


def _moved_m(track: Track, one: int, other: int) -> float:
    lat1, lat2 = math.radians(track.lat[one]), math.radians(track.lat[other])
    north, east = lat2 - lat1, math.radians(track.lon[other] - track.lon[one])
    share = math.sin(north / 2.0) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(east / 2.0) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(share)))


def _crossed(track: Track, fence: Fence, one: int | None, other: int) -> bool:
    if one is None:
        return False
    # A way shorter than from one end to the fence and on to the other cannot meet it.
    apart_m = float(track.d_m[one] + track.d_m[other])
    if apart_m > 1.01 * _moved_m(track, one, other) + 1.0:
        return False
    return bool(fence.touched(*_way(track, one, other))[0])


def _way(track: Track, one: int, other: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Both ends as columns of one entry: lon, lat, lon, lat."""
    first, last = slice(one, one + 1), slice(other, other + 1)
    return track.lon[first], track.lat[first], track.lon[last], track.lat[last]
