"""Plain point in polygon: a fix inside while the condition holds is a breach.

The baseline that every geometry library gives. Unlike the trackers it looks at each fix anew, so it
sees someone who was inside when the ban began. ``fixes`` in a row must be inside (1 by default), and
``least_depth_m`` deep.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.detection.rivals.parts import Event, Fence, Track


class PointParameters(NamedTuple):
    """``fixes`` in a row at least ``least_depth_m`` inside enter; one that is not inside leaves."""

    fixes: int = 1
    least_depth_m: float = 0.0


def point_in_polygon(track: Track, fence: Fence, parameters: PointParameters) -> list[Event]:
    """Enter at the last fix of the first run of so many, exit at the first fix outside after it."""
    deep = (track.d_m <= -parameters.least_depth_m) & track.active
    outside = (track.d_m > 0.0) | ~track.active
    events: list[Event] = []
    run, told = 0, False
    for fix in range(len(track.t_s)):
        run = run + 1 if deep[fix] else 0
        if not told and run >= parameters.fixes:
            told = True
            events.append(Event(float(track.t_s[fix]), "enter", fix))
        elif told and outside[fix]:
            told = False
            events.append(Event(float(track.t_s[fix]), "exit", fix))
    return events


class VendorParameters(NamedTuple):
    """``tolerated`` points inside raise nothing; the next one does. 0 to 4 can be set."""

    tolerated: int = 0
    accuracy_max_m: float = np.inf


def vendor_points(track: Track, fence: Fence, parameters: VendorParameters) -> list[Event]:
    """The vendors' rule of tolerated points.

    Read: SCRAM Systems, help.scramnetwork.com/category/software/scramnet-gps/page/3/ ("Threshold
    Points Allowed for Exclusion Zones": up to four location points inside an exclusion zone before a
    violation, which comes with the subsequent, for instance the fifth, point), and its event
    definitions (…/gps-event-notifications-and-definitions/: the violation is generated when one or
    more points are inside the zone, its clear when the client exits). Not said, and taken here: the
    points must follow each other, a point outside starts the count anew, the zone's schedule counts.
    ``accuracy_max_m`` leaves out points that claim worse (the trade calls it a drift filter; off).
    """
    events: list[Event] = []
    inside, told = 0, False
    for fix in np.flatnonzero(track.accuracy_m <= parameters.accuracy_max_m):
        if track.d_m[fix] <= 0.0 and track.active[fix]:
            inside += 1
            if not told and inside > parameters.tolerated:
                told = True
                events.append(Event(float(track.t_s[fix]), "enter", int(fix)))
        else:
            if told:
                events.append(Event(float(track.t_s[fix]), "exit", int(fix)))
            inside, told = 0, False
    return events
