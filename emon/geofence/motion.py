"""Where a device was at any instant, as far as its fixes tell: between two, and some way beyond.

Straight between two fixes, in longitude and latitude, the short way. Beyond the last one, and where
the next comes too late to say anything of the time between, a device is carried on at its speed.
In both cases the uncertainty grows with the time to the fixes. No position is older than
``CONTACT_PAIR_AGE_MAX_S`` (contract, section 3, ``proximity``).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

import msgspec

from emon.geofence.evidence import sigma_m
from emon.limits import (
    CARRY_SIGMA_M_S,
    CARRY_SPEED_SHARE,
    CARRY_SPEED_SPAN_S,
    CONTACT_BETWEEN_MAX_S,
    CONTACT_PAIR_AGE_MAX_S,
)
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.span import span_m

_AGE_US = CONTACT_PAIR_AGE_MAX_S * SECOND_US
_BETWEEN_US = CONTACT_BETWEEN_MAX_S * SECOND_US
_SPEED_SPAN_US = CARRY_SPEED_SPAN_S * SECOND_US


class Place(msgspec.Struct, frozen=True, gc=False):
    """A device's position at an instant. ``sigma_m``: standard deviation along one axis, of the
    fixes and of the way from them. ``base``: the newest fix up to the instant."""

    lon: float
    lat: float
    sigma_m: float
    base: Fix


class Leg(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time without a fix of the device inside it: it moves straight and evenly.

    ``after`` is the fix it moves to; None where it is carried on by ``east_deg_s``, ``north_deg_s``.
    ``drift_m_s``: what a second of carrying on adds to the standard deviation.
    """

    base: Fix
    after: Fix | None
    east_deg_s: float
    north_deg_s: float
    drift_m_s: float

    @property
    def expires_us(self) -> int:
        """The last instant at which the position is not too old."""
        return expires_us(self.base)

    def at(self, at_us: int) -> tuple[float, float]:
        """Longitude and latitude in degrees at an instant not before the base's."""
        wire = self.base.wire
        age_us = at_us - wire.fixed_at_us
        if age_us == 0:
            return wire.lon, wire.lat
        if self.after is not None and self.after.wire.fixed_at_us == at_us:
            return self.after.wire.lon, self.after.wire.lat
        age_s = age_us / SECOND_US
        lat = wire.lat + self.north_deg_s * age_s
        return turned(wire.lon + self.east_deg_s * age_s), min(90.0, max(-90.0, lat))

    def place(self, at_us: int) -> Place:
        """The position at an instant with its uncertainty."""
        lon, lat = self.at(at_us)
        base_us = self.base.wire.fixed_at_us
        age_s = (at_us - base_us) / SECOND_US
        error_m = sigma_m(self.base.wire.accuracy_m)
        if self.after is not None:
            share = (at_us - base_us) / (self.after.wire.fixed_at_us - base_us)
            # Neighbouring errors are correlated: they do not average out half way.
            error_m += share * (sigma_m(self.after.wire.accuracy_m) - error_m)
            age_s *= 1.0 - share
        return Place(lon, lat, math.hypot(error_m, self.drift_m_s * age_s), self.base)


def expires_us(fix: Fix) -> int:
    """The last instant at which a fix is not too old for a position."""
    return fix.wire.fixed_at_us + _AGE_US


def leg_at(fixes: Sequence[Fix], at_us: int) -> Leg | None:
    """The motion of one device from an instant on, up to its next fix or its expiry.

    ``fixes`` are those of one device, rising by time. None: it has no position at ``at_us``.
    """
    place = bisect.bisect_right(fixes, at_us, key=_fixed_at)
    if place == 0:
        return None
    base = fixes[place - 1]
    if at_us - base.wire.fixed_at_us > _AGE_US:
        return None
    after = fixes[place] if place < len(fixes) else None
    if after is not None and after.wire.fixed_at_us - base.wire.fixed_at_us <= _BETWEEN_US:
        east, north, speed_m_s, _ = _speed(base, after)
        return Leg(base, after, east, north, math.hypot(CARRY_SIGMA_M_S, CARRY_SPEED_SHARE * speed_m_s))
    before = _speed_from(fixes, place - 1)
    if before is None:
        return Leg(base, None, 0.0, 0.0, CARRY_SIGMA_M_S)
    east, north, speed_m_s, gap_s = _speed(before, base)
    blur_m_s = math.hypot(sigma_m(before.wire.accuracy_m), sigma_m(base.wire.accuracy_m)) / gap_s
    drift_m_s = math.hypot(CARRY_SIGMA_M_S, CARRY_SPEED_SHARE * speed_m_s, blur_m_s)
    return Leg(base, None, east, north, drift_m_s)


def _speed_from(fixes: Sequence[Fix], last: int) -> Fix | None:
    """The fix from which the speed at ``fixes[last]`` is taken: near, but not so near that the
    receiver's error makes the speed."""
    at_us = fixes[last].wire.fixed_at_us
    for fix in reversed(fixes[:last]):
        age_us = at_us - fix.wire.fixed_at_us
        if age_us > _AGE_US:
            return None
        if age_us >= _SPEED_SPAN_US:
            return fix
    return None


def _speed(a: Fix, b: Fix) -> tuple[float, float, float, float]:
    """Degrees east and north a second, metres a second, and the seconds between two fixes."""
    gap_s = (b.wire.fixed_at_us - a.wire.fixed_at_us) / SECOND_US
    east = turned(b.wire.lon - a.wire.lon) / gap_s
    north = (b.wire.lat - a.wire.lat) / gap_s
    return east, north, span_m(a.wire.lon, a.wire.lat, b.wire.lon, b.wire.lat) / gap_s, gap_s


def turned(degrees: float) -> float:
    """An angle in [-180, 180): a longitude, or a difference of two taken the short way.

    What is there already keeps every bit.
    """
    if -180.0 <= degrees < 180.0:
        return degrees
    return (degrees + 540.0) % 360.0 - 180.0


def _fixed_at(fix: Fix) -> int:
    return fix.wire.fixed_at_us
