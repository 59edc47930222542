"""Does the wearer approach a banned zone? A state machine over the newest fixes, as a table.

What is asked is the contract's (section 3): inside the buffer, or the zone within the warning time. The
machine runs over the fixes that a fold keeps (``Fold.recent``: few, none older than evidence lasts) and
begins anew each time, so it has no memory of its own to lose: the same fixes give the same state after
a restart, a late fix, or a cut of the batch. Who was first seen inside the buffer lives there, or came
out of the zone: only coming from outside, or heading for the zone, is an approach (docs/adr/0010).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

import msgspec

from emon.geofence.evidence import normal_cdf, sigma_m
from emon.geofence.fold import NO_ZONE, Fold, Seen, Subject
from emon.geofence.geometry import Geometry
from emon.limits import (
    APPROACH_MOTION_SIGMAS,
    APPROACH_NEAR_P,
    APPROACH_SPEED_MIN_M_S,
    APPROACH_TURN_MAX_DEG,
    APPROACH_WARNING_S,
    CROSSING_GAP_MAX_S,
    PLAUSIBLE_SPEED_MAX_M_S,
    PRESENT_AGE_MAX_S,
    SPAN_ERROR,
)
from emon.model.instant import SECOND_US
from emon.model.span import span_m
from emon.model.vocabulary import Kind


class Signal(Enum):
    """What one fix says, with the two before it."""

    OUT = "clearly outside the buffer"
    NEAR = "inside the buffer"
    HEADING = "heading for the zone, within the warning time"
    UNCLEAR = "near the buffer's edge"
    ZONE = "inside the zone"


class Where(Enum):
    """States of the machine."""

    UNSEEN = "unseen"
    AWAY = "away"
    NEARING = "nearing"
    APPROACHING = "approaching"
    LEAVING = "leaving"
    WITHIN = "within"


S, W = Signal, Where
TABLE: dict[tuple[Where, Signal], Where] = {
    (W.UNSEEN, S.OUT): W.AWAY,
    (W.UNSEEN, S.NEAR): W.WITHIN,
    (W.UNSEEN, S.HEADING): W.APPROACHING,
    (W.UNSEEN, S.UNCLEAR): W.UNSEEN,
    (W.UNSEEN, S.ZONE): W.WITHIN,
    (W.AWAY, S.OUT): W.AWAY,
    (W.AWAY, S.NEAR): W.NEARING,
    (W.AWAY, S.HEADING): W.APPROACHING,
    (W.AWAY, S.UNCLEAR): W.AWAY,
    (W.AWAY, S.ZONE): W.WITHIN,
    (W.NEARING, S.OUT): W.AWAY,
    (W.NEARING, S.NEAR): W.APPROACHING,
    (W.NEARING, S.HEADING): W.APPROACHING,
    (W.NEARING, S.UNCLEAR): W.NEARING,
    (W.NEARING, S.ZONE): W.WITHIN,
    (W.APPROACHING, S.OUT): W.LEAVING,
    (W.APPROACHING, S.NEAR): W.APPROACHING,
    (W.APPROACHING, S.HEADING): W.APPROACHING,
    (W.APPROACHING, S.UNCLEAR): W.APPROACHING,
    (W.APPROACHING, S.ZONE): W.WITHIN,
    (W.LEAVING, S.OUT): W.AWAY,
    (W.LEAVING, S.NEAR): W.APPROACHING,
    (W.LEAVING, S.HEADING): W.APPROACHING,
    (W.LEAVING, S.UNCLEAR): W.LEAVING,
    (W.LEAVING, S.ZONE): W.WITHIN,
    (W.WITHIN, S.OUT): W.AWAY,
    (W.WITHIN, S.NEAR): W.WITHIN,
    (W.WITHIN, S.HEADING): W.APPROACHING,
    (W.WITHIN, S.UNCLEAR): W.WITHIN,
    (W.WITHIN, S.ZONE): W.WITHIN,
}
"""Every state with every signal. An alert is due while the state is ``APPROACHING``; how often it is
raised is policy's (``emon.alerts.policy.approach_is_due``)."""


class Approach(msgspec.Struct, frozen=True):
    """A wearer approaching now. ``heading``: the zone is within the warning time."""

    device: str
    at_us: int
    heading: bool
    buffer_m: float


def approach_of(subject: Subject, geometry: Geometry, fold: Fold, at_us: int) -> Approach | None:
    """The approach that a fold shows at a decision, or None.

    None too where the condition does not hold, where a breach goes on, and where the newest fix is not
    of the present (``PRESENT_AGE_MAX_S``): of an approach in the past nobody is warned.
    """
    seen = fold.newest
    if subject.kind is not Kind.EXCLUSION or fold.holding is None or seen is None:
        return None
    if fold.episode is not None or seen.zone == NO_ZONE:
        return None
    buffer_m = subject.buffers.get(fold.holding, 0.0)
    if not _may_approach(fold.recent, buffer_m):
        return None
    if at_us - seen.at_us > PRESENT_AGE_MAX_S * SECOND_US:
        return None
    if signal_of(geometry, fold.recent[-3:], buffer_m) not in (Signal.NEAR, Signal.HEADING):
        return None
    state, signal = run(geometry, fold.recent, buffer_m)
    if state is not Where.APPROACHING:
        return None
    return Approach(seen.fix.wire.device, seen.at_us, signal is Signal.HEADING, buffer_m)


