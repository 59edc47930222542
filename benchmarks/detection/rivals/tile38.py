"""Tile38's fences: where an object was and is, and the way between.

Read: tidwall/tile38, internal/server/fence.go at 27bd77a (``fenceMatch``): old and new object inside is
"inside", old alone "exit", new alone "enter", neither is "cross" where the straight line between the
two meets the fence, else "outside"; what was never set before cannot cross. tests/fence_test.go
(``fence_detect_inside_test``): where "enter" is not asked for it is told as "inside", and so are
"exit" and "cross" as "outside". tile38.com/topics/geofencing. Objects are compared in the order in
which they are set, whatever time they bear. There are no schedules and no accuracy.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from benchmarks.detection.rivals.parts import Event, Fence, Track

Detect = Literal["inside", "outside", "enter", "exit", "cross"]
DETECTS: tuple[Detect, ...] = ("inside", "outside", "enter", "exit", "cross")


class Tile38Parameters(NamedTuple):
    """``detect``: which notices are asked for. ``crossing_gap_max_s`` is the user's own filter (none)."""

    detect: frozenset[Detect] = frozenset(DETECTS)
    crossing_gap_max_s: float = np.inf


def tile38_notices(track: Track, fence: Fence, parameters: Tile38Parameters) -> list[list[Detect]]:
    """The notices of each fix, in their order; empty where none is asked for."""
    asked = parameters.detect
    notices: list[list[Detect]] = []
    for first in _detections(track, fence, parameters.crossing_gap_max_s):
        follows: Detect = "inside" if first in ("enter", "inside") else "outside"
        if first in asked:
            notices.append([first, follows] if first != follows and follows in asked else [first])
        else:
            notices.append([follows] if first != follows and follows in asked else [])
    return notices


def tile38_fence(track: Track, fence: Fence, parameters: Tile38Parameters) -> list[Event]:
    """Enter, exit and cross while the condition holds, told once each as the fence's user hears them.

    An entry that only "inside" tells is taken at the first notice after another one, since no user
    alarms the police at every fix. Notices at fixes outside the condition's time are dropped.
    """
    events: list[Event] = []
    inside = False
    for fix, notices in enumerate(tile38_notices(track, fence, parameters)):
        now = inside
        if "enter" in notices or "inside" in notices:
            now = True
        elif "exit" in notices or "outside" in notices:
            now = False
        if track.active[fix]:
            if "cross" in notices:
                events.append(Event(float(track.t_s[fix]), "cross", fix))
            elif now != inside:
                events.append(Event(float(track.t_s[fix]), "enter" if now else "exit", fix))
        inside = now
    return events


def _detections(track: Track, fence: Fence, crossing_gap_max_s: float) -> list[Detect]:
    inside = track.d_m <= 0.0
    found: list[Detect] = []
    lon, lat = track.lon, track.lat
    touched = fence.touched(lon[:-1], lat[:-1], lon[1:], lat[1:])
    near_in_time = np.abs(np.diff(track.t_s)) <= crossing_gap_max_s
    for fix in range(len(track.t_s)):
        was = bool(fix and inside[fix - 1])
        if inside[fix]:
            found.append("inside" if was else "enter")
        elif was:
            found.append("exit")
        elif fix and touched[fix - 1] and near_in_time[fix - 1]:
            found.append("cross")
        else:
            found.append("outside")
    return found
