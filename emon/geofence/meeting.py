"""Two devices at one instant, and the way of the one as the other sees it.

Distances are geodesic (``relation.distances_m``), at the ends of a way and wherever its nearest point
and its first contact are looked for; no plane is laid, so there is no error of a plane. Instants are
found to some milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from emon.geofence.evidence import AGREES_P, CERTAIN_P, COARSE_P, OPENS_P, PROBABLE_P, is_outside, normal_cdf
from emon.geofence.motion import Leg, turned
from emon.geofence.relation import distances_m
from emon.limits import CONTACT_RUN_MEMORY_S, PLAN_S
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.span import span_m
from emon.model.vocabulary import Certainty, Source

_LOOKS = np.linspace(0.0, 1.0, 33)
_ROUNDS = 4  # each narrows a stretch of 120 s by 16 at least: to some milliseconds
_SHORT_WAY_M = 100_000.0  # up to here and this latitude a way exceeds the great circle by 2 % at most
_LATITUDE_PLAIN_DEG = 75.0
_WAY_MARGIN = 1.02


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """The wearer's device and the protected person's at one instant, each fix the newest until then.

    ``p``: the probability that they are within the radius. ``active``: the condition held. ``after_us``:
    ``fixed_at`` of the newest fix that a position between two fixes rests on.
    """

    at_us: int
    distance_m: float
    radius_m: float
    p: float
    his: Fix
    hers: Fix
    active: bool
    after_us: int = 0

    @property
    def right(self) -> bool:
        """Farther apart than the radius, which belongs to the ban (invariant 8)."""
        return is_outside(self.distance_m - self.radius_m)

    @property
    def wrong(self) -> bool:
        """Evidence of contact. Neither right nor wrong is unknown (invariant 7)."""
        return not self.right and self.p >= AGREES_P

    @property
    def coarse(self) -> bool:
        """Within the radius by where the positions lie, and claimed too widely for evidence, though not so
        widely that they say nothing (docs/adr/0081)."""
        return not self.right and COARSE_P <= self.p < AGREES_P

    @property
    def depth_m(self) -> float:
        return max(0.0, self.radius_m - self.distance_m)

    @property
    def shown_at_us(self) -> int:
        """``fixed_at`` of the newest fix behind it."""
        return max(self.his.wire.fixed_at_us, self.hers.wire.fixed_at_us, self.after_us)


class Passing(msgspec.Struct, frozen=True, gc=False):
    """Where a way comes within the radius: first and last instant, and the least distance."""

    first_us: int
    last_us: int
    nearest_us: int
    nearest_m: float


class Run(msgspec.Struct, frozen=True):
    """Meetings within the radius, none at a distance between them, and what they add up to.

    ``agreed``: two of them share no fix. ``sure``: two deep ones are independent witnesses, of both
    people. ``since_us``: the interpolated first contact. ``from_us``: the moment before the first.
    ``nearest``: of the ways to and between them the one that came nearest, where any is known.
    """

    first: Meeting
    deep: Meeting | None
    last: Meeting
    since_us: int
    best_p: float
    deepest_m: float
    agreed: bool = False
    sure: bool = False
    from_us: int = 0
    nearest: Passing | None = None

    @property
    def opens(self) -> bool:
        """Whether it is enough for a breach: two that agree, or one that is clear."""
        return self.agreed or self.best_p >= OPENS_P

    @property
    def certainty(self) -> Certainty:
        """One fix of either device, however often the other is seen, is never more than possible."""
        if self.sure:
            return Certainty.CERTAIN
        probable = self.agreed and self.best_p >= PROBABLE_P
        return Certainty.PROBABLE if probable else Certainty.POSSIBLE


def run_with(run: Run | None, meeting: Meeting, since_us: int, *, from_us: int, way: Passing | None) -> Run:
    """The run with one more meeting within the radius, and the way to it from the moment ``from_us``; a new
    one, since ``since_us``, where the one before is too old."""
    deep = meeting if meeting.p >= CERTAIN_P else None
    if run is None or meeting.at_us - run.last.at_us > CONTACT_RUN_MEMORY_S * SECOND_US:
        return Run(meeting, deep, meeting, since_us, meeting.p, meeting.depth_m, from_us=from_us, nearest=way)
    return Run(
        run.first,
        run.deep or deep,
        meeting,
        run.since_us,
        max(run.best_p, meeting.p),
        max(run.deepest_m, meeting.depth_m),
        run.agreed or apart(run.first, meeting),
        run.sure or (run.deep is not None and deep is not None and _independent(run.deep, deep)),
        run.from_us,
        nearer(run.nearest, way),
    )


def nearer(one: Passing | None, other: Passing | None) -> Passing | None:
    """The way that came nearer, of two where either may be unknown."""
    if one is None or other is None:
        return one or other
    return one if one.nearest_m <= other.nearest_m else other


def meet(his: Leg, hers: Leg, at_us: int, radius_m: float, *, active: bool) -> Meeting:
    """Both at one instant, at which both have a position."""
    a, b = his.place(at_us), hers.place(at_us)
    distance_m = _distance_m((a.lon, a.lat), (b.lon, b.lat))
    sigma_m = math.hypot(a.sigma_m, b.sigma_m)
    # As within a zone (evidence.py): no more than the peak times the disc's area lies inside.
    p = min(normal_cdf((radius_m - distance_m) / sigma_m), radius_m * radius_m / (2.0 * sigma_m * sigma_m))
    after_us = max(_rests_on_us(his, at_us), _rests_on_us(hers, at_us))
    return Meeting(at_us, distance_m, radius_m, p, a.base, b.base, active, after_us)


def is_moment(his: Leg, hers: Leg, at_us: int) -> bool:
    """Whether two are looked at there: either has a fix, or is seen for the last time while the other is
    between two."""
    if at_us in (his.base.wire.fixed_at_us, hers.base.wire.fixed_at_us):
        return True
    return any(
        at_us == one.expires_us and other.after is not None for one, other in ((his, hers), (hers, his))
    )


def _rests_on_us(leg: Leg, at_us: int) -> int:
    """When the later fix was taken that a position on a leg lies between; 0 where there is none."""
    between = leg.after is not None and at_us > leg.base.wire.fixed_at_us
    return leg.after.wire.fixed_at_us if between and leg.after is not None else 0


def apart(one: Meeting, other: Meeting) -> bool:
    """Whether two meetings share no fix, so that one wrong fix cannot have made both."""
    return one.his.wire.key != other.his.wire.key and one.hers.wire.key != other.hers.wire.key


def _independent(one: Meeting, other: Meeting) -> bool:
    return _made_anew(one.his, other.his) and _made_anew(one.hers, other.hers)


def _made_anew(older: Fix, newer: Fix) -> bool:
    """Whether two fixes are two witnesses: a position that repeats to the digit is none, but for a
    satellite fix a plan interval later (docs/adr/0003)."""
    a, b = older.wire, newer.wire
    if a.key == b.key:
        return False
    if (a.lon, a.lat) != (b.lon, b.lat):
        return True
    satellites = a.source is Source.GNSS and b.source is Source.GNSS
    return satellites and b.fixed_at_us - a.fixed_at_us >= PLAN_S * SECOND_US


def passing(his: Leg, hers: Leg, from_us: int, to_us: int, radius_m: float) -> Passing | None:
    """Where two moving devices are within a radius of each other in ``[from_us, to_us]``.

    Neither leg may end before ``to_us``. None: nowhere.
    """
    ends = [(leg.at(from_us), leg.at(to_us)) for leg in (his, hers)]
    if to_us <= from_us or _cannot_meet(ends, radius_m):
        return None
    nearest, nearest_m = _nearest(ends)
    if is_outside(nearest_m - radius_m):
        return None
    first = _edge(ends, 0.0, nearest, radius_m)
    last = _edge(ends, 1.0, nearest, radius_m)
    span_us = to_us - from_us
    at_us = [from_us + round(share * span_us) for share in (first, last, nearest)]
    return Passing(at_us[0], at_us[1], at_us[2], nearest_m)


_Ends = Sequence[tuple[tuple[float, float], tuple[float, float]]]


def _cannot_meet(ends: _Ends, radius_m: float) -> bool:
    """Whether the two are too far apart at both ends for any way between to bring them together."""
    length_m = 0.0
    for (lon1, lat1), (lon2, lat2) in ends:
        way_m = span_m(lon1, lat1, lon2, lat2)
        if way_m > _SHORT_WAY_M or max(abs(lat1), abs(lat2)) > _LATITUDE_PLAIN_DEG:
            return False
        length_m += way_m * _WAY_MARGIN + 1.0
    apart_m = sum(_distance_m(ends[0][end], ends[1][end]) for end in (0, 1))
    return apart_m - length_m > 2.0 * radius_m + 1.0


def _distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    found = distances_m(np.array([one[0]]), np.array([one[1]]), np.array([other[0]]), np.array([other[1]]))
    return float(found[0])


def _along(ends: _Ends, shares: np.ndarray) -> np.ndarray:
    """Their distances in metres at fractions of the way."""
    columns: list[np.ndarray] = []
    for (lon1, lat1), (lon2, lat2) in ends:
        lon = lon1 + shares * turned(lon2 - lon1)
        lon = np.where((lon >= -180.0) & (lon < 180.0), lon, (lon + 540.0) % 360.0 - 180.0)
        columns += [lon, lat1 + shares * (lat2 - lat1)]
    return distances_m(*columns)


def _nearest(ends: _Ends) -> tuple[float, float]:
    """The fraction of the way at which they are nearest, and their distance there.

    The distance of two points that move evenly has one minimum, or is level; the first look at 33
    places finds its surroundings also where near a pole it has more.
    """
    low, high = 0.0, 1.0
    best, best_m = 0.0, math.inf
    for _ in range(_ROUNDS):
        shares = low + _LOOKS * (high - low)
        found = _along(ends, shares)
        place = int(np.argmin(found))
        if found[place] < best_m:
            best, best_m = float(shares[place]), float(found[place])
        low, high = float(shares[max(0, place - 1)]), float(shares[min(32, place + 1)])
    return best, best_m


def _edge(ends: _Ends, out: float, inside: float, radius_m: float) -> float:
    """The fraction between an end and a point within the radius where the radius is crossed; the end
    itself where it lies within."""
    for _ in range(_ROUNDS):
        shares = inside + _LOOKS * (out - inside)
        beyond = np.flatnonzero(_along(ends, shares) - radius_m > 0.0)
        beyond = beyond[beyond > 0]
        if len(beyond) == 0:
            return out
        inside, out = float(shares[beyond[0] - 1]), float(shares[beyond[0]])
    return inside