def _may_approach(recent: Sequence[Seen], buffer_m: float) -> bool:
    """Whether the newest fix can be a signal at all: a quick look, for the many that are far off."""
    seen = recent[-1]
    if seen.distance_m < buffer_m:
        return True
    if len(recent) < 3:
        return False
    within_m = PLAUSIBLE_SPEED_MAX_M_S * APPROACH_WARNING_S
    return seen.distance_m < min(within_m, recent[-2].distance_m)


def run(geometry: Geometry, recent: Sequence[Seen], buffer_m: float) -> tuple[Where, Signal]:
    """The machine over fixes in event time, judged by one zone: its state after the newest, and that
    one's signal."""
    state, signal = Where.UNSEEN, Signal.UNCLEAR
    for i in range(len(recent)):
        signal = signal_of(geometry, recent[max(0, i - 2) : i + 1], buffer_m)
        state = TABLE[state, signal]
    return state, signal


def signal_of(geometry: Geometry, fixes: Sequence[Seen], buffer_m: float) -> Signal:
    """What the newest of up to three fixes says."""
    seen = fixes[-1]
    if seen.zone == NO_ZONE:
        return Signal.UNCLEAR
    if not seen.outside:
        return Signal.ZONE
    if len(fixes) == 3 and _is_heading(geometry, fixes[0], fixes[1], seen):
        return Signal.HEADING
    if buffer_m <= 0.0:
        return Signal.OUT
    near_p = normal_cdf((buffer_m - seen.distance_m) / sigma_m(seen.fix.wire.accuracy_m))
    if near_p >= APPROACH_NEAR_P:
        return Signal.NEAR
    return Signal.OUT if near_p <= 1.0 - APPROACH_NEAR_P else Signal.UNCLEAR


def _is_heading(geometry: Geometry, a: Seen, b: Seen, c: Seen) -> bool:
    """Whether three fixes of one device draw nearer, by more than their error, and would reach the zone
    within the warning time at a vehicle's speed and on the course of the last of them."""
    if a.zone != c.zone or b.zone != c.zone or not (a.outside and b.outside):
        return False
    if len({seen.fix.wire.device for seen in (a, b, c)}) > 1:
        return False
    legs_s = [(b.at_us - a.at_us) / SECOND_US, (c.at_us - b.at_us) / SECOND_US]
    if min(legs_s) <= 0.0 or max(legs_s) > CROSSING_GAP_MAX_S:
        return False
    if not a.distance_m > b.distance_m > c.distance_m:
        return False
    error_m = math.hypot(sigma_m(a.fix.wire.accuracy_m), sigma_m(c.fix.wire.accuracy_m))
    if a.distance_m - c.distance_m < APPROACH_MOTION_SIGMAS * error_m:
        return False
    return _reaches(geometry, b, c, legs_s[1])


def _reaches(geometry: Geometry, b: Seen, c: Seen, leg_s: float) -> bool:
    """Whether the course from ``b`` to ``c``, carried on at the speed of ``c``, meets the zone in time."""
    one, other = b.fix.wire, c.fix.wire
    made_m_s = span_m(one.lon, one.lat, other.lon, other.lat) / leg_s
    speed_m_s = made_m_s if other.speed_m_s is None else other.speed_m_s
    if min(made_m_s, speed_m_s) < APPROACH_SPEED_MIN_M_S or _turned_away(b, c):
        return False
    if speed_m_s * APPROACH_WARNING_S < c.distance_m * (1.0 - SPAN_ERROR):
        return False
    legs = speed_m_s / made_m_s * APPROACH_WARNING_S / leg_s
    dlon = (other.lon - one.lon + 540.0) % 360.0 - 180.0
    lon = (other.lon + legs * dlon + 540.0) % 360.0 - 180.0
    lat = min(90.0, max(-90.0, other.lat + legs * (other.lat - one.lat)))
    return geometry.contact(c.zone, (other.lon, other.lat), (lon, lat)) is not None


def _turned_away(b: Seen, c: Seen) -> bool:
    """Whether the receiver's own heading leaves the course between the last two fixes."""
    heading_deg = c.fix.wire.heading_deg
    if heading_deg is None:
        return False
    one, other = b.fix.wire, c.fix.wire
    dlon = (other.lon - one.lon + 540.0) % 360.0 - 180.0
    east = dlon * math.cos(math.radians(other.lat))
    course_deg = math.degrees(math.atan2(east, other.lat - one.lat))
    return abs((heading_deg - course_deg + 540.0) % 360.0 - 180.0) > APPROACH_TURN_MAX_DEG
