"""What all rules share: a wearer's fixes, a zone, and the events that a rule raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence import ZoneTable, path_touches, signed_distances

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
What = Literal["enter", "exit", "cross"]


class Event(NamedTuple):
    """One notice of a rule: ``t_s`` of the fix that decided it, and which fix of the track that is."""

    t_s: float
    what: What
    fix: int


class Fence(NamedTuple):
    """One zone of a table, for the rules that look at the way between two fixes."""

    table: ZoneTable
    zone: int

    def touched(self, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Flags:
        """Whether straight ways from (lon1, lat1) to (lon2, lat2), degrees, touch the closed zone."""
        return path_touches(self.table, np.full(len(lon1), self.zone), lon1, lat1, lon2, lat2)


class Track(NamedTuple):
    """One wearer's fixes in the order in which they came; every column has n entries.

    ``t_s`` when a fix was taken, ``received_s`` when it came, ``lon`` and ``lat`` degrees, ``accuracy_m``
    the radius it claims, ``speed_m_s`` as claimed (NaN: none), ``d_m`` its signed distance to the
    zone (negative inside), ``active`` whether the condition held at ``t_s``.
    """

    t_s: Floats
    received_s: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    speed_m_s: Floats
    d_m: Floats
    active: Flags


def track_of(
    fence: Fence,
    t_s: npt.ArrayLike,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    accuracy_m: npt.ArrayLike | None = None,
    speed_m_s: npt.ArrayLike | None = None,
    received_s: npt.ArrayLike | None = None,
    active: npt.ArrayLike | None = None,
) -> Track:
    """A track with its distances to the zone.

    What is left out: accuracy 0 m, no speed, received when taken, always active. Raises ``ValueError``
    for columns of unequal length and positions that are none.
    """
    t = np.asarray(t_s, dtype=np.float64)
    n = len(t)
    east, north = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    track = Track(
        t_s=t,
        received_s=t if received_s is None else np.asarray(received_s, dtype=np.float64),
        lon=east,
        lat=north,
        accuracy_m=np.zeros(n) if accuracy_m is None else np.asarray(accuracy_m, dtype=np.float64),
        speed_m_s=np.full(n, np.nan) if speed_m_s is None else np.asarray(speed_m_s, dtype=np.float64),
        d_m=signed_distances(fence.table, np.full(n, fence.zone), east, north),
        active=np.ones(n, dtype=np.bool_) if active is None else np.asarray(active, dtype=np.bool_),
    )
    for name, column in zip(Track._fields, track, strict=True):
        if column.shape != (n,):
            raise ValueError(f"{name} has {column.size} entries, t_s has {n}")
    return track


def changes(track: Track, inside: Flags) -> Iterator[Event]:
    """An event wherever membership differs from the fix before; nobody is inside before the first fix.

    Events at fixes at which the condition does not hold are swallowed, and so lost: whoever was
    inside already when it begins is never told of. Successive memberships know no more.
    """
    before = np.concatenate((np.zeros(1, dtype=np.bool_), inside[:-1])) if len(inside) else inside
    for fix in np.flatnonzero((inside != before) & track.active):
        yield Event(float(track.t_s[fix]), "enter" if inside[fix] else "exit", int(fix))


def latched(enter: Flags, leave: Flags) -> Flags:
    """Membership with hysteresis: in at ``enter``, out at ``leave``, else as before; out at first.

    Where a fix is both, it enters when out and leaves when in.
    """
    inside = np.empty(len(enter), dtype=np.bool_)
    state = False
    for fix in range(len(enter)):
        state = not leave[fix] if state else bool(enter[fix])
        inside[fix] = state
    return inside
